"""Orders that end soon, renewed together: chosen, looked over, signed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import order_schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules.renewal import USUAL_DAYS
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Invalid
from journal.platform.language import gettext as _
from journal.web import current_work, form_body, see_other


@bp.page("/patients/<uuid:patient_id>/medication/renew", Permission.MEDICATION_PRESCRIBE)
def renew_form(patient_id: UUID) -> str:
    return _form(patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/renew/review", Permission.MEDICATION_PRESCRIBE, repeatable=True)
def review_renewal(patient_id: UUID) -> str:
    """The renewals as they would be, old and new. Nothing is stored."""
    form = form_body(order_schemas.Renew)
    seen, day = _chosen(form), form["last_day"]
    renewals = Medication(current_work()).review_renewal(patient_id, seen, day)
    return page("medication/renew_review.html", patient_id, renewals=renewals, last_day=norwegian_date(day))


@bp.act("/patients/<uuid:patient_id>/medication/renew", Permission.MEDICATION_PRESCRIBE)
def renew(patient_id: UUID) -> Response:
    form = form_body(order_schemas.Renew)
    Medication(current_work()).renew(patient_id, _chosen(form), form["last_day"])
    return see_other(".medication_list", patient_id=patient_id)


def _chosen(form: Mapping[str, Any]) -> list[tuple[UUID, int]]:
    chosen: list[tuple[UUID, int]] = form["listed"] if form["all"] else form["orders"]
    if not chosen:
        raise Invalid(_("Velg minst ett legemiddel."))
    return chosen


@draws_again("review_renewal", "renew")
def _refused(refusal: Refused) -> str:
    said = refusal.said
    if isinstance(refusal.error, AlertsFound):
        said = _("Noe har endret seg siden du så over fornyelsen. Se over på nytt.")
    return _form(refusal.where["patient_id"], typed=refusal.typed, errors=refusal.errors, said=said)


def _form(patient_id: UUID, **more: Any) -> str:
    work = current_work()
    proposed = norwegian_date(local_date(work.now) + timedelta(days=USUAL_DAYS))
    form = {"typed": {"last_day": proposed}, "errors": {}, "said": None} | more
    return page("medication/renew.html", patient_id, orders=Medication(work).orders_ending(patient_id), **form)
