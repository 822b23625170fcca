"""The page of measurements: curves, list and form."""

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.access import rest_of
from journal.observations import schemas
from journal.observations.rules import KINDS
from journal.observations.service import Observations
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import gettext as _
from journal.web import Section, current_work, form_body, render, see_other
from journal.web.shell import Tab

bp = Section("observations", __name__)
TAB = Tab("observations.overview", "Målinger", Permission.OBSERVATIONS_READ)

DAYS = 14


@bp.page("/patients/<uuid:patient_id>/observations", Permission.OBSERVATIONS_READ)
def overview(patient_id: UUID) -> str:
    return _page(patient_id)


@bp.act("/patients/<uuid:patient_id>/observations", Permission.OBSERVATIONS_WRITE)
def record(patient_id: UUID) -> Response:
    Observations(current_work()).record(patient_id, **form_body(schemas.RecordObservation))
    return see_other(".overview", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/observations/<uuid:observation_id>/in-error", Permission.OBSERVATIONS_WRITE)
def mark_in_error(patient_id: UUID, observation_id: UUID) -> Response:
    Observations(current_work()).mark_entered_in_error(patient_id, observation_id, **form_body(schemas.MarkInError))
    return see_other(".overview", patient_id=patient_id)


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page with what was typed, and a sentence at each field."""
    args = request.view_args or {}
    return _page(args["patient_id"], error, args.get("observation_id")), error.status


def _page(patient_id: UUID, error: Invalid | Conflict | None = None, observation_id: UUID | None = None) -> str:
    """*observation_id*: the measurement whose own form went wrong, instead of the form for a new one."""
    work = current_work()
    service = Observations(work)
    errors = error.errors if isinstance(error, Invalid) else {}
    return render(
        "observations/overview.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        series=service.series(patient_id, days=DAYS),
        measurements=service.recent(patient_id),
        rest=rest_of(work, patient_id, "observations", holds=service.rest_holds(patient_id)),
        days=DAYS,
        kinds=[(kind.code, f"{kind.text} ({kind.unit_text})") for kind in KINDS.values()],
        typed=request.form.to_dict() if error else {},
        errors={field: sentences[0] for field, sentences in errors.items()},
        said=_("Vi fikk ikke lagret. %(why)s", why=error.detail) if error and error.detail else "",
        in_error_id=observation_id,
        may_write=work.actor.may(Permission.OBSERVATIONS_WRITE),
    )
