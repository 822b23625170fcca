"""Orders that carry their follow-up: warfarin, whose dose is decided until its INR is measured next and no longer."""

from datetime import date, time

from journal.medication.facts import FollowUpPlanned
from journal.medication.models import MedicationRequest
from journal.medication.rules import Dosage
from journal.medication.service.shown import dosage_of
from journal.platform.clock import instant
from journal.platform.errors import Invalid

VITAMIN_K_ANTAGONISTS = "B01AA"
"""The ATC group that is dosed by INR: warfarin, and those of its kind."""

_MORNING = time(8)
"""When the day's blood sample is asked for, so that the doctor can answer before the evening's dose."""


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


def follow_up_of(order: MedicationRequest, *, wanted: bool = True) -> list[FollowUpPlanned]:
    """What is told of the follow-up of an order that has one; not `wanted` when the order is stopped."""
    inr = dosage_of(order).inr
    if inr is None:
        return []
    due_at = instant(inr.next_on, _MORNING) if wanted else None
    return [FollowUpPlanned(order.patient_id, order.entry_id, order.version, due_at)]
