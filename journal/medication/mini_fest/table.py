"""Reads the two tables of the small catalogue."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from importlib import resources
from uuid import UUID, uuid5

from journal.medication.fest import Coded, Strength
from journal.medication.mini_fest.codes import FORMS, NEVER_CRUSHED, ROUTES, UNIT_WORDS, Form
from journal.platform.quantity import UNITS, Quantity, parse_decimal

_OURS = UUID("5b0c2f0e-5f0e-5d0b-9c53-0a4b6f1d2e77")
_STRENGTH = re.compile(r"([\d,]+) ([^/]+)(?:/(?:([\d,]+) )?(.+))?")
_DOSE = re.compile(r"(?P<amount>[\d,]+)(?:!|\?(?P<most>\d+)|@(?P<at>[\d,]+)(?:/(?P<every>\w+))?(?:x(?P<days>\d+))?)")
_WEEKDAYS = {
    "ma": "mandag",
    "ti": "tirsdag",
    "on": "onsdag",
    "to": "torsdag",
    "fr": "fredag",
    "lø": "lørdag",
    "sø": "søndag",
}
_ON_SKIN = ("krem", "salve", "gel")


@dataclass(frozen=True, slots=True)
class UsualDose:
    """A dose for the demo. One of `times` (wall time), `most_a_day` and neither (once) says when.

    `weekday` is 1-7 from Monday; `every_days` and `every_months` count from the first dose; `course_days` ends it.
    `where` and `on_skin` only shape the sentence.
    """

    amount: Quantity
    times: tuple[time, ...] = ()
    weekday: int | None = None
    every_days: int | None = None
    every_months: int | None = None
    course_days: int | None = None
    most_a_day: int | None = None
    where: str = ""
    on_skin: bool = False

    def __str__(self) -> str:
        """`1 tablett kl. 08 og 20`, `6 tabletter hver mandag kl. 08`, `1 ml ved behov, inntil 4 ganger per døgn`."""
        what = "Smøres tynt på huden" if self.on_skin else f"{self.amount}{self.where}"
        if self.most_a_day is not None:
            times = "gang" if self.most_a_day == 1 else "ganger"
            return f"{what} ved behov, inntil {self.most_a_day} {times} per døgn"
        if not self.times:
            return f"{what} én gang"
        course = f" i {self.course_days} dager" if self.course_days else ""
        return f"{what}{self._days()} kl. {_listed([_clock(at) for at in self.times])}{course}"

    def _days(self) -> str:
        if self.weekday:
            return f" hver {tuple(_WEEKDAYS.values())[self.weekday - 1]}"
        if self.every_days:
            return f" hver {self.every_days}. dag"
        return f" hver {self.every_months}. måned" if self.every_months else ""


@dataclass(frozen=True, slots=True)
class MiniProduct:
    """One strength of a medicine. `fest_id` is the brand's, `virtual_id` that of every brand alike."""

    fest_id: UUID
    package_id: UUID
    virtual_id: UUID
    item_number: str
    name_form_strength: str
    strengths: tuple[Strength, ...]


@dataclass(frozen=True, slots=True)
class MiniMedicine:
    """A line of the table: a medicine in one form, with its strengths as `products`, the most used first.

    `dose` fits the first product. `dose_unit` is a code of 7480, None for oxygen, which has none there.
    """

    atc_code: str
    generic_name: str
    brand_name: str
    form: Form
    route: Coded
    prescription_group: str
    dose_unit: Coded | None
    dose: UsualDose
    indication: str
    products: tuple[MiniProduct, ...]
    high_risk: bool
    time_critical: bool
    driving_warning: bool
    may_not_be_crushed: bool
    may_be_crushed: bool
    may_be_opened: bool
    may_be_halved: bool
    black_triangle: bool
    interactions_assessed: bool
    active: bool

    @property
    def substances(self) -> tuple[str, ...]:
        """The names of its substances, in the order of the strengths."""
        if len(self.products[0].strengths) < 2:
            return (self.generic_name,)
        return tuple(re.split(r", | og ", self.generic_name))

    @property
    def is_vaccine(self) -> bool:
        return self.atc_code.startswith("J07")


@dataclass(frozen=True, slots=True)
class MiniInteraction:
    """A line of `data/interactions.csv`: relevance is 7483; `groups` are the name of each side and its ATC codes."""

    fest_id: UUID
    relevance: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    consequence: str
    mechanism: str
    handling: str


@dataclass(frozen=True, slots=True)
class MiniWarning:
    """A line of `data/warnings.csv`: `kind` is 7441, about every medicine of the ATC code."""

    listing_id: UUID
    kind: str
    since: date
    atc_code: str
    heading: str
    text: str


@cache
def rows() -> tuple[MiniMedicine, ...]:
    """The medicines, by ATC code. Raises ValueError for a line that cannot be read."""
    taken: set[str] = set()
    return tuple(_medicine(line, taken) for line in _lines("mini_fest.csv"))


@cache
def interactions() -> tuple[MiniInteraction, ...]:
    """The interactions, in the order of the table."""
    return tuple(_interaction(line) for line in _lines("interactions.csv"))


