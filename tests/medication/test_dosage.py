import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.rules import (
    AmountRange,
    AsNeeded,
    Course,
    Cycle,
    Dosage,
    EveryDays,
    EveryHours,
    InvalidDosage,
    Kind,
    TimeOfDay,
    Weekday,
    daily,
    every_days,
    every_hours,
    in_cycle,
    on_weekdays,
    weekly,
    when_needed,
)
from journal.platform.quantity import UNITS, Quantity

FIRST_DAY = date(2026, 11, 22)


def tablets(number: str | int) -> Quantity:
    return Quantity(Decimal(number), "tablett")


def mg(number: str | int) -> Quantity:
    return Quantity(Decimal(number), "mg")


ONE_OF_EACH = [
    daily(tablets(1), [time(8), time(20)], strength_per_unit=mg(50)),
    daily({time(8): tablets(2), time(20): tablets(1)}),
    daily(tablets("0.5"), [TimeOfDay.MORNING, TimeOfDay.NIGHT]),
    weekly(tablets(6), Weekday.MONDAY, time(8), strength_per_unit=mg("2.5")),
    on_weekdays(tablets(1), [Weekday.FRIDAY, Weekday.MONDAY], [time(8)]),
    in_cycle(tablets(1), Cycle(21, 7, FIRST_DAY), [time(8)]),
    every_days(Quantity(Decimal(1), "plaster"), 7, FIRST_DAY, time(9)),
    every_hours(tablets(1), 6, exact=True),
    when_needed(AmountRange(tablets(1), tablets(2)), max_doses=4, least_interval=timedelta(hours=4)),
    when_needed(tablets(2), max_amount=mg(4000), strength_per_unit=mg(500)),
    daily(tablets(1), [time(8)], course=Course.of_days(FIRST_DAY, 5)),
]

quantities = st.builds(
    Quantity,
    st.decimals("0.0001", "9999999.9999", places=4),
    st.sampled_from(sorted(UNITS)),
)
moments = st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), min_size=1, max_size=6, unique=True)


