"""What comes in: one schema for each act, and for the address of each page. The same serve form and JSON."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate, validates

from journal.medication.dosage_form import DosageForm, MaybeAmount, clock_time, form_of
from journal.medication.errors import refusing
from journal.medication.pages.alerts import BETWEEN
from journal.medication.product_schemas import scanned
from journal.medication.rules import (
    SPANS,
    Caution,
    DoseSettings,
    Reason,
    TimeOfDay,
    Tolerance,
    ValueRequirement,
    glucose,
    own_clock_times,
    pulse,
    respiration,
    systolic,
    temperature,
)
from journal.medication.rules.patches import OldPatch, Site
from journal.medication.rules.safety import KEPT, Kept
from journal.medication.rules.week import FIRST_DAY, LAST_DAY
from journal.medication.service import Answers, FavouriteDose
from journal.medication.supply_schemas import MaybeId, Supplied
from journal.medication.tolerance_forms import OwnTolerances, as_lines
from journal.platform.clock import instant, local_date, norwegian_date
from journal.platform.errors import Invalid
from journal.platform.fields import StrictInteger, Text
from journal.platform.language import joined, phrase
from journal.platform.moment_field import DayField
from journal.platform.quantity import NotAnAmount, Quantity, as_input, typed_decimal

_REQUIRED = {
    "pulse": pulse,
    "systolic": systolic,
    "glucose": glucose,
    "temperature": temperature,
    "respiration": respiration,
}


class MeasuredField(fields.Field[Decimal | None]):
    """A value measured at the bedside. What is no number is None: the order's own sentence says what it must be."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal | None:
        try:
            return typed_decimal(value.strip() if isinstance(value, str) else value)
        except NotAnAmount:
            return None


class ClockField(fields.Field[time]):
    """One clock time as people write it: `8`, `08.15`, `0815`."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> time:
        try:
            return clock_time(str(value).strip())
        except ValueError as error:
            raise ValidationError(error.args[0]) from error


class MaybeClock(ClockField):
    """As ClockField; an empty field is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if str(value).strip() == "" else super().deserialize(value, attr, data, **kwargs)


class RoundQuery(Schema):
    """The address of the round: which patient is chosen, and which hour of doses (`08`, or `late`); and the code of the pack
    (`scan`) that is at hand for one of them (`dose`)."""

    patient = fields.UUID(load_default=None)
    slot = fields.String(load_default=None, validate=validate.Regexp(r"^([01][0-9]|2[0-3]|late)$"))
    dose = fields.UUID(load_default=None)
    scan = scanned()


class WeekQuery(Schema):
    """The address of the dose chart: a day of the week that is shown, as people write it; empty is this week."""

    day = DayField(load_default=None)

    @validates("day")
    def of_a_week_that_can_be_shown(self, day: date | None, **_: Any) -> None:
        """A year of three digits is a slip of the finger."""
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError("Skriv datoen med dag, måned og år, for eksempel 14.03.2026.")


class TimelineQuery(Schema):
    """The address of the timeline: how many days back."""

    days = StrictInteger(load_default=30, validate=validate.OneOf(SPANS, error="Velg en av mulighetene."))


class InRound(Schema):
    """The address of an act in the round: the hour to come back to."""

    slot = fields.String(load_default=None, validate=validate.Regexp(r"^([01][0-9]|2[0-3]|late)$"))


def _confirmed() -> fields.List[Caution]:
    return fields.List(fields.Enum(Caution, by_value=True), data_key="confirmed[]", load_default=list)


class VersionField(fields.Field[tuple[UUID, int]]):
    """An order and the version of it that was seen: `<entry_id>.<version>`."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[UUID, int]:
        entry_id, _dot, version = str(value).partition(".")
        try:
            return UUID(entry_id), int(version)
        except ValueError as error:
            raise ValidationError("Velg en av mulighetene.") from error


class StandBeside(Schema):
    """Body of "Jeg står ved siden av": the doses on the student's screen, each with the version of its order."""

    doses = fields.List(VersionField(), data_key="doses[]", required=True, validate=validate.Length(min=1, max=200))


class SignGivenBeside(Schema):
    """Body of "Gitt" of a student: the version of the order that was seen, a measured value (two of a blood pressure), why it is
    given `against` that value, and what is special about the dose and has been confirmed. `site` and `old_patch` are of a patch
    alone."""

    request_version = StrictInteger(required=True, least=1)
    value = MeasuredField(load_default=None)
    value2 = MeasuredField(load_default=None)
    against = Text(200, load_default="")
    site = fields.Enum(Site, by_value=True, load_default=None)
    old_patch = fields.Enum(OldPatch, by_value=True, load_default=None)
    product = scanned()
    confirmed = _confirmed()


