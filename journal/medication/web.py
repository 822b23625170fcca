"""Pages of medication: the round, the list, medicines as needed, and what the doctor decides."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.medication import dosage_form, pages, schemas
from journal.medication.errors import (
    AlertsFound,
    ConfirmationMissing,
    DoseAlreadySigned,
    OrderChanged,
    ValueBelowLimit,
)
from journal.medication.rules import TIMES_OF_DAY, Dosage, DoseSettings, dose_sentence
from journal.medication.rules.safety import Judgement
from journal.medication.service import DueDose, Medication, Medicine
from journal.observations import Observations
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import hhmm, norwegian_date
from journal.platform.errors import Conflict, Invalid, JournalError
from journal.platform.language import gettext as _
from journal.platform.language import phrase
from journal.platform.statement import together
from journal.web import Section, current_work, form_body, query_body, render, see_other, typed, wants_fragment
from journal.web.errors import answer, wants_page
from journal.web.shell import MenuEntry, Tab

bp = Section("medication", __name__)
MENU = MenuEntry("medication.round", "pill", "Medisinrunde", Permission.MEDICATION_ADMINISTER)
SETTINGS_MENU = MenuEntry("medication.settings", "settings", "Innstillinger", Permission.MUNICIPALITIES_MANAGE)
TAB = Tab("medication.medication_list", "Legemidler", Permission.MEDICATION_READ)

PRESCRIBING = {"medication.prescribe", "medication.review_prescription"}
CHANGING = {"medication.change", "medication.review_change"}
SIGNING = {"medication.given", "medication.not_given", "medication.also_given", "medication.witness"}
# The fields of a dose's card, by the name of what is wrong in them.
FIELDS = {"value": "value", "given_time": "given_at", "given_day": "given_at", "given_at": "given_at"}


@bp.page("/round", Permission.MEDICATION_ADMINISTER)
def round() -> str:
    """The medication round; for htmx the chosen patient's pane alone, and only her chart is opened."""
    asked = query_body(schemas.RoundQuery)
    return _round(asked["patient"], asked["slot"])


def _round(patient_id: UUID | None, slot: str | None, trouble: pages.Trouble | None = None) -> str:
    work = current_work()
    medication, period = Medication(work), pages.Period.around(work.now)
    rows = medication.worklist(start=period.start, end=period.end)
    slot = pages.chosen_slot(rows, slot, work.now)
    of_slot = pages.patient_rows(rows, slot, patient_id)
    waiting = [p for p, row in of_slot.items() if row.late or row.ready or row.signed < row.total]
    chosen = patient_id or next(iter([*waiting, *of_slot]), None)
    context: dict[str, Any] = {
        "slot": slot,
        "counts": pages.counts(of_slot),
        "slots": pages.slots(rows, slot, work.now),
    }
    whole, following = not wants_fragment(), _next(waiting, chosen)
    listed = list(of_slot) if whole else [p for p in (chosen, following) if p in of_slot]
    shown: list[Any] = []
    if chosen is not None:
        work.open_together({Permission.MEDICATION_READ: [chosen], Permission.PATIENTS_READ: listed})
        with together(work.db):
            due = medication.ask_doses_due([chosen], start=period.start, end=period.end)
            people, banner = Patients(work).ask_listed(listed), Patients(work).ask_banner(chosen)
        context |= _pane(chosen, due.answer()[chosen], slot, trouble) | {"banner_of": banner.answer()}
        shown = pages.shown_rows([of_slot[p] for p in listed], people.answer(), slot, chosen)
    context |= {
        "patients": shown,
        "patient": chosen,
        "next": next((row for row in shown if row.patient_id == following), None),
    }
    return render("medication/round.html" if whole else "medication/_answer.html", **context)


