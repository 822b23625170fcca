"""The dosage as a form: what comes in becomes a Dosage, and a Dosage becomes what stands in the form."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError, fields, validate

from journal.medication.errors import refusing
from journal.medication.rules import (
    MOST_COUNTED,
    TIMES_OF_DAY,
    AmountRange,
    AsNeeded,
    ClockTimes,
    Course,
    Cycle,
    Dosage,
    EveryDays,
    EveryHours,
    InvalidDosage,
    Moment,
    TimeOfDay,
    Weekday,
    beginning_at,
    daily,
    every_days,
    every_hours,
    in_cycle,
    on_weekdays,
    once,
    once_at,
    when_needed,
    without_first,
)
from journal.medication.steps_form import MEASURED_ANEW, inr_from, inr_typed, steps_from, steps_typed
from journal.platform.clock import instant, local_date, norwegian_date, parse_time_of_day
from journal.platform.errors import Invalid
from journal.platform.fields import AmountField, StrictInteger
from journal.platform.language import joined, phrase, phrases
from journal.platform.moment_field import DayField
from journal.platform.quantity import SUBSTANCE_UNITS, UNITS, NotAnAmount, Quantity, as_input, typed_decimal

PATTERNS = phrases(
    {
        "daily": "Hver dag",
        "once": "Én gang",
        "weekdays": "Noen ukedager",
        "every_days": "Med dager mellom",
        "cycle": "Dager på og dager av",
        "every_hours": "Med timer mellom",
        "steps": "Trappes opp eller ned",
        "as_needed": "Ved behov",
    }
)
"""The ways of dosing that the form offers: one for each Kind, and the single dose."""

WEEKDAYS = phrases(dict(zip(Weekday, ("man", "tir", "ons", "tor", "fre", "lør", "søn"), strict=True)))

# What only some patterns use. Left filled in under another pattern it is refused, never passed over: Monday ticked under
# "Hver dag" would make a weekly medicine daily.
_AT_TIMES = {"daily", "weekdays", "every_days", "cycle", "steps"}
_A_COURSE = set(PATTERNS) - {"once", "steps"}
_ONLY_FOR = {
    "times": {*_AT_TIMES, "once"},
    "times_of_day": _AT_TIMES,
    "weekdays": {"weekdays"},
    "days": {"every_days"},
    "days_on": {"cycle"},
    "days_off": {"cycle"},
    "first_day": {"every_days", "cycle", "once"},
    "hours": {"every_hours"},
    "steps_from": {"steps"},
    "step_days": {"steps"},
    "step_amounts": {"steps"},
    "course_from": _A_COURSE,
    "last_day": _A_COURSE,
    "doses": _A_COURSE - {"as_needed"},
    "amount_to": {"as_needed"},
    "max_doses": {"as_needed"},
    "max_amount": {"as_needed"},
    "least_hours": {"as_needed"},
}

_SEPARATORS = re.compile(r"[\s,;]+")
_HOUR = re.compile(r"[0-9]{1,2}")


class TimesField(fields.Field[tuple[time, ...]]):
    """Clock times as people write them: `08 20`, `8, 14.30`. As they were written, each once."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[time, ...]:
        written = [part for part in _SEPARATORS.split(str(value)) if part]
        try:
            return tuple(dict.fromkeys(map(clock_time, written)))
        except ValueError as error:
            raise ValidationError(error.args[0]) from error


class AmountsField(fields.Field[tuple[Decimal, ...]]):
    """One amount, or one for each time with space between: `1`, `2 0,5`.

    An ordinary space: by any other, which other programs part thousands with, 1 500 would be 1 and 500.
    """

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[Decimal, ...]:
        try:
            return tuple(map(typed_decimal, filter(None, str(value).split(" ")))) or (typed_decimal(""),)
        except NotAnAmount as error:
            raise ValidationError(error.args[0]) from error


class MaybeAmounts(AmountsField):
    """As AmountsField; an empty field is no amount."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return () if str(value).strip() == "" else super().deserialize(value, attr, data, **kwargs)


class MaybeInteger(StrictInteger):
    """As StrictInteger; an empty field is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if value == "" else super().deserialize(value, attr, data, **kwargs)


