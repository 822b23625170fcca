"""What comes in: one schema for each act, and for the address of each page. The same serve form and JSON."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from journal.medication.errors import refusing
from journal.medication.rules import (
    AmountRange,
    Caution,
    Course,
    Dosage,
    Moment,
    Reason,
    ValueRequirement,
    Weekday,
    daily,
    every_hours,
    glucose,
    on_weekdays,
    pulse,
    when_needed,
)
from journal.platform.clock import instant, local_date, parse_time_of_day
from journal.platform.errors import Invalid
from journal.platform.fields import AmountField, StrictInteger, Text
from journal.platform.quantity import UNITS, NotAnAmount, Quantity, parse_decimal

PATTERNS = {
    "daily": "Hver dag",
    "weekdays": "Noen ukedager",
    "every_hours": "Med timer mellom",
    "as_needed": "Ved behov",
}
"""The ways of dosing that the form offers."""

WEEKDAYS = dict(zip(Weekday, ("man", "tir", "ons", "tor", "fre", "lør", "søn"), strict=True))

_REQUIRED = {"pulse": pulse, "glucose": glucose}
_SEPARATORS = re.compile(r"[\s,;]+")
_HOUR = re.compile(r"[0-9]{1,2}")


class MeasuredField(fields.Field[Decimal | None]):
    """A value measured at the bedside. What is no number is None: the order's own sentence says what it must be."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal | None:
        try:
            return parse_decimal(value.strip() if isinstance(value, str) else value)
        except NotAnAmount:
            return None


class TimesField(fields.Field[tuple[time, ...]]):
    """Clock times as people write them: `08 20`, `8, 14.30`. In order, each once."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[time, ...]:
        written = [part for part in _SEPARATORS.split(str(value)) if part]
        try:
            return tuple(
                sorted({parse_time_of_day(f"{part}.00" if _HOUR.fullmatch(part) else part) for part in written})
            )
        except ValueError as error:
            raise ValidationError(str(error)) from error


class DayField(fields.Field[date | None]):
    """A date as it is written in Norway, `14.03.2026`; empty is None."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date | None:
        if not str(value).strip():
            return None
        try:
            return datetime.strptime(str(value).strip(), "%d.%m.%Y").date()  # noqa: DTZ007  a date, no instant
        except ValueError as error:
            raise ValidationError("Skriv datoen med dag, måned og år, for eksempel 14.03.2026.") from error


class MaybeInteger(StrictInteger):
    """As StrictInteger; an empty field is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if value == "" else super().deserialize(value, attr, data, **kwargs)


class MaybeAmount(AmountField):
    """As AmountField; an empty field is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if value == "" else super().deserialize(value, attr, data, **kwargs)


