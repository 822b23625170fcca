"""A new order by a doctor to whom something is closed: the form, what the check over all entries finds, and the signature.

None of what is closed is shown, and of the medicines she may see none either: the page says that they are fewer than there are.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules.renewal import until
from journal.medication.rules.safety import Judgement
from journal.medication.service import Medication
from journal.medication.service.follow_up import follows_inr, is_antibiotic
from journal.medication.web.section import Refused, bp, choices, draws_again, item_of, judged, ordered, page, use_of
from journal.permissions import Permission
from journal.web import current_work, form_body, query_body, see_other, typed

_NOTHING: Mapping[str, Any] = {}


@bp.page("/patients/<uuid:patient_id>/medication/beside-closed", Permission.MEDICATION_PRESCRIBE_BESIDE)
def beside_form(patient_id: UUID) -> str:
    asked = query_body(schemas.PrescribeQuery)
    return _form(patient_id, asked["item"], text=asked["q"], everything=asked["all"])


@bp.act(
    "/patients/<uuid:patient_id>/medication/beside-closed/review",
    Permission.MEDICATION_PRESCRIBE_BESIDE,
    repeatable=True,
)
def review_beside(patient_id: UUID) -> str:
    """The same form with what the check found. Nothing is stored."""
    form = form_body(schemas.PreviewOrder)
    medicine, dosage = ordered(form)
    judgement = Medication(current_work()).judge_beside(patient_id, medicine=medicine, dosage=dosage)
    may_sign = "medication" not in current_work().closed(patient_id)
    return _form(patient_id, form["item"], judgement, typed=typed(), may_sign=may_sign)


@bp.act("/patients/<uuid:patient_id>/medication/beside-closed", Permission.MEDICATION_PRESCRIBE_BESIDE)
def prescribe_beside(patient_id: UUID) -> Response:
    form = form_body(schemas.Prescribe)
    medicine, dosage = ordered(form)
    Medication(current_work()).prescribe_beside(
        patient_id,
        medicine=medicine,
        dosage=dosage,
        use=use_of(dosage),
        indication=form["indication"],
        instruction=form["instruction"],
        evaluate_on=form["evaluate_on"],
        ends_at=until(form["ends_at"]) if form["ends_at"] else None,
        required_value=schemas.required_value_from(form),
        answers=schemas.answers_from(form),
    )
    return see_other("chart.front_page", patient_id=patient_id)


@draws_again("prescribe_beside", "review_beside")
def _refused(refusal: Refused) -> str:
    judgement = refusal.error.judgement if isinstance(refusal.error, AlertsFound) else None
    drawn: dict[str, Any] = {
        "typed": refusal.typed,
        "errors": refusal.errors,
        "may_sign": judgement is not None,
        "said": refusal.said,
    }
    return _form(refusal.where["patient_id"], item_of(refusal.typed), judgement, **drawn)


def _form(
    patient_id: UUID,
    item_id: UUID | None,
    judgement: Judgement | None = None,
    *,
    text: str = "",
    everything: bool = False,
    typed: Mapping[str, Any] = _NOTHING,
    errors: Mapping[str, str] = _NOTHING,
    may_sign: bool = False,
    said: str = "",
) -> str:
    """The search, or the form of a product. `may_sign`: it is checked, and the medicines are open to her."""
    medication = Medication(current_work())
    hit = medication.catalogue_item(item_id) if item_id else None
    atc_code = hit.medicine.atc_code if hit else None
    offered = {"follows_inr": follows_inr(atc_code), "first_now": is_antibiotic(atc_code)}
    return page(
        "medication/beside_closed.html",
        patient_id,
        hit=hit,
        found=medication.search_catalogue(text, everything=everything) if text and not hit else None,
        q=text,
        typed=typed,
        errors=errors,
        may_sign=may_sign,
        said=said if not errors and judgement is None else "",
        is_antibiotic=offered["first_now"],
        **judged(judgement),
        **(choices(hit.dose_unit, **offered) if hit else {}),
    )
