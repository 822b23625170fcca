from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.rules import (
    Course,
    Cycle,
    Dosage,
    TimeOfDay,
    Weekday,
    daily,
    every_days,
    every_hours,
    expected_times,
    in_cycle,
    on_weekdays,
    own_clock_times,
    weekly,
    when_needed,
)
from journal.platform.clock import day_bounds, hhmm, instant, local, local_date
from journal.platform.quantity import Quantity

TABLET = Quantity(Decimal(1), "tablett")
TWO_TABLETS = Quantity(Decimal(2), "tablett")
LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)

FREQUENCIES = {
    1: [time(8)],
    2: [time(8), time(20)],
    3: [time(8), time(14), time(20)],
    4: [time(2, 30), time(8), time(14), time(20)],
    6: [time(hour) for hour in range(2, 24, 4)],
    8: [time(hour, 30) for hour in range(2, 24, 3)],
    24: [time(hour) for hour in range(24)],
}


def transition_days() -> list[date]:
    """The last Sundays of March and October, 2020 to 2040: where Oslo's days last 23 and 25 hours."""
    sundays = []
    for year in range(2020, 2041):
        for month in (3, 10):
            last = date(year, month, 31)
            sundays.append(last - timedelta(days=last.isoweekday() % 7))
    return sundays


def expand(dosage: Dosage, start: datetime, end: datetime, order_start=LONG_AGO, order_end=None, **more):
    return list(expected_times(dosage, start=start, end=end, order_start=order_start, order_end=order_end, **more))


def on(dosage: Dosage, day: date, **more):
    return expand(dosage, *day_bounds(day), **more)


def shown(doses) -> list[str]:
    return [f"{local(dose.due_at):%a %d.%m. %H.%M}" for dose in doses]


def day_length(day: date) -> timedelta:
    start, end = day_bounds(day)
    return end - start


def test_the_clock_is_changed_42_times_from_2020_to_2040():
    lengths = Counter(map(day_length, transition_days()))
    assert lengths == {timedelta(hours=23): 21, timedelta(hours=25): 21}


@pytest.mark.parametrize("times", FREQUENCIES.values(), ids=FREQUENCIES.keys())
def test_a_clock_time_medicine_has_its_doses_on_each_day_the_clock_is_changed_and_beside(times):
    dosage = daily(TABLET, times)
    for sunday in transition_days():
        for day in (sunday - timedelta(days=1), sunday, sunday + timedelta(days=1)):
            no_hour = len(times) == 24 and day_length(day) == timedelta(hours=23)
            assert len(on(dosage, day)) == len(times) - no_hour, day


def test_the_clock_shows_what_was_ordered_on_all_days_the_clock_is_changed():
    dosage = daily(TABLET, [time(0), time(8), time(23, 59)])
    for day in transition_days():
        assert [local(dose.due_at).time() for dose in on(dosage, day)] == [time(0), time(8), time(23, 59)]


def test_a_time_the_clock_never_shows_is_given_an_hour_later_and_one_it_shows_twice_is_given_once():
    half_past_two = daily(TABLET, [time(2, 30)])
    assert [hhmm(dose.due_at) for dose in on(half_past_two, date(2026, 3, 29))] == ["03.30"]
    assert [hhmm(dose.due_at) for dose in on(half_past_two, date(2026, 10, 25))] == ["02.30 (sommertid)"]


def test_in_the_night_without_the_hour_from_02_the_doses_come_in_order_of_time():
    doses = on(daily(TABLET, [time(2, 30), time(3)]), date(2026, 3, 29))
    assert [hhmm(dose.due_at) for dose in doses] == ["03.00", "03.30"]


def test_a_dose_moved_by_the_clock_never_comes_on_top_of_another():
    doses = on(daily({time(2): TWO_TABLETS, time(3): TABLET}), date(2026, 3, 29))
    assert [(hhmm(dose.due_at), dose.amount) for dose in doses] == [("03.00", TABLET)]
    assert len(on(daily({time(2): TWO_TABLETS, time(3): TABLET}), date(2026, 3, 28))) == 2


def test_every_six_hours_is_six_hours_whatever_the_clock_shows():
    start = instant(date(2026, 10, 24), time(20))
    doses = expand(every_hours(TABLET, 6), start, start + timedelta(hours=24), order_start=start)
    assert shown(doses) == ["Sat 24.10. 20.00", "Sun 25.10. 02.00", "Sun 25.10. 07.00", "Sun 25.10. 13.00"]


@pytest.mark.parametrize("hours", [1, 2, 3, 4, 6, 8, 12, 24, 48, 72])
def test_interval_doses_are_evenly_apart_over_every_change_of_the_clock(hours):
    for day in transition_days():
        start = instant(day - timedelta(days=3), time(8))
        due = [dose.due_at for dose in expand(every_hours(TABLET, hours), start, start + timedelta(days=7), start)]
        assert due == [start + timedelta(hours=n) for n in range(0, 7 * 24, hours)]


def test_the_hours_are_counted_from_the_start_of_the_order_not_of_the_question():
    started = datetime(2026, 11, 1, 7, 20, tzinfo=UTC)
    doses = expand(
        every_hours(TABLET, 8), datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC), started
    )
    assert [dose.due_at.strftime("%H.%M") for dose in doses] == ["07.20", "15.20", "23.20"]


