"""A new order: the search, the form, what the nurse will see of it, and what the safety rules say before it is signed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages, schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules import Dosage, MedicationLine, OrderStatus
from journal.medication.rules.renewal import until
from journal.medication.rules.safety import Judgement
from journal.medication.service import Medication, Medicine, Preview
from journal.medication.service.catalogue import MOST_SHOWN
from journal.medication.service.follow_up import follows_inr, is_antibiotic
from journal.medication.web.section import Refused, bp, choices, draws_again, item_of, judged, ordered, page, use_of
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Invalid
from journal.web import current_work, form_body, query_body, render, see_other, typed, wants_fragment

_NOTHING: Mapping[str, Any] = {}


class _Order(NamedTuple):
    """What the form says, when it is whole. `without`: the orders that are stopped by it."""

    medicine: Medicine
    dosage: Dosage
    indication: str
    without: tuple[UUID, ...]


class _Other(NamedTuple):
    """An order that may be stopped when this one is signed. `value` is its field's: which, and the version that is shown."""

    value: str
    line: MedicationLine
    ticked: bool


@bp.page("/patients/<uuid:patient_id>/medication/prescribe", Permission.MEDICATION_PRESCRIBE)
def prescribe_form(patient_id: UUID) -> str:
    asked = query_body(schemas.PrescribeQuery)
    if asked["favourite"]:
        return _favourite(patient_id, asked["favourite"])
    return _form(patient_id, asked["item"]) if asked["item"] else _search(patient_id, asked["q"], asked["all"])


