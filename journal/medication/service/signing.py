"""What those who sign, and those who say something beside a signature, have in common."""

from datetime import datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from journal.medication.errors import DoseAlreadySigned, OrderChanged, refusing
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import OrderStatus, Result, effective_time
from journal.platform.clock import spoken
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase, phrases
from journal.platform.service import Service
from journal.platform.work import in_charts

LIVE = "signature"

_CHANGED = phrases(
    {
        OrderStatus.ACTIVE: "%(name)s endret %(medicine)s %(time)s. Se hva som gjelder nå før du gir dosen.",
        OrderStatus.ON_HOLD: "%(name)s satte %(medicine)s på pause %(time)s. Dosen skal ikke gis nå.",
        OrderStatus.STOPPED: "%(name)s seponerte %(medicine)s %(time)s. Dosen skal ikke gis.",
        OrderStatus.COMPLETED: "Kuren med %(medicine)s er ferdig. Dosen skal ikke gis.",
    }
)


@cache
def _dose_to_lock() -> sa.Select[Dose]:
    """Takes ids and dose_id."""
    one = sa.select(Dose).where(in_charts(Dose), Dose.id == sa.bindparam("dose_id"))
    return one.with_for_update(key_share=True)


@cache
def _order_and_signature() -> sa.Select[MedicationRequest, MedicationAdministration]:
    """The newest version of an order beside a dose's live signature. Takes ids, dose_id and entry_id."""
    order, signature = MedicationRequest, MedicationAdministration
    of_dose = (signature.dose_id == sa.bindparam("dose_id"), signature.in_error_at.is_(None), signature.kind == LIVE)
    return (
        sa.select(order, signature)
        .outerjoin(signature, sa.and_(in_charts(signature), *of_dose))
        .where(in_charts(order), order.entry_id == sa.bindparam("entry_id"), order.in_error_at.is_(None))
        .order_by(order.version.desc())
        .limit(1)
    )


class Signing(Service):
    """Lock first, look after: a look in the same statement would not see what it waited for."""

    def _lock_dose(self, patient_id: UUID, dose_id: UUID) -> Dose:
        dose = self.db.scalar(_dose_to_lock(), {"ids": self.work.ids(patient_id), "dose_id": dose_id})
        if dose is None:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        return dose

    def _lock_order(self, patient_id: UUID, request_entry_id: UUID) -> None:
        """Whoever changes an order, or counts what was given of it, holds this row until commit."""
        plan = sa.and_(self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == request_entry_id)
        if self.db.scalar(sa.select(RequestPlan.request_entry_id).where(plan).with_for_update(key_share=True)) is None:
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")

    def _look(self, patient_id: UUID, dose: Dose) -> tuple[MedicationRequest, MedicationAdministration | None]:
        """In one statement: the order as it is now, and the live signature of the dose."""
        asked = {"ids": self.work.ids(patient_id), "dose_id": dose.id, "entry_id": dose.request_entry_id}
        found = self.db.execute(_order_and_signature(), asked).one()
        return found[0], found[1]

    def _current_order(self, patient_id: UUID, request_entry_id: UUID) -> MedicationRequest:
        order = MedicationRequest
        newest = (
            sa.select(order)
            .where(self.work.chart(patient_id, order), order.entry_id == request_entry_id, order.in_error_at.is_(None))
            .order_by(order.version.desc())
            .limit(1)
        )
        if (found := self.db.scalar(newest)) is None:
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")
        return found

    def _ready_to_sign(self, patient_id: UUID, dose: Dose, request_version: int) -> MedicationRequest:
        order, signature = self._look(patient_id, dose)
        if signature is not None:
            raise self._already(signature)
        if not self._unchanged(dose, order, request_version):
            raise self._changed(order)
        return order

    def _unchanged(self, dose: Dose, order: MedicationRequest, request_version: int) -> bool:
        """An ordinary signature is of the order the nurse saw, and of no other (threat 15)."""
        return dose.state == "open" and order.status == OrderStatus.ACTIVE and order.version == request_version

    def _already(self, signature: MedicationAdministration) -> DoseAlreadySigned:
        who, at = signature.recorded_by_name, spoken(signature.recorded_at, self.work.now)
        given = signature.result in (Result.TAKEN, Result.PARTLY_TAKEN)
        said = (
            phrase("%(name)s signerte denne dosen %(time)s. Gi den ikke en gang til.", name=who, time=at)
            if given
            else phrase("%(name)s signerte denne dosen %(time)s. Den er signert som ikke gitt.", name=who, time=at)
        )
        fields = {"signed_at": signature.recorded_at.isoformat(), "signed_by": who}
        return DoseAlreadySigned(said, **fields)

    def _changed(self, order: MedicationRequest) -> OrderChanged:
        who, at, medicine = order.recorded_by_name, spoken(order.recorded_at, self.work.now), order.generic_name
        message = _CHANGED.get(OrderStatus(order.status), _CHANGED[OrderStatus.ACTIVE])
        said = phrase(message, name=who, medicine=medicine, time=at)
        return OrderChanged(said, status=order.status, changed_at=order.recorded_at.isoformat(), changed_by=who)

    def _given_at(self, said: datetime | None) -> datetime:
        with refusing("given_at", Invalid):
            return effective_time(said, self.work.now)

    def _row(
        self, dose: Dose, result: Result, given_at: datetime, *, amount: Decimal | None, kind: str = LIVE
    ) -> MedicationAdministration:
        row = MedicationAdministration(
            patient_id=dose.patient_id,
            id=new_id(),
            dose_id=dose.id,
            request_id=dose.request_id,
            request_version=dose.request_version,
            kind=kind,
            status="completed" if result in (Result.TAKEN, Result.PARTLY_TAKEN) else "not-done",
            result=result.value,
            effective_at=given_at,
            amount=amount,
            unit=dose.unit if amount is not None else None,
        )
        self.db.add(row)
        return row