class SignGiven(SignGivenBeside):
    """Body of "Gitt": also a time if it was not now (and a day if it was not today). `taken_at`: when what was laid out was taken.
    `ledger` is of a controlled drug that is kept in several places. Of a dose too near another one: the prescriber who said so and
    when, or `too_near`: it is given already."""

    given_time = MaybeClock(load_default=None)
    given_day = DayField(load_default=None)
    ledger = fields.UUID(load_default=None)
    taken_at = fields.AwareDateTime(load_default=None)
    prescriber_id = MaybeId(load_default=None)
    said_time = MaybeClock(load_default=None)
    too_near = fields.Boolean(load_default=False)


class SignNotGiven(Schema):
    """Body of "Ikke gitt"."""

    request_version = StrictInteger(required=True, least=1)
    reason = fields.Enum(Reason, by_value=True, required=True)
    reason_text = Text(200, load_default="")
    amount = MaybeAmount(load_default=None)


class AlsoGiven(Schema):
    """Body of "Jeg har også gitt den"."""

    request_version = StrictInteger(required=True, least=1)


class AsNeededQuery(Schema):
    """The address of that sheet: the code of the pack (`scan`) that is at hand for one of its orders (`dose`)."""

    dose = fields.UUID(load_default=None)
    scan = scanned()


class GiveAsNeeded(Schema):
    """Body of the sheet of medicines as needed. `amount` only where the order leaves a choice, and a time where it was not now."""

    request_version = StrictInteger(required=True, least=1)
    amount = MaybeAmount(load_default=None)
    given_time = MaybeClock(load_default=None)
    given_day = DayField(load_default=None)
    value = MeasuredField(load_default=None)
    value2 = MeasuredField(load_default=None)
    against = Text(200, load_default="")
    ledger = fields.UUID(load_default=None)
    product = scanned()
    confirmed = _confirmed()
    nurse_id = fields.UUID(load_default=None)
    cleared_time = MaybeClock(load_default=None)


class RemovePatch(Schema):
    """Body of the form for a patch that is taken off without a new one."""

    old_patch = fields.Enum(OldPatch, by_value=True, required=True)


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
    """The address of the prescribing page: what is sought, or the item or the favourite that was chosen."""

    q = Text(80, load_default="")
    all = fields.Boolean(load_default=False)
    item = fields.UUID(load_default=None)
    favourite = fields.UUID(load_default=None)


class SeenField(fields.Field[tuple[str, str]]):
    """The key and the basis of an alert that was shown."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, str]:
        key, _between, basis = str(value).rpartition(BETWEEN)
        return key, basis


class Answered(Schema):
    """What the prescriber answers to the safety rules: the alerts that were shown, why she goes on past a stop, and which of
    them have a reason from before that still holds."""

    seen_alerts = fields.List(SeenField(), data_key="seen_alerts[]", load_default=list)
    same_reason = fields.List(SeenField(), data_key="same_reason[]", load_default=list)
    override_code = fields.Enum(Kept, by_value=True, load_default=None)
    override_reason = Text(200, load_default="")


class _Judged(DosageForm, Answered):
    """A dosage that the safety rules judge."""


class Prescribe(_Judged, Supplied):
    """Body of the prescribing form. `keep_favourite`: the unit is to have the dose as a favourite. `replaces`: what is
    stopped when this is signed. `ends_at`: the last day of an order that is renewed before it ends, and is no course."""

    item = fields.UUID(required=True)
    indication = Text(120, required=True)
    keep_favourite = fields.Boolean(load_default=False)
    replaces = fields.List(VersionField(), data_key="replaces[]", load_default=list)
    instruction = Text(120, load_default="")
    evaluate_on = DayField(load_default=None)
    ends_at = DayField(load_default=None)
    required_value = fields.String(load_default="", validate=validate.OneOf(["", *_REQUIRED]))
    minimum = MaybeAmount(load_default=None)
    maximum = MaybeAmount(load_default=None)


class PreviewOrder(Prescribe):
    """Body of the prescribing form while it is being filled in: why may come last."""

    indication = Text(120, load_default="")


class RemoveFavourite(Schema):
    """Body of "Ta bort": the version that was seen."""

    version = StrictInteger(required=True, least=1)


class Change(_Judged):
    """Body of the form that changes the dosage of an order. `seen`: the new dosage in words, as it was shown last."""

    version = StrictInteger(required=True, least=1)
    reason = Text(200, required=True)
    seen = fields.String(load_default="")


def answers_from(form: Mapping[str, Any]) -> Answers:
    """What the prescriber answers to the alerts, of a validated Answered."""
    return Answers(form["seen_alerts"], reason_from(form), form["same_reason"])


def reason_from(form: Mapping[str, Any]) -> str:
    """Why she goes on past a stop: what she chose, and what she wrote."""
    code = form["override_code"]
    chosen = "" if code in (None, Kept.OTHER) else KEPT[code]
    return str(joined(": ", (chosen, form["override_reason"])))


def with_given_at(form: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A validated SignGiven or GiveAsNeeded with the instant that its time and day mean: `given_at`, None for now.

    A time alone is today's. Raises Invalid at `given_time`; whether the instant can be is the service's to say.
    """
    at, day, taken_at = form.pop("given_time"), form.pop("given_day"), form.pop("taken_at", None)
    if taken_at is not None and at is None:
        return form | {"given_at": taken_at}
    if at is None:
        if day is not None:
            raise Invalid(errors={"given_time": ["Skriv også klokkeslettet dosen ble gitt."]})
        return form | {"given_at": None}
    given_at = instant(day or local_date(now), at)
    if day is None and given_at > now:
        said = phrase("Klokka er ikke %(time)s ennå. Ble dosen gitt i går, skriver du også datoen.", time=f"{at:%H.%M}")
        raise Invalid(errors={"given_time": [said]})
    return form | {"given_at": given_at}


