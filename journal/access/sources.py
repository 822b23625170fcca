"""Which sources feed a municipality's grounds, how fresh they are, what is open and should not be, and the hours of grace."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access import grounds_rules as rules
from journal.access.grounds_tables import GraceSetting
from journal.access.rule_proposals import RuleChange, RuleKind, propose_rule, rule_changes
from journal.municipalities import Asked
from journal.permissions import Permission
from journal.platform.errors import Conflict
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

_SOURCES = Statement(sa.text("SELECT * FROM access.sources()"))
_READ = Statement(
    sa.text(
        """SELECT DISTINCT ON (s.ground) s.ground, s.read_at, s.lines, s.begun, s.ended, s.unknown
           FROM access.source_read s WHERE s.municipality_id = :of ORDER BY s.ground, s.read_at DESC"""
    )
)
_AMISS = Statement(sa.text("SELECT * FROM access.grounds_amiss()"))
_CHECKED = Statement(sa.text("SELECT checked_at FROM access.ground_check"))
_END = Statement(sa.text("SELECT access.end_grounds() AS ended"))
_KEEP = Statement(
    sa.text(
        "INSERT INTO access.ground_check (found) VALUES (:found)"
        " ON CONFLICT (single) DO UPDATE SET checked_at = now(), found = excluded.found"
    )
)
# All the grounds of an installation are looked through: longer than a page may take.
_TAKE_TIME = Statement(sa.text("SELECT set_config('statement_timeout', '60s', true)"))


@dataclass(frozen=True)
class ListRead:
    """When a list from outside was read, its lines, what it began and ended, and how many lines were of nobody we know."""

    read_at: datetime
    lines: int
    begun: int
    ended: int
    unknown: int


@dataclass(frozen=True)
class Source:
    """A kind of ground: how many are open and how many in their hours of grace, and when the last one began (None: never).

    *read*: the newest reading of the list that feeds it; *late*: it should have been read again.
    """

    ground: str
    open_now: int
    in_grace: int
    last_begun_at: datetime | None
    read: ListRead | None
    late: bool


@dataclass(frozen=True)
class Amiss:
    """A ground that is open and should not be. `text`: what to do. `patient_id`: for a patient of one's own units."""

    kind: str
    municipality_name: str
    ground: str
    since: datetime
    relationship_id: UUID
    patient_id: UUID | None
    text: str


@dataclass(frozen=True)
class Grace:
    """The hours that hold in the municipality, and who chose them, or approved them (*by_two*); version 0 where nobody has."""

    hours: int = rules.GRACE_HOURS
    version: int = 0
    chosen_by: str | None = None
    chosen_at: datetime | None = None
    by_two: bool = False


class Sources(Service):
    """For those who answer for a municipality's or a unit's access, and for the worker."""

    @without_patient(Permission.ACCESS_SOURCES)
    def sources(self) -> list[Source]:
        """Every source that can give a ground, also those that have given none. Counts and times alone. Two statements."""
        found: dict[str, Any] = {row.ground: row for row in _SOURCES.rows(self.db)}
        read = {
            row.ground: ListRead(row.read_at, row.lines, row.begun, row.ended, row.unknown)
            for row in _READ.rows(self.db, of=self.work.actor.municipality_id)
        }
        return [self._source(ground, found.get(ground), read.get(ground)) for ground in rules.SOURCES]

    def _source(self, ground: str, row: Any | None, read: ListRead | None) -> Source:
        late = read is not None and rules.is_late(ground, read.read_at, self.work.now)
        if row is None:
            return Source(ground, 0, 0, None, read, late)
        return Source(ground, row.open_now, row.in_grace, row.last_begun_at, read, late)

    @without_patient(Permission.ACCESS_SOURCES)
    def amiss(self) -> list[Amiss]:
        """What is open and should not be, in one's own municipality; for the journal itself everywhere. One statement."""
        rows: list[Any] = _AMISS.rows(self.db)
        return [
            Amiss(
                row.kind,
                row.municipality_name,
                row.ground,
                row.since,
                row.relationship_id,
                row.patient_id,
                rules.amiss_text(row.kind, row.unit_name or row.municipality_name, row.person_name or ""),
            )
            for row in rows
        ]

    @without_patient(Permission.ACCESS_SOURCES)
    def checked_at(self) -> datetime | None:
        """When the worker last looked; None when it never has."""
        return next((row.checked_at for row in _CHECKED.rows(self.db)), None)

    @without_patient(Permission.ACCESS_SOURCES)
    def end_and_check(self) -> int:
        """The worker's: ends what those who left, and the dead, had of personal grounds; answers with how many are amiss after it.

        The count and the time are kept for who watches. Raises DBAPIError for anybody but the journal itself.
        """
        _TAKE_TIME.rows(self.db)
        _END.rows(self.db)
        found = len(self.amiss())
        _KEEP.run(self.db, found=found)
        return found

    @without_patient(Permission.ACCESS_SOURCES)
    def grace(self) -> Grace:
        """How long a chart stays open after a ground has ended, in one's own municipality. One statement."""
        of = GraceSetting.municipality_id == self.work.actor.municipality_id
        newest = sa.select(GraceSetting).where(of).order_by(GraceSetting.version.desc()).limit(1)
        row = self.db.scalar(newest)
        return (
            Grace(row.hours, row.version, row.recorded_by_name, row.recorded_at, row.proposal_id is not None)
            if row
            else Grace()
        )

    @without_patient(Permission.ACCESS_SOURCES)
    def grace_changes(self) -> list[RuleChange]:
        """What is proposed of them, and answered."""
        return rule_changes(self, RuleKind.GRACE)

    @without_patient(Permission.ACCESS_MANAGE)
    def propose_grace(self, hours: int, *, version: int, asked: Asked) -> None:
        """Asks for other hours of grace; approved, they hold for what ends from then on. Logged.

        *version* is the newest that was seen, 0 for none. Raises Conflict when another has come since.
        """
        held = self.grace()
        if held.version != version:
            raise Conflict("En annen har endret timene etter at du åpnet siden. Se hva som gjelder nå.")
        propose_rule(self, RuleKind.GRACE, {"hours": hours}, {"hours": held.hours}, asked, version=version)
        self.work.note(Permission.ACCESS_MANAGE)
