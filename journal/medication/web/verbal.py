"""Orders by word of mouth, for the nurse: the form that receives one, and what has become of those she received."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import order_schemas, pages, schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules import dose_sentence
from journal.medication.rules.safety import Judgement
from journal.medication.rules.verbal import ACTS
from journal.medication.service import Medication, Prescriber
from journal.medication.service.follow_up import follows_inr, is_antibiotic
from journal.medication.web.section import Refused, bp, choices, draws_again, item_of, judged, ordered, page, use_of
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.language import gettext as _
from journal.web import current_work, form_body, query_body, render, see_other, typed
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.received", "device", "Muntlige", Permission.MEDICATION_RECEIVE)


@bp.page("/verbal-orders", Permission.MEDICATION_RECEIVE)
def received() -> str:
    """What one has received: refused first, then what awaits a signature."""
    work = current_work()
    queue = Medication(work).received_by_me()
    names = Patients(work).listed({one.patient_id for one in queue.shown}) if queue.shown else {}
    return render("medication/received.html", queue=queue, names=names, acts=ACTS)


@bp.page("/patients/<uuid:patient_id>/medication/verbal", Permission.MEDICATION_RECEIVE)
def receive_form(patient_id: UUID) -> str:
    return _form(patient_id, query_body(schemas.PrescribeQuery))


@bp.act("/patients/<uuid:patient_id>/medication/verbal", Permission.MEDICATION_RECEIVE)
def receive(patient_id: UUID) -> Response:
    form = form_body(order_schemas.Receive)
    medicine, dosage = ordered(form)
    if form["seen"] != dose_sentence(dosage):
        raise Invalid(_("Doseringen er endret etter at du så over den. Se over og les tilbake på nytt."))
    Medication(current_work()).receive(
        patient_id,
        prescriber=Prescriber(form["prescriber_name"], form["hpr_number"], form["service"]),
        read_back=form["read_back"],
        medicine=medicine,
        dosage=dosage,
        use=use_of(dosage),
        indication=form["indication"],
        instruction=form["instruction"],
        required_value=schemas.required_value_from(form),
        supply=form["supply"],
        given_by=form["given_by"],
        answers=schemas.answers_from(form),
    )
    return see_other(".medication_list", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/verbal/review", Permission.MEDICATION_RECEIVE, repeatable=True)
def review_verbal(patient_id: UUID) -> str:
    """The same form with what is to be read back, and what the safety rules say of it. Nothing is stored."""
    form = form_body(order_schemas.Receive)
    medicine, dosage = ordered(form)
    judgement = Medication(current_work()).judge_verbal(patient_id, medicine=medicine, dosage=dosage)
    return _form(patient_id, _of_item(form["item"]), judgement, read_back=dose_sentence(dosage), typed=typed())


def _of_item(item_id: UUID | None) -> dict[str, Any]:
    return {"q": "", "all": False, "item": item_id}


@draws_again("receive", "review_verbal")
def _refused(refusal: Refused) -> str:
    """What was to be read back stays, where the safety rules or a missing tick refused it."""
    judgement, said = None, ""
    if isinstance(refusal.error, AlertsFound) or "read_back" in refusal.errors:
        form = form_body(order_schemas.Receive)
        medicine, dosage = ordered(form)
        ask = Medication(current_work()).judge_verbal
        judgement = ask(refusal.where["patient_id"], medicine=medicine, dosage=dosage)
        said = dose_sentence(dosage)
    asked = _of_item(item_of(refusal.typed))
    more = {"errors": refusal.errors, "typed": refusal.typed, "read_back": said, "said": refusal.error.detail}
    return _form(refusal.where["patient_id"], asked, judgement, **more)


def _form(patient_id: UUID, asked: Mapping[str, Any], judgement: Judgement | None = None, **more: Any) -> str:
    medication = Medication(current_work())
    hit = medication.catalogue_item(asked["item"]) if asked["item"] else None
    found = medication.search_catalogue(asked["q"], everything=asked["all"]) if asked["q"] and not hit else None
    form = {"errors": {}, "typed": {}, "read_back": "", "said": None} | more | judged(judgement)
    if found:
        alerts = medication.alerts_before_choice(patient_id, [(each.medicine, None) for each in found.hits])
        form["marks"] = {each.id: pages.marks(of) for each, of in zip(found.hits, alerts, strict=True)}
    atc_code = hit.medicine.atc_code if hit else None
    offered = {"follows_inr": follows_inr(atc_code), "first_now": is_antibiotic(atc_code)}
    context = choices(hit.dose_unit, **offered) if hit else {}
    context["supplied"] = pages.supply_fields(medication.usual_supply(patient_id))
    return page("medication/verbal.html", patient_id, hit=hit, found=found, q=asked["q"], **context, **form)