class MaybeAmount(AmountField):
    """As AmountField; an empty field is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if value == "" else super().deserialize(value, attr, data, **kwargs)


class DosageForm(Schema):
    """The dosage as the form has it. An amount to, beside the amount, makes a range (as needed alone).

    In steps, `amount` is the first one; each of `step_days` says how long the step before it lasts, and the amount in the
    same place of `step_amounts` is what comes then. A last 0 is the end. `doses`: the course ends when so many are given.
    `first_asked`: the form asked whether the first one is given now.
    """

    amount = AmountsField(required=True)
    amount_to = MaybeAmount(load_default=None)
    unit = fields.String(required=True, validate=validate.OneOf(list(UNITS)))
    pattern = fields.String(required=True, validate=validate.OneOf(list(PATTERNS)))
    times = TimesField(load_default=())
    times_of_day = fields.List(fields.Enum(TimeOfDay, by_value=True), data_key="times_of_day[]", load_default=list)
    exact = fields.Boolean(load_default=False)
    weekdays = fields.List(StrictInteger(least=1, most=7), data_key="weekdays[]", load_default=list)
    days = MaybeInteger(least=2, most=365, load_default=None)
    days_on = MaybeInteger(least=1, most=365, load_default=None)
    days_off = MaybeInteger(least=1, most=365, load_default=None)
    first_day = DayField(load_default=None)
    hours = MaybeInteger(least=1, most=72, load_default=None)
    steps_from = DayField(load_default=None)
    step_days = fields.List(MaybeInteger(least=1, most=365), data_key="step_days[]", load_default=list)
    step_amounts = fields.List(MaybeAmounts(), data_key="step_amounts[]", load_default=list)
    max_doses = MaybeInteger(least=1, most=24, load_default=None)
    max_amount = MaybeAmount(load_default=None)
    max_unit = fields.String(load_default="", validate=validate.OneOf(["", *SUBSTANCE_UNITS]))
    least_hours = MaybeAmount(load_default=None)
    course_from = DayField(load_default=None)
    last_day = DayField(load_default=None)
    doses = MaybeInteger(least=1, most=MOST_COUNTED, load_default=None)
    first_now = fields.Boolean(load_default=False)
    first_asked = fields.Boolean(load_default=False)
    inr_low = MaybeAmount(load_default=None)
    inr_high = MaybeAmount(load_default=None)
    inr_last = MaybeAmount(load_default=None)
    inr_last_on = DayField(load_default=None)
    inr_next = DayField(load_default=None)


class Choices(NamedTuple):
    """What the form offers, as (value, text). `unit` is the product's own, the first of `units`; None when it is not known."""

    unit: str | None
    units: list[tuple[str, str]]
    substance_units: list[tuple[str, str]]
    patterns: list[tuple[str, str]]
    times_of_day: list[tuple[str, str]]
    weekdays: list[tuple[str, str]]
    follows_inr: bool
    first_now: bool


def choices(
    unit: str | None, clock_times: ClockTimes, *, follows_inr: bool = False, first_now: bool = False
) -> Choices:
    """What the form offers for a product given in this unit (None: not known), where times of day have these clock times.

    `follows_inr`: whether it is warfarin. `first_now`: whether the first dose of a course may be given at once.
    """
    units = sorted(UNITS, key=lambda code: code != unit)
    return Choices(
        unit,
        [(code, UNITS[code].singular) for code in units],
        [(code, UNITS[code].singular) for code in SUBSTANCE_UNITS],
        list(PATTERNS.items()),
        [(at.value, f"{word} ({clock_times[at]:%H.%M})") for at, word in TIMES_OF_DAY.items()],
        [(str(day.value), word) for day, word in WEEKDAYS.items()],
        follows_inr,
        first_now,
    )


def clock_time(text: str) -> time:
    """`8`, `08.15`, `0815`. Raises ValueError with a sentence for the user."""
    return parse_time_of_day(f"{text}.00" if _HOUR.fullmatch(text) else text)


