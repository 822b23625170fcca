"""One dose as its card: what the hand does, what must be seen or measured first, and where each button leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for

from journal.medication.pages.alone import NOT_ALONE, AloneOf, alone_of
from journal.medication.pages.glucose import GLUCOSE, Glucose, glucose_of
from journal.medication.pages.near import NearFields, near_fields, next_from_text
from journal.medication.pages.patches import PatchFields, patch_fields
from journal.medication.pages.product import ProductFields
from journal.medication.pages.round import JUST_NOW
from journal.medication.rules import (
    OFFERED,
    Caution,
    DoseStatus,
    HandAction,
    MedicationLine,
    Reason,
    ValueRequirement,
    caution_text,
)
from journal.medication.rules.next_step import step_text
from journal.medication.rules.product import AtHand
from journal.medication.rules.words import say
from journal.medication.service import NO_PATCHES, DueDose, PatchesOf
from journal.medication.service.product import warned
from journal.medication.service.shown import group_flags
from journal.observations import Measurement
from journal.platform.clock import hhmm, local, spoken
from journal.platform.ids import new_id
from journal.platform.language import gettext as _
from journal.platform.language import joined, phrase

_LATER = timedelta(minutes=2)
"""From when a signature is later than the dose: both times are said then."""
_RETRY = (("warning", phrase("prøves igjen")),)
_MADE_UP = (("neutral", phrase("tas igjen til slutt i kuren")),)
REASONS = tuple((reason.value, reason.text) for reason in OFFERED if reason is not Reason.OTHER)
"""The reasons of every card. One that a value supports comes first on its own card, and is marked, never chosen (A6)."""


@dataclass(frozen=True)
class Hand:
    """What the hand does with one dose, and what else it must know."""

    verb: str
    count: str
    equals: str | None
    route: str | None
    note: str | None
    of: str | None = None


class Value(NamedTuple):
    """The field for a value that must be known before the dose, and what it means for it.

    `against`: None until the value was outside the limit; then what was written of why the dose is given all the same.
    `second`: label and what is typed of the diastolic, where a blood pressure is measured.
    """

    name: str
    label: str
    hint: str
    unit: str
    typed: str
    error: str | None
    means: str | None
    against: str | None
    second: tuple[str, str] | None = None


class At(NamedTuple):
    """The fields for when the dose was given, where it was not now: as typed, and what is wrong with it."""

    time: str
    day: str
    error: str | None


class Trouble(NamedTuple):
    """What went wrong with one dose: the sentence, its field, and whether to say that it was given all the same is a way on.

    `changed`: its order is not what it was, so that nobody is to give it as she saw it. `typed` is the form as it was sent.
    `cautions` are what must be confirmed, where that was what stopped it; `places` are where a controlled drug may have been
    taken, by ledger.
    """

    dose_id: UUID
    said: str
    field: str | None = None
    also_given: bool = False
    suggested: tuple[str, str] | None = None
    typed: Mapping[str, str] = {}
    cautions: tuple[tuple[str, str], ...] = ()
    changed: bool = False
    places: tuple[tuple[str, str], ...] = ()


class Laid(NamedTuple):
    """A dose that lies before the patient: when (as the form sends it, and as people say it), the way to say it was taken away, and
    what was `chosen` of when it was taken, while the place of a controlled drug is asked for."""

    at: str
    at_text: str
    away_url: str | None
    command_id: UUID
    chosen: str


class Card(NamedTuple):
    """One dose, in the words of the dose macro."""

    id: UUID
    anchor: str
    due_text: str
    status: str
    status_text: str
    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    hand: Hand
    why: str | None
    condition_text: str | None
    value: Value | None
    glucose: Glucose | None
    patch: PatchFields | None
    at: At | None
    cautions: tuple[tuple[str, str], ...]
    ask_now: bool
    signed_text: str | None
    waits: bool
    witness_url: str | None
    correct_url: str | None
    given_url: str
    not_given_url: str
    also_given_url: str | None
    leave_url: str | None
    suggested: tuple[str, str] | None
    command_id_given: UUID
    command_id_not_given: UUID
    request_version: int
    can_sign: bool
    may_be_given_by: str | None
    before: str | None
    tried: bool
    overridden: tuple[str, ...]
    next_text: str | None
    error: str | None
    places: tuple[tuple[str, str], ...] = ()
    product: ProductFields | None = None
    other_product_url: str | None = None
    product_used: str | None = None
    laid: Laid | None = None
    alone: AloneOf = NOT_ALONE
    near: NearFields | None = None
    next_from: str | None = None
    beside: tuple[tuple[UUID, str], ...] = ()
    beside_url: str | None = None
    not_hers: str | None = None


class Last(NamedTuple):
    """The user's last signature on this patient, with its way back and what that form says."""

    text: str
    undo_url: str
    kind: str
    fields: Mapping[str, str] = {}


