"""The words every dose is said with: amounts, clock times, and what stands between them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import time

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import AmountRange, Moment, TimedDose, TimeOfDay
from journal.platform.quantity import NBSP, Quantity, show

TIMES_OF_DAY = dict(
    zip(TimeOfDay, ("morgen", "formiddag", "midt på dagen", "ettermiddag", "kveld", "natt"), strict=True)
)
"""Each time of day in words."""


def say(amount: Quantity | AmountRange) -> str:
    """`1 tablett`, `0,5 tablett`, `1–2 tabletter`, `5 000 enheter`."""
    if isinstance(amount, AmountRange):
        return f"{show(amount.least.value)}–{say(amount.most)}"
    return f"{show(amount.value)}{NBSP}{amount.unit_shown.replace(' ', NBSP)}"


def held(amount: Quantity | AmountRange, strength: Quantity | None) -> str | None:
    """The strength this amount holds, `50 mg`; None when the product has no strength per unit."""
    if strength is None:
        return None
    if isinstance(amount, AmountRange):
        return say(AmountRange(strength * amount.least.value, strength * amount.most.value))
    return say(strength * amount.value)


def held_or_said(dosage: Dosage, amount: Quantity | AmountRange) -> str:
    """The strength this amount holds, else the amount itself."""
    return held(amount, dosage.strength_per_unit) or say(amount)


def said_of(dosage: Dosage, doses: Iterable[TimedDose], say_amount: Callable[[Quantity], str]) -> str:
    """`2 tabletter kl. 08 og 1 tablett kl. 20`."""
    return and_(f"{say_amount(amount)} {exactly(dosage)}{moments([at])}" for at, amount in doses)


def exactly(dosage: Dosage) -> str:
    """What stands before the times of a dose that must be on the minute."""
    return "nøyaktig " if dosage.exact else ""


def moments(at: Sequence[Moment]) -> str:
    """`kl. 08 og 20` or `morgen og kveld`."""
    if clock_times := [clock(moment) for moment in at if isinstance(moment, time)]:
        return f"kl.{NBSP}{and_(clock_times)}"
    return and_(TIMES_OF_DAY[moment] for moment in at if isinstance(moment, TimeOfDay))


def clock(at: time) -> str:
    """`08`, `07.30`."""
    return f"{at:%H.%M}" if at.minute else f"{at:%H}"


def and_(words: Iterable[str]) -> str:
    """`08`, `08 og 20`, `08, 14 og 20`."""
    *first, last = words
    return f"{', '.join(first)} og {last}" if first else last