def dosage_from(form: Mapping[str, Any], strength: Quantity | None, per: str | None) -> Dosage:
    """The dosage that a validated DosageForm means. `strength` is what one `per` holds, and nothing for any other unit.

    Raises Invalid with a sentence, at the field that does not belong to the pattern or at `dosage`.
    """
    pattern, unit = form["pattern"], form["unit"]
    for name, patterns in _ONLY_FOR.items():
        if _is_said(form[name]) and pattern not in patterns:
            other = joined(
                ", ", (phrase("«%(choice)s»", choice=PATTERNS[each]) for each in PATTERNS if each in patterns)
            )
            raise Invalid(
                errors={
                    name: [
                        phrase("Dette feltet hører til %(other)s. Tøm det, eller velg hvordan på nytt.", other=other)
                    ]
                }
            )
    with refusing("dosage", Invalid):
        more: Any = {"exact": form["exact"], "course": _course(form), "inr": inr_from(form)}
        if strength is not None and per in (None, unit) and strength.unit != unit:
            more["strength_per_unit"] = strength
        moments: list[Moment] = [*form["times"], *form["times_of_day"]]
        if pattern == "steps":
            return steps_from(form, unit, moments, more)
        amounts = [Quantity(amount, unit) for amount in form["amount"]]
        if len(amounts) > 1:
            if len(amounts) != len(moments):
                raise InvalidDosage("Det må være én mengde for hvert tidspunkt.")
            return _at(pattern, form, dict(zip(moments, amounts, strict=True)), [], more)
        if pattern == "once":
            return _once(form, amounts[0], more)
        if pattern == "every_hours":
            return every_hours(amounts[0], form["hours"] or 0, **more)
        if pattern == "as_needed":
            chosen = AmountRange(amounts[0], Quantity(form["amount_to"], unit)) if form["amount_to"] else amounts[0]
            return when_needed(chosen, **_limits(form), **more)
        dosage = _at(pattern, form, amounts[0], moments, more)
        return beginning_at(dosage, form["first_at"]) if form.get("first_at") else dosage


