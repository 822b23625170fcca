"""What comes of a dose that was not given: the next step on its card, another try, and who is told."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import Reason, Result, missed_at, slot_of
from journal.medication.rules.next_step import NextStep, critical_group, next_step, refused_for_days, worth_a_try
from journal.medication.service.patches import Patches
from journal.medication.service.signing import LIVE, Watched
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import on_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

_LOOKS_BACK = timedelta(days=7)
_TRIED_AGAIN = "Dosen er prøvd igjen, og det er signert. Rett den signaturen først."

# What the next step rests on, of the dose that is held, in one question. The dose before: of the same order and no second try;
# it counts as missed when neither it nor another try of it was given.
_BEFORE = Statement(
    sa.text(
        """
    SELECT d.request_entry_id, d.given_by, d.retry_of IS NOT NULL AS again,
        EXISTS (SELECT FROM medication.request_plan w WHERE w.patient_id = d.patient_id
            AND w.request_entry_id = d.request_entry_id AND w.unconfirmed_since IS NOT NULL) AS waits,
        (SELECT s.atc_codes FROM medication.critical_setting s
         WHERE s.municipality_id = audit.acting_for() ORDER BY s.version DESC LIMIT 1) AS added,
        ARRAY(SELECT DISTINCT (a.effective_at AT TIME ZONE 'Europe/Oslo')::date
         FROM medication.medication_administration a
         JOIN medication.medication_request r ON (r.patient_id, r.id) = (a.patient_id, a.request_id)
         WHERE a.patient_id = ANY (:ids) AND r.patient_id = ANY (:ids) AND a.effective_at > :since
           AND a.in_error_at IS NULL AND a.kind = 'signature' AND a.result = '3'
           AND coalesce(r.atc_code, r.generic_name) = :medicine) AS refused_on,
        coalesce((SELECT p.state = 'open'
            AND (p.missed_from <= :now OR EXISTS (
                SELECT FROM medication.medication_administration a WHERE a.patient_id = p.patient_id AND a.dose_id = p.id
                    AND a.in_error_at IS NULL AND a.kind = 'signature'))
            AND NOT EXISTS (
                SELECT FROM medication.dose t
                JOIN medication.medication_administration a ON a.patient_id = t.patient_id AND a.dose_id = t.id
                WHERE t.patient_id = p.patient_id AND (t.id = p.id OR t.retry_of = p.id)
                    AND a.in_error_at IS NULL AND a.status = 'completed')
         FROM medication.dose p
         WHERE p.patient_id = d.patient_id AND p.request_entry_id = d.request_entry_id AND p.retry_of IS NULL
           AND p.state <> 'cancelled'
           AND p.due_at < coalesce((SELECT o.due_at FROM medication.dose o
                WHERE o.patient_id = d.patient_id AND o.id = d.retry_of), d.due_at)
         ORDER BY p.due_at DESC LIMIT 1), false) AS missed_before
    FROM medication.dose d WHERE d.patient_id = ANY (:ids) AND d.id = :dose_id"""
    ).bindparams(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))
)


class NotGivenDose(NamedTuple):
    """A dose that was not given: of what, when it was due, and why not, in words."""

    medicine: str
    due_at: datetime
    why: str


class NotGiven(Patches):
    """The next step of a dose that was not given."""

    @on_patient(Permission.MEDICATION_READ)
    def not_given_dose(self, patient_id: UUID, administration_id: UUID) -> NotGivenDose:
        """What was signed as not given then. Raises NotFound."""
        signed, order = MedicationAdministration, MedicationRequest
        found = self.db.execute(
            sa.select(order.generic_name, Dose.due_at, signed.reason_code, signed.reason_text)
            .join(order, sa.and_(self.work.chart(patient_id, order), order.id == signed.request_id))
            .join(Dose, sa.and_(self.work.chart(patient_id, Dose), Dose.id == signed.dose_id))
            .where(self.work.chart(patient_id, signed), signed.id == administration_id)
        ).one_or_none()
        if found is None:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        why = found.reason_text or Reason(found.reason_code).text.in_a_sentence()
        return NotGivenDose(found.generic_name or "", found.due_at, why)

    @on_patient(Permission.MEDICATION_READ)
    def name_of_order(self, patient_id: UUID, request_entry_id: UUID) -> str:
        """The generic name of this order's medicine. Raises NotFound."""
        return self._current_order(patient_id, request_entry_id).generic_name or ""

    def _sign_not_given(
        self,
        patient_id: UUID,
        dose: Any,
        reason: Reason,
        given_at: datetime,
        *,
        amount: Decimal | None,
        text: str | None,
        prepared_line_id: UUID | None = None,
        watched: Watched | None = None,
    ) -> UUID:
        """Stores the signature with its next step, plans the other try, and tells whom it concerns. The order's dose is held."""
        if reason is Reason.LAID_OUT:
            raise Invalid("Lagt fram er ikke det samme som ikke gitt. Skriv hva som ble av dosen.")
        before = _BEFORE.rows(
            self.db,
            ids=self.work.ids(patient_id),
            dose_id=dose.id,
            medicine=dose.atc_code or dose.generic_name,
            since=self.work.now - _LOOKS_BACK,
            now=self.work.now,
        )[0]
        group = critical_group(dose.atc_code, before.added or ())
        wanted = next_step(
            reason,
            group,
            now=self.work.now,
            due_at=dose.due_at,
            next_due_at=dose.next_due_at,
            again=before.again,
            # Nothing is given of an order that waits at the hospital door, no other try either.
            may_retry=dose.course_of is None and not before.waits and worth_a_try(reason, dose.atc_code),
        )
        id = self._write(
            dose,
            reason.result,
            given_at,
            amount=amount,
            reason=reason,
            text=text,
            next_step=wanted.step.value,
            try_at=wanted.try_at,
            prepared_line_id=prepared_line_id,
            watched=watched,
        )
        if wanted.try_at is not None:
            self._plan_try(dose, before, wanted.try_at)
        self._tell_next(dose, id, given_at, wanted.step)
        if reason is Reason.ABSENT:
            self.work.publish(facts.PatientAbsent(dose.patient_id, id, dose.id, given_at))
        refused = [*before.refused_on, local_date(given_at)] if reason.result is Result.REFUSED else []
        self._tell_prescriber(
            dose, before, wanted.step, refused, critical=group is not None, reason=reason, at=given_at
        )
        return id

    def _plan_try(self, dose: Any, before: Any, try_at: datetime) -> None:
        """Another dose of the same, ready at once: whoever comes by may try. It is on time as long after as the first was."""
        self.db.add(
            Dose(
                patient_id=dose.patient_id,
                id=new_id(),
                request_entry_id=before.request_entry_id,
                request_id=dose.request_id,
                request_version=dose.request_version,
                retry_of=dose.id,
                due_at=try_at,
                next_due_at=dose.next_due_at,
                ready_from=self.work.now,
                late_after=try_at + (dose.late_after - dose.due_at),
                missed_from=missed_at(try_at, dose.next_due_at),
                amount=dose.amount,
                unit=dose.unit,
                slot=slot_of(try_at),
                given_by=before.given_by,
                state="open",
            )
        )

    def _tell_next(self, dose: Any, id: UUID, given_at: datetime, step: NextStep) -> None:
        told = {NextStep.TELL_NURSE: facts.NurseToTell, NextStep.CALL_DOCTOR: facts.DoctorToCall}.get(step)
        if told is not None:
            self.work.publish(told(dose.patient_id, id, dose.id, given_at))

    def _tell_prescriber(
        self,
        dose: Any,
        before: Any,
        step: NextStep,
        refused_on: Sequence[date],
        *,
        critical: bool,
        reason: Reason,
        at: datetime,
    ) -> None:
        """Whoever ordered it must think again; not while another try is to come, when it is of missed doses."""
        of_order = dose.patient_id, before.request_entry_id, dose.version
        if refused_on and refused_for_days(refused_on, local_date(at)):
            self.work.publish(facts.RefusedForDays(*of_order))
        missed = before.missed_before and step is not NextStep.TRY_AGAIN and reason.result is not Result.PARTLY_TAKEN
        if critical and missed:
            self.work.publish(facts.CriticalDosesMissed(*of_order))

    def _call_off_try(self, patient_id: UUID, dose_id: UUID, *, signed_stays: bool = False) -> None:
        """The other try of this dose is not wanted any more. One that is signed is left as it is with `signed_stays`; else
        raises Conflict: that must be put right first.
        """
        found = _try_of().rows(self.db, ids=self.work.ids(patient_id), dose_id=dose_id)
        if not found:
            return
        if found[0].signed and signed_stays:
            return
        if found[0].signed:
            raise Conflict(_TRIED_AGAIN)
        this = sa.and_(self.work.chart(patient_id, Dose), Dose.id == found[0].id)
        self.db.execute(sa.update(Dose).where(this).values(state="cancelled"))


@cache
def _try_of() -> Statement:
    """The other try of a dose, held until commit, and whether it is signed. Takes ids and dose_id."""
    signature = MedicationAdministration
    of_dose = sa.tuple_(signature.patient_id, signature.dose_id) == sa.tuple_(Dose.patient_id, Dose.id)
    live = signature.in_error_at.is_(None), signature.kind == LIVE
    signed = sa.exists().where(of_dose, *live).correlate(Dose).label("signed")
    tried = in_charts(Dose), Dose.retry_of == sa.bindparam("dose_id", type_=sa.Uuid)
    found = sa.select(Dose.id, signed).where(*tried, Dose.state != "cancelled")
    return Statement(found.with_for_update(of=Dose, key_share=True))
