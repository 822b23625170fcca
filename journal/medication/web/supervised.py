"""A student's acts in the round, with her supervisor beside."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import schemas
from journal.medication.service import Medication
from journal.medication.web.round import back_to, signature_refused
from journal.medication.web.section import bp, draws_again
from journal.permissions import Permission
from journal.web import current_work, form_body, screen_of


@bp.act("/patients/<uuid:patient_id>/stand-beside", Permission.MEDICATION_GIVE, beside=True)
def stand_beside(patient_id: UUID) -> Response:
    """The supervisor's own act on the student's screen: the Work is of who proves herself with her PIN."""
    said = form_body(schemas.StandBeside)
    Medication(current_work()).stand_beside(patient_id, screen_of(), dict(said["doses"]))
    return back_to(patient_id)


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/given-supervised", Permission.MEDICATION_GIVE)
def given_supervised(patient_id: UUID, dose_id: UUID) -> Response:
    Medication(current_work()).sign_given_supervised(patient_id, dose_id, **form_body(schemas.SignGivenBeside))
    return back_to(patient_id)


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/not-given-supervised", Permission.MEDICATION_GIVE)
def not_given_supervised(patient_id: UUID, dose_id: UUID) -> Response:
    said = form_body(schemas.SignNotGiven)
    Medication(current_work()).sign_not_given_supervised(patient_id, dose_id, text=said.pop("reason_text"), **said)
    return back_to(patient_id)


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/undo-supervised", Permission.MEDICATION_GIVE
)
def undo_supervised(patient_id: UUID, administration_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Medication(current_work()).undo_supervised(patient_id, administration_id)
    return back_to(patient_id)


draws_again("stand_beside", "given_supervised", "not_given_supervised", "undo_supervised")(signature_refused)
