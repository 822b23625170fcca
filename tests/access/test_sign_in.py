"""Signing in through a provider, over HTTP, from the button to the front page and out again."""

import json
import logging
from typing import Any

import psycopg
import pytest

from journal.access.openid import providers
from tests.access.conftest import HELSEID, PARENT, PID, Gate, hpr_of, person


def test_a_nurse_signs_in_with_helseid_and_is_who_the_number_says(gate: Gate) -> None:
    browser = gate.browser()

    answer = gate.sign_in(browser)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert gate.signed_in(browser) == "Kari Prøve, sykepleier"
    *_, (who, role, issuer, at_issuer, level, ended, *_more) = gate.sessions()
    assert (who, role) == (gate.kari.actor.person_id, gate.kari.actor.role_id)
    assert (issuer, at_issuer, level, ended) == (gate.national.address, "session-1", "high", False)
    assert gate.national.refused == []


def test_the_issuer_is_told_the_municipality_and_gets_no_secret_in_the_address(gate: Gate) -> None:
    browser = gate.browser()
    there = gate.begin(browser)
    gate.sign_in(browser)

    (asked,) = gate.national.asked
    details = json.loads(asked["authorization_details"])
    assert details[0]["practitioner_role"]["organization"]["identifier"]["value"] == f"NO:ORGNR:{PARENT}:"
    assert asked["code_challenge_method"] == "S256" and asked["dpop_jkt"]
    assert "state" not in there and "nonce" not in there and "request_uri" in there


def test_a_nonce_for_the_proof_is_answered_with_a_new_proof_and_a_new_assertion(gate: Gate) -> None:
    """The issuer refuses an assertion or a proof that comes twice; nothing was refused."""
    gate.national.nonce = "another"

    assert gate.sign_in(gate.browser()).status_code == 303
    assert gate.national.refused == []


def test_an_assistant_without_a_number_is_known_by_the_hash_of_her_own(gate: Gate) -> None:
    gate.national.claims = person(None, PID)
    browser = gate.browser()
    gate.sign_in(browser)

    assert gate.signed_in(browser) == "Siri Prøve, helsefagarbeider"


def test_a_municipalitys_own_provider_signs_in_whom_the_municipality_has_recorded(gate: Gate) -> None:
    browser = gate.browser()
    gate.sign_in(browser, "town")

    assert gate.signed_in(browser) == "Kari Prøve, sykepleier"
    assert gate.own.refused == []


def test_whoever_has_two_roles_chooses_one_and_sees_it(gate: Gate) -> None:
    gate.national.claims = person(hpr_of(gate, gate.per))
    browser = gate.browser()
    before = len(gate.sessions())
    answer = gate.sign_in(browser, next="/my-list")
    choice = browser.get(answer.headers["Location"])

    assert answer.headers["Location"] == "/sign-in/role"
    assert len(gate.sessions()) == before, "nobody is signed in before she has chosen"
    assert "Du er Per Prøve" in choice.text and choice.text.count('name="role_id"') == 2
    taken = browser.act("/sign-in/role", {"role_id": str(gate.per.actor.role_id)})
    assert (taken.status_code, taken.headers["Location"]) == (303, "/my-list")
    assert gate.signed_in(browser) == "Per Prøve, sykepleier"


def test_another_role_is_another_session_that_ends_no_later(gate: Gate) -> None:
    gate.national.claims = person(hpr_of(gate, gate.per))
    browser = gate.browser()
    gate.sign_in(browser)
    browser.act("/sign-in/role", {"role_id": str(gate.per.actor.role_id)})
    first = gate.sessions()[-1]
    token = browser.client.get_cookie("akson").value
    browser.session_id = first[6]
    other = next(
        r
        for (r,) in gate.migrator.execute(
            "SELECT id FROM municipalities.practitioner_role WHERE practitioner_id = %s AND role = 'unit_manager'",
            (gate.per.actor.person_id,),
        )
    )

    assert browser.act("/sign-in/role", {"role_id": str(other)}).status_code == 303

    assert gate.signed_in(browser) == "Per Prøve, avdelingsleder"
    old, new = [row for row in gate.sessions() if row[7] == first[7]]
    assert {(old[5], old[6] == first[6]), (new[5], new[6] == first[6])} == {(True, True), (False, False)}
    assert browser.client.get_cookie("akson").value != token
    assert old[2:5] == new[2:5] == first[2:5], "and it is the same proof"


