"""What was given without an order: an emergency, or a medicine that was another patient's. Never refused, always told."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import schemas, unordered_forms
from journal.medication.rules.without_order import CAUSES
from journal.medication.service import Medication, Medicine
from journal.medication.web.section import Refused, bp, draws_again, item_of, page
from journal.permissions import Permission
from journal.platform.quantity import UNITS, Quantity
from journal.web import current_work, form_body, query_body, see_other

_HERE = "/patients/<uuid:patient_id>/medication/without-order"


@bp.page(_HERE, Permission.MEDICATION_ADMINISTER)
def without_order(patient_id: UUID) -> str:
    asked = query_body(unordered_forms.Search)
    return _form(patient_id, asked["item"], asked["q"])


@bp.act(_HERE, Permission.MEDICATION_ADMINISTER)
def record_without_order(patient_id: UUID) -> Response:
    work = current_work()
    form = schemas.with_given_at(form_body(unordered_forms.RecordUnordered), work.now)
    medication = Medication(work)
    chosen = medication.catalogue_item(form["item"]).medicine if form["item"] else Medicine(form["medicine"])
    amount = Quantity(form["amount"], form["unit"])
    said = {name: form[name] for name in ("cause", "reason", "given_at")}
    given = medication.record_without_order(patient_id, chosen, amount, **said)
    if medication.lacks_withdrawal(patient_id, given):
        return see_other(".withdrawal", patient_id=patient_id, administration_id=given)
    return see_other(".without_order", patient_id=patient_id)


@bp.act(f"{_HERE}/<uuid:unordered_id>/in-error", Permission.MEDICATION_ADMINISTER)
def without_order_in_error(patient_id: UUID, unordered_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    Medication(work).mark_without_order_in_error(patient_id, unordered_id, **form_body(unordered_forms.MarkInError))
    return see_other(".without_order", patient_id=patient_id)


@draws_again("record_without_order")
def _refused(refusal: Refused) -> str:
    drawn: dict[str, Any] = {"typed": refusal.typed, "errors": refusal.errors, "said": refusal.said}
    return _form(refusal.where["patient_id"], item_of(refusal.typed), **drawn)


@draws_again("without_order_in_error")
def _mistake_refused(refusal: Refused) -> str:
    return _form(refusal.where["patient_id"], None, said=refusal.said)


def _form(patient_id: UUID, item: UUID | None, q: str = "", **drawn: Any) -> str:
    medication = Medication(current_work())
    hit = medication.catalogue_item(item) if item else None
    unit = hit.dose_unit if hit else None
    shown = {
        "hit": hit,
        "q": q,
        "found": medication.search_catalogue(q) if q and not hit else None,
        "units": [(code, UNITS[code].singular) for code in sorted(UNITS, key=lambda code: code != unit)],
        "unit": unit,
        "causes": list(CAUSES.items()),
        "cause_text": CAUSES,
        "before": medication.without_order(patient_id),
    }
    form = {"typed": {}, "errors": {}, "said": None} | drawn
    return page("medication/without_order.html", patient_id, **shown, **form)
