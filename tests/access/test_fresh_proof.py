"""Acts that ask who it is once more when that was proved some while ago, and lose nothing of what was typed."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import psycopg
import pytest

from journal.access import pin_rules
from journal.app import JournalApp
from journal.permissions import FRESH
from tests import factories
from tests.architecture import routes
from tests.conftest import Browser, World
from tests.factories import Staff

Migrator = psycopg.Connection[Any]
ClientFor = Callable[[Staff | None], Browser]

PIN = "480264"


class _Forms(HTMLParser):
    """The fields that a page would send, of its first form with a PIN."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.address, self.fields, self._open = "", [], False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form" and not self.address and (said.get("class") or "") == "panel":
            self.address, self._open = said["action"] or "", True
        elif tag == "form":
            self._open = False
        elif tag == "input" and self._open:
            self.fields.append((said["name"] or "", said.get("value") or ""))


@pytest.fixture
def lars(world: World, client_for: ClientFor, migrator: Migrator, app: JournalApp) -> Browser:
    """A doctor with a PIN, who proved who he is twenty minutes ago."""
    made = client_for(world.lars)
    migrator.execute(
        "INSERT INTO access.pin (person_id, hash) VALUES (%s, %s)",
        (world.lars.actor.person_id, pin_rules.kept(PIN, app.settings.secret_key)),
    )
    _let_pass(migrator, made, minutes=20)
    return made


def _let_pass(migrator: Migrator, browser: Browser, minutes: int) -> None:
    migrator.execute(
        "UPDATE access.session SET proved_at = now() - make_interval(mins => %s) WHERE id = %s",
        (minutes, browser.session_id),
    )


def _stop(world: World) -> tuple[str, dict[str, str]]:
    patient_id, dose_id = factories.due_dose(world)
    row = world.migrator.execute("SELECT request_entry_id FROM medication.dose WHERE id = %s", (dose_id,)).fetchone()
    assert row is not None
    return f"/patients/{patient_id}/medication/{row[0]}/stop", {"version": "1", "reason": 'Kvalm <b>og</b> "svimmel"'}


def _reasons(migrator: Migrator, address: str) -> list[Any]:
    return migrator.execute(
        "SELECT change_reason FROM medication.medication_request WHERE entry_id = %s AND version = 2",
        (address.split("/")[4],),
    ).fetchall()


def test_what_was_typed_is_done_when_the_pin_has_been_written(world: World, migrator: Migrator, lars: Browser) -> None:
    address, typed = _stop(world)
    asked = lars.act(address, typed)
    assert asked.status_code == 403
    assert "Bekreft at det er deg" in asked.text
    assert _reasons(migrator, address) == []
    form = _Forms(asked.text)
    fields = dict(form.fields)
    assert (form.address.rstrip("?"), fields["reason"]) == (address, typed["reason"])

    wrong = lars.client.post(form.address, data={**fields, "proof_pin": "480265"})
    assert (wrong.status_code, "PIN-koden stemte ikke" in wrong.text) == (403, True)
    assert "480265" not in wrong.text
    assert _reasons(migrator, address) == []
    done = lars.client.post(form.address, data={**dict(_Forms(wrong.text).fields), "proof_pin": PIN})
    assert done.status_code == 303
    assert _reasons(migrator, address) == [(typed["reason"],)]
    again = lars.client.post(form.address, data={**fields, "proof_pin": PIN})
    assert again.status_code == 303, "the same command, sent twice"
    assert _reasons(migrator, address) == [(typed["reason"],)]


def test_a_proof_holds_for_a_quarter_of_an_hour(world: World, migrator: Migrator, lars: Browser) -> None:
    address, typed = _stop(world)
    _let_pass(migrator, lars, minutes=14)

    assert lars.act(address, typed).status_code == 303


def test_five_wrong_pins_end_the_proof_too(world: World, migrator: Migrator, lars: Browser) -> None:
    address, typed = _stop(world)
    for _ in range(5):
        lars.act(address, {**typed, "proof_pin": "480265"})

    assert lars.act(address, {**typed, "proof_pin": PIN}).status_code == 403
    assert _reasons(migrator, address) == []


def test_a_forged_form_counts_no_try(world: World, migrator: Migrator, lars: Browser) -> None:
    address, typed = _stop(world)
    answer = lars.client.post(address, data={**typed, "proof_pin": "480265", "csrf_token": "x"})

    assert answer.status_code == 403
    failures = migrator.execute(
        "SELECT failures FROM access.pin WHERE person_id = %s", (world.lars.actor.person_id,)
    ).fetchone()
    assert failures == (0,)


def test_only_a_demo_takes_somebodys_word_for_who_he_is(
    world: World, migrator: Migrator, lars: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, typed = _stop(world)
    assert lars.act(address, {**typed, "proof_again": "1"}).status_code == 403
    object.__setattr__(lars.app.settings, "environment", "demo")
    try:
        assert "demo, uten PIN-kode" in lars.act(address, typed).text
        assert lars.act(address, {**typed, "proof_again": "1"}).status_code == 303
    finally:
        object.__setattr__(lars.app.settings, "environment", "test")


def test_a_program_is_told_what_is_asked(world: World, lars: Browser) -> None:
    address, typed = _stop(world)
    answer = lars.act(address, typed, headers={"Accept": "application/json"})

    assert (answer.status_code, answer.get_json()["type"]) == (403, "/problems/not-proved")


def test_reading_and_the_round_ask_for_no_proof(world: World, migrator: Migrator, client_for: ClientFor) -> None:
    patient_id, dose_id = factories.due_dose(world)
    nina = client_for(world.nina)
    _let_pass(migrator, nina, minutes=600)

    assert nina.get(f"/patients/{patient_id}/medication").status_code == 200
    assert nina.act(f"/patients/{patient_id}/doses/{dose_id}/given", {"request_version": "1"}).status_code == 303


def test_the_acts_that_ask_are_these(app: JournalApp) -> None:
    """Of a permission in FRESH every command; signatures that a controlled drug wants; opening what is closed, and an address."""
    lines = [line.split() for line in routes.written()]
    commands = {end for _m, _r, end, permission, kind, *_ in lines if permission in FRESH and kind == "command"}
    asking = {name for name, view in app.view_functions.items() if getattr(view, "fresh", False)}

    assert len(commands) > 15
    assert asking - commands == {
        "address.show", "justified.open_closed",
        "medication.check_alone", "medication.sign_alone", "medication.taken_outside", "medication.withdraw_for",
        "medication.witness", "medication.witness_entry",
    }  # fmt: skip
    assert commands <= asking


@pytest.mark.parametrize(
    ("pin", "weak"),
    [
        ("480264", False),
        ("48026419", False),
        ("907351", False),
        ("48026", True),
        ("4802641928374", True),
        ("48026a", True),
        ("٤٨٠٢٦٤", True),
        ("", True),
        ("111111", True),
        ("123456", True),
        ("890123", True),
        ("987654", True),
        ("135791", True),
        ("121212", True),
        ("480480", True),
        ("19841984", True),
        ("112233", True),
        ("445544", True),
        ("159753", True),
    ],
)
def test_a_pin_that_many_would_choose_is_refused(pin: str, weak: bool) -> None:
    assert (pin_rules.weakness(pin) is not None) is weak
