"""Pages of tasks and of the patient's stay."""

from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.care import rules, schemas
from journal.care.service import Care
from journal.municipalities import Municipalities
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import gettext as _
from journal.web import Section, current_work, form_body, render, see_other
from journal.web.shell import Tab

bp = Section("care", __name__)
TABS = (Tab("care.tasks", "Oppgaver", Permission.CARE_READ), Tab("care.stay", "Opphold", Permission.CARE_READ))


@bp.page("/patients/<uuid:patient_id>/tasks", Permission.CARE_READ)
def tasks(patient_id: UUID) -> str:
    return _tasks(patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks", Permission.CARE_WRITE)
def add_task(patient_id: UUID) -> Response:
    Care(current_work()).add_task(patient_id, **form_body(schemas.AddTask))
    return see_other(".tasks", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks/<uuid:entry_id>/complete", Permission.CARE_WRITE)
def complete_task(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).complete_task(patient_id, entry_id, **form_body(schemas.CompleteTask))
    return see_other(".tasks", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/tasks/<uuid:entry_id>/effect", Permission.CARE_WRITE)
def answer_effect(patient_id: UUID, entry_id: UUID) -> Response:
    Care(current_work()).answer_effect(patient_id, entry_id, **form_body(schemas.AnswerEffect))
    return see_other(".tasks", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/stay", Permission.CARE_READ)
def stay(patient_id: UUID) -> str:
    return _stay(patient_id)


@bp.page("/patients/<uuid:patient_id>/admission", Permission.PATIENTS_ADMIT)
def admission(patient_id: UUID) -> str:
    """The way in for whoever has no ground: taking the patient in. Opens nothing; the form does, and is logged."""
    work = current_work()
    work.admit(Permission.PATIENTS_ADMIT)
    return _admission(patient_id, None)


@bp.act("/patients/<uuid:patient_id>/admission", Permission.PATIENTS_ADMIT)
def take_in(patient_id: UUID) -> Response:
    Care(current_work()).admit(patient_id, **form_body(schemas.Admit))
    return see_other("chart.front_page", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay", Permission.PATIENTS_ADMIT)
def admit(patient_id: UUID) -> Response:
    Care(current_work()).admit(patient_id, **form_body(schemas.Admit))
    return see_other(".stay", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/discharge", Permission.PATIENTS_DISCHARGE)
def discharge(patient_id: UUID) -> Response:
    Care(current_work()).discharge(patient_id, **form_body(schemas.Discharge))
    return see_other(".stay", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/leave", Permission.CARE_WRITE)
def leave(patient_id: UUID) -> Response:
    Care(current_work()).leave(patient_id, **form_body(schemas.Leave))
    return see_other(".stay", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/stay/return", Permission.CARE_WRITE)
def return_from_leave(patient_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Care(current_work()).return_from_leave(patient_id)
    return see_other(".stay", patient_id=patient_id)


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page with what was typed, a sentence at each field, and what others have done in the meantime."""
    patient_id: UUID = (request.view_args or {})["patient_id"]
    if request.endpoint == "care.take_in":
        return _admission(patient_id, error), error.status
    page = _tasks if request.endpoint in ("care.add_task", "care.complete_task", "care.answer_effect") else _stay
    return page(patient_id, error), error.status


def _admission(patient_id: UUID, error: Invalid | Conflict | None) -> str:
    work = current_work()
    units = [(unit.id, unit.name) for unit in Municipalities(work).units() if unit.id in work.actor.units]
    return render(
        "care/admission.html",
        patient_id=patient_id,
        units=units,
        stay_kinds=list(rules.STAYS.items()),
        **_typed_and_said(error),
    )


def _tasks(patient_id: UUID, error: Invalid | Conflict | None = None) -> str:
    work = current_work()
    care = Care(work)
    return render(
        "care/tasks.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        open_tasks=care.open_tasks(patient_id),
        done_tasks=care.done_tasks(patient_id),
        kinds=rules.TASKS,
        may_write=work.actor.may(Permission.CARE_WRITE),
        may_measure=work.actor.may(Permission.OBSERVATIONS_WRITE),
        **_typed_and_said(error),
    )


def _stay(patient_id: UUID, error: Invalid | Conflict | None = None) -> str:
    work = current_work()
    care = Care(work)
    return render(
        "care/stay.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        where=care.whereabouts([patient_id])[patient_id],
        stays=care.stays(patient_id),
        services=care.services(patient_id),
        units=[(unit.id, unit.name) for unit in Municipalities(work).units() if unit.id in work.actor.units],
        stay_kinds=list(rules.STAYS.items()),
        absence_kinds=list(rules.ABSENCES.items()),
        kinds=rules.STAYS | rules.ABSENCES,
        may_admit=work.actor.may(Permission.PATIENTS_ADMIT),
        may_write=work.actor.may(Permission.CARE_WRITE),
        **_typed_and_said(error),
    )


def _typed_and_said(error: Invalid | Conflict | None) -> dict[str, Any]:
    """What was typed and is wrong, for the form it was typed in: *form* is the name of its view."""
    errors = error.errors if isinstance(error, Invalid) else {}
    return {
        "form": (request.endpoint or "").removeprefix("care.") if error else "",
        "typed": request.form.to_dict() if error else {},
        "errors": {field: sentences[0] for field, sentences in errors.items()},
        "said": _("Vi fikk ikke lagret. %(why)s", why=error.detail) if error and error.detail else "",
    }