def with_day(form: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """A validated DosageForm in which a single dose without a day is given today, and the first step begins with the first dose:
    today, or tomorrow when every clock time of it has passed, so that its days are as many as was written. The first dose now
    is given at this minute.
    """
    today = local_date(now)
    if form["first_now"]:
        form = {**form, "first_at": now.replace(second=0, microsecond=0)}
    if form["pattern"] == "once":
        return {**form, "first_day": form["first_day"] or today}
    if form["pattern"] == "steps":
        passed = form["times"] and instant(today, max(form["times"])) < now
        return {**form, "steps_from": form["steps_from"] or (today + timedelta(days=1) if passed else today)}
    return form


def form_of(dosage: Dosage) -> dict[str, Any]:
    """What stands in the form for this dosage, as if it had been typed; lists under the names that end in `[]`."""
    amounts = dosage.steps[0].amounts if dosage.steps else dosage.amounts or (dosage.amount,)
    least = [each.least if isinstance(each, AmountRange) else each for each in amounts]
    typed: dict[str, Any] = {
        "amount": " ".join(as_input(each.value) for each in least if each is not None),
        "amount_to": as_input(dosage.amount.most.value) if isinstance(dosage.amount, AmountRange) else "",
        "unit": dosage.unit,
        "pattern": dosage.kind.value,
        "times": " ".join(f"{at:%H.%M}" if at.minute else f"{at:%H}" for at in dosage.times),
        "times_of_day[]": [at.value for at in dosage.times_of_day],
        "weekdays[]": [str(day.value) for day in dosage.weekdays],
    }
    if dosage.exact:
        typed["exact"] = "true"
    if only := once_at(dosage):
        return typed | {"pattern": "once", "first_day": norwegian_date(local_date(only))}
    if isinstance(dosage.every, EveryHours):
        typed["hours"] = str(dosage.every.hours)
    if isinstance(dosage.every, EveryDays):
        typed |= {"days": str(dosage.every.days), "first_day": norwegian_date(dosage.every.anchor)}
    if cycle := dosage.cycle:
        typed |= {"days_on": str(cycle.days_on), "days_off": str(cycle.days_off)}
        typed["first_day"] = norwegian_date(cycle.anchor)
    if dosage.steps:
        return typed | steps_typed(dosage) | inr_typed(dosage.inr)
    return typed | _limits_typed(dosage.as_needed, dosage.unit) | _course_typed(dosage.course) | inr_typed(dosage.inr)


def to_change(dosage: Dosage) -> dict[str, Any]:
    """As form_of, where it is to be changed: an INR and its date are measured anew, and never stand there from before."""
    return {name: said for name, said in form_of(dosage).items() if name not in MEASURED_ANEW}


def says_all(dosage: Dosage) -> bool:
    """Whether the form can say this dosage: there may be clock times in a course, or minutes, that it has no field for."""
    try:
        said = dosage_from(DosageForm().load(form_of(dosage)), dosage.strength_per_unit, dosage.unit)
    except (Invalid, ValidationError):
        return False
    return said == without_first(dosage)


def _is_said(value: Any) -> bool:
    """Whether anything was written in the field, or in any row of it."""
    return any(value) if isinstance(value, list) else bool(value)


def _at(pattern: str, form: Mapping[str, Any], amount: Any, moments: list[Moment], more: Any) -> Dosage:
    """At times of the day, every day or on some days."""
    match pattern:
        case "weekdays":
            return on_weekdays(amount, [Weekday(day) for day in form["weekdays"]], moments, **more)
        case "cycle":
            return in_cycle(
                amount, Cycle(form["days_on"] or 0, form["days_off"] or 0, _first_day(form)), moments, **more
            )
        case "every_days":
            if len(moments) != 1 or not isinstance(amount, Quantity):
                raise InvalidDosage("Velg ett tidspunkt når det er dager mellom dosene.")
            return every_days(amount, form["days"] or 0, _first_day(form), moments[0], **more)
    return daily(amount, moments, **more)


def _once(form: Mapping[str, Any], amount: Quantity, more: Any) -> Dosage:
    if len(form["times"]) != 1:
        raise InvalidDosage("Skriv ett klokkeslett for dosen som skal gis én gang.")
    if not isinstance(form["first_day"], date):
        raise InvalidDosage("Skriv hvilken dag dosen skal gis.")
    return once(amount, form["first_day"], form["times"][0], **more)


def _first_day(form: Mapping[str, Any]) -> date:
    if not isinstance(form["first_day"], date):
        raise InvalidDosage("Skriv hvilken dag det skal regnes fra.")
    return form["first_day"]


def _limits(form: Mapping[str, Any]) -> dict[str, Any]:
    most, hours = form["max_amount"], form["least_hours"]
    return {
        "max_doses": form["max_doses"],
        "max_amount": Quantity(most, form["max_unit"] or form["unit"]) if most is not None else None,
        "least_interval": timedelta(seconds=int(hours * 3600)) if hours is not None else None,
    }


def _limits_typed(limits: AsNeeded | None, unit: str) -> dict[str, str]:
    typed = {}
    if limits and limits.max_doses is not None:
        typed["max_doses"] = str(limits.max_doses)
    if limits and limits.max_amount is not None:
        typed |= {
            "max_amount": as_input(limits.max_amount.value),
            "max_unit": limits.max_amount.unit if limits.max_amount.unit != unit else "",
        }
    if limits and limits.least_interval is not None:
        hours = Decimal(limits.least_interval // timedelta(minutes=1)) / 60
        typed["least_hours"] = as_input(round(hours, 4))
    return typed


def _course(form: Mapping[str, Any]) -> Course | None:
    first, last, doses = form["course_from"], form["last_day"], form["doses"]
    if first is None and last is None and doses is None:
        return None
    return Course(
        instant(first, time.min) if first else None,
        instant(last + timedelta(days=1), time.min) if last else None,
        doses,
    )


def _course_typed(course: Course | None) -> dict[str, str]:
    typed = {}
    if course and course.starts_at:
        typed["course_from"] = norwegian_date(local_date(course.starts_at))
    if course and course.ends_at:
        typed["last_day"] = norwegian_date(local_date(course.ends_at - timedelta(microseconds=1)))
    if course and course.doses is not None:
        typed["doses"] = str(course.doses)
    return typed
