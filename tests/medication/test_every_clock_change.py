"""Every frequency over every night the clock is changed, 2020 to 2040: what is planned is what the wall says.

The oracle here knows neither time zones nor the journal's rules. It knows one law, directive 2000/84/EC: summer time is from
01 UTC on the last Sunday of March to 01 UTC on the last Sunday of October. With it a clock on the wall is walked a quarter of an
hour at a time, as somebody who sits up all night and looks at it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import pytest

from journal.medication.rules import (
    DEFAULT_CLOCK_TIMES,
    Course,
    Cycle,
    Dosage,
    Kind,
    Moment,
    Slot,
    Step,
    TimeOfDay,
    Weekday,
    daily,
    every_days,
    every_hours,
    expected_times,
    in_cycle,
    in_steps,
    on_weekdays,
    so_far,
    weekly,
    when_needed,
)
from journal.medication.service.planning import HORIZON
from journal.platform.quantity import Quantity

QUARTER = timedelta(minutes=15)
NONE, ONE, TWO = (Quantity(Decimal(number), "tablett") for number in range(3))
Planned = list[tuple[datetime, Quantity]]


class Night(NamedTuple):
    """A night on which the clock is changed: its Sunday, and the instant (UTC) at which it happens."""

    sunday: date

    @property
    def change(self) -> datetime:
        return datetime.combine(self.sunday, time(1), UTC)


def last_sunday(year: int, month: int) -> date:
    return max(day for day in (date(year, month, 31 - n) for n in range(7)) if day.isoweekday() == 7)


NIGHTS = [Night(last_sunday(year, month)) for year in range(2020, 2041) for month in (3, 10)]


def wall(at: datetime) -> datetime:
    """What the clock in Oslo shows at this instant, by the law alone."""
    begins, ends = (Night(last_sunday(at.year, month)).change for month in (3, 10))
    return (at + timedelta(hours=2 if begins <= at < ends else 1)).replace(tzinfo=None)


def looks(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each quarter of an hour from start to end: the instant, and the wall."""
    while start < end:
        yield start, wall(start)
        start += QUARTER


@cache
def first_shown(start: datetime, end: datetime) -> dict[datetime, datetime]:
    """What the wall shows, and when it first does."""
    shown: dict[datetime, datetime] = {}
    for at, face in looks(start, end):
        shown.setdefault(face, at)
    return shown


def at_the_wall(times: dict[time, Quantity], is_day: Callable[[date], bool], start: datetime, end: datetime) -> Planned:
    """Each named time of each day the medicine is for, when the wall first shows it.

    An hour the wall never shows is passed: what was due then comes when the wall has moved on by an hour, as far into the
    night, unless a dose is due at that very time already.
    """
    due: dict[datetime, Quantity] = {}
    moved: dict[datetime, Quantity] = {}
    shown, hour = first_shown(start, end), timedelta(hours=1)
    day = wall(start).date()
    while day <= wall(end).date():
        for named, amount in times.items() if is_day(day) else ():
            face = datetime.combine(day, named)
            if face in shown:
                due[shown[face]] = amount
            elif face - hour in shown and face + hour in shown:
                moved[shown[face + hour]] = amount
        day += timedelta(days=1)
    return sorted({**moved, **due}.items())


def by_the_hour_glass(hours: int, amount: Quantity, since: datetime, start: datetime, end: datetime) -> Planned:
    """An hour glass turned at the start: it knows no clock."""
    due, at = [], since
    while at < end:
        if at >= start:
            due.append((at, amount))
        at += timedelta(hours=hours)
    return due


class Form(NamedTuple):
    """A dosage, and how the oracle says the same: the times of a day and which days, or hours of an hour glass."""

    says: str
    dosage: Callable[[Night], Dosage]
    times: dict[time, Quantity]
    is_day: Callable[[Night, date], bool] = lambda night, day: True
    hours: int = 0


def _each(times: list[time]) -> dict[time, Quantity]:
    return dict.fromkeys(times, ONE)


def _evenly(number: int, first: time = time(0)) -> list[time]:
    """So many times a day, evenly, as a ward writes it."""
    step, begin = 24 * 60 // number, first.hour * 60 + first.minute
    return sorted(time(*divmod((begin + n * step) % 1440, 60)) for n in range(number))


def _passed(night: Night, day: date, before: int) -> int:
    return (day - (night.sunday - timedelta(days=before))).days


