"""The first dose of a course at once: the next ones at the ordinary clock times, neither too near nor too far off."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.dosage_form import DosageForm, dosage_from, form_of, says_all, with_day
from journal.medication.fhir.dosage import dosages_to_fhir
from journal.medication.rules import (
    Course,
    Dosage,
    InvalidDosage,
    TimeOfDay,
    beginning_at,
    begun_as,
    daily,
    dose_sentence,
    every_hours,
    expected_times,
    on_weekdays,
    reusable,
    safe_distance,
    without_first,
)
from journal.medication.rules.parts import Weekday
from journal.platform.clock import instant
from journal.platform.quantity import NBSP
from tests.conftest import Browser, World
from tests.medication.test_renewing import PENICILLIN
from tests.medication.test_sign import ONE, doses, prescribe, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

DAY = date(2026, 11, 22)
FOUR_A_DAY = [time(8), time(14), time(20), time(23)]


def week(at: list[Any], **more: Any) -> Dosage:
    return daily(ONE, at, course=Course(None, instant(DAY + timedelta(days=7), time.min), **more))


def times_from(dosage: Dosage, begin: datetime, days: int = 2) -> list[str]:
    found = expected_times(dosage, start=begin, end=begin + timedelta(days=days), order_start=begin, order_end=None)
    return [f"{(dose.due_at + timedelta(hours=1)):%d. %H.%M}" for dose in found]


@pytest.mark.parametrize(
    ("at", "now", "first"),
    [
        (FOUR_A_DAY, time(10, 7), ["22. 10.07", "22. 14.00", "22. 20.00"]),
        (FOUR_A_DAY, time(11), ["22. 11.00", "22. 14.00", "22. 20.00"]),
        (FOUR_A_DAY, time(11, 1), ["22. 11.01", "22. 20.00", "22. 23.00"]),
        ([time(8), time(20)], time(16), ["22. 16.00", "23. 08.00", "23. 20.00"]),
        ([time(8), time(20)], time(14), ["22. 14.00", "22. 20.00", "23. 08.00"]),
        ([time(8)], time(21), ["22. 21.00", "24. 08.00"]),
        ([TimeOfDay.MORNING, TimeOfDay.MIDDAY, TimeOfDay.EVENING], time(9), ["22. 09.00", "22. 20.00", "23. 08.00"]),
    ],
)
def test_the_first_is_given_now_and_the_next_at_the_first_clock_time_that_is_half_a_turn_away(
    at: list[Any], now: time, first: list[str]
) -> None:
    begin = instant(DAY, now)
    assert times_from(week(at, first_at=begin), begin)[: len(first)] == first


@pytest.mark.parametrize("minutes", range(0, 24 * 60, 17))
def test_the_second_dose_is_never_nearer_than_half_nor_farther_than_one_and_a_half_of_the_usual(minutes: int) -> None:
    """Evenly spread times; of others the night is as long as it was."""
    for number in (1, 2, 3, 4, 6):
        at = [time(24 // number * n) for n in range(number)]
        begin = instant(DAY, time.min) + timedelta(minutes=minutes)
        usual = timedelta(hours=24) / number
        doses = expected_times(
            week(at, first_at=begin), start=begin, end=begin + timedelta(days=3), order_start=begin, order_end=None
        )
        first, second = next(doses), next(doses)
        assert first.due_at == begin
        assert usual / 2 <= second.due_at - begin <= usual * 3 / 2


@pytest.mark.parametrize("sunday", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_distance_is_elapsed_time_also_on_the_night_the_clock_is_changed(sunday: date) -> None:
    """At 23.30, with doses each sixth hour: 02 is two and a half hours off by the wall, and one more or less by the body."""
    begin = instant(sunday - timedelta(days=1), time(23, 30))
    at = [time(2), time(8), time(14), time(20)]
    dosage = daily(ONE, at, course=Course(None, begin + timedelta(days=4), first_at=begin))
    found = [
        dose.due_at
        for dose in expected_times(
            dosage, start=begin, end=begin + timedelta(days=1), order_start=begin, order_end=None
        )
    ]
    assert found[0] == begin
    assert found[1] - begin >= safe_distance(dosage) == timedelta(hours=3)


def test_the_sentence_says_the_day_and_the_form_and_the_favourite_leave_it_out() -> None:
    begin = instant(DAY, time(10, 7))
    dosage = week([time(8), time(20)], first_at=begin)
    assert dose_sentence(dosage) == (
        f"1{NBSP}tablett kl.{NBSP}08 og 20, første dose straks 22.11.2026, til og med 28.11.2026"
    )
    assert Dosage.from_json(dosage.to_json()) == dosage
    assert says_all(dosage)
    assert without_first(dosage) == week([time(8), time(20)])
    assert begun_as(dosage, week([time(9)])) == week([time(9)], first_at=begin)
    saved = reusable(daily(ONE, [time(8)], course=Course(doses=10, first_at=begin)), DAY)
    assert saved
    assert saved.dosage == daily(ONE, [time(8)], course=Course(doses=10))


@pytest.mark.parametrize(
    "dosage",
    [
        daily(ONE, [time(8)]),
        every_hours(ONE, 6, course=Course(doses=10)),
        on_weekdays(ONE, [Weekday.MONDAY], [time(8)], course=Course(doses=10)),
        daily({time(8): ONE, time(20): ONE + ONE}, course=Course(None, instant(DAY, time.min) + timedelta(days=9))),
        daily(ONE, [time(8)], course=Course(instant(DAY, time.min) + timedelta(days=1), None, 10)),
    ],
    ids=["goes on", "by hours", "some days", "own amounts", "begins later"],
)
def test_only_a_daily_course_that_has_begun_has_a_first_dose_at_once(dosage: Dosage) -> None:
    assert beginning_at(dosage, instant(DAY, time(10))) == dosage


def test_a_first_dose_after_the_course_is_refused() -> None:
    with pytest.raises(InvalidDosage, match="Første dose nå"):
        Course(None, instant(DAY, time(8)), first_at=instant(DAY, time(10)))


def test_what_is_typed_begins_at_this_minute() -> None:
    typed = {"amount": "1", "unit": "tablett", "pattern": "daily", "times": "8 20", "doses": "10", "first_now": "true"}
    now = datetime(2026, 11, 22, 9, 7, 31, tzinfo=UTC)
    dosage = dosage_from(with_day(DosageForm().load(typed), now), None, None)
    assert dosage.course == Course(doses=10, first_at=now.replace(second=0))
    assert form_of(dosage)["doses"] == "10"


def test_fhir_has_the_first_dose_at_its_instant_and_counts_the_others() -> None:
    begin = instant(DAY, time(10, 7))
    dosage = daily(ONE, [time(8), time(20)], course=Course(doses=10, first_at=begin))
    first, others = dosages_to_fhir(dosage, starts_at=begin, ends_at=None, indication=None, route=None, also=[])
    assert (first["sequence"], first["timing"]) == (1, {"event": ["2026-11-22T09:07:00Z"]})
    assert (others["sequence"], others["timing"]["repeat"]["count"]) == (2, 9)
    assert others["timing"]["repeat"]["boundsPeriod"]["start"] == "2026-11-22T15:07:00Z"
    assert others["text"].endswith("til 9\N{NO-BREAK SPACE}doser er gitt i alt")


# In the ward


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def test_the_first_dose_is_ready_at_once_is_counted_and_stands_in_the_picture(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    with work_of(world.lars) as work:
        dosage = beginning_at(daily(ONE, [time(8), time(20)], course=Course(doses=5)), work.now.replace(second=0))
        seen = Medication(work).preview(patient_id, medicine=PENICILLIN, dosage=dosage, indication="uvi")
        prescribe(work, patient_id, medicine=PENICILLIN, dosage=dosage, use="2")
        began = dosage.course and dosage.course.first_at

    first = doses(world, work_of, patient_id)[0]

    assert first.due_at == began
    assert (first.status_text, first.condition_text) == ("klar nå", "Dose 1 av 5")
    assert [mark.status.value for mark in seen.strip.marks][:1] == ["ready"]
    assert str(seen.first_text).startswith("Første dose i dag")
    assert "Blir alle gitt, er den siste" in seen.first_text
    sign(world, work_of, first)
    with work_of(world.nina) as work:
        (medicine,) = Medication(work).list_with_strip(patient_id).courses
    assert medicine.condition_text == "1 av 5 doser gitt"


def test_the_form_of_an_antibiotic_has_it_ticked_until_the_doctor_takes_the_tick_away(
    world: World, client_for: ClientFor, patient_id: UUID, small_catalogue: None
) -> None:
    lars = client_for(world.lars)
    items = {
        atc: world.migrator.execute(
            "SELECT id FROM medication.catalogue_item WHERE atc_code = %s AND prescribable AND active LIMIT 1", (atc,)
        ).fetchone()
        for atc in ("J01CE02", "N02BE01")
    }
    url = f"/patients/{patient_id}/medication/prescribe"

    def ticked(page: str) -> bool:
        found = re.search(r'<input[^>]*name="first_now"[^>]*>', page)
        return found is not None and " checked" in found[0]

    penicillin, paracetamol = (items["J01CE02"], items["N02BE01"])
    assert penicillin and paracetamol
    assert ticked(lars.get(f"{url}?item={penicillin[0]}").text)
    assert 'name="first_now"' not in lars.get(f"{url}?item={paracetamol[0]}").text
    sent = {
        "item": str(penicillin[0]),
        "amount": "1",
        "unit": "tablett",
        "pattern": "daily",
        "times": "8 20",
        "doses": "10",
        "indication": "uvi",
        "first_asked": "true",
    }
    without = lars.act(f"{url}/review", sent).text
    with_it = lars.act(f"{url}/review", sent | {"first_now": "true"}).text
    assert not ticked(without)
    assert ticked(with_it)
    assert "klar nå" in with_it and "klar nå" not in without
    assert lars.act(url, sent | {"first_now": "true"}).status_code == 303
    stored = world.migrator.execute(
        "SELECT dosage #>> '{course,doses}', dosage #>> '{course,first_at}' IS NOT NULL FROM medication.medication_request"
        " WHERE patient_id = %s",
        (patient_id,),
    ).fetchone()
    assert stored == ("10", True)