def _pane(patient_id: UUID, doses: list[DueDose], slot: str | None, trouble: pages.Trouble | None) -> dict[str, Any]:
    work = current_work()
    shown = pages.in_pane(doses, slot, work.now)
    codes = {code for dose in shown for code in pages.asked(dose)}
    latest = Observations(work).latest([patient_id], codes)[patient_id] if codes else {}
    may_sign, me = work.actor.may(Permission.MEDICATION_ADMINISTER), work.actor.person_id
    cards = [
        pages.card(
            dose,
            slot=slot,
            person_id=me,
            may_sign=may_sign,
            latest=latest,
            trouble=trouble if trouble and trouble.dose_id == dose.id else None,
            now=work.now,
        )
        for dose in shown
    ]
    placed = {card.id for card in cards}
    return {
        "cards": cards,
        "reasons": pages.REASONS,
        "last": pages.last_of(doses, me, slot, work.now),
        "trouble": trouble if trouble and trouble.dose_id not in placed else None,
    }


def _next(waiting: list[UUID], chosen: UUID | None) -> UUID | None:
    after = waiting[waiting.index(chosen) + 1 :] if chosen in waiting else waiting
    return next((p for p in [*after, *waiting] if p != chosen), None)


def _back(patient_id: UUID) -> Response:
    return see_other(".round", patient=patient_id, slot=query_body(schemas.InRound)["slot"])


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/given", Permission.MEDICATION_ADMINISTER)
def given(patient_id: UUID, dose_id: UUID) -> Response:
    work = current_work()
    said = schemas.with_given_at(form_body(schemas.SignGiven), work.now)
    Medication(work).sign_given(patient_id, dose_id, **said)
    return _back(patient_id)


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/not-given", Permission.MEDICATION_ADMINISTER)
def not_given(patient_id: UUID, dose_id: UUID) -> Response:
    said = form_body(schemas.SignNotGiven)
    Medication(current_work()).sign_not_given(patient_id, dose_id, text=said.pop("reason_text"), **said)
    return _back(patient_id)


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/also-given", Permission.MEDICATION_ADMINISTER)
def also_given(patient_id: UUID, dose_id: UUID) -> Response:
    Medication(current_work()).also_given(patient_id, dose_id, **form_body(schemas.AlsoGiven))
    return _back(patient_id)


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/witness", Permission.MEDICATION_ADMINISTER
)
def witness(patient_id: UUID, administration_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Medication(current_work()).witness(patient_id, administration_id)
    return _back(patient_id)


@bp.act("/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/undo", Permission.MEDICATION_ADMINISTER)
def undo(patient_id: UUID, administration_id: UUID) -> Response:
    Medication(current_work()).correct(patient_id, administration_id, reason=phrase("Angret"))
    return _back(patient_id)


@bp.page(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/correct", Permission.MEDICATION_ADMINISTER
)
def correct_form(patient_id: UUID, administration_id: UUID) -> str:
    slot = query_body(schemas.InRound)["slot"]
    return _page(
        "medication/correct.html", patient_id, administration_id=administration_id, slot=slot, errors={}, typed={}
    )


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/correct", Permission.MEDICATION_ADMINISTER
)
def correct(patient_id: UUID, administration_id: UUID) -> Response:
    Medication(current_work()).correct(patient_id, administration_id, **form_body(schemas.Correct))
    return _back(patient_id)


@bp.page("/patients/<uuid:patient_id>/as-needed", Permission.MEDICATION_ADMINISTER)
def as_needed(patient_id: UUID) -> str:
    return _as_needed(patient_id, None)