def _daily() -> Iterator[Form]:
    for number in (1, 2, 3, 4, 6, 8, 12, 24):
        for first in (time(0), time(2), time(2, 30), time(1, 45)):
            times = _evenly(number, first)
            yield Form(f"{number} a day from {first}", lambda _, at=times: daily(ONE, at), _each(times))  # type: ignore[misc]
    for at in (time(0), time(1, 45), time(2), time(2, 15), time(2, 45), time(3), time(23, 45)):
        yield Form(f"daily at {at}", lambda _, at=at: daily(ONE, [at]), {at: ONE})  # type: ignore[misc]
    crowded = {time(1): ONE, time(2): TWO, time(2, 30): ONE, time(3): ONE, time(3, 30): TWO}
    yield Form("own amounts through the night", lambda _: daily(crowded), crowded)
    of_day = {DEFAULT_CLOCK_TIMES[at]: ONE for at in TimeOfDay}
    yield Form("every time of day", lambda _: daily(ONE, list(TimeOfDay)), of_day)
    yield Form(
        "times of day with own amounts",
        lambda _: daily({TimeOfDay.MORNING: TWO, TimeOfDay.NIGHT: ONE}),
        {time(8): TWO, time(22): ONE},
    )
    yield Form("on the stroke", lambda _: daily(ONE, [time(2, 30)], exact=True), {time(2, 30): ONE})


def _by_days() -> Iterator[Form]:
    for weekday in Weekday:
        yield Form(
            f"each {weekday.name.lower()}",
            lambda _, on=weekday: weekly(ONE, on, time(2, 30)),  # type: ignore[misc]
            {time(2, 30): ONE},
            lambda _, day, on=weekday: day.isoweekday() == on,  # type: ignore[misc]
        )
    yield Form(
        "sundays and mondays",
        lambda _: on_weekdays(ONE, [Weekday.SUNDAY, Weekday.MONDAY], [time(2), time(20)]),
        _each([time(2), time(20)]),
        lambda _, day: day.isoweekday() in (7, 1),
    )
    for days in (2, 3, 4, 7, 14, 28, 90):
        for before in (0, days, days * 2, 1):
            yield Form(
                f"each {days} days, begun {before} days before",
                lambda night, n=days, b=before: every_days(ONE, n, night.sunday - timedelta(days=b), time(2, 15)),  # type: ignore[misc]
                {time(2, 15): ONE},
                lambda night, day, n=days, b=before: _passed(night, day, b) >= 0 and _passed(night, day, b) % n == 0,  # type: ignore[misc]
            )
    for on, off in ((1, 1), (2, 1), (5, 2), (21, 7), (7, 21)):
        for before in (0, 1, on, on + off):
            yield Form(
                f"{on} days on and {off} off, begun {before} days before",
                lambda night, on=on, off=off, b=before: in_cycle(  # type: ignore[misc]
                    ONE, Cycle(on, off, night.sunday - timedelta(days=b)), [time(2), time(2, 45)]
                ),
                _each([time(2), time(2, 45)]),
                lambda night, day, on=on, off=off, b=before: (  # type: ignore[misc]
                    _passed(night, day, b) >= 0 and _passed(night, day, b) % (on + off) < on
                ),
            )


def _by_steps() -> Iterator[Form]:
    """Steps between a dose and none, so that the night, or the day before it or after it, is the edge of one."""
    for first_without in (-1, 0, 1):
        for days in (1, 2):
            yield Form(
                f"steps with no dose on {days} days from {first_without} days off",
                lambda night, at=first_without, n=days: in_steps(  # type: ignore[misc]
                    [
                        Step(night.sunday - timedelta(days=30), (ONE,)),
                        Step(night.sunday + timedelta(days=at), (NONE,)),
                        Step(night.sunday + timedelta(days=at + n), (ONE,)),
                    ],
                    [time(2, 15), time(23, 45)],
                ),
                _each([time(2, 15), time(23, 45)]),
                lambda night, day, at=first_without, n=days: (  # type: ignore[misc]
                    _passed(night, day, 30) >= 0 and not at <= _passed(night, day, 0) < at + n
                ),
            )


def _by_hours() -> Iterator[Form]:
    for hours in (*range(1, 25), 36, 48, 72, 168):
        yield Form(f"each {hours} hours", lambda _, n=hours: every_hours(ONE, n), {}, hours=hours)  # type: ignore[misc]
    yield Form("each 6 hours on the stroke", lambda _: every_hours(ONE, 6, exact=True), {}, hours=6)


FORMS = [*_daily(), *_by_days(), *_by_steps(), *_by_hours()]


def oracle(form: Form, night: Night, since: datetime, start: datetime, end: datetime) -> Planned:
    if form.hours:
        return by_the_hour_glass(form.hours, ONE, since, start, end)
    # Looked at from a day before: whether the wall showed a time earlier that night must be known.
    whole = at_the_wall(form.times, lambda day: form.is_day(night, day), start - timedelta(days=1), end)
    return [(at, amount) for at, amount in whole if at >= start]


