"""A new order: the search, the form, and what the safety rules say before it is signed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import dosage_form, pages, schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules import Dosage
from journal.medication.rules.safety import Judgement
from journal.medication.service import CatalogueHit, Medication, Medicine
from journal.medication.service.follow_up import follows_inr, is_antibiotic
from journal.medication.web.section import Refused, bp, choices, draws_again, judged, page
from journal.permissions import Permission
from journal.web import current_work, form_body, query_body, see_other, typed


@bp.page("/patients/<uuid:patient_id>/medication/prescribe", Permission.MEDICATION_PRESCRIBE)
def prescribe_form(patient_id: UUID) -> str:
    return _prescribe_form(patient_id, query_body(schemas.PrescribeQuery))


@bp.act("/patients/<uuid:patient_id>/medication/prescribe", Permission.MEDICATION_PRESCRIBE)
def prescribe(patient_id: UUID) -> Response:
    form = form_body(schemas.Prescribe)
    medicine, dosage = _chosen(form)
    Medication(current_work()).prescribe(
        patient_id,
        medicine=medicine,
        dosage=dosage,
        use="3" if dosage.as_needed else "2" if dosage.course and dosage.course.ends_at else "1",
        indication=form["indication"],
        instruction=form["instruction"],
        evaluate_on=form["evaluate_on"],
        required_value=schemas.required_value_from(form),
        answers=schemas.answers_from(form),
    )
    return see_other(".medication_list", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/prescribe/review", Permission.MEDICATION_PRESCRIBE, repeatable=True)
def review_prescription(patient_id: UUID) -> str:
    """The same form with what the safety rules say of it. Nothing is stored."""
    form = form_body(schemas.Prescribe)
    medicine, dosage = _chosen(form)
    judgement = Medication(current_work()).judge(patient_id, medicine=medicine, dosage=dosage)
    return _prescribe_form(patient_id, _of_item(form["item"]), judgement, typed=typed())


def _chosen(form: Mapping[str, Any]) -> tuple[Medicine, Dosage]:
    hit = Medication(current_work()).catalogue_item(form["item"])
    strength = schemas.strength_of(hit.strength_value, hit.strength_unit)
    return hit.medicine, dosage_form.dosage_from(form, strength, hit.dose_unit)


def _of_item(item_id: UUID | None) -> dict[str, Any]:
    return {"q": "", "all": False, "item": item_id}


@draws_again("prescribe", "review_prescription")
def _refused(refusal: Refused) -> str:
    judgement = refusal.error.judgement if isinstance(refusal.error, AlertsFound) else None
    asked = _of_item(_uuid(refusal.typed.get("item")))
    return _prescribe_form(refusal.where["patient_id"], asked, judgement, errors=refusal.errors, typed=refusal.typed)


def _prescribe_form(patient_id: UUID, asked: Mapping[str, Any], judgement: Judgement | None = None, **more: Any) -> str:
    medication = Medication(current_work())
    hit = medication.catalogue_item(asked["item"]) if asked["item"] else None
    found = medication.search_catalogue(asked["q"], everything=asked["all"]) if asked["q"] and not hit else None
    form = {"errors": {}, "typed": {}} | more | judged(judgement)
    if found:
        said = medication.alerts_before_dosage(patient_id, [each.medicine for each in found.hits])
        form["marks"] = {each.id: pages.marks(alerts) for each, alerts in zip(found.hits, said, strict=True)}
    context = _said_of(hit) if hit else {"version": medication.catalogue_version()}
    return page("medication/prescribe.html", patient_id, hit=hit, found=found, q=asked["q"], **context, **form)


def _said_of(hit: CatalogueHit) -> dict[str, Any]:
    medication = Medication(current_work())
    said = {"facts": medication.catalogue_facts([hit.id])[hit.id], "warnings": medication.warnings(hit.id)}
    said["is_antibiotic"] = is_antibiotic(hit.medicine.atc_code)
    return said | choices(hit.dose_unit, follows_inr=follows_inr(hit.medicine.atc_code))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
