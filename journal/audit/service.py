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
from journal.platform.service import Service, without_patient

# A date window lets PostgreSQL leave the other months alone.
WINDOW = timedelta(days=31)

_LINES = sa.text(
    """
    SELECT at, actor_id, actor_name, actor_role, unit_name, patient_id, action, categories, ground, purpose, outcome
    FROM audit.access_log
    WHERE (patient_id = :patient_id OR CAST(:patient_id AS uuid) IS NULL)
      AND (actor_id = :actor_id OR CAST(:actor_id AS uuid) IS NULL)
      AND at >= :since AND at <= :until
    ORDER BY at DESC LIMIT 500
    """
)
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


class AccessLog(Service):
    """For auditors: the rows of one's own municipality, newest first."""

    @without_patient(Permission.AUDIT_READ)
    def of_patient(self, patient_id: UUID, until: datetime | None = None) -> list[LogLine]:
        """Who opened this chart in the month before *until*. Whoever opens the page next sees this reader in it."""
        self.work.note(Permission.AUDIT_READ, patient_id)
        return self._lines(patient_id, None, until)

    @without_patient(Permission.AUDIT_READ)
    def of_person(self, actor_id: UUID, until: datetime | None = None) -> list[LogLine]:
        """What this person opened in the month before *until*."""
        self.work.note(Permission.AUDIT_READ)
        return self._lines(None, actor_id, until)

    @without_patient(Permission.AUDIT_READ)
    def actors(self) -> list[LogActor]:
        """Everybody who opened something for this municipality in the last month."""
        self.work.note(Permission.AUDIT_READ)
        rows: Any = self.db.execute(_ACTORS, {"since": self.work.now - WINDOW})
        return [LogActor(*row) for row in rows]

    def _lines(self, patient_id: UUID | None, actor_id: UUID | None, until: datetime | None) -> list[LogLine]:
        end = until or self.work.now
        asked = {"patient_id": patient_id, "actor_id": actor_id, "since": end - WINDOW, "until": end}
        return list(_folded(self.db.execute(_LINES, asked).mappings()))


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
