"""The transfer sheet that goes with the patient to hospital, as a page and on paper; each is logged."""

from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages
from journal.medication.service import Medication
from journal.medication.web.section import bp, page
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.language import current
from journal.platform.pdf import pdf
from journal.platform.statement import together
from journal.web import current_work

_SHEET = "/patients/<uuid:patient_id>/medication/transfer"


@bp.page(_SHEET, Permission.MEDICATION_PRINT)
def transfer_sheet(patient_id: UUID) -> str:
    sheet, banner = _sheet(patient_id)
    return page("medication/transfer.html", patient_id, sheet=sheet, banner_of=banner)


@bp.page(f"{_SHEET}/print", Permission.MEDICATION_PRINT)
def print_transfer_sheet(patient_id: UUID) -> Response:
    """The sheet as a PDF. The name of the file says nothing of the patient: it stays behind in folders."""
    work = current_work()
    sheet, _banner = _sheet(patient_id)
    # As a page is written: the commit is on its way while the paper is set.
    work.conclude()
    headers = {"Content-Disposition": "inline; filename=overforingsark.pdf"}
    return Response(pdf(template(), sheet, work.now, work.shield), mimetype="application/pdf", headers=headers)


def _sheet(patient_id: UUID) -> tuple[dict[str, Any], Any]:
    work = current_work()
    work.open(Permission.MEDICATION_PRINT, [patient_id])
    medication, actor = Medication(work), work.actor
    with together(work.db):
        lines, given = medication.ask_sheet_lines(patient_id), medication.ask_as_needed_lately(patient_id)
        after, banner = medication.ask_list_after_crossing(patient_id), Patients(work).ask_banner(patient_id)
    shown = banner.answer()
    by: dict[str, Any] = {"by": actor.name, "place": actor.unit_name, "at": work.now, "language": current()}
    return pages.transfer_sheet(lines.answer(), given.answer(), after.answer(), shown, **by), shown


@cache
def template() -> bytes:
    return (resources.files("journal.medication") / "data/transfer.typ").read_bytes()
