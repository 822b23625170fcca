"""Signed alone: the reason on the dose's card, what the next shift does about it, and the list."""

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.medication import alone_forms as forms
from journal.medication.rules.alone import ALONE
from journal.medication.service import Medication
from journal.medication.web.round import signature_refused
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.permissions import Permission
from journal.web import current_work, form_body, render, see_other


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/alone",
    Permission.MEDICATION_ADMINISTER,
    fresh=True,
)
def sign_alone(patient_id: UUID, administration_id: UUID) -> Response:
    Medication(current_work()).sign_alone(patient_id, administration_id, **form_body(forms.SignAlone))
    if "as_needed" in request.args:
        return see_other(".as_needed", patient_id=patient_id)
    return see_other(".round", patient=patient_id, slot=request.args.get("slot"))


@bp.page("/keeping/alone", Permission.MEDICATION_READ)
def signed_alone() -> str:
    """Who signed alone the last 30 days. No chart is opened."""
    actor = current_work().actor
    return render(
        "medication/signed_alone.html",
        rows=Medication(current_work()).signed_alone(),
        reasons=ALONE,
        me=actor.person_id,
        may_give=actor.may(Permission.MEDICATION_ADMINISTER),
    )


@bp.page("/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/alone", Permission.MEDICATION_ADMINISTER)
def alone_dose(patient_id: UUID, administration_id: UUID) -> str:
    return _dose(patient_id, administration_id)


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/alone/check",
    Permission.MEDICATION_ADMINISTER,
    fresh=True,
)
def check_alone(patient_id: UUID, administration_id: UUID) -> Response:
    Medication(current_work()).check_alone(patient_id, administration_id, **form_body(forms.CheckAlone))
    return see_other(".signed_alone")


def _dose(patient_id: UUID, administration_id: UUID, refusal: Refused | None = None) -> str:
    return page(
        "medication/alone.html",
        patient_id,
        dose=Medication(current_work()).dose_alone(patient_id, administration_id),
        reasons=ALONE,
        me=current_work().actor.person_id,
        said=refusal.said if refusal else None,
        errors=refusal.errors if refusal else {},
        typed=refusal.typed if refusal else {},
    )


@draws_again("check_alone")
def _check_refused(refusal: Refused) -> str:
    return _dose(refusal.where["patient_id"], refusal.where["administration_id"], refusal)


draws_again("sign_alone")(signature_refused)
