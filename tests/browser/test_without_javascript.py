"""Every act is a form: with scripts switched off, or not yet loaded, the same can be done and is stored the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from playwright.sync_api import expect

from journal.medication.rules import slot_of
from tests import factories
from tests.browser.conftest import OpenAs
from tests.conftest import World

Migrator = psycopg.Connection[Any]
WorkOf = Callable[..., Any]


def test_a_dose_is_signed_and_undone(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, dose_id = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}", javascript=False)
    live = "SELECT count(*) FROM medication.medication_administration WHERE dose_id = %s AND in_error_at IS NULL"

    tab.tap(".dose button.give")
    expect(tab.find(".dose.is-given")).to_contain_text("av deg")
    assert migrator.execute(live, (dose_id,)).fetchone() == (1,)

    tab.tap(tab.page.get_by_role("button", name="Angre"))
    expect(tab.find(".dose.is-ready")).to_have_count(1)
    assert migrator.execute(live, (dose_id,)).fetchone() == (0,)


def test_what_must_be_seen_first_is_opened_and_a_time_is_written(
    world: World, migrator: Migrator, open_as: OpenAs
) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=5)
    patient_id, dose_id = factories.due_dose(world, due_at=due_at)
    tab = open_as(world.nina, f"/round?patient={patient_id}&slot={slot_of(due_at)}", javascript=False)
    tab.refusals.add(422)
    live = "SELECT count(*) FROM medication.medication_administration WHERE dose_id = %s"

    tab.tap(tab.page.get_by_text("Annet tidspunkt"))
    tab.write("input[name=given_time]", "2570")
    tab.tap(".dose summary.give")
    tab.tap(".dose button.give")
    expect(tab.find(".dose .asat")).to_contain_text("Klokkeslettet finnes ikke.")
    expect(tab.find("input[name=given_time]")).to_have_value("2570")
    assert migrator.execute(live, (dose_id,)).fetchone() == (0,)

    tab.find("input[name=given_time]").fill("")
    tab.tap(".dose button.give")
    expect(tab.find(".dose.done")).to_contain_text("gitt for tidlig")
    assert migrator.execute(live, (dose_id,)).fetchone() == (1,)


def test_a_dose_is_not_given_and_the_reason_is_stored(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, dose_id = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}", javascript=False)

    tab.tap("summary.btn.not")
    tab.tap(tab.page.get_by_role("button", name="Ville ikke", exact=True))

    expect(tab.find(".dose.is-not_given")).to_contain_text("ikke gitt – ville ikke")
    stored = migrator.execute(
        "SELECT status, reason_code IS NOT NULL FROM medication.medication_administration WHERE dose_id = %s",
        (dose_id,),
    ).fetchall()
    assert stored == [("not-done", True)]


def test_the_next_patient_is_reached(world: World, open_as: OpenAs) -> None:
    for name in ("Hansen", "Olsen"):
        factories.due_dose(world, family_name=name)
    tab = open_as(world.nina, "/round", javascript=False)
    first = tab.find("#pane .pb h2 b").inner_text()

    tab.tap(tab.find(".foot .go a").last)

    expect(tab.find("#pane .pb h2 b")).not_to_have_text(first)


def test_a_note_is_written(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id = world.patient()
    tab = open_as(world.nina, f"/patients/{patient_id}/notes/write", javascript=False)

    tab.write("textarea[name=body]", "Spiste godt til middag.")
    tab.tap(tab.page.get_by_role("button", name="Signer"))

    expect(tab.find("article")).to_contain_text("Spiste godt til middag.")
    stored = migrator.execute("SELECT body FROM notes.note WHERE patient_id = %s", (patient_id,)).fetchall()
    assert stored == [("Spiste godt til middag.",)]


def test_the_colour_scheme_is_chosen_and_kept(world: World, open_as: OpenAs) -> None:
    tab = open_as(world.nina, "/my-list", javascript=False)
    scheme = tab.find("html")
    expect(scheme).not_to_have_attribute("data-color-scheme", "dark")

    for _ in range(2):  # from what the device says: light, then dark
        tab.tap("button[name=color_scheme]")

    expect(scheme).to_have_attribute("data-color-scheme", "dark")
    tab.open("/round")
    expect(scheme).to_have_attribute("data-color-scheme", "dark")


def test_the_user_is_switched_and_the_old_session_is_over(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    tab = open_as(world.nina, "/my-list", javascript=False)

    tab.tap(tab.page.get_by_role("button", name="Bytt bruker"))
    tab.sign_in_as(world.siri.actor.role_id)

    expect(tab.find(".user b")).to_have_text("Siri Strand")
    still_open = migrator.execute(
        "SELECT count(*) FROM access.session WHERE person_id = %s AND ended_at IS NULL", (world.nina.actor.person_id,)
    ).fetchone()
    assert still_open == (0,)


def test_a_patient_is_found_and_opened(world: World, open_as: OpenAs) -> None:
    world.patient(family_name="Ringstad", given_name="Torbjørg")
    tab = open_as(world.nina, "/search", javascript=False)

    tab.write("input[name=text]", "Ringst")
    tab.press("Enter")
    tab.tap(tab.page.get_by_role("link", name="Åpne Torbjørg Ringstad"))

    expect(tab.find(".banner h1")).to_contain_text("RINGSTAD")
