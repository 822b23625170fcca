"""Orders by word of mouth: until when they are to be signed, and by whom.

Source: Helsedirektoratet's circular Legemiddelhåndtering (18.09.2025) to the regulation of 3 April 2008 no. 320: the one who
prescribes writes and signs. By word of mouth is the exception; it is then written down at once, read back, and signed as soon
as can be. The hours are not in the circular: each municipality sets its own.
"""

from datetime import datetime, timedelta

from journal.platform.language import phrase

USUAL_HOURS = 24
"""How long an order may stand unsigned where nobody has chosen: to the next day, weekends too."""

UNSIGNED = ("warning", phrase("muntlig, ikke signert"))
"""Colour and word beside the name of the medicine, wherever it is shown."""

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
