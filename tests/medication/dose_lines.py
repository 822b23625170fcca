"""Medication lines by the million, and the display rules L1–L12 that each must keep, said anew from the rules themselves.

`make lines` (tools/dose_lines.py) looks at a million; the suite at some thousands. A line is made as the list makes it, from an
order as it is stored, by `line_of`, and drawn by the list's own macro.
"""

import html
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader

from journal.medication import mini_fest
from journal.medication.rules import (
    AmountRange,
    Course,
    Cycle,
    Dosage,
    EveryDays,
    InvalidDosage,
    MedicationLine,
    TimeOfDay,
    Weekday,
    daily,
    dose_sentence,
    every_days,
    every_hours,
    in_cycle,
    on_weekdays,
    when_needed,
)
from journal.medication.service.shown import line_of
from journal.platform.quantity import SUBSTANCE_UNITS, UNITS, NotAnAmount, Quantity

NBSP = "\u00a0"
SHOWN_ON = date(2026, 11, 22)
WEB = Path(__file__).parents[2] / "journal" / "web"
INDICATIONS = [
    None,
    "smerter",
    "høyt blodtrykk",
    "uro og angst om natten",
    "forebygging av blodpropp etter operasjon",
    "kløe",
]
ODD_NAMES = [("NPH-insulin", "Insulatard"), ("B12-vitamin", None), ("Natriumklorid", "NaCl & co"), ("x" * 90, "Y" * 60)]


@dataclass(frozen=True)
class Drawn:
    """A line: what it was made of, in words for paper and speech, and as the list draws it."""

    order: Any
    dosage: Dosage
    line: MedicationLine
    markup: str


# Making them


def lines(number: int, seed: int) -> Iterator[Drawn]:
    """So many lines, the same for the same seed."""
    chance, macro = random.Random(seed), _macros().line
    made = 0
    while made < number:
        try:
            dosage = _dosage(chance)
        except (InvalidDosage, NotAnAmount):
            continue
        order = _order(chance)
        line = line_of(order, dosage, SHOWN_ON)
        made += 1
        yield Drawn(order, dosage, line, str(macro(line)))


@cache
def _macros() -> Any:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
    environment.globals.update({"_": str, "icon": lambda name: "", "asset": str})
    return environment.get_template("macros/medication.html").module


@cache
def _products() -> list[dict[str, Any]]:
    """Real names, forms, strengths and routes, as an order has them."""
    found = [
        {
            "generic_name": medicine.generic_name,
            "brand_name": medicine.brand_name,
            "form": medicine.form.text.lower(),
            "strength": " + ".join(map(str, product.strengths)) or None,
            "route": medicine.route.text.lower(),
        }
        for medicine in mini_fest.rows()
        for product in medicine.products
    ]
    plain = {"form": "tablett", "strength": "100000 IE/ml", "route": "peroralt"}
    return found + [plain | {"generic_name": generic, "brand_name": brand} for generic, brand in ODD_NAMES]


def _order(chance: random.Random) -> Any:
    return SimpleNamespace(**chance.choice(_products()), indication=chance.choice(INDICATIONS))


def _amount(chance: random.Random, unit: str) -> Quantity:
    scale = chance.choice((0, 0, 0, 1, 2, 3, 4))
    digits = chance.choice((1, 1, 2, 3, 4, 5, 7)) + scale
    return Quantity(Decimal(chance.randrange(1, 10**digits)).scaleb(-scale), unit)


def _at(chance: random.Random) -> time:
    return time(chance.randrange(24), chance.choice((0, 0, 0, 15, 30, 5)))


def _dosage(chance: random.Random) -> Dosage:
    unit = chance.choice(list(UNITS))
    amount = _amount(chance, unit)
    more: dict[str, Any] = {}
    if chance.random() < 0.6:
        more["strength_per_unit"] = _amount(chance, chance.choice(SUBSTANCE_UNITS))
    if chance.random() < 0.2:
        more["course"] = Course.of_days(_day(chance), chance.randrange(1, 60))
    if chance.random() < 0.1:
        more["exact"] = True
    clock_times = chance.random() < 0.7
    moments: Any = (
        sorted({_at(chance) for _ in range(chance.randrange(1, 7))})
        if clock_times
        else chance.sample(list(TimeOfDay), chance.randrange(1, 7))
    )
    each: Any = amount if chance.random() < 0.7 else {moment: _amount(chance, unit) for moment in moments}
    at = () if isinstance(each, dict) else moments
    match chance.randrange(6):
        case 0:
            return daily(each, at, **more)
        case 1:
            return on_weekdays(each, chance.sample(list(Weekday), chance.randrange(1, 7)), at, **more)
        case 2:
            cycle = Cycle(chance.randrange(1, 40), chance.randrange(1, 40), _day(chance))
            return in_cycle(each, cycle, at, **more)
        case 3:
            return every_days(amount, chance.randrange(2, 200), _day(chance), moments[0], **more)
        case 4:
            return every_hours(amount, chance.randrange(1, 1500), **more)
    return when_needed(_maybe_range(chance, amount), **_limits(chance, amount), **more)


