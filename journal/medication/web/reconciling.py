"""Our list beside one from elsewhere: the choices, kept as they are made, and the signature."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages, schemas, source_forms
from journal.medication.errors import AlertsFound
from journal.medication.rules.safety import Judgement
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, judged, page
from journal.permissions import Permission
from journal.platform.clock import hhmm
from journal.web import current_work, form_body, render, see_other, wants_fragment

_NOTHING: Mapping[str, str] = {}
_LIST = "/patients/<uuid:patient_id>/medication/sources/<uuid:document_id>"


@bp.page(_LIST, Permission.MEDICATION_READ)
def comparison(patient_id: UUID, document_id: UUID) -> str:
    work = current_work()
    may = work.actor.may(Permission.MEDICATION_PRESCRIBE)
    return _comparison(
        patient_id, document_id, Medication(work).draft_choices(patient_id, document_id) if may else _NOTHING
    )


@bp.act(f"{_LIST}/draft", Permission.MEDICATION_PRESCRIBE, repeatable=True)
def keep_choices(patient_id: UUID, document_id: UUID) -> Response | str:
    """Keeps what is chosen: as each choice is made, or by the button."""
    work, form = current_work(), form_body(source_forms.Choices)
    Medication(work).save_choices(patient_id, document_id, form["choices"])
    if wants_fragment():
        return render("medication/_kept.html", saved_at=hhmm(work.now))
    return see_other(".comparison", patient_id=patient_id, document_id=document_id)


@bp.act(f"{_LIST}/reconcile", Permission.MEDICATION_PRESCRIBE)
def reconcile(patient_id: UUID, document_id: UUID) -> Response:
    form = form_body(source_forms.Choices)
    answers = schemas.answers_from(form)
    Medication(current_work()).reconcile(patient_id, document_id, choices=form["choices"], answers=answers)
    return see_other(".medication_list", patient_id=patient_id)


@draws_again("reconcile", "keep_choices")
def _refused(refusal: Refused) -> str:
    """With the alerts where the safety rules refused one of the orders; what was chosen stands."""
    judgement = refusal.error.judgement if isinstance(refusal.error, AlertsFound) else None
    drawn: dict[str, Any] = {"said": refusal.said, "errors": refusal.errors, "typed": refusal.typed}
    return _comparison(**refusal.where, chosen=source_forms.chosen(refusal.typed), judgement=judgement, **drawn)


def _comparison(
    patient_id: UUID,
    document_id: UUID,
    chosen: Mapping[str, str],
    judgement: Judgement | None = None,
    **drawn: Any,
) -> str:
    work = current_work()
    compared = Medication(work).comparison(patient_id, document_id)
    context = {"source": compared.source, "title": pages.source_title(compared.source), "now": work.now}
    context["rows"] = pages.comparison(compared, chosen)
    context["may_match"] = work.actor.may(Permission.MEDICATION_IMPORT)
    form = {"said": None, "errors": {}, "typed": {}} | drawn
    return page("medication/comparison.html", patient_id, **context, **form, **judged(judgement))