_MINUTES: dict[str, Any] = {"required": True, "least": 0, "most": 180}


class ChooseSettings(Schema):
    """Body of the municipality's settings for doses: clock times, minutes, and the version that was seen (0 for none)."""

    version = StrictInteger(required=True, least=0)
    morning = ClockField(required=True)
    forenoon = ClockField(required=True)
    midday = ClockField(required=True)
    afternoon = ClockField(required=True)
    evening = ClockField(required=True)
    night = ClockField(required=True)
    ready_minutes = StrictInteger(**_MINUTES)
    late_minutes = StrictInteger(**_MINUTES)
    critical_ready_minutes = StrictInteger(**_MINUTES)
    critical_late_minutes = StrictInteger(**_MINUTES)
    own = OwnTolerances(load_default=())


class ChooseCatalogueAge(Schema):
    """Body of the municipality's limit for the age of the catalogue: days, and the version that was seen (0 for none)."""

    version = StrictInteger(required=True, least=0)
    most_days = StrictInteger(required=True, least=1, most=365)


def favourite_typed(favourite: FavouriteDose, today: date) -> dict[str, Any]:
    """What stands in the prescribing form for this favourite, ordered today."""
    wanted, last_day = favourite.required_value, favourite.dose.last_day(today)
    typed = form_of(favourite.dose.dosage) | {
        "item": str(favourite.hit.id),
        "indication": favourite.indication,
        "instruction": favourite.instruction or "",
        "last_day": norwegian_date(last_day) if last_day else "",
    }
    if wanted:
        typed["required_value"] = wanted.code
        typed["minimum"] = as_input(wanted.minimum) if wanted.minimum is not None else ""
        typed["maximum"] = as_input(wanted.maximum) if wanted.maximum is not None else ""
    return typed


def required_value_from(form: Mapping[str, Any]) -> ValueRequirement | None:
    """The value that must be known before a dose. Raises Invalid at the field `minimum`."""
    if not form["required_value"]:
        return None
    with refusing("minimum", Invalid):
        return _REQUIRED[form["required_value"]](form["minimum"], form["maximum"])


def strength_of(value: Decimal | None, unit: str | None) -> Quantity | None:
    """What one unit holds, where the catalogue says."""
    return Quantity(value, unit) if value is not None and unit is not None else None


def settings_from(form: Mapping[str, Any]) -> DoseSettings:
    """The settings that a validated ChooseSettings means. Raises Invalid with a sentence at the first field it is about."""
    with refusing("morning", Invalid):
        clock_times = own_clock_times({at: form[at.name.lower()] for at in TimeOfDay})
    ordinary, narrow = (
        Tolerance(timedelta(minutes=form[f"{of}ready_minutes"]), timedelta(minutes=form[f"{of}late_minutes"]))
        for of in ("", "critical_")
    )
    with refusing("critical_ready_minutes", Invalid):
        settings = DoseSettings(clock_times, ordinary, narrow)
    with refusing("own", Invalid):
        return replace(settings, own=form["own"])


def settings_typed(settings: DoseSettings) -> dict[str, str]:
    """What stands in the form for these settings."""
    typed = {at.name.lower(): f"{clock:%H.%M}" for at, clock in settings.clock_times.items()}
    for of, tolerance in (("", settings.ordinary), ("critical_", settings.narrow)):
        typed[f"{of}ready_minutes"] = str(tolerance.before // timedelta(minutes=1))
        typed[f"{of}late_minutes"] = str(tolerance.after // timedelta(minutes=1))
    return typed | {"own": as_lines(settings.own)}