def _maybe_range(chance: random.Random, amount: Quantity) -> Quantity | AmountRange:
    return AmountRange(amount, amount * chance.randrange(2, 5)) if chance.random() < 0.4 else amount


def _limits(chance: random.Random, amount: Quantity) -> dict[str, Any]:
    limits: dict[str, Any] = {"max_doses": chance.randrange(1, 25)}
    if chance.random() < 0.5:
        limits["max_amount"] = amount * chance.randrange(5, 12)
    if chance.random() < 0.5:
        limits["least_interval"] = timedelta(minutes=chance.choice((1, 30, 60, 90, 240, 1440, 2881)))
    return limits


def _day(chance: random.Random) -> date:
    return date(2026, 1, 1) + timedelta(days=chance.randrange(1000))


# What they must be

_HOUR = rf"[0-2][0-9](?:\.[0-5][0-9])?(?![0-9{NBSP}]|[.,][0-9])"
_CLOCK = re.compile(rf"kl\.{NBSP}{_HOUR}(?:(?:, {_HOUR})* og {_HOUR})?")
_DATE = re.compile(r"[0-3][0-9]\.[01][0-9]\.[0-9]{4}")
_ORDINAL = re.compile(rf"hver ([1-9][0-9]*)\.{NBSP}(?:time|dag)")
_NUMBER = re.compile(rf"[0-9](?:[0-9.,{NBSP}]*[0-9])?")
_RIGHT_NUMBER = re.compile(rf"(?:0|[1-9][0-9]{{0,2}}(?:{NBSP}[0-9]{{3}})*)(?:,[0-9]{{0,3}}[1-9])?")
_LIKE_DIGITS = set("()[]/<>@|")
_SHORT_WORDS = {"g", "mg", "kg", "ml", "l", "kl", "og", "per", "på", "av", "til", "fra", "med", "dag", "kun", "ved"}
_NEVER = re.compile(r"µg|μg|\bmcg\b|\bug\b|\bIE\b|\bIU\b|\bE\b|\bU\b|mikrog\b|nanog\b", re.IGNORECASE)


def broken(drawn: Drawn) -> list[str]:
    """The rules that this line breaks; none of a right one."""
    rules = (_l1, _l2, _l3, _l4_l5, _l6, _l7_l9, _l8, _l10, _sentence)
    return [said for rule in rules if (said := rule(drawn))]


def _l1(drawn: Drawn) -> str:
    """Generic name, brand, form – dose – route – frequency – indication; the name is always first."""
    line, order = drawn.line, drawn.order
    parts = [line.dose, line.route, line.frequency, line.indication]
    words = str(line)
    name = " ".join(filter(None, (line.generic, line.brand and line.brand.upper(), line.form)))
    if words != " – ".join([name, *(part for part in parts if part)]):
        return "L1 the order of the words"
    at = [
        drawn.markup.find(html.escape(part, quote=True).replace("&#x27;", "&#39;"))
        for part in (line.generic, line.dose)
    ]
    if not 0 <= at[0] < at[1]:
        return "L1 the order on the screen"
    return "" if (line.route, line.indication) == (order.route, order.indication) else "L1 something was left out"


def _l2(drawn: Drawn) -> str:
    """The generic name in bold and lower case, but for what is an abbreviation; the brand beside it, less."""
    name = re.search(r'<b class="nm">(.*?)</b>', drawn.markup)
    generic = drawn.order.generic_name
    abbreviation = len(generic) > 1 and not generic[1].islower()
    if name is None or html.unescape(name[1]) != (generic if abbreviation else generic[0].lower() + generic[1:]):
        return "L2 the generic name"
    brand = re.search(r'<span class="br">(.*?)</span>', drawn.markup)
    return "" if (html.unescape(brand[1]) if brand else None) == drawn.order.brand_name else "L2 the brand"


