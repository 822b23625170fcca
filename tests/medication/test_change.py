"""Changing a dosage: it starts with what holds now, is seen as one line before it is signed, and nothing typed is lost."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from journal.medication import Medication
from journal.medication.dosage_form import DosageForm, dosage_from, form_of, says_all
from journal.medication.rules import (
    AsNeeded,
    Course,
    Dosage,
    Kind,
    TimeOfDay,
    Weekday,
    daily,
    every_hours,
    on_weekdays,
    weekly,
    when_needed,
)
from journal.platform.clock import instant
from journal.platform.errors import Invalid
from journal.platform.quantity import NBSP, Quantity
from tests.conftest import Browser, World
from tests.medication.test_dosage import ONE_OF_EACH, dosages
from tests.medication.test_sign import ONE, order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
MG50 = Quantity(Decimal(50), "mg")
TWO = Quantity(Decimal(2), "tablett")


def read(form: dict[str, Any]) -> Any:
    return DosageForm().load(form)


@pytest.mark.parametrize("dosage", ONE_OF_EACH)
def test_a_dosage_put_in_the_form_and_read_again_is_the_same(dosage: Dosage) -> None:
    assert dosage_from(read(form_of(dosage)), dosage.strength_per_unit, dosage.unit) == dosage
    assert says_all(dosage)


@given(dosages())
def test_any_dosage_is_the_same_from_the_form_or_the_form_says_that_it_cannot_hold_it(dosage: Dosage) -> None:
    if says_all(dosage):
        assert dosage_from(read(form_of(dosage)), dosage.strength_per_unit, dosage.unit) == dosage
    else:
        every = getattr(dosage.every, "hours", 0)
        assert every > 72 or dosage.kind is Kind.AS_NEEDED


@pytest.mark.parametrize(
    "dosage",
    [
        daily(ONE, [time(8)], course=Course(ends_at=datetime.fromisoformat("2026-11-25T13:00:00+00:00"))),
        Dosage(Kind.AS_NEEDED, ONE, as_needed=AsNeeded(least_interval=timedelta(minutes=50))),
    ],
)
def test_the_form_knows_what_it_cannot_say(dosage: Dosage) -> None:
    assert not says_all(dosage)


def test_amounts_belong_to_the_times_as_they_were_written() -> None:
    form = {"amount": "1 2", "unit": "tablett", "pattern": "daily", "times": "20 8"}

    assert dosage_from(read(form), None, None) == daily({time(8): TWO, time(20): ONE})


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"pattern": "daily", "times": "8", "weekdays[]": ["1"]}, "weekdays"),
        ({"pattern": "daily", "times": "8", "hours": "6"}, "hours"),
        ({"pattern": "as_needed", "max_doses": "4", "times": "8"}, "times"),
        ({"pattern": "every_hours", "hours": "6", "times_of_day[]": ["1"]}, "times_of_day"),
    ],
)
def test_what_belongs_to_another_pattern_is_refused_and_never_passed_over(form: dict[str, Any], field: str) -> None:
    """Monday ticked under "Hver dag": a weekly medicine must not become a daily one."""
    with pytest.raises(Invalid) as refused:
        dosage_from(read({"amount": "1", "unit": "tablett"} | form), None, None)

    assert list(refused.value.errors) == [field]
    assert "hører til" in refused.value.errors[field][0]


def test_a_strength_holds_for_the_units_it_was_given_for_alone() -> None:
    form = {"amount": "5", "unit": "ml", "pattern": "daily", "times": "8"}

    assert dosage_from(read(form), MG50, "tablett").strength_per_unit is None
    assert dosage_from(read(form | {"unit": "tablett"}), MG50, "tablett").strength_per_unit == MG50


# On the page


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def change_form(page: str) -> str:
    return page[page.index("Endre dosering") : page.index("Hvorfor?")]


def value(form: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}"[^>]* value="([^"]*)"', form)
    assert found, name
    return found[1]


def chosen(form: str, name: str) -> list[str]:
    return re.findall(rf'name="{re.escape(name)}" value="([^"]*)"[^>]*checked', form)


def selected(form: str, name: str) -> list[str]:
    options = re.search(rf'name="{name}".*?</select>', form, re.DOTALL)
    assert options
    return re.findall(r'value="([^"]*)" selected', options[0])


def test_the_form_starts_with_what_holds_now(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    methotrexate = on_weekdays(
        Quantity(Decimal("2.5"), "tablett"), [Weekday.MONDAY, Weekday.THURSDAY], [time(8), time(20, 30)]
    )
    entry_id = order(world, work_of, patient_id, dosage=methotrexate)

    form = change_form(client_for(world.lars).get(f"/patients/{patient_id}/medication/{entry_id}").text)

    assert (value(form, "amount"), value(form, "times")) == ("2,5", "08 20.30")
    assert (chosen(form, "pattern"), chosen(form, "weekdays[]")) == (["weekdays"], ["1", "4"])
    assert selected(form, "unit") == ["tablett"]


def test_times_of_day_and_limits_start_as_they_are_too(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    lars = client_for(world.lars)
    morning = order(world, work_of, patient_id, dosage=daily(ONE, [TimeOfDay.MORNING, TimeOfDay.NIGHT]))
    needed = order(
        world,
        work_of,
        patient_id,
        dosage=when_needed(ONE, max_doses=4, least_interval=timedelta(minutes=90)),
        use="3",
    )

    of_day, limits = (
        change_form(lars.get(f"/patients/{patient_id}/medication/{entry_id}").text) for entry_id in (morning, needed)
    )

    assert chosen(of_day, "times_of_day[]") == ["1", "6"]
    assert "morgen (08.00)" in of_day
    assert (value(limits, "max_doses"), value(limits, "least_hours")) == ("4", "1,5")
    out_of_the_way = ['data-only="as_needed"' in form for form in (of_day, limits)]
    assert out_of_the_way == [True, False], "what is said already is never out of the way"


WEEKLY = {"amount": "3", "unit": "tablett", "pattern": "weekdays", "times": "8", "weekdays[]": ["1", "4"]}
SAID = {"version": "1", "reason": "For lite virkning"}


def test_old_and_new_stand_in_one_line_before_it_is_signed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, dosage=weekly(TWO, Weekday.MONDAY, time(8)))
    url, lars = f"/patients/{patient_id}/medication/{entry_id}", client_for(world.lars)

    seen = lars.act(f"{url}/change/review", WEEKLY | SAID)

    new = f"3{NBSP}tabletter hver mandag og torsdag kl.{NBSP}08"
    assert seen.status_code == 200
    line = re.sub(r"<[^>]+>", "", seen.text[seen.text.index('id="review"') :].split("</p>")[0])
    assert line.split("> ")[-1].endswith(f"Før: 2{NBSP}tabletter hver mandag kl.{NBSP}08 → Ny: {new}")
    assert value(seen.text, "seen") == new
    assert chosen(change_form(seen.text), "weekdays[]") == ["1", "4"]
    with work_of(world.lars) as work:
        assert len(Medication(work).history(patient_id, entry_id)) == 1, "to look is not to sign"

    assert lars.act(f"{url}/change", WEEKLY | SAID | {"seen": new}).status_code == 303
    with work_of(world.lars) as work:
        assert Medication(work).history(patient_id, entry_id)[0].dosage.weekdays == (Weekday.MONDAY, Weekday.THURSDAY)


@pytest.mark.parametrize("seen", [None, f"2{NBSP}tabletter hver mandag kl.{NBSP}08"])
def test_what_was_not_seen_is_not_signed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, seen: str | None
) -> None:
    """The dosage was typed over after it was looked at, or never looked at."""
    entry_id = order(world, work_of, patient_id, dosage=weekly(TWO, Weekday.MONDAY, time(8)))
    url, lars = f"/patients/{patient_id}/medication/{entry_id}", client_for(world.lars)

    refused = lars.act(f"{url}/change", WEEKLY | SAID | ({"seen": seen} if seen else {}))

    assert refused.status_code == 422
    assert "Se over endringen" in refused.text
    assert chosen(change_form(refused.text), "weekdays[]") == ["1", "4"]
    with work_of(world.lars) as work:
        assert len(Medication(work).history(patient_id, entry_id)) == 1


def test_an_error_loses_nothing_that_was_typed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    lars, url = client_for(world.lars), f"/patients/{patient_id}/medication/{entry_id}"
    wrong = WEEKLY | SAID | {"amount": "mange", "hours": "6", "exact": "true", "last_day": "i morgen"}

    answer = lars.act(f"{url}/change/review", wrong)

    form = change_form(answer.text)
    assert answer.status_code == 422
    assert [value(form, name) for name in ("amount", "times", "hours", "last_day")] == ["mange", "8", "6", "i morgen"]
    assert (chosen(form, "weekdays[]"), chosen(form, "pattern")) == (["1", "4"], ["weekdays"])
    assert chosen(form, "exact") == ["true"]
    assert answer.text.count("For lite virkning") == 1, "and not in the forms for pause and stop"


def test_the_same_dosage_again_is_no_change(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    same = {"amount": "1", "unit": "tablett", "pattern": "every_hours", "hours": "1"}

    answer = client_for(world.lars).act(f"/patients/{patient_id}/medication/{entry_id}/change/review", same | SAID)

    assert answer.status_code == 422
    assert "den samme som før" in answer.text


def test_what_the_form_has_no_field_for_is_said(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    ends = instant(date.today() + timedelta(days=9), time(14))  # noqa: DTZ011  any day ahead
    entry_id = order(world, work_of, patient_id, dosage=every_hours(ONE, 1, course=Course(ends_at=ends)))

    page = client_for(world.lars).get(f"/patients/{patient_id}/medication/{entry_id}").text

    assert "Skjemaet har ikke felt for alt" in page
