"""A pause: until when, and what is given instead."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from journal.medication.facts import PauseEndPlanned, ReplacementWanted
from journal.medication.models import MedicationRequest
from journal.medication.rules.pausing import Replacement, missing, must_be_replaced, pause_text
from journal.platform.clock import instant, local_date, norwegian_date
from journal.platform.errors import Invalid

_MORNING = time(8)
"""When the day a pause ends on begins for those who look at it."""


@dataclass(frozen=True)
class Pause:
    """What a pause says beside why. `until` is the day (Oslo) somebody looks at it again.

    `replaced_by` is the entry_id of the order that is given instead; `because`: why nothing is.
    """

    until: date | None = None
    replacement: Replacement | None = None
    replaced_by: UUID | None = None
    because: str = ""


NO_MORE_SAID = Pause()
NOT_PAUSED: dict[str, Any] = {"paused_until": None, "replaced_by": None}
"""What an order holds of a pause when it is over."""


def paused(order: MedicationRequest, reason: str, pause: Pause, *, named: str | None, today: date) -> dict[str, Any]:
    """What the paused version holds: why with what instead, and the end. `named`: the medicine that is given instead.

    Raises Invalid at the field that is missing, or whose day is not ahead.
    """
    if pause.until is not None and pause.until <= today:
        raise Invalid(errors={"until": ["Pausen må slutte etter i dag."]})
    if must_be_replaced(order.atc_code):
        chosen = pause.replaced_by is not None
        if (lacks := missing(pause.replacement, because=pause.because, order_is_chosen=chosen)) is not None:
            field, said = lacks
            raise Invalid(errors={field: [said]})
        if pause.until is None:
            raise Invalid(errors={"until": ["Skriv dagen pausen skal vurderes."]})
    day = norwegian_date(pause.until) if pause.until else None
    said = pause_text(reason, pause.replacement, named=named, because=pause.because, until=day)
    return {
        "reason": str(said),
        "paused_until": instant(pause.until, _MORNING) if pause.until else None,
        "replaced_by": pause.replaced_by if pause.replacement is Replacement.ORDER else None,
    }


def follow_up_of_pause(
    order: MedicationRequest, pause: Pause, now: datetime
) -> list[PauseEndPlanned | ReplacementWanted]:
    """What is told of a pause that somebody must look at."""
    about = order.patient_id, order.entry_id, order.version
    told: list[PauseEndPlanned | ReplacementWanted] = []
    if order.paused_until is not None:
        told.append(PauseEndPlanned(*about, order.paused_until))
    if pause.replacement is Replacement.PRESCRIBE:
        told.append(ReplacementWanted(*about, now))
    return told


def pause_again(order: MedicationRequest, now: datetime, *, instead_is_given: bool) -> Pause:
    """The pause that `order` was in, from now on. One that must have an end is looked at the day after when its own has passed;
    where what was given instead is not given any more (`instead_is_given`), a prescriber is asked what is to be."""
    today = local_date(now)
    until = local_date(order.paused_until) if order.paused_until else None
    if until is not None and until <= today:
        until = today + timedelta(days=1)
    if order.replaced_by is not None and instead_is_given:
        return Pause(until=until, replacement=Replacement.ORDER, replaced_by=order.replaced_by)
    if must_be_replaced(order.atc_code):
        return Pause(until=until or today + timedelta(days=1), replacement=Replacement.PRESCRIBE)
    return Pause(until=until)


def end_of_pause(order: MedicationRequest) -> list[PauseEndPlanned | ReplacementWanted]:
    """What is told when `order`, as it was, is resumed or stopped: nobody needs to look at its pause. Nothing of one without."""
    if order.paused_until is None:
        return []
    about = order.patient_id, order.entry_id, order.version + 1
    return [PauseEndPlanned(*about, None), ReplacementWanted(*about, None)]