def last_dose(doses: Sequence[DueDose], person_id: UUID, now: datetime) -> DueDose | None:
    """The dose this person signed last of these, the last hour."""
    own = [
        dose
        for dose in doses
        if dose.signed and dose.signed.by == person_id and dose.signed.recorded_at > now - JUST_NOW
    ]
    return max(
        own, key=lambda each: (each.signed.recorded_at, each.due_at) if each.signed else (now, now), default=None
    )


def last_of(
    doses: Sequence[DueDose], person_id: UUID, slot: str | None, now: datetime, *, undo: str = "undo"
) -> Last | None:
    """What this person signed last on this patient, the last hour; it is undone by the act `undo`."""
    dose = last_dose(doses, person_id, now)
    if dose is None:
        return None
    assert dose.signed is not None
    where: dict[str, Any] = {"patient_id": dose.patient_id, "administration_id": dose.signed.id, "slot": slot}
    name = dose.line.generic[:1].upper() + dose.line.generic[1:]
    kind = "success" if dose.status is not DoseStatus.NOT_GIVEN else "warning"
    return Last(joined(" ", (name, dose.status_text)), url_for(f"medication.{undo}", **where), kind)


def card(
    dose: DueDose,
    *,
    slot: str | None,
    person_id: UUID,
    may_sign: bool,
    latest: Mapping[str, Measurement],
    patches: Mapping[str, PatchesOf],
    trouble: Trouble | None,
    may_be_given_by: str | None,
    now: datetime,
    prescribers: Sequence[tuple[UUID, str]] | None = None,
    held_from: datetime | None = None,
    product: ProductFields | None = None,
    changed: str | None = None,
    beside: Sequence[tuple[UUID, str]] = (),
) -> Card:
    """A dose as its card. `latest` are the newest measurements by code, `patches` what is known of them by medicine;
    `trouble` is what went wrong with this dose. `may_be_given_by`: who gives it, where whoever reads has no authority for it.
    `held_from`: of one that waits at the hospital door and may have been given before. `product`: of one that is given from a
    pack that is named; once it is, what the hand does is of that pack, and what must be seen stands open: she has tapped once.
    `prescribers`: who may have said that it is given too near another one, asked for where that stopped it. `changed`: what
    happened to its order since whoever reads was last here. `beside`: who else may sign on this screen, by session."""
    where: dict[str, Any] = {"patient_id": dose.patient_id, "dose_id": dose.id, "slot": slot}
    signed = dose.signed
    note = " – ".join(filter(None, (dose.instruction, _("to signerer") if dose.two_signatures else None)))
    at_hand = product.hand if product else None
    also = may_be_given_by is not None or (trouble is not None and trouble.also_given)
    mine = signed is not None and signed.by == person_id
    beside_url = _witness_url(dose, slot, "witness_beside") if may_sign and mine and beside else None
    return Card(
        id=dose.id,
        anchor=f"dose-{dose.id}",
        due_text=hhmm(dose.due_at),
        status=dose.status.value,
        status_text=dose.status_text,
        line=dose.line,
        flags=(
            *((("accent", changed),) if changed else ()),
            *group_flags(dose.prescription_group, dose.high_risk, dose.unsigned),
            *dose.origin,
            *(_MADE_UP if dose.made_up else ()),
            *(_RETRY if dose.is_retry else ()),
        ),
        hand=hand_of(dose.hand, at_hand, note or None),
        why=dose.line.indication,
        condition_text=_condition(dose),
        value=_value(dose, latest, trouble),
        glucose=glucose_of(
            dose.cautions if dose.can_sign else (),
            latest,
            now,
            atc_code=dose.medicine_key,
            typed=_typed_glucose(dose, trouble),
        ),
        patch=patch_fields(
            dose,
            patches.get(dose.medicine_key, NO_PATCHES),
            now,
            typed=trouble.typed if trouble else {},
            error=trouble.said if trouble and trouble.field == "patch" else None,
        ),
        at=_at(trouble),
        cautions=confirmations(
            dose.cautions, latest, now, due_at=dose.due_at, stopped_by=trouble.cautions if trouble else ()
        )
        + product_warnings(at_hand, trouble),
        ask_now=at_hand is not None
        or (trouble is not None and (trouble.field == "confirmed" or "confirmed[]" in trouble.typed)),
        signed_text=signed_text(dose, person_id),
        waits=dose.awaits_witness,
        witness_url=_witness_url(dose, slot) if may_sign and signed and signed.by != person_id else None,
        correct_url=url_for(
            "medication.correct_form", patient_id=dose.patient_id, administration_id=signed.id, slot=slot
        )
        if signed and may_sign
        else None,
        given_url=url_for("medication.given", **where),
        not_given_url=url_for("medication.not_given", **where),
        also_given_url=url_for("medication.also_given", **where) if also else None,
        leave_url=url_for("medication.round", patient=dose.patient_id, slot=slot)
        if trouble and trouble.changed
        else None,
        suggested=trouble.suggested if trouble else None,
        command_id_given=new_id(),
        command_id_not_given=new_id(),
        request_version=dose.version,
        can_sign=dose.can_sign and may_sign and may_be_given_by is None,
        may_be_given_by=may_be_given_by,
        before=_("Gitt før %(time)s", time=spoken(held_from, now))
        if held_from and may_sign and may_be_given_by is None
        else None,
        tried=trouble is not None,
        overridden=dose.overridden,
        next_text=step_text(dose.next_step, hhmm(dose.try_at) if dose.try_at else ""),
        error=trouble.said if trouble and trouble.field is None else None,
        places=trouble.places if trouble else (),
        product=product,
        other_product_url=url_for("medication.round", patient=dose.patient_id, slot=slot, dose=dose.id)
        if dose.may_name_product and not dose.needs_product and product is None
        else None,
        product_used=dose.product_used,
        laid=_laid(dose, slot, trouble, may_sign),
        alone=alone_of(dose, slot, person_id) if may_sign else NOT_ALONE,
        near=near_fields(prescribers, trouble.typed) if trouble and prescribers is not None else None,
        next_from=next_from_text(dose, now),
        beside=tuple(beside) if beside_url else (),
        beside_url=beside_url,
    )


