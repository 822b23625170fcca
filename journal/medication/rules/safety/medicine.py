"""A medicine as the safety rules see it: an order in use or one about to be signed, whatever it is stored as."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.safety.substances import holding, substances
from journal.platform.quantity import UNITS, Quantity, parse_decimal

_VACCINES = "J07"
_LOCAL_ROUTES = {"4", "8", "11", "51", "52", "67"}
"""Volven 7477: in the mouth, on skin, inhaled, in the nose, in the eye, in the vagina."""

_LOCAL_CODES = ("A01", "A07", "C05", "D", "G01", "M02", "N01", "R01", "R03A", "R03B", "S")
"""ATC groups used where they work; decides only where no route is known."""

_SYSTEMIC_IN_THE_MOUTH = ("N05CD08", "N02AB03", "N02AE01", "N07BC")
"""Given in mouth or nose to reach the whole body."""

_LONG_FORMS = {"24", "25", "58", "449"}
"""Volven 7448: depotkapsel, depottablett, depotplaster, tablett med modifisert frisetting."""

_ALWAYS_LONG = ("N07BC",)
_STRENGTH = re.compile(r"([0-9][0-9 \u00a0]*(?:[.,][0-9]+)?)\s*(g|mg|mikrog(?:ram)?|mmol|IE|E|mikrog(?:ram)?/time)")
_UNIT = {"mikrog": "mikrogram", "mikrog/time": "mikrogram/time", "E": "enhet"}


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One substance of a product, and how much of it one unit of the hand holds; None when that is not known."""

    name: str
    per_unit: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """An order. `key` is its entry id, or anything of its own for one that is not signed yet.

    `name` and `brand` are shown. `ingredients`: see `ingredients_of`; empty for a single substance, whose strength the
    dosage has. `form_code` is 7448, `route_code` 7477, `substance_ids` FEST's. `dosage` None: nobody knows how it is
    taken. `starts_at` and `ends_at` None: from before all else, and for ever.
    """

    key: str
    name: str
    brand: str | None = None
    atc_code: str | None = None
    dosage: Dosage | None = None
    ingredients: tuple[Ingredient, ...] = ()
    substance_ids: frozenset[UUID] = frozenset()
    form: str | None = None
    form_code: str | None = None
    route_code: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def opening(self) -> str:
        """Its name at the beginning of a sentence."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def substance_names(self) -> frozenset[str]:
        """What it holds, by the names of the table where it knows them. Two that share one hold the same substance."""
        code = self.atc_code or ""
        known = {substance.name for substance in holding(code)}
        if any(code in substances()[name].alone for name in known):
            return frozenset(known)
        if code.startswith(_VACCINES):
            return frozenset({code})
        # The table may know one part of a combination alone.
        return frozenset(known | {substance_name(one.name) for one in self.ingredients or ingredients_of(self.name)})

    @property
    def codes(self) -> frozenset[str]:
        """Its ATC code, and for a combination those of its substances alone."""
        if not self.atc_code:
            return frozenset()
        held = (one.alone[0] for one in holding(self.atc_code) if self.atc_code in one.combined and one.alone)
        return frozenset({self.atc_code, *held})

    @property
    def local(self) -> bool:
        """Whether it works where it is put, with little of it in the blood."""
        if (self.atc_code or "").startswith(_SYSTEMIC_IN_THE_MOUTH):
            return False
        if self.route_code is not None:
            return self.route_code in _LOCAL_ROUTES
        return (self.atc_code or "").startswith(_LOCAL_CODES)

    @property
    def long_acting(self) -> bool:
        """Depot tablets, depot capsules, patches, and what is long in itself."""
        if (self.atc_code or "").startswith(_ALWAYS_LONG) or self.form_code in _LONG_FORMS:
            return True
        return (self.form or "").lower().startswith("depot")

    @property
    def as_needed(self) -> bool:
        return self.dosage is not None and self.dosage.as_needed is not None

    def is_of(self, *groups: str) -> bool:
        """Whether it, or a substance in it, belongs to one of these ATC groups."""
        return any(code.startswith(groups) for code in self.codes)


def meet(one: Ordered, other: Ordered) -> bool:
    """Whether the two are in use at the same time. One that ends as the other begins has been replaced by it."""
    (first_from, first_to), (second_from, second_to) = _period(one), _period(other)
    first_is_over = first_to is not None and second_from is not None and first_to <= second_from
    second_is_over = second_to is not None and first_from is not None and second_to <= first_from
    return not first_is_over and not second_is_over


def ingredients_of(generic_name: str, strength: str | None = None) -> tuple[Ingredient, ...]:
    """The substances of a product from its generic name and its strength, one of each for each substance, in order.

    `kodein og paracetamol`, `30 mg/400 mg` holds 30 mg of the one and 400 mg of the other in a tablet; a patch gives
    `25 mikrog/time`. A strength that does not read so, such as one per millilitre, gives no amounts: they are never guessed.
    """
    names = [name for name in re.split(r", | og |/", generic_name.lower()) if name]
    written = [_STRENGTH.fullmatch(part.strip()) for part in re.split(r"[+/](?=\s*[0-9])", strength or "")]
    if len(written) != len(names) or not all(written):
        return tuple(map(Ingredient, names))
    return tuple(Ingredient(name, _amount(found)) for name, found in zip(names, written, strict=True) if found)


@lru_cache(maxsize=4096)
def substance_name(text: str) -> str:
    """The table's name of a substance or of a salt of it: `Morfinhydroklorid` is morfin; else the text in lower case."""
    written = text.strip().lower()
    known = [name for name in substances() if written.startswith(name)]
    return max(known, key=len, default=written)


def _amount(found: re.Match[str]) -> Quantity | None:
    number, unit = re.sub(r"\s", "", found[1]), _UNIT.get(found[2], found[2])
    return Quantity(parse_decimal(number), unit) if unit in UNITS else None


def _period(order: Ordered) -> tuple[datetime | None, datetime | None]:
    """From when until when the medicine is in use. The day of the next INR is no end: it goes on with another dose."""
    course = order.dosage.course if order.dosage is not None else None
    starts = [at for at in (order.starts_at, course.starts_at if course else None) if at is not None]
    ends = [at for at in (order.ends_at, course.ends_at if course else None) if at is not None]
    return max(starts, default=None), min(ends, default=None)
