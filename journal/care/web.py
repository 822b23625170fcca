"""Routes of tasks, of the patient's stay, of services granted and of incidents."""

from collections.abc import Callable
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.care import pages, schemas, unit_tasks
from journal.care.service import Care
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.web import Section, current_work, form_body, query_body, see_other
from journal.web.shell import MenuEntry, Tab

MENU = MenuEntry("care.all_tasks", "check", "Oppgaver", Permission.CARE_WRITE)
bp = Section("care", __name__)
TABS = (
    Tab("care.tasks", "Oppgaver", Permission.CARE_READ),
    Tab("care.incidents", "Avvik", Permission.CARE_READ),
    Tab("care.stay", "Opphold", Permission.CARE_READ),
    Tab("care.services", "Tjenester", Permission.CARE_READ),
)


@bp.page("/tasks", Permission.CARE_WRITE)
def all_tasks() -> str:
    return unit_tasks.page(query_body(schemas.UnitTasks)["kind"])


@bp.act("/patients/<uuid:patient_id>/tasks/<uuid:entry_id>/done", Permission.CARE_WRITE)
def complete_from_list(patient_id: UUID, entry_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Care(current_work()).complete_task(patient_id, entry_id)
    return see_other(".all_tasks", kind=query_body(schemas.UnitTasks)["kind"])


@bp.page("/patients/<uuid:patient_id>/tasks", Permission.CARE_READ)
def tasks(patient_id: UUID) -> str:
    return pages.tasks(patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks", Permission.CARE_WRITE)
def add_task(patient_id: UUID) -> Response:
    Care(current_work()).add_task(patient_id, **form_body(schemas.AddTask))
    return see_other(".tasks", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks/<uuid:entry_id>/complete", Permission.CARE_WRITE)
def complete_task(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).complete_task(patient_id, entry_id, **form_body(schemas.CompleteTask))
    return see_other(".tasks", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks/<uuid:entry_id>/not-mine", Permission.CARE_WRITE)
def deny_paper(patient_id: UUID, entry_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Care(current_work()).deny_paper(patient_id, entry_id)
    return see_other(".tasks", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks/<uuid:entry_id>/effect", Permission.CARE_WRITE)
def answer_effect(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).answer_effect(patient_id, entry_id, **form_body(schemas.AnswerEffect))
    return see_other(".tasks", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks/<uuid:entry_id>/in-error", Permission.CARE_WRITE)
def task_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).mark_task_in_error(patient_id, entry_id, **form_body(schemas.MarkInError))
    return see_other(".tasks", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/stay", Permission.CARE_READ)
def stay(patient_id: UUID) -> str:
    return pages.stay(patient_id)


@bp.page("/patients/<uuid:patient_id>/admission", Permission.PATIENTS_ADMIT)
def admission(patient_id: UUID) -> str:
    """The way in for whoever has no ground: taking the patient in. Opens nothing; the form does, and is logged."""
    current_work().admit(Permission.PATIENTS_ADMIT)
    return pages.admission(patient_id)


@bp.act("/patients/<uuid:patient_id>/admission", Permission.PATIENTS_ADMIT)
def take_in(patient_id: UUID) -> Response:
    Care(current_work()).admit(patient_id, **form_body(schemas.Admit))
    return see_other("chart.front_page", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay", Permission.PATIENTS_ADMIT)
def admit(patient_id: UUID) -> Response:
    Care(current_work()).admit(patient_id, **form_body(schemas.Admit))
    return see_other(".stay", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/stay/transfer", Permission.PATIENTS_DISCHARGE)
def transfer_form(patient_id: UUID) -> str:
    return pages.transfer(patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/transfer", Permission.PATIENTS_DISCHARGE)
def transfer(patient_id: UUID) -> Response:
    Care(current_work()).transfer(patient_id, **form_body(schemas.Transfer))
    return see_other(".stay", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/discharge", Permission.PATIENTS_DISCHARGE)
def discharge(patient_id: UUID) -> Response:
    Care(current_work()).discharge(patient_id, **form_body(schemas.End))
    return see_other(".stay", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/leave", Permission.CARE_WRITE)
def leave(patient_id: UUID) -> Response:
    Care(current_work()).leave(patient_id, **form_body(schemas.Leave))
    return see_other(".stay", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/return", Permission.CARE_WRITE)
def return_from_leave(patient_id: UUID) -> Response:
    form_body(schemas.Nothing)
    waits = Care(current_work()).return_from_leave(patient_id)
    return see_other("medication.door" if waits else ".stay", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/hospital", Permission.CARE_WRITE)
def hospital_form(patient_id: UUID) -> str:
    return pages.hospital(patient_id)


@bp.act("/patients/<uuid:patient_id>/hospital", Permission.CARE_WRITE)
def send_to_hospital(patient_id: UUID) -> Response:
    Care(current_work()).send_to_hospital(patient_id, **form_body(schemas.ToHospital))
    return see_other("medication.transfer_sheet", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/<uuid:stay_id>/in-error", Permission.PATIENTS_DISCHARGE)
def stay_in_error(patient_id: UUID, stay_id: UUID) -> Response:
    Care(current_work()).mark_stay_in_error(patient_id, stay_id, **form_body(schemas.MarkInError))
    return see_other(".stay", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/services", Permission.CARE_READ)
def services(patient_id: UUID) -> str:
    return pages.services(patient_id)


@bp.page("/patients/<uuid:patient_id>/services/grant", Permission.CARE_GRANT)
def grant_form(patient_id: UUID) -> str:
    return pages.grant(patient_id)


@bp.act("/patients/<uuid:patient_id>/services/grant", Permission.CARE_GRANT)
def grant_service(patient_id: UUID) -> Response:
    Care(current_work()).grant_service(patient_id, **form_body(schemas.GrantService))
    return see_other(".services", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/services/<uuid:entry_id>/change", Permission.CARE_GRANT)
def change_form(patient_id: UUID, entry_id: UUID) -> str:
    return pages.change(patient_id, entry_id)


@bp.act("/patients/<uuid:patient_id>/services/<uuid:entry_id>/change", Permission.CARE_GRANT)
def change_service(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).change_service(patient_id, entry_id, **form_body(schemas.ChangeService))
    return see_other(".services", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/services/<uuid:entry_id>/end", Permission.CARE_GRANT)
def end_service(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).end_service(patient_id, entry_id, **form_body(schemas.End))
    return see_other(".services", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/services/<uuid:entry_id>/in-error", Permission.CARE_GRANT)
def service_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).mark_service_in_error(patient_id, entry_id, **form_body(schemas.MarkInError))
    return see_other(".services", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/incidents", Permission.CARE_READ)
def incidents(patient_id: UUID) -> str:
    return pages.incidents(patient_id)


@bp.page("/patients/<uuid:patient_id>/incidents/report", Permission.CARE_WRITE)
def report_form(patient_id: UUID) -> str:
    return pages.report(patient_id)


@bp.act("/patients/<uuid:patient_id>/incidents/report", Permission.CARE_WRITE)
def report_incident(patient_id: UUID) -> Response:
    Care(current_work()).report_incident(patient_id, **form_body(schemas.ReportIncident))
    return see_other(".incidents", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/incidents/<uuid:entry_id>/correct", Permission.CARE_WRITE)
def correction_form(patient_id: UUID, entry_id: UUID) -> str:
    return pages.correct(patient_id, entry_id)


@bp.act("/patients/<uuid:patient_id>/incidents/<uuid:entry_id>/correct", Permission.CARE_WRITE)
def correct_incident(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).correct_incident(patient_id, entry_id, **form_body(schemas.CorrectIncident))
    return see_other(".incidents", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/incidents/<uuid:entry_id>/in-error", Permission.CARE_WRITE)
def incident_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).mark_incident_in_error(patient_id, entry_id, **form_body(schemas.MarkInError))
    return see_other(".incidents", patient_id=patient_id)


# The page on which each form stands.
_PAGES: dict[str, Callable[[UUID, pages.Error], str]] = {
    **dict.fromkeys(("add_task", "complete_task", "answer_effect", "deny_paper", "task_in_error"), pages.tasks),
    **dict.fromkeys(("admit", "discharge", "leave", "return_from_leave", "stay_in_error"), pages.stay),
    **dict.fromkeys(("end_service", "service_in_error"), pages.services),
    "take_in": pages.admission,
    "transfer": pages.transfer,
    "send_to_hospital": pages.hospital,
    "grant_service": pages.grant,
    "report_incident": pages.report,
    "incident_in_error": pages.incidents,
}


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page with what was typed, a sentence at each field, and what others have done in the meantime."""
    endpoint, args = (request.endpoint or "").removeprefix("care."), request.view_args or {}
    if endpoint in ("all_tasks", "complete_from_list"):
        return unit_tasks.page(None, said=error.detail), error.status
    if endpoint == "change_service":
        return pages.change(**args, error=error), error.status
    if endpoint == "correct_incident":
        return pages.correct(**args, error=error), error.status
    return _PAGES[endpoint](args["patient_id"], error), error.status
