"""What was given lately of one medicine, of any order of it or of none."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import Dosage
from journal.medication.service.shown import WITNESS
from journal.medication.service.without_order import unordered_of
from journal.medication.unordered_tables import GivenWithoutOrder
from journal.platform.quantity import Quantity
from journal.platform.work import Work


def given_lately(work: Work, patient_id: UUID, medicine: Any, dosage: Dosage) -> list[tuple[datetime, Quantity]]:
    """Every dose of this medicine that was given lately, of any order of it or of none: a new order gives no room anew.

    `medicine`: an order, or what is to be one. Of a dose taken in part nobody knows how much of, the whole is counted.
    """
    given, other = MedicationAdministration, MedicationRequest
    limits = dosage.as_needed
    back = max(timedelta(hours=24), (limits and limits.least_interval) or timedelta(0))
    same = other.atc_code == medicine.atc_code if medicine.atc_code else other.generic_name == medicine.generic_name
    since = work.now - 2 * back
    ordered = (
        sa.select(
            given.effective_at,
            sa.func.coalesce(given.amount, Dose.amount).label("amount"),
            sa.func.coalesce(given.unit, Dose.unit).label("unit"),
        )
        .outerjoin(Dose, sa.and_(work.chart(patient_id, Dose), Dose.id == given.dose_id))
        .join(other, sa.and_(work.chart(patient_id, other), other.id == given.request_id))
        .where(work.chart(patient_id, given), same, given.in_error_at.is_(None), given.status == "completed")
        .where(given.kind != WITNESS, given.effective_at > since)
    )
    without = unordered_of(medicine, work.chart(patient_id, GivenWithoutOrder), since)
    rows: Iterable[Any] = work.db.execute(sa.union_all(ordered, without))
    return [(row.effective_at, Quantity(row.amount, row.unit)) for row in rows]
