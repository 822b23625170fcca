"""Orders that carry their follow-up: warfarin, decided until its INR is measured next and no longer, courses of antibiotics,
looked at again while they last, and patches, which come off when the order ends."""

from datetime import date, time, timedelta

from journal.medication.facts import EvaluationPlanned, InrPlanned, PatchToRemove
from journal.medication.models import MedicationRequest
from journal.medication.rules import Dosage
from journal.medication.rules.patches import PATCH
from journal.medication.service.shown import dosage_of
from journal.platform.clock import instant, local_date
from journal.platform.errors import Invalid

VITAMIN_K_ANTAGONISTS = "B01AA"
"""The ATC group that is dosed by INR: warfarin, and those of its kind."""

ANTIBACTERIALS = "J01"
"""The ATC group of antibacterials for systemic use."""

_LOOKED_AT_AFTER = timedelta(days=2)
"""The third day: by then an effect is expected, and a culture is mostly answered."""

_MORNING = time(8)
"""When the day's blood sample is asked for, so that the doctor can answer before the evening's dose."""


def is_antibiotic(atc_code: str | None) -> bool:
    """Whether this medicine is an antibacterial for the whole body."""
    return (atc_code or "").startswith(ANTIBACTERIALS)


def follows_inr(atc_code: str | None) -> bool:
    """Whether this medicine is dosed by INR."""
    return (atc_code or "").startswith(VITAMIN_K_ANTAGONISTS)


def check_inr(atc_code: str | None, dosage: Dosage, today: date) -> None:
    """Raises Invalid, at the field, when warfarin has no next INR, another medicine has one, or its days cannot be."""
    inr = dosage.inr
    if inr is None:
        if follows_inr(atc_code):
            said = "Warfarin doseres til neste INR. Skriv mål, siste INR med dato og datoen for neste INR."
            raise Invalid(errors={"inr_next": [said]})
        return
    if not follows_inr(atc_code):
        raise Invalid(errors={"inr_next": ["Bare warfarin doseres etter INR. Tøm feltene for INR."]})
    if inr.last_on > today:
        raise Invalid(errors={"inr_last_on": ["Siste INR kan ikke være målt etter i dag."]})
    if inr.next_on <= today:
        raise Invalid(errors={"inr_next": ["Neste INR må være etter i dag."]})


def evaluation_day(atc_code: str | None, dosage: Dosage, starts_on: date, asked: date | None) -> date | None:
    """The day (Oslo) a course of antibiotics is looked at again: the one asked for, else the third, or the last if sooner.

    None for what is no course of antibiotics. Raises Invalid for a day outside the course, or asked for without one.
    """
    course = dosage.course
    if not is_antibiotic(atc_code) or course is None or not course.has_end:
        if asked is not None:
            raise Invalid(errors={"evaluate_on": ["Skriv også siste dag av kuren."]})
        return None
    first = max(starts_on, local_date(course.starts_at)) if course.starts_at else starts_on
    # A course that counts its doses lasts until they are given, whenever that is.
    last = local_date(course.ends_at - timedelta(microseconds=1)) if course.ends_at else date.max
    if asked is not None and not first <= asked <= last:
        raise Invalid(errors={"evaluate_on": ["Kuren må vurderes mens den varer."]})
    return asked or min(first + _LOOKED_AT_AFTER, last)


def follow_up_of(
    order: MedicationRequest, *, wanted: bool = True, evaluate_on: date | None = None
) -> list[InrPlanned | EvaluationPlanned | PatchToRemove]:
    """What is told of the follow-up of an order that has one; not `wanted` when the order is stopped."""
    dosage = dosage_of(order)
    if dosage.unit == PATCH:
        return patch_off(order, now=not wanted)
    inr = dosage.inr
    day = inr.next_on if inr else evaluate_on
    if day is None and (wanted or not is_antibiotic(order.atc_code)):
        return []
    due_at = instant(day, _MORNING) if wanted and day else None
    told = InrPlanned if inr else EvaluationPlanned
    return [told(order.patient_id, order.entry_id, order.version, due_at)]


def patch_off(order: MedicationRequest, *, now: bool) -> list[InrPlanned | EvaluationPlanned | PatchToRemove]:
    """When a patch comes off without a new one: now, as the order is stopped or paused, or when its course ends.

    Nothing of other medicines, and of a new order that nobody ends.
    """
    dosage = dosage_of(order)
    ends = [at for at in (order.ends_at, dosage.course.ends_at if dosage.course else None) if at is not None]
    due_at = order.effective_at if now else min(ends, default=None)
    if dosage.unit != PATCH or (due_at is None and order.version == 1):
        return []
    return [PatchToRemove(order.patient_id, order.entry_id, order.version, due_at)]
