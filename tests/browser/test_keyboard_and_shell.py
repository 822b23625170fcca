"""What stands around the work: the keyboard, the focus, two browsers on one dose, a net that fails, and words half written."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Route, expect

from journal.medication.rules import every_hours, pulse, slot_of
from journal.platform.clock import hhmm, local, local_date, norwegian_date
from journal.platform.quantity import Quantity
from tests import factories
from tests.browser.conftest import OpenAs
from tests.conftest import World

Migrator = psycopg.Connection[Any]

GIVE, GIVEN = ".dose.is-ready button.give", ".dose.is-given"
HOURLY = every_hours(Quantity(Decimal(1), "tablett"), 1)


def signed(migrator: Migrator, dose_id: UUID) -> list[tuple[Any, ...]]:
    return migrator.execute(
        "SELECT kind, status, recorded_by_name FROM medication.medication_administration"
        " WHERE dose_id = %s ORDER BY recorded_at",
        (dose_id,),
    ).fetchall()


def one_more_dose(world: World, patient_id: UUID) -> None:
    """Another order of hers, due at this minute, that needs no value."""
    due_at = datetime.now(UTC).replace(second=0, microsecond=0)
    since, dosage = due_at - timedelta(days=1), factories.once_a_day(local(due_at).time())
    order = factories.medication_request(
        world.builder, patient_id, world.lars, dosage=dosage, starts_at=since, planned_until=due_at + timedelta(days=1)
    )
    factories.doses(world.builder, order, dosage, due_at, due_at + timedelta(minutes=1))
    world.store()


def test_ctrl_k_leads_to_the_search_with_the_field_ready(world: World, open_as: OpenAs) -> None:
    world.patient(family_name="Ringstad")
    tab = open_as(world.nina, "/my-list")

    with tab.counted() as counts:
        tab.press("Control+k")
        expect(tab.find("input[name=text]")).to_be_focused()
        tab.page.keyboard.type("rin")
        tab.press("Enter")
        expect(tab.find("#hits")).to_contain_text("RINGSTAD")

    assert (counts.taps, counts.keys) == (0, 2)
    assert "rin" not in tab.page.url  # what was sought stands in no address


def test_the_first_key_skips_to_the_content(world: World, open_as: OpenAs) -> None:
    tab = open_as(world.nina, "/my-list")

    tab.press("Tab")
    skip = tab.page.get_by_role("link", name="Gå til innholdet")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    tab.press("Enter")

    expect(tab.find("main")).to_be_focused()


def test_a_dose_is_signed_from_the_keyboard_and_the_focus_stays_on_its_card(
    world: World, migrator: Migrator, open_as: OpenAs
) -> None:
    patient_id, dose_id = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    tab.find(GIVE).focus()
    tab.press("Enter")

    expect(tab.find(GIVEN)).to_have_count(1)
    expect(tab.find(f"#dose-{dose_id}")).to_be_focused()
    assert signed(migrator, dose_id) == [("signature", "completed", "Nina Nordli")]


def test_a_second_tap_at_once_signs_nothing_more(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, dose_id = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    tab.find(GIVE).dblclick()

    expect(tab.find(GIVEN)).to_have_count(1)
    assert len(signed(migrator, dose_id)) == 1


def test_what_must_be_seen_is_opened_and_signed_from_the_keyboard_and_enter_in_a_field_signs_nothing(
    world: World, migrator: Migrator, open_as: OpenAs
) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=5)
    patient_id, dose_id = factories.due_dose(world, due_at=due_at, required_value=pulse(Decimal(55)))
    tab = open_as(world.nina, f"/round?patient={patient_id}&slot={slot_of(due_at)}")

    sent: list[str] = []
    tab.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    tab.write(".check input", "72")
    tab.press("Enter")
    expect(tab.find(".dose .sure")).not_to_be_visible()
    tab.find(".dose summary.give").focus()
    tab.press("Enter")
    expect(tab.find(".dose .sure")).to_contain_text("Gi den nå likevel?")
    tab.find(".check input").focus()
    tab.press("Enter")
    tab.find(".dose summary.give").focus()
    assert (sent, signed(migrator, dose_id)) == ([], [])
    tab.press("Tab")
    tab.press("Enter")

    expect(tab.find(".dose.done")).to_contain_text("gitt for tidlig")
    assert len(sent) == 1
    assert signed(migrator, dose_id) == [("signature", "completed", "Nina Nordli")]


def test_a_double_tap_does_not_sign_what_must_be_seen_first(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=5)
    patient_id, dose_id = factories.due_dose(world, due_at=due_at)
    tab = open_as(world.nina, f"/round?patient={patient_id}&slot={slot_of(due_at)}")

    tab.find(".dose summary.give").dblclick()

    expect(tab.find(".dose .sure")).not_to_be_visible()  # opened, and closed again
    assert signed(migrator, dose_id) == []


def test_a_time_that_makes_a_dose_too_early_is_asked_about_on_the_same_card(
    world: World, migrator: Migrator, open_as: OpenAs
) -> None:
    patient_id, dose_id = factories.due_dose(world)
    early = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=3)
    tab = open_as(world.nina, f"/round?patient={patient_id}")
    tab.refusals.add(422)

    tab.tap(tab.page.get_by_text("Annet tidspunkt"))
    tab.find("input[name=given_time]").fill(hhmm(early))
    tab.find("input[name=given_day]").fill(norwegian_date(local_date(early)))
    tab.tap(".dose button.give")
    expect(tab.find(".dose .sure")).to_contain_text(f"kl. {hhmm(early)}, 3 t før. Stemmer det?")
    expect(tab.find("input[name=given_time]")).to_have_value(hhmm(early))
    assert signed(migrator, dose_id) == []

    tab.tap(".dose button.give")
    expect(tab.find(".dose.done")).to_contain_text(f"{hhmm(early)}")
    assert signed(migrator, dose_id) == [("signature", "completed", "Nina Nordli")]


def test_a_time_typed_on_one_card_is_still_in_sight_when_another_is_signed(world: World, open_as: OpenAs) -> None:
    """A time that were kept but folded away would be signed unseen."""
    patient_id, _ = factories.due_dose(world)
    order = factories.medication_request(
        world.builder,
        patient_id,
        world.lars,
        dosage=HOURLY,
        starts_at=(since := datetime.now(UTC).replace(second=0, microsecond=0)),
        planned_until=since + timedelta(hours=1),
    )
    factories.doses(world.builder, order, HOURLY, since, since + timedelta(minutes=1))
    world.store()
    tab = open_as(world.nina, f"/round?patient={patient_id}")
    cards = tab.find(".dose.is-ready")
    expect(cards).to_have_count(2)

    cards.first.get_by_text("Annet tidspunkt").click()
    cards.first.locator("input[name=given_time]").fill("0815")
    cards.last.locator("button.give").click()

    expect(tab.find(GIVEN)).to_have_count(1)
    left = tab.find(".dose.is-ready input[name=given_time]")
    expect(left).to_have_value("0815")
    expect(left).to_be_visible()


def test_of_two_who_sign_one_dose_the_second_is_told_and_can_say_she_gave_it_too(
    world: World, migrator: Migrator, open_as: OpenAs
) -> None:
    patient_id, dose_id = factories.due_dose(world)
    first = open_as(world.siri, f"/round?patient={patient_id}")
    second = open_as(world.nina, f"/round?patient={patient_id}")
    second.refusals.add(409)

    first.tap(GIVE)
    expect(first.find(GIVEN)).to_have_count(1)
    second.tap(GIVE)

    card = second.find(f"#dose-{dose_id}")
    expect(card.get_by_role("alert")).to_contain_text(
        re.compile(r"Siri Strand signerte denne dosen kl\. \d\d\.\d\d\. Gi den ikke en gang til\.")
    )
    assert len(signed(migrator, dose_id)) == 1

    second.tap(card.get_by_role("button", name="Jeg har også gitt den"))

    expect(card).to_contain_text("også av Nina Nordli")
    assert signed(migrator, dose_id) == [
        ("signature", "completed", "Siri Strand"),
        ("also_given", "completed", "Nina Nordli"),
    ]


def test_a_pulse_that_is_too_low_signs_nothing_and_offers_the_reason(
    world: World, migrator: Migrator, open_as: OpenAs
) -> None:
    patient_id, dose_id = factories.due_dose(world, required_value=pulse(Decimal(55)))
    tab = open_as(world.nina, f"/round?patient={patient_id}")
    tab.refusals.add(422)

    tab.write(".check input", "48")
    tab.tap(GIVE)

    expect(tab.find(".dose").get_by_role("alert").first).to_contain_text(
        "Puls 48 er under 55, som er grensen i ordinasjonen."
    )
    assert signed(migrator, dose_id) == []
    tab.tap("summary.btn.not")
    tab.tap(tab.find("button.pill").filter(has_text="forslag"))
    expect(tab.find(".dose.is-not_given")).to_have_count(1)
    assert [status for _, status, _ in signed(migrator, dose_id)] == ["not-done"]


@pytest.mark.parametrize("reached_the_server", [False, True], ids=["on the way there", "on the way back"])
def test_an_answer_that_is_lost_is_told_of_and_the_same_button_signs_once(
    world: World, migrator: Migrator, open_as: OpenAs, reached_the_server: bool
) -> None:
    patient_id, dose_id = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    def lose(route: Route) -> None:
        if reached_the_server:
            route.fetch(max_redirects=0)
        route.abort()

    tab.page.route("**/given*", lose, times=1)
    tab.tap(GIVE)

    expect(tab.find("#notice")).to_contain_text("Vi fikk ikke svar, så vi vet ikke om det ble lagret.")
    expect(tab.find(GIVEN)).to_have_count(0)
    assert len(signed(migrator, dose_id)) == int(reached_the_server)
    assert ["Failed to fetch" in complaint for complaint in tab.complaints] == [True]  # the one that was made to fail
    tab.complaints.clear()

    tab.tap(GIVE)

    expect(tab.find(GIVEN)).to_have_count(1)
    expect(tab.find("#notice")).to_be_empty()
    assert signed(migrator, dose_id) == [("signature", "completed", "Nina Nordli")]


def test_a_pulse_typed_on_one_card_is_still_there_when_another_is_signed(world: World, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world, required_value=pulse(Decimal(55)))
    one_more_dose(world, patient_id)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    tab.write(".check input", "72")
    tab.tap(tab.find(".dose.is-ready").filter(has_not=tab.find(".check")).locator("button.give"))

    expect(tab.find(GIVEN)).to_have_count(1)
    expect(tab.find(".check input")).to_have_value("72")


def test_a_note_that_was_never_signed_is_there_when_the_browser_died(
    world: World, migrator: Migrator, open_as: OpenAs
) -> None:
    patient_id = world.patient()
    address = f"/patients/{patient_id}/notes/write"
    tab = open_as(world.nina, address)

    tab.write("textarea[name=body]", "Svimmel da hun reiste seg. Satt på sengekanten.")
    expect(tab.find("#saved")).to_have_text(re.compile(r"Lagret \d\d\.\d\d"))
    tab.page.close(run_before_unload=False)

    again = open_as(world.nina, address)
    expect(again.find("textarea[name=body]")).to_have_value("Svimmel da hun reiste seg. Satt på sengekanten.")
    assert migrator.execute("SELECT count(*) FROM notes.note WHERE patient_id = %s", (patient_id,)).fetchone() == (0,)
    colleague = open_as(world.siri, f"/patients/{patient_id}/notes")
    expect(colleague.find("main")).not_to_contain_text("Svimmel")


def test_after_a_switch_of_user_the_way_back_shows_no_chart(world: World, open_as: OpenAs) -> None:
    patient_id = world.patient(family_name="Hansen")
    tab = open_as(world.nina, f"/patients/{patient_id}")
    expect(tab.find(".banner h1")).to_contain_text("HANSEN")

    tab.tap(tab.page.get_by_role("button", name="Bytt bruker"))
    expect(tab.page.get_by_role("heading", name="Hvem vil du være?")).to_be_visible()
    tab.refusals.add(401)
    tab.page.go_back()

    expect(tab.find("body")).not_to_contain_text("HANSEN")