def test_a_role_that_was_not_proved_cannot_be_changed_to(gate: Gate) -> None:
    browser = gate.browser()
    gate.sign_in(browser)
    browser.session_id = gate.sessions()[-1][6]

    answer = browser.act("/sign-in/role", {"role_id": str(gate.per.actor.role_id)})

    assert answer.status_code == 404
    assert gate.signed_in(browser) == "Kari Prøve, sykepleier"


def test_the_page_of_sign_in_has_a_button_for_each_provider_and_no_list_of_people(gate: Gate) -> None:
    page = gate.browser().get("/sign-in?next=/my-list").text

    assert "Logg inn med HelseID" in page and "Logg inn med Prøvebyen" in page
    assert "Kari" not in page and 'name="next" value="/my-list"' in page
    assert gate.browser().act("/sign-in", {"role_id": str(gate.kari.actor.role_id)}).status_code == 404


def test_after_signing_in_one_is_where_one_was_going(gate: Gate) -> None:
    browser = gate.browser()
    sent_off = browser.get("/my-list").headers["Location"]

    assert sent_off == "/sign-in?next=/my-list"
    assert gate.sign_in(browser, next="/my-list").headers["Location"] == "/my-list"


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/my-list",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "javascript:alert(1)",
        "/my-list\r\nSet-Cookie: a=b",
        "/no-such-page",
        "/sign-in",
        "/static/akson.js",
        "/switch-user",
        "my-list",
        "/%2F/elsewhere.example",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(gate: Gate, target: str) -> None:
    assert gate.sign_in(gate.browser(), next=target).headers["Location"] == "/"


def test_no_number_and_no_secret_is_stored_or_logged(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gate.national.claims = person(None, PID)
    browser = gate.browser()
    gate.sign_in(browser)
    gate.national.claims = person(None, "03819012345")
    gate.sign_in(gate.browser())
    stored = "".join(
        str(row)
        for table in ("session", "sign_in", "sign_in_identity", "logout_token")
        for row in gate.migrator.execute(f"SELECT t::text FROM access.{table} t")  # type: ignore[call-overload]
    )
    (asked, _again) = gate.national.asked

    assert gate.logged == [{"event": "sign_in_refused", "kind": "unknown_person", "provider": "helseid", **_id(gate)}]
    for secret in (PID, "03819012345", asked["state"], asked["nonce"], "once-more"):
        assert secret not in stored + caplog.text


def _id(gate: Gate) -> dict[str, Any]:
    return {"request_id": gate.logged[-1]["request_id"]}


def test_a_providers_own_name_for_somebody_is_hers_at_that_provider_alone(gate: Gate) -> None:
    known = providers(gate.app.settings)

    assert known.person_hash("own", "https://a", "1") != known.person_hash("own", "https://b", "1")
    assert known.person_hash("pid", "https://a", PID) == known.person_hash("pid", "https://b", PID)


def test_the_functions_of_sign_in_believe_nobody_without_the_key(as_app: psycopg.Connection[Any]) -> None:
    """What an injected query could say: a call with no MAC, or with another transaction's."""
    for name in ("begin_sign_in", "return_to_sign_in", "employments", "prove_sign_in", "proved_roles", "take_role"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(f"SELECT access.{name}('{{}}', 'x')")  # type: ignore[call-overload]
    for name in ("change_role", "end_issuer_sessions", "signed_call"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(f"SELECT access.{name}('{{}}', 'x')")  # type: ignore[call-overload]


def test_helseid_calls_the_claims_as_the_issuer_here_does() -> None:
    assert {name.removeprefix(HELSEID) for name in person("1234")} >= {"identity/pid", "hpr/hpr_number"}
