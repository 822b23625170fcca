"""The week of a dose chart, and how a dose is said in its column: tables of cases, and every week with a changed clock."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.rules import DoseStatus, Reason, Result, SignedState, Week, day_heading, said_in_column
from journal.medication.rules.week import FIRST_DAY, LAST_DAY
from journal.platform.clock import instant, local_date

DAY = date(2026, 11, 16)
DUE = instant(DAY, time(8))


@given(st.dates(FIRST_DAY, LAST_DAY))
def test_a_week_is_monday_to_sunday_and_its_neighbours_meet_it(day: date) -> None:
    week = Week.of(day)

    assert week.days[0].isoweekday() == 1
    assert len(week.days) == 7
    assert day in week.days
    assert week.previous.end == week.start
    assert week.following.start == week.end
    assert local_date(week.end - timedelta(seconds=1)) == week.days[-1]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 25), 167), (date(2026, 10, 20), 169), (DAY, 168)])
def test_the_week_with_the_night_the_clock_is_changed_is_whole(day: date, hours: int) -> None:
    week = Week.of(day)
    assert week.end - week.start == timedelta(hours=hours)


@pytest.mark.parametrize(("day", "number"), [(date(2026, 11, 22), 47), (date(2027, 1, 3), 53), (date(2027, 1, 4), 1)])
def test_the_number_of_a_week_is_the_calendars(day: date, number: int) -> None:
    assert Week.of(day).number == number


def test_a_day_is_named_with_its_date() -> None:
    assert day_heading(date(2026, 11, 18)) == "onsdag 18.11."


def signed(result: Result, at: datetime, reason: Reason | None = None) -> SignedState:
    return SignedState(result, at, reason)


TEN_PAST, NEXT_NIGHT = DUE + timedelta(minutes=10), instant(date(2026, 11, 17), time(0, 30))
CASES = [
    (DoseStatus.GIVEN, signed(Result.TAKEN, TEN_PAST), "gitt 08.10"),
    (DoseStatus.GIVEN_LATE, signed(Result.TAKEN, NEXT_NIGHT), "gitt for sent 00.30 (17.11.)"),
    (DoseStatus.GIVEN_EARLY, signed(Result.TAKEN, DUE - timedelta(hours=9)), "gitt for tidlig 23.00 (15.11.)"),
    (DoseStatus.NOT_GIVEN, signed(Result.REFUSED, TEN_PAST, Reason.REFUSED), "ikke gitt – ville ikke"),
    (DoseStatus.PARTLY, signed(Result.PARTLY_TAKEN, TEN_PAST, Reason.PARTLY), "delvis gitt 08.10"),
    (DoseStatus.MISSED, None, "ikke signert"),
    (DoseStatus.HELD, None, "pauset"),
    (DoseStatus.STOPPED, None, "skal ikke gis"),
    (DoseStatus.PLANNED, None, "planlagt"),
    (DoseStatus.LATE, None, "2 t forsinket"),
]


@pytest.mark.parametrize(("status", "state", "said"), CASES)
def test_a_dose_is_said_so_that_it_can_be_read_years_later(
    status: DoseStatus, state: SignedState | None, said: str
) -> None:
    now = DUE + timedelta(hours=2) if status is DoseStatus.LATE else datetime(2031, 5, 1, tzinfo=UTC)
    assert said_in_column(status, DUE, state, day=DAY, now=now) == said


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_nothing_signed_is_said_relative_to_today(now: datetime) -> None:
    for status, state, said in CASES:
        if state is not None:
            assert said_in_column(status, DUE, state, day=DAY, now=now) == said
