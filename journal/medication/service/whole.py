"""Orders with all that stands in them: what goes to other systems."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.fest.tables import CatalogueItem
from journal.medication.models import MedicationRequest
from journal.medication.rules import Dosage, OrderStatus, ValueRequirement
from journal.medication.rules.safety import Overridden
from journal.medication.service.in_use import newest_versions
from journal.medication.service.medicine import Medicine
from journal.medication.service.shown import dosage_of, overridden_in
from journal.permissions import Permission
from journal.platform.service import Service, on_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

_MEDICINE = tuple(Medicine.__dataclass_fields__)
_AS_THEY_STAND = (
    *("entry_id", "id", "version", "intent", "use", "as_needed", "indication", "instruction", "condition_text"),
    *("starts_at", "ends_at", "given_by", "supply", "procedure_list_id", "prescriber_name", "effective_at"),
    *("change_code", "change_reason"),
    *("recorded_by", "recorded_by_name", "recorded_at"),
)


@dataclass(frozen=True, kw_only=True)
class WholeOrder:
    """The newest version of an order. `patient_id` is the id that was asked for; `fest_id` the product's id in FEST.

    `effective_at`: when this version was decided; it holds from `starts_at` up to but not including `ends_at`.
    """

    patient_id: UUID
    entry_id: UUID
    id: UUID
    version: int
    status: OrderStatus
    intent: str
    medicine: Medicine
    fest_id: UUID | None
    dosage: Dosage
    use: str
    as_needed: bool
    indication: str | None
    instruction: str | None
    condition_text: str | None
    required_value: ValueRequirement | None
    starts_at: datetime
    ends_at: datetime | None
    given_by: str
    supply: str | None
    procedure_list_id: UUID | None
    prescriber_name: str
    effective_at: datetime
    change_code: str | None
    change_reason: str | None
    recorded_by: UUID
    recorded_by_name: str
    recorded_at: datetime
    overridden: tuple[Overridden, ...]


class Whole(Service):
    """Orders for whoever sends them on."""

    @on_patient(Permission.MEDICATION_READ)
    def whole_orders(self, patient_id: UUID) -> list[WholeOrder]:
        """The newest version of every order of the patient, also of those that have ended; as they began. One statement."""
        return [_whole(row, patient_id) for row in _orders().rows(self.db, ids=self.work.ids(patient_id))]


@cache
def _orders() -> Statement:
    """Takes ids."""
    order = MedicationRequest
    names = (*_AS_THEY_STAND, *_MEDICINE, "status", "required_value", "detected_issues")
    columns = (*(getattr(order, name) for name in names), sa.cast(order.dosage, sa.Text).label("dosage"))
    newest = newest_versions(in_charts(order), *columns).subquery("o")
    item = CatalogueItem
    query = sa.select(newest, item.fest_id).join(item, item.id == newest.c.catalogue_item_id, isouter=True)
    return Statement(query.order_by(newest.c.starts_at, newest.c.entry_id))


def _whole(row: Any, patient_id: UUID) -> WholeOrder:
    return WholeOrder(
        **{name: getattr(row, name) for name in _AS_THEY_STAND},
        patient_id=patient_id,
        status=OrderStatus(row.status),
        medicine=Medicine(**{name: getattr(row, name) for name in _MEDICINE}),
        fest_id=row.fest_id,
        dosage=dosage_of(row),
        required_value=ValueRequirement.from_json(row.required_value) if row.required_value else None,
        overridden=overridden_in(row),
    )
