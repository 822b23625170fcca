"""The rules of how a medicine is taken, drawn and said, where their own tests leave a limit open: each from both sides."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from journal.medication.rules import (
    MOST_COUNTED,
    OFFERED,
    SPANS,
    AmountRange,
    AsNeeded,
    Course,
    Cycle,
    DoseStatus,
    EveryDays,
    EveryHours,
    InrControl,
    InvalidDosage,
    Kind,
    Reason,
    Step,
    Verb,
    Weekday,
    Window,
    beginning_at,
    daily,
    every_days,
    every_hours,
    hand_sentence,
    in_cycle,
    in_steps,
    medication_line,
    on_weekdays,
    once,
    reusable,
    strength_in_words,
    strip,
    when_needed,
    window_around,
)
from journal.medication.rules.first_dose import begun_as, without_first
from journal.medication.rules.parts import TimedDose
from journal.medication.rules.patches import (
    PATCH,
    REST,
    REST_DAYS,
    OldPatch,
    PatchChange,
    Site,
    check_patch,
    chosen_resting_text,
    count_text,
    patches_on,
    rest_text,
    resting,
)
from journal.medication.rules.picture import StripDose
from journal.medication.rules.sentence import duration
from journal.medication.rules.stored import canonical
from journal.medication.rules.timeline import EACH_DOSE, date_ticks, drawn_first, window_of
from journal.medication.rules.week import FIRST_DAY, LAST_DAY, Week, day_heading
from journal.platform.clock import instant
from journal.platform.quantity import NBSP, Quantity

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TABLET = Quantity(Decimal(1), "tablett")
AT_8, AT_20 = time(8), time(20)


def midnight(days: int) -> datetime:
    """The start of the day in Oslo, so many days from today."""
    return instant(TODAY + timedelta(days=days), time.min)


# Favourites, and the first dose at once


@pytest.mark.parametrize(
    ("course", "days"),
    [
        (None, (None,)),
        (Course(ends_at=midnight(0)), None),
        (Course(ends_at=midnight(1)), (1,)),
        (Course(ends_at=midnight(365)), (365,)),
        (Course(ends_at=midnight(366)), None),
        (Course(ends_at=midnight(5) + timedelta(minutes=1)), None),
        (Course(starts_at=midnight(0)), None),
        (Course(starts_at=midnight(0), ends_at=midnight(5)), None),
        (Course(doses=10), (None,)),
        (Course(starts_at=midnight(0), doses=10), None),
    ],
)
def test_a_course_without_a_date_of_its_own_holds_for_the_next_patient(
    course: Course | None, days: tuple[int | None] | None
) -> None:
    found = reusable(daily(TABLET, [AT_8], course=course), TODAY)
    assert (found and (found.course_days,)) == days
    if found and days and days[0]:
        assert found.last_day(TODAY) == TODAY + timedelta(days=days[0] - 1)
        assert found.dosage.course is None


def test_what_counts_from_a_date_holds_for_nobody_else() -> None:
    inr = InrControl(Decimal(2), Decimal(3), Decimal("2.5"), TODAY, TODAY + timedelta(days=7))
    of_dates = [
        in_cycle(TABLET, Cycle(21, 7, TODAY), [AT_8]),
        every_days(TABLET, 3, TODAY, AT_8),
        in_steps([Step(TODAY, (TABLET,)), Step(TODAY + timedelta(days=1), (TABLET * Decimal(2),))], [AT_8]),
        daily(TABLET, [AT_8], inr=inr),
    ]
    assert [reusable(dosage, TODAY) for dosage in of_dates] == [None] * 4
    assert reusable(every_hours(TABLET, 8), TODAY) is not None


def test_a_first_dose_at_once_is_of_a_course_that_has_begun_and_ends() -> None:
    course = daily(TABLET, [AT_8], course=Course(ends_at=midnight(5)))
    begun = beginning_at(course, NOON)
    assert begun.course is not None and begun.course.first_at == NOON
    assert without_first(begun) == course and without_first(course) == course
    assert begun_as(begun, course) == begun and begun_as(course, begun) == begun
    for as_it_is in (
        daily(TABLET, [AT_8]),
        daily(TABLET, [AT_8], course=Course(starts_at=midnight(0))),
        daily(TABLET, [AT_8], course=Course(NOON + timedelta(seconds=1), midnight(5))),
        daily({AT_8: TABLET, AT_20: TABLET * Decimal(2)}, course=Course(ends_at=midnight(5))),
        every_hours(TABLET, 8, course=Course(ends_at=midnight(5))),
    ):
        assert beginning_at(as_it_is, NOON) == as_it_is
        assert without_first(as_it_is) == as_it_is
    now = daily(TABLET, [AT_8], course=Course(NOON, midnight(5)))
    assert beginning_at(now, NOON) != now


# Pictures


def test_a_picture_is_a_thousand_wide_and_rounds_to_the_nearest() -> None:
    window = Window(NOON, NOON + timedelta(seconds=2000))
    assert [window.x(NOON + timedelta(seconds=each)) for each in (-1, 0, 1, 2, 3, 2000, 2001)] == [
        0,
        0,
        1,
        1,
        2,
        1000,
        1000,
    ]
    assert [NOON + timedelta(seconds=each) in window for each in (-1, 0, 1999, 2000)] == [False, True, True, False]


def test_the_picture_of_36_hours_names_these_hours() -> None:
    drawn = strip([], NOON)
    assert [(tick.x, tick.text) for tick in drawn.ticks] == [
        (56, "14"), (167, "18"), (278, "22"), (556, "08"), (722, "14"), (833, "18"), (944, "22"),
    ]  # fmt: skip
    assert (drawn.now_x, drawn.midnight_x) == (694, 333)
    assert window_around(NOON) == Window(midnight(-1) + timedelta(hours=12), midnight(1))


@pytest.mark.parametrize("common", [True, False])
def test_a_dose_stands_where_it_is_due_and_says_so(common: bool) -> None:
    at = [NOON, NOON - timedelta(hours=40), NOON - timedelta(hours=20)]
    marks = strip([StripDose(each, DoseStatus.GIVEN, "gitt", common) for each in at], NOON).marks
    assert [(mark.x, mark.label.replace(NBSP, " ")) for mark in marks] == [
        (139, "i går kl. 17.00 gitt"),
        (694, "i dag kl. 13.00 gitt"),
    ]


@pytest.mark.parametrize(("days", "between", "dates"), [(7, 1, 7), (14, 2, 7), (30, 5, 6), (90, 15, 6)])
def test_the_dates_under_many_days_stand_so_far_apart(days: int, between: int, dates: int) -> None:
    ticks = date_ticks(days, NOON)
    assert len(ticks) == dates
    first = TODAY - timedelta(days=days - 1)
    assert [tick.text for tick in ticks[:2]] == [f"{d:%d.%m.}" for d in (first, first + timedelta(days=between))]
    assert ticks[0].x == 0
    assert window_of(days, NOON).end == midnight(1)


def test_there_are_four_spans_of_days_and_each_dose_is_drawn_in_the_first() -> None:
    assert (SPANS, EACH_DOSE) == ((7, 14, 30, 90), 7)
    assert drawn_first(DoseStatus.MISSED) > drawn_first(DoseStatus.GIVEN)


def test_a_week_goes_from_monday_to_sunday() -> None:
    week = Week.of(TODAY)
    assert (week.monday, week.days[-1], len(week.days), week.number) == (date(2026, 11, 16), TODAY, 7, 47)
    assert (week.start, week.end) == (midnight(-6), midnight(1))
    assert (week.previous.monday, week.following.monday) == (date(2026, 11, 9), date(2026, 11, 23))
    assert Week.of(date(2027, 1, 3)).number == 53
    assert (date(1900, 1, 1), date(2199, 12, 31)) == (FIRST_DAY, LAST_DAY)
    assert [day_heading(day) for day in week.days] == [
        "mandag 16.11.", "tirsdag 17.11.", "onsdag 18.11.", "torsdag 19.11.", "fredag 20.11.", "lørdag 21.11.", "søndag 22.11.",
    ]  # fmt: skip


# Patches


def test_a_site_rests_as_long_as_the_spc_says_and_else_a_week() -> None:
    assert (REST_DAYS, REST) == ({"N02AE01": 21, "N04BC09": 14, "N06DA03": 14}, 7)
    used = PatchChange(UUID(int=1), NOON, 1, Site.CHEST_LEFT)
    for code, days in (("N02AE01", 21), ("N02AB03", 7), (None, 7)):
        rests = (TODAY, TODAY + timedelta(days=days))
        assert resting([used], code, NOON + timedelta(days=days - 1)) == {Site.CHEST_LEFT: rests}
        assert resting([used], code, NOON + timedelta(days=days)) == {}
    assert resting([used._replace(amount=0), used._replace(site=None)], None, NOON) == {}


def test_only_what_is_taken_off_is_off() -> None:
    first = PatchChange(UUID(int=1), NOON, 1, Site.CHEST_LEFT)
    second = first._replace(at=NOON + timedelta(days=3), site=Site.CHEST_RIGHT, old=OldPatch.REMOVED)
    other = second._replace(order=UUID(int=2))
    ended = first._replace(ended_at=second.at)
    assert [on.site for on in patches_on([second, first])] == [Site.CHEST_RIGHT]
    assert len(patches_on([first, other])) == 2
    assert len(patches_on([ended, other])) == 1
    assert len(patches_on([ended._replace(ended_at=second.at + timedelta(seconds=1)), other])) == 2
    assert [on.sought for on in patches_on([first, second._replace(old=OldPatch.NOT_FOUND)])] == [True, False]
    assert [on.sought for on in patches_on([first, other._replace(old=OldPatch.NOT_FOUND)])] == [False, False]
    assert len(patches_on([first, second._replace(keeps=True)])) == 2
    assert patches_on([first, second._replace(amount=0)]) == ()
    assert [count_text(patches_on(each)) for each in ([], [first], [first._replace(amount=2)])] == [
        "", "1 plaster på", "2 plastre på",
    ]  # fmt: skip


def test_a_patch_says_where_it_sits_and_when_it_was_put_on() -> None:
    (on,) = patches_on([PatchChange(UUID(int=1), NOON, 1, Site.CHEST_LEFT)])
    assert plain(on.said(NOON)) == "venstre side av brystet, satt på kl. 13.00"
    assert plain(on._replace(site=None).said(NOON)) == "sted ikke skrevet, satt på kl. 13.00"
    assert plain(on._replace(sought=True).said(NOON)).endswith("satt på kl. 13.00, ikke funnet")
    rest = TODAY, TODAY + timedelta(days=7)
    assert rest_text(Site.EAR_LEFT, rest) == "bak venstre øre – brukt 22.11., hviler til 29.11."
    assert chosen_resting_text(Site.EAR_LEFT, rest).startswith(
        "Stedet (bak venstre øre) ble brukt 22.11. og skal hvile til 29.11."
    )


def test_a_patch_that_nothing_takes_off_is_refused() -> None:
    patch = Quantity(Decimal(1), PATCH)
    for forgotten in (when_needed(patch, max_doses=1), once(patch, TODAY, AT_8)):
        with pytest.raises(InvalidDosage, match="faste bytter"):
            check_patch(forgotten)
    for kept in (every_days(patch, 3, TODAY, AT_8), when_needed(TABLET, max_doses=1), once(TABLET, TODAY, AT_8)):
        check_patch(kept)


# The parts of a dosage


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_the_days_of_the_week_have_their_numbers() -> None:
    assert [int(day) for day in Weekday] == [1, 2, 3, 4, 5, 6, 7]


def inr(low: str = "2", high: str = "3", last: str = "2.5", days: int = 7) -> InrControl:
    return InrControl(Decimal(low), Decimal(high), Decimal(last), TODAY, TODAY + timedelta(days=days))


@pytest.mark.parametrize(
    "made",
    [
        lambda: AmountRange(TABLET, TABLET * Decimal("1.1")),
        lambda: Cycle(1, 1, TODAY),
        lambda: EveryDays(2, TODAY),
        lambda: EveryHours(1),
        lambda: AsNeeded(max_doses=1),
        lambda: AsNeeded(max_amount=Quantity(Decimal("0.1"), "mg")),
        lambda: AsNeeded(least_interval=timedelta(minutes=1)),
        lambda: Course(doses=1),
        lambda: Course(doses=MOST_COUNTED),
        lambda: Course(starts_at=NOON),
        lambda: Course(NOON, NOON + timedelta(seconds=1)),
        lambda: Course.of_days(TODAY, 1),
        lambda: Course(NOON, NOON + timedelta(seconds=1), first_at=NOON),
        lambda: Course(doses=1, first_at=NOON),
        lambda: inr("1", "5"),
        lambda: inr(last="0.5"),
        lambda: inr(last="20"),
        lambda: inr(days=1),
        lambda: inr(days=84),
    ],
)
def test_this_far_a_part_of_a_dosage_may_go(made) -> None:
    made()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: AmountRange(TABLET, TABLET), "større enn minste"),
        (lambda: AmountRange(TABLET, Quantity(Decimal(2), "ml")), "samme enhet"),
        (lambda: Cycle(0, 1, TODAY), "syklus"),
        (lambda: Cycle(1, 0, TODAY), "syklus"),
        (lambda: EveryDays(1, TODAY), "annenhver"),
        (lambda: EveryHours(0), "minst 1 time"),
        (AsNeeded, "hvor mye"),
        (lambda: AsNeeded(max_doses=0), "minst 1"),
        (lambda: AsNeeded(max_amount=Quantity(Decimal(0), "mg")), "mer enn 0"),
        (lambda: AsNeeded(least_interval=timedelta(seconds=59)), "hele minutter"),
        (lambda: AsNeeded(least_interval=timedelta(seconds=90)), "hele minutter"),
        (Course, "start eller en slutt"),
        (lambda: Course(first_at=NOON), "start eller en slutt"),
        (lambda: Course(doses=0), "fra 1 til 500"),
        (lambda: Course(doses=501), "fra 1 til 500"),
        (lambda: Course(NOON, NOON), "før den starter"),
        (lambda: Course(ends_at=NOON, doses=3), "bare ha én slutt"),
        (lambda: Course(ends_at=datetime(2026, 11, 22)), "UTC"),
        (lambda: Course.of_days(TODAY, 0), "minst 1 dag"),
        (lambda: Course(NOON, NOON + timedelta(days=1), first_at=NOON - timedelta(seconds=1)), "begynner nå"),
        (lambda: Course(NOON, NOON + timedelta(days=1), first_at=NOON + timedelta(days=1)), "begynner nå"),
        (lambda: inr("0.9", "3"), "mellom 1 og 5"),
        (lambda: inr("2", "5.1"), "mellom 1 og 5"),
        (lambda: inr("3", "3"), "mellom 1 og 5"),
        (lambda: inr(last="0.4"), "mellom 0,5 og 20"),
        (lambda: inr(last="20.1"), "mellom 0,5 og 20"),
        (lambda: inr(days=0), "12 uker"),
        (lambda: inr(days=85), "12 uker"),
    ],
)
def test_and_no_farther(made, why: str) -> None:
    with pytest.raises(InvalidDosage, match=why):
        made()


def test_a_course_ends_on_a_day_or_by_its_doses_or_goes_on() -> None:
    courses = Course(starts_at=NOON), Course(ends_at=NOON), Course(doses=3)
    assert [course.has_end for course in courses] == [False, True, True]
    assert Course.of_days(TODAY, 2) == Course(midnight(0), midnight(2))
    nothing, something = Step(TODAY, (TABLET * Decimal(0),)), Step(TODAY, (TABLET * Decimal(0), TABLET))
    assert (nothing.is_nothing, something.is_nothing) == (True, False)


# A whole dosage


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: daily(TABLET, [time(8, 0, 1)]), "timer og minutter"),
        (lambda: daily(TABLET, [time(8, 0, 0, 1)]), "timer og minutter"),
        (lambda: daily(TABLET, [time(8, tzinfo=UTC)]), "timer og minutter"),
        (lambda: daily(TABLET, [AT_8, AT_8]), "bare én gang"),
        (lambda: on_weekdays(TABLET, list(Weekday), [AT_8]), "sju ukedager"),
        (lambda: on_weekdays(TABLET, [Weekday.MONDAY, Weekday.MONDAY], [AT_8]), "bare én gang"),
        (lambda: daily(TABLET * Decimal(0), [AT_8]), "mer enn 0"),
        (lambda: daily(Quantity(Decimal("10000000"), "tablett"), [AT_8]), "høyst sju sifre"),
        (lambda: daily(TABLET, [AT_8], strength_per_unit=TABLET), "annen enhet"),
        (lambda: when_needed(TABLET * Decimal(2), max_amount=TABLET), "mindre enn én dose"),
        (lambda: when_needed(TABLET, max_amount=Quantity(Decimal(1), "ml")), "samme enhet som"),
        (lambda: when_needed(TABLET, max_doses=1, exact=True), "på slaget"),
        (lambda: daily(TABLET, [], course=Course(doses=3)), "mangler klokkeslett"),
    ],
)
def test_what_a_dosage_refuses(made, why: str) -> None:
    with pytest.raises(InvalidDosage, match=why):
        made()


def test_what_a_dosage_takes() -> None:
    assert on_weekdays(TABLET, list(Weekday)[:6], [AT_8]).weekdays == tuple(Weekday)[:6]
    assert daily(Quantity(Decimal("9999999.9999"), "tablett"), [AT_8]).unit == "tablett"
    assert when_needed(TABLET, max_amount=TABLET).as_needed is not None
    assert every_hours(TABLET, 4, exact=True).exact and daily(TABLET, [AT_8], exact=True).exact
    assert not daily(TABLET, [AT_8]).exact


def taper(*steps: tuple[int, int]):
    return in_steps([Step(TODAY + timedelta(days=day), (TABLET * Decimal(amount),)) for day, amount in steps], [AT_8])


def test_of_many_steps_two_that_do_not_follow_each_other_are_enough() -> None:
    for wrong, why in ((((0, 3), (2, 2), (1, 1)), "rekkefølge"), (((0, 3), (1, 2), (2, 2)), "samme mengde")):
        with pytest.raises(InvalidDosage, match=why):
            taper(*wrong)
    course = Course(ends_at=midnight(5), first_at=NOON)
    for dosage in (
        lambda: daily({AT_8: TABLET, AT_20: TABLET * Decimal(2)}, course=course),
        lambda: every_hours(TABLET, 8, course=course),
    ):
        with pytest.raises(InvalidDosage, match="Første dose nå"):
            dosage()


def test_one_dosage_is_one_text_in_whatever_order_it_was_written() -> None:
    assert canonical({"b": 1, "a": True}) == canonical({"a": True, "b": 1}) == '{"a": true, "b": 1}'


# Words


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "0 minutter"),
        (1, "1 minutt"),
        (59, "59 minutter"),
        (60, "1 time"),
        (61, "1 time og 1 minutt"),
        (120, "2 timer"),
    ],
)
def test_a_span_is_said_in_hours_and_minutes(minutes: int, said: str) -> None:
    assert duration(timedelta(minutes=minutes)).replace(NBSP, " ") == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("100 E/ml", "100 enheter per ml"),
        ("850 mg/50 mg", "850 mg og 50 mg"),
        ("12 mg/0,6 ml", "12 mg per 0,6 ml"),
        ("160 mikrog/4,5 mikrog/dose", "160 mikrogram og 4,5 mikrogram per dose"),
        ("50 mg + 20 mg + 5 mg", "50 mg, 20 mg og 5 mg"),
        ("25 mikrog/time", "25 mikrogram per time"),
        ("5 %", "5 %"),
        ("5 rare", "5 rare"),
        ("50 mg + 5 rare", "50 mg + 5 rare"),
        ("50 mg/5 rare", "50 mg/5 rare"),
        ("50 mg/10 mg/ml", "50 mg og 10 mg per ml"),
        ("1 mg/g", "1 mg per g"),
        ("ml", "ml"),
        ("12345678 mg", "12345678 mg"),
    ],
)
def test_a_strength_is_said_in_words_or_left_as_it_is(written: str, said: str) -> None:
    assert strength_in_words(written).replace(NBSP, " ") == said


def test_what_a_value_must_support_is_not_offered_without_it() -> None:
    assert [reason for reason in Reason if reason not in OFFERED] == [Reason.BELOW_LIMIT, Reason.ABOVE_LIMIT]


def test_a_single_dose_is_no_course_to_its_reader() -> None:
    single = once(TABLET, TODAY, AT_8)
    assert single.course == Course.of_days(TODAY, 1)
    assert replace(single, course=None) == daily(TABLET, [AT_8])


def test_the_doses_of_a_day_are_those_of_its_times_and_steps_have_none_of_their_own() -> None:
    assert daily(TABLET, [AT_20, AT_8]).timed_doses == (TimedDose(AT_8, TABLET), TimedDose(AT_20, TABLET))
    two = TABLET * Decimal(2)
    assert daily({AT_20: TABLET, AT_8: two}).timed_doses == (TimedDose(AT_8, two), TimedDose(AT_20, TABLET))
    assert taper((0, 2), (2, 1)).timed_doses == ()


def test_a_range_of_amounts_has_their_unit() -> None:
    assert AmountRange(TABLET, TABLET * Decimal(2)).unit == "tablett"


@pytest.mark.parametrize(
    ("route", "verb"),
    [("subkutant", Verb.SET), ("til inhalasjon", Verb.INHALE), ("peroralt", Verb.GIVE), (None, Verb.GIVE)],
)
def test_the_route_alone_says_what_the_hand_does(route: str | None, verb: Verb) -> None:
    assert hand_sentence(Quantity(Decimal(1), "ml"), route=route).verb is verb


@pytest.mark.parametrize(
    ("dosage", "days"),
    [
        (daily({AT_8: TABLET, AT_20: TABLET * Decimal(2)}), "daglig"),
        (in_cycle({AT_8: TABLET, AT_20: TABLET * Decimal(2)}, Cycle(21, 7, TODAY)), "21 dager på og 7 dager av"),
        (
            replace(daily({AT_8: TABLET, AT_20: TABLET * Decimal(2)}), kind=Kind.EVERY_DAYS, every=EveryDays(2, TODAY)),
            "annenhver dag",
        ),
    ],
)
def test_a_dosage_with_two_amounts_says_its_days(dosage, days: str) -> None:
    assert plain(medication_line(dosage, generic="x").frequency) == days
