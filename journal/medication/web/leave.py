"""Medicines on leave: what goes with her, the list for who is with her, and what is told when she is back."""

from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.medication import leave_schemas, pages
from journal.medication.rules.leave import OUTCOMES
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import NotFound
from journal.platform.language import current
from journal.platform.pdf import pdf
from journal.web import current_work, form_body, query_body, see_other

_LEAVE = "/patients/<uuid:patient_id>/leave"


@bp.page(_LEAVE, Permission.MEDICATION_ADMINISTER)
def leave(patient_id: UUID) -> str:
    """The leave that is not settled, with the form for what is told of it; else the form for what goes with her."""
    work = current_work()
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    period = query_body(leave_schemas.LeavePeriod)
    return _page(patient_id, period, dict(request.args))


@bp.act(_LEAVE, Permission.MEDICATION_ADMINISTER)
def start_leave(patient_id: UUID) -> Response:
    work = current_work()
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    Medication(work).start_leave(patient_id, **leave_schemas.handed_out(form_body(leave_schemas.StartLeave)))
    return see_other(".leave", patient_id=patient_id)


@bp.act(f"{_LEAVE}/<uuid:leave_id>/told", Permission.MEDICATION_ADMINISTER)
def tell_of_leave(patient_id: UUID, leave_id: UUID) -> Response:
    work = current_work()
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    told = leave_schemas.told_of(form_body(leave_schemas.TellOfLeave))
    Medication(work).tell_of_leave(patient_id, leave_id, told)
    return see_other(".medication_list", patient_id=patient_id)


@bp.page(f"{_LEAVE}/print", Permission.MEDICATION_PRINT)
def print_leave(patient_id: UUID) -> Response:
    """What is in the bag, for the patient or her next of kin. The name of the file says nothing of the patient."""
    work = current_work()
    work.open(Permission.MEDICATION_PRINT, [patient_id])
    if (open_leave := Medication(work).open_leave(patient_id)) is None:
        raise NotFound("Det er ingen permisjon å skrive ut for.")
    banner = Patients(work).banner(patient_id)
    filled = pages.leave_paper(open_leave, banner, place=work.actor.unit_name, at=work.now, language=current())
    # As a page is written: the commit is on its way while the paper is set.
    work.conclude()
    headers = {"Content-Disposition": "inline; filename=permisjon.pdf"}
    return Response(pdf(template(), filled, work.now, work.shield), mimetype="application/pdf", headers=headers)


@cache
def template() -> bytes:
    return (resources.files("journal.medication") / "data/leave.typ").read_bytes()


@draws_again("leave", "start_leave", "tell_of_leave")
def _refused(refusal: Refused) -> str:
    work, patient_id = current_work(), refusal.where["patient_id"]
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    typed = refusal.typed or dict(request.args)
    period: dict[str, Any] = {"starts_at": None, "ends_at": None}
    if not {"starts_at", "ends_at"} & set(refusal.errors):
        said = {name: typed.get(name, "") for name in period}
        period = leave_schemas.LeavePeriod().load(said)
    return _page(patient_id, period, typed, said=refusal.said, errors=refusal.errors)


def _page(patient_id: UUID, period: dict[str, Any], typed: dict[str, Any], **more: Any) -> str:
    work = current_work()
    medication = Medication(work)
    open_leave, medicines = medication.open_leave(patient_id), None
    if open_leave is None and period["starts_at"] and period["ends_at"]:
        medicines = medication.for_leave(patient_id, period["starts_at"], period["ends_at"])
    context = {"leave": open_leave, "medicines": medicines, "period": period, "outcomes": list(OUTCOMES.items())}
    drawn = {"said": None, "errors": {}} | more
    may_print = work.actor.may(Permission.MEDICATION_PRINT)
    return page("medication/leave.html", patient_id, typed=typed, may_print=may_print, **context, **drawn)
