"""Signing out here signs out at the provider too, and says so only when the provider has said it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from journal.access.provider_session import ProviderSession, opened, sealed
from tests.access.conftest import PID, Gate, person
from tests.conftest import Browser


def ends_at(gate: Gate, address: str | None = None) -> None:
    gate.national.faults = {"metadata": {"end_session_endpoint": address or f"{gate.national.address}/endsession"}}


def out(gate: Gate) -> tuple[Browser, Any]:
    """Siri signs in and out: her browser, and the page that leads on."""
    gate.national.claims = person(None, PID)
    browser = gate.browser()
    gate.sign_in(browser)
    browser.session_id = gate.sessions()[-1][6]
    answer = browser.act("/switch-user")
    assert gate.sessions()[-1][5], "the session here has ended before anything is asked of the provider"
    assert answer.headers["Location"] == "/sign-in/leave"
    return browser, browser.get("/sign-in/leave")


def asked(page: Any) -> dict[str, str]:
    there = page.headers["Refresh"].removeprefix("0; url=")
    return {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}


def test_who_signs_out_is_signed_out_at_the_provider_and_comes_back(gate: Gate) -> None:
    ends_at(gate)
    browser, page = out(gate)
    sent = asked(page)

    assert page.headers["Refresh"].startswith(f"0; url={gate.national.address}/endsession?")
    assert set(sent) == {"id_token_hint", "client_id", "post_logout_redirect_uri", "state"}
    assert jwt.decode(sent["id_token_hint"], gate.national.key, algorithms=["PS256"]).claims["sid"] == "session-1"
    assert sent["post_logout_redirect_uri"] == "http://localhost/sign-in/left/helseid"
    back = browser.get(f"/sign-in/left/helseid?state={sent['state']}")
    assert "Du er logget ut av journalen og hos HelseID." in back.text
    again = browser.get(f"/sign-in/left/helseid?state={sent['state']}")
    assert "kanskje ikke hos HelseID" in again.text, "a state is good once"
    assert browser.get("/sign-in/leave").headers["Location"] == "/", "and the token is gone from the browser"


@pytest.mark.parametrize("state", ["", "a" * 64])
def test_a_way_back_with_another_state_confirms_nothing(gate: Gate, state: str) -> None:
    ends_at(gate)
    browser, _page = out(gate)

    assert "kanskje ikke hos HelseID" in browser.get(f"/sign-in/left/helseid?state={state}").text


def test_a_provider_that_signs_nobody_out_is_not_said_to_have_done_it(gate: Gate) -> None:
    _browser, page = out(gate)

    assert "Refresh" not in page.headers and "kanskje ikke hos HelseID" in page.text


def test_the_token_goes_to_no_other_address_than_the_providers(gate: Gate) -> None:
    ends_at(gate, "https://elsewhere.example/endsession")
    _browser, page = out(gate)

    assert "Refresh" not in page.headers and "elsewhere" not in page.text


def test_a_link_signs_nobody_out_who_is_signed_in(gate: Gate) -> None:
    ends_at(gate)
    browser = gate.browser()
    gate.sign_in(browser)

    assert browser.get("/sign-in/leave").headers["Location"] == "/"
    assert gate.signed_in(browser) == "Kari Prøve, sykepleier"


def test_the_browser_keeps_the_token_sealed_and_a_long_one_not_at_all() -> None:
    kept = ProviderSession("helseid", "a.b.c")
    cookie = sealed(b"k" * 32, kept)

    assert opened(b"k" * 32, cookie) == kept
    assert (opened(b"l" * 32, cookie), opened(b"k" * 32, "nothing"), opened(b"k" * 32, "")) == (None, None, None)
    long = ProviderSession("helseid", "".join(str(hash((n, "x"))) for n in range(800)))
    assert opened(b"k" * 32, sealed(b"k" * 32, long)) == ProviderSession("helseid", "")
