"""What was given without an order: stored whatever it was, counted where the substance is, and told."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.ledger_tables import ControlledDose
from journal.medication.rules import effective_time
from journal.medication.rules.ledger import accounted, places_of
from journal.medication.rules.without_order import Cause
from journal.medication.service.medicine import Medicine
from journal.medication.service.withdrawing import Withdrawing
from journal.medication.unordered_tables import GivenWithoutOrder
from journal.permissions import Permission
from journal.platform.entries import mark_in_error
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient


@dataclass(frozen=True)
class Unordered:
    """One dose of what nobody had ordered: what, how much, when, why, and who says so. `in_error_reason`: it was a mistake."""

    id: UUID
    medicine: str
    amount: Quantity
    given_at: datetime
    cause: Cause
    reason: str
    recorded_by_name: str
    recorded_at: datetime
    in_error_reason: str | None


class WithoutOrder(Withdrawing):
    """Facts are never refused. A controlled drug stands as a dose without its withdrawal until somebody says from where."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def record_without_order(
        self,
        patient_id: UUID,
        medicine: Medicine,
        amount: Quantity,
        *,
        cause: Cause,
        reason: str,
        given_at: datetime | None = None,
    ) -> UUID:
        """Stores what this patient was given and nobody had ordered, now or when it is said; answers with its id.

        Whoever prescribes for her has a task, and a medicine that was another's is an incident too (app.py). Raises Invalid for
        a time that has not been.
        """
        try:
            at = effective_time(given_at, self.work.now)
        except ValueError as refused:
            raise Invalid(errors={"given_at": [refused.args[0]]}) from refused
        row = GivenWithoutOrder(
            patient_id=patient_id,
            id=new_id(),
            cause=cause.value,
            catalogue_item_id=medicine.catalogue_item_id,
            atc_code=medicine.atc_code,
            medicine=medicine.generic_name,
            amount=amount.value,
            unit=amount.unit,
            reason=reason,
            effective_at=at,
        )
        self.db.add(row)
        self._account_for(row, medicine.prescription_group)
        told = facts.GivenToWrongPatient if cause is Cause.WRONG_PATIENT else facts.GivenWithoutOrder
        self.work.publish(told(patient_id, row.id, None, at))
        return row.id

    def _account_for(self, row: GivenWithoutOrder, group: str | None) -> None:
        if group not in ("A", "B"):
            return
        self.db.flush()
        kept, supply, group_b = self._kept(row.patient_id, row.id, row.unit or "")
        if accounted(group, group_b=group_b) and places_of(supply, kept) is not None:
            self.db.add(ControlledDose(patient_id=row.patient_id, administration_id=row.id, unordered=True))

    @on_patient(Permission.MEDICATION_READ)
    def without_order(self, patient_id: UUID) -> list[Unordered]:
        """What was given without an order, the latest first, mistakes among it. One statement."""
        row = GivenWithoutOrder
        found = sa.select(row).where(self.work.chart(patient_id, row), row.erasure_id.is_(None))
        return [_shown(each) for each in self.db.scalars(found.order_by(row.effective_at.desc(), row.id))]

    @on_patient(Permission.MEDICATION_READ)
    def unordered_dose(self, patient_id: UUID, id: UUID) -> Unordered:
        """One of them. Raises NotFound."""
        found = next((each for each in self.without_order(patient_id) if each.id == id), None)
        if found is None:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        return found

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def mark_without_order_in_error(self, patient_id: UUID, id: UUID, reason: str) -> None:
        """Marks one as a mistake (feilført): it was never given to this patient. It stays, and is counted nowhere.

        Raises NotFound, Conflict when it is marked already, Denied when another municipality has written it.
        """
        row = GivenWithoutOrder
        this = sa.select(row).where(self.work.chart(patient_id, row), row.id == id, row.erasure_id.is_(None))
        if (found := self.db.scalar(this.with_for_update(key_share=True))) is None:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        mark_in_error(
            self.work,
            [found],
            reason,
            already="Dosen er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har skrevet dette, og bare den kan rette det.",
        )
        self._put_back(patient_id, found.id)
        self.work.publish(facts.UnorderedCorrected(found.patient_id, found.id, None, found.effective_at))


def unordered_of(
    order: Any, chart: sa.ColumnElement[bool], since: datetime
) -> sa.Select[datetime, Decimal, str | None]:
    """When and how much was given without an order of what `order` is of: effective_at, amount and unit.

    The same substance by ATC, or by name where somebody wrote it herself. `order`: an order, or its columns; `chart`: this
    patient's rows of GivenWithoutOrder.
    """
    row = GivenWithoutOrder
    written = sa.func.lower(row.medicine)
    named = sa.or_(written == sa.func.lower(order.generic_name), written == sa.func.lower(order.brand_name))
    same = sa.or_(row.atc_code == order.atc_code, named)
    counted = row.in_error_at.is_(None), row.erasure_id.is_(None), row.effective_at > since
    return sa.select(row.effective_at, row.amount, row.unit).where(chart, same, *counted)


def _shown(row: GivenWithoutOrder) -> Unordered:
    return Unordered(
        row.id,
        row.medicine or "",
        Quantity(row.amount, row.unit or ""),
        row.effective_at,
        Cause(row.cause),
        row.reason or "",
        row.recorded_by_name,
        row.recorded_at,
        row.in_error_reason,
    )
