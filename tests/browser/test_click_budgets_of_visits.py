"""The budget of a visit that is moved by telephone: one tap on the list and the chart is open; at work is one tap too."""

from playwright.sync_api import expect

from tests.access.test_at_work import Zones, zones
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World

__all__ = ["zones"]


def test_a_visit_is_taken_in_one_tap_and_so_is_the_day_at_work(world: World, zones: Zones, open_as: OpenAs) -> None:
    tab = open_as(zones.vera, "/at-work", width=390)
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Begynn på jobb"))
        expect(tab.page.get_by_role("button", name="Avslutt jobben")).to_be_visible()
    assert (counts.taps, counts.keys) == (1, 0)
    assert faults_of(tab) == []
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Jeg tar besøket"))
        tab.page.wait_for_url(f"**/patients/{zones.kari}")
    assert (counts.taps, counts.keys) == (1, 0)
    tab.page.goto(tab.page.url + "/grounds")
    assert faults_of(tab) == []
    assert faults_of(open_as(world.tora, "/access/sources")) == []
