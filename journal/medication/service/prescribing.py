"""Orders: prescribe, change, pause and stop. Every change is a new version; the doses follow in the same transaction."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Required, TypedDict, Unpack
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication import facts
from journal.medication.errors import OrderChanged, refusing
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import (
    MAY_HAVE_PASSED,
    Dosage,
    GivenBy,
    OrderStatus,
    Supply,
    ValueRequirement,
    once_at,
    usual_supply,
)
from journal.medication.rules.patches import check_patch
from journal.medication.rules.pausing import Replacement, must_be_replaced
from journal.medication.rules.supply import check_supply
from journal.medication.service.course import count_anew, course_of, standing
from journal.medication.service.follow_up import check_inr, evaluation_day, follow_up_of, patch_off
from journal.medication.service.judging import NO_ANSWERS, Answers, Judging, detected_issues
from journal.medication.service.medicine import Medicine
from journal.medication.service.pausing import (
    NO_MORE_SAID,
    NOT_PAUSED,
    Pause,
    end_of_pause,
    follow_up_of_pause,
    paused,
)
from journal.medication.service.planning import Expansion, horizon, write_doses
from journal.medication.service.settings import choices_of
from journal.medication.service.waiting import Waiting
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.db import Stamped
from journal.platform.errors import Invalid, NotFound, Withheld
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.outbox import Fact
from journal.platform.service import on_patient

LATE_START = timedelta(hours=48)
"""How far back a new order may have begun and still get its doses worked out from its beginning."""

MAY_STILL_BE_GIVEN = timedelta(hours=12)
"""Doses due before this are missed, and stay so whatever happens to the order."""

_NOTHING: Mapping[UUID, int] = {}

_MAY_BE_CHANGED = {"indication", "instruction", "ends_at", "condition_text", "required_value", "supply"}
_OF_THIS_VERSION = {"id", "patient_id", "version", "effective_at", "change", "change_code", "change_reason"}
_COPIED = tuple(
    column.name
    for column in MedicationRequest.__table__.columns
    if column.name not in _OF_THIS_VERSION and column.name not in Stamped.__annotations__
)
"""What the next version of an order takes over from the one before it."""


class NewOrder(TypedDict, total=False):
    """What an order by somebody who does not see the others may say (`Prescribing.prescribe`)."""

    medicine: Required[Medicine]
    dosage: Required[Dosage]
    use: str
    indication: str | None
    instruction: str | None
    ends_at: datetime | None
    evaluate_on: date | None
    required_value: ValueRequirement | None
    answers: Answers


class Prescribing(Judging, Waiting):
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
        given_by: GivenBy = GivenBy.UNIT,
        supply: Supply | None = None,
        required_value: ValueRequirement | None = None,
        condition_text: str | None = None,
        two_signatures: bool = False,
        prescriber_name: str | None = None,
        entry_id: UUID | None = None,
        verbal_order_id: UUID | None = None,
        evaluate_on: date | None = None,
        answers: Answers = NO_ANSWERS,
        source_id: UUID | None = None,
        procedure_list_id: UUID | None = None,
        replaces: Mapping[UUID, int] = _NOTHING,
    ) -> UUID:
        """A new order, with its doses for a week; answers with its entry_id.

        `use` is 9101 (1 fast, 2 kur, 3 ved behov). It starts now unless `starts_at` says otherwise; from a start up to 48
        hours ago the doses are worked out from then. Without a `supply` it comes from the usual one. The safety rules judge
        it here, whatever was shown before: what they say must be in `answers`. `source_id`: the entry of another's list that
        it is taken from; `procedure_list_id`: the version of the municipality's list that it is given by; `replaces`: orders
        that are stopped by it, each with the version that was seen. Raises AlertsFound, Invalid when use and dosage do not
        fit or the time of a single dose has passed, and NotFound and OrderChanged of what it replaces.
        """
        as_needed = dosage.as_needed is not None
        if as_needed != (use == "3"):
            raise Invalid(errors={"use": ["Bruk «ved behov» og dosering ved behov hører sammen."]})
        if (only := once_at(dosage)) is not None:
            starts_at, ends_at = self._once(only), dosage.course.ends_at if dosage.course else None
        if dosage.course and dosage.course.first_at:
            starts_at = self._once(dosage.course.first_at)
        starts_at = starts_at or self.work.now
        if ends_at is not None and ends_at <= max(starts_at, self.work.now):
            raise Invalid(errors={"ends_at": ["Slutten må være etter starten og etter nå."]})
        check_inr(medicine.atc_code, dosage, local_date(self.work.now))
        with refusing("dosage", Invalid):
            check_patch(dosage)
        with refusing("supply", Invalid):
            check_supply(supply, dosage.unit, medicine.form)
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
            given_by=given_by.value,
            supply=(supply or usual_supply(self.work.ground(patient_id).code)).value,
            required_value=required_value.to_json() if required_value else None,
            condition_text=condition_text or None,
            two_signatures=two_signatures,
            prescriber_name=prescriber_name or self.work.actor.name,
            effective_at=self.work.now,
            change="prescribe",
            detected_issues=detected_issues(judgement, answers),
            verbal_order_id=verbal_order_id,
            source_id=source_id,
            procedure_list_id=procedure_list_id,
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

    @on_patient(Permission.MEDICATION_PRESCRIBE_BESIDE)
    def prescribe_beside(self, patient_id: UUID, **order: Unpack[NewOrder]) -> UUID:
        """A new order by somebody to whom something is closed that the check needs: what it finds holds it back as any alert does.

        It replaces nothing: which orders there are she does not see. Raises as `prescribe`, and Withheld where the medicines
        are closed: then nothing can be written among them.
        """
        if "medication" in self.work.closed(patient_id):
            raise Withheld()
        return self._order(patient_id, **order)

    def _change(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        version: int,
        dosage: Dosage,
        reason: str,
        content: Mapping[str, Any] | None = None,
        answers: Answers = NO_ANSWERS,
        verbal_order_id: UUID | None = None,
    ) -> int:
        """A new version with another dosage, and what else `content` names, of what may be changed so.

        Doses ahead are worked out anew; one that is due now and not signed goes over to the new version when it has the same
        time. It is judged as a new order is. `verbal_order_id`: it was said by word of mouth. Answers with the new version.
        Raises NotFound, OrderChanged, AlertsFound, Invalid.
        """
        content = content or {}
        if unknown := content.keys() - _MAY_BE_CHANGED:
            raise TypeError(f"an order's {', '.join(sorted(unknown))} cannot be changed")
        self._wait_for_other_prescribers(patient_id)
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ACTIVE, OrderStatus.ON_HOLD})
        if order.as_needed != (dosage.as_needed is not None):
            raise Invalid(errors={"dosage": ["Fast og ved behov er to ordinasjoner. Seponer denne og forskriv en ny."]})
        check_inr(order.atc_code, dosage, local_date(self.work.now))
        self._must_have_doses_left(order, dosage)
        with refusing("dosage", Invalid):
            check_patch(dosage)
        with refusing("supply", Invalid):
            check_supply(content.get("supply"), dosage.unit, order.form)
        judgement = self._judge_change(patient_id, request_entry_id, dosage=dosage, ends_at=content.get("ends_at"))
        before = self.answered_before(patient_id, request_entry_id, judgement) if answers.same else {}
        issues = detected_issues(judgement, answers, before)
        said = {"detected_issues": issues, **_by_mouth(verbal_order_id), **content}
        new = self._next(order, change="change", reason=reason, dosage=dosage.to_json(), **said)
        self._plan_anew(patient_id, new)
        self._tell(facts.MedicineChanged, new, *follow_up_of(new))
        return new.version

    change = on_patient(Permission.MEDICATION_PRESCRIBE)(_change)

    def _hold(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        version: int,
        reason: str,
        pause: Pause = NO_MORE_SAID,
        verbal_order_id: UUID | None = None,
    ) -> int:
        """Pauses the order: its doses stay, marked as not to be given.

        `pause` is until when and what is given instead, which an antibiotic or an anticoagulant must have. Said by word of mouth
        it holds at once: a prescriber is asked what replaces it, and somebody looks at the pause the day after. Raises NotFound,
        OrderChanged, Invalid at the field that is missing.
        """
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ACTIVE})
        if verbal_order_id is not None and must_be_replaced(order.atc_code):
            pause = Pause(until=local_date(self.work.now) + timedelta(days=1), replacement=Replacement.PRESCRIBE)
        told = self._paused(patient_id, order, reason, pause)
        new = self._next(order, change="hold", status=OrderStatus.ON_HOLD.value, **told, **_by_mouth(verbal_order_id))
        self._move_doses(patient_id, new, state="held")
        self._count_anew(new)
        follow_up = (*patch_off(new, now=True), *follow_up_of_pause(new, pause, self.work.now))
        self._tell(facts.MedicineHeld, new, *follow_up)
        return new.version

    hold = on_patient(Permission.MEDICATION_PRESCRIBE)(_hold)

    def _resume(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        version: int,
        reason: str,
        verbal_order_id: UUID | None = None,
    ) -> int:
        """Ends the pause, from the next dose. Raises NotFound, OrderChanged."""
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ON_HOLD})
        new = self._next(
            order, change="resume", reason=reason, status=OrderStatus.ACTIVE.value, **_by_mouth(verbal_order_id)
        )
        self._move_doses(patient_id, new, state="open", since=self.work.now)
        self._count_anew(new)
        self._tell(facts.MedicineResumed, new, *patch_off(new, now=False), *end_of_pause(order))
        return new.version

    resume = on_patient(Permission.MEDICATION_PRESCRIBE)(_resume)

    def _stop(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        version: int,
        reason: str,
        code: str | None = None,
        verbal_order_id: UUID | None = None,
    ) -> int:
        """Seponerer: no dose of it is given any more, the one that is due now included.

        `code` is 7494 (seponeringsårsak). Raises NotFound, OrderChanged.
        """
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ACTIVE, OrderStatus.ON_HOLD})
        said = {"status": OrderStatus.STOPPED.value, **_by_mouth(verbal_order_id)}
        new = self._next(order, change="stop", reason=reason, code=code, **said)
        self._move_doses(patient_id, new, state="cancelled")
        self._set_plan(patient_id, new, None)
        self._tell(facts.MedicineStopped, new, *follow_up_of(new, wanted=False), *end_of_pause(order))
        return new.version

    stop = on_patient(Permission.MEDICATION_PRESCRIBE)(_stop)

    def _paused(self, patient_id: UUID, order: MedicationRequest, reason: str, pause: Pause) -> dict[str, Any]:
        """What the paused version holds of why, until when and what instead. Raises Invalid."""
        named = None
        if pause.replacement is Replacement.ORDER and pause.replaced_by is not None:
            other = self._current_order(patient_id, pause.replaced_by)
            if other.entry_id == order.entry_id or other.status != OrderStatus.ACTIVE:
                raise Invalid(errors={"replaced_by": ["Velg et legemiddel som er i bruk, og ikke det som pauses."]})
            named = other.generic_name
        return paused(order, reason, pause, named=named, today=local_date(self.work.now))

    def _once(self, due_at: datetime) -> datetime:
        """The start of an order of a single dose: now, or when the dose was due, if that was within the hour."""
        if due_at < self.work.now - MAY_HAVE_PASSED:
            raise Invalid(errors={"times": ["Tidspunktet for dosen er passert. Skriv et klokkeslett fram i tid."]})
        return min(due_at, self.work.now)

    def _must_have_doses_left(self, order: MedicationRequest, dosage: Dosage) -> None:
        """A course counts what was given of the order from its beginning: it must be longer than that."""
        doses = dosage.course.doses if dosage.course else None
        if doses is None:
            return
        given = standing(self.db, order.patient_id, order.entry_id, doses, self.work.now).given
        if given >= doses:
            said = phrase("%(given)s av dosene er gitt allerede. Skriv hvor mange det skal bli i alt.", given=given)
            raise Invalid(errors={"doses": [said]})

    def _lock(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        version: int,
        allowed: set[OrderStatus],
        *,
        decides: bool = True,
    ) -> MedicationRequest:
        """The order as it is now. Its plan is locked, then its unsigned doses: a nurse who signs one is let finish first.

        `decides`: what follows says what doses hold, so an order that waits at the hospital door waits no more.
        """
        of_order = (self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == request_entry_id)
        plan = self.db.execute(
            sa.select(RequestPlan.unconfirmed_since).where(*of_order).with_for_update(key_share=True)
        )
        if (held := plan.first()) is None:
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
        if decides and held.unconfirmed_since is not None:
            self._decided(patient_id, request_entry_id)
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
        if values["status"] != OrderStatus.ON_HOLD:
            values |= NOT_PAUSED
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
        self._set_plan(patient_id, order, None if order.as_needed else until)
        self._plan(order, max(order.starts_at, self.work.now), until, past)

    def _plan(
        self, order: MedicationRequest, start: datetime, until: datetime, past: frozenset[datetime] = frozenset()
    ) -> None:
        mine = self.work.actor.municipality_id
        choices = choices_of(self.db, [mine]).get(mine, ())
        counts = course_of(order) is not None
        write_doses(self.db, [Expansion(order, start, self.work.now if counts else until, choices, past)])
        count_anew(self.db, order, choices, self.work.now, start=self.work.now)

    def _count_anew(self, order: MedicationRequest) -> None:
        if course_of(order) is not None:
            mine = self.work.actor.municipality_id
            choices = choices_of(self.db, [mine]).get(mine, ())
            count_anew(self.db, order, choices, self.work.now, start=self.work.now)

    def _set_plan(self, patient_id: UUID, order: MedicationRequest, until: datetime | None) -> None:
        plan = sa.and_(self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == order.entry_id)
        over = {"count_again_at": None, "ended_at": None}
        write = sa.update(RequestPlan).where(plan).values(planned_until=until, **over)
        self.db.execute(write.execution_options(synchronize_session=False))

    def _tell(self, fact: type[Any], order: MedicationRequest, *more: Fact) -> None:
        for told in (fact(order.patient_id, order.entry_id, order.version), *more):
            self.work.publish(told)
        if order.supply == Supply.DISPENSER.value:
            self.work.publish(facts.DispenserOrderChanged(order.patient_id))


def _by_mouth(verbal_order_id: UUID | None) -> dict[str, Any]:
    """What a version says of it; one that was not said so takes over what the version before it says."""
    return {"verbal_order_id": verbal_order_id} if verbal_order_id else {}


def _stored(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.to_json() if isinstance(value, ValueRequirement) else value for name, value in content.items()}
