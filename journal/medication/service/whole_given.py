"""What was signed, with all that stands in it: what goes to other systems."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.fest.tables import CatalogueItem
from journal.medication.models import MedicationAdministration, MedicationRequest
from journal.medication.prepared_tables import PreparedLine
from journal.medication.rules import Dosage, Reason, Result
from journal.medication.service.medicine import Medicine
from journal.medication.service.shown import WITNESS, dosage_of
from journal.permissions import Permission
from journal.platform.quantity import Quantity
from journal.platform.service import Service, on_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

_MEDICINE = tuple(Medicine.__dataclass_fields__)
_AS_THEY_STAND = (
    *("id", "kind", "reason_text", "effective_at", "site", "in_error_at", "in_error_reason"),
    *("recorded_by", "recorded_by_name", "recorded_at", "supervised_by", "supervised_by_name"),
)


@dataclass(frozen=True, kw_only=True)
class WholeGiven:
    """A signature, or a fact beside one (`kind`), of the version of the order that was seen. `patient_id` is the id that was asked.

    `amount` is what was taken, in the hand's unit; None when nothing was, or nobody knows how much. `second`: who signed as number
    two. `prepared_id`: the dosett or roll it was given from. `supervised_by`: who stood beside the student that gave it.
    """

    patient_id: UUID
    id: UUID
    kind: str
    result: Result
    reason: Reason | None
    reason_text: str | None
    effective_at: datetime
    amount: Quantity | None
    site: str | None
    second: tuple[UUID, str] | None
    prepared_id: UUID | None
    request_entry_id: UUID
    medicine: Medicine
    fest_id: UUID | None
    dosage: Dosage
    in_error_at: datetime | None
    in_error_reason: str | None
    recorded_by: UUID
    recorded_by_name: str
    recorded_at: datetime
    supervised_by: UUID | None
    supervised_by_name: str | None


class WhollyGiven(Service):
    """Signatures for whoever sends them on."""

    @on_patient(Permission.MEDICATION_READ)
    def whole_given(self, patient_id: UUID, *, start: datetime, end: datetime) -> list[WholeGiven]:
        """All that was said of doses given, or not, from `start` up to `end`, mistakes among it; as it happened. One statement."""
        rows = _given().rows(self.db, ids=self.work.ids(patient_id), start=start, end=end)
        return [_whole(row, patient_id) for row in rows]


@cache
def _given() -> Statement:
    """Takes ids, start and end."""
    given, order, item, line, second = (
        MedicationAdministration,
        MedicationRequest,
        CatalogueItem,
        PreparedLine,
        aliased(MedicationAdministration),
    )
    of_first = second.patient_id == given.patient_id, second.witness_of_id == given.id, second.in_error_at.is_(None)
    return Statement(
        sa.select(
            *(getattr(given, name) for name in (*_AS_THEY_STAND, "result", "reason_code", "amount", "unit")),
            *(getattr(order, name) for name in _MEDICINE),
            sa.cast(order.dosage, sa.Text).label("dosage"),
            order.entry_id,
            item.fest_id,
            line.prepared_id,
            second.recorded_by.label("second_by"),
            second.recorded_by_name.label("second_by_name"),
        )
        .join(order, sa.and_(order.patient_id == given.patient_id, order.id == given.request_id))
        .join(item, item.id == order.catalogue_item_id, isouter=True)
        .join(line, sa.and_(line.patient_id == given.patient_id, line.id == given.prepared_line_id), isouter=True)
        .join(second, sa.and_(*of_first), isouter=True)
        .where(in_charts(given), given.kind != WITNESS)
        .where(given.effective_at >= sa.bindparam("start"), given.effective_at < sa.bindparam("end"))
        .order_by(given.effective_at, given.id)
    )


def _whole(row: Any, patient_id: UUID) -> WholeGiven:
    return WholeGiven(
        **{name: getattr(row, name) for name in _AS_THEY_STAND},
        patient_id=patient_id,
        result=Result(row.result),
        reason=Reason(row.reason_code) if row.reason_code else None,
        amount=Quantity(row.amount, row.unit) if row.amount is not None else None,
        second=(row.second_by, row.second_by_name) if row.second_by else None,
        prepared_id=row.prepared_id,
        request_entry_id=row.entry_id,
        medicine=Medicine(**{name: getattr(row, name) for name in _MEDICINE}),
        fest_id=row.fest_id,
        dosage=dosage_of(row),
    )
