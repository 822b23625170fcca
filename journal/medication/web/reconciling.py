"""Our list beside one from elsewhere: the choices, kept as they are made, and the signature."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.medication import pages, schemas, source_forms
from journal.medication.errors import AlertsFoundTogether, JudgedOrder
from journal.medication.rules.asking import ASK_OF
from journal.medication.service import Medication
from journal.medication.service.checking import lines_to_check
from journal.medication.service.reconciling import NOTHING_CHOSEN, Draft
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.permissions import Permission
from journal.platform.clock import hhmm
from journal.web import current_work, form_body, render, see_other, wants_fragment

_LIST = "/patients/<uuid:patient_id>/medication/sources/<uuid:document_id>"


@bp.page(_LIST, Permission.MEDICATION_READ)
def comparison(patient_id: UUID, document_id: UUID) -> str:
    work = current_work()
    may = work.actor.may(Permission.MEDICATION_PRESCRIBE)
    return _comparison(
        patient_id, document_id, Medication(work).draft_choices(patient_id, document_id) if may else NOTHING_CHOSEN
    )


@bp.act(f"{_LIST}/draft", Permission.MEDICATION_PRESCRIBE, repeatable=True)
def keep_choices(patient_id: UUID, document_id: UUID) -> Response | str:
    """Keeps what is chosen: as each choice is made, or by the button."""
    work, form = current_work(), form_body(source_forms.Choices)
    Medication(work).save_choices(patient_id, document_id, form["choices"], source_forms.typed_questions(request.form))
    if wants_fragment():
        return render("medication/_kept.html", saved_at=hhmm(work.now))
    return see_other(".comparison", patient_id=patient_id, document_id=document_id)


@bp.act(f"{_LIST}/reconcile", Permission.MEDICATION_PRESCRIBE)
def reconcile(patient_id: UUID, document_id: UUID) -> Response:
    form = form_body(source_forms.Choices)
    Medication(current_work()).reconcile(
        patient_id,
        document_id,
        choices=form["choices"],
        questions=source_forms.questions_from(form),
        answers=schemas.answers_from(form),
        reasons=source_forms.reasons_from(form),
    )
    return see_other(".medication_list", patient_id=patient_id)


@bp.act(f"{_LIST}/equal", Permission.MEDICATION_CONFIRM)
def take_in_equal(patient_id: UUID, document_id: UUID) -> Response:
    """The lines that are alike in both, as they were seen, taken in by a nurse."""
    form = form_body(source_forms.Equal)
    Medication(current_work()).take_in_equal(patient_id, document_id, keys=form["rows"])
    return see_other(".comparison", patient_id=patient_id, document_id=document_id)


@draws_again("reconcile", "keep_choices", "take_in_equal")
def _refused(refusal: Refused) -> str:
    """With the alerts where the safety rules refused the orders; what was chosen stands."""
    found = refusal.error.orders if isinstance(refusal.error, AlertsFoundTogether) else ()
    drawn: dict[str, Any] = {"said": refusal.said, "errors": refusal.errors, "typed": refusal.typed}
    kept = Draft(source_forms.chosen(refusal.typed), source_forms.typed_questions(refusal.typed))
    return _comparison(**refusal.where, kept=kept, found=found, **drawn)


def _comparison(
    patient_id: UUID, document_id: UUID, kept: Draft, found: Sequence[JudgedOrder] = (), **drawn: Any
) -> str:
    work = current_work()
    medication = Medication(work)
    compared = medication.comparison(patient_id, document_id)
    context = {"source": compared.source, "title": pages.source_title(compared.source), "now": work.now}
    checks = medication.checks(patient_id, document_id) if compared.source.go_live else {}
    context["rows"] = pages.comparison(compared, kept, medication.equal_lines(patient_id, compared), checks)
    context["to_check"] = len(lines_to_check(compared.source, list(compared.theirs.values()), checks))
    context["questions"] = medication.questions(patient_id, document_id) if compared.source.reconciled else []
    context["may_match"] = work.actor.may(Permission.MEDICATION_IMPORT)
    context["may_confirm"] = work.actor.may(Permission.MEDICATION_CONFIRM)
    context["ask_of"] = list(ASK_OF.items())
    if found:
        context["version"] = medication.catalogue_version()
    form = {"said": None, "errors": {}, "typed": {}} | drawn
    told = [(order, pages.judged(order.judgement)) for order in found]
    return page("medication/comparison.html", patient_id, told=told, **context, **form)
