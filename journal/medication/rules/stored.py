"""A dosage as JSON, and back: decimals as strings, times as `08:00`, empty parts left out."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from journal.medication.rules.parts import (
    AmountRange,
    AsNeeded,
    Course,
    Cycle,
    EveryDays,
    EveryHours,
    InrControl,
    Kind,
    Step,
    TimeOfDay,
    Weekday,
)
from journal.platform.quantity import Quantity, parse_decimal

if TYPE_CHECKING:
    from journal.medication.rules.dosage import Dosage


def canonical(document: object) -> str:
    """One text for one document, in which 1, 1.0 and true are different. Raises TypeError for what is not JSON."""
    return json.dumps(document, sort_keys=True)


def written(dosage: "Dosage") -> dict[str, Any]:
    """The document for this dosage."""
    return _filled(
        kind=dosage.kind.value,
        amount=_amount(dosage.amount),
        strength_per_unit=_amount(dosage.strength_per_unit),
        times=[at.isoformat("minutes") for at in dosage.times],
        times_of_day=[at.value for at in dosage.times_of_day],
        amounts=[_amount(amount) for amount in dosage.amounts],
        weekdays=[day.value for day in dosage.weekdays],
        cycle=_cycle(dosage.cycle),
        every=_every(dosage.every),
        steps=[
            {"from": step.first_day.isoformat(), "amounts": [_amount(amount) for amount in step.amounts]}
            for step in dosage.steps
        ],
        as_needed=_limits(dosage.as_needed),
        course=_course(dosage.course),
        inr=_inr(dosage.inr),
        exact=dosage.exact,
    )


def parts(document: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of Dosage in this document.

    Lenient about form: whoever calls it compares what it became with what it was. Raises KeyError, TypeError,
    AttributeError or ValueError for what cannot be read at all.
    """
    readers: dict[str, Callable[[Any], Any]] = {
        "kind": Kind,
        "amount": _read_amount,
        "strength_per_unit": _read_quantity,
        "times": lambda texts: tuple(map(time.fromisoformat, texts)),
        "times_of_day": lambda codes: tuple(map(TimeOfDay, codes)),
        "amounts": lambda amounts: tuple(map(_read_quantity, amounts)),
        "weekdays": lambda days: tuple(map(Weekday, days)),
        "cycle": lambda cycle: Cycle(cycle["on"], cycle["off"], date.fromisoformat(cycle["anchor"])),
        "every": _read_every,
        "steps": lambda steps: tuple(map(_read_step, steps)),
        "as_needed": _read_limits,
        "course": _read_course,
        "inr": _read_inr,
        "exact": bool,
    }
    return {"amount": None} | {key: readers[key](value) for key, value in document.items()}


def _filled(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _amount(amount: Quantity | AmountRange | None) -> dict[str, Any] | None:
    if isinstance(amount, AmountRange):
        return {"least": _amount(amount.least), "most": _amount(amount.most)}
    return {"value": f"{amount.value:f}", "unit": amount.unit} if amount is not None else None


def _read_quantity(stored: Mapping[str, str]) -> Quantity:
    return Quantity(parse_decimal(stored["value"]), stored["unit"])


def _read_amount(stored: Mapping[str, Any]) -> Quantity | AmountRange:
    if "least" in stored:
        return AmountRange(_read_quantity(stored["least"]), _read_quantity(stored["most"]))
    return _read_quantity(stored)


def _cycle(cycle: Cycle | None) -> dict[str, Any] | None:
    return {"on": cycle.days_on, "off": cycle.days_off, "anchor": cycle.anchor.isoformat()} if cycle else None


def _every(every: EveryHours | EveryDays | None) -> dict[str, Any] | None:
    if isinstance(every, EveryDays):
        return {"days": every.days, "anchor": every.anchor.isoformat()}
    return {"hours": every.hours} if every else None


def _read_every(stored: Mapping[str, Any]) -> EveryHours | EveryDays:
    if "hours" in stored:
        return EveryHours(stored["hours"])
    return EveryDays(stored["days"], date.fromisoformat(stored["anchor"]))


def _limits(limits: AsNeeded | None) -> dict[str, Any] | None:
    if limits is None:
        return None
    minutes = limits.least_interval // timedelta(minutes=1) if limits.least_interval is not None else None
    return _filled(max_doses=limits.max_doses, max_amount=_amount(limits.max_amount), least_minutes=minutes)


def _read_limits(stored: Mapping[str, Any]) -> AsNeeded:
    return AsNeeded(
        max_doses=stored.get("max_doses"),
        max_amount=_read_quantity(stored["max_amount"]) if "max_amount" in stored else None,
        least_interval=timedelta(minutes=stored["least_minutes"]) if "least_minutes" in stored else None,
    )


def _course(course: Course | None) -> dict[str, Any] | None:
    if course is None:
        return None
    limits = {"starts_at": course.starts_at, "ends_at": course.ends_at, "first_at": course.first_at}
    at = {key: limit.isoformat() for key, limit in limits.items() if limit is not None}
    return at | _filled(doses=course.doses)


def _read_course(stored: Mapping[str, Any]) -> Course:
    at = {key: datetime.fromisoformat(text) for key, text in stored.items() if key != "doses"}
    return Course(**at, doses=stored.get("doses"))


def _read_step(stored: Mapping[str, Any]) -> Step:
    return Step(date.fromisoformat(stored["from"]), tuple(map(_read_quantity, stored["amounts"])))


def _inr(inr: InrControl | None) -> dict[str, str] | None:
    if inr is None:
        return None
    values = {"low": inr.low, "high": inr.high, "last": inr.last}
    days = {"last_on": inr.last_on, "next_on": inr.next_on}
    return {key: f"{value:f}" for key, value in values.items()} | {key: day.isoformat() for key, day in days.items()}


def _read_inr(stored: Mapping[str, str]) -> InrControl:
    return InrControl(
        low=parse_decimal(stored["low"]),
        high=parse_decimal(stored["high"]),
        last=parse_decimal(stored["last"]),
        last_on=date.fromisoformat(stored["last_on"]),
        next_on=date.fromisoformat(stored["next_on"]),
    )
