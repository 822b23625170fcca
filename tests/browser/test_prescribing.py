"""Prescribing from the keyboard: nothing is taken or signed that was not seen, and the line is drawn while she writes."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenAs
from tests.browser.counting import Counting
from tests.conftest import World

Migrator = psycopg.Connection[Any]

SIGN = "Signer forskrivning"


def ordered(migrator: Migrator, patient_id: UUID) -> int:
    found = migrator.execute(
        "SELECT count(*) FROM medication.medication_request WHERE patient_id = %s", (patient_id,)
    ).fetchone()
    return int(found[0]) if found else 0


def write(tab: Counting, text: str) -> None:
    """As somebody who looks where she writes: the field has the focus when the page is there."""
    expect(tab.find("input[name=q]")).to_be_focused()
    tab.page.keyboard.type(text)


def test_enter_before_the_hits_have_come_takes_none_and_searches(
    world: World, open_as: OpenAs, usual_dose: UUID
) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication/prescribe")

    def never(route: Route) -> None:
        if "hx-request" in route.request.headers:
            route.abort()
        else:
            route.continue_()

    expect(tab.find("[data-of=''] .hits a").first).to_contain_text("paracetamol")
    tab.page.route("**/prescribe?**", never)
    write(tab, "ibux")
    tab.press("Enter")

    expect(tab.find("[data-of=ibux]")).to_have_count(1)
    assert "favourite" not in tab.page.url
    expect(tab.find(".hits a").first).to_contain_text("ibuprofen")
    expect(tab.find(".hits a").first).to_be_focused()
    tab.complaints.clear()  # the request that was cut off


def test_hits_of_what_was_written_before_are_not_taken(world: World, open_as: OpenAs, usual_dose: UUID) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication/prescribe")
    write(tab, "par")
    expect(tab.find("[data-of=par]")).to_have_count(1)

    tab.page.evaluate("document.querySelector('input[name=q]').value = 'ibux'")
    tab.press("Enter")

    expect(tab.find("[data-of=ibux]")).to_have_count(1)


def test_an_enter_that_is_held_down_takes_a_hit_and_signs_nothing(
    world: World, migrator: Migrator, open_as: OpenAs, usual_dose: UUID
) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication/prescribe")
    write(tab, "par")
    expect(tab.find("[data-of=par]")).to_have_count(1)
    keyboard, sign = tab.page.keyboard, tab.page.get_by_role("button", name=SIGN)

    keyboard.down("Enter")
    expect(sign).to_be_focused()
    for _ in range(3):
        keyboard.down("Enter")  # the same key, still down
    expect(tab.find("form.htmx-request")).to_have_count(0)
    assert ordered(migrator, usual_dose) == 0

    keyboard.up("Enter")
    keyboard.press("Enter")
    expect(tab.find(".meds")).to_contain_text("Startet")
    assert ordered(migrator, usual_dose) == 1


def test_a_second_enter_at_once_signs_nothing(
    world: World, migrator: Migrator, open_as: OpenAs, usual_dose: UUID
) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication/prescribe")
    write(tab, "par")
    expect(tab.find("[data-of=par]")).to_have_count(1)
    tab.page.clock.install()
    # However slow this machine is, it is at once; and before the page is locked.
    tab.page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=5))

    tab.press("Enter")
    tab.page.wait_for_url(re.compile("favourite="))
    tab.press("Enter")  # meant for the page before: nothing has the focus yet
    expect(tab.find("form.htmx-request")).to_have_count(0)
    tab.page.clock.resume()

    expect(tab.page.get_by_role("button", name=SIGN)).to_be_focused()
    assert ordered(migrator, usual_dose) == 0


def test_the_line_is_drawn_while_she_writes_and_her_place_in_the_form_is_hers(
    world: World, open_as: OpenAs, usual_dose: UUID
) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication/prescribe?q=paracet+tab+500")
    tab.refusals.add(422)
    tab.find(".hits a[href*='item=']").first.click()
    tab.find("input[name=amount]").fill("2")
    expect(tab.find(".preview")).to_contain_text("Her kommer linjen")
    tab.find("input[name=indication]").fill("smerter")
    tab.page.get_by_role("button", name=SIGN).click()  # no time is chosen: the page comes back with a summary
    expect(tab.find(".ds-error-summary")).to_be_focused()

    tab.find("input[name=times]").press_sequentially("8")
    expect(tab.find(".preview .meds")).to_contain_text("1 000 mg–oral bruk–kl. 08–smerter")
    expect(tab.find("input[name=times]")).to_be_focused()
    tab.find("input[name=times]").press_sequentially(" 20")
    expect(tab.find(".preview .meds")).to_contain_text("kl. 08 og 20")
    expect(tab.find("input[name=times]")).to_be_focused()


def test_without_javascript_the_same_is_prescribed_and_the_line_is_shown_by_a_button(
    world: World, migrator: Migrator, open_as: OpenAs, usual_dose: UUID
) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication", javascript=False)

    tab.tap(tab.page.get_by_role("link", name="Forskriv"))
    tab.write("input[name=q]", "par")
    tab.press("Enter")
    tab.tap(tab.find("a[href*='favourite=']").first)
    expect(tab.find(".preview .meds")).to_contain_text("kl. 08 og 20")

    tab.tap(tab.page.get_by_text("Endre dosering, indikasjon eller beskjed"))
    tab.find("input[name=times]").fill("9")
    tab.tap(tab.page.get_by_role("button", name="Se over"))
    expect(tab.find(".preview .meds")).to_contain_text("kl. 09")
    assert ordered(migrator, usual_dose) == 0
    tab.tap(tab.page.get_by_role("button", name=SIGN))

    expect(tab.find(".meds")).to_contain_text("kl. 09")
    assert ordered(migrator, usual_dose) == 1


def test_the_form_shows_the_fields_of_what_is_chosen_and_what_was_typed_elsewhere_comes_back_with_the_error(
    world: World, migrator: Migrator, open_as: OpenAs, usual_dose: UUID
) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication/prescribe?q=ibux")
    tab.find(".hits a").first.click()
    times, weekday, hours = (tab.find(f"[name='{name}']").first for name in ("times", "weekdays[]", "hours"))
    expect(times).to_be_visible()
    expect(weekday).to_be_hidden()

    tab.page.get_by_label("Noen ukedager").check()
    expect(weekday).to_be_visible()
    weekday.check()
    tab.page.get_by_label("Med timer mellom").check()
    expect(hours).to_be_visible()
    expect(times).to_be_hidden()

    for name, text in {"amount": "1", "hours": "8", "indication": "smerter"}.items():
        tab.find(f"input[name={name}]").fill(text)
    tab.page.get_by_role("button", name=SIGN).click()

    expect(tab.find(".ds-error-summary")).to_be_focused()
    expect(weekday).to_be_visible()
    expect(weekday).to_be_checked()
    assert ordered(migrator, usual_dose) == 0
    tab.complaints.clear()  # the answer that was an error
