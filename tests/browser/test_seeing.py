"""The dose chart and the timeline in a browser: walked by keyboard, and no label over another."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from playwright.sync_api import expect

from journal.medication import Medicine
from journal.medication.rules import Week, daily
from journal.platform.clock import local_date
from journal.platform.quantity import Quantity
from tests import factories
from tests.browser.conftest import OpenAs
from tests.conftest import World

LONG = "hydroklortiazid og kaliumsparende middel"
TWICE = daily(Quantity(Decimal(1), "tablett"), [time(8), time(20)], strength_per_unit=Quantity(Decimal(50), "mg"))

OVERLAPS = """() => {
  const labels = [...document.querySelectorAll(".lanes .med, .lanes b, .lanes text")]
    .filter((e) => e.tagName === "text" || !e.closest(".med") || e.classList.contains("med"));
  const boxes = labels.map((e) => [e.textContent.trim(), e.getBoundingClientRect()]);
  const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const found = [];
  boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([two, b]) => over(a, b) && found.push(one + " / " + two)));
  return [boxes.length, found];
}"""


@pytest.fixture
def twelve(world: World) -> UUID:
    patient_id, now = world.patient(), datetime.now(UTC)
    for number in range(12):
        medicine = Medicine(f"{LONG} {number}", "Langtvirkende Merkenavn", "depottablett", route="peroralt")
        started = {"starts_at": now - timedelta(days=40), "planned_until": now + timedelta(days=7)}
        more = {"dosage": TWICE, "indication": "hjertesvikt med lungestuvning", **started}
        order = factories.medication_request(world.builder, patient_id, world.lars, medicine, **more)
        factories.doses(world.builder, order, TWICE, now - timedelta(days=20), now)
    factories.observation(world.builder, patient_id, world.nina, "pulse", Decimal(60), at=now - timedelta(days=2))
    world.store()
    return patient_id


@pytest.mark.parametrize("days", [7, 90])
@pytest.mark.parametrize("width", [390, 1180])
def test_no_label_of_the_timeline_lies_over_another(
    world: World, open_as: OpenAs, twelve: UUID, days: int, width: int
) -> None:
    tab = open_as(world.nina, f"/patients/{twelve}/medication/timeline?days={days}", width=width)

    labels, over = tab.page.evaluate(OVERLAPS)

    assert labels > 12 + 7
    assert over == []


def test_last_week_is_one_key_away_and_nothing_is_left_out_on_a_telephone(
    world: World, open_as: OpenAs, twelve: UUID
) -> None:
    tab = open_as(world.nina, f"/patients/{twelve}/medication/chart", width=390)
    week = Week.of(local_date(datetime.now(UTC)))
    tab.page.get_by_role("link", name="Forrige uke").focus()

    with tab.counted() as counts:
        tab.press("Enter")
        expect(tab.page.get_by_role("heading", name=f"Uke {week.previous.number}:")).to_be_visible()

    assert (counts.taps, counts.keys, counts.loads) == (0, 1, 1)
    assert tab.find(".week tr:has(td) .med").count() == 12
    assert tab.find(".week .one:visible").count() == tab.find(".week .one").count() > 12


def test_the_dose_chart_is_one_tap_from_the_list(world: World, open_as: OpenAs, twelve: UUID) -> None:
    tab = open_as(world.nina, f"/patients/{twelve}/medication")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Dosekurve"))
        expect(tab.find("table.week")).to_be_visible()

    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 1)