def _laid(dose: DueDose, slot: str | None, trouble: Trouble | None, may_sign: bool) -> Laid | None:
    if dose.laid_out is None:
        return None
    where: dict[str, Any] = {"patient_id": dose.patient_id, "laying_id": dose.laid_out.id, "slot": slot}
    away = url_for("medication.take_away", **where) if may_sign else None
    return Laid(
        dose.laid_out.at.isoformat(),
        hhmm(dose.laid_out.at),
        away,
        new_id(),
        trouble.typed.get("taken_at", "") if trouble else "",
    )


def hand_of(ordered: HandAction, at_hand: AtHand | None, note: str | None) -> Hand:
    """What the hand does: as ordered, or with the pack that is in it."""
    if at_hand is None:
        return Hand(ordered.verb, ordered.count, ordered.equals, ordered.route, note)
    verb = at_hand.verb or ordered.verb
    return Hand(verb, say(at_hand.amount), at_hand.equals or ordered.equals, ordered.route, note, at_hand.of)


def product_warnings(at_hand: AtHand | None, trouble: Trouble | None) -> tuple[tuple[str, str], ...]:
    """What must be seen of the pack; not again where it is among what stopped the attempt."""
    if trouble and trouble.cautions:
        return ()
    return tuple((code.value, text) for code, text in warned(at_hand))


def _typed_glucose(dose: DueDose, trouble: Trouble | None) -> str:
    asks = dose.required_value is not None and dose.required_value.code == GLUCOSE
    return trouble.typed.get("value", "") if trouble and asks else ""


def _condition(dose: DueDose) -> str | None:
    """What must be seen with the dose; of a paused one why, and what the hand does where it lies ready with others."""
    if dose.status is not DoseStatus.HELD:
        return dose.condition_text
    return joined(" · ", (text for text in (dose.take_out, dose.paused_because) if text)) or None


