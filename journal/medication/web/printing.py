"""The medication list on paper, logged as a print."""

from functools import cache
from importlib import resources
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages
from journal.medication.service import Medication
from journal.medication.web.section import bp
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.language import current
from journal.platform.pdf import pdf
from journal.platform.statement import together
from journal.web import current_work


@bp.page("/patients/<uuid:patient_id>/medication/print", Permission.MEDICATION_PRINT)
def print_list(patient_id: UUID) -> Response:
    """The list as a PDF. The name of the file says nothing of the patient: it stays behind in folders."""
    work = current_work()
    work.open(Permission.MEDICATION_PRINT, [patient_id])
    with together(work.db):
        medicines, banner = Medication(work).ask_list_with_strip(patient_id), Patients(work).ask_banner(patient_id)
        last = Medication(work).ask_last_reconciled(patient_id)
    actor = work.actor
    filled = pages.on_paper(
        medicines.answer(),
        Medication(work).stopped_recently(patient_id),
        banner.answer(),
        waiting=last.answer().waiting,
        by=actor.name,
        place=actor.unit_name,
        at=work.now,
        language=current(),
    )
    # As a page is written: the commit is on its way while the paper is set.
    work.conclude()
    headers = {"Content-Disposition": "inline; filename=legemiddelliste.pdf"}
    return Response(pdf(template(), filled, work.now, work.shield), mimetype="application/pdf", headers=headers)


@cache
def template() -> bytes:
    return (resources.files("journal.medication") / "data/list.typ").read_bytes()
