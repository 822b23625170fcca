"""What the patient, her next of kin or a list on paper says: typed as it is, and then a list from elsewhere as any other."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import source_forms
from journal.medication.service import Medication
from journal.medication.sources import WHO_TOLD, SourceDocument, told_entries
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.permissions import Permission
from journal.platform.clock import moment
from journal.platform.ids import new_id
from journal.web import current_work, form_body, see_other

_TOLD = "/patients/<uuid:patient_id>/medication/sources/told"


@bp.page(_TOLD, Permission.MEDICATION_IMPORT)
def told_form(patient_id: UUID) -> str:
    return _form(patient_id)


@bp.act(_TOLD, Permission.MEDICATION_IMPORT)
def record_told(patient_id: UUID) -> Response:
    form, work = form_body(source_forms.Told), current_work()
    when, entries = form["told_at"] or work.now, told_entries(form["lines"])
    document = SourceDocument(
        form["kind"], f"told:{new_id()}", when, form["sender"], entries, frozenset(), form["whole"]
    )
    stored = Medication(work).record_told(patient_id, document, go_live=form["go_live"])
    return see_other(".comparison", patient_id=patient_id, document_id=stored)


@draws_again("record_told")
def _refused(refusal: Refused) -> str:
    drawn: dict[str, Any] = {"typed": refusal.typed, "errors": refusal.errors, "said": refusal.said}
    return _form(refusal.where["patient_id"], **drawn)


def _form(patient_id: UUID, **drawn: Any) -> str:
    form = {"typed": {"told_at": moment(current_work().now)}, "errors": {}, "said": None} | drawn
    return page("medication/told.html", patient_id, who=list(WHO_TOLD.items()), **form)
