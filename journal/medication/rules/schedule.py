"""When the doses of an order are due.

The answer for a period never depends on how the period is cut: expanding Monday and then Tuesday gives the same doses
as expanding both at once. So the worklist can be filled a day at a time, and filled again.

Clock-time medicines follow the clock on the wall: "kl. 08" is 08 in summer and in winter, and a day has as many doses
as the dosage names, whether it lasts 23, 24 or 25 hours. Interval medicines follow elapsed time: six hours are six
hours, and the clock shows another hour after the night it was changed.

A course whose first dose is given at once has it outside the clock times. The next one comes at the first clock time that is
at least half as far off as two doses usually are: four times a day, three hours. Nearer, it is left out, so that the second
dose is never more than one and a half times as far off as usual either. It is the same half by which a missed dose is
missed (status).

No two doses of one order are due at the same instant. In the night of March that has no hour between 02 and 03, a dose
ordered at 02 would come at 03, on top of one ordered at 03: there is then only the one ordered at 03.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import EveryDays, EveryHours, Kind, Moment, TimeOfDay
from journal.platform.clock import instant, local_date
from journal.platform.quantity import Quantity

ClockTimes = Mapping[TimeOfDay, time]
"""Which clock time each time of day means. Each municipality may have its own."""

DEFAULT_CLOCK_TIMES: ClockTimes = MappingProxyType(
    {
        TimeOfDay.MORNING: time(8),
        TimeOfDay.FORENOON: time(10),
        TimeOfDay.MIDDAY: time(12),
        TimeOfDay.AFTERNOON: time(16),
        TimeOfDay.EVENING: time(20),
        TimeOfDay.NIGHT: time(22),
    }
)


class ExpectedDose(NamedTuple):
    """One dose that is due: when (UTC), and what the hand is to give."""

    due_at: datetime
    amount: Quantity


def own_clock_times(own: Mapping[TimeOfDay, time]) -> ClockTimes:
    """The municipality's own clock times, and the default for the rest.

    Raises ValueError when they do not rise from morning to night: two times of day at the same clock time would make
    two doses at once.
    """
    times = {at: own.get(at, usual) for at, usual in DEFAULT_CLOCK_TIMES.items()}
    in_order = list(times.values())
    if any(earlier >= later for earlier, later in pairwise(in_order)):
        raise ValueError("Klokkeslettene må komme i rekkefølge fra morgen til natt.")
    return MappingProxyType(times)


def expected_times(
    dosage: Dosage,
    *,
    start: datetime,
    end: datetime,
    order_start: datetime,
    order_end: datetime | None,
    clock_times: ClockTimes = DEFAULT_CLOCK_TIMES,
) -> Iterator[ExpectedDose]:
    """The doses due from `start` up to but not including `end`, earliest first.

    The order counts from `order_start` up to but not including `order_end`, within its course, and to its next INR. Where a
    course ends by the doses given, they go on: how many of them are left is for who knows what was given (course_doses). A
    medicine as needed is never due. All instants are aware. Raises ValueError for one without a time zone.
    """
    if dosage.kind is Kind.AS_NEEDED:
        return iter(())
    first = _latest(order_start, dosage.course.starts_at if dosage.course else None)
    begin, stop = _latest(start, first), _earliest(end, order_end, dosage.ends_at)
    if isinstance(dosage.every, EveryHours):
        return _by_elapsed_time(dosage, dosage.every, first, begin, stop)
    return _by_the_wall(dosage, begin, stop, clock_times)


def is_day_of(dosage: Dosage, day: date) -> bool:
    """Whether a clock-time medicine is to be given on this day (Oslo)."""
    match dosage.kind:
        case Kind.DAILY:
            return True
        case Kind.WEEKDAYS:
            return day.isoweekday() in dosage.weekdays
        case Kind.CYCLE if dosage.cycle:
            passed = (day - dosage.cycle.anchor).days
            return passed >= 0 and passed % (dosage.cycle.days_on + dosage.cycle.days_off) < dosage.cycle.days_on
        case Kind.EVERY_DAYS if isinstance(dosage.every, EveryDays):
            passed = (day - dosage.every.anchor).days
            return passed >= 0 and passed % dosage.every.days == 0
        case Kind.STEPS:
            step = dosage.step_on(day)
            return step is not None and not step.is_nothing
    return False


def _by_elapsed_time(
    dosage: Dosage, every: EveryHours, first: datetime, begin: datetime, stop: datetime
) -> Iterator[ExpectedDose]:
    assert isinstance(dosage.amount, Quantity)
    step = timedelta(hours=every.hours)
    passed = -((first - begin) // step)  # whole intervals from the first dose to the first one in the period
    due_at = first + passed * step
    while due_at < stop:
        yield ExpectedDose(due_at, dosage.amount)
        due_at += step


def _by_the_wall(dosage: Dosage, begin: datetime, stop: datetime, clock_times: ClockTimes) -> Iterator[ExpectedDose]:
    if begin >= stop:
        return
    day, last_day = local_date(begin), local_date(stop)
    if (first_at := dosage.course.first_at if dosage.course else None) is not None:
        assert isinstance(dosage.amount, Quantity)
        if begin <= first_at < stop:
            yield ExpectedDose(first_at, dosage.amount)
        begin = max(begin, first_at + safe_distance(dosage))
    while day <= last_day:
        if is_day_of(dosage, day):
            yield from (dose for dose in _doses_on(dosage, day, clock_times) if begin <= dose.due_at < stop)
        day += timedelta(days=1)


def safe_distance(dosage: Dosage) -> timedelta:
    """The least time from a first dose at once to the next: half the usual time between two, of a daily medicine."""
    return timedelta(hours=12) / len(dosage.moments)


def _doses_on(dosage: Dosage, day: date, clock_times: ClockTimes) -> list[ExpectedDose]:
    """In order of time: in March a dose at 02.30 comes after one at 03, since the clock never shows 02.30."""
    step = dosage.step_on(day)
    doses = dosage.doses_of(step) if step else dosage.timed_doses
    amounts = {instant(day, _clock(at, clock_times)): amount for at, amount in doses}
    return [ExpectedDose(due_at, amounts[due_at]) for due_at in sorted(amounts)]


def _clock(at: Moment, clock_times: ClockTimes) -> time:
    return clock_times[at] if isinstance(at, TimeOfDay) else at


def _latest(known: datetime, *others: datetime | None) -> datetime:
    return max(_utc(at) for at in (known, *others) if at is not None)


def _earliest(known: datetime, *others: datetime | None) -> datetime:
    return min(_utc(at) for at in (known, *others) if at is not None)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant must carry a time zone")
    return at.astimezone(UTC)
