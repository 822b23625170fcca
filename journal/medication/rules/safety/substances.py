"""The substances the rules know: under which ATC codes they stand, their highest dose, and their usual single dose.

The table is `data/substances.csv`, a line for each substance:

* alone: the ATC codes of the substance alone. One substance may have several (acetylsalicylic acid against pain and
  against clots); interactions and allergies follow the code, "the same substance" follows the line;
* combined: the ATC codes of products that hold it together with others;
* maximum: the most in 24 hours for an adult, whatever the indication; lower, when: a lower one for some (`65+` from that
  age, `<=50kg`); empty: no figure is known, which is not the same as no limit;
* least, most: a usual single dose for an adult, by mouth;
* source: a code of `sources.BY_CODE`.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

from journal.medication.rules.safety.sources import BY_CODE
from journal.platform.quantity import parse_decimal


@dataclass(frozen=True, slots=True)
class Person:
    """What of the patient decides a limit; None for what is not known."""

    age: int | None = None
    weight_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LowerLimit:
    """A lower limit for some."""

    amount: Decimal
    from_age: int | None = None
    to_kg: Decimal | None = None

    def holds_for(self, person: Person) -> bool:
        """Whether the limit is this person's. Not for somebody whose age or weight is not known."""
        if self.from_age is not None:
            return person.age is not None and person.age >= self.from_age
        return self.to_kg is not None and person.weight_kg is not None and person.weight_kg <= self.to_kg


@dataclass(frozen=True, slots=True)
class Substance:
    """A line of the table. Amounts are in `unit`."""

    name: str
    alone: tuple[str, ...]
    combined: tuple[str, ...]
    unit: str
    maximum: Decimal | None
    lower: LowerLimit | None
    usual: tuple[Decimal, Decimal] | None
    source: str

    @property
    def codes(self) -> tuple[str, ...]:
        """Every ATC code under which the substance stands."""
        return self.alone + self.combined


@cache
def substances() -> dict[str, Substance]:
    """The table, by name. Raises ValueError for a line that cannot be read."""
    file = resources.files("journal.medication") / "data/substances.csv"
    lines = csv.DictReader(file.read_text(encoding="utf-8").splitlines(), delimiter=";", strict=True)
    return {line["substance"]: _substance(line) for line in lines}


@cache
def holding(atc_code: str) -> tuple[Substance, ...]:
    """The substances that stand under this ATC code; none for one the table does not know."""
    return tuple(substance for substance in substances().values() if atc_code in substance.codes)


def _substance(line: dict[str, str]) -> Substance:
    least, most = _decimal(line["least"]), _decimal(line["most"])
    lower = _decimal(line["lower"])
    return Substance(
        name=line["substance"],
        alone=tuple(line["alone"].split()),
        combined=tuple(line["combined"].split()),
        unit=line["unit"],
        maximum=_decimal(line["maximum"]),
        lower=None if lower is None else _lower(lower, line["when"]),
        usual=None if least is None or most is None else (least, most),
        source=BY_CODE[line["source"]] if line["source"] else "",
    )


def _lower(amount: Decimal, when: str) -> LowerLimit:
    if when.endswith("+"):
        return LowerLimit(amount, from_age=int(when[:-1]))
    return LowerLimit(amount, to_kg=parse_decimal(when.removeprefix("<=").removesuffix("kg")))


def _decimal(text: str) -> Decimal | None:
    return parse_decimal(text) if text else None
