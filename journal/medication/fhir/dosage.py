"""A dosage as FHIR's Dosage: one for each amount, with its own words.

What a receiver who reads half of it would do decides the form:

* a medicine on some weekdays is so many times a week, never so many times a day with days beside it: who overlooks the
  days still gives methotrexate once a week;
* a cycle has no frequency at all, since FHIR R4 cannot say "21 days on, 7 off": who does not know the extension must read
  the words;
* a step of a taper is a dosage of its own, in its place of the sequence, with its first and last day in its period and in
  its words: who reads one of them cannot take it for the whole;
* a course that ends by the doses given has their number as the count of its timing;
* a first dose at once is a dosage of its own, at its instant, before the others: who reads one of them alone gives none twice;
* FHIR's period ends with its last second, ours before it: the second is taken off, so that no dose is added at the end.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple

from journal.medication.rules import (
    AmountRange,
    AsNeeded,
    Cycle,
    Dosage,
    EveryDays,
    EveryHours,
    Kind,
    Moment,
    TimedDose,
    TimeOfDay,
    Weekday,
    dose_sentence,
    safe_distance,
    say,
    without_first,
)
from journal.platform import clock
from journal.platform.clock import local_date, norwegian_date
from journal.platform.fhir import OWN, UCUM, Resource, instant, written
from journal.platform.language import phrase
from journal.platform.quantity import UNITS, Quantity

CYCLE, FIRST_DAY, EXACT, LEAST_INTERVAL = (
    f"{OWN}:{name}" for name in ("dosage-cycle", "first-day", "given-exactly", "least-interval")
)

# FHIR's EventTiming for Volven 8325. None of them promises a clock time, and neither does the national list.
WHEN = {
    TimeOfDay.MORNING: "MORN",
    TimeOfDay.FORENOON: "MORN.late",
    TimeOfDay.MIDDAY: "NOON",
    TimeOfDay.AFTERNOON: "AFT",
    TimeOfDay.EVENING: "EVE",
    TimeOfDay.NIGHT: "NIGHT",
}
DAYS = dict(zip(Weekday, ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), strict=True))


def dosages_to_fhir(
    dosage: Dosage,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    indication: str | None,
    route: Resource | None,
    also: list[Resource],
) -> list[Resource]:
    """`dosageInstruction` of a request, `dosage` of a statement. `also`: what more must be known before a dose is given.

    The doses of a day that have different amounts are dosages with the same sequence: they are taken side by side.
    """
    bounds = _Bounds(starts_at, ends_at).within(dosage.course.starts_at if dosage.course else None, dosage.ends_at)
    return [
        written(
            sequence=n,
            text=str(words),
            additionalInstruction=also,
            timing=_timing(part, within),
            **_as_needed(part, indication),
            route=route,
            doseAndRate=[_dose(part)],
            maxDosePerPeriod=_most(part.as_needed),
        )
        for n, part, words, within in (_steps(dosage, bounds) if dosage.steps else _amounts(dosage, bounds))
    ]


class _Bounds(NamedTuple):
    """From when, and up to when; None while nothing ends it."""

    start: datetime
    end: datetime | None

    def within(self, start: datetime | None, end: datetime | None) -> "_Bounds":
        """What lies in both."""
        ends = [at for at in (self.end, end) if at is not None]
        return _Bounds(max(self.start, start) if start else self.start, min(ends, default=None))

    def to_fhir(self) -> Resource:
        return written(start=instant(self.start), end=instant(self.end - timedelta(seconds=1) if self.end else None))


_Part = tuple[int, Dosage, str, _Bounds]


def quantity(amount: Quantity) -> Resource:
    """A Quantity in UCUM; things one counts are annotations of the number one ({tablett})."""
    return {"value": amount.value, "unit": amount.unit_shown, "system": UCUM, "code": UNITS[amount.unit].ucum}


def _amounts(dosage: Dosage, bounds: _Bounds) -> Iterator[_Part]:
    """A dosage for each amount."""
    if dosage.amount is not None:
        yield from (
            _from_the_first(dosage, bounds) if _first_at(dosage) else [(1, dosage, dose_sentence(dosage), bounds)]
        )
        return
    for dose in dosage.timed_doses:
        part = _alone(dosage, dose)
        yield 1, part, dose_sentence(part), bounds


def _first_at(dosage: Dosage) -> datetime | None:
    return dosage.course.first_at if dosage.course else None


def _from_the_first(dosage: Dosage, bounds: _Bounds) -> Iterator[_Part]:
    """The first dose of a course at once, and the others from a safe distance on."""
    first_at, doses = _first_at(dosage), dosage.course.doses if dosage.course else None
    assert first_at is not None and isinstance(dosage.amount, Quantity)
    yield 1, dosage, str(phrase("Første dose straks: %(dose)s", dose=say(dosage.amount))), bounds
    if doses != 1:
        rest = without_first(dosage)
        if rest.course and doses:
            rest = replace(rest, course=replace(rest.course, doses=doses - 1))
        said = str(phrase("Deretter %(dose)s", dose=dose_sentence(rest)))
        yield 2, rest, said, bounds.within(first_at + safe_distance(dosage), None)


def _steps(dosage: Dosage, bounds: _Bounds) -> Iterator[_Part]:
    """A dosage for each dose of each step that lies in the order's time."""
    for n, (step, following) in enumerate(zip_longest(dosage.steps, dosage.steps[1:]), start=1):
        within = bounds.within(_midnight(step.first_day), _midnight(following.first_day) if following else None)
        if within.end is not None and within.end <= within.start:
            continue
        days = f"fra {norwegian_date(local_date(within.start))}"
        if within.end is not None:
            days += f" til og med {norwegian_date(local_date(within.end - timedelta(seconds=1)))}"
        for dose in dosage.doses_of(step):
            part = _alone(dosage, dose)
            yield n, part, f"Trinn {n} av {len(dosage.steps)}, {days}: {dose_sentence(part)}", within


