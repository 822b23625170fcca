"""Too many tries to sign in: who waits, for how long, and what is kept of it."""

from dataclasses import replace
from typing import Any

import pytest

from journal.access.trying import address_of
from tests.access.conftest import Gate
from tests.conftest import Browser

BACK = "/sign-in/callback/helseid?state=a&code=b"


def at(gate: Gate, address: str) -> Browser:
    browser = gate.browser()
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


def limits(gate: Gate, monkeypatch: pytest.MonkeyPatch, **said: int) -> None:
    monkeypatch.setattr(gate.app, "settings", replace(gate.app.settings, **said))


def begun(gate: Gate, address: str) -> Any:
    sent = {"provider": "helseid", "municipality": gate.numbers[0], "next": ""}
    return at(gate, address).act("/sign-in/begin", sent)


def test_an_address_that_begins_too_often_waits_ten_minutes_and_no_other_does(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits(gate, monkeypatch, sign_ins_per_address=2)
    here, network = "192.0.2.11", ("2001:db8:7::1", "2001:db8:7::2", "2001:db8:7::3", "2001:db8:8::1")

    answers = [begun(gate, here) for _ in range(4)]
    asked = len(gate.national.pushed)

    assert [a.status_code for a in answers] == [200, 200, 429, 429]
    assert "Vent ti minutter" in answers[2].text and answers[2].headers["Retry-After"] == "600"
    assert (gate.kind(), asked) == ("too_many", 2), "the provider is not asked for one who waits"
    assert begun(gate, "192.0.2.12").status_code == 200
    assert [begun(gate, a).status_code for a in network] == [200, 200, 429, 200], "a subscriber of IPv6 is one"
    gate.migrator.execute("UPDATE access.sign_in_try SET at = at - interval '11 minutes'")
    assert begun(gate, here).status_code == 200


def test_the_way_back_is_counted_by_itself(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    limits(gate, monkeypatch, sign_ins_per_address=2)
    browser = at(gate, "192.0.2.21")

    assert [browser.get(BACK).status_code for _ in range(3)] == [403, 403, 429]
    assert begun(gate, "192.0.2.21").status_code == 200


def test_all_addresses_together_have_a_limit(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(gate, "192.0.2.31").status_code == 200
    limits(gate, monkeypatch, sign_ins_per_address=1, sign_ins_in_all=1)

    assert begun(gate, "192.0.2.32").status_code == 429


def test_the_database_has_no_address_and_forgets_what_it_has(gate: Gate) -> None:
    gate.migrator.execute("DELETE FROM access.sign_in_try")  # of other tests: a hundred are forgotten at a time
    begun(gate, "192.0.2.41")
    gate.migrator.execute("UPDATE access.sign_in_try SET at = at - interval '16 minutes'")
    begun(gate, "192.0.2.42")

    kept = gate.migrator.execute("SELECT id, step, address, at::text FROM access.sign_in_try").fetchall()

    assert len(kept) == 1 and "192.0.2" not in str(kept) and len(kept[0][2]) == 32


@pytest.mark.parametrize(
    ("forwarded", "proxies", "who"),
    [
        (["6.6.6.6", "192.0.2.1"], 0, "10.0.0.1"),
        (["6.6.6.6", "192.0.2.1"], 1, "192.0.2.1"),
        (["6.6.6.6", "192.0.2.1", "10.0.0.2"], 2, "192.0.2.1"),
        (["6.6.6.6"], 2, "10.0.0.1"),
    ],
)
def test_an_address_that_somebody_wrote_herself_is_not_believed(forwarded: list[str], proxies: int, who: str) -> None:
    assert address_of("10.0.0.1", forwarded, proxies) == who