@st.composite
def dosages(draw: st.DrawFn) -> Dosage:
    amount, at, day = draw(quantities), draw(moments), draw(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
    course = draw(st.none() | st.builds(Course.of_days, st.just(day), st.integers(1, 400)))
    return draw(
        st.sampled_from(
            [
                daily(amount, at, course=course),
                on_weekdays(amount, draw(st.sets(st.sampled_from(Weekday), min_size=1, max_size=6)), at),
                in_cycle(amount, Cycle(draw(st.integers(1, 30)), draw(st.integers(1, 30)), day), at),
                every_days(amount, draw(st.integers(2, 90)), day, at[0]),
                every_hours(amount, draw(st.integers(1, 200)), course=course),
                when_needed(amount, max_doses=draw(st.integers(1, 24))),
                when_needed(amount, least_interval=timedelta(minutes=draw(st.integers(1, 10_000)))),
            ]
        )
    )


@pytest.mark.parametrize("dosage", ONE_OF_EACH)
def test_each_kind_comes_back_from_json_as_it_was(dosage):
    assert Dosage.from_json(json.loads(json.dumps(dosage.to_json()))) == dosage


@given(dosages())
def test_any_dosage_comes_back_from_json_exactly(dosage):
    assert Dosage.from_json(json.loads(json.dumps(dosage.to_json()))) == dosage


def test_amounts_are_stored_as_strings_never_as_numbers():
    assert daily(tablets("0.5"), [time(8)], strength_per_unit=mg(50)).to_json() == {
        "kind": "daily",
        "amount": {"value": "0.5", "unit": "tablett"},
        "strength_per_unit": {"value": "50", "unit": "mg"},
        "times": ["08:00"],
    }


@pytest.mark.parametrize("lost", ["weekdays", "times", "amount", "kind"])
def test_a_weekly_dosage_that_lost_a_part_is_refused_and_never_becomes_daily(lost):
    stored = weekly(tablets(6), Weekday.MONDAY, time(8)).to_json()
    del stored[lost]
    with pytest.raises(InvalidDosage):
        Dosage.from_json(stored)


def test_a_weekly_dosage_called_daily_is_refused():
    with pytest.raises(InvalidDosage, match="kan ikke også ha ukedag"):
        Dosage.from_json(weekly(tablets(6), Weekday.MONDAY, time(8)).to_json() | {"kind": "daily"})


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"value": 1, "unit": "tablett"}},
        {"amount": {"value": "1,0", "unit": "tablett"}},
        {"amount": {"value": "1_0", "unit": "tablett"}},
        {"amount": {"value": "1e3", "unit": "tablett"}},
        {"amount": {"value": "1", "unit": "pille"}},
        {"amount": {"value": "1", "unit": "tablett", "more": 1}},
        {"amount": "1 tablett"},
        {"amount": None},
        {"times": ["8:00"]},
        {"times": ["08:00:30"]},
        {"times": ["08:00+01:00"]},
        {"times": ["20:00", "08:00"]},
        {"times": ["08:00", "08:00"]},
        {"times": "08:00"},
        {"weekdays": [True]},
        {"weekdays": [1.0]},
        {"weekdays": ["1"]},
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"weekdays": [2, 1]},
        {"weekdays": [1, 2, 3, 4, 5, 6, 7]},
        {"exact": 1},
        {"exact": False},
        {"every": {"hours": 6}},
        {"as_needed": {"max_doses": 4}},
        {"unknown": 1},
        {"kind": "ukentlig"},
    ],
)
def test_anything_else_than_what_was_written_is_refused(change):
    stored = weekly(tablets(6), Weekday.MONDAY, time(8)).to_json()
    assert Dosage.from_json(stored)
    with pytest.raises(InvalidDosage):
        Dosage.from_json(stored | change)


@pytest.mark.parametrize("document", [None, [], "daily", 1, {}])
def test_what_is_no_dosage_at_all_is_refused(document):
    with pytest.raises(InvalidDosage):
        Dosage.from_json(document)


