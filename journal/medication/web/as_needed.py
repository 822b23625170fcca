"""Medicines as needed: what was given, whether there is room for more, and the signature."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages, schemas
from journal.medication.errors import refusing
from journal.medication.pages.alone import REASONS as ALONE_REASONS
from journal.medication.rules import HandAction
from journal.medication.rules.authority import cleared_at
from journal.medication.rules.safety.sources import HEALTH_DIRECTORATE
from journal.medication.service import AsNeededMedicine, Medication
from journal.medication.web.product import NONE_AT_HAND, AtHand, at_hand_as_needed
from journal.medication.web.section import Refused, bp, draws_again, page, trouble
from journal.observations import Measurement, Observations
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Invalid
from journal.web import current_work, form_body, query_body, see_other


@bp.page("/patients/<uuid:patient_id>/as-needed", Permission.MEDICATION_ADMINISTER)
def as_needed(patient_id: UUID) -> str:
    asked = query_body(schemas.AsNeededQuery)
    return _as_needed(patient_id, at_hand={asked["dose"]: asked["scan"]})


@bp.act("/patients/<uuid:patient_id>/as-needed/<uuid:request_entry_id>", Permission.MEDICATION_ADMINISTER)
def give_as_needed(patient_id: UUID, request_entry_id: UUID) -> Response:
    work = current_work()
    form = schemas.with_given_at(form_body(schemas.GiveAsNeeded), work.now)
    at = form.pop("cleared_time")
    with refusing("cleared_time", Invalid):
        form["cleared"] = cleared_at(at, work.now) if at else None
    Medication(work).sign_as_needed(patient_id, request_entry_id, **form)
    return see_other(".as_needed", patient_id=patient_id)


@draws_again("give_as_needed")
def _refused(refusal: Refused) -> str:
    return _as_needed(refusal.where["patient_id"], trouble(refusal.where["request_entry_id"], refusal))


def _as_needed(patient_id: UUID, wrong: pages.Trouble | None = None, at_hand: AtHand = NONE_AT_HAND) -> str:
    work = current_work()
    medicines = Medication(work).as_needed(patient_id)
    codes = {code for medicine in medicines for code in pages.asked_of(medicine.cautions)}
    codes |= {medicine.required_value.measured_as for medicine in medicines if medicine.required_value}
    latest = Observations(work).latest([patient_id], codes)[patient_id] if codes else {}
    special = {m.request_entry_id: pages.confirmations(m.cautions, latest, work.now) for m in medicines}
    values = {m.request_entry_id: _value(m, latest, wrong, work.now) for m in medicines}
    products = at_hand_as_needed(patient_id, medicines, wrong, at_hand)
    for id, product in products.items():
        special[id] += pages.product_warnings(product.hand, None)
    opioids = Medication(work).opioids_given(patient_id) if any(m.opioid for m in medicines) else None
    shown = {
        "medicines": medicines,
        "opioids": opioids,
        "opioid_source": HEALTH_DIRECTORATE,
        "glucose": {m.request_entry_id: pages.glucose_of(m.cautions, latest, work.now) for m in medicines},
        "special": special,
        "values": values,
        "nurses": Medication(work).nurses() if any(m.clear_first for m in medicines) else [],
        "others": _who_may(patient_id, medicines),
        "trouble": wrong,
        "me": work.actor.person_id,
        "alone_reasons": ALONE_REASONS,
        "products": products,
        "hands": {id: pages.hand_of(_ordered(medicines, id), of.hand, None) for id, of in products.items()},
    }
    return page("medication/as_needed.html", patient_id, **shown)


def _ordered(medicines: list[AsNeededMedicine], id: UUID) -> HandAction:
    return next(each.hand for each in medicines if each.request_entry_id == id)


def _who_may(patient_id: UUID, medicines: list[AsNeededMedicine]) -> dict[UUID, str]:
    """By order: who gives those that whoever asks has no authority for. No statement where she has it for all."""
    refused, work = [medicine for medicine in medicines if medicine.needs_other], current_work()
    if not refused:
        return {}
    ids = tuple(work.ids(patient_id))
    said = Medication(work).who_may([(medicine.needs_other, ids) for medicine in refused])
    return {medicine.request_entry_id: names for medicine, names in zip(refused, said, strict=True)}


def _value(
    of: AsNeededMedicine, latest: Mapping[str, Measurement], wrong: pages.Trouble | None, now: datetime
) -> pages.Value | None:
    """The field for what must be measured before this medicine; what went wrong with another is not about it."""
    mine = wrong if wrong and wrong.dose_id == of.request_entry_id else None
    return pages.value_of(of.required_value, latest, mine, local_date(now)) if of.required_value else None
