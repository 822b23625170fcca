"""A passkey in a real browser, with Chromium's own authenticator in the place of a finger."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from journal.access import pin_rules
from journal.app import JournalApp
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.browser.test_click_budgets_of_locking import PIN, Migrator
from tests.conftest import World

_FINGER = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_locked_screen_comes_back_with_what_was_half_written_by_a_finger_alone(
    world: World,
    app: JournalApp,
    base_url: str,
    open_as: OpenAs,
    migrator: Migrator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = base_url.replace("127.0.0.1", "localhost")  # an address of numbers has no passkeys
    monkeypatch.setattr(app, "settings", replace(app.settings, public_url=here))
    kept = pin_rules.kept(PIN, app.settings.secret_key)
    migrator.execute("INSERT INTO access.pin (person_id, hash) VALUES (%s, %s)", (world.nina.actor.person_id, kept))
    tab = open_as(world.nina, "/my-list")
    cookies = tab.page.context.cookies()
    tab.page.context.add_cookies([{"name": c["name"], "value": c["value"], "url": here} for c in cookies])
    finger = tab.page.context.new_cdp_session(tab.page)
    finger.send("WebAuthn.enable")
    finger.send("WebAuthn.addVirtualAuthenticator", {"options": _FINGER})

    tab.open(f"{here}/pin")
    sign = "getComputedStyle(document.querySelector('[data-said]'), '::before').content"
    assert tab.page.evaluate(sign) == "none", "no sign of a fault where there is none"
    tab.tap(tab.page.get_by_role("button", name="Lag passnøkkel på denne maskinen"))
    expect(tab.page.get_by_text("Laget")).to_be_visible()
    assert faults_of(tab) == []
    tab.page.clock.install()
    tab.open(f"{here}/patients/{world.patient(family_name='Ringstad')}/tasks")
    tab.write("input[name=what]", "Ring datteren om")
    tab.page.clock.fast_forward("16:00")
    expect(tab.page.get_by_role("heading", name="Skjermen er låst")).to_be_visible()
    assert "RINGSTAD" not in tab.page.content()

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Bruk passnøkkel"))
        expect(tab.find("input[name=what]")).to_have_value("Ring datteren om")
    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)
    expect(tab.find(".banner h1")).to_contain_text("RINGSTAD")
