"""«Kontroller loggen»: an auditor asks, the sealer looks through it beside its sealing, and the answer is a sentence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, without_patient

PATIENCE = timedelta(seconds=15)
"""The sealer looks each second. One that has not begun after this does not run."""

_COLUMNS = (
    *("id", "municipality_id", "asked_by_name", "asked_at", "begun_at", "lines", "of_lines", "unsealed", "ended_at"),
    *("first_at", "findings"),
)
_CHECK = sa.table("log_check", *map(sa.column, _COLUMNS), schema="audit")
_NEWEST = sa.select(_CHECK).order_by(_CHECK.c.asked_at.desc()).limit(1)
_OF_OURS, _OF_ALL = _CHECK.c.municipality_id.is_not(None), _CHECK.c.municipality_id.is_(None)
_ASK = sa.text("INSERT INTO audit.log_check (id) VALUES (:id) ON CONFLICT DO NOTHING")


@dataclass(frozen=True)
class Check:
    """One look through the log. *lines*: so many so far, of *of_lines*; *silent*: the sealer has not begun when it should have."""

    asked_by_name: str
    asked_at: datetime
    lines: int
    of_lines: int
    unsealed: int
    ended_at: datetime | None
    first_at: datetime | None
    findings: tuple[str, ...]
    silent: bool

    @property
    def whole(self) -> bool:
        """Whether it is over and nothing was found."""
        return self.ended_at is not None and not self.findings

    def sentence(self) -> str:
        """What it came to, or how far it has come."""
        if self.ended_at is None:
            counted = {"lines": spaced(self.lines), "all": spaced(self.of_lines)}
            return phrase("Kontrollerer: %(lines)s av %(all)s linjer.", **counted)
        if self.findings:
            return phrase("Loggen er ikke hel.")
        if self.first_at is None:
            return phrase("Loggen har ingen forseglede linjer ennå.")
        first = norwegian_date(local_date(self.first_at))
        return phrase("Loggen er hel fra %(first)s til nå (%(lines)s linjer).", first=first, lines=spaced(self.lines))


@dataclass(frozen=True)
class Checks:
    """The newest of the municipality's own part, and the newest that the journal made of the whole log by itself."""

    own: Check | None
    daily: Check | None


class LogChecks(Service):
    """Counts and sentences: no line of the log is read here."""

    @without_patient(Permission.AUDIT_READ)
    def ask(self) -> None:
        """Asks for a look through the municipality's own part; one that waits or runs already is enough."""
        self.db.execute(_ASK, {"id": new_id()})

    @without_patient(Permission.AUDIT_READ)
    def newest(self) -> Checks:
        """The last that was asked for, and the last that was made by itself."""
        return Checks(self._one(_OF_OURS), self._one(_OF_ALL))

    def _one(self, which: sa.ColumnElement[bool]) -> Check | None:
        row: Any = self.db.execute(_NEWEST.where(which)).one_or_none()
        if row is None:
            return None
        late = row.begun_at is None and self.work.now - row.asked_at > PATIENCE
        return Check(
            *(row.asked_by_name or "", row.asked_at, row.lines, row.of_lines or 0, row.unsealed or 0, row.ended_at),
            *(row.first_at, tuple(row.findings or ()), late),
        )


def spaced(number: int) -> str:
    """`2 114 903`, with spaces that do not break."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
