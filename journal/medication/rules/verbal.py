"""Orders by word of mouth: until when they are to be signed, and by whom.

Source: Helsedirektoratet's circular Legemiddelhåndtering (18.09.2025) to the regulation of 3 April 2008 no. 320: the one who
prescribes writes and signs. By word of mouth is the exception; it is then written down at once, read back, and signed as soon
as can be. The hours are not in the circular: each municipality sets its own.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from journal.platform.language import phrase, phrases

USUAL_HOURS = 24
"""How long an order may stand unsigned where nobody has chosen: to the next day, weekends too."""

UNSIGNED = ("warning", phrase("muntlig, ikke signert"))
"""Colour and word beside the name of the medicine, wherever it is shown."""


class Act(StrEnum):
    """What was said: a new order, or another dosage, a pause, the end of one or a stop of one in use."""

    PRESCRIBE = "prescribe"
    CHANGE = "change"
    HOLD = "hold"
    RESUME = "resume"
    STOP = "stop"


ACTS = phrases(
    {
        Act.PRESCRIBE: "Ny ordinasjon",
        Act.CHANGE: "Ny dosering",
        Act.HOLD: "Pause",
        Act.RESUME: "Gis igjen etter pause",
        Act.STOP: "Seponering",
    }
)
"""The words for them."""


class AfterRefusal(StrEnum):
    """What a doctor who refuses decides of the order: what stood before, no more of it, or what holds now."""

    RESTORE = "restore"
    STOP = "stop"
    LEAVE = "leave"


def after_refusal(act: Act, *, decided_since: bool) -> tuple[AfterRefusal, ...]:
    """What she may choose between, the likeliest first. A refused dose never goes on by itself.

    `decided_since`: the order is another than what was received made of it, and what was decided last holds. A new order
    that nobody gave is stopped nonetheless.
    """
    if act is Act.PRESCRIBE:
        return (AfterRefusal.STOP,)
    if decided_since:
        return (AfterRefusal.LEAVE,)
    return AfterRefusal.RESTORE, AfterRefusal.LEAVE if act is Act.STOP else AfterRefusal.STOP


# A ground that follows from treating the patient. One that somebody takes herself (emergency, registration) is none.
_TREATS = {"stay", "service", "route", "task", "general_practitioner"}


def sign_before(received_at: datetime, hours: int) -> datetime:
    """The end of the limit, `hours` after the order was received: hours that pass, also over a change of the clocks."""
    return received_at + timedelta(hours=hours)


def is_overdue(limit: datetime, now: datetime) -> bool:
    """Whether the limit has passed."""
    return now >= limit


def may_answer(*, ground: str, own_number: str | None, prescriber_number: str) -> bool:
    """Whether a doctor with this ground for the chart may sign or refuse: the prescriber herself, known by her HPR number, or
    one of those who treat the patient."""
    return own_number == prescriber_number or ground in _TREATS
