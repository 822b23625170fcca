"""What a multidose roll holds, as somebody reads it off the pharmacy's own list, and which order each line is.

Source: our own form of it, one medicine a line; no machine format is in the references. Names and strengths are compared as
they are written: what cannot be told for sure is no match, and a person decides.
"""

import re
from collections.abc import Sequence
from datetime import time
from typing import Any, NamedTuple

from journal.medication.rules.strength import strength_in_words
from journal.platform.clock import parse_time_of_day
from journal.platform.language import phrase
from journal.platform.quantity import UNITS, NotAnAmount, Quantity, typed_decimal

_DAYS = {"man": 1, "tir": 2, "tirs": 2, "ons": 3, "tor": 4, "tors": 4, "fre": 5, "lør": 6, "søn": 7}
_UNITS = {name: code for code, unit in UNITS.items() for name in (code, unit.singular, unit.plural)}
_HOUR = re.compile(r"[0-9]{1,2}")
_STRENGTH = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([^\W\d_]+)")
EXAMPLE = "Metoprolol Sandoz 50 mg; 1 tablett; 08 20"
MOST_LINES = 60


class RollLine(NamedTuple):
    """A medicine of a roll, how much of it, and when: at these clock times in Oslo, on these weekdays (1 is Monday; none: all)."""

    medicine: str
    amount: Quantity
    times: tuple[time, ...]
    weekdays: tuple[int, ...] = ()


class NotARollLine(ValueError):
    """A line that cannot be read; the text is for the user."""


def read_roll(text: str) -> tuple[RollLine, ...]:
    """The lines of a text such as `Metoprolol 50 mg; 1 tablett; 08 20; man tor`; the days may be left out. Raises NotARollLine."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise NotARollLine(phrase("Skriv hva som ligger i posene, ett legemiddel på hver linje."))
    if len(lines) > MOST_LINES:
        raise NotARollLine(phrase("Skriv høyst %(most)s linjer.", most=MOST_LINES))
    return tuple(_read(number, line) for number, line in lines)


def _read(number: int, line: str) -> RollLine:
    parts = [part.strip() for part in line.split(";")]
    if not 3 <= len(parts) <= 4 or not all(parts) or len(parts[0]) > 200:
        said = "Linje %(number)s: skriv legemiddel; mengde; klokkeslett, for eksempel %(example)s"
        raise NotARollLine(phrase(said, number=number, example=EXAMPLE))
    times = tuple(_time(number, word) for word in parts[2].replace("kl.", " ").replace(",", " ").split())
    if not times or len(set(times)) != len(times):
        raise NotARollLine(phrase("Linje %(number)s: skriv hvert klokkeslett én gang.", number=number))
    return RollLine(parts[0], _amount(number, parts[1]), times, _weekdays(number, parts[3] if len(parts) == 4 else ""))


def _amount(number: int, text: str) -> Quantity:
    value, _, unit = text.partition(" ")
    try:
        amount = typed_decimal(value)
    except NotAnAmount as error:
        raise NotARollLine(phrase("Linje %(number)s: %(error)s", number=number, error=error.args[0])) from error
    if amount <= 0 or unit.strip().lower() not in _UNITS:
        said = "Linje %(number)s: skriv mengden med tall og enhet, for eksempel 1 tablett."
        raise NotARollLine(phrase(said, number=number))
    return Quantity(amount, _UNITS[unit.strip().lower()])


def _time(number: int, word: str) -> time:
    try:
        return parse_time_of_day(f"{word}.00" if _HOUR.fullmatch(word) else word)
    except ValueError as error:
        raise NotARollLine(phrase("Linje %(number)s: %(error)s", number=number, error=error.args[0])) from error


def _weekdays(number: int, text: str) -> tuple[int, ...]:
    words = text.lower().replace(",", " ").split()
    if any(word not in _DAYS for word in words):
        said = "Linje %(number)s: skriv dagene som man, tir, ons, tor, fre, lør, søn."
        raise NotARollLine(phrase(said, number=number))
    return tuple(sorted({_DAYS[word] for word in words}))


def matching(medicine: str, orders: Sequence[Any]) -> Any:
    """The one order whose generic or brand name begins this text, of the strength it says; None for none, or more than one.

    Each order has generic_name, brand_name and strength.
    """
    found = [order for order in orders if _is(medicine, order)]
    return found[0] if len(found) == 1 else None


def _is(medicine: str, order: Any) -> bool:
    words = medicine.casefold().split()
    names = [name.casefold().split() for name in (order.generic_name, order.brand_name) if name]
    if not any(words[: len(name)] == name for name in names):
        return False
    ours = _STRENGTH.search(strength_in_words(order.strength)) if order.strength else None
    theirs = _STRENGTH.search(medicine)
    if ours is None or theirs is None:
        return ours is theirs
    return _plain(ours) == _plain(theirs)


def _plain(strength: re.Match[str]) -> tuple[str, str]:
    number = strength[1].replace(",", ".")
    return (number.rstrip("0").rstrip(".") if "." in number else number, strength[2].casefold())
