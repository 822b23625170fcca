"""The exact limits of the rules, each from both sides: what a change of the rule by one step must not pass unseen."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from journal.medication.rules import (
    Caution,
    Course,
    DoseStatus,
    OrderStatus,
    TimeOfDay,
    ValueRequirement,
    cautions,
    daily,
    describe,
    dose_status,
    expected_times,
    glucose,
    pulse,
    respiration,
    temperature,
)
from journal.medication.rules.reasons import ImplausibleValue, systolic
from journal.medication.rules.safety.opioids import FACTORS
from journal.medication.rules.schedule import DEFAULT_CLOCK_TIMES
from journal.medication.rules.settings import Chosen, DoseSettings, planned_doses
from journal.medication.rules.status import ORDINARY, TIME_CRITICAL, span
from journal.platform.quantity import Quantity

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_times_of_day_are_these_where_no_municipality_has_chosen() -> None:
    assert {
        TimeOfDay.MORNING: time(8), TimeOfDay.FORENOON: time(10), TimeOfDay.MIDDAY: time(12),
        TimeOfDay.AFTERNOON: time(16), TimeOfDay.EVENING: time(20), TimeOfDay.NIGHT: time(22),
    } == DEFAULT_CLOCK_TIMES  # fmt: skip


def test_an_hour_is_on_time_and_half_an_hour_where_the_time_matters() -> None:
    assert [minutes / timedelta(minutes=1) for minutes in (*ORDINARY, *TIME_CRITICAL)] == [60, 60, 30, 30]


@pytest.mark.parametrize(
    ("hours", "said"), [(47, "47 t"), (48, "2 døgn"), (71, "2 døgn"), (72, "3 døgn")], ids="47 48 71 72".split()
)
def test_from_two_days_on_a_span_is_said_in_days(hours: int, said: str) -> None:
    assert span(timedelta(hours=hours)) == said


@pytest.mark.parametrize(("minutes", "said"), [(1, "om 1 min"), (0, "klar nå"), (-1, "klar nå")])
def test_a_dose_that_is_ready_says_the_minutes_until_its_time_and_no_longer(minutes: int, said: str) -> None:
    assert describe(DoseStatus.READY, NOON + timedelta(minutes=minutes), NOON) == said


@pytest.mark.parametrize(("seconds", "status"), [(-1, DoseStatus.HELD), (0, DoseStatus.MISSED), (1, DoseStatus.MISSED)])
def test_a_dose_that_was_missed_at_the_pause_or_before_it_stays_missed(seconds: int, status: DoseStatus) -> None:
    paused = NOON + timedelta(hours=12, seconds=seconds)
    shown = dose_status(
        NOON, paused + timedelta(hours=1), None, order_status=OrderStatus.ON_HOLD, order_status_since=paused
    )
    assert shown is status


@pytest.mark.parametrize(("seconds", "early"), [(-1, True), (0, False), (1, False)])
def test_a_dose_is_early_until_it_is_ready(seconds: int, early: bool) -> None:
    at = NOON + timedelta(seconds=seconds)
    found = cautions(atc_code=None, prescription_group=None, at=at, ready_from=NOON)
    assert (Caution.EARLY in found) is early


@pytest.mark.parametrize(
    ("measured", "low", "high", "step"),
    [
        (pulse, "20", "250", "1"),
        (glucose, "0.5", "60", "0.1"),
        (temperature, "25", "45", "0.1"),
        (respiration, "2", "80", "1"),
        (systolic, "40", "300", "1"),
    ],
    ids="pulse glucose temperature respiration systolic".split(),
)
def test_a_value_or_a_limit_is_believed_from_here_to_here(measured, low: str, high: str, step: str) -> None:
    least, most, more = Decimal(low), Decimal(high), Decimal(step)
    for believed in (least, most):
        assert measured().check(believed) == believed
        assert measured(believed).minimum == believed
    for wrong in (least - more, most + more):
        with pytest.raises(ImplausibleValue):
            measured().check(wrong)
        with pytest.raises(ValueError, match="Grensen for"):
            measured(wrong)


def test_the_lowest_that_is_believed_is_lower_than_the_highest() -> None:
    with pytest.raises(ValueError, match="lavere enn høyeste"):
        ValueRequirement("pulse", "Puls", "", None, Decimal(20), Decimal(20))


def test_of_two_choices_that_have_begun_the_later_one_says_when_a_dose_is_due() -> None:
    chosen = [
        Chosen(date(2026, 11, day), DoseSettings({**DEFAULT_CLOCK_TIMES, TimeOfDay.EVENING: time(hour)}))
        for day, hour in ((1, 18), (10, 19))
    ]
    evening = daily(Quantity(Decimal(1), "tablett"), [TimeOfDay.EVENING])
    period = {"start": NOON, "end": NOON + timedelta(days=1), "order_start": NOON, "order_end": None}
    (planned,) = planned_doses(evening, chosen, **period, time_critical=False)
    assert planned.expected.due_at == datetime(2026, 11, 22, 18, tzinfo=UTC)  # 19 in Oslo


@pytest.mark.parametrize("side", ["before", "after"])
def test_what_must_be_on_time_may_have_as_many_minutes_as_the_rest_and_no_more(side: str) -> None:
    assert DoseSettings(narrow=ORDINARY).narrow == ORDINARY
    with pytest.raises(ValueError, match="Tidskritiske"):
        DoseSettings(narrow=ORDINARY._replace(**{side: timedelta(minutes=61)}))


def test_a_milligram_of_an_opioid_is_so_much_morphine_by_mouth_by_its_route() -> None:
    by_mouth, under_tongue, nose, skin = "53", "63", "51", "65"
    assert {key: str(factor) for key, factor in FACTORS.items()} == {
        ("morfin", by_mouth): "1", ("kodein", by_mouth): "0.1", ("tramadol", by_mouth): "0.15",
        ("oksykodon", by_mouth): "1.5", ("ketobemidon", by_mouth): "1", ("hydromorfon", by_mouth): "5",
        ("tapentadol", by_mouth): "0.2", ("buprenorfin", skin): "92.5", ("buprenorfin", under_tongue): "48",
        ("fentanyl", skin): "100", ("fentanyl", nose): "250", ("fentanyl", under_tongue): "250",
    }  # fmt: skip


def test_nobody_was_to_give_a_dose_that_waits_at_the_hospital_door() -> None:
    for now in (NOON, NOON + timedelta(days=2)):
        assert dose_status(NOON, now, None, unreconciled=True) is DoseStatus.UNRECONCILED


def test_the_systolic_pressure_is_measured_as_a_blood_pressure_and_others_as_they_are_called() -> None:
    assert [systolic().measured_as, pulse().measured_as] == ["blood_pressure", "pulse"]


@pytest.mark.parametrize(("hours", "first"), [(-1, False), (0, True), (1, True), (23, True), (24, False), (25, False)])
def test_a_first_dose_at_once_is_of_the_period_it_is_given_in(hours: int, first: bool) -> None:
    given = NOON + timedelta(hours=hours)
    dosage = daily(
        Quantity(Decimal(1), "tablett"), [time(23)], course=Course(None, NOON + timedelta(days=5), first_at=given)
    )
    found = expected_times(
        dosage, start=NOON, end=NOON + timedelta(days=1), order_start=NOON - timedelta(days=1), order_end=None
    )
    assert (given in [dose.due_at for dose in found]) is first
