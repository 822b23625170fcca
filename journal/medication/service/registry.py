"""The doses of the last days that lack something the report to the drug registry needs: found the day they were given."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.fest.tables import CatalogueItem
from journal.medication.models import MedicationAdministration, MedicationRequest
from journal.medication.product_tables import ProductUsed
from journal.medication.rules.registry import Lack, lacking
from journal.medication.service.shown import WITNESS, dosage_of
from journal.permissions import Permission
from journal.platform.quantity import SUBSTANCE_UNITS, Quantity
from journal.platform.service import Service, on_patients, without_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

LISTED_FOR = timedelta(days=7)
_PATIENTS = Statement(
    sa.text("SELECT patient_id FROM medication.lacking_for_registry(:since, CAST(:substance AS text[]))")
)


class LackingMedicine(NamedTuple):
    """An order, what its doses lack, how many they are and when the last was given."""

    request_entry_id: UUID
    medicine: str
    lacks: frozenset[Lack]
    times: int
    last_at: datetime


class ForRegistry(Service):
    """Reads what somebody must mend before the report is sent."""

    @without_patient(Permission.CHART_LIST)
    def patients_lacking_for_registry(self) -> list[UUID]:
        """The patients of whoever asks with such a dose in the last seven days: ids, and nothing of them."""
        since = self.work.now - LISTED_FOR
        return [row.patient_id for row in _PATIENTS.rows(self.db, since=since, substance=list(SUBSTANCE_UNITS))]

    @on_patients(Permission.MEDICATION_READ)
    def lacking_for_registry(self, patient_ids: Collection[UUID]) -> dict[UUID, list[LackingMedicine]]:
        """What lacks, by patient and order, the last given first. One statement."""
        linked = self.work.linked(patient_ids)
        found: dict[UUID, dict[UUID, LackingMedicine]] = {patient_id: {} for patient_id in patient_ids}
        for row in _given().rows(self.db, ids=list(linked), since=self.work.now - LISTED_FOR):
            if lacks := _lacks(row):
                of = found[linked[row.patient_id]]
                known = of.get(row.entry_id)
                one = LackingMedicine(row.entry_id, row.generic_name or "", lacks, 1, row.effective_at)
                of[row.entry_id] = known._replace(lacks=known.lacks | lacks, times=known.times + 1) if known else one
        return {patient_id: list(of.values()) for patient_id, of in found.items()}


def _lacks(row: Any) -> frozenset[Lack]:
    dosage = dosage_of(row)
    amount = Quantity(row.amount, row.unit) if row.amount is not None else None
    return lacking(
        has_code=row.code is not None, amount=amount, strength=dosage.strength_per_unit, ordered_in=dosage.unit
    )


@cache
def _given() -> Statement:
    """What was taken, in full or in part, the latest first. Takes ids and since."""
    given, order, used = MedicationAdministration, MedicationRequest, ProductUsed
    ordered, pack = aliased(CatalogueItem), aliased(CatalogueItem)
    of_given = used.patient_id == given.patient_id, used.administration_id == given.id
    return Statement(
        sa.select(
            *(given.patient_id, given.effective_at, given.amount, given.unit, order.entry_id, order.generic_name),
            sa.cast(order.dosage, sa.Text).label("dosage"),
            sa.func.coalesce(pack.fest_id, ordered.fest_id).label("code"),
        )
        .join(order, sa.and_(order.patient_id == given.patient_id, order.id == given.request_id))
        .outerjoin(used, sa.and_(*of_given))
        .outerjoin(pack, pack.id == used.catalogue_item_id)
        .outerjoin(ordered, ordered.id == order.catalogue_item_id)
        .where(in_charts(given), given.kind != WITNESS, given.status == "completed", given.in_error_at.is_(None))
        .where(given.effective_at > sa.bindparam("since"))
        .order_by(given.effective_at.desc())
    )
