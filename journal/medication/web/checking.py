"""The list the municipality begins with: a nurse checks it line by line."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages, source_forms
from journal.medication.rules.go_live import CHECKED
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.permissions import Permission
from journal.web import current_work, form_body, see_other

_CHECK = "/patients/<uuid:patient_id>/medication/sources/<uuid:document_id>/check"


@bp.page(_CHECK, Permission.MEDICATION_CONFIRM)
def check_form(patient_id: UUID, document_id: UUID) -> str:
    return _form(patient_id, document_id)


@bp.act(_CHECK, Permission.MEDICATION_CONFIRM)
def check_lines(patient_id: UUID, document_id: UUID) -> Response:
    said = source_forms.checks_from(form_body(source_forms.CheckLines))
    Medication(current_work()).check_lines(patient_id, document_id, said)
    return see_other(".comparison", patient_id=patient_id, document_id=document_id)


@draws_again("check_lines")
def _refused(refusal: Refused) -> str:
    drawn: dict[str, Any] = {"typed": refusal.typed, "errors": refusal.errors, "said": refusal.said}
    return _form(**refusal.where, **drawn)


def _form(patient_id: UUID, document_id: UUID, **drawn: Any) -> str:
    medication = Medication(current_work())
    source = medication.source(patient_id, document_id)
    medicines = medication.source_medicines(patient_id, document_id)
    lines = pages.lines_checked(medicines, medication.checks(patient_id, document_id))
    form = {"typed": {}, "errors": {}, "said": None} | drawn
    title, words = pages.source_title(source), list(CHECKED.items())
    return page("medication/check.html", patient_id, source=source, title=title, lines=lines, words=words, **form)
