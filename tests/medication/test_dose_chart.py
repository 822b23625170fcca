"""The dose chart of a week: what was to be, what was, and what was decided, in the column of its day."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lxml import html

from journal.medication import Medicine
from journal.medication.rules import OrderStatus, Reason, Week, daily, when_needed
from journal.platform.clock import instant, local_date, norwegian_date
from journal.platform.quantity import NBSP, Quantity
from tests import factories
from tests.conftest import Browser, World

ClientFor = Callable[..., Browser]
ONE = Quantity(Decimal(1), "tablett")
MG50, MG100 = (Quantity(Decimal(mg), "mg") for mg in (50, 100))
AT_8, AT_20 = time(8), time(20)
PARACETAMOL = Medicine("paracetamol", "Paracet", "tablett", strength="500 mg", route="peroralt", atc_code="N02BE01")
TODAY = local_date(datetime.now(UTC))
WEEK = Week.of(TODAY - timedelta(days=21))
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = WEEK.days
TWICE = daily(ONE, [AT_8, AT_20], strength_per_unit=MG50)


@dataclass
class Cells:
    """The chart of a page: the text of each cell, by name of the medicine and day."""

    page: str

    def __post_init__(self) -> None:
        self.tree = html.fromstring(self.page)

    def row(self, name: str) -> Any:
        (found,) = [row for row in self.tree.xpath("//table[@class='week']//tr[td]") if name in row.text_content()]
        return found

    def head(self, name: str) -> str:
        return said(self.row(name).xpath("th")[0])

    def marks(self, name: str, day: date) -> list[str]:
        """The symbols of a cell."""
        return [use.rsplit("#", 1)[1] for use in self.row(name).xpath("td")[day.weekday()].xpath(".//use/@href")]

    def cell(self, name: str, day: date) -> str:
        return said(self.row(name).xpath("td")[day.weekday()])


def said(element: Any) -> str:
    return re.sub(r"\s+", " ", element.text_content().replace(NBSP, " ")).strip()


@pytest.fixture
def chart(world: World, client_for: ClientFor) -> Callable[..., Cells]:
    def opened(patient_id: UUID, day: date = MONDAY) -> Cells:
        answer = client_for(world.nina).get(f"/patients/{patient_id}/medication/chart?day={norwegian_date(day)}")
        assert answer.status_code == 200
        return Cells(answer.text)

    return opened


def metoprolol(world: World, patient_id: UUID, **more: Any) -> dict[str, Any]:
    start = instant(MONDAY - timedelta(days=30), AT_8)
    wanted = {"dosage": TWICE, "starts_at": start, "planned_until": WEEK.end + timedelta(days=30)} | more
    return factories.medication_request(world.builder, patient_id, world.lars, **wanted)


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def test_each_dose_stands_on_its_day_with_what_became_of_it(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    b, nina = world.builder, world.nina
    order = metoprolol(world, patient_id)
    planned = factories.doses(b, order, TWICE, WEEK.start, WEEK.end)
    factories.administration(b, planned[0], nina, at=instant(MONDAY, time(8, 10)))
    factories.administration(b, planned[1], nina, at=instant(TUESDAY, time(0, 30)))
    factories.administration(b, planned[2], nina, at=instant(TUESDAY, AT_8), reason=Reason.REFUSED)
    factories.administration(
        b, planned[4], nina, at=instant(WEDNESDAY, AT_8), reason=Reason.PARTLY, amount=Decimal("0.5")
    )
    world.store()

    cells = chart(patient_id)

    assert "08.00 1 tablett gitt 08.10 Nina Nordli" in cells.cell("metoprolol", MONDAY)
    assert f"20.00 1 tablett gitt for sent 00.30 ({TUESDAY:%d.%m.}) Nina Nordli" in cells.cell("metoprolol", MONDAY)
    assert "08.00 1 tablett ikke gitt – ville ikke Nina Nordli" in cells.cell("metoprolol", TUESDAY)
    assert "20.00 1 tablett ikke signert" in cells.cell("metoprolol", TUESDAY)
    assert "delvis gitt 08.00 Nina Nordli Tok 0,5 tablett" in cells.cell("metoprolol", WEDNESDAY)


def test_a_signature_that_was_a_mistake_is_seen_as_corrected_and_not_as_given(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    b = world.builder
    planned = factories.doses(b, metoprolol(world, patient_id), TWICE, WEEK.start, WEEK.end)
    wrong = factories.administration(b, planned[0], world.nina, at=instant(MONDAY, AT_8))
    wrong |= {"in_error_at": instant(MONDAY, AT_20), "in_error_by": world.nina.actor.person_id}
    wrong["in_error_reason"] = "Feil pasient"
    world.store()

    cell = chart(patient_id).cell("metoprolol", MONDAY)

    assert "08.00 1 tablett ikke signert" in cell
    assert "Rettet: signaturen til Nina Nordli kl. 08.00 var feil (Feil pasient)" in cell
    assert "gitt 08.00" not in cell


def test_as_needed_stands_with_its_amount_and_a_mistake_without(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    b, needed = world.builder, when_needed(ONE, max_doses=4)
    start = instant(MONDAY - timedelta(days=3), AT_8)
    order = factories.medication_request(
        b, patient_id, world.lars, PARACETAMOL, dosage=needed, starts_at=start, planned_until=None
    )
    two = Quantity(Decimal(2), "tablett")
    factories.as_needed_administration(b, order, world.nina, two, at=instant(THURSDAY, time(23, 50)))
    wrong = factories.as_needed_administration(b, order, world.nina, ONE, at=instant(FRIDAY, AT_8))
    wrong |= {"in_error_at": instant(FRIDAY, AT_20), "in_error_by": world.nina.actor.person_id}
    wrong["in_error_reason"] = "Feil legemiddel"
    world.store()

    cells = chart(patient_id)

    assert "23.50 2 tabletter gitt 23.50 Nina Nordli" in cells.cell("paracetamol", THURSDAY)
    assert "Rettet:" in cells.cell("paracetamol", FRIDAY)
    assert "gitt" not in cells.cell("paracetamol", FRIDAY)
    assert "tablett" not in cells.cell("paracetamol", FRIDAY)
    assert cells.marks("paracetamol", THURSDAY) == ["mark-prn"]
    assert cells.marks("paracetamol", FRIDAY) == []
    assert cells.cell("paracetamol", SATURDAY).endswith("Ingen doser")


def test_last_months_doses_stand_under_last_months_line(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    order = metoprolol(world, patient_id)
    double = daily(ONE, [AT_8, AT_20], strength_per_unit=MG100)
    at = WEEK.end + timedelta(days=2)
    factories.next_version(world.builder, order, world.lars, "change", "Høyt trykk", at=at, dosage=double.to_json())
    world.store()

    assert "50 mg" in chart(patient_id).head("metoprolol")
    assert "100 mg" not in chart(patient_id).head("metoprolol")
    later = chart(patient_id, local_date(at) + timedelta(days=7)).head("metoprolol")
    assert "100 mg" in later
    assert "50 mg –" not in later


def test_a_change_within_the_week_shows_both_lines_and_when(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    order = metoprolol(world, patient_id)
    double = daily(ONE, [AT_8, AT_20], strength_per_unit=MG100)
    at = instant(WEDNESDAY, time(14))
    factories.next_version(world.builder, order, world.lars, "change", "Høyt trykk", at=at, dosage=double.to_json())
    world.store()

    cells = chart(patient_id)

    head = cells.head("metoprolol")
    assert head.index("50 mg") < head.index(f"fra onsdag {WEDNESDAY:%d.%m.} kl. 14.00") < head.index("100 mg")
    assert cells.cell("metoprolol", WEDNESDAY).endswith("Endret 14.00 av Lars Haugen: Høyt trykk")


def test_a_pause_and_a_stop_are_seen_on_their_days(world: World, patient_id: UUID, chart: Callable[..., Cells]) -> None:
    b, order = world.builder, metoprolol(world, patient_id)
    held = factories.next_version(b, order, world.lars, "hold", "Lav puls", at=instant(TUESDAY, AT_20))
    factories.next_version(b, held, world.lars, "stop", "Fortsatt lav puls", at=instant(FRIDAY, time(9)))
    world.store()

    cells = chart(patient_id)

    assert "Pauset 20.00 av Lars Haugen: Lav puls" in cells.cell("metoprolol", TUESDAY)
    assert "Seponert 09.00 av Lars Haugen: Fortsatt lav puls" in cells.cell("metoprolol", FRIDAY)
    assert "metoprolol" not in chart(patient_id, SUNDAY + timedelta(days=1)).page.split("<table", 1)[-1]


def test_an_order_that_was_a_mistake_is_not_in_the_chart(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    wrong = metoprolol(world, patient_id)
    wrong |= {"in_error_at": WEEK.start, "in_error_by": world.lars.actor.person_id, "in_error_reason": "Feil pasient"}
    world.store()

    assert "metoprolol" not in chart(patient_id).page


def test_a_pause_from_before_the_week_is_seen_in_it(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    order = metoprolol(world, patient_id)
    at = WEEK.start - timedelta(days=3)
    factories.next_version(world.builder, order, world.lars, "hold", "Lav puls", at=at)
    world.store()

    assert "Pauset siden" in chart(patient_id).cell("metoprolol", MONDAY)


def test_days_whose_doses_nobody_has_worked_out_do_not_look_empty(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    metoprolol(world, patient_id, planned_until=instant(THURSDAY, time.min))
    needed = when_needed(ONE, max_doses=4)
    factories.medication_request(
        world.builder, patient_id, world.lars, PARACETAMOL, dosage=needed, starts_at=WEEK.start, planned_until=None
    )
    world.store()

    cells = chart(patient_id)

    assert cells.cell("metoprolol", WEDNESDAY).endswith("Ingen doser")
    for day in (THURSDAY, SUNDAY):
        assert cells.cell("metoprolol", day).endswith("Ikke regnet ut ennå")
    assert cells.cell("paracetamol", SUNDAY).endswith("Ingen doser")


def test_an_ended_course_and_a_stopped_order_promise_no_more_doses(
    world: World, patient_id: UUID, chart: Callable[..., Cells]
) -> None:
    metoprolol(world, patient_id, planned_until=instant(WEDNESDAY, time.min), ends_at=instant(THURSDAY, time.min))
    metoprolol(world, patient_id, medicine=PARACETAMOL, status=OrderStatus.STOPPED)
    world.store()

    cells = chart(patient_id)

    assert cells.cell("metoprolol", WEDNESDAY).endswith("Ikke regnet ut ennå")
    assert cells.cell("metoprolol", THURSDAY).endswith("Ingen doser")
    assert "paracetamol" not in cells.page


def test_the_weeks_are_walked_and_one_is_found_by_its_date(
    world: World, patient_id: UUID, client_for: ClientFor
) -> None:
    nina = client_for(world.nina)
    path = f"/patients/{patient_id}/medication/chart"

    page = nina.get(f"{path}?day={norwegian_date(THURSDAY)}").text

    assert f"Uke {WEEK.number}: {norwegian_date(MONDAY)}–{norwegian_date(SUNDAY)}" in page
    assert f"day={norwegian_date(WEEK.previous.monday)}" in page
    assert f"day={norwegian_date(WEEK.following.monday)}" in page
    assert f"Uke {Week.of(TODAY).number}:" in nina.get(path).text
    assert "Ingen legemidler var i bruk denne uken." in page


@pytest.mark.parametrize("typed", ["31.02.2026", "i går", "01.01.0001", "01.01.9999", "<b>"])
def test_what_is_no_date_is_said_so_and_stays_in_its_field(
    world: World, patient_id: UUID, client_for: ClientFor, typed: str
) -> None:
    answer = client_for(world.nina).get(f"/patients/{patient_id}/medication/chart", query_string={"day": typed})

    assert answer.status_code == 422
    field = html.fromstring(answer.text).get_element_by_id("f-day")
    assert field.get("value") == typed
    assert "Skriv datoen med dag, måned og år, for eksempel 14.03.2026." in answer.text


def test_a_week_of_twelve_medicines_costs_what_one_does_and_is_one_look(
    world: World,
    client_for: ClientFor,
    count_queries: list[str],
    access_log: Callable[..., list[Any]],
) -> None:
    nina, counts = client_for(world.nina), []
    for number in (1, 12):
        patient_id = world.patient()
        for _ in range(number):
            order = metoprolol(world, patient_id)
            planned = factories.doses(world.builder, order, TWICE, WEEK.start, WEEK.end)
            factories.administration(world.builder, planned[0], world.nina, at=instant(MONDAY, AT_8))
        world.store()
        path = f"/patients/{patient_id}/medication/chart?day={norwegian_date(MONDAY)}"
        count_queries.clear()
        assert nina.get(path).status_code == 200
        counts.append(len(count_queries))
        assert [(row.action, row.outcome) for row in access_log(patient_id)] == [("medication:read", "success")]

    assert counts[0] == counts[1] <= 6


def test_nobody_without_a_ground_sees_a_week(world: World, patient_id: UUID, client_for: ClientFor) -> None:
    assert client_for(world.unn).get(f"/patients/{patient_id}/medication/chart").status_code == 403