def test_a_weekly_medicine_is_due_once_in_each_of_1096_weeks():
    methotrexate = weekly(TABLET, Weekday.MONDAY, time(8))
    monday = date(2020, 1, 6)
    doses = expand(methotrexate, instant(monday, time.min), instant(monday + timedelta(weeks=1096), time.min))
    assert [local(dose.due_at).replace(tzinfo=None) for dose in doses] == [
        datetime.combine(monday + timedelta(weeks=week), time(8)) for week in range(1096)
    ]


def test_on_weekdays_is_only_on_those_days():
    doses = expand(
        on_weekdays(TABLET, [Weekday.MONDAY, Weekday.THURSDAY], [time(8), time(20)]),
        instant(date(2026, 11, 22), time.min),
        instant(date(2026, 11, 29), time.min),
    )
    assert shown(doses) == ["Mon 23.11. 08.00", "Mon 23.11. 20.00", "Thu 26.11. 08.00", "Thu 26.11. 20.00"]


def test_21_days_on_and_7_off():
    first = date(2026, 11, 1)
    doses = expand(
        in_cycle(TABLET, Cycle(21, 7, first), [time(8)]),
        instant(first - timedelta(days=28), time.min),
        instant(first + timedelta(days=56), time.min),
    )
    given = {(local_date(dose.due_at) - first).days for dose in doses}
    assert given == {*range(21), *range(28, 49)}


def test_a_patch_each_seventh_day_at_nine_from_its_first_day():
    patch = every_days(Quantity(Decimal(1), "plaster"), 7, date(2026, 10, 18), time(9))
    doses = expand(patch, instant(date(2026, 10, 1), time.min), instant(date(2026, 11, 9), time.min))
    assert shown(doses) == ["Sun 18.10. 09.00", "Sun 25.10. 09.00", "Sun 01.11. 09.00", "Sun 08.11. 09.00"]


def test_amounts_differ_by_time():
    doses = on(daily({time(8): TWO_TABLETS, time(20): TABLET}), date(2026, 11, 22))
    assert [(hhmm(dose.due_at), dose.amount) for dose in doses] == [("08.00", TWO_TABLETS), ("20.00", TABLET)]


def test_a_medicine_as_needed_is_never_due():
    assert on(when_needed(TABLET, max_doses=4), date(2026, 11, 22)) == []


def test_times_of_day_are_the_municipalitys_clock_times():
    dosage = daily(TABLET, [TimeOfDay.MORNING, TimeOfDay.NIGHT])
    own = own_clock_times({TimeOfDay.MORNING: time(7, 30)})
    assert [hhmm(dose.due_at) for dose in on(dosage, date(2026, 11, 22))] == ["08.00", "22.00"]
    assert [hhmm(dose.due_at) for dose in on(dosage, date(2026, 11, 22), clock_times=own)] == ["07.30", "22.00"]


def test_two_times_of_day_cannot_be_the_same_clock_time():
    with pytest.raises(ValueError, match="rekkefølge"):
        own_clock_times({TimeOfDay.EVENING: time(22)})


def test_the_order_and_the_course_open_at_their_start_and_close_before_their_end():
    at_eight = daily(TABLET, [time(8)])
    day, eight = date(2026, 11, 22), instant(date(2026, 11, 22), time(8))
    minute = timedelta(minutes=1)
    assert len(on(at_eight, day, order_start=eight)) == 1
    assert on(at_eight, day, order_start=eight + minute) == []
    assert on(at_eight, day, order_end=eight) == []
    assert len(on(at_eight, day, order_end=eight + minute)) == 1
    assert on(daily(TABLET, [time(8)], course=Course(ends_at=eight)), day) == []
    assert len(on(daily(TABLET, [time(8)], course=Course(starts_at=eight)), day)) == 1


def test_an_interval_course_counts_from_the_start_of_the_course():
    starts_at = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    dosage = every_hours(TABLET, 8, course=Course(starts_at, starts_at + timedelta(hours=24)))
    assert [dose.due_at - starts_at for dose in expand(dosage, LONG_AGO, datetime(2027, 1, 1, tzinfo=UTC))] == [
        timedelta(hours=0),
        timedelta(hours=8),
        timedelta(hours=16),
    ]


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        on(daily(TABLET, [time(8)]), date(2026, 11, 22), order_start=datetime(2026, 1, 1))


DOSAGES = st.sampled_from(
    [
        daily(TABLET, [time(2), time(2, 30), time(3)]),
        daily({time(8): TWO_TABLETS, time(20): TABLET}),
        weekly(TABLET, Weekday.SUNDAY, time(2, 30)),
        in_cycle(TABLET, Cycle(2, 1, date(2026, 3, 20)), [time(0), time(23, 59)]),
        every_days(TABLET, 3, date(2026, 3, 23), time(2, 15)),
        every_hours(TABLET, 1),
        every_hours(TABLET, 5),
        daily(TABLET, [time(8)], course=Course(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))),
    ]
)
AROUND = st.sampled_from([datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)])
OFFSETS = st.integers(-4 * 24 * 60, 4 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(DOSAGES, AROUND, st.lists(OFFSETS, min_size=3, max_size=3), OFFSETS, st.none() | OFFSETS)
def test_a_period_cut_in_two_has_the_same_doses(dosage, around, cuts, order_start, order_end):
    a, b, c = (around + cut for cut in sorted(cuts))
    order = (around + order_start, None if order_end is None else around + order_end)
    whole = expand(dosage, a, c, *order)
    assert expand(dosage, a, b, *order) + expand(dosage, b, c, *order) == whole
    due = [dose.due_at for dose in whole]
    assert due == sorted(set(due))
    assert all(a <= dose.due_at < c and dose.due_at.utcoffset() == timedelta(0) for dose in whole)
