"""`make lock`: how long a screen is empty before it comes back, from the last key of the PIN to the half-filled form; and how soon
it is gone. In a real browser, a hundred times. The goal is two seconds; docs/operations/shared-devices.md has what was measured."""

import time
from statistics import median
from typing import Any

import psycopg
from playwright.sync_api import expect

from journal.access import pin_rules
from journal.app import JournalApp
from tests.browser.conftest import OpenAs
from tests.conftest import World

PIN, TIMES, GOAL = "480264", 100, 2.0


def test_a_lock_returns_in_two_seconds(
    world: World, open_as: OpenAs, migrator: psycopg.Connection[Any], app: JournalApp
) -> None:
    migrator.execute(
        "INSERT INTO access.pin (person_id, hash) VALUES (%s, %s)",
        (world.nina.actor.person_id, pin_rules.kept(PIN, app.settings.secret_key)),
    )
    tab = open_as(world.nina, f"/patients/{world.patient(family_name='Ringstad')}/tasks")
    tab.refusals |= {403, 422}
    tab.write("input[name=what]", "Ring datteren om")
    gone, back = [], []
    for _ in range(TIMES):
        before = time.perf_counter()
        tab.page.get_by_role("button", name="Lås").click()
        expect(tab.page.get_by_role("heading", name="Skjermen er låst")).to_be_visible()
        gone.append(time.perf_counter() - before)
        assert "RINGSTAD" not in tab.page.content()
        tab.page.locator("input[name=pin]").fill(PIN)
        before = time.perf_counter()
        tab.page.locator("input[name=pin]").press("Enter")
        expect(tab.page.locator("input[name=what]")).to_have_value("Ring datteren om")
        back.append(time.perf_counter() - before)
    for what, took in (("gone", gone), ("back", back)):
        print(f"{what}: p50 {median(took) * 1000:.0f} ms, slowest of {TIMES} {max(took) * 1000:.0f} ms")  # noqa: T201
    assert max(back) < GOAL
