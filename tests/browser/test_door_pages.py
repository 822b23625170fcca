"""The hospital door in a real browser: the taps it costs to send her and to take her back, and what axe finds."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from journal.care import Care
from tests import factories
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World
from tests.medication.test_sign import order

WorkOf = Callable[..., Any]


def test_she_is_sent_with_two_taps_and_her_list_goes_on_with_one_and_a_name(
    world: World, work_of: WorkOf, open_as: OpenAs
) -> None:
    kari = world.patient(allergies=("Penicillin",))
    order(world, work_of, kari)
    factories.task(world.builder, kari, world.nina, world.ward, "Ring datteren")
    world.store()
    tab = open_as(world.nina, f"/patients/{kari}/medication")

    with tab.counted() as counts:
        tab.tap("text=Innlagt")
        tab.tap("button:has-text('Signer innleggelsen')")
        expect(tab.page.get_by_role("heading", name="Overføringsark til sykehus")).to_be_visible()
    assert (counts.taps, counts.keys) == (2, 0)
    assert faults_of(tab) == []

    with work_of(world.siri) as work:
        Care(work).return_from_leave(kari)
    tab.open(f"/patients/{kari}/medication/door")
    assert faults_of(tab) == []
    with tab.counted() as counts:
        tab.find("input[name=said_by]").fill("Sykepleier Berg, Ullevål")
        tab.tap("button:has-text('fortsetter som før')")
        expect(tab.page.get_by_text("signerte listen som samstemt")).to_be_visible()
    assert counts.taps == 1
