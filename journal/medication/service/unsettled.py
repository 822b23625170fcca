"""Doses that are neither given nor said not to be: who has them, and the colleague they are handed on to."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.medication.handover_tables import DoseHandover
from journal.medication.rules import DoseStatus
from journal.medication.service.due import Due
from journal.medication.service.shown import DueDose
from journal.medication.service.signing import Signing
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.ids import new_id
from journal.platform.service import on_patient, on_patients, without_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

LOOKS_BACK = timedelta(hours=48)
"""How far back: two nights, so that a dose of the evening before a free day is still there."""

_OPEN = (DoseStatus.LATE, DoseStatus.MISSED, DoseStatus.LAID_OUT)
_COLLEAGUES = Statement(
    sa.text(
        """
    SELECT DISTINCT p.name, p.id FROM municipalities.practitioner p
    JOIN municipalities.practitioner_role r ON r.practitioner_id = p.id
    WHERE r.role IN ('nurse', 'health_assistant', 'assistant', 'doctor')
      AND r.unit_id = :unit_id AND r.valid_until IS NULL AND p.id <> :me
    ORDER BY p.name, p.id
    """
    )
)


class Handed(NamedTuple):
    """To whom a dose was handed on, by whom, when, and what was said of it."""

    to_person_id: UUID
    to_name: str
    by_name: str
    at: datetime
    note: str | None


class UnsettledDose(NamedTuple):
    """A dose that somebody must settle. `handed`: None while nobody has handed it on."""

    dose: DueDose
    handed: Handed | None


class Unsettled(Due, Signing):
    """What a shift leaves behind."""

    @without_patient(Permission.CHART_LIST)
    def patients_unsettled(self) -> list[UUID]:
        """The unit's patients with a dose that was due in the last 48 hours and is not signed, by room."""
        now = self.work.now
        rows = self.worklist(start=now - LOOKS_BACK, end=now)
        return [
            row.patient_id for row in rows if not row.away_until and row.crossing is None and row.signed < row.total
        ]

    @on_patients(Permission.MEDICATION_READ)
    def unsettled(self, patient_ids: Collection[UUID]) -> dict[UUID, list[UnsettledDose]]:
        """The late and the missed doses of the last 48 hours that nobody has signed, by patient, earliest first."""
        now = self.work.now
        due = self.doses_due(patient_ids, start=now - LOOKS_BACK, end=now)
        handed = {row.dose_id: _handed(row) for row in _newest().rows(self.db, ids=list(self.work.linked(patient_ids)))}
        return {
            patient_id: [
                UnsettledDose(dose, handed.get(dose.id)) for dose in doses if dose.can_sign and dose.status in _OPEN
            ]
            for patient_id, doses in due.items()
        }

    @without_patient(Permission.CHART_LIST)
    def colleagues(self) -> list[tuple[UUID, str]]:
        """Who else works in the unit one acts in, and gives medicines."""
        found = _COLLEAGUES.rows(self.db, unit_id=self.work.actor.unit_id, me=self.work.actor.person_id)
        return [(row.id, row.name) for row in found]

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def hand_on(
        self, patient_id: UUID, dose_id: UUID, *, request_version: int, to_person_id: UUID, note: str = ""
    ) -> UUID:
        """A colleague has this dose from now on; answers with the handover's id. The dose stays open until somebody signs it.

        Raises NotFound, DoseAlreadySigned and OrderChanged as a signature does, and Invalid for somebody who is not of the unit.
        """
        dose = self._ready_to_sign(patient_id, dose_id, request_version)
        names = dict(self.colleagues())
        if to_person_id not in names:
            raise Invalid(errors={"to_person_id": ["Velg en kollega i enheten."]})
        row = DoseHandover(
            patient_id=dose.patient_id,
            id=new_id(),
            dose_id=dose_id,
            to_person_id=to_person_id,
            to_name=names[to_person_id],
            note=note or None,
        )
        self.db.add(row)
        self.db.flush()
        return row.id


@cache
def _newest() -> Statement:
    """The newest handover of each dose of the last days. Takes ids."""
    row = DoseHandover
    lately = row.recorded_at > sa.func.now() - LOOKS_BACK * 2
    newest = sa.select(row.dose_id, row.to_person_id, row.to_name, row.recorded_by_name, row.recorded_at, row.note)
    held = newest.where(in_charts(row), row.in_error_at.is_(None), row.erasure_id.is_(None), lately)
    return Statement(held.ext(distinct_on(row.dose_id)).order_by(row.dose_id, row.recorded_at.desc(), row.id.desc()))


def _handed(row: Any) -> Handed:
    return Handed(row.to_person_id, row.to_name, row.recorded_by_name, row.recorded_at, row.note)