def _alone(dosage: Dosage, dose: TimedDose) -> Dosage:
    """One of a day's doses, as if it were the only one."""
    times, of_day = ((dose.at,), ()) if isinstance(dose.at, time) else ((), (dose.at,))
    kind, course = (Kind.DAILY, None) if dosage.steps else (dosage.kind, dosage.course)
    more: Any = {"times": times, "times_of_day": of_day, "kind": kind, "course": course}
    return replace(dosage, amount=dose.amount, amounts=(), steps=(), **more)


def _midnight(day: date) -> datetime:
    return clock.instant(day, time.min)


def _timing(dosage: Dosage, bounds: _Bounds) -> Resource:
    if first_at := _first_at(dosage):
        return {"event": [instant(first_at)]}
    count = dosage.course.doses if dosage.course else None
    repeat = written(extension=_more(dosage), boundsPeriod=bounds.to_fhir(), count=count, **_repeat(dosage))
    if dosage.cycle is None:
        return {"repeat": repeat}
    extension = [_cycle(dosage.cycle, dosage.moments)]
    return {"extension": extension, "repeat": repeat, "code": {"text": str(dose_sentence(dosage))}}


def _repeat(dosage: Dosage) -> Resource:
    match dosage.kind, dosage.every:
        case Kind.CYCLE, _:
            return {}
        case Kind.AS_NEEDED, _:
            most = dosage.as_needed and dosage.as_needed.max_doses
            return {"frequencyMax": most, "period": 1, "periodUnit": "d"} if most else {}
        case _, EveryHours(hours):
            return {"frequency": 1, "period": hours, "periodUnit": "h"}
        case _, EveryDays(days, _):
            return {"frequency": len(dosage.moments), "period": days, "periodUnit": "d", **_at(dosage.moments)}
        case Kind.WEEKDAYS, _:
            times_a_week = len(dosage.moments) * len(dosage.weekdays)
            days_of_week = [DAYS[day] for day in dosage.weekdays]
            weekly = {"frequency": times_a_week, "period": 1, "periodUnit": "wk", "dayOfWeek": days_of_week}
            return {**weekly, **_at(dosage.moments)}
    return {"frequency": len(dosage.moments), "period": 1, "periodUnit": "d", **_at(dosage.moments)}


def _at(moments: tuple[Moment, ...]) -> Resource:
    """FHIR lets a timing have clock times or times of day, never both; so does a dosage."""
    clock = [f"{at:%H:%M:%S}" for at in moments if isinstance(at, time)]
    return written(timeOfDay=clock, when=[WHEN[at] for at in moments if isinstance(at, TimeOfDay)])


def _more(dosage: Dosage) -> list[Resource]:
    more: list[Resource] = []
    if isinstance(dosage.every, EveryDays):
        more.append({"url": FIRST_DAY, "valueDate": dosage.every.anchor.isoformat()})
    if dosage.exact:
        more.append({"url": EXACT, "valueBoolean": True})
    if dosage.as_needed and dosage.as_needed.least_interval:
        minutes = dosage.as_needed.least_interval // timedelta(minutes=1)
        duration = {"value": minutes, "unit": "minutter", "system": UCUM, "code": "min"}
        more.append({"url": LEAST_INTERVAL, "valueDuration": duration})
    return more


def _cycle(cycle: Cycle, moments: tuple[Moment, ...]) -> Resource:
    at = _at(moments)
    return {
        "url": CYCLE,
        "extension": [
            {"url": "daysOn", "valuePositiveInt": cycle.days_on},
            {"url": "daysOff", "valuePositiveInt": cycle.days_off},
            {"url": "firstDay", "valueDate": cycle.anchor.isoformat()},
            *({"url": "timeOfDay", "valueTime": clock} for clock in at.get("timeOfDay", ())),
            *({"url": "when", "valueCode": code} for code in at.get("when", ())),
        ],
    }


def _as_needed(dosage: Dosage, indication: str | None) -> Resource:
    if dosage.as_needed is None:
        return {}
    return {"asNeededCodeableConcept": {"text": indication}} if indication else {"asNeededBoolean": True}


def _dose(dosage: Dosage) -> Resource:
    if isinstance(dosage.amount, AmountRange):
        return {"doseRange": {"low": quantity(dosage.amount.least), "high": quantity(dosage.amount.most)}}
    assert dosage.amount is not None
    return {"doseQuantity": quantity(dosage.amount)}


def _most(limits: AsNeeded | None) -> Resource | None:
    """Per 24 hours that roll, not per calendar day: hence hours."""
    if limits is None or limits.max_amount is None:
        return None
    day = {"value": 24, "unit": "timer", "system": UCUM, "code": "h"}
    return {"numerator": quantity(limits.max_amount), "denominator": day}
