"""What is typed when an act asks for proof waits for whoever typed it while she signs in anew, and for nobody else."""

import html
import re
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from journal.permissions import FRESH, Permission
from tests.access.conftest import PID, Gate, hpr_of, person
from tests.conftest import Browser

TYPED = 'Husker ikke <b>"nummeret"</b>'
KEPT = "SELECT count(*), min(octet_length(sealed)) FROM access.kept_form WHERE person_id = %s"


def fields_of(page: TestResponse, action: str) -> dict[str, str]:
    """What the form of this address would send."""
    form = next(f for f in re.findall(r"<form.*?</form>", page.text, re.S) if f'action="{action}"' in f)
    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    }


def kept(gate: Gate) -> Any:
    return gate.migrator.execute(KEPT, (gate.kari.actor.person_id,)).fetchone()


@pytest.fixture
def asked(gate: Gate) -> tuple[Browser, str]:
    """Kari typed something, was asked to prove who she is, and has gone to her provider; with the address she is at there."""
    assert Permission.ACCESS_RESCUE in FRESH
    browser = gate.browser()
    gate.sign_in(browser)
    gate.migrator.execute(
        "UPDATE access.session SET proved_at = now() - interval '20 minutes' WHERE person_id = %s AND ended_at IS NULL",
        (gate.kari.actor.person_id,),
    )
    form = fields_of(browser.get("/danger"), "/danger") | {"text": TYPED}
    proof = browser.client.post("/danger", data=form)
    assert proof.status_code == 403
    again = fields_of(proof, "/sign-in/again")
    assert "csrf_token" not in again["form"] and TYPED.split()[0] in again["form"]
    answer = browser.client.post("/sign-in/again", data=again)
    assert answer.status_code == 200, answer.text
    there = answer.headers["Refresh"].removeprefix("0; url=")
    assert TYPED.split()[0] not in there and kept(gate)[0] == 1
    return browser, there


def test_it_is_done_with_what_was_typed_when_she_is_back_and_then_it_is_gone(
    gate: Gate, asked: tuple[Browser, str]
) -> None:
    browser, there = asked
    back = browser.get(gate.way_back(there))
    assert back.headers["Location"].startswith("/sign-in/kept")
    assert gate.national.asked[-1]["prompt"] == "login", "also when she is signed in there"
    page = browser.get(back.headers["Location"])
    form = fields_of(page, "/sign-in/kept")
    assert form["text"] == TYPED

    on = browser.client.post("/sign-in/kept", data=form)
    assert (on.status_code, on.headers["Location"], kept(gate)[0]) == (307, "/danger", 0)
    done = browser.client.post("/danger", data=form)
    assert done.status_code not in (401, 403) and html.escape(TYPED, quote=True).split(";")[0] in done.text
    assert "Location" in browser.get("/sign-in/kept").headers, "there is nothing to come back to"


@pytest.mark.parametrize("minutes", [11, 400])
def test_a_provider_that_did_not_ask_her_anew_has_proved_nothing_and_what_was_typed_waits(
    gate: Gate, asked: tuple[Browser, str], minutes: int
) -> None:
    browser, there = asked
    gate.national.faults = {"id": {"auth_time": int(time.time()) - minutes * 60}}

    refused = browser.get(gate.way_back(there))

    assert (refused.status_code, gate.kind(), gate.national.asked[-1]["max_age"]) == (403, "not_anew", "0")
    assert "ba deg ikke bevise på nytt" in refused.text and kept(gate)[0] == 1


def test_an_ordinary_sign_in_is_as_fresh_as_the_proof_behind_it(gate: Gate) -> None:
    browser = gate.browser()
    gate.national.faults = {"id": {"auth_time": int(time.time()) - 3600}}
    gate.sign_in(browser)
    assert gate.national.asked[-1]["max_age"] == "43200"
    form = fields_of(browser.get("/danger"), "/danger") | {"text": TYPED}
    assert browser.client.post("/danger", data=form).status_code == 403
    pin = {"csrf_token": form["csrf_token"], "pin": "592046", "again": "592046"}
    assert browser.client.post("/pin", data=pin).status_code == 403

    gate.national.faults, anew = {}, gate.browser()
    gate.sign_in(anew)
    form = fields_of(anew.get("/danger"), "/danger") | {"text": TYPED}
    assert anew.client.post("/danger", data=form).status_code not in (401, 403)
    assert anew.client.post("/pin", data=pin | {"csrf_token": form["csrf_token"]}).status_code == 303


def test_the_next_one_at_the_machine_sees_nothing_of_it(gate: Gate, asked: tuple[Browser, str]) -> None:
    browser, there = asked
    gate.national.claims = person(None, PID)
    siri = browser.get(gate.way_back(there))
    page = browser.get(siri.headers["Location"])
    assert page.status_code == 303 and gate.signed_in(browser).startswith("Siri")
    assert kept(gate)[0] == 1, "it is hers still, and ends by itself"
    # Nor Kari herself at another machine, nor whoever reads the database.
    gate.national.claims = person(hpr_of(gate, gate.kari))
    other = gate.browser()
    gate.sign_in(other)
    assert other.get("/sign-in/kept").status_code == 303
    sealed = gate.migrator.execute(
        "SELECT sealed FROM access.kept_form WHERE person_id = %s", (gate.kari.actor.person_id,)
    ).fetchone()
    assert sealed is not None and b"Husker" not in sealed[0]


def test_it_ends_by_itself_and_can_be_thrown_away(gate: Gate, asked: tuple[Browser, str]) -> None:
    browser, there = asked
    page = browser.get(browser.get(gate.way_back(there)).headers["Location"])
    form, cookie = fields_of(page, "/sign-in/kept"), browser.client.get_cookie("akson-form").value
    gate.migrator.execute("UPDATE access.kept_form SET valid_until = valid_until - interval '16 minutes'")
    assert browser.get("/sign-in/kept").status_code == 303
    browser.client.set_cookie("akson-form", cookie)
    gate.migrator.execute("UPDATE access.kept_form SET valid_until = valid_until + interval '16 minutes'")
    assert browser.get("/sign-in/kept").status_code == 200
    assert browser.client.post("/sign-in/kept/throw-away", data=form).status_code == 303
    assert kept(gate)[0] == 0


@pytest.mark.parametrize("address", ["/search", "https://example.org/danger", "//example.org/danger", "/nowhere"])
def test_nothing_else_is_kept_than_an_act_that_asks_for_proof(gate: Gate, address: str) -> None:
    browser = gate.browser()
    gate.sign_in(browser)
    token = fields_of(browser.get("/danger"), "/danger")["csrf_token"]
    sent = {"csrf_token": token, "provider": "helseid", "address": address, "form": '[["text", "x"]]'}
    assert browser.client.post("/sign-in/again", data=sent).status_code == 404