def planned(dosage: Dosage, since: datetime, start: datetime, end: datetime) -> Planned:
    return [
        (d.due_at, d.amount) for d in expected_times(dosage, start=start, end=end, order_start=since, order_end=None)
    ]


def test_there_are_42_nights_and_a_wall_that_loses_or_gains_an_hour() -> None:
    def shown(night: Night) -> int:
        around = (night.change - timedelta(hours=12), night.change + timedelta(hours=12))
        return len({face for _, face in looks(*around)})

    assert len(NIGHTS) == 42
    assert {shown(night) for night in NIGHTS if night.sunday.month == 3} == {96}
    assert {shown(night) for night in NIGHTS if night.sunday.month == 10} == {92}
    assert wall(datetime(2026, 3, 29, 0, 45, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 45)
    assert wall(datetime(2026, 3, 29, 1, tzinfo=UTC)) == datetime(2026, 3, 29, 3)


def test_every_kind_of_dosage_that_is_ever_due_is_tried() -> None:
    assert {form.dosage(NIGHTS[0]).kind for form in FORMS} == set(Kind) - {Kind.AS_NEEDED}


@pytest.mark.parametrize("form", FORMS, ids=[form.says for form in FORMS])
def test_what_is_planned_over_every_night_the_clock_is_changed_is_what_the_wall_says(form: Form) -> None:
    for night in NIGHTS:
        start, end = night.change - timedelta(days=2, hours=1), night.change + timedelta(days=2, hours=1)
        since = start + timedelta(hours=7, minutes=15)
        dosage = form.dosage(night)
        assert planned(dosage, since, start, end) == oracle(form, night, since, since, end), night.sunday


@pytest.mark.parametrize("form", FORMS, ids=[form.says for form in FORMS])
def test_a_plan_cut_at_any_moment_of_the_night_is_the_plan_made_at_once(form: Form) -> None:
    """The horizon may end anywhere, and the doctor may change the order at half past two."""
    for night in NIGHTS[12:16]:
        start, end = night.change - timedelta(hours=13), night.change + timedelta(hours=13)
        dosage = form.dosage(night)
        whole = planned(dosage, start, start, end)
        for cut in (night.change + n * QUARTER for n in range(-8, 9)):
            assert planned(dosage, start, start, cut) + planned(dosage, start, cut, end) == whole, (night.sunday, cut)


@pytest.mark.parametrize("night", NIGHTS, ids=[str(night.sunday) for night in NIGHTS])
def test_a_course_of_days_has_its_doses_on_those_days_alone(night: Night) -> None:
    course = Course.of_days(night.sunday - timedelta(days=1), 3)
    times: list[Moment] = [time(0), time(2, 30), time(23, 45)]
    days = [night.sunday + timedelta(days=n) for n in (-1, 0, 1)]
    around = (night.change - HORIZON, night.change + HORIZON)

    found = planned(daily(ONE, times, course=course), around[0], *around)

    assert [wall(at).date() for at, _ in found] == [day for day in days for _ in times]
    assert found == at_the_wall({time(0): ONE, time(2, 30): ONE, time(23, 45): ONE}, lambda day: day in days, *around)


@pytest.mark.parametrize("form", [*_daily(), *_by_days(), *_by_hours()], ids=lambda form: form.says)
def test_a_course_of_doses_given_is_as_many_as_were_ordered_whatever_was_missed_that_night(form: Form) -> None:
    """Every third dose is not given: the course is what the wall shows until the last of them is."""
    if form.dosage(NIGHTS[0]).amounts:
        return  # which amount would be made up? refused (rules.steps)
    for night in NIGHTS[12:16]:
        since, end = night.change - timedelta(days=3), night.change + timedelta(days=3)
        due = oracle(form, night, since, since, end)
        counted = [n for n in range(len(due)) if n % 3 != 1]
        of = max(len(counted) // 2, 1)
        if len(counted) <= of:
            continue
        dosage = replace(form.dosage(night), course=Course(doses=of))
        slots: list[Slot] = []
        told = []
        for at, amount in planned(dosage, since, since, end):
            stands = so_far(of, slots, now=at, start=at)
            if not stands.ahead:
                break
            told.append((at, amount))
            slots.append(Slot(at, int(len(slots) % 3 != 1), signed=True, open=True, missed_from=at))
        assert told == due[: counted[of - 1] + 1], night.sunday


@pytest.mark.parametrize("night", NIGHTS, ids=[str(night.sunday) for night in NIGHTS])
def test_a_medicine_as_needed_is_never_planned(night: Night) -> None:
    assert planned(when_needed(ONE, max_doses=4), night.change, night.change - HORIZON, night.change + HORIZON) == []
