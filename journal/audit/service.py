"""Who opened this chart, and what did this person open. Reading the log is itself an access, and is logged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.audit import rules
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Invalid
from journal.platform.service import Service, without_patient

# A date window lets PostgreSQL leave the other months alone.
WINDOW = timedelta(days=31)

MOST = 500

_LOG = sa.table(
    "access_log",
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("actor_id", sa.Uuid),
    sa.column("patient_id", sa.Uuid),
    *map(sa.column, ("actor_name", "actor_role", "unit_name", "action", "ground", "outcome")),
    schema="audit",
)


def _lines_of(who: sa.ColumnElement[UUID]) -> sa.Select[Any]:
    """A statement for each: with "or is null" in it, one that is planned once finds no index. Takes about, start, end, most."""
    return (
        sa.select(_LOG)
        .where(who == sa.bindparam("about"), _LOG.c.at >= sa.bindparam("start"), _LOG.c.at < sa.bindparam("end"))
        .order_by(_LOG.c.at.desc())
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


_OF_PATIENT, _OF_PERSON = _lines_of(_LOG.c.patient_id), _lines_of(_LOG.c.actor_id)
_ACTORS = sa.text(
    """
    SELECT actor_id, max(actor_name) AS name, max(actor_role) AS role, count(*) AS looks, max(at) AS last
    FROM audit.access_log WHERE at >= :since AND actor_id IS NOT NULL GROUP BY actor_id ORDER BY max(at) DESC LIMIT 200
    """
)


@dataclass(frozen=True)
class LogLine:
    """Looks of the same person at the same patient, for the same act and ground within the hour: one line that unfolds."""

    first_at: datetime
    last_at: datetime
    looks: tuple[datetime, ...]
    actor_id: UUID | None
    actor_name: str
    actor_role: str
    unit_name: str
    patient_id: UUID | None
    action: str
    ground: str | None
    outcome: str


@dataclass(frozen=True)
class LogActor:
    actor_id: UUID
    name: str
    role: str
    looks: int
    last: datetime


@dataclass(frozen=True)
class LogPage:
    """The lines of these days, newest first. *more*: there are older ones that are not among them."""

    first_day: str
    last_day: str
    lines: tuple[LogLine, ...]
    more: bool


class AccessLog(Service):
    """For auditors: the rows of one's own municipality, newest first."""

    @without_patient(Permission.AUDIT_READ)
    def of_patient(self, patient_id: UUID, since: datetime | None = None, until: datetime | None = None) -> LogPage:
        """Who opened this chart from the day of *since* to the day of *until*, both with it; the last 31 days unless said.

        Whoever opens the page next sees this reader in it. Raises Invalid when the last day comes before the first.
        """
        self.work.note(Permission.AUDIT_READ, patient_id)
        return self._page(_OF_PATIENT, patient_id, since, until)

    @without_patient(Permission.AUDIT_READ)
    def of_person(self, actor_id: UUID, since: datetime | None = None, until: datetime | None = None) -> LogPage:
        """What this person opened; the days as for a patient."""
        self.work.note(Permission.AUDIT_READ)
        return self._page(_OF_PERSON, actor_id, since, until)

    @without_patient(Permission.AUDIT_READ)
    def actors(self) -> list[LogActor]:
        """Everybody who opened something for this municipality in the last month."""
        self.work.note(Permission.AUDIT_READ)
        rows: Any = self.db.execute(_ACTORS, {"since": self.work.now - WINDOW})
        return [LogActor(*row) for row in rows]

    def _page(self, lines: sa.Select[Any], about: UUID, since: datetime | None, until: datetime | None) -> LogPage:
        last = clock.local_date(until or self.work.now)
        first = clock.local_date(since) if since else last - WINDOW
        if first > last:
            raise Invalid(errors={"until": ["Siste dag kan ikke være før første dag."]})
        start, end = clock.day_bounds(first)[0], clock.day_bounds(last)[1]
        asked = {"about": about, "start": start, "end": end, "most": MOST + 1}
        rows = self.db.execute(lines, asked).mappings().all()
        shown = tuple(_folded(rows[:MOST]))
        return LogPage(clock.norwegian_date(first), clock.norwegian_date(last), shown, more=len(rows) > MOST)


def _folded(rows: Iterable[Any]) -> Iterable[LogLine]:
    for _key, together in groupby(
        rows, key=lambda row: (rules.fold_key(row), clock.local(row["at"]).replace(minute=0, second=0, microsecond=0))
    ):
        looks = list(together)
        row = looks[0]
        yield LogLine(
            first_at=looks[-1]["at"],
            last_at=row["at"],
            looks=tuple(look["at"] for look in looks),
            actor_id=row["actor_id"],
            actor_name=row["actor_name"] or "",
            actor_role=row["actor_role"] or "",
            unit_name=row["unit_name"] or "",
            patient_id=row["patient_id"],
            action=row["action"],
            ground=row["ground"],
            outcome=row["outcome"],
        )