@bp.act("/patients/<uuid:patient_id>/medication/prescribe", Permission.MEDICATION_PRESCRIBE)
def prescribe(patient_id: UUID) -> Response:
    form, medication = form_body(schemas.Prescribe), Medication(current_work())
    order = _order_of(form)
    entry_id = medication.prescribe(
        patient_id,
        medicine=order.medicine,
        dosage=order.dosage,
        use=use_of(order.dosage),
        indication=order.indication,
        instruction=form["instruction"],
        evaluate_on=form["evaluate_on"],
        ends_at=until(form["ends_at"]) if form["ends_at"] else None,
        required_value=schemas.required_value_from(form),
        answers=schemas.answers_from(form),
        replaces=dict(form["replaces"]),
        supply=form["supply"],
        given_by=form["given_by"],
    )
    if form["keep_favourite"]:
        medication.keep_favourite(patient_id, entry_id)
    return see_other(".medication_list", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/prescribe/review", Permission.MEDICATION_PRESCRIBE, repeatable=True)
def review_prescription(patient_id: UUID) -> str:
    """The same form with the line of the list, and what the safety rules say of it. Nothing is stored."""
    form = form_body(schemas.Prescribe)
    order = _order_of(form)
    return _form(patient_id, form["item"], order, _judgement(patient_id, order), typed=typed())


@bp.act("/patients/<uuid:patient_id>/medication/prescribe/preview", Permission.MEDICATION_PRESCRIBE, repeatable=True)
def preview_prescription(patient_id: UUID) -> str:
    """The line of the list, while the form is being filled in; what is missing is said and is no error yet."""
    current_work().open(Permission.MEDICATION_PRESCRIBE, [patient_id])
    try:
        order = _order_of(form_body(schemas.PreviewOrder))
    except Invalid as unfinished:
        waits_for = next(iter(unfinished.errors.values()), [unfinished.title])[0]
        return render("medication/_preview.html", waits_for=waits_for)
    return render("medication/_preview.html", preview=_preview(patient_id, order), now=current_work().now)


@draws_again("prescribe", "review_prescription")
def _refused(refusal: Refused) -> str:
    patient_id, error = refusal.where["patient_id"], refusal.error
    order, judgement = None, None
    if isinstance(error, AlertsFound):
        order, judgement = _order_of(form_body(schemas.Prescribe)), error.judgement
    item_id = item_of(refusal.typed)
    if item_id is None:
        return _search(patient_id, "", False)
    return _form(patient_id, item_id, order, judgement, errors=refusal.errors, typed=refusal.typed)


def _search(patient_id: UUID, text: str, everything: bool) -> str:
    """The favourites and the products that begin so; all the favourites while nothing is written."""
    medication = Medication(current_work())
    favourites = medication.favourites(text)
    shown = favourites if everything else favourites[:MOST_SHOWN]
    found = medication.search_catalogue(text, everything=everything)
    doses = [(one.hit.medicine, one.dose.dosage) for one in shown]
    said = medication.alerts_before_choice(patient_id, [*doses, *((hit.medicine, None) for hit in found.hits)])
    ids = [*(one.id for one in shown), *(hit.id for hit in found.hits)]
    hits = {
        "q": text,
        "favourites": shown,
        "found": found,
        "more": found.more or len(shown) < len(favourites),
        "marks": {id: pages.marks(alerts) for id, alerts in zip(ids, said, strict=True)},
    }
    if wants_fragment():
        return render("medication/_hits.html", patient_id=patient_id, **hits)
    return page("medication/search.html", patient_id, version=medication.catalogue_version(), **hits)


def _favourite(patient_id: UUID, favourite_id: UUID) -> str:
    """The form with a complete dose in it, judged: it can be signed at once."""
    work = current_work()
    favourite = Medication(work).favourite(favourite_id)
    filled = schemas.favourite_typed(favourite, local_date(work.now))
    if is_antibiotic(favourite.hit.medicine.atc_code):
        filled |= {"first_now": "true"}
    form = schemas.Prescribe().load(filled)
    order = _order_of(form)
    return _form(patient_id, form["item"], order, _judgement(patient_id, order), typed=filled, ready=True)


def _form(
    patient_id: UUID,
    item_id: UUID,
    order: _Order | None = None,
    judgement: Judgement | None = None,
    *,
    typed: Mapping[str, Any] = _NOTHING,
    errors: Mapping[str, str] = _NOTHING,
    ready: bool = False,
) -> str:
    """The form of a product. `order` is what it says, when it is whole; `ready`: it came so, and its fields are folded."""
    medication = Medication(current_work())
    hit = medication.catalogue_item(item_id)
    return page(
        "medication/prescribe.html",
        patient_id,
        hit=hit,
        facts=medication.catalogue_facts([item_id])[item_id],
        warnings=medication.warnings(item_id),
        typed=typed,
        errors=errors,
        ready=ready,
        preview=_preview(patient_id, order) if order else None,
        others=_others(patient_id, judgement, typed.get("replaces[]", [])),
        now=current_work().now,
        is_antibiotic=is_antibiotic(hit.medicine.atc_code),
        supplied=pages.supply_fields(medication.usual_supply(patient_id)),
        **judged(judgement),
        **choices(
            hit.dose_unit,
            follows_inr=follows_inr(hit.medicine.atc_code),
            first_now=is_antibiotic(hit.medicine.atc_code),
        ),
    )


def _order_of(form: Mapping[str, Any]) -> _Order:
    medicine, dosage = ordered(form)
    return _Order(medicine, dosage, form["indication"], tuple(entry_id for entry_id, _ in form["replaces"]))


def _judgement(patient_id: UUID, order: _Order) -> Judgement:
    medicine, dosage = order.medicine, order.dosage
    return Medication(current_work()).judge(patient_id, medicine=medicine, dosage=dosage, without=order.without)


def _others(patient_id: UUID, judgement: Judgement | None, ticked: Sequence[str]) -> dict[str, _Other]:
    """The orders that may be stopped when this is signed: those an alert is about, and those that are ticked already."""
    chosen = {each.partition(".")[0] for each in ticked}
    about = {alert.other for alert in judgement.alerts if alert.other} if judgement else set()
    others = {}
    for entry_id in sorted(about | chosen):
        now = Medication(current_work()).history(patient_id, UUID(entry_id))[0]
        if now.status in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD):
            others[entry_id] = _Other(f"{entry_id}.{now.version}", now.line, entry_id in chosen)
    return others


def _preview(patient_id: UUID, order: _Order) -> Preview:
    return Medication(current_work()).preview(patient_id, **order._asdict())
