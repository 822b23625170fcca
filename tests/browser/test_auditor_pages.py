"""What an auditor does with a look, in a real browser: the taps it costs, and what axe finds on her pages and the managers'."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]


@pytest.fixture
def snooped(world: World, client_for: ClientFor) -> UUID:
    """A chart in which Nina stands as next of kin, and which she has read past the question of it."""
    patient_id = world.patient(family_name="Sjeldenvik", given_name="Inger")
    factories.related_person(world.builder, patient_id, world.siri, "Nina Nordli")
    world.store()
    nina = client_for(world.nina)
    nina.act(f"/patients/{patient_id}/near", {"reason": "same-name"})
    assert nina.get(f"/patients/{patient_id}").status_code == 200
    return patient_id


@pytest.mark.usefixtures("snooped")
def test_a_look_is_opened_and_decided_with_two_taps_and_its_case_is_fetched_with_two(
    world: World, open_as: OpenAs
) -> None:
    tab = open_as(world.rolf, "/audit/unusual")
    expect(tab.find("main")).to_contain_text("En med leserens navn står som pårørende eller verge i journalen.")
    assert faults_of(tab) == []

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Vurder"))
        tab.write("textarea[name=text]", "Hun er ikke i slekt med pasienten.")
        tab.tap(tab.page.get_by_role("button", name="Forklart"))
        expect(tab.page.get_by_role("heading", name="Sak om innsyn")).to_be_visible()
    assert (counts.taps, counts.keys, counts.loads) == (2, 0, 2)
    assert faults_of(tab) == []

    tab.open("/audit/cases")
    assert faults_of(tab) == []
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Nina Nordli"))
        with tab.page.expect_download() as fetched:
            tab.tap(tab.page.get_by_role("link", name=re.compile("Last ned saken")))
    assert counts.taps == 2
    assert fetched.value.suggested_filename.endswith(".zip")


@pytest.mark.usefixtures("snooped")
def test_a_manager_is_asked_with_two_taps_and_answers_with_one(world: World, open_as: OpenAs) -> None:
    rolf = open_as(world.rolf, "/audit/unusual")
    with rolf.counted() as counts:
        rolf.tap(rolf.page.get_by_role("link", name="Vurder"))
        assert faults_of(rolf) == []
        rolf.write("textarea[name=text]", "Var hun på jobb?")
        rolf.find("select[name=asked_id]").select_option(index=1)
        rolf.write("input[name=due_on]", "31.12.2099")
        rolf.tap(rolf.page.get_by_role("button", name="Spør leder"))
        expect(rolf.page.get_by_role("heading", name="Sak om innsyn")).to_be_visible()
    assert counts.taps == 2

    mona = open_as(world.mona, "/questions")
    assert faults_of(mona) == []
    with mona.counted() as counts:
        mona.write("textarea[name=text]", "Hun hadde vakt.")
        mona.tap(mona.page.get_by_role("button", name="Send svaret"))
        expect(mona.find("main")).to_contain_text("Hun hadde vakt.")
    assert (counts.taps, counts.loads) == (1, 1)


def test_the_log_is_checked_with_one_tap_and_the_patients_own_report_made_with_two(
    world: World, snooped: UUID, open_as: OpenAs
) -> None:
    tab = open_as(world.rolf, "/audit/integrity")
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Kontroller loggen"))
        expect(tab.find("#integrity [role=status]")).to_be_visible()
    assert counts.taps == 1
    assert faults_of(tab) == []

    tab.open(f"/audit/patients/{snooped}")
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Lag innsynslogg til pasienten"))
        with tab.page.expect_response(re.compile("/reports/")) as made:
            tab.tap(tab.page.get_by_role("button", name="Lag utskriften"))
    assert counts.taps == 2
    assert made.value.headers["content-type"] == "application/pdf"


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("rolf", "/audit/rules"),
        ("rolf", "/audit/rules/volume"),
        ("tora", "/justified-access/settings"),
        ("mona", "/who-sees-what"),
        ("tora", "/role-proposals"),
        ("tora", "/access/rule-proposals"),
        ("tora", "/access/sources"),
    ],
)
def test_the_pages_of_who_may_what(world: World, open_as: OpenAs, who: str, path: str) -> None:
    tab = open_as(getattr(world, who), path)

    expect(tab.find("h1")).to_be_visible()
    assert faults_of(tab) == []
