"""Orders: prescribe, change, pause and stop. Every change is a new version; the doses follow in the same transaction."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication import facts
from journal.medication.errors import OrderChanged
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import MAY_HAVE_PASSED, Dosage, OrderStatus, ValueRequirement, once_at
from journal.medication.service.expected import Expansion, horizon, write_doses
from journal.medication.service.follow_up import check_inr, evaluation_day, follow_up_of
from journal.medication.service.judging import NO_ANSWERS, Answers, Judging, detected_issues
from journal.medication.service.medicine import Medicine
from journal.medication.service.settings import choices_of
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.db import Stamped
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.outbox import Fact
from journal.platform.service import on_patient

LATE_START = timedelta(hours=48)
"""How far back a new order may have begun and still get its doses worked out from its beginning."""

MAY_STILL_BE_GIVEN = timedelta(hours=12)
"""Doses due before this are missed, and stay so whatever happens to the order."""

_NOTHING: Mapping[UUID, int] = {}

_OF_THIS_VERSION = {"id", "patient_id", "version", "effective_at", "change", "change_code", "change_reason"}
_COPIED = tuple(
    column.name
    for column in MedicationRequest.__table__.columns
    if column.name not in _OF_THIS_VERSION and column.name not in Stamped.__annotations__
)
"""What the next version of an order takes over from the one before it."""


class Prescribing(Judging):
    """What a doctor decides. The version she saw travels with each act; who comes second is told what changed."""

    def _order(
        self,
        patient_id: UUID,
        *,
        medicine: Medicine,
        dosage: Dosage,
        use: str = "1",
        indication: str | None = None,
        instruction: str | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        given_by: str = "municipality_unit",
        required_value: ValueRequirement | None = None,
        condition_text: str | None = None,
        two_signatures: bool = False,
        prescriber_name: str | None = None,
        entry_id: UUID | None = None,
        verbal_order_id: UUID | None = None,
        evaluate_on: date | None = None,
        answers: Answers = NO_ANSWERS,
        source_id: UUID | None = None,
        replaces: Mapping[UUID, int] = _NOTHING,
    ) -> UUID:
        """A new order, with its doses for a week; answers with its entry_id.

        `use` is 9101 (1 fast, 2 kur, 3 ved behov). It starts now unless `starts_at` says otherwise; from a start up to 48
        hours ago the doses are worked out from then. The safety rules judge it here, whatever was shown before: what they
        say must be in `answers`. `source_id`: the entry of another's list that it is taken from; `replaces`: orders that are
        stopped by it, each with the version that was seen. Raises AlertsFound, Invalid when use and dosage do not fit or the
        time of a single dose has passed, and NotFound and OrderChanged of what it replaces.
        """
        as_needed = dosage.as_needed is not None
        if as_needed != (use == "3"):
            raise Invalid(errors={"use": ["Bruk «ved behov» og dosering ved behov hører sammen."]})
        if (only := once_at(dosage)) is not None:
            starts_at, ends_at = self._once(only), dosage.course.ends_at if dosage.course else None
        starts_at = starts_at or self.work.now
        if ends_at is not None and ends_at <= max(starts_at, self.work.now):
            raise Invalid(errors={"ends_at": ["Slutten må være etter starten og etter nå."]})
        check_inr(medicine.atc_code, dosage, local_date(self.work.now))
        evaluate_on = evaluation_day(medicine.atc_code, dosage, local_date(starts_at), evaluate_on)
        self._wait_for_other_prescribers(patient_id)
        for replaced_id, version in replaces.items():
            replaced = phrase("Erstattet av %(medicine)s", medicine=medicine.generic_name)
            self.stop(patient_id, replaced_id, version=version, reason=str(replaced), code="X")
        judgement = self._judge(patient_id, medicine=medicine, dosage=dosage, starts_at=starts_at, ends_at=ends_at)
        order = MedicationRequest(
            patient_id=patient_id,
            id=new_id(),
            entry_id=entry_id or new_id(),
            version=1,
            status=OrderStatus.ACTIVE.value,
            **asdict(medicine),
            dosage=dosage.to_json(),
            indication=indication or None,
            instruction=instruction or None,
            use=use,
            as_needed=as_needed,
            starts_at=starts_at,
            ends_at=ends_at,
            given_by=given_by,
            required_value=required_value.to_json() if required_value else None,
            condition_text=condition_text or None,
            two_signatures=two_signatures,
            prescriber_name=prescriber_name or self.work.actor.name,
            effective_at=self.work.now,
            change="prescribe",
            detected_issues=detected_issues(judgement, answers),
            verbal_order_id=verbal_order_id,
            source_id=source_id,
        )
        until = horizon(self.work.now)
        plan = RequestPlan(
            patient_id=patient_id, request_entry_id=order.entry_id, planned_until=None if as_needed else until
        )
        self.db.add_all([order, plan])
        self._plan(order, max(starts_at, self.work.now - LATE_START), until)
        self._tell(facts.MedicinePrescribed, order, *follow_up_of(order, evaluate_on=evaluate_on))
        return order.entry_id

    prescribe = on_patient(Permission.MEDICATION_PRESCRIBE)(_order)

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def change(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        version: int,
        dosage: Dosage,
        reason: str,
        content: Mapping[str, Any] | None = None,
        answers: Answers = NO_ANSWERS,
    ) -> int:
        """A new version with another dosage, and what else `content` names (indication, instruction, ends_at, condition_text).

        Doses ahead are worked out anew; one that is due now and not signed goes over to the new version when it has the same
        time. It is judged as a new order is. Answers with the new version. Raises NotFound, OrderChanged, AlertsFound, Invalid.
        """
        content = content or {}
        if unknown := content.keys() - {"indication", "instruction", "ends_at", "condition_text", "required_value"}:
            raise TypeError(f"an order's {', '.join(sorted(unknown))} cannot be changed")
        self._wait_for_other_prescribers(patient_id)
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ACTIVE, OrderStatus.ON_HOLD})
        if order.as_needed != (dosage.as_needed is not None):
            raise Invalid(errors={"dosage": ["Fast og ved behov er to ordinasjoner. Seponer denne og forskriv en ny."]})
        check_inr(order.atc_code, dosage, local_date(self.work.now))
        judgement = self.judge_change(patient_id, request_entry_id, dosage=dosage, ends_at=content.get("ends_at"))
        issues = detected_issues(judgement, answers)
        new = self._next(
            order, change="change", reason=reason, dosage=dosage.to_json(), detected_issues=issues, **content
        )
        self._plan_anew(patient_id, new)
        self._tell(facts.MedicineChanged, new, *follow_up_of(new))
        return new.version

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def hold(self, patient_id: UUID, request_entry_id: UUID, *, version: int, reason: str) -> int:
        """Pauses the order: its doses stay, marked as not to be given. Raises NotFound, OrderChanged."""
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ACTIVE})
        new = self._next(order, change="hold", reason=reason, status=OrderStatus.ON_HOLD.value)
        self._move_doses(patient_id, new, state="held")
        self._tell(facts.MedicineHeld, new)
        return new.version

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def resume(self, patient_id: UUID, request_entry_id: UUID, *, version: int, reason: str) -> int:
        """Ends the pause, from the next dose. Raises NotFound, OrderChanged."""
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ON_HOLD})
        new = self._next(order, change="resume", reason=reason, status=OrderStatus.ACTIVE.value)
        self._move_doses(patient_id, new, state="open", since=self.work.now)
        self._tell(facts.MedicineResumed, new)
        return new.version

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def stop(
        self, patient_id: UUID, request_entry_id: UUID, *, version: int, reason: str, code: str | None = None
    ) -> int:
        """Seponerer: no dose of it is given any more, the one that is due now included.

        `code` is 7494 (seponeringsårsak). Raises NotFound, OrderChanged.
        """
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ACTIVE, OrderStatus.ON_HOLD})
        new = self._next(order, change="stop", reason=reason, code=code, status=OrderStatus.STOPPED.value)
        self._move_doses(patient_id, new, state="cancelled")
        self._set_plan(patient_id, new, None)
        self._tell(facts.MedicineStopped, new, *follow_up_of(new, wanted=False))
        return new.version

    def _once(self, due_at: datetime) -> datetime:
        """The start of an order of a single dose: now, or when the dose was due, if that was within the hour."""
        if due_at < self.work.now - MAY_HAVE_PASSED:
            raise Invalid(errors={"times": ["Tidspunktet for dosen er passert. Skriv et klokkeslett fram i tid."]})
        return min(due_at, self.work.now)

    def _lock(
        self, patient_id: UUID, request_entry_id: UUID, version: int, allowed: set[OrderStatus]
    ) -> MedicationRequest:
        """The order as it is now. Its plan is locked, then its unsigned doses: a nurse who signs one is let finish first."""
        of_order = (self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == request_entry_id)
        if (
            self.db.scalar(sa.select(RequestPlan.request_entry_id).where(*of_order).with_for_update(key_share=True))
            is None
        ):
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")
        doses = (
            self.work.chart(patient_id, Dose),
            Dose.request_entry_id == request_entry_id,
            Dose.due_at > self.work.now - LATE_START,
        )
        self.db.execute(sa.select(Dose.id).where(*doses).order_by(Dose.due_at).with_for_update(key_share=True))
        order = MedicationRequest
        newest = sa.select(order).where(
            self.work.chart(patient_id, order), order.entry_id == request_entry_id, order.in_error_at.is_(None)
        )
        if (found := self.db.scalar(newest.order_by(order.version.desc()).limit(1))) is None:
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")
        if found.version != version or found.status not in allowed:
            raise self._overtaken(found)
        return found

    def _next(
        self, order: MedicationRequest, *, change: str, reason: str, code: str | None = None, **content: Any
    ) -> MedicationRequest:
        """The next version. Two who write the same one meet in the unique index, and the second is told so."""
        values: dict[str, Any] = {column: getattr(order, column) for column in _COPIED}
        values |= {
            "patient_id": order.patient_id,
            "id": new_id(),
            "version": order.version + 1,
            "effective_at": self.work.now,
        }
        values |= {"change": change, "change_reason": reason, "change_code": code, **_stored(content)}
        write = insert(MedicationRequest).values(values).on_conflict_do_nothing().returning(MedicationRequest)
        if (new := self.db.scalars(write).one_or_none()) is None:
            raise self._overtaken(order)
        return new

    def _overtaken(self, order: MedicationRequest) -> OrderChanged:
        said = phrase(
            "%(name)s endret ordinasjonen av %(medicine)s etter at du åpnet den. Se hva som gjelder nå.",
            name=order.recorded_by_name,
            medicine=order.generic_name,
        )
        return OrderChanged(
            said, status=order.status, changed_at=order.recorded_at.isoformat(), changed_by=order.recorded_by_name
        )

    def _unsigned(self, patient_id: UUID, order: MedicationRequest, since: datetime) -> sa.ColumnElement[bool]:
        signature = MedicationAdministration
        signed = sa.and_(
            self.work.chart(patient_id, signature),
            signature.dose_id == Dose.id,
            signature.in_error_at.is_(None),
            signature.kind == "signature",
        )
        of_order = (self.work.chart(patient_id, Dose), Dose.request_entry_id == order.entry_id, Dose.due_at > since)
        return sa.and_(*of_order, ~sa.exists().where(signed))

    def _move_doses(
        self, patient_id: UUID, order: MedicationRequest, *, state: str, since: datetime | None = None
    ) -> list[datetime]:
        """Sets the state of the doses that may still be given, and lets them follow the new version; answers with their times."""
        unsigned = self._unsigned(patient_id, order, since or self.work.now - MAY_STILL_BE_GIVEN)
        moved = {"state": state, "request_id": order.id, "request_version": order.version}
        write = sa.update(Dose).where(unsigned, Dose.state != "cancelled").values(moved).returning(Dose.due_at)
        return list(self.db.scalars(write.execution_options(synchronize_session=False)))

    def _plan_anew(self, patient_id: UUID, order: MedicationRequest) -> None:
        cancelled = self._move_doses(patient_id, order, state="cancelled")
        past = frozenset(due_at for due_at in cancelled if due_at <= self.work.now)
        until = horizon(self.work.now)
        self._plan(order, max(order.starts_at, self.work.now), until, past)
        self._set_plan(patient_id, order, None if order.as_needed else until)

    def _plan(
        self, order: MedicationRequest, start: datetime, until: datetime, past: frozenset[datetime] = frozenset()
    ) -> None:
        mine = self.work.actor.municipality_id
        choices = choices_of(self.db, [mine]).get(mine, ())
        write_doses(self.db, [Expansion(order, start, until, choices, past)])

    def _set_plan(self, patient_id: UUID, order: MedicationRequest, until: datetime | None) -> None:
        plan = sa.and_(self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == order.entry_id)
        write = sa.update(RequestPlan).where(plan).values(planned_until=until)
        self.db.execute(write.execution_options(synchronize_session=False))

    def _tell(self, fact: type[Any], order: MedicationRequest, *more: Fact) -> None:
        for told in (fact(order.patient_id, order.entry_id, order.version), *more):
            self.work.publish(told)


def _stored(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.to_json() if isinstance(value, ValueRequirement) else value for name, value in content.items()}
