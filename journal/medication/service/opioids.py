"""What was given of opioids the last 24 hours, and which doses were of one."""

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.medication.fest.tables import CatalogueItem
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules.patches import PATCH
from journal.medication.rules.safety import OpioidsGiven, is_opioid, opioids_given
from journal.medication.service.medicine import as_ordered
from journal.medication.service.patches import Patches
from journal.medication.service.shown import WITNESS, dosage_of
from journal.medication.unordered_tables import GivenWithoutOrder
from journal.permissions import Permission
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

_OF_MEDICINE = ("generic_name", "brand_name", "atc_code", "strength", "form", "form_code", "route_code")


class Opioids(Patches):
    """Reads what was given of opioids."""

    @on_patient(Permission.MEDICATION_READ)
    def opioids_given(self, patient_id: UUID) -> OpioidsGiven:
        """All that was given of opioids the last 24 hours, and the patches that sit on. Three statements at the most."""
        ids = self.work.ids(patient_id)
        given = [
            (
                as_ordered(
                    row, dosage_of(row) if row.dosage else None, key=str(row.entry_id), starts_at=None, ends_at=None
                ),
                row,
            )
            for row in _given().rows(self.db, ids=ids, since=self.work.now - timedelta(hours=24))
        ]
        hands = [(order, Quantity(row.given, row.given_unit)) for order, row in given]
        worn = [each for of in self.ask_patches(patient_id).answer().values() for each in of.on]
        orders = {row.entry_id: row for row in _orders().rows(self.db, ids=ids)} if worn else {}
        for each in worn:
            if row := orders.get(each.order):
                order = as_ordered(row, dosage_of(row), key=str(row.entry_id), starts_at=None, ends_at=None)
                hands.append((order, Quantity(Decimal(each.amount), PATCH)))
        return opioids_given(hands)

    @on_patient(Permission.MEDICATION_READ)
    def opioids_among(self, patient_id: UUID, administration_ids: Collection[UUID]) -> set[UUID]:
        """Which of these doses were of an opioid. One statement."""
        given, order = MedicationAdministration, MedicationRequest
        of_order = sa.and_(self.work.chart(patient_id, order), order.id == given.request_id)
        asked = self.work.chart(patient_id, given), given.id.in_(administration_ids)
        rows = self.db.execute(sa.select(given.id, order.atc_code).join(order, of_order).where(*asked))
        return {row.id for row in rows if is_opioid(row.atc_code)}


def _columns(order: Any) -> tuple[Any, ...]:
    return (
        order.entry_id,
        *(getattr(order, name) for name in _OF_MEDICINE),
        sa.cast(order.dosage, sa.Text).label("dosage"),
    )


@cache
def _given() -> Statement:
    """Each dose that was given, but for patches, with its order, or what the catalogue says of what was given without one.

    Takes ids and since.
    """
    given, order, dose = MedicationAdministration, MedicationRequest, Dose
    amount, unit = sa.func.coalesce(given.amount, dose.amount), sa.func.coalesce(given.unit, dose.unit)
    ordered = (
        sa.select(*_columns(order), amount.label("given"), unit.label("given_unit"))
        .select_from(given)
        .join(order, sa.and_(order.patient_id == given.patient_id, order.id == given.request_id))
        .outerjoin(dose, sa.and_(dose.patient_id == given.patient_id, dose.id == given.dose_id))
        .where(in_charts(given), given.status == "completed", given.kind != WITNESS, given.in_error_at.is_(None))
        .where(given.effective_at > sa.bindparam("since"), unit != PATCH)
    )
    without, item = GivenWithoutOrder, CatalogueItem
    named = (
        without.medicine,
        item.brand_name,
        without.atc_code,
        item.strength,
        item.form,
        item.form_code,
        item.route_code,
    )
    unordered = (
        sa.select(without.id, *named, sa.null(), without.amount, without.unit)
        .outerjoin(item, item.id == without.catalogue_item_id)
        .where(in_charts(without), without.in_error_at.is_(None), without.erasure_id.is_(None))
        .where(without.effective_at > sa.bindparam("since"), without.unit != PATCH)
    )
    return Statement(sa.union_all(ordered, unordered))


@cache
def _orders() -> Statement:
    """The newest version of each order. Takes ids."""
    order = MedicationRequest
    newest = sa.select(*_columns(order)).where(in_charts(order), order.in_error_at.is_(None), order.dosage.is_not(None))
    return Statement(newest.ext(distinct_on(order.entry_id)).order_by(order.entry_id, order.version.desc()))
