"""A strength as the medication line says it, in bokmål as all of the line.

The catalogue writes `100 E/ml`, which is misread: the E as a digit, the slash as a one.

Rules L3, L5, L6 and L7 of the medication line (NHS Common User Interface MEDi-008, -017, -023, -024, -045, -046; ISMP).
"""

import re
from functools import lru_cache

from journal.platform.quantity import NBSP, UNITS, NotAnAmount, parse_decimal, show

_AMOUNT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([^\s0-9]+)")
_WRITTEN_OUT = {
    "E": "enheter",
    "IE": "enheter",
    "mikrog": "mikrogram",
    "µg": "mikrogram",
    "nanog": "nanogram",
    "mmol": "millimol",
}
_PER = {"ml", "l", "dose", "doser", "time", "timer", "døgn"}
"""What a strength is said to be in. What is beside another substance is a weight."""
_SHORT = {"g", "mg", "kg", "ml", "l"}


@lru_cache(maxsize=4096)
def strength_in_words(text: str) -> str:
    """`100 enheter per ml`, `850 mg og 50 mg`, `12 mg per 0,6 ml`. A text that is no such strength is given back as it is."""
    substances = [_said(one.strip().split("/")) for one in text.split(" + ")]
    said = [one for one in substances if one is not None]
    return _and(said) if len(said) == len(substances) else text


def _said(parts: list[str]) -> str | None:
    """The substances first, then what they are in, if that is said: `160 mikrogram og 4,5 mikrogram per dose`."""
    of: list[str] = []
    for number, part in enumerate(map(str.strip, parts)):
        last = number > 0 and number == len(parts) - 1
        amount = _AMOUNT.fullmatch(part)
        if last and (part in _PER or part in _SHORT or (amount and amount[2] in _PER)):
            inside = _amount(amount) if amount else part
            return inside and f"{_and(of)} per {inside}"
        if amount is None or (said := _amount(amount)) is None:
            return None
        of.append(said)
    return _and(of)


def _amount(found: "re.Match[str]") -> str | None:
    unit = _WRITTEN_OUT.get(found[2], found[2])
    known = unit in _PER | _SHORT | {"%", *_WRITTEN_OUT.values()} or unit in UNITS
    try:
        return f"{show(parse_decimal(found[1]))}{NBSP}{unit}" if known else None
    except NotAnAmount:
        return None


def _and(said: list[str]) -> str:
    *first, last = said
    return f"{', '.join(first)} og {last}" if first else last