def _l3(drawn: Drawn) -> str:
    """Dose and unit bold, a space between that never breaks."""
    dose = re.search(r'<b class="ds nw">(.*?)</b>', drawn.markup)
    if dose is None or html.unescape(dose[1]) != drawn.line.dose:
        return "L3 the dose is not in bold, or may be broken over a line"
    loose = re.search(r"[0-9] (?![–0-9]|og\b)", _without_times(drawn.line.dose))
    glued = re.search(r"[0-9][a-zæøå]", drawn.line.dose)
    return "L3 number and unit may part or meet" if loose or glued else ""


def _l4_l5(drawn: Drawn) -> str:
    """No trailing zero, a leading one, a decimal comma, thousands parted by a space that never breaks; and the right number."""
    for text in (drawn.line.dose, drawn.line.frequency, dose_sentence(drawn.dosage)):
        for number in _NUMBER.findall(_without_times(text)):
            if not _RIGHT_NUMBER.fullmatch(number):
                return f"L4/L5 {number!r}"
    said = {_value(number) for number in _NUMBER.findall(_without_times(drawn.line.dose))}
    return "" if said == _wanted(drawn.dosage) else "L4 another number than was ordered"


def _wanted(dosage: Dosage) -> set[Decimal]:
    """The numbers the dose must say: what is held where that is known, else what the hand gives."""
    amounts: tuple[Quantity | None, ...] = dosage.amounts
    if not amounts:
        amount = dosage.amount
        amounts = (amount.least, amount.most) if isinstance(amount, AmountRange) else (amount,)
    times = dosage.strength_per_unit.value if dosage.strength_per_unit else Decimal(1)
    return {(amount.value * times).normalize() for amount in amounts if amount}


def _value(number: str) -> Decimal:
    return Decimal(number.replace(NBSP, "").replace(",", ".")).normalize()


def _l6(drawn: Drawn) -> str:
    """Units that are misread are written out, and none ends in a full stop."""
    for text in (drawn.line.dose, drawn.line.frequency, _strength(drawn)):
        if found := _NEVER.search(text):
            return f"L6 {found[0]}"
    plain = _without_times(drawn.line.dose)
    short = {word for word in re.findall(r"[^\W\d_]+", plain) if len(word) <= 3} - _SHORT_WORDS
    return f"L6 {short}" if short else "L6 a full stop" if re.search(r"[a-zæøå]\.", plain) else ""


def _l7_l9(drawn: Drawn) -> str:
    """ "i" and "per", no slash; and no sign beside a number that looks like one."""
    for text in (drawn.line.dose, drawn.line.frequency, _strength(drawn)):
        if found := _LIKE_DIGITS & set(text):
            return f"L7/L9 {found} in {text!r}"
    return ""


def _l8(drawn: Drawn) -> str:
    """Nothing is cut off: the whole of every part stands in the markup."""
    shown = html.unescape(re.sub(r"<[^>]*>", "", drawn.markup))
    missing = [part for part in drawn.line if part and part not in shown]
    return f"L8 {missing}" if missing or "…" in shown else ""


def _l10(drawn: Drawn) -> str:
    """No label, and so no colon."""
    return "L10 a colon" if ":" in drawn.line.dose + drawn.line.frequency + (drawn.line.form or "") else ""


def _sentence(drawn: Drawn) -> str:
    """The whole dosage in words names every number of the amounts, and every weekday."""
    said, every = dose_sentence(drawn.dosage), drawn.dosage.every
    whole_weeks = isinstance(every, EveryDays) and every.days % 7 == 0
    if len(drawn.dosage.weekdays) + whole_weeks != sum(said.count(word) for word in _DAYS):
        return "the sentence loses a weekday"
    frequency = drawn.line.frequency
    if drawn.dosage.weekdays and not frequency.startswith("kun "):
        return "the weekdays do not catch the eye"
    return ""


_DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")


def _strength(drawn: Drawn) -> str:
    """What the form says beside the form itself."""
    return (drawn.line.form or "").removeprefix(drawn.order.form or "")


def _without_times(text: str) -> str:
    return _ORDINAL.sub("hver", _DATE.sub("", _CLOCK.sub("", text)))


def look_at(number: int, seed: int, say: Callable[[str], None]) -> Counter[str]:
    """How many of so many lines break each rule; says the first of them."""
    found: Counter[str] = Counter()
    for drawn in lines(number, seed):
        for rule in broken(drawn):
            found[rule.split(" ")[0]] += 1
            if found.total() <= 20:
                say(f"{rule}: {drawn.line} ({drawn.dosage})")
    return found
