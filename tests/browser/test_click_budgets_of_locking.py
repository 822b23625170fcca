"""The lock and the switch of user in a real browser: what goes out of the page, what comes back, and what it costs."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from journal.access import pin_rules
from journal.app import JournalApp
from tests.browser.conftest import OpenAs
from tests.browser.counting import Counting
from tests.browser.test_axe import faults_of
from tests.conftest import Browser, World
from tests.factories import Staff

Migrator = psycopg.Connection[Any]
PIN, OTHER = "480264", "917350"
LOCKED = "Skjermen er låst"
_STORED = "() => JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"


@pytest.fixture
def pins(world: World, migrator: Migrator, app: JournalApp) -> None:
    for staff, pin in ((world.nina, PIN), (world.siri, OTHER)):
        migrator.execute(
            "INSERT INTO access.pin (person_id, hash) VALUES (%s, %s)",
            (staff.actor.person_id, pin_rules.kept(pin, app.settings.secret_key)),
        )


def _heading(tab: Counting) -> Any:
    return tab.page.get_by_role("heading", name=LOCKED)


@pytest.mark.usefixtures("pins")
def test_a_page_that_idles_is_emptied_and_comes_back_with_what_was_half_written(
    world: World, open_as: OpenAs, migrator: Migrator
) -> None:
    patient_id = world.patient(family_name="Ringstad")
    path = f"/patients/{patient_id}/tasks"
    tab = open_as(world.nina, "/my-list")
    tab.refusals |= {403, 422}
    tab.page.clock.install()
    tab.open(path)
    tab.write("input[name=what]", "Ring datteren om")
    other = Counting.in_context(tab.page.context)
    other.open(path)

    tab.page.clock.fast_forward("16:00")
    expect(_heading(tab)).to_be_visible()
    expect(tab.page.get_by_text("Nina Nordli")).to_be_visible()
    expect(_heading(other)).to_be_visible()  # an open tab is told
    for seen in (tab, other):
        assert "RINGSTAD" not in seen.page.content()
        assert "Ring datteren" not in seen.page.content()
    assert "Ring" not in tab.page.evaluate(_STORED)
    other.open(path)
    expect(_heading(other)).to_be_visible()
    other.page.go_back()
    assert "RINGSTAD" not in other.page.content()
    assert faults_of(tab) == []

    tab.write("input[name=pin]", "480265")
    tab.press("Enter")
    expect(tab.page.get_by_role("alert")).to_contain_text("Vi fikk ikke låst opp")
    with tab.counted() as counts:
        tab.write("input[name=pin]", PIN)
        tab.press("Enter")
        expect(tab.find("input[name=what]")).to_have_value("Ring datteren om")
    expect(tab.find(".banner h1")).to_contain_text("RINGSTAD")
    assert (counts.taps, counts.keys, counts.loads) == (0, 1, 0)  # and the six digits

    tab.find("input[name=what]").press("Enter")
    expect(tab.page.get_by_text("Ring datteren om", exact=True)).to_be_visible()
    stored = migrator.execute("SELECT count(*) FROM care.task WHERE patient_id = %s", (patient_id,)).fetchone()
    assert stored == (1,)


@pytest.mark.usefixtures("pins")
def test_another_nurse_is_at_her_own_page_after_one_tap_and_her_pin(
    world: World, open_as: OpenAs, client_for: Callable[[Staff | None], Browser]
) -> None:
    mona = client_for(world.mona)
    mona.act("/devices", {"name": "PC 204", "kind": "ward_pc"})
    device = mona.client.get_cookie("akson-device").value
    tab = open_as(None, "/sign-in")
    tab.page.context.add_cookies([{"name": "akson-device", "value": device, "url": tab.page.url}])
    siri = client_for(None)
    siri.client.set_cookie("akson-device", device)
    siri.act("/sign-in", {"role_id": str(world.siri.actor.role_id)})
    cookie = siri.client.get_cookie("akson").value
    tab.page.context.add_cookies([{"name": "akson", "value": cookie, "url": tab.page.url}])
    tab.open("/tasks")

    tab.tap(tab.page.get_by_role("button", name="Bytt bruker"))
    expect(_heading(tab)).to_be_visible()
    tab.tap(tab.page.get_by_role("link", name="Logg inn på vanlig måte"))
    tab.sign_in_as(world.nina.actor.role_id)
    expect(tab.find(".user b")).to_have_text("Nina Nordli")
    tab.open(f"/patients/{world.patient(family_name='Ringstad')}")

    tab.tap(tab.page.get_by_role("button", name="Bytt bruker"))
    expect(_heading(tab)).to_be_visible()
    assert "RINGSTAD" not in tab.page.content()
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_text("Siri Strand"))
        tab.write("input[name=pin]", OTHER)
        tab.press("Enter")
        expect(tab.find(".user b")).to_have_text("Siri Strand")
    assert tab.page.url.endswith("/tasks")
    assert (counts.taps, counts.keys, counts.loads) == (1, 1, 1)

    for path in ("/own-sessions", "/pin"):
        tab.open(path)
        assert faults_of(tab) == []
    manager = open_as(world.mona, "/devices")
    expect(manager.page.get_by_role("button", name="Fjern PC 204")).to_be_visible()
    assert faults_of(manager) == []
