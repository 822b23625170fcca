"""The budget of a visit that nobody answers: nothing beyond the signature begins it, and each step is one tap."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.care.test_ladder import at_home, ladders
from tests.conftest import World
from tests.medication.test_sign import order

WorkOf = Callable[..., Any]


def test_nobody_answers_is_the_signature_alone_and_each_step_one_tap(
    world: World, work_of: WorkOf, open_as: OpenAs
) -> None:
    kari = at_home(world, work_of)
    order(world, work_of, kari)
    tab = open_as(world.siri, f"/round?patient={kari}", width=390)
    with tab.counted() as counts:
        tab.tap(tab.find(".dose summary.not").first)
        tab.tap(tab.find(".dose").get_by_role("button", name="Ikke til stede", exact=True).first)
        expect(tab.find(".pane .ds-alert")).to_contain_text("Ingen åpner siden")
    # As any dose that is not given.
    assert (counts.taps, counts.keys, counts.loads) == (2, 0, 0)
    assert faults_of(tab) == []

    tab.tap(tab.find(".pane .ds-alert").get_by_role("link"))
    expect(tab.find(".na-what")).to_have_text("Ring pasienten")
    assert faults_of(tab) == []
    for answer, following in (
        ("Svarte ikke", "Ring pårørende"),
        ("Vet ikke hvor pasienten er", "Ring ansvarlig sykepleier"),
        ("Har fått beskjed", "Lås deg inn med nøkkel"),
        ("Funnet syk eller skadet", "Ring 113 nå"),
        ("Har ringt 113", "Skriv hvor pasienten ble funnet, og avslutt"),
    ):
        with tab.counted() as counts:
            tab.tap(tab.find(".na-next").get_by_role("button", name=answer, exact=True))
            expect(tab.find(".na-what")).to_have_text(following)
        assert (counts.taps, counts.keys) == (1, 0)
    assert faults_of(tab) == []

    tab.tap(tab.find(".na-next").get_by_role("radio", name="Overlatt til 113"))
    tab.page.get_by_label("Hvor ble pasienten funnet?").fill("På badet")
    tab.tap(tab.find(".na-next").get_by_role("button", name="Avslutt"))
    expect(tab.page.get_by_role("button", name="Ingen åpner: start nå")).to_be_visible()
    assert [one.running for one in ladders(world, work_of, kari)] == [False]
    assert faults_of(tab) == []


def test_the_page_of_the_manager_has_no_faults(world: World, open_as: OpenAs) -> None:
    assert faults_of(open_as(world.mona, "/no-answer/settings")) == []