REFUSED = {
    "no time": lambda: daily(tablets(1)),
    "no weekday": lambda: on_weekdays(tablets(1), [], [time(8)]),
    "all weekdays": lambda: on_weekdays(tablets(1), Weekday, [time(8)]),
    "same weekday twice": lambda: on_weekdays(tablets(1), [Weekday.MONDAY] * 2, [time(8)]),
    "same time twice": lambda: daily(tablets(1), [time(8), time(8)]),
    "seconds": lambda: daily(tablets(1), [time(8, 0, 1)]),
    "a time with a zone": lambda: daily(tablets(1), [time(8, tzinfo=UTC)]),
    "clock time and time of day": lambda: daily(tablets(1), [time(8), TimeOfDay.EVENING]),
    "nothing to give": lambda: daily(tablets(0), [time(8)]),
    "less than nothing": lambda: daily(tablets(-1), [time(8)]),
    "more than can be typed": lambda: daily(tablets(10_000_000), [time(8)]),
    "strength of nothing": lambda: daily(tablets(1), [time(8)], strength_per_unit=mg(0)),
    "strength in the unit of the hand": lambda: daily(mg(50), [time(8)], strength_per_unit=mg(50)),
    "strength that is not exact": lambda: daily(tablets("0.333"), [time(8)], strength_per_unit=mg("0.333")),
    "different units": lambda: daily({time(8): tablets(1), time(20): mg(50)}),
    "amounts and other times": lambda: daily({time(8): tablets(1), time(20): tablets(2)}, [time(12)]),
    "amounts that are equal": lambda: Dosage(
        Kind.DAILY, None, times=(time(8), time(20)), amounts=(tablets(1), tablets(1))
    ),
    "an amount too few": lambda: Dosage(Kind.DAILY, None, times=(time(8), time(20)), amounts=(tablets(1),)),
    "one amount and many": lambda: Dosage(
        Kind.DAILY, tablets(1), times=(time(8), time(20)), amounts=(tablets(1), tablets(2))
    ),
    "no amount": lambda: Dosage(Kind.DAILY, None, times=(time(8),)),
    "a range at a fixed time": lambda: Dosage(Kind.DAILY, AmountRange(tablets(1), tablets(2)), times=(time(8),)),
    "a range backwards": lambda: AmountRange(tablets(2), tablets(1)),
    "a range of one": lambda: AmountRange(tablets(1), tablets(1)),
    "a range of two units": lambda: AmountRange(tablets(1), mg(100)),
    "a day on without a day off": lambda: Cycle(21, 0, FIRST_DAY),
    "each first day": lambda: every_days(tablets(1), 1, FIRST_DAY, time(8)),
    "each 0 hours": lambda: every_hours(tablets(1), 0),
    "hours where days should be": lambda: Dosage(Kind.EVERY_DAYS, tablets(1), times=(time(8),), every=EveryHours(6)),
    "days where hours should be": lambda: Dosage(Kind.EVERY_HOURS, tablets(1), every=EveryDays(7, FIRST_DAY)),
    "as needed without a limit": lambda: when_needed(tablets(1)),
    "as needed never": lambda: when_needed(tablets(1), max_doses=0),
    "as needed without end": lambda: when_needed(tablets(1), least_interval=timedelta(0)),
    "half a minute between": lambda: when_needed(tablets(1), least_interval=timedelta(seconds=90)),
    "a limit below one dose": lambda: when_needed(tablets(2), max_amount=tablets(1)),
    "a limit below the largest dose": lambda: when_needed(AmountRange(tablets(1), tablets(3)), max_amount=tablets(2)),
    "a limit in a foreign unit": lambda: when_needed(tablets(1), max_amount=mg(4000)),
    "as needed exactly": lambda: when_needed(tablets(1), max_doses=4, exact=True),
    "exactly in the morning": lambda: daily(tablets(1), [TimeOfDay.MORNING], exact=True),
    "limits at fixed times": lambda: Dosage(Kind.DAILY, tablets(1), times=(time(8),), as_needed=AsNeeded(max_doses=4)),
    "a course without ends": lambda: Course(),
    "a course backwards": lambda: Course(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    "a course without a zone": lambda: Course(datetime(2026, 1, 2)),
    "a course of no days": lambda: Course.of_days(FIRST_DAY, 0),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_a_dosage_that_does_not_say_one_thing_is_refused_with_a_sentence(make):
    with pytest.raises(InvalidDosage) as refusal:
        make()
    assert str(refusal.value)[0].isupper()
    assert str(refusal.value).endswith(".")


def test_two_tablets_of_50_mg_hold_100_mg():
    dosage = daily(tablets(2), [time(8)], strength_per_unit=mg(50))
    assert dosage.strength_of(tablets(2)) == mg(100)
    assert dosage.in_unit(tablets(2), "mg") == mg(100)


def test_an_amount_is_never_converted_to_a_unit_the_product_does_not_name():
    dosage = daily(tablets(2), [time(8)], strength_per_unit=mg(50))
    assert dosage.in_unit(tablets(2), "g") is None
    assert dosage.in_unit(mg(50), "tablett") is None


def test_the_same_amount_at_all_times_is_one_amount():
    assert daily({time(8): tablets(1), time(20): tablets(1)}) == daily(tablets(1), [time(20), time(8)])


def test_a_course_of_five_days_ends_at_midnight_in_oslo_even_when_the_clock_is_changed():
    course = Course.of_days(date(2026, 10, 23), 5)
    assert (course.starts_at, course.ends_at) == (
        datetime(2026, 10, 22, 22, tzinfo=UTC),
        datetime(2026, 10, 27, 23, tzinfo=UTC),
    )
