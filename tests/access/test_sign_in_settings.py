"""The file of providers, and what an operator does with it: an unsafe one stops the start, and no number is kept."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from journal.access.openid import providers
from journal.access.openid.outside import ask
from journal.access.openid.providers import SCOPES
from journal.access.openid.refusals import SignInRefused
from journal.access.sign_in_command import link, make_key, try_all
from journal.platform.settings import InsecureStart, Settings
from tests.access.conftest import PID, Gate, person, settings_file

HTTPS = "https://sts.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    key = ECKey.generate_key("P-256", {"kid": "ours", "alg": "ES256"})
    return settings_file(tmp_path, HTTPS, "https://town.example", ("9898", "9899"), key.as_dict(private=True))


def said(settings: Settings, file: Path, **changed: Any) -> str:
    """What the start is refused with; empty when it is not."""
    try:
        providers(replace(settings, sign_in_file=str(file), **changed))
    except InsecureStart as refusal:
        return " ".join(refusal.problems)
    return ""


def changed(old: str, new: str) -> Callable[[Path], None]:
    return lambda file: file.write_text(file.read_text().replace(old, new, 1)) and None


UNSAFE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no such file": (lambda file: file.unlink(), "ikke på en TOML-fil"),
    "a file that is no TOML": (lambda file: file.write_text("[") and None, "ikke på en TOML-fil"),
    "no key for the numbers": (changed('identity_key_file = "identity"', ""), "identity_key_file må ha en nøkkel"),
    "a secret that others may read": (lambda file: (file.parent / "secret").chmod(0o644), "andre kan lese filen"),
    "a secret that is not there": (lambda file: (file.parent / "secret").unlink(), "filen kan ikke leses"),
    "a key that others may read": (lambda file: (file.parent / "client.jwk").chmod(0o640), "andre kan lese filen"),
    "a key that is none": (lambda file: (file.parent / "client.jwk").write_text("{}") and None, "privat JWK"),
    "an issuer without TLS": (changed(HTTPS, "http://sts.example"), "issuer må begynne med https://"),
    "an issuer with a query": (changed(HTTPS, f"{HTTPS}?a=b"), "issuer må begynne med https://"),
    "another profile": (changed('"helseid"\nissuer', '"other"\nissuer'), "profile må være"),
    "no client": (changed('client_id = "akson"', ""), "client_id må være fylt ut"),
    "HelseID with no key": (changed('key_file = "client.jwk"', ""), "HelseID krever key_file"),
    "no secret": (changed('client_secret_file = "secret"', ""), "client_secret_file må være med"),
    "no levels": (changed('high_levels = ["high"]', ""), "high_levels må være med"),
    "no municipality": (changed('[{number = "9898"}]', "[]"), "minst en kommune"),
    "no organisation": (changed("organisation_number", "other"), "må ha organisation_number"),
    "a mapping that nobody knows": (changed('acr"', 'acr"\nperson_is = "name"'), "person_is må være"),
}


@pytest.mark.parametrize("fault", UNSAFE)
def test_the_start_is_refused_with(settings: Settings, file: Path, fault: str) -> None:
    spoil, sentence = UNSAFE[fault]
    spoil(file)

    assert sentence in said(settings, file)


def test_a_good_file_is_taken_and_shows_no_secret(settings: Settings, file: Path) -> None:
    known = providers(replace(settings, sign_in_file=str(file)))

    assert set(known.by_id) == {"helseid", "town"}
    assert "between us" not in repr(known) and '"d"' not in repr(known) and "5a5a" not in repr(known)


def test_no_more_is_asked_for_than_who_she_is_how_sure_that_is_and_what_number_she_has() -> None:
    """ASVS 10.2.3: a scope that nothing here reads is more than we need to know."""
    identity = {"identity/pid", "identity/security_level", "hpr/hpr_number"}

    assert set(SCOPES["helseid"].split()) == {
        "openid", "profile", *(f"helseid://scopes/{name}" for name in identity),
    }  # fmt: skip
    assert SCOPES["plain"] == "openid profile"


def test_plain_http_is_for_this_machine_and_never_in_production(settings: Settings, file: Path) -> None:
    changed(HTTPS, "http://127.0.0.1:1")(file)

    assert said(settings, file) == ""
    assert "issuer må begynne" in said(settings, file, environment="production")


@pytest.mark.parametrize(
    "url", ["https://other.example/token", "http://sts.example/token", "https://sts.example:8443/token"]
)
def test_nothing_is_asked_of_another_host(url: str) -> None:
    with pytest.raises(SignInRefused) as refusal:
        ask(("https", "sts.example"), url)

    assert refusal.value.kind == "endpoint"


def test_a_key_is_made_for_its_owner_alone_and_only_its_open_part_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key.jwk"
    make_key(file)
    shown = json.loads(capsys.readouterr().out)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "d" not in shown and shown["kid"] == json.loads(file.read_text())["kid"]
    with pytest.raises(FileExistsError):
        make_key(file)


def test_the_providers_can_be_tried(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    known = providers(gate.app.settings)
    assert try_all(known) == 0
    gate.own.faults = {"metadata": {"issuer": "https://elsewhere.example"}}

    assert try_all(known) == 1
    assert capsys.readouterr().out.count("i orden") == 3


def test_an_employee_is_written_down_by_a_hash_and_can_sign_in(gate: Gate) -> None:
    number = "05819012345"
    link(gate.app.settings, gate.numbers[0], "Siri Prøve", "helseid", number)
    gate.national.claims = person(None, number)
    browser = gate.browser()
    gate.sign_in(browser)

    assert gate.signed_in(browser) == "Siri Prøve, helsefagarbeider"
    assert number not in str(gate.migrator.execute("SELECT i::text FROM access.sign_in_identity i").fetchall())


@pytest.mark.parametrize(
    ("name", "provider", "number", "sentence"),
    [
        ("Per Prøve", "helseid", PID, "på en annen"),
        ("Ingen Prøve", "helseid", "06819012345", "0 ansatte"),
        ("Siri Prøve", "other", "06819012345", "ingen slik tilbyder"),
        ("Siri Prøve", "helseid", "0681901234", "11 sifre"),
    ],
)
def test_nobody_is_written_down_wrongly(gate: Gate, name: str, provider: str, number: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        link(gate.app.settings, gate.numbers[0], name, provider, number)