@cache
def warnings() -> tuple[MiniWarning, ...]:
    """The authority's warnings, in the order of the table."""
    return tuple(
        MiniWarning(
            listing_id=stable_id("warning", line["atc"], line["from"]),
            kind=line["kind"],
            since=date.fromisoformat(line["from"]),
            atc_code=line["atc"],
            heading=line["heading"],
            text=line["text"],
        )
        for line in _lines("warnings.csv")
    )


def stable_id(*parts: str) -> UUID:
    """The same id each time for the same thing."""
    return uuid5(_OURS, "|".join(parts))


def _lines(name: str) -> Iterator[dict[str, str]]:
    table = resources.files("journal.medication") / "data" / name
    yield from csv.DictReader(table.read_text(encoding="utf-8").splitlines(), delimiter=";", strict=True)


def _medicine(line: dict[str, str], taken: set[str]) -> MiniMedicine:
    form = FORMS[line["form"]]
    route, unit, flags = line["route"] or form.route, line["unit"] or form.unit, line["flags"]
    unit_code = UNITS[unit].volven_7480
    return MiniMedicine(
        atc_code=line["atc"],
        generic_name=line["generic"],
        brand_name=line["brand"],
        form=form,
        route=Coded(route, ROUTES[route]),
        prescription_group=line["group"],
        dose_unit=Coded(unit_code, UNIT_WORDS.get(unit, unit)) if unit_code else None,
        dose=_dose(line["dose"], unit, form, route),
        indication=line["indication"],
        products=tuple(_product(line, form, route, written, taken) for written in line["strengths"].split("|")),
        high_risk="H" in flags,
        time_critical="T" in flags,
        driving_warning="V" in flags,
        may_not_be_crushed="K" in flags or form.short in NEVER_CRUSHED,
        may_be_crushed="M" in flags,
        may_be_opened="O" in flags,
        may_be_halved="D" in flags,
        black_triangle="S" in flags,
        interactions_assessed="N" not in flags,
        active="X" not in flags,
    )


def _product(line: dict[str, str], form: Form, route: str, written: str, taken: set[str]) -> MiniProduct:
    strengths = tuple(_strength(one) for one in written.split("+")) if written else ()
    key = (line["atc"], line["brand"], form.code, written)
    return MiniProduct(
        fest_id=stable_id("brand", *key),
        package_id=stable_id("package", *key),
        virtual_id=stable_id("virtual", line["atc"], line["generic"], form.code, route, written),
        item_number=_item_number(key, taken),
        name_form_strength=f"{line['brand']} {form.short} {_shown(strengths)}".strip(),
        strengths=strengths,
    )


def _shown(strengths: tuple[Strength, ...]) -> str:
    """As in the names of FEST: `50 mg/12,5 mg`, and `50 mikrog/250 mikrog/dose` where all are in the same amount."""
    if len({(one.per_value, one.per_unit) for one in strengths}) > 1 or len(strengths) < 2:
        return "/".join(str(one) for one in strengths)
    *first, last = strengths
    return "/".join([*(str(Strength(one.value, one.unit)) for one in first), str(last)])


def _item_number(key: tuple[str, ...], taken: set[str]) -> str:
    """Six digits, made up, each once."""
    number = stable_id("item", *key).int % 100_000
    while (written := f"9{number:05}") in taken:
        number = (number + 1) % 100_000
    taken.add(written)
    return written


def _strength(text: str) -> Strength:
    found = _STRENGTH.fullmatch(text)
    if found is None:
        raise ValueError(f"not a strength: {text!r}")
    value, unit, per_value, per_unit = found.groups()
    per = Decimal((per_value or "1").replace(",", ".")) if per_unit else None
    return Strength(Decimal(value.replace(",", ".")), unit, per, per_unit)


def _dose(text: str, unit: str, form: Form, route: str) -> UsualDose:
    found = _DOSE.fullmatch(text)
    if found is None:
        raise ValueError(f"not a dose: {text!r}")
    every = found["every"] or ""
    counted = int(every[:-1]) if every[:1].isdigit() else None
    return UsualDose(
        amount=Quantity(parse_decimal(found["amount"]), unit),
        times=tuple(time(int(hour)) for hour in (found["at"] or "").split(",") if hour),
        weekday=list(_WEEKDAYS).index(every) + 1 if every in _WEEKDAYS else None,
        every_days=counted if every.endswith("d") else None,
        every_months=counted if every.endswith("m") else None,
        course_days=int(found["days"]) if found["days"] else None,
        most_a_day=int(found["most"]) if found["most"] else None,
        where=" i hvert øye" if route == "52" else "",
        on_skin=form.short in _ON_SKIN,
    )


def _interaction(line: dict[str, str]) -> MiniInteraction:
    sides = [side.partition(": ") for side in (line["first"], line["second"])]
    return MiniInteraction(
        fest_id=stable_id("interaction", line["first"], line["second"]),
        relevance=line["relevance"],
        groups=tuple((name, tuple(codes.split())) for name, _, codes in sides),
        consequence=line["consequence"],
        mechanism=line["mechanism"],
        handling=line["handling"],
    )


def _clock(at: time) -> str:
    return f"{at.hour:02}.{at.minute:02}" if at.minute else f"{at.hour:02}"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} og {words[-1]}" if len(words) > 1 else words[0]
