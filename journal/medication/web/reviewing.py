"""Legemiddelgjennomgang: the patient's own, and who is overdue; beside them, how far the lists of the go-live have come."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages, source_forms
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.web import current_work, form_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.overview", "check", "Listekontroll", Permission.MEDICATION_READ)
MOST_SHOWN = 40
"""Only the patients that are shown are opened and logged."""

_REVIEWS = "/patients/<uuid:patient_id>/medication/reviews"


@bp.page("/medication/overview", Permission.MEDICATION_READ)
def overview() -> str:
    """Whose review is overdue, and whose list is not confirmed yet."""
    work = current_work()
    medication = Medication(work)
    due, begun = medication.reviews_due(), pages.go_live(medication.go_live_progress())
    shown_due, waiting = due[:MOST_SHOWN], begun.waiting[:MOST_SHOWN]
    ids = {each.patient_id for each in shown_due} | {each.patient_id for each in waiting}
    names = Patients(work).listed(ids) if ids else {}
    shown = {"due": shown_due, "due_hidden": len(due) - len(shown_due), "names": names, "wards": begun.wards}
    shown["waiting"], shown["waiting_hidden"] = waiting, len(begun.waiting) - len(waiting)
    return render("medication/overview.html", **shown)


@bp.page(_REVIEWS, Permission.MEDICATION_READ)
def reviews(patient_id: UUID) -> str:
    return _reviews(patient_id)


@bp.act(_REVIEWS, Permission.MEDICATION_PRESCRIBE)
def record_review(patient_id: UUID) -> Response:
    Medication(current_work()).record_review(patient_id, **form_body(source_forms.RecordReview))
    return see_other(".reviews", patient_id=patient_id)


@bp.act(f"{_REVIEWS}/<uuid:review_id>/in-error", Permission.MEDICATION_PRESCRIBE)
def review_in_error(patient_id: UUID, review_id: UUID) -> Response:
    Medication(current_work()).review_in_error(patient_id, review_id, **form_body(source_forms.MarkInError))
    return see_other(".reviews", patient_id=patient_id)


@draws_again("record_review")
def _refused(refusal: Refused) -> str:
    drawn: dict[str, Any] = {"typed": refusal.typed, "errors": refusal.errors, "said": refusal.said}
    return _reviews(refusal.where["patient_id"], **drawn)


@draws_again("review_in_error")
def _marking_refused(refusal: Refused) -> str:
    marking = {
        "id": refusal.where["review_id"],
        "reason": refusal.typed.get("reason"),
        "error": refusal.errors.get("reason"),
    }
    return _reviews(refusal.where["patient_id"], marking=marking, said=refusal.said)


def _reviews(patient_id: UUID, **drawn: Any) -> str:
    work = current_work()
    found = Medication(work).reviews(patient_id)
    now = {"reviewed_on": norwegian_date(local_date(work.now)), "took_part": work.actor.name}
    form = {"typed": now, "errors": {}, "said": None, "marking": {}} | drawn
    return page("medication/reviews.html", patient_id, reviews=found, **form)
