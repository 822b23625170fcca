"""Doses given before the patient went, and not signed when she did: they are signed as any other, at the time they were given."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.door_tables import CrossingRow
from journal.medication.models import Dose, RequestPlan
from journal.medication.rules.door import waits, was_before
from journal.permissions import Permission
from journal.platform.service import Service, on_patient

_REACH = timedelta(hours=12)
"""How long before its time a dose may have been given, so how long before it the crossing that held it may lie."""


class BeforeDoor(Service):
    """Reads from when a dose was held. A statement more, and only for a dose that is held."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def held_from(self, patient_id: UUID, doses: Collection[UUID]) -> Mapping[UUID, datetime]:
        """From when each of these doses was held by the hospital door; the others are left out."""
        crossing = self.work.chart(patient_id, CrossingRow), CrossingRow.in_error_at.is_(None)
        # Of an order that somebody has confirmed since: the first crossing is the one before which she surely was here.
        since = CrossingRow.since
        of_dose = since > Dose.due_at - _REACH, since < Dose.missed_from, since <= self.work.now
        first = sa.select(sa.func.min(since)).where(*crossing, *of_dose).correlate(Dose).scalar_subquery()
        held = sa.func.coalesce(RequestPlan.unconfirmed_since, first)
        of_order = (RequestPlan.patient_id == Dose.patient_id, RequestPlan.request_entry_id == Dose.request_entry_id)
        query = (
            sa.select(Dose.id, held)
            .join(RequestPlan, sa.and_(*of_order))
            .where(self.work.chart(patient_id, Dose), Dose.id.in_(doses), Dose.state == "held", held.is_not(None))
        )
        return {row[0]: row[1] for row in self.db.execute(query)}

    def _waited(self, dose: Any, given_at: datetime | None) -> bool:
        """Whether the dose waits at the door, and was not given before it came to."""
        if not waits(dose.state, dose.status):
            return False
        return given_at is None or not was_before(given_at, self.held_from(dose.patient_id, [dose.id]).get(dose.id))