class ClockField(fields.Field[time | None]):
    """A clock time as people write it: `0815`, `8.15`; empty is None."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> time | None:
        try:
            return parse_time_of_day(str(value)) if str(value).strip() else None
        except ValueError as error:
            raise ValidationError(str(error)) from error


class RoundQuery(Schema):
    """The address of the round: which patient is chosen, and which hour of doses (`08`, or `late`)."""

    patient = fields.UUID(load_default=None)
    slot = fields.String(load_default=None, validate=validate.Regexp(r"^([01][0-9]|2[0-3]|late)$"))


class InRound(Schema):
    """The address of an act in the round: the hour to come back to."""

    slot = fields.String(load_default=None, validate=validate.Regexp(r"^([01][0-9]|2[0-3]|late)$"))


def _confirmed() -> fields.List[Caution]:
    return fields.List(fields.Enum(Caution, by_value=True), data_key="confirmed[]", load_default=list)


class SignGiven(Schema):
    """Body of "Gitt": the version of the order that was seen, a measured value, a time if it was not now (and a day if it
    was not today), and what is special about the dose and has been confirmed."""

    request_version = StrictInteger(required=True, least=1)
    value = MeasuredField(load_default=None)
    given_time = ClockField(load_default=None)
    given_day = DayField(load_default=None)
    confirmed = _confirmed()


class SignNotGiven(Schema):
    """Body of "Ikke gitt"."""

    request_version = StrictInteger(required=True, least=1)
    reason = fields.Enum(Reason, by_value=True, required=True)
    reason_text = Text(200, load_default="")
    amount = MaybeAmount(load_default=None)


class AlsoGiven(Schema):
    """Body of "Jeg har også gitt den"."""

    request_version = StrictInteger(required=True, least=1)


class GiveAsNeeded(Schema):
    """Body of the sheet of medicines as needed. `amount` only where the order leaves a choice."""

    request_version = StrictInteger(required=True, least=1)
    amount = MaybeAmount(load_default=None)
    value = MeasuredField(load_default=None)
    confirmed = _confirmed()


class Nothing(Schema):
    """A button."""


class Correct(Schema):
    """Body of "Rett": why the signature is a mistake."""

    reason = Text(200, required=True)


class ChangeStatus(Schema):
    """Body of stop, hold and resume: the version that was seen, and why. `code` is 7494, for stop alone."""

    version = StrictInteger(required=True, least=1)
    reason = Text(200, required=True)
    code = fields.String(load_default=None, validate=validate.OneOf(["A", "I", "L", "M", "S", "X"]))


class PrescribeQuery(Schema):
    """The address of the prescribing page: what is sought, or the item that was chosen."""

    q = Text(80, load_default="")
    all = fields.Boolean(load_default=False)
    item = fields.UUID(load_default=None)


class DosageForm(Schema):
    """The dosage as the form has it. An amount to, beside the amount, makes a range (as needed alone)."""

    amount = AmountField(required=True)
    amount_to = MaybeAmount(load_default=None)
    unit = fields.String(required=True, validate=validate.OneOf(list(UNITS)))
    pattern = fields.String(required=True, validate=validate.OneOf(list(PATTERNS)))
    times = TimesField(load_default=())
    weekdays = fields.List(StrictInteger(least=1, most=7), data_key="weekdays[]", load_default=list)
    hours = MaybeInteger(least=1, most=72, load_default=None)
    max_doses = MaybeInteger(least=1, most=24, load_default=None)
    least_hours = MaybeInteger(least=1, most=48, load_default=None)
    last_day = DayField(load_default=None)


class Prescribe(DosageForm):
    """Body of the prescribing form."""

    item = fields.UUID(required=True)
    indication = Text(120, required=True)
    instruction = Text(120, load_default="")
    required_value = fields.String(load_default="", validate=validate.OneOf(["", *_REQUIRED]))
    minimum = MaybeAmount(load_default=None)


class Change(DosageForm):
    """Body of the form that changes the dosage of an order."""

    version = StrictInteger(required=True, least=1)
    reason = Text(200, required=True)


def with_given_at(form: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A validated SignGiven with the instant that its time and day mean: `given_at`, None for now.

    A time alone is today's. Raises Invalid at `given_time`; whether the instant can be is the service's to say.
    """
    at, day = form.pop("given_time"), form.pop("given_day")
    if at is None:
        if day is not None:
            raise Invalid(errors={"given_time": ["Skriv også klokkeslettet dosen ble gitt."]})
        return form | {"given_at": None}
    given_at = instant(day or local_date(now), at)
    if day is None and given_at > now:
        said = f"Klokka er ikke {at:%H.%M} ennå. Ble dosen gitt i går, skriver du også datoen."
        raise Invalid(errors={"given_time": [said]})
    return form | {"given_at": given_at}


def dosage_from(form: Mapping[str, Any], strength: Quantity | None) -> Dosage:
    """The dosage that a validated DosageForm means. Raises Invalid with a sentence at the field `dosage`."""
    with refusing("dosage", Invalid):
        amount, unit = form["amount"], form["unit"]
        one = Quantity(amount, unit)
        more: Any = {"strength_per_unit": strength if strength and strength.unit != unit else None}
        if form["last_day"] is not None:
            more["course"] = Course(ends_at=instant(form["last_day"] + timedelta(days=1), time.min))
        times: tuple[Moment, ...] = form["times"]
        match form["pattern"]:
            case "weekdays":
                return on_weekdays(one, [Weekday(day) for day in form["weekdays"]], times, **more)
            case "every_hours":
                return every_hours(one, form["hours"] or 0, **more)
            case "as_needed":
                chosen = AmountRange(one, Quantity(form["amount_to"], unit)) if form["amount_to"] else one
                interval = timedelta(hours=form["least_hours"]) if form["least_hours"] else None
                return when_needed(chosen, max_doses=form["max_doses"], least_interval=interval, **more)
        return daily(one, times, **more)


def required_value_from(form: Mapping[str, Any]) -> ValueRequirement | None:
    """The value that must be known before a dose. Raises Invalid at the field `minimum`."""
    if not form["required_value"]:
        return None
    with refusing("minimum", Invalid):
        return _REQUIRED[form["required_value"]](form["minimum"])


def strength_of(value: Decimal | None, unit: str | None) -> Quantity | None:
    """What one unit holds, where the catalogue says."""
    return Quantity(value, unit) if value is not None and unit is not None else None
