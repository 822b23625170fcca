"""What was given, and what was not: signatures and their corrections."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.errors import (
    AlreadyCorrected,
    ConfirmationMissing,
    NoRoom,
    SupervisorSigns,
    ValueBelowLimit,
    ValueMissing,
    refusing,
)
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import (
    AmountRange,
    Caution,
    OrderStatus,
    Reason,
    Result,
    ValueRequirement,
    as_needed_room,
    caution_text,
    outside_limit_text,
    suggested_reason,
)
from journal.medication.rules.patches import PATCH, OldPatch, Site
from journal.medication.rules.product import AtHand
from journal.medication.rules.supervised import NEAR_TEXT, TWO_TEXT
from journal.medication.service.alone_said import undo_alone
from journal.medication.service.lately import given_lately
from journal.medication.service.may_give import needed_of
from journal.medication.service.near import FAR, Agreed
from journal.medication.service.not_given import NotGiven
from journal.medication.service.product import ProductAtHand, warned
from journal.medication.service.reopened import catch_up
from journal.medication.service.settings import choices_of
from journal.medication.service.shown import cautions_of, dosage_of
from journal.medication.service.signing import GIVEN, LIVE, Watched
from journal.medication.service.waiting import HELD, not_reconciled
from journal.observations import Observations
from journal.permissions import Permission
from journal.platform.errors import Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import joined, phrase
from journal.platform.quantity import Quantity, show
from journal.platform.service import on_patient


class Administration(NotGiven, ProductAtHand):
    """Signs doses."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def sign_given(
        self,
        patient_id: UUID,
        dose_id: UUID,
        *,
        request_version: int,
        given_at: datetime | None = None,
        value: Decimal | None = None,
        value2: Decimal | None = None,
        against: str = "",
        confirmed: Collection[Caution] = (),
        site: Site | None = None,
        old_patch: OldPatch | None = None,
        ledger: UUID | None = None,
        product: str = "",
        afterwards: bool = False,
        agreed: Agreed = FAR,
    ) -> UUID:
        """Signs that this dose was given as ordered, now or at the time the nurse says; answers with the administration's id.

        `request_version` is the version of the order she saw; `value` is measured, where the order wants one, with `value2`, the
        diastolic, where that is a blood pressure, and `against` says why she gives a dose that the value speaks against;
        `confirmed` is what is special about the dose and she has seen; `site` and `old_patch` are of a patch; `ledger` is the
        account of a controlled drug that she took it from, where there are several; `product` is the code of the pack she has in
        her hand, asked for where rules/product.py says so, and never of what was given and only now is signed (`afterwards`, or
        before the hospital door); `agreed` is who said that it is given too near another dose, or that it is given already.
        Raises NotFound, DoseAlreadySigned, OrderChanged, NoAuthority, CourseComplete, ProductMissing, ValueMissing,
        ValueBelowLimit, ConfirmationMissing, WhichPlace, and Invalid for a time that cannot be and for a patch without both.
        """
        dose = self._ready_to_sign(patient_id, dose_id, request_version, given_at)
        return self._give(
            patient_id,
            dose,
            self._given_at(given_at),
            values=(value, value2),
            against=against,
            confirmed=confirmed,
            site=site,
            old_patch=old_patch,
            ledger=ledger,
            product=product,
            afterwards=afterwards,
            agreed=agreed,
        )

    def _give(
        self,
        patient_id: UUID,
        dose: Any,
        given_at: datetime,
        *,
        values: tuple[Decimal | None, Decimal | None],
        against: str,
        confirmed: Collection[Caution],
        site: Site | None,
        old_patch: OldPatch | None,
        product: str,
        ledger: UUID | None = None,
        afterwards: bool = False,
        agreed: Agreed = FAR,
        watched: Watched | None = None,
    ) -> UUID:
        """As sign_given, of a dose that is held and hers to give; `watched`: by a student, with her supervisor beside."""
        self._not_too_early(dose, given_at)
        if self._is_complete(dose):
            raise self._complete(dose)
        patch = self._patch(patient_id, dose, site, old_patch, given_at) if dose.unit == PATCH else None
        amount = Quantity(dose.amount, dose.unit)
        is_fact = afterwards or dose.state == HELD
        hand = None if is_fact else self._at_hand(patient_id, dose, dose.request_entry_id, amount, product, given_at)
        near = self._near(dose, given_at)
        if watched:
            self._not_for_two(near, hand)
        special = (*(patch.cautions if patch else ()), *warned(hand), *near)
        self._confirmed(self._seen(confirmed, agreed), dose, given_at, dose, special)
        prescriber = self._named(agreed) if near else None
        measured, why = self._measure(patient_id, dose, values, against, given_at, dose.id)
        more: dict[str, Any] = {"observation_id": measured, "text": why, "watched": watched}
        if patch:
            more |= {"site": patch.site.value, "old_patch": patch.old.value}
            if patch.old is OldPatch.NOT_FOUND:
                self.work.publish(facts.PatchNotFound(dose.patient_id, dose.request_entry_id, dose.version))
        signed = self._sign(patient_id, dose, Result.TAKEN, given_at, amount=dose.amount, **more)
        if hand:
            self._store_product(dose.patient_id, signed, hand)
        self._take_out(dose, dose.request_id, signed, amount, None, ledger_id=ledger, ask=True)
        if near:
            self._store_agreed(dose, signed, given_at, agreed, prescriber)
        return signed

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def sign_not_given(
        self,
        patient_id: UUID,
        dose_id: UUID,
        *,
        request_version: int,
        reason: Reason,
        text: str | None = None,
        amount: Decimal | None = None,
        given_at: datetime | None = None,
    ) -> UUID:
        """Signs that this dose was not given, or not in full, and why; answers with the administration's id. What is next is
        stored with it (rules/next_step.py): another try is a dose of its own, and who is to be told has a task.

        `amount`: what was taken, in the dose's unit, where the reason says that some was; None when nobody knows how much.
        Raises NotFound, DoseAlreadySigned, OrderChanged, NoAuthority, CourseComplete, Invalid.
        """
        dose = self._ready_to_sign(patient_id, dose_id, request_version, given_at)
        return self._not_give(patient_id, dose, reason, self._given_at(given_at), text=text, amount=amount)

    def _not_give(
        self,
        patient_id: UUID,
        dose: Any,
        reason: Reason,
        given_at: datetime,
        *,
        text: str | None,
        amount: Decimal | None,
        watched: Watched | None = None,
    ) -> UUID:
        """As sign_not_given, of a dose that is held and hers to sign; `watched` as for _give."""
        if reason.needs_text and not text:
            raise Invalid(errors={"reason_text": ["Skriv hvorfor dosen ikke ble gitt."]})
        if amount is not None and not (reason.result is Result.PARTLY_TAKEN and 0 < amount < dose.amount):
            ordered = Quantity(dose.amount, dose.unit)
            raise Invalid(
                errors={
                    "amount": [
                        phrase("Skriv hvor mye som ble tatt av %(ordered)s, eller la feltet stå tomt.", ordered=ordered)
                    ]
                }
            )
        if reason.result is Result.PARTLY_TAKEN and self._is_complete(dose):
            raise self._complete(dose)
        id = self._sign_not_given(patient_id, dose, reason, given_at, amount=amount, text=text, watched=watched)
        self._signed(patient_id, dose, reason.result, id, given_at)
        if reason.result is Result.PARTLY_TAKEN:
            self._take_out(dose, dose.request_id, id, Quantity(dose.amount, dose.unit), amount)
        return id

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def sign_as_needed(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        request_version: int,
        amount: Decimal | None = None,
        given_at: datetime | None = None,
        value: Decimal | None = None,
        value2: Decimal | None = None,
        against: str = "",
        confirmed: Collection[Caution] = (),
        ledger: UUID | None = None,
        nurse_id: UUID | None = None,
        cleared: datetime | None = None,
        product: str = "",
    ) -> UUID:
        """Signs one dose of a medicine as needed; `amount` in the order's unit, and only where the order leaves a choice.

        `value`, `value2`, `against`, `confirmed`, `ledger` and `product` as for sign_given; `nurse_id` and `cleared`: with whom and
        when it was cleared, where the unit wants that. Raises NotFound, OrderChanged, NoAuthority, NoRoom (the most is given, or
        it is too soon), ProductMissing, ValueMissing, ValueBelowLimit, ConfirmationMissing, WhichPlace, Invalid.
        """
        held = self._lock_order(patient_id, request_entry_id)
        order = self._current_order(patient_id, request_entry_id)
        since = held.unconfirmed_since
        if since is not None and since <= (given_at or self.work.now):
            raise not_reconciled(order.generic_name)
        if not order.as_needed:
            raise NotFound("Legemidlet gis ikke ved behov.")
        if order.version != request_version or order.status != OrderStatus.ACTIVE:
            raise self._changed(order)
        dosage = dosage_of(order)
        own = self._require(patient_id, held.authority, needed_of(order, dosage.unit, as_needed=True))
        with_nurse = self._cleared(own, nurse_id, cleared)
        wanted, given_at = chosen(order, amount), self._given_at(given_at)
        room = as_needed_room(dosage, given_lately(self.work, patient_id, order, dosage), given_at, wanted=wanted)
        if not room.allowed:
            raise NoRoom(room.reason or "", next_at=room.next_at.isoformat() if room.next_at else None)
        hand = None if since else self._at_hand(patient_id, order, order.entry_id, wanted, product, given_at)
        self._confirmed(confirmed, order, given_at, more=warned(hand), unknown=held.unknown)
        measured, why = self._measure(patient_id, order, (value, value2), against, given_at)
        row = MedicationAdministration(
            patient_id=order.patient_id,
            id=new_id(),
            request_id=order.id,
            request_version=order.version,
            status="completed",
            result=Result.TAKEN.value,
            effective_at=given_at,
            amount=wanted.value,
            unit=wanted.unit,
            observation_id=measured,
            reason_text=why,
        )
        self.db.add(row)
        self.work.publish(facts.AsNeededGiven(row.patient_id, row.id, None, given_at))
        if hand:
            self._store_product(row.patient_id, row.id, hand)
        self._take_out(order, order.id, row.id, wanted, None, ledger_id=ledger, ask=True)
        if with_nurse:
            self._store_clearing(row, with_nurse)
        return row.id

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def correct(self, patient_id: UUID, administration_id: UUID, *, reason: str) -> None:
        """Marks a signature as a mistake (feilført). The dose is then as if never signed: to be given as the order now is.

        Another try of it is called off. Raises NotFound, AlreadyCorrected, Conflict where that try is signed, and Denied when
        another municipality answers for it.
        """
        self._correct(patient_id, administration_id, reason)

    def _correct(self, patient_id: UUID, administration_id: UUID, reason: str) -> None:
        one = sa.and_(
            self.work.chart(patient_id, MedicationAdministration), MedicationAdministration.id == administration_id
        )
        row = self.db.scalar(sa.select(MedicationAdministration).where(one).with_for_update(key_share=True))
        if row is None:
            raise NotFound("Signaturen finnes ikke hos denne pasienten.")
        if row.in_error_at is not None:
            raise AlreadyCorrected("Signaturen er allerede rettet. Last siden på nytt.")
        if row.municipality_id != self.work.actor.municipality_id:
            raise Denied("En annen kommune har skrevet dette, og bare den kan rette det.")
        row.in_error_reason = reason
        if row.dose_id is not None and row.kind == LIVE:
            self._reopen(patient_id, row.dose_id, tried_again=row.try_at is not None)
        self._put_back(patient_id, row.id)
        undo_alone(self.work, patient_id, row.id)
        self.work.publish(facts.AdministrationCorrected(row.patient_id, row.id, row.dose_id, row.effective_at))

    def _reopen(self, patient_id: UUID, dose_id: UUID, *, tried_again: bool) -> None:
        """The dose first: whoever changes its order holds it, or waits, and then finds no signature. Before it the plan, where
        the dose is one of a course that is counted by it, as in every act on such an order.
        """
        this = sa.and_(self.work.chart(patient_id, Dose), Dose.id == dose_id)
        of_course = sa.and_(
            RequestPlan.patient_id == Dose.patient_id,
            RequestPlan.request_entry_id == Dose.request_entry_id,
            Dose.course_of.is_not(None),
        )
        plan = sa.select(RequestPlan.request_entry_id).join(Dose, of_course).where(this)
        self.db.execute(plan.with_for_update(of=RequestPlan, key_share=True))
        dose = self.db.scalars(sa.select(Dose).where(this).with_for_update(key_share=True)).one()
        if tried_again:
            self._call_off_try(patient_id, dose_id)
        order = MedicationRequest
        of_entry = sa.and_(self.work.chart(patient_id, order), order.entry_id == dose.request_entry_id)
        later = sa.select(order).where(of_entry, order.version > dose.request_version, order.in_error_at.is_(None))
        if decided := self.db.scalars(later.order_by(order.version)).all():
            answers_for = decided[-1].municipality_id
            catch_up(dose, decided, choices_of(self.db, [answers_for]).get(answers_for, ()))
        # Not locked: whoever holds the plan to make the order wait comes to the dose after this.
        own = self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == dose.request_entry_id
        since = self.db.scalar(sa.select(RequestPlan.unconfirmed_since).where(*own))
        if dose.state == "open" and since is not None and dose.due_at >= since:
            dose.state = HELD
        self._recount(patient_id, dose)

    def _confirmed(
        self,
        confirmed: Collection[Caution],
        order: Any,
        at: datetime,
        dose: Any | None = None,
        more: Collection[tuple[Caution, str]] = (),
        *,
        unknown: bool = False,
    ) -> None:
        """One tap is too little for some doses: what is special now must be what she has seen, or nothing is stored.

        `more` is what is special about what she wrote herself, with its sentence.
        """
        due_at, of_order = dose.due_at if dose else None, cautions_of(order, at, dose, unknown=unknown)
        wanted = [*((each, caution_text(each, at=at, now=self.work.now, due_at=due_at)) for each in of_order), *more]
        if {caution for caution, _ in wanted} <= set(confirmed):
            return
        said = (*(text for _, text in wanted), phrase("Bekreft for å signere."))
        raise ConfirmationMissing(joined(" ", said), cautions=[(caution.value, text) for caution, text in wanted])

    def _measure(
        self,
        patient_id: UUID,
        order: Any,
        values: tuple[Decimal | None, Decimal | None],
        against: str,
        at: datetime,
        dose_id: UUID | None = None,
    ) -> tuple[UUID | None, str | None]:
        """The id of what was measured, and why the dose is given against it; the reason is asked for, and never assumed."""
        if order.required_value is None:
            return None, None
        wanted = ValueRequirement.from_json(order.required_value)
        value, value2 = values
        if value is None:
            raise ValueMissing(errors={"value": [wanted.wanted()]})
        with refusing("value", ValueMissing):
            unsafe = suggested_reason(wanted, wanted.check(value))
        if unsafe is not None and not against.strip():
            said = outside_limit_text(wanted, value)
            raise ValueBelowLimit(said, errors={"value": [said]}, reason=unsafe.reason.value, reason_said=unsafe.text)
        measured = Observations(self.work).record(
            patient_id, wanted.measured_as, value, value2=value2, effective_at=at, dose_id=dose_id
        )
        return measured, against.strip() if unsafe is not None else None

    def _not_for_two(self, near: Collection[tuple[Caution, str]], hand: AtHand | None) -> None:
        """What a student does not sign with her supervisor beside, since it takes a decision or a control that is the supervisor's
        own. Raises SupervisorSigns."""
        if near:
            raise SupervisorSigns(NEAR_TEXT)
        if hand is not None and hand.second:
            raise SupervisorSigns(TWO_TEXT)

    def _sign(self, patient_id: UUID, dose: Any, result: Result, given_at: datetime, **more: Any) -> UUID:
        id = self._write(dose, result, given_at, **more)
        self._signed(patient_id, dose, result, id, given_at)
        return id

    def _signed(self, patient_id: UUID, dose: Any, result: Result, id: UUID, given_at: datetime) -> None:
        self._recount(patient_id, dose)
        self._lies_no_more(dose)
        told = facts.DoseGiven if result in GIVEN else facts.DoseNotGiven
        self.work.publish(told(dose.patient_id, id, dose.id, given_at))


def chosen(order: MedicationRequest, amount: Decimal | None) -> Quantity:
    """The amount to give: as ordered, or the one the nurse chose within the order's range (A5: never chosen for her)."""
    ordered = dosage_of(order).amount
    if isinstance(ordered, AmountRange):
        if amount is None or not ordered.least.value <= amount <= ordered.most.value:
            raise Invalid(
                errors={
                    "amount": [
                        phrase(
                            "Velg en mengde fra %(least)s til %(most)s.",
                            least=show(ordered.least.value),
                            most=ordered.most,
                        )
                    ]
                }
            )
        return Quantity(amount, ordered.unit)
    assert ordered is not None
    return ordered
