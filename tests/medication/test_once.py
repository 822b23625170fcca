"""A single dose: ordered with its day and time, given once, and never read as one every day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.dosage_form import DosageForm, dosage_from, form_of, says_all, with_day
from journal.medication.rules import (
    Course,
    Dosage,
    Step,
    TimeOfDay,
    daily,
    dose_sentence,
    expected_times,
    in_steps,
    medication_line,
    on_weekdays,
    once,
    once_at,
    when_needed,
)
from journal.medication.rules.parts import Weekday
from journal.medication.rules.renewal import is_for_days, is_to_end
from journal.platform.clock import instant, local, local_date
from journal.platform.errors import Invalid
from journal.platform.quantity import NBSP
from tests.conftest import Browser, World
from tests.medication.test_sign import METOPROLOL, ONE, order, prescribe

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
DAY = date(2026, 11, 22)


@pytest.mark.parametrize("day", [DAY, date(2026, 3, 29), date(2026, 10, 25)])
def test_a_single_dose_is_due_once_whatever_night_the_clocks_change(day: date) -> None:
    dosage = once(ONE, day, time(14, 15))
    from_start, to_end = instant(day, time.min) - timedelta(days=3), instant(day, time.min) + timedelta(days=30)

    due = list(expected_times(dosage, start=from_start, end=to_end, order_start=from_start, order_end=None))

    assert [(dose.due_at, dose.amount) for dose in due] == [(instant(day, time(14, 15)), ONE)]
    assert once_at(dosage) == due[0].due_at


def test_a_single_dose_is_said_with_its_day_in_the_sentence_and_in_the_list() -> None:
    """Said as "kl. 14" alone it would be given every day."""
    dosage = once(ONE, DAY, time(14))

    assert dose_sentence(dosage) == f"1{NBSP}tablett én gang, 22.11.2026 kl.{NBSP}14"
    assert medication_line(dosage, generic="furosemid").frequency == f"én gang, 22.11.2026 kl.{NBSP}14"


@pytest.mark.parametrize(
    "dosage",
    [
        daily(ONE, [time(14)]),
        daily(ONE, [time(14)], course=Course.of_days(DAY, 2)),
        daily(ONE, [time(8), time(14)], course=Course.of_days(DAY, 1)),
        daily(ONE, [TimeOfDay.MORNING], course=Course.of_days(DAY, 1)),
        daily(ONE, [time(14)], course=Course(ends_at=instant(DAY, time.min))),
        on_weekdays(ONE, [Weekday.SUNDAY], [time(14)], course=Course.of_days(DAY, 1)),
    ],
)
def test_what_may_be_given_more_than_once_is_never_said_to_be_a_single_dose(dosage: Dosage) -> None:
    assert once_at(dosage) is None
    assert "én gang" not in dose_sentence(dosage)


def typed(**more: Any) -> Any:
    return DosageForm().load({"amount": "1", "unit": "tablett", "pattern": "once", "times": "1415"} | more)


def test_the_form_says_a_single_dose_and_reads_it_again() -> None:
    dosage = dosage_from(typed(first_day="22.11.2026", exact="true"), None, None)

    assert dosage == once(ONE, DAY, time(14, 15), exact=True)
    assert says_all(dosage)
    assert form_of(dosage)["pattern"] == "once"


def test_without_a_day_it_is_today() -> None:
    assert dosage_from(with_day(typed(), instant(DAY, time(9))), None, None) == once(ONE, DAY, time(14, 15))
    assert with_day(typed(pattern="daily"), instant(DAY, time(9)))["first_day"] is None
    for at, first in ((time(9), DAY), (time(15), DAY + timedelta(days=1))):
        assert with_day(typed(pattern="steps"), instant(DAY, at))["steps_from"] == first, "the day of the first dose"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"times": "8 14", "first_day": "22.11.2026"}, "dosage"),
        ({"times": "", "first_day": "22.11.2026"}, "dosage"),
        ({}, "dosage"),
        ({"first_day": "22.11.2026", "last_day": "24.11.2026"}, "last_day"),
        ({"first_day": "22.11.2026", "weekdays[]": ["1"]}, "weekdays"),
    ],
)
def test_what_does_not_belong_to_a_single_dose_is_refused(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        dosage_from(typed(**more), None, None)

    assert list(refused.value.errors) == [field]


def test_a_course_of_one_day_is_not_renewed() -> None:
    assert not is_for_days(once(ONE, DAY, time(8)))
    assert not is_for_days(once(ONE, date(2026, 10, 25), time(8))), "a day of 25 hours"
    assert is_for_days(daily(ONE, [time(8)], course=Course.of_days(DAY, 2)))
    assert is_to_end(
        in_steps([Step(DAY, (ONE,)), Step(DAY + timedelta(days=2), (ONE * 2,))], [time(8)]), antibiotic=False
    )


# The service


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def ordered(world: World, work_of: WorkOf, patient_id: UUID, due_at: datetime) -> UUID:
    wall = local(due_at)
    with work_of(world.lars) as work:
        dosage = once(ONE, wall.date(), wall.time().replace(second=0, microsecond=0))
        return prescribe(work, patient_id, medicine=METOPROLOL, dosage=dosage, use="2")


def planned(world: World, entry_id: UUID) -> list[datetime]:
    rows = world.migrator.execute("SELECT due_at FROM medication.dose WHERE request_entry_id = %s", (entry_id,))
    return [row[0] for row in rows]


@pytest.mark.parametrize("minutes", [-5, 90, 26 * 60])
def test_one_dose_is_planned_also_when_its_minute_has_just_passed(
    world: World, work_of: WorkOf, patient_id: UUID, minutes: int
) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=minutes)

    entry_id = ordered(world, work_of, patient_id, due_at)

    assert planned(world, entry_id) == [due_at]


def test_a_single_dose_whose_time_has_passed_is_refused(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with pytest.raises(Invalid) as refused:
        ordered(world, work_of, patient_id, datetime.now(UTC) - timedelta(hours=2))

    assert list(refused.value.errors) == ["times"]


def test_it_ends_with_its_day_and_is_asked_of_nobody_to_renew(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    due_at = datetime.now(UTC) + timedelta(minutes=1)
    entry_id = ordered(world, work_of, patient_id, due_at)

    with work_of(world.lars) as work:
        assert (Medication(work).ending_soon(), Medication(work).orders_ending(patient_id)) == ([], [])
    ends = world.migrator.execute(
        "SELECT ends_at FROM medication.medication_request WHERE entry_id = %s", (entry_id,)
    ).fetchone()
    assert ends == (instant(local_date(due_at) + timedelta(days=1), time.min),)


def test_at_the_limit_the_way_on_is_a_single_dose_from_the_same_card(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id = world.patient()
    entry_id = order(world, work_of, patient_id, dosage=when_needed(ONE, max_doses=1), use="3")
    sheet, nina, lars = f"/patients/{patient_id}/as-needed", client_for(world.nina), client_for(world.lars)
    assert "engangsdose" not in nina.get(sheet).text

    nina.act(f"{sheet}/{entry_id}", {"request_version": "1"})

    hers, his = nina.get(sheet).text, lars.get(sheet).text
    assert "Ta imot en engangsdose muntlig" in hers and "Ordiner en engangsdose" in his
    for browser, where in ((nina, "verbal"), (lars, "prescribe")):
        found = browser.get(f"/patients/{patient_id}/medication/{where}?q=metoprolol")
        assert (found.status_code, "metoprolol" in found.text) == (200, True)
