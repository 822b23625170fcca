"""The blood glucose on a card of insulin: the last one and how old it is, and what is done when it is low."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from journal.medication.rules import Caution
from journal.medication.rules.insulin import WHEN_LOW, is_low, meal_text
from journal.medication.rules.status import span
from journal.observations import Measurement
from journal.platform.clock import spoken
from journal.platform.language import gettext as _
from journal.platform.quantity import NotAnAmount, typed_decimal

GLUCOSE = "glucose"


class Glucose(NamedTuple):
    """`last`: the newest and its age. `low`: it, or what was just typed, is low. `todo`: what is done then. `meal`: of a
    dose that belongs to one."""

    last: str
    low: bool
    todo: str
    meal: str | None


def glucose_of(
    cautions: Sequence[Caution],
    latest: Mapping[str, Measurement],
    now: datetime,
    *,
    atc_code: str | None = None,
    typed: str = "",
) -> Glucose | None:
    """What the card of insulin says of the blood glucose; None for another medicine. `typed`: what was measured just now."""
    if Caution.INSULIN not in cautions:
        return None
    last = latest.get(GLUCOSE)
    low = is_low(_number(typed) if typed else last.value if last else None)
    return Glucose(_said(last, now), low, WHEN_LOW, meal_text(atc_code))


def _said(last: Measurement | None, now: datetime) -> str:
    if last is None:
        return _("Ingen har målt blodsukker her.")
    when, age = spoken(last.effective_at, now), span(now - last.effective_at)
    return _("Siste blodsukker: %(value)s, %(time)s, for %(age)s siden.", value=last.text, time=when, age=age)


def _number(typed: str) -> Decimal | None:
    try:
        return typed_decimal(typed.strip())
    except NotAnAmount:
        return None
