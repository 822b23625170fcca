"""A change, a pause, its end or a stop by word of mouth: effective at once; refused, what stood before is put before the doctor."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, VerbalOrder
from journal.medication.rules import (
    Dosage,
    DoseStatus,
    OrderStatus,
    Reason,
    Result,
    SignedState,
    describe,
    dose_status,
)
from journal.medication.rules.renewal import end_of
from journal.medication.rules.verbal import Act, AfterRefusal, after_refusal
from journal.medication.service.follow_up import check_inr, evaluation_day, follow_up_of
from journal.medication.service.judging import NO_ANSWERS, Answers, Judging, detected_issues
from journal.medication.service.pausing import pause_again
from journal.medication.service.received import Prescriber, Received
from journal.medication.service.shown import WITNESS, dosage_of
from journal.medication.service.verbal import Verbal
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Invalid, NotFound
from journal.platform.language import phrase
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts


@dataclass(frozen=True)
class Given:
    """What was signed for a dose: in words with the time, how much, and by whom."""

    said: str
    amount: Quantity | None
    by: str


@dataclass(frozen=True)
class Refusable:
    """What a doctor is shown before she refuses: what was received, what was given of the order since, and when doses were
    due that nobody was to give because of it."""

    received: Received
    given: tuple[Given, ...]
    not_given: tuple[datetime, ...]


class VerbalChanges(Verbal):
    """What a nurse receives of an order in use is one version of it, with its own receipt, limit and answer."""

    judge_verbal_change = on_patient(Permission.MEDICATION_RECEIVE)(Judging._judge_change)

    @on_patient(Permission.MEDICATION_RECEIVE)
    def receive_change(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        prescriber: Prescriber,
        read_back: bool,
        version: int,
        dosage: Dosage,
        reason: str,
        answers: Answers,
    ) -> int:
        """Another dosage from now on. `answers` are what the prescriber said to the alerts. Answers with the new version.

        Raises Invalid when it was not read back, and as change.
        """
        said = {"dosage": dosage, "answers": answers, "reason": reason}
        return self._receive(patient_id, request_entry_id, Act.CHANGE, prescriber, read_back, version, said)

    @on_patient(Permission.MEDICATION_RECEIVE)
    def receive_hold(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        prescriber: Prescriber,
        read_back: bool,
        version: int,
        reason: str,
    ) -> int:
        """A pause from now on. Answers with the new version. Raises Invalid when it was not read back, and as hold."""
        return self._receive(patient_id, request_entry_id, Act.HOLD, prescriber, read_back, version, {"reason": reason})

    @on_patient(Permission.MEDICATION_RECEIVE)
    def receive_resume(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        prescriber: Prescriber,
        read_back: bool,
        version: int,
        reason: str,
    ) -> int:
        """The end of a pause, from the next dose. Answers with the new version. Raises Invalid when it was not read back, and
        as resume."""
        return self._receive(
            patient_id, request_entry_id, Act.RESUME, prescriber, read_back, version, {"reason": reason}
        )

    @on_patient(Permission.MEDICATION_RECEIVE)
    def receive_stop(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        prescriber: Prescriber,
        read_back: bool,
        version: int,
        reason: str,
        code: str | None = None,
    ) -> int:
        """A stop from now on. Answers with the new version. Raises Invalid when it was not read back, and as stop."""
        said = {"reason": reason, "code": code}
        return self._receive(patient_id, request_entry_id, Act.STOP, prescriber, read_back, version, said)

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def refusable(self, patient_id: UUID, verbal_order_id: UUID) -> Refusable:
        """What to see before one refuses what was received. Raises NotFound."""
        found = self.verbal_orders([patient_id], [verbal_order_id])
        if not found:
            raise NotFound("Den muntlige ordinasjonen finnes ikke hos denne pasienten.")
        (received,) = found
        of_order = {"ids": self.work.ids(patient_id), "entry_id": received.request_entry_id}
        given = _given().rows(self.db, **of_order, since=received.received_at)
        fallen = _not_given().rows(self.db, **of_order, version=received.request_version, now=self.work.now)
        return Refusable(
            received, tuple(_said(row, self.work.now) for row in given), tuple(row.due_at for row in fallen)
        )

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def refuse_change(
        self,
        patient_id: UUID,
        verbal_order_id: UUID,
        *,
        version: int,
        reason: str,
        after: AfterRefusal,
        answers: Answers = NO_ANSWERS,
    ) -> None:
        """Refuses a change, a pause, its end or a stop that was received, and decides what is to hold: one of `after_refusal`.

        What stood before is judged as any order is, and its doses count from now. `version` is the order's
        that was seen. Raises as sign_verbal, and OrderChanged, AlertsFound, and Invalid for what cannot be chosen.
        """
        received = self._unanswered(patient_id, verbal_order_id)
        act, decided_since = Act(received.act), version > received.request_version
        if act is Act.PRESCRIBE or after not in after_refusal(act, decided_since=decided_since):
            raise Invalid(errors={"after": ["Velg hva som skal gjelde nå."]})
        self._answer(received, "refused", reason)
        order = self._lock(patient_id, received.request_entry_id, version, set(OrderStatus), decides=False)
        why = str(phrase("Muntlig beskjed avvist: %(reason)s", reason=reason))
        if after is AfterRefusal.RESTORE:
            self._restore(patient_id, received, why, answers)
        elif after is AfterRefusal.STOP and order.status in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD):
            self.stop(patient_id, received.request_entry_id, version=version, reason=why, code="X")

    def _receive(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        act: Act,
        prescriber: Prescriber,
        read_back: bool,
        version: int,
        said: dict[str, Any],
    ) -> int:
        received = self._write_down(
            patient_id,
            prescriber,
            read_back=read_back,
            act=act,
            request_entry_id=request_entry_id,
            request_version=version + 1,
        )
        acts: dict[Act, Callable[..., int]] = {
            Act.CHANGE: self._change,
            Act.HOLD: self._hold,
            Act.RESUME: self._resume,
            Act.STOP: self._stop,
        }
        by_mouth = phrase("Muntlig fra %(name)s: %(reason)s", name=prescriber.name, reason=said["reason"])
        more = said | {"reason": str(by_mouth), "verbal_order_id": received.id}
        return acts[act](patient_id, request_entry_id, version=version, **more)

    def _restore(self, patient_id: UUID, received: VerbalOrder, why: str, answers: Answers) -> None:
        entry_id, version = received.request_entry_id, received.request_version
        before = self._version(patient_id, entry_id, version - 1)
        if received.act == Act.CHANGE:
            self.change(patient_id, entry_id, version=version, dosage=dosage_of(before), reason=why, answers=answers)
        elif received.act == Act.HOLD:
            self.resume(patient_id, entry_id, version=version, reason=why)
        elif received.act == Act.RESUME:
            instead = before.replaced_by is not None and self._is_in_use(patient_id, before.replaced_by)
            pause = pause_again(before, self.work.now, instead_is_given=instead)
            self.hold(patient_id, entry_id, version=version, reason=why, pause=pause)
        else:
            self._take_up(patient_id, before, version, why, answers)

    def _take_up(self, patient_id: UUID, before: MedicationRequest, version: int, why: str, answers: Answers) -> None:
        """The stopped order goes on as it was. A new one would count its hours, and what was given as needed, from now."""
        dosage = dosage_of(before)
        if (end := end_of(before.ends_at, dosage)) and end <= self.work.now:
            raise Invalid(errors={"after": ["Det som gjaldt før, er avsluttet nå. La legemidlet være seponert."]})
        check_inr(before.atc_code, dosage, local_date(self.work.now))
        self._wait_for_other_prescribers(patient_id)
        order = self._lock(patient_id, before.entry_id, version, {OrderStatus.STOPPED})
        judgement = self._judge_change(patient_id, before.entry_id, dosage=dosage, ends_at=before.ends_at)
        issues = detected_issues(judgement, answers)
        new = self._next(order, change="change", reason=why, status=before.status, detected_issues=issues)
        self._plan_anew(patient_id, new)
        evaluate_on = evaluation_day(new.atc_code, dosage, local_date(self.work.now), None)
        self._tell(facts.MedicineChanged, new, *follow_up_of(new, evaluate_on=evaluate_on))

    def _is_in_use(self, patient_id: UUID, request_entry_id: UUID) -> bool:
        return self._current_order(patient_id, request_entry_id).status == OrderStatus.ACTIVE

    def _version(self, patient_id: UUID, request_entry_id: UUID, version: int) -> MedicationRequest:
        order = MedicationRequest
        of_version = self.work.chart(patient_id, order), order.entry_id == request_entry_id, order.version == version
        return self.db.scalars(sa.select(order).where(*of_version)).one()


def _said(row: Any, now: datetime) -> Given:
    reason = Reason(row.reason_code) if row.reason_code else None
    signed = SignedState(Result(row.result), row.effective_at, reason, row.reason_text or "")
    status = dose_status(row.effective_at, now, signed)
    amount = Quantity(row.amount, row.unit) if row.amount is not None and status is not DoseStatus.NOT_GIVEN else None
    return Given(describe(status, row.effective_at, now, signed), amount, row.recorded_by_name)


@cache
def _given() -> Statement:
    """What was signed for of an order since then, as planned or not. Takes ids, entry_id and since."""
    given, order = MedicationAdministration, MedicationRequest
    said = ("result", "reason_code", "reason_text", "effective_at", "amount", "unit", "recorded_by_name")
    return Statement(
        sa.select(*(getattr(given, name) for name in said))
        .join(order, sa.and_(order.patient_id == given.patient_id, order.id == given.request_id))
        .where(in_charts(given), order.entry_id == sa.bindparam("entry_id", type_=sa.Uuid))
        .where(given.in_error_at.is_(None), given.kind != WITNESS, given.effective_at >= sa.bindparam("since"))
        .order_by(given.effective_at)
    )


@cache
def _not_given() -> Statement:
    """When doses were due that this version of an order held back, up to now. Takes ids, entry_id, version and now."""
    dose = Dose
    return Statement(
        sa.select(dose.due_at)
        .outerjoin(dose.signature.of_type(MedicationAdministration))
        .where(in_charts(dose), dose.request_entry_id == sa.bindparam("entry_id", type_=sa.Uuid))
        .where(dose.request_version == sa.bindparam("version"), dose.state != "open")
        .where(dose.due_at <= sa.bindparam("now"), MedicationAdministration.id.is_(None))
        .order_by(dose.due_at)
    )
