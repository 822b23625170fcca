"""A dosage that is another one tomorrow: which dose each day has, how it is said, and what a form may not mean."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.dosage_form import DosageForm, dosage_from, form_of, says_all, to_change
from journal.medication.rules import (
    Course,
    Dosage,
    InrControl,
    InvalidDosage,
    Kind,
    Step,
    TimeOfDay,
    Weekday,
    changed_today,
    daily,
    dose_sentence,
    expected_times,
    in_steps,
    medication_line,
    no_dose_decided,
    on_weekdays,
)
from journal.medication.rules.safety.amounts import most_in_24_hours
from journal.medication.rules.safety.medicine import meet
from journal.medication.rules.safety.weekly import weekly_alerts
from journal.platform.clock import day_bounds, instant, local
from journal.platform.errors import Invalid
from journal.platform.quantity import NBSP, Quantity
from tests.medication.safety_orders import of
from tests.medication.test_schedule import LONG_AGO, transition_days

SUNDAY = date(2026, 11, 22)
MG5 = Quantity(Decimal(5), "mg")


def tablets(*amounts: str | float) -> tuple[Quantity, ...]:
    return tuple(Quantity(Decimal(str(amount)), "tablett") for amount in amounts)


def steps(*parts: tuple[int, tuple[Quantity, ...]], first: date = SUNDAY) -> list[Step]:
    """Steps that begin so many days after the first."""
    return [Step(first + timedelta(days=after), amounts) for after, amounts in parts]


def until(day: date) -> Course:
    return Course(ends_at=instant(day, time.min))


TAPER = in_steps(
    steps((0, tablets(4)), (3, tablets(3)), (6, tablets(1))),
    [time(8)],
    strength_per_unit=MG5,
    course=until(SUNDAY + timedelta(days=9)),
)
"""Prednisolone: 20 mg for three days, 15 mg for three, 5 mg for three, then nothing."""

TWICE = in_steps(steps((0, tablets(2, 1)), (2, tablets(1, 0)), (4, tablets(0)), (6, tablets(1))), [time(8), time(20)])
INR = InrControl(Decimal(2), Decimal(3), Decimal("2.4"), SUNDAY, SUNDAY + timedelta(days=7))
WARFARIN = in_steps(
    steps((0, tablets(2)), (1, tablets(1.5))), [time(18)], strength_per_unit=Quantity(Decimal("2.5"), "mg"), inr=INR
)
EVERY_DAY = daily(tablets(2)[0], [time(18)], inr=INR)
ON_FRIDAYS = on_weekdays(tablets(2)[0], [Weekday.FRIDAY], [time(18)], inr=INR)


def plain(text: object) -> str:
    return str(text).replace(NBSP, " ")


def doses(dosage: Dosage, first: date, days: int, order_start: datetime = LONG_AGO) -> list[str]:
    """What is expected from the start of a day, as a nurse would write it."""
    start, end = instant(first, time.min), instant(first + timedelta(days=days), time.min)
    expected = expected_times(dosage, start=start, end=end, order_start=order_start, order_end=None)
    return [f"{local(dose.due_at):%d. %H} {dose.amount.value:f}" for dose in expected]


# Which dose a day has


def test_a_taper_has_each_steps_dose_on_its_days_and_ends() -> None:
    assert doses(TAPER, SUNDAY - timedelta(days=2), 30) == [
        *("22. 08 4", "23. 08 4", "24. 08 4"),
        *("25. 08 3", "26. 08 3", "27. 08 3"),
        *("28. 08 1", "29. 08 1", "30. 08 1"),
    ]


def test_a_taper_without_an_end_goes_on_with_its_last_dose() -> None:
    onward = in_steps(steps((0, tablets(4)), (3, tablets(1))), [time(8)])
    assert doses(onward, SUNDAY + timedelta(days=300), 2) == ["18. 08 1", "19. 08 1"]


def test_each_time_has_its_own_amount_and_none_is_no_dose() -> None:
    assert doses(TWICE, SUNDAY, 7) == [
        *("22. 08 2", "22. 20 1", "23. 08 2", "23. 20 1"),
        *("24. 08 1", "25. 08 1"),
        *("28. 08 1", "28. 20 1"),
    ]


def test_the_steps_follow_the_calendar_and_not_when_the_order_began() -> None:
    began = instant(SUNDAY + timedelta(days=4), time(12))
    assert doses(TAPER, SUNDAY, 6, order_start=began) == ["27. 08 3"]


CLOCKS = st.lists(st.integers(0, 23).map(time), min_size=1, max_size=4, unique=True)


@given(
    around=st.sampled_from(transition_days()), after=st.lists(st.integers(1, 3), min_size=1, max_size=4), clocks=CLOCKS
)
def test_every_day_around_the_nights_the_clock_is_changed_has_the_dose_of_its_step(
    around: date, after: list[int], clocks: list[time]
) -> None:
    first, starts = around - timedelta(days=3), [0]
    for days in after:
        starts.append(starts[-1] + days)
    dosage = in_steps(steps(*((at, tablets(n + 1)) for n, at in enumerate(starts)), first=first), clocks)
    for day in (first + timedelta(days=n) for n in range(14)):
        step = max(n for n, at in enumerate(starts) if first + timedelta(days=at) <= day)
        start, end = day_bounds(day)
        due = list(expected_times(dosage, start=start, end=end, order_start=LONG_AGO, order_end=None))
        assert {dose.due_at for dose in due} == {instant(day, at) for at in clocks}
        assert {dose.amount.value for dose in due} == {step + 1}


@given(cut=st.integers(0, 24 * 9))
def test_a_period_cut_anywhere_has_the_same_doses(cut: int) -> None:
    start, end = instant(SUNDAY, time.min), instant(SUNDAY + timedelta(days=9), time.min)
    middle = start + timedelta(hours=cut)
    whole, first, second = (
        list(expected_times(TWICE, start=one, end=other, order_start=LONG_AGO, order_end=None))
        for one, other in ((start, end), (start, middle), (middle, end))
    )
    assert whole == first + second


# Until INR


@pytest.mark.parametrize("dosage", [WARFARIN, EVERY_DAY, ON_FRIDAYS])
def test_no_dose_is_expected_from_the_day_inr_is_measured(dosage: Dosage) -> None:
    begun, measured = instant(SUNDAY, time.min), instant(INR.next_on, time.min)
    period = {"start": begun, "end": measured + timedelta(days=900), "order_start": begun}
    last = max(dose.due_at for dose in expected_times(dosage, **period, order_end=None))
    assert measured - timedelta(days=2) < last < measured


def test_no_amount_is_shown_from_the_day_inr_is_measured() -> None:
    for dosage in (WARFARIN, EVERY_DAY):
        for days in range(-7, 400):
            day = INR.next_on + timedelta(days=days)
            line = medication_line(dosage, generic="warfarin", day=day)
            assert no_dose_decided(dosage, day) == (days >= 0)
            assert (line.dose == "ring lege") == (days >= 0)
            assert bool(re.search("tablett|mg", str(line))) == (days < 0)


def test_what_warfarin_is_dosed_by_is_said_before() -> None:
    assert plain(dose_sentence(WARFARIN)) == (
        "2 tabletter kl. 18 fra 22.11.2026, deretter 1,5 tabletter kl. 18 fra 23.11.2026,"
        " INR 2,4 målt 22.11.2026, mål 2–3, neste INR 29.11.2026, så ring lege"
    )
    before, after = (medication_line(EVERY_DAY, generic="warfarin", day=day) for day in (SUNDAY, INR.next_on))
    assert plain(before) == "warfarin – 2 tabletter – kl. 18, INR måles 29.11.2026, så ring lege"
    assert plain(after) == "warfarin – ring lege – ingen dose er bestemt, INR måles 29.11.2026"


def test_a_medicine_that_waits_for_inr_is_still_in_use_for_the_safety_rules() -> None:
    warfarin = of("Marevan tab 2,5 mg", starts_at=datetime(2026, 1, 1, tzinfo=UTC), dosage=EVERY_DAY)
    later = of("Ibux tab 400 mg", starts_at=instant(INR.next_on + timedelta(days=3), time(12)))
    assert meet(warfarin, later)


# How it is said


LINES = {
    SUNDAY - timedelta(days=1): ("ingen dose", "fra 22.11.2026 20 mg kl. 08"),
    SUNDAY: ("20 mg", "kl. 08 til og med 24.11.2026, deretter 15 mg kl. 08"),
    SUNDAY + timedelta(days=2): ("20 mg", "kl. 08 til og med 24.11.2026, deretter 15 mg kl. 08"),
    SUNDAY + timedelta(days=3): ("15 mg", "kl. 08 til og med 27.11.2026, deretter 5 mg kl. 08"),
    SUNDAY + timedelta(days=8): ("5 mg", "kl. 08 til og med 30.11.2026"),
    SUNDAY + timedelta(days=9): ("ingen dose", "siste dag var 30.11.2026"),
}


@pytest.mark.parametrize("day", LINES, ids=str)
def test_the_line_says_todays_step_and_the_next_change(day: date) -> None:
    line = medication_line(TAPER, generic="prednisolon", day=day)
    assert (plain(line.dose), plain(line.frequency)) == LINES[day]


def test_amounts_that_differ_within_the_day_are_said_with_their_times() -> None:
    line = medication_line(TWICE, generic="x", day=SUNDAY)
    assert plain(line.dose) == "2 tabletter kl. 08 og 1 tablett kl. 20"
    assert plain(line.frequency) == "til og med 23.11.2026, deretter 1 tablett kl. 08"
    nothing = medication_line(TWICE, generic="x", day=SUNDAY + timedelta(days=4))
    assert nothing.dose == "ingen dose"
    assert plain(nothing.frequency) == "til og med 27.11.2026, deretter 1 tablett kl. 08 og 20"


def test_the_whole_plan_is_one_sentence() -> None:
    assert plain(dose_sentence(TAPER)) == (
        "4 tabletter kl. 08 fra 22.11.2026, deretter 3 tabletter kl. 08 fra 25.11.2026,"
        " deretter 1 tablett kl. 08 fra 28.11.2026, til og med 30.11.2026"
    )


def test_without_a_day_no_step_is_taken_for_the_one_that_holds() -> None:
    line = medication_line(TAPER, generic="prednisolon")
    assert (line.dose, line.frequency) == ("i trinn", dose_sentence(TAPER))


def test_a_new_amount_is_pointed_out_on_its_first_day_alone() -> None:
    said = {n: changed_today(TAPER, SUNDAY + timedelta(days=n)) for n in range(-1, 9)}
    assert {n: plain(text) for n, text in said.items() if text} == {
        3: "Ny mengde i dag, i går 4 tabletter kl. 08",
        6: "Ny mengde i dag, i går 3 tabletter kl. 08",
    }
    assert changed_today(daily(tablets(1)[0], [time(8)]), SUNDAY) is None


@given(
    amounts=st.lists(st.decimals("0.25", "40", places=2), min_size=2, max_size=6, unique=True),
    on=st.integers(-1, 30),
    ends=st.booleans(),
)
def test_every_line_keeps_the_display_rules(amounts: list[Decimal], on: int, ends: bool) -> None:
    parts = steps(*((3 * n, (Quantity(amount, "tablett"),)) for n, amount in enumerate(amounts)))
    course = until(SUNDAY + timedelta(days=3 * len(amounts))) if ends else None
    dosage = in_steps(parts, [time(8)], course=course)
    line = medication_line(dosage, generic="x", day=SUNDAY + timedelta(days=on))
    for text in (line.dose, line.frequency, dose_sentence(dosage)):
        assert not re.search(r"\d,\d*0(?!\d)", text), "no zero after the last digit"
        assert not re.search(r"\d tablett|kl\. ", text), "a number is never parted from what it counts"
        assert not re.search(r"[()\[\]/<>@|]", text)


# What cannot be meant


WRONG: dict[str, Callable[[], object]] = {
    "minst to trinn": lambda: in_steps(steps((0, tablets(1))), [time(8)]),
    "i rekkefølge": lambda: in_steps(steps((3, tablets(1)), (0, tablets(2))), [time(8)]),
    "i rekkefølge, og hvert": lambda: in_steps(steps((0, tablets(1)), (0, tablets(2))), [time(8)]),
    "samme mengde": lambda: in_steps(steps((0, tablets(1)), (3, tablets(1))), [time(8)]),
    "for hvert tidspunkt": lambda: in_steps(steps((0, tablets(1)), (3, tablets(2, 1))), [time(8)]),
    "Mengdene er like": lambda: in_steps(steps((0, tablets(1)), (3, tablets(2, 2))), [time(8), time(20)]),
    "siste trinnet har ingen dose": lambda: in_steps(steps((0, tablets(1)), (3, tablets(0))), [time(8)]),
    "mangler klokkeslett": lambda: in_steps(steps((0, tablets(1)), (3, tablets(2))), []),
    "etter at det siste trinnet": lambda: in_steps(
        steps((0, tablets(1)), (3, tablets(2))), [time(8)], course=until(SUNDAY + timedelta(days=3))
    ),
    "samme enhet": lambda: in_steps(steps((0, tablets(1)), (3, (MG5,))), [time(8)]),
    "også ha trinn": lambda: Dosage(Kind.DAILY, tablets(1)[0], times=(time(8),), steps=tuple(steps((0, tablets(2))))),
    "slutter dagen INR": lambda: daily(tablets(1)[0], [time(8)], inr=INR, course=until(SUNDAY + timedelta(days=3))),
    "lenger enn til dagen INR": lambda: in_steps(steps((0, tablets(1)), (7, tablets(2))), [time(8)], inr=INR),
    "Målet for INR": lambda: InrControl(Decimal(3), Decimal(2), Decimal(2), SUNDAY, SUNDAY + timedelta(days=7)),
    "Siste INR": lambda: InrControl(Decimal(2), Decimal(3), Decimal(24), SUNDAY, SUNDAY + timedelta(days=7)),
    "12 uker": lambda: InrControl(Decimal(2), Decimal(3), Decimal(2), SUNDAY, SUNDAY + timedelta(days=85)),
    "etter den siste": lambda: InrControl(Decimal(2), Decimal(3), Decimal(2), SUNDAY, SUNDAY),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_does_not_say_one_thing_is_refused_with_a_sentence(said: str) -> None:
    with pytest.raises(InvalidDosage, match=said):
        WRONG[said]()


@pytest.mark.parametrize("dosage", [TAPER, TWICE, WARFARIN, EVERY_DAY])
def test_what_is_stored_is_read_as_it_was(dosage: Dosage) -> None:
    assert Dosage.from_text(json.dumps(dosage.to_json())) == dosage


# The most in 24 hours


def test_the_night_between_two_steps_counts() -> None:
    """The evening of one step and the morning of the next are 24 hours too: 3 + 3, though no day has more than 4."""
    dosage = in_steps(steps((0, tablets(1, 3)), (3, tablets(3, 1))), [time(8), time(20)])
    assert most_in_24_hours(dosage) == tablets(6)[0]
    assert most_in_24_hours(TAPER) == tablets(4)[0]
    assert most_in_24_hours(in_steps(steps((0, tablets(1)), (3, tablets(2))), [time(8), time(20)])) == tablets(4)[0]


def test_methotrexate_in_steps_is_too_often_whatever_the_steps_are() -> None:
    (alert,) = weekly_alerts(of("Methotrexate Orion tab 2,5 mg", dosage=TAPER))
    assert not alert.overridable


# The form


FORM = {"amount": "4", "unit": "tablett", "pattern": "steps", "times": "8", "steps_from": "22.11.2026"}
ROWS = {"step_days[]": ["3", "3", "3", "", ""], "step_amounts[]": ["3", "1", "0", "", ""]}


def read(form: dict[str, object]) -> Dosage:
    return dosage_from(DosageForm().load(form), MG5, "tablett")


def test_a_form_of_rows_is_the_taper() -> None:
    assert read(FORM | ROWS) == TAPER


def test_amounts_follow_their_times_in_whatever_order_they_are_written() -> None:
    rows = {"times": "20 8", "amount": "1 2", "step_days[]": ["2"], "step_amounts[]": ["3 4"]}
    assert doses(read(FORM | rows), SUNDAY, 3)[-2:] == ["24. 08 4", "24. 20 3"]


def test_rows_with_the_same_amount_are_one_step() -> None:
    rows = {"step_days[]": ["1", "1", "1"], "step_amounts[]": ["4", "4", "1"]}
    assert read(FORM | rows).steps == tuple(steps((0, tablets(4)), (3, tablets(1))))


@pytest.mark.parametrize("dosage", [TAPER, TWICE, WARFARIN, EVERY_DAY])
def test_the_form_says_all_of_it(dosage: Dosage) -> None:
    assert says_all(dosage)


def test_times_of_day_have_steps_too() -> None:
    dosage = in_steps(steps((0, tablets(2)), (3, tablets(1))), [TimeOfDay.MORNING, TimeOfDay.NIGHT])
    assert says_all(dosage)
    assert plain(medication_line(dosage, generic="x", day=SUNDAY).frequency).startswith("morgen og natt til og med")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"steps_from": ""} | ROWS, "første trinnet begynner"),
        ({"step_days[]": ["3"], "step_amounts[]": [""]}, "både antall dager og ny mengde"),
        ({"step_days[]": [""], "step_amounts[]": ["3"]}, "både antall dager og ny mengde"),
        ({"step_days[]": [], "step_amounts[]": []}, "både antall dager og ny mengde"),
        ({"step_days[]": ["3"], "step_amounts[]": ["0"]}, "minst to trinn"),
        (ROWS | {"pattern": "daily", "steps_from": ""}, "hører til «Trappes opp eller ned»"),
        ({"pattern": "daily"}, "hører til «Trappes opp eller ned»"),
        (ROWS | {"last_day": "30.12.2026"}, "Dette feltet hører til"),
        (ROWS | {"inr_low": "2"}, "Skriv mål, siste INR"),
    ],
)
def test_half_of_a_plan_is_refused(more: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(FORM | more)
    assert said in next(iter(refused.value.fields["errors"].values()))[0]


def test_what_inr_was_is_not_there_from_before_when_the_dose_is_changed() -> None:
    typed = to_change(WARFARIN)
    assert {"inr_low", "inr_high"} <= typed.keys() < form_of(WARFARIN).keys()
    assert not {"inr_last", "inr_last_on", "inr_next"} & typed.keys()
