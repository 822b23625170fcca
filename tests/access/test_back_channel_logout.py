"""The provider's message that somebody is out there (back-channel logout): what ends a session, and what does not."""

import time
from collections.abc import Callable

import pytest

from tests.access.conftest import Gate
from tests.access.issuer import LOGOUT, Issuer, forged

LONG_AGO = int(time.time()) - 4000

LOGOUTS: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "nothing": (lambda issuer: "", "jwt_form"),
    "an unsigned token": (lambda issuer: forged("none")(issuer, {"iss": issuer.address}), "algorithm"),
    "another issuer": (lambda issuer: issuer.logout_token(iss="https://elsewhere.example"), "issuer"),
    "another audience": (lambda issuer: issuer.logout_token(aud="somebody"), "audience"),
    "an old token": (lambda issuer: issuer.logout_token(iat=LONG_AGO), "issued"),
    "no time": (lambda issuer: issuer.logout_token(iat=None), "issued"),
    "an expired token": (lambda issuer: issuer.logout_token(exp=LONG_AGO), "expired"),
    "no event": (lambda issuer: issuer.logout_token(events=None), "logout_event"),
    "another event": (lambda issuer: issuer.logout_token(events={LOGOUT + "2": {}}), "logout_event"),
    "a nonce": (lambda issuer: issuer.logout_token(nonce="a"), "logout_nonce"),
    "no id": (lambda issuer: issuer.logout_token(jti=None), "logout_id"),
    "nobody": (lambda issuer: issuer.logout_token(sid=None), "logout_whom"),
    "an ID token": (
        lambda issuer: issuer.signed({"iss": issuer.address, "sid": "session-1"}, {"typ": "at+jwt"}),
        "token_kind",
    ),
}


@pytest.mark.parametrize("fault", LOGOUTS)
def test_no_session_is_ended_by_a_logout_token_with(gate: Gate, fault: str) -> None:
    make, kind = LOGOUTS[fault]
    browser = gate.browser()
    gate.sign_in(browser)

    answer = browser.client.post("/sign-in/logout/helseid", data={"logout_token": make(gate.national)})

    assert (answer.status_code, gate.kind()) == (400, kind)
    assert gate.signed_in(browser) == "Kari Prøve, sykepleier"


def test_a_logout_token_ends_sessions_once(gate: Gate) -> None:
    token = gate.national.logout_token()
    browser = gate.browser()
    browser.client.post("/sign-in/logout/helseid", data={"logout_token": token})
    gate.sign_in(browser)

    assert browser.client.post("/sign-in/logout/helseid", data={"logout_token": token}).status_code == 400
    assert gate.kind() == "logout_id"
    assert gate.signed_in(browser) == "Kari Prøve, sykepleier"


def test_one_provider_ends_nothing_of_anothers(gate: Gate) -> None:
    browser = gate.browser()
    gate.sign_in(browser)
    browser.client.post("/sign-in/logout/town", data={"logout_token": gate.own.logout_token()})

    assert gate.signed_in(browser) == "Kari Prøve, sykepleier"


def test_the_provider_ends_the_session_it_began(gate: Gate) -> None:
    browser, other = gate.browser(), gate.browser()
    gate.sign_in(browser)
    gate.national.claims |= {"sid": "session-2"}
    gate.sign_in(other)

    answer = browser.client.post("/sign-in/logout/helseid", data={"logout_token": gate.national.logout_token()})

    assert (answer.status_code, answer.data) == (200, b"")
    assert (gate.signed_in(browser), gate.signed_in(other)) == ("", "Kari Prøve, sykepleier")


def test_the_provider_ends_all_sessions_of_a_person(gate: Gate) -> None:
    browser, other = gate.browser(), gate.browser()
    gate.sign_in(browser)
    gate.national.claims |= {"sub": "person-2"}
    gate.sign_in(other)
    token = gate.national.logout_token(sid=None, sub="person-1")

    assert browser.client.post("/sign-in/logout/helseid", data={"logout_token": token}).status_code == 200
    assert (gate.signed_in(browser), gate.signed_in(other)) == ("", "Kari Prøve, sykepleier")
