"""What the pages of medication share: the section, the frame of a patient's page, and how one is drawn again when what came
from it is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.medication import dosage_form, pages, schemas
from journal.medication.errors import (
    ConfirmationMissing,
    DoseAlreadySigned,
    GivenTooNear,
    NoAuthority,
    OrderChanged,
    ValueBelowLimit,
    WhichPlace,
)
from journal.medication.rules import Dosage
from journal.medication.rules.procedures import ROLES
from journal.medication.rules.safety import Judgement
from journal.medication.service import Medication, Medicine
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid, JournalError
from journal.web import Section, current_work, render, typed
from journal.web.errors import answer, wants_page

bp = Section("medication", "journal.medication")

# The fields of a dose's card, by the name of what is wrong in them.
_FIELDS = {
    "value": "value",
    "value2": "value",
    "given_time": "given_at",
    "given_day": "given_at",
    "given_at": "given_at",
    "site": "patch",
    "old_patch": "patch",
    "product": "product",
}


@dataclass(frozen=True)
class Refused:
    """An act that was refused: in one sentence, by field, with what was typed and what the address holds."""

    error: JournalError
    said: str
    errors: Mapping[str, str]
    typed: dict[str, Any]
    where: Mapping[str, Any]


Again = Callable[[Refused], str]
_AGAIN: dict[str, Again] = {}


def draws_again(*acts: str) -> Callable[[Again], Again]:
    """The page with the forms of these acts, with what was typed and the sentence where it belongs."""

    def remember(page: Again) -> Again:
        _AGAIN.update(dict.fromkeys(acts, page))
        return page

    return remember


@bp.errorhandler(Conflict)
@bp.errorhandler(Invalid)
def refused(error: JournalError) -> Response | tuple[str, int]:
    """The failed Work is over: the page is drawn in one of its own."""
    again = _AGAIN.get((request.endpoint or "").removeprefix("medication."))
    if again is None or not wants_page() or not current_work().signed_in:
        return answer(error)
    errors = {name: said[0] for name, said in error.fields.get("errors", {}).items()}
    said = error.detail or next(iter(errors.values()), error.title)
    return again(Refused(error, said, errors, typed(), request.view_args or {})), error.status


def trouble(of: UUID, refusal: Refused) -> pages.Trouble:
    """What a dose's card shows of the refusal; *of* is the dose, or the order of a medicine as needed."""
    error = refusal.error
    also = isinstance(error, DoseAlreadySigned | OrderChanged | NoAuthority)
    suggested = (error.fields["reason"], error.fields["reason_said"]) if isinstance(error, ValueBelowLimit) else None
    unconfirmed = isinstance(error, ConfirmationMissing)
    field = "confirmed" if unconfirmed else next((_FIELDS[name] for name in refusal.errors if name in _FIELDS), None)
    cautions = tuple(error.fields["cautions"]) if unconfirmed else ()
    changed = isinstance(error, OrderChanged)
    field = "apart" if isinstance(error, GivenTooNear) else field
    places = tuple(error.fields["places"]) if isinstance(error, WhichPlace) else ()
    return pages.Trouble(of, refusal.said, field, also, suggested, request.form.to_dict(), cautions, changed, places)


def judged(judgement: Judgement | None, patient_id: UUID | None = None, changed: UUID | None = None) -> dict[str, Any]:
    """The judgement as a page shows it, with the version of the catalogue it rests on, and what was answered before of the
    order that is changed."""
    if judgement is None:
        return {"judged": None}
    medication = Medication(current_work())
    before = medication.answered_before(patient_id, changed, judgement) if patient_id and changed else {}
    return {"judged": pages.judged(judgement, before), "version": medication.catalogue_version()}


def ordered(form: Mapping[str, Any]) -> tuple[Medicine, Dosage]:
    """The product and the dosage that a form says. Raises NotFound, and Invalid when they do not make a whole."""
    work = current_work()
    hit = Medication(work).catalogue_item(form["item"])
    strength = schemas.strength_of(hit.strength_value, hit.strength_unit)
    dosage = dosage_form.dosage_from(dosage_form.with_day(form, work.now), strength, hit.dose_unit)
    return hit.medicine, dosage


def item_of(typed: Mapping[str, Any]) -> UUID | None:
    """The product that a form was about, if it said one."""
    try:
        return UUID(typed.get("item") or "")
    except ValueError:
        return None


def choices(unit: str | None, *, follows_inr: bool, first_now: bool = False) -> dict[str, Any]:
    """What may be chosen in the fields of a dosage."""
    clock_times = Medication(current_work()).clock_times()
    return {"choices": dosage_form.choices(unit, clock_times, follows_inr=follows_inr, first_now=first_now)}


def use_of(dosage: Dosage) -> str:
    """9101, bruk: 1 fast, 2 kur, 3 ved behov."""
    return "3" if dosage.as_needed else "2" if dosage.course and dosage.course.has_end else "1"


def page(template: str, patient_id: UUID, **context: Any) -> str:
    """A page of a patient's chart."""
    work = current_work()
    context.setdefault("may_prescribe", work.actor.may(Permission.MEDICATION_PRESCRIBE))
    context.setdefault("may_receive", work.actor.may(Permission.MEDICATION_RECEIVE))
    context.setdefault("may_use_procedures", work.actor.role in ROLES)
    if "banner_of" not in context:
        context["banner_of"] = Patients(work).banner(patient_id)
    return render(template, patient_id=patient_id, **context)
