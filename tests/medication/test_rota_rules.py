"""Who stands in at which hour of the week: over midnight, over Sunday night, and when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication.rota_form import rows_from, typed_of
from journal.medication.rules.parts import Weekday
from journal.medication.rules.rota import (
    DAY,
    WEEK,
    Named,
    Rota,
    Row,
    Span,
    Window,
    in_words,
    minute_of_week,
    named,
    named_twice,
    open_hours,
    rows_of,
    week_of,
    windows_of,
)
from journal.platform.clock import instant
from journal.platform.errors import Invalid

KARI, OLA, EVA = UUID(int=1), UUID(int=2), UUID(int=3)
WORKING = {KARI, OLA, EVA}
WORKDAYS = tuple(Weekday)[:5]
WORK = Row(WORKDAYS, time(8), time(16), KARI)
NIGHTS = Row(WORKDAYS, time(16), time(8), OLA)
SATURDAY, SUNDAY = (Row((day,), time(0), time(0), EVA) for day in (Weekday.SATURDAY, Weekday.SUNDAY))


def rota(*rows: Row, otherwise: UUID | None = None) -> Rota:
    return Rota("Sykehjemmet", tuple(window for row in rows for window in windows_of(row)), otherwise)


def sent(typed: dict[str, list[str]]) -> dict[str, list[Any]]:
    """As the schema answers with it."""
    return {**{name: typed[f"{name}[]"] for name in ("days", "starts", "ends")}, "who": [*map(UUID, typed["who[]"])]}


def at(day: Weekday, hour: int, minute: int = 0) -> int:
    return (day - 1) * DAY + hour * 60 + minute


@pytest.mark.parametrize(
    ("day", "hour", "minute", "who"),
    [
        (Weekday.MONDAY, 8, 0, KARI),
        (Weekday.MONDAY, 15, 59, KARI),
        (Weekday.MONDAY, 16, 0, OLA),
        (Weekday.TUESDAY, 7, 59, OLA),
        (Weekday.SATURDAY, 7, 59, OLA),
        (Weekday.SATURDAY, 8, 0, None),
        (Weekday.SUNDAY, 23, 59, EVA),
        (Weekday.MONDAY, 0, 0, None),
    ],
)
def test_the_hour_says_who(day: Weekday, hour: int, minute: int, who: UUID | None) -> None:
    """A night on Friday ends on Saturday morning, and the last of Sunday's hours is not Monday's."""
    found = named([rota(WORK, NIGHTS, SUNDAY)], at(day, hour, minute), WORKING)

    assert (found.stand_in_id if found else None) == who


def test_sunday_night_goes_on_into_monday() -> None:
    sunday_night = rota(Row((Weekday.SUNDAY,), time(22), time(7), EVA))

    assert named([sunday_night], at(Weekday.MONDAY, 6, 59), WORKING) == Named(EVA, 0)
    assert named([sunday_night], at(Weekday.MONDAY, 7), WORKING) is None
    assert in_words(open_hours([sunday_night], WORKING)) == "mandag 07.00 – søndag 22.00"


def test_an_hour_that_the_unit_leaves_open_is_that_of_the_unit_above() -> None:
    municipality = rota(SATURDAY, otherwise=OLA)

    week = week_of([rota(WORK), municipality], WORKING)

    assert open_hours([rota(WORK), municipality], WORKING) == ()
    assert week[0] == Span(0, 8 * 60, Named(OLA, 1))
    assert Span(at(Weekday.SATURDAY, 0), at(Weekday.SUNDAY, 0), Named(EVA, 1)) in week
    assert (week[0].starts, week[-1].ends, sum(span.ends - span.starts for span in week)) == (0, WEEK, WEEK)


def test_whoever_has_left_leaves_the_hour_to_who_stands_in_otherwise_and_then_to_the_unit_above() -> None:
    own, above = rota(WORK, otherwise=OLA), rota(otherwise=EVA)
    noon = at(Weekday.MONDAY, 12)

    assert named([own, above], noon, {OLA, EVA}) == Named(OLA, 0)
    assert named([own, above], noon, {EVA}) == Named(EVA, 1)
    assert named([own, above], noon, set()) is None


def test_open_hours_are_said_with_their_days() -> None:
    assert in_words(open_hours([rota()], WORKING)) == "hele uken"
    assert in_words(open_hours([rota(WORK, NIGHTS, SUNDAY)], WORKING)) == ("mandag 00.00–08.00 og lørdag 08.00–24.00")
    assert in_words(open_hours([rota(SATURDAY, SUNDAY, NIGHTS)], WORKING)) == (
        "mandag 00.00–16.00, tirsdag 08.00–16.00, onsdag 08.00–16.00, torsdag 08.00–16.00 og fredag 08.00–16.00"
    )


def test_two_for_the_same_hour_are_found_over_midnight_too() -> None:
    early = Row((Weekday.MONDAY,), time(6), time(9), EVA)

    assert named_twice(rota(WORK, NIGHTS).windows) is None
    twice = named_twice(rota(Row((Weekday.SUNDAY,), time(22), time(7), OLA), early).windows)
    assert twice is not None
    assert in_words([twice]) == "mandag 06.00–07.00"


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 12, 25), 24)]
)
def test_somebody_stands_in_at_every_hour_of_the_day_the_clocks_change_and_of_a_holiday(day: date, hours: int) -> None:
    """Both hours that are called 02 are hers who has the night; a holiday is the weekday it falls on."""
    whole = [rota(WORK, NIGHTS, SATURDAY, SUNDAY, otherwise=KARI)]
    midnight = instant(day, time.min)

    found = [named(whole, minute_of_week(midnight + timedelta(hours=n)), WORKING) for n in range(hours)]

    assert None not in found
    if day.isoweekday() == 7:
        assert {each.stand_in_id for each in found if each} == {EVA}


def test_what_is_written_comes_back_as_it_was_written() -> None:
    rows = rows_of(rota(WORK, NIGHTS, SATURDAY, SUNDAY).windows)

    assert {*rows} == {WORK, NIGHTS, Row((Weekday.SATURDAY, Weekday.SUNDAY), time(0), time(0), EVA)}
    typed = typed_of(rows)
    assert {*rows_from(sent(typed))} == {*rows}
    assert sorted(typed["days[]"]) == ["weekdays", "weekdays", "weekend"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("1", "8", "16.00", KARI), "Linje 2: Skriv klokkeslettet"),
        (("1", "08.00", "", KARI), "Linje 2: Velg dager, skriv når"),
        (("1", "08.00", "25.00", KARI), "Linje 2: Klokkeslettet finnes ikke"),
        (("9", "08.00", "16.00", KARI), "Velg en av dagene"),
    ],
)
def test_a_line_that_is_not_whole_is_refused_and_an_empty_one_is_none(line: tuple[Any, ...], said: str) -> None:
    names = ("days", "starts", "ends", "who")
    with pytest.raises(Invalid) as refused:
        rows_from({name: ["" if name != "who" else None, text] for name, text in zip(names, line, strict=True)})

    assert str(refused.value.fields["errors"]["windows"][0]).startswith(said)


def test_the_hours_about_sunday_night_are_said_as_one() -> None:
    assert in_words(open_hours([rota(WORK)], WORKING)) == (
        "mandag 16.00 – tirsdag 08.00, tirsdag 16.00 – onsdag 08.00, onsdag 16.00 – torsdag 08.00, "
        "torsdag 16.00 – fredag 08.00 og fredag 16.00 – mandag 08.00"
    )
    two = Span(0, 8 * 60, None), Span(at(Weekday.SUNDAY, 22), WEEK, None)
    assert in_words(two) == "søndag 22.00 – mandag 08.00"


def test_two_windows_of_one_doctor_that_follow_each_other_are_one_span() -> None:
    morning, noon = (Row((Weekday.TUESDAY,), time(begin), time(end), KARI) for begin, end in ((8, 12), (12, 16)))
    begin, end = at(Weekday.TUESDAY, 8), at(Weekday.TUESDAY, 16)

    assert week_of([rota(morning, noon)], WORKING) == (
        Span(0, begin, None), Span(begin, end, Named(KARI, 0)), Span(end, WEEK, None),
    )  # fmt: skip


def test_a_rota_names_those_of_its_windows_and_who_stands_in_otherwise() -> None:
    assert rota(WORK, NIGHTS).people() == {KARI, OLA}
    assert rota(WORK, otherwise=EVA).people() == {KARI, EVA}


def test_minutes_count() -> None:
    assert windows_of(Row((Weekday.MONDAY,), time(8, 30), time(16, 15), KARI)) == (Window(510, 465, KARI),)
    assert minute_of_week(datetime(2026, 11, 24, 12, 45, tzinfo=UTC)) == DAY + 13 * 60 + 45
