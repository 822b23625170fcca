"""Across the hospital door: when an order goes on, who may say so, and until when the list is to be reconciled.

Source: Helsedirektoratet's national advice on reconciling lists of medicines (samstemming) at admission, transfer and return, and
its circular Legemiddelhåndtering (18.09.2025) to the regulation of 3 April 2008 no. 320: what is given rests on an order that
holds, and the one who prescribes decides what differs. The hours are not in them: each municipality sets its own.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from journal.medication.rules.status import OrderStatus
from journal.platform.language import phrase, phrases

USUAL_HOURS = 24
"""How long a list may stand unreconciled where the municipality has not chosen: to the next day, weekends too."""

UNRECONCILED = ("danger", phrase("ikke samstemt"))
"""Colour and word beside the name of a medicine whose order waits, wherever it is shown."""

LOOKS_BACK = timedelta(days=7)
"""How long before she came a list may have been taken in and still be about this coming."""


class Crossing(StrEnum):
    """How the patient crossed the door."""

    HOSPITAL = "hospital"
    RETURN = "return"
    LONG_TERM = "long_term"
    SHORT_TERM = "short_term"
    HOME = "home"


AFTER = phrases(
    {
        Crossing.HOSPITAL: "Innlagt på sykehus",
        Crossing.RETURN: "Tilbake fra sykehus",
        Crossing.LONG_TERM: "Innlagt til langtidsopphold",
        Crossing.SHORT_TERM: "Innlagt til korttidsopphold",
        Crossing.HOME: "Utskrevet til hjemmet",
    }
)


def reconcile_before(kind: Crossing, since: datetime, hours: int) -> datetime | None:
    """The end of the limit: hours that pass, weekends too. None while she is in hospital: the clock starts when she is back."""
    return None if kind is Crossing.HOSPITAL else since + timedelta(hours=hours)


def is_overdue(limit: datetime | None, now: datetime) -> bool:
    """Whether the limit has passed."""
    return limit is not None and now >= limit


def waits(dose_state: str, order_status: OrderStatus | str) -> bool:
    """Whether a dose is held because its order is not confirmed: nobody has paused the order itself."""
    return dose_state == "held" and order_status == OrderStatus.ACTIVE


def was_before(given_at: datetime, held_from: datetime | None) -> bool:
    """Whether a dose was given before the order began to wait, so that nobody else can have given it. `held_from` None: unknown."""
    return held_from is not None and given_at < held_from


def why_not(*, away: bool, prescriber: bool, equal: bool | None, newer_list: bool) -> str | None:
    """Why this person may not confirm a line as it was; None when she may.

    `equal`: whether the line is alike in the list she confirms by; None when she confirms by what the hospital said.
    `newer_list`: a list has come in that nobody has reconciled, so there is more to go by than what was said.
    """
    if away:
        return phrase("Pasienten er på sykehus. Registrer retur før du bekrefter legemidler.")
    if prescriber:
        return None
    if equal is False:
        return phrase("Legemidlet er ikke likt i begge listene. En lege må bestemme hva som gjelder.")
    if equal is None and newer_list:
        return phrase("Det er kommet en liste som ikke er samstemt. Bekreft det som er likt i den.")
    return None
