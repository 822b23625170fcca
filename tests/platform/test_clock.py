"""Wall time and instants agree over every clock change in Oslo 2020-2040."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.platform import clock

YEARS = range(2020, 2041)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))


def last_sunday(year: int, month: int) -> date:
    """March and October have 31 days."""
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def changes() -> list[datetime]:
    """EU directive 2000/84/EC: 01.00 UTC on the last Sunday of March and of October. Reckoned without a zone file."""
    days = [last_sunday(year, month) for year in YEARS for month in (3, 10)]
    return [datetime.combine(day, time(1), UTC) for day in days]


def expected_offset(moment: datetime) -> timedelta:
    start, end = (datetime.combine(last_sunday(moment.year, m), time(1), UTC) for m in (3, 10))
    return timedelta(hours=2 if start <= moment < end else 1)


MARCH = [c for c in changes() if c.month == 3]
OCTOBER = [c for c in changes() if c.month == 10]


def test_there_are_42_clock_changes_in_the_period():
    assert len(changes()) == 42


@pytest.mark.parametrize("change", changes(), ids=lambda c: f"{c:%Y-%m-%d}")
def test_every_minute_around_a_change_is_shown_as_the_directive_says(change):
    for minutes in range(-180, 181):
        moment = change + timedelta(minutes=minutes)
        assert clock.local(moment).replace(tzinfo=None) == (moment + expected_offset(moment)).replace(tzinfo=None)


@pytest.mark.parametrize("change", changes(), ids=lambda c: f"{c:%Y-%m-%d}")
def test_every_wall_minute_of_a_day_of_change_follows_the_written_rule(change):
    day = change.date()
    midnight = datetime.combine(day, time(0), UTC) - (expected_offset(change - timedelta(minutes=1)))
    for minutes in range(24 * 60):
        at = time(minutes // 60, minutes % 60)
        # Before three o'clock the offset of the night holds: the hour that is missing is counted on, the hour that
        # comes twice is its first. From three o'clock the new offset holds.
        moved = timedelta(0)
        if at.hour >= 3:
            moved = timedelta(hours=1 if change.month == 10 else -1)
        assert clock.instant(day, at) == midnight + timedelta(minutes=minutes) + moved


def test_the_missing_half_past_two_is_half_past_three_on_the_clock():
    moment = clock.instant(date(2026, 3, 29), time(2, 30))
    assert moment == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert clock.hhmm(moment) == "03.30"


@pytest.mark.parametrize("change", MARCH, ids=lambda c: f"{c:%Y-%m-%d}")
def test_asking_for_the_second_of_a_missing_time_changes_nothing(change):
    for minute in range(60):
        at = time(2, minute)
        assert clock.instant(change.date(), at, fold=1) == clock.instant(change.date(), at)


def test_half_past_two_in_october_is_the_first_of_two_unless_the_second_is_asked_for():
    day, at = date(2026, 10, 25), time(2, 30)
    assert clock.instant(day, at) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock.instant(day, at, fold=1) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_fold_of_the_argument_rules_and_not_a_fold_hidden_in_the_time():
    assert clock.instant(date(2026, 10, 25), time(2, 30, fold=1)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("change", OCTOBER, ids=lambda c: f"{c:%Y-%m-%d}")
def test_every_minute_that_comes_twice_is_shown_with_summer_or_winter_time(change):
    for minutes in range(-60, 60):
        season = "sommertid" if minutes < 0 else "vintertid"
        assert clock.hhmm(change + timedelta(minutes=minutes)) == f"02.{minutes % 60:02} ({season})"
    assert clock.hhmm(change - timedelta(minutes=61)) == "01.59"
    assert clock.hhmm(change + timedelta(minutes=60)) == "03.00"


@pytest.mark.parametrize("year", YEARS)
def test_days_are_24_hours_but_for_one_of_23_and_one_of_25(year):
    short, long = last_sunday(year, 3), last_sunday(year, 10)
    day = date(year, 1, 1)
    while day.year == year:
        start, end = clock.day_bounds(day)
        assert end - start == timedelta(hours={short: 23, long: 25}.get(day, 24))
        assert clock.local_date(start) == day == clock.local_date(end - timedelta(microseconds=1))
        assert clock.local_date(end) == day + timedelta(days=1)
        day += timedelta(days=1)


@given(INSTANTS)
def test_an_instant_survives_the_way_to_wall_time_and_back(moment):
    wall = clock.local(moment)
    fold = 1 if wall.fold else 0
    assert clock.instant(wall.date(), wall.time(), fold=fold) == moment


@given(INSTANTS, st.integers(-14, 14))
def test_the_zone_an_instant_comes_in_does_not_matter(moment, hours):
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert clock.local(elsewhere) == clock.local(moment)
    assert clock.hhmm(elsewhere) == clock.hhmm(moment)
    assert clock.local_date(elsewhere) == clock.local_date(moment)


def test_instants_are_in_utc():
    assert clock.instant(date(2026, 7, 1), time(8)).tzinfo is UTC


def test_a_datetime_without_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        clock.local(datetime(2026, 1, 1, 8))


def test_a_wall_time_with_a_zone_of_its_own_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        clock.instant(date(2026, 1, 1), time(8, tzinfo=UTC))


def test_dates_are_written_the_norwegian_way():
    assert clock.norwegian_date(date(1938, 3, 14)) == "14.03.1938"
    assert clock.short_date(date(2026, 11, 15)) == "15.11."


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 11, 21), "i går"),
        (date(2026, 11, 22), "i dag"),
        (date(2026, 11, 23), "i morgen"),
        (date(2026, 11, 20), "20.11."),
        (date(2026, 11, 24), "24.11."),
        (date(2025, 11, 22), "22.11.2025"),
    ],
)
def test_days_near_today_have_names(day, shown):
    assert clock.relative_day(clock.instant(day, time(0, 5)), clock.instant(date(2026, 11, 22), time(23, 55))) == shown


def test_yesterday_is_yesterday_across_new_year():
    newyear = clock.instant(date(2027, 1, 1), time(1))
    assert clock.relative_day(clock.instant(date(2026, 12, 31), time(23)), newyear) == "i går"


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(1938, 3, 14), date(2026, 3, 13), 87),
        (date(1938, 3, 14), date(2026, 3, 14), 88),
        (date(1940, 2, 29), date(2026, 2, 28), 85),
        (date(1940, 2, 29), date(2026, 3, 1), 86),
        (date(1940, 2, 29), date(2028, 2, 29), 88),
        (date(2026, 11, 22), date(2026, 11, 22), 0),
    ],
)
def test_age_is_in_whole_years(born, today, years):
    assert clock.age(born, today) == years


def test_nobody_has_an_age_before_birth():
    with pytest.raises(ValueError, match="born after"):
        clock.age(date(2026, 11, 23), date(2026, 11, 22))


@pytest.mark.parametrize("text", ["0815", "08.15", "8.15", "08:15", "8:15", " 08.15 "])
def test_a_time_of_day_is_read_as_people_write_it(text):
    assert clock.parse_time_of_day(text) == time(8, 15)


@pytest.mark.parametrize(
    "text", ["", "8", "815", "08,15", "08.1", "8.155", "24.00", "12.60", "-8.15", "٠٨.١٥", "08.15\n1"]
)
def test_what_is_not_a_time_of_day_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"^(Skriv klokkeslettet|Klokkeslettet finnes ikke)"):
        clock.parse_time_of_day(text)


@given(st.times().map(lambda t: t.replace(second=0, microsecond=0)))
def test_every_minute_of_the_day_can_be_written_and_read(at):
    assert clock.parse_time_of_day(f"{at:%H.%M}") == clock.parse_time_of_day(f"{at:%H%M}") == at


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(minutes=1, microseconds=-1)))
def test_a_minute_is_the_same_at_each_of_its_instants(start, passed):
    start = start.replace(second=0, microsecond=0)
    assert clock.at_minute(clock.minute(start + passed)) == start
    assert clock.hhmm(start + passed) == clock.hhmm(start)
    assert clock.lately(start + passed, start) == clock.hhmm(start)


def test_an_instant_without_a_time_zone_has_no_minute():
    with pytest.raises(ValueError, match="time zone"):
        clock.hhmm(datetime(2026, 11, 22, 8))


@pytest.mark.parametrize("year", [1, 1849, 3000, 9999])
def test_a_day_of_a_year_that_no_journal_speaks_of_is_no_day(year: int) -> None:
    with pytest.raises(ValueError, match="no year of a journal"):
        clock.known_day(year, 12, 31)
    assert clock.known_day(1850, 1, 1) < clock.known_day(2999, 12, 31)
