"""Who is at work now, and a visit that a colleague of a neighbouring unit takes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.access import grounds_rules as rules
from journal.access.grounds_tables import Shift
from journal.permissions import Permission
from journal.platform.errors import Conflict
from journal.platform.ids import new_id
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

_AT_WORK = Statement(
    sa.text(
        """
    SELECT s.practitioner_id, p.name, s.role, u.name AS unit_name, s.started_at
    FROM access.shift s
    JOIN municipalities.practitioner p ON p.id = s.practitioner_id
    JOIN municipalities.unit u ON (u.municipality_id, u.id) = (s.municipality_id, s.unit_id)
    WHERE s.municipality_id = :municipality_id AND s.unit_id = ANY (CAST(:units AS uuid[])) AND s.ended_at IS NULL
      AND s.started_at > :since
    ORDER BY u.name, p.name
    """
    )
)
_VISITS = Statement(sa.text("SELECT relationship_id, unit_name, area, due FROM access.visits_to_take()"))
_TAKEN = Statement(sa.text("SELECT patient_id, unit_name, taken_by_name, taken_at FROM access.visits_taken()"))
_TAKE = Statement(sa.text("SELECT access.take_visit(:relationship_id, :id) AS patient_id"))


@dataclass(frozen=True)
class Colleague:
    """Somebody who has said that she is at work."""

    person_id: UUID
    name: str
    role: str
    unit_name: str
    started_at: datetime


@dataclass(frozen=True)
class Visit:
    """A visit of today that another unit is to make: its hours and its area (post code), and nothing of whose it is."""

    relationship_id: UUID
    unit_name: str
    area: str | None
    due: tuple[datetime, ...]


@dataclass(frozen=True)
class TakenVisit:
    """A visit of one's own units that somebody of another took."""

    patient_id: UUID
    unit_name: str
    taken_by_name: str
    taken_at: datetime


class AtWork(Service):
    """What is said here is context, and never a condition for reading: the ground is the unit's stay or service."""

    @without_patient(Permission.CHART_LIST)
    def at_work(self) -> list[Colleague]:
        """Who is at work in the units one acts for, by unit and name. One statement."""
        actor = self.work.actor
        since = self.work.now - rules.LONGEST_SHIFT
        where = {"municipality_id": actor.municipality_id, "units": list(actor.units), "since": since}
        return [Colleague(*row) for row in _AT_WORK.rows(self.db, **where)]

    @without_patient(Permission.CHART_LIST)
    def begin_work(self) -> None:
        """At work in the unit one acts in, from now; wherever else she was, she is no more. Twice is the same as once."""
        actor, shift = self.work.actor, Shift
        here = sa.and_(shift.unit_id == actor.unit_id, shift.started_at > self.work.now - rules.LONGEST_SHIFT)
        self._end(sa.not_(here))
        self.db.execute(insert(shift).values(id=new_id()).on_conflict_do_nothing())

    @without_patient(Permission.CHART_LIST)
    def end_work(self) -> None:
        """No more at work, wherever it was. Twice is the same as once."""
        self._end(sa.true())

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def visits_to_take(self) -> list[Visit]:
        """What the other units for home care of the municipality have left to do today, first due first. One statement.

        Without those whose address is protected, who have closed their chart to the reader, are away, or whose visit somebody
        has taken.
        """
        rows: list[Any] = _VISITS.rows(self.db)
        visits = [Visit(row.relationship_id, row.unit_name, row.area, tuple(row.due)) for row in rows]
        return sorted(
            visits, key=lambda visit: (visit.due[0], visit.unit_name, visit.area or "", visit.relationship_id)
        )

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def take_visit(self, relationship_id: UUID) -> UUID:
        """Takes the visit: an ordinary ground for oneself until the day ends, logged; answers with whose it is.

        *relationship_id* is the ground of the unit that should have made it. Raises Conflict when it can be taken no more.
        """
        row = _TAKE.one(self.db, relationship_id=relationship_id, id=new_id())
        if row.patient_id is None:
            raise Conflict("Besøket er alt tatt eller gjort. Se i listen hva som står igjen.")
        patient_id = UUID(str(row.patient_id))
        self.work.open(Permission.MEDICATION_READ, [patient_id])
        return patient_id

    @without_patient(Permission.CHART_LIST)
    def visits_taken(self) -> list[TakenVisit]:
        """The visits of one's own units that others took in the last week, newest first. One statement."""
        return [TakenVisit(*row) for row in _TAKEN.rows(self.db)]

    def _end(self, which: sa.ColumnElement[bool]) -> None:
        mine = Shift.practitioner_id == self.work.actor.person_id, Shift.ended_at.is_(None)
        self.db.execute(sa.update(Shift).where(*mine, which).values(ended_at=self.work.now))
