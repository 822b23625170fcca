"""How a medicine is to be taken, as structure: what the hand gives, when, and for how long.

A dosage is one of seven kinds, and the kind decides which other parts must be there and which may not. A weekly medicine
is of kind `weekdays`: when the days are lost on the way it becomes invalid, never daily.
Methotrexate taken daily kills.

The structure follows the Norwegian prescription, Forskrivning 2014-12-01: DoseFastTidspunkt and DoseEtterBehov, time of
day as Volven 8325, weekdays as Volven 9082. It is stored in the order as JSON, with exact decimals as strings.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypedDict, Unpack

from journal.medication.rules import stored
from journal.medication.rules.parts import (
    AmountRange,
    AsNeeded,
    Course,
    Cycle,
    EveryDays,
    EveryHours,
    InrControl,
    InvalidDosage,
    Kind,
    Moment,
    Step,
    TimedDose,
    TimeOfDay,
    Weekday,
)
from journal.medication.rules.steps import check_course, check_inr, check_steps
from journal.platform.clock import instant
from journal.platform.language import phrases
from journal.platform.quantity import NotAnAmount, Quantity

_NOT_AS_STORED = "Doseringen er ikke skrevet slik den skal lagres."


@dataclass(frozen=True, slots=True)
class Dosage:
    """How a medicine is to be taken. Made by the functions below (`daily`, `weekly`, `when_needed` …).

    `amount`: what the hand gives (1 tablett, 10 ml, 1 plaster), never the strength. None when `amounts` gives each time
    its own, in the order of `times` or `times_of_day`, and when `steps` give each day its own.
    `strength_per_unit`: what one unit of the amount holds (50 mg in 1 tablett, 25 mg in 1 ml).
    `inr`: what warfarin is dosed by; its next day ends the doses.
    `exact`: Forskrivning's GisEksakt, to be given at the time itself.
    Raises InvalidDosage when the parts do not fit the kind.
    """

    kind: Kind
    amount: Quantity | AmountRange | None
    strength_per_unit: Quantity | None = None
    times: tuple[time, ...] = ()
    times_of_day: tuple[TimeOfDay, ...] = ()
    amounts: tuple[Quantity, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    cycle: Cycle | None = None
    every: EveryHours | EveryDays | None = None
    steps: tuple[Step, ...] = ()
    as_needed: AsNeeded | None = None
    course: Course | None = None
    inr: InrControl | None = None
    exact: bool = False

    def __post_init__(self) -> None:
        _check_parts(self)
        _check_moments(self)
        _check_weekdays(self)
        check_steps(self)
        _check_amounts(self)
        _check_limits(self)
        check_inr(self)
        check_course(self)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The clock times, or the times of day, of a day with this medicine."""
        return self.times or self.times_of_day

    @property
    def timed_doses(self) -> tuple[TimedDose, ...]:
        """The doses of a day with this medicine, in order; empty for kinds without a clock time, and for steps."""
        if self.amounts:
            return tuple(map(TimedDose, self.moments, self.amounts))
        return tuple(TimedDose(at, self.amount) for at in self.moments if isinstance(self.amount, Quantity))

    @property
    def ends_at(self) -> datetime | None:
        """The first instant (UTC) that has no dose any more by the dosage itself; None while nothing ends it."""
        if self.inr is not None:
            return instant(self.inr.next_on, time.min)
        return self.course.ends_at if self.course else None

    def step_on(self, day: date) -> Step | None:
        """The step of this day (Oslo); None before the first one."""
        return next((step for step in reversed(self.steps) if step.first_day <= day), None)

    def doses_of(self, step: Step) -> tuple[TimedDose, ...]:
        """The doses of a day in this step, in order; none where the amount is 0."""
        amounts = step.amounts * len(self.moments) if len(step.amounts) == 1 else step.amounts
        return tuple(dose for dose in map(TimedDose, self.moments, amounts) if dose.amount.value)

    @property
    def unit(self) -> str:
        """The unit of what the hand gives."""
        return _hand_amounts(self)[-1].unit

    def to_json(self) -> dict[str, Any]:
        """JSON for the order: decimals as strings, empty parts left out."""
        return stored.written(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Dosage":
        """The dosage that `to_json` wrote. Raises InvalidDosage for anything else, even `true` for 1."""
        try:
            return _read(stored.canonical(document))
        except InvalidDosage:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidDosage(_NOT_AS_STORED) from error

    @classmethod
    def from_text(cls, text: str) -> "Dosage":
        """As `from_json`, of the document as text."""
        return _read_text(text)

    def strength_of(self, amount: Quantity) -> Quantity | None:
        """What `amount` (in the unit of the hand) holds: 2 tabletter of 50 mg hold 100 mg. None without a strength."""
        return self.strength_per_unit * amount.value if self.strength_per_unit is not None else None

    def in_unit(self, amount: Quantity, unit: str) -> Quantity | None:
        """`amount` in the unit of the hand or of the strength; None for any other unit, which is never converted."""
        if amount.unit == unit:
            return amount
        if amount.unit != self.unit or self.strength_per_unit is None or self.strength_per_unit.unit != unit:
            return None
        return self.strength_of(amount)


# What can be wrong, part by part


_PARTS = {
    Kind.DAILY: {"moments"},
    Kind.WEEKDAYS: {"moments", "weekdays"},
    Kind.CYCLE: {"moments", "cycle"},
    Kind.EVERY_DAYS: {"moments", "every"},
    Kind.EVERY_HOURS: {"every"},
    Kind.STEPS: {"moments", "steps"},
    Kind.AS_NEEDED: {"as_needed"},
}

_MISSING = phrases(
    {
        "moments": "Doseringen mangler klokkeslett eller tid på dagen.",
        "weekdays": "Doseringen mangler ukedag.",
        "cycle": "Doseringen mangler dager på og dager av.",
        "every": "Doseringen mangler hvor ofte.",
        "steps": "Doseringen mangler trinn.",
        "as_needed": "Doseringen mangler grense for ved behov.",
    }
)
_TOO_MUCH = phrases(
    {
        "moments": "Denne doseringen kan ikke også ha klokkeslett eller tid på dagen.",
        "weekdays": "Denne doseringen kan ikke også ha ukedag.",
        "cycle": "Denne doseringen kan ikke også ha dager på og dager av.",
        "every": "Denne doseringen kan ikke også ha hvor ofte.",
        "steps": "Denne doseringen kan ikke også ha trinn.",
        "as_needed": "Denne doseringen kan ikke også ha grense for ved behov.",
    }
)


# Few dosages are many orders': "1 tablet at 08" is read once, not at each look at each list.
@lru_cache(maxsize=4096)
def _read(text: str) -> Dosage:
    dosage = Dosage(**stored.parts(json.loads(text)))
    if stored.canonical(dosage.to_json()) != text:
        raise InvalidDosage(_NOT_AS_STORED)
    return dosage


# As `_read`, by the text as the database writes it.
@lru_cache(maxsize=4096)
def _read_text(text: str) -> Dosage:
    return Dosage.from_json(json.loads(text))


def _check_parts(dosage: Dosage) -> None:
    for part in _MISSING:
        needed, given = part in _PARTS[dosage.kind], bool(getattr(dosage, part))
        if needed and not given:
            raise InvalidDosage(_MISSING[part])
        if given and not needed:
            raise InvalidDosage(_TOO_MUCH[part])
    expected = {Kind.EVERY_HOURS: EveryHours, Kind.EVERY_DAYS: EveryDays}.get(dosage.kind)
    if expected is not None and not isinstance(dosage.every, expected):
        raise InvalidDosage("Velg enten antall timer eller antall dager mellom dosene.")


def _check_moments(dosage: Dosage) -> None:
    if dosage.times and dosage.times_of_day:
        raise InvalidDosage("Velg enten klokkeslett eller tid på dagen, ikke begge.")
    if any(at.tzinfo is not None or at.second or at.microsecond for at in dosage.times):
        raise InvalidDosage("Klokkeslett oppgis i timer og minutter.")
    if not _rising(dosage.times) or not _rising(dosage.times_of_day):
        raise InvalidDosage("Tidspunktene må stå i rekkefølge, og hvert av dem bare én gang.")
    if dosage.exact and not dosage.times and dosage.kind is not Kind.EVERY_HOURS:
        raise InvalidDosage("Bare doser med klokkeslett eller timer mellom kan kreves gitt på slaget.")


def _check_weekdays(dosage: Dosage) -> None:
    if not _rising(dosage.weekdays):
        raise InvalidDosage("Ukedagene må stå i rekkefølge, og hver av dem bare én gang.")
    if len(dosage.weekdays) == len(Weekday):
        raise InvalidDosage("Alle sju ukedager er daglig dosering. Velg daglig.")


def _check_amounts(dosage: Dosage) -> None:
    if bool(dosage.steps) + bool(dosage.amounts) + (dosage.amount is not None) != 1:
        raise InvalidDosage("Oppgi enten én mengde, eller én mengde for hvert tidspunkt.")
    if len({amount.unit for amount in _hand_amounts(dosage)}) > 1:
        raise InvalidDosage("Alle mengdene må ha samme enhet.")
    if dosage.amounts:
        if len(dosage.amounts) != len(dosage.moments):
            raise InvalidDosage("Det må være én mengde for hvert tidspunkt.")
        if len(set(dosage.amounts)) == 1:
            raise InvalidDosage("Mengdene er like. Oppgi én mengde.")
    if isinstance(dosage.amount, AmountRange) and dosage.kind is not Kind.AS_NEEDED:
        raise InvalidDosage("Fra–til-dose kan bare brukes ved behov. Faste doser må ha én bestemt mengde.")
    strength = dosage.strength_per_unit
    if strength is not None and strength.unit == dosage.unit:
        raise InvalidDosage("Styrken må ha en annen enhet enn mengden. Oppgi mengden slik hånden gir den.")
    hand = [amount for amount in _hand_amounts(dosage) if amount.value or not dosage.steps]
    for quantity in (*hand, *((strength,) if strength is not None else ())):
        _check_quantity(quantity)
    try:
        for amount in _hand_amounts(dosage):
            dosage.strength_of(amount)
    except NotAnAmount:
        raise InvalidDosage("Mengden ganger styrken blir ikke et nøyaktig tall. Velg en annen mengde.") from None


def _check_limits(dosage: Dosage) -> None:
    if dosage.as_needed is None or dosage.as_needed.max_amount is None:
        return
    limit = dosage.as_needed.max_amount
    _check_quantity(limit)
    largest = dosage.in_unit(_hand_amounts(dosage)[-1], limit.unit)
    if largest is None:
        raise InvalidDosage("Største mengde per døgn må ha samme enhet som mengden eller styrken.")
    if limit < largest:
        raise InvalidDosage("Største mengde per døgn er mindre enn én dose.")


def _check_quantity(quantity: Quantity) -> None:
    if quantity.value <= 0:
        raise InvalidDosage("Mengden må være mer enn 0.")
    if quantity.value > _LARGEST:
        raise InvalidDosage("Mengden er for stor. Bruk høyst sju sifre før komma.")


_LARGEST = Decimal("9999999.9999")
"""What `parse_decimal` lets in; a larger amount could be stored but not read again."""


def _hand_amounts(dosage: Dosage) -> tuple[Quantity, ...]:
    """Every amount the hand may give at one time, least first where it is a range."""
    if isinstance(dosage.amount, AmountRange):
        return dosage.amount.least, dosage.amount.most
    if dosage.steps:
        return tuple(amount for step in dosage.steps for amount in step.amounts)
    return dosage.amounts if dosage.amount is None else (dosage.amount,)


def _rising(values: tuple[Any, ...]) -> bool:
    return all(first < second for first, second in pairwise(values))


# Constructors: how one says it


class More(TypedDict, total=False):
    """What any dosage may have beside its amount and its times."""

    strength_per_unit: Quantity | None
    course: Course | None
    inr: InrControl | None
    exact: bool


Amounts = Quantity | Mapping[time, Quantity] | Mapping[TimeOfDay, Quantity]
"""One amount for all times, or an amount for each time."""

Moments = Iterable[Moment]


def daily(amount: Amounts, at: Moments = (), **more: Unpack[More]) -> Dosage:
    """Every day: `daily(tablet, [time(8), time(20)])` or `daily({time(8): two_tablets, time(20): one_tablet})`."""
    return _at_moments(Kind.DAILY, amount, at, {}, more)


def weekly(amount: Quantity, day: Weekday, at: Moment, **more: Unpack[More]) -> Dosage:
    """Once a week: `weekly(two_tablets, Weekday.MONDAY, time(8))`."""
    return on_weekdays(amount, [day], [at], **more)


def on_weekdays(amount: Amounts, days: Iterable[Weekday], at: Moments = (), **more: Unpack[More]) -> Dosage:
    """On some days of each week."""
    return _at_moments(Kind.WEEKDAYS, amount, at, {"weekdays": tuple(sorted(days))}, more)


def in_cycle(amount: Amounts, cycle: Cycle, at: Moments = (), **more: Unpack[More]) -> Dosage:
    """Some days with, some days without: `in_cycle(tablet, Cycle(21, 7, first_day), [time(8)])`."""
    return _at_moments(Kind.CYCLE, amount, at, {"cycle": cycle}, more)


def every_days(amount: Quantity, days: int, first_day: date, at: Moment, **more: Unpack[More]) -> Dosage:
    """Each n-th day at a clock time: `every_days(patch, 7, first_day, time(9))`."""
    return _at_moments(Kind.EVERY_DAYS, amount, [at], {"every": EveryDays(days, first_day)}, more)


def in_steps(steps: Iterable[Step], at: Moments, **more: Unpack[More]) -> Dosage:
    """Each step from its day on: `in_steps([Step(monday, (four,)), Step(thursday, (three,))], [time(8)])`."""
    moments = tuple(at)
    times = tuple(sorted(moment for moment in moments if isinstance(moment, time)))
    times_of_day = tuple(sorted(moment for moment in moments if isinstance(moment, TimeOfDay)))
    return Dosage(Kind.STEPS, None, times=times, times_of_day=times_of_day, steps=tuple(steps), **more)


def every_hours(amount: Quantity, hours: int, **more: Unpack[More]) -> Dosage:
    """Each n-th hour from the start of the order, by elapsed time."""
    return Dosage(Kind.EVERY_HOURS, amount, every=EveryHours(hours), **more)


def when_needed(
    amount: Quantity | AmountRange,
    *,
    max_doses: int | None = None,
    max_amount: Quantity | None = None,
    least_interval: timedelta | None = None,
    **more: Unpack[More],
) -> Dosage:
    """As needed, within at least one limit: `when_needed(AmountRange(one, two), max_doses=4)`."""
    return Dosage(Kind.AS_NEEDED, amount, as_needed=AsNeeded(max_doses, max_amount, least_interval), **more)


def _at_moments(kind: Kind, amount: Amounts, at: Moments, pattern: dict[str, Any], more: More) -> Dosage:
    at, by_moment = tuple(at), {}
    if not isinstance(amount, Quantity):
        if at:
            raise InvalidDosage("Oppgi enten én mengde, eller én mengde for hvert tidspunkt.")
        at, by_moment = tuple(amount), dict(amount.items())
    times = tuple(sorted(moment for moment in at if isinstance(moment, time)))
    times_of_day = tuple(sorted(moment for moment in at if isinstance(moment, TimeOfDay)))
    one = amount if isinstance(amount, Quantity) else _the_only(by_moment.values())
    amounts = () if one is not None else tuple(by_moment[m] for m in times or times_of_day)
    return Dosage(kind, one, times=times, times_of_day=times_of_day, amounts=amounts, **pattern, **more)


def _the_only(amounts: Iterable[Quantity]) -> Quantity | None:
    different = set(amounts)
    return different.pop() if len(different) == 1 else None