def signed_text(dose: DueDose, person_id: UUID | None) -> str | None:
    """Who signed, by name where that is not `person_id`; None where nobody has."""
    if dose.signed is None:
        return None
    who = _("deg") if dose.signed.by == person_id else dose.signed.by_name
    later = dose.signed.recorded_at - dose.signed.state.effective_at >= _LATER
    parts = (
        _("%(what)s av %(who)s", what=dose.status_text, who=who),
        _("signert %(time)s", time=hhmm(dose.signed.recorded_at)) if later else "",
        _("gjort klar av %(who)s", who=dose.prepared_by) if dose.prepared_by else "",
        _("ført fra papir av %(who)s", who=dose.paper_by) if dose.paper_by else "",
        _("andre signatur av %(who)s", who=dose.witnessed_by) if dose.witnessed_by else "",
        _("også av %(names)s", names=", ".join(dose.also_given)) if dose.also_given else "",
    )
    return ", ".join(str(part) for part in parts if part)


def _witness_url(dose: DueDose, slot: str | None, act: str = "witness") -> str | None:
    if not dose.awaits_witness or dose.signed is None:
        return None
    where: dict[str, Any] = {"patient_id": dose.patient_id, "administration_id": dose.signed.id, "slot": slot}
    return url_for(f"medication.{act}", **where)


def asked(dose: DueDose) -> set[str]:
    """The codes of the measurements that the card of this dose shows: what must be known before it is signed."""
    if not dose.can_sign:
        return set()
    return (
        {dose.required_value.measured_as} | asked_of(dose.cautions) if dose.required_value else asked_of(dose.cautions)
    )


def asked_of(cautions: Sequence[Caution]) -> set[str]:
    """The codes of the measurements that belong to what must be confirmed."""
    return {GLUCOSE} if Caution.INSULIN in cautions else set()


def confirmations(
    cautions: Sequence[Caution],
    latest: Mapping[str, Measurement],
    now: datetime,
    *,
    due_at: datetime | None = None,
    stopped_by: Sequence[tuple[str, str]] = (),
) -> tuple[tuple[str, str], ...]:
    """What must be confirmed before signing, as codes and sentences: as it is now, or what stopped the attempt."""
    said = [(caution.value, caution_text(caution, at=now, now=now, due_at=due_at)) for caution in cautions]
    return tuple(
        (code, f"{text} {_last_glucose(latest, now)}" if code == Caution.INSULIN else text)
        for code, text in stopped_by or said
    )


def _last_glucose(latest: Mapping[str, Measurement], now: datetime) -> str:
    if (last := latest.get(GLUCOSE)) is None:
        return str(_("Ingen har målt blodsukker her."))
    return str(_("Siste måling: %(value)s, %(time)s.", value=last.text, time=spoken(last.effective_at, now)))


def _at(trouble: Trouble | None) -> At:
    typed = trouble.typed if trouble else {}
    error = trouble.said if trouble and trouble.field == "given_at" else None
    return At(typed.get("given_time", ""), typed.get("given_day", ""), error)


def _value(dose: DueDose, latest: Mapping[str, Measurement], trouble: Trouble | None) -> Value | None:
    if dose.required_value is None or not dose.can_sign:
        return None
    return value_of(dose.required_value, latest, trouble, local(dose.due_at).date())


def value_of(wanted: ValueRequirement, latest: Mapping[str, Measurement], trouble: Trouble | None, day: date) -> Value:
    """The field for this value. What was measured on `day` (Oslo) stands beside it; it is never filled in (A5)."""
    last = latest.get(wanted.measured_as)
    hint = _("Kl. %(time)s var den %(value)s.", time=hhmm(last.effective_at), value=last.text) if last else ""
    if last and local(last.effective_at).date() != day:
        hint = ""
    error = trouble.said if trouble and trouble.field == "value" else None
    label = _("%(what)s nå", what=wanted.text)
    typed = trouble.typed if trouble else {}
    against = typed.get("against", "") if trouble and (trouble.suggested or "against" in typed) else None
    second = (_("Undertrykk"), typed.get("value2", "")) if wanted.measured_as == "blood_pressure" else None
    return Value("value", label, hint, wanted.unit, typed.get("value", ""), error, wanted.means, against, second)