@bp.act("/patients/<uuid:patient_id>/as-needed/<uuid:request_entry_id>", Permission.MEDICATION_ADMINISTER)
def give_as_needed(patient_id: UUID, request_entry_id: UUID) -> Response:
    Medication(current_work()).sign_as_needed(patient_id, request_entry_id, **form_body(schemas.GiveAsNeeded))
    return see_other(".as_needed", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/medication", Permission.MEDICATION_READ)
def medication_list(patient_id: UUID) -> str:
    work = current_work()
    work.open(Permission.MEDICATION_READ, [patient_id])
    with together(work.db):
        medicines, banner = Medication(work).ask_list_with_strip(patient_id), Patients(work).ask_banner(patient_id)
    shown = {"medicines": medicines.answer(), "banner_of": banner.answer(), "now_text": hhmm(work.now)}
    return _page("medication/list.html", patient_id, **shown)


@bp.page("/patients/<uuid:patient_id>/medication/stopped", Permission.MEDICATION_READ)
def stopped(patient_id: UUID) -> str:
    found = Medication(current_work()).stopped_recently(patient_id)
    return _page("medication/stopped.html", patient_id, stopped=found)


@bp.page("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>", Permission.MEDICATION_READ)
def history(patient_id: UUID, request_entry_id: UUID) -> str:
    return _history(patient_id, request_entry_id)


@bp.page("/patients/<uuid:patient_id>/medication/prescribe", Permission.MEDICATION_PRESCRIBE)
def prescribe_form(patient_id: UUID) -> str:
    current_work().admit(Permission.MEDICATION_PRESCRIBE)
    return _prescribe_form(patient_id, query_body(schemas.PrescribeQuery))


@bp.act("/patients/<uuid:patient_id>/medication/prescribe", Permission.MEDICATION_PRESCRIBE)
def prescribe(patient_id: UUID) -> Response:
    form = form_body(schemas.Prescribe)
    medicine, dosage = _chosen(form)
    Medication(current_work()).prescribe(
        patient_id,
        medicine=medicine,
        dosage=dosage,
        use="3" if dosage.as_needed else "2" if form["last_day"] else "1",
        indication=form["indication"],
        instruction=form["instruction"],
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
    return _prescribe_form(patient_id, _of_item(form["item"]), typed=typed(), judgement=judgement)


def _chosen(form: Mapping[str, Any]) -> tuple[Medicine, Dosage]:
    hit = Medication(current_work()).catalogue_item(form["item"])
    strength = schemas.strength_of(hit.strength_value, hit.strength_unit)
    return hit.medicine, dosage_form.dosage_from(form, strength, hit.dose_unit)


def _of_item(item_id: UUID | None) -> dict[str, Any]:
    return {"q": "", "all": False, "item": item_id}


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/change", Permission.MEDICATION_PRESCRIBE)
def change(patient_id: UUID, request_entry_id: UUID) -> Response:
    form = form_body(schemas.Change)
    _old, dosage = _old_and_new(patient_id, request_entry_id, form)
    answers = schemas.answers_from(form)
    if form["seen"] != dose_sentence(dosage):
        raise Invalid(_("Se over endringen før du signerer den."))
    Medication(current_work()).change(
        patient_id, request_entry_id, version=form["version"], dosage=dosage, reason=form["reason"], answers=answers
    )
    return see_other(".medication_list", patient_id=patient_id)


@bp.act(
    "/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/change/review",
    Permission.MEDICATION_PRESCRIBE,
    repeatable=True,
)
def review_change(patient_id: UUID, request_entry_id: UUID) -> str:
    """The change as one line, old and new, with what the safety rules say and the button that signs. Nothing is stored."""
    _old, new = _old_and_new(patient_id, request_entry_id, form_body(schemas.Change))
    judgement = Medication(current_work()).judge_change(patient_id, request_entry_id, dosage=new)
    return _changing(patient_id, request_entry_id, judgement)


def _changing(patient_id: UUID, request_entry_id: UUID, judgement: Judgement, **more: Any) -> str:
    old, new = _old_and_new(patient_id, request_entry_id, form_body(schemas.Change))
    review = dose_sentence(old), dose_sentence(new)
    return _history(patient_id, request_entry_id, typed=typed(), review=review, judgement=judgement, **more)


def _old_and_new(patient_id: UUID, request_entry_id: UUID, form: Mapping[str, Any]) -> tuple[Dosage, Dosage]:
    old = Medication(current_work()).history(patient_id, request_entry_id)[0].dosage
    new = dosage_form.dosage_from(form, old.strength_per_unit, old.unit)
    if new == old:
        raise Invalid(errors={"dosage": [_("Doseringen er den samme som før. Endre den, eller gå tilbake.")]})
    return old, new


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/stop", Permission.MEDICATION_PRESCRIBE)
def stop(patient_id: UUID, request_entry_id: UUID) -> Response:
    Medication(current_work()).stop(patient_id, request_entry_id, **form_body(schemas.ChangeStatus))
    return see_other(".medication_list", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/hold", Permission.MEDICATION_PRESCRIBE)
def hold(patient_id: UUID, request_entry_id: UUID) -> Response:
    said = form_body(schemas.ChangeStatus)
    Medication(current_work()).hold(patient_id, request_entry_id, version=said["version"], reason=said["reason"])
    return see_other(".medication_list", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/resume", Permission.MEDICATION_PRESCRIBE)
def resume(patient_id: UUID, request_entry_id: UUID) -> Response:
    said = form_body(schemas.ChangeStatus)
    Medication(current_work()).resume(patient_id, request_entry_id, version=said["version"], reason=said["reason"])
    return see_other(".medication_list", patient_id=patient_id)


@bp.page("/municipality/medication", Permission.MUNICIPALITIES_MANAGE)
def settings() -> str:
    return _settings()


@bp.act("/municipality/medication", Permission.MUNICIPALITIES_MANAGE)
def choose_settings() -> Response:
    form = form_body(schemas.ChooseSettings)
    chosen = schemas.settings_from(form)
    Medication(current_work()).choose_dose_settings(chosen, version=form["version"])
    return see_other(".settings")


@bp.act("/municipality/medication/catalogue", Permission.MUNICIPALITIES_MANAGE)
def choose_catalogue_age() -> Response:
    Medication(current_work()).choose_catalogue_age(**form_body(schemas.ChooseCatalogueAge))
    return see_other(".settings")


def _settings(**more: Any) -> str:
    medication = Medication(current_work())
    choices = medication.dose_settings()
    now = schemas.settings_typed(choices[0].settings if choices else DoseSettings())
    words = [(at.name.lower(), word) for at, word in TIMES_OF_DAY.items()]
    form = {"errors": {}, "typed": now, "said": None} | more
    shown = {"choices": choices, "times": words, "describe": schemas.settings_typed, "day": norwegian_date}
    shown["age"] = medication.catalogue_age()
    return render("medication/settings.html", **shown, **form)


@bp.errorhandler(Conflict)
@bp.errorhandler(Invalid)
def refused(error: JournalError) -> Response | tuple[str, int]:
    """The same page again with the sentence where it belongs, and with what was typed. The failed Work is over."""
    where: Mapping[str, Any] = request.view_args or {}
    work, errors = current_work(), {name: said[0] for name, said in error.fields.get("errors", {}).items()}
    if not wants_page() or request.method == "GET" or not work.signed_in:
        return answer(error)
    said = error.detail or next(iter(errors.values()), error.title)
    if request.endpoint == "medication.choose_settings":
        return _settings(errors=errors, typed=typed(), said=error.detail), error.status
    if request.endpoint == "medication.choose_catalogue_age":
        return _settings(errors=errors, most_days=typed().get("most_days"), said=error.detail), error.status
    if "patient_id" not in where:
        return answer(error)
    patient_id, form = where["patient_id"], typed()
    if request.endpoint in SIGNING:
        trouble = _trouble(where.get("dose_id", patient_id), error, said, errors)
        return _round(patient_id, request.args.get("slot"), trouble), error.status
    if request.endpoint == "medication.give_as_needed":
        return _as_needed(patient_id, _trouble(where["request_entry_id"], error, said, errors)), error.status
    judgement = error.judgement if isinstance(error, AlertsFound) else None
    if request.endpoint in PRESCRIBING:
        asked = _of_item(_uuid(form.get("item")))
        return _prescribe_form(patient_id, asked, errors=errors, typed=form, judgement=judgement), error.status
    if judgement is not None:
        return _changing(patient_id, where["request_entry_id"], judgement, errors=errors), error.status
    if "request_entry_id" in where:
        return _history(patient_id, where["request_entry_id"], errors=errors, typed=form, said=said), error.status
    if request.endpoint == "medication.correct":
        more = {
            "administration_id": where["administration_id"],
            "slot": request.args.get("slot"),
            "errors": errors,
            "typed": form,
        }
        return _page("medication/correct.html", patient_id, said=said, **more), error.status
    return answer(error)


def _trouble(dose_id: UUID, error: JournalError, said: str, errors: Mapping[str, str]) -> pages.Trouble:
    also = isinstance(error, DoseAlreadySigned | OrderChanged)
    suggested = (error.fields["reason"], error.fields["reason_said"]) if isinstance(error, ValueBelowLimit) else None
    unconfirmed = isinstance(error, ConfirmationMissing)
    field = "confirmed" if unconfirmed else next((FIELDS[name] for name in errors if name in FIELDS), None)
    cautions = tuple(error.fields["cautions"]) if unconfirmed else ()
    return pages.Trouble(dose_id, said, field, also, suggested, request.form.to_dict(), cautions)


def _as_needed(patient_id: UUID, trouble: pages.Trouble | None) -> str:
    work = current_work()
    medicines = Medication(work).as_needed(patient_id)
    codes = {code for medicine in medicines for code in pages.asked_of(medicine.cautions)}
    latest = Observations(work).latest([patient_id], codes)[patient_id] if codes else {}
    special = {m.request_entry_id: pages.confirmations(m.cautions, latest, work.now) for m in medicines}
    return _page("medication/as_needed.html", patient_id, medicines=medicines, special=special, trouble=trouble)


def _history(patient_id: UUID, request_entry_id: UUID, **more: Any) -> str:
    versions = Medication(current_work()).history(patient_id, request_entry_id)
    now = versions[0].dosage
    form = {"errors": {}, "typed": {}, "said": None, "review": None} | _judged(more)
    changing = request.endpoint in CHANGING
    form |= {"dosage": form["typed"] if changing else dosage_form.form_of(now), "says_all": dosage_form.says_all(now)}
    choices = _choices(now.unit) if current_work().actor.may(Permission.MEDICATION_PRESCRIBE) else {}
    shown = {"versions": versions, "sentence": dose_sentence, "changing": changing}
    return _page("medication/request.html", patient_id, **shown, **choices, **form)


def _prescribe_form(patient_id: UUID, asked: Mapping[str, Any], **more: Any) -> str:
    medication = Medication(current_work())
    hit = medication.catalogue_item(asked["item"]) if asked["item"] else None
    found = medication.search_catalogue(asked["q"], everything=asked["all"]) if asked["q"] and not hit else None
    form = {"errors": {}, "typed": {}} | _judged(more)
    if found:
        said = medication.alerts_before_dosage(patient_id, [each.medicine for each in found.hits])
        form["marks"] = {each.id: pages.marks(alerts) for each, alerts in zip(found.hits, said, strict=True)}
    context = _said_of(hit.id) | _choices(hit.dose_unit) if hit else {"version": medication.catalogue_version()}
    return _page("medication/prescribe.html", patient_id, hit=hit, found=found, q=asked["q"], **context, **form)


def _judged(more: dict[str, Any]) -> dict[str, Any]:
    """The judgement among these, if any, as the page shows it, with the version of the catalogue it rests on."""
    if (judgement := more.pop("judgement", None)) is None:
        return more | {"judged": None}
    return more | {"judged": pages.judged(judgement), "version": Medication(current_work()).catalogue_version()}


def _said_of(item_id: UUID) -> dict[str, Any]:
    medication = Medication(current_work())
    return {"facts": medication.catalogue_facts([item_id])[item_id], "warnings": medication.warnings(item_id)}


def _choices(unit: str | None) -> dict[str, Any]:
    return {"choices": dosage_form.choices(unit, Medication(current_work()).clock_times())}


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _page(template: str, patient_id: UUID, **context: Any) -> str:
    work = current_work()
    context.setdefault("may_prescribe", work.actor.may(Permission.MEDICATION_PRESCRIBE))
    if "banner_of" not in context:
        context["banner_of"] = Patients(work).banner(patient_id)
    return render(template, patient_id=patient_id, **context)
