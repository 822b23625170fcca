"""The signing queue: orders by word of mouth that await a doctor, and what ends before she comes again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import order_schemas
from journal.medication.rules.verbal import ACTS
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again
from journal.patients import Patients
from journal.permissions import Permission
from journal.web import current_work, form_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.signing", "pen", "Til signering", Permission.MEDICATION_PRESCRIBE)
MOST_ENDING = 40
"""Only the patients that are shown are opened and logged."""


@bp.page("/signing", Permission.MEDICATION_PRESCRIBE)
def signing() -> str:
    return _queue()


@bp.act("/patients/<uuid:patient_id>/verbal-orders/<uuid:verbal_order_id>/sign", Permission.MEDICATION_PRESCRIBE)
def sign_verbal(patient_id: UUID, verbal_order_id: UUID) -> Response:
    Medication(current_work()).sign_verbal(patient_id, verbal_order_id)
    return see_other(".signing")


@bp.act("/patients/<uuid:patient_id>/verbal-orders/<uuid:verbal_order_id>/refuse", Permission.MEDICATION_PRESCRIBE)
def refuse_verbal(patient_id: UUID, verbal_order_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_PRESCRIBE, [patient_id])
    Medication(work).refuse_verbal(patient_id, verbal_order_id, **form_body(order_schemas.Refuse))
    return see_other(".signing")


@draws_again("sign_verbal", "refuse_verbal")
def _refused(refusal: Refused) -> str:
    return _queue(said=refusal.said, wrong=refusal.where["verbal_order_id"], typed=refusal.typed)


def _queue(**more: Any) -> str:
    work = current_work()
    medication = Medication(work)
    queue, ending = medication.unsigned(), medication.ending_soon()
    shown = ending[:MOST_ENDING]
    ids = {one.patient_id for one in queue.shown} | {one.patient_id for one in shown}
    names = Patients(work).listed(ids) if ids else {}
    start = work.now
    rows = medication.worklist(start=start, end=start + timedelta(hours=1))
    overdue = sum(1 for row in rows if row.reconcile_before and row.reconcile_before <= start)
    context = {
        "lists_overdue": overdue,
        "ending": shown,
        "ending_hidden": len(ending) - len(shown),
        "names": names,
        "now": work.now,
    }
    return render(
        "medication/signing.html",
        queue=queue,
        acts=ACTS,
        **context,
        **({"said": None, "wrong": None, "typed": {}} | more),
    )
