"""Two issuers on this machine, a journal that knows them, and the people of a municipality that is signed in to."""

import hashlib
import http.client
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from journal.access import pin_rules, sign_in_web
from journal.access.openid import providers
from journal.app import JournalApp, create_app
from journal.platform.postgres import EmbeddedPostgres
from journal.platform.settings import Settings
from tests import factories
from tests.access.issuer import Issuer, serving
from tests.builder import Builder, Staff
from tests.conftest import DATABASE, Browser

_numbers = itertools.count(9900, 2)
PARENT, CHILD = "987654325", "912345678"
HELSEID = "helseid://claims/"
PID = "01819012345"  # synthetic: the month is 80 too high


@dataclass
class Gate:
    """The journal with its two providers; what each of them is made to say is put back for every test."""

    app: JournalApp
    national: Issuer
    own: Issuer
    numbers: tuple[str, str]
    migrator: psycopg.Connection[Any]
    kari: Staff
    per: Staff
    siri: Staff
    bodil: Staff
    leaving: Staff
    logged: list[dict[str, Any]] = field(default_factory=list)

    def browser(self) -> Browser:
        return Browser(self.app, None, None)

    def begin(self, browser: Browser, provider: str = "helseid", next: str = "", number: str = "") -> str:
        """The address the person is sent to."""
        sent = {"provider": provider, "municipality": number or self.numbers[0], "next": next}
        answer = browser.act("/sign-in/begin", sent)
        assert answer.status_code == 200, answer.text
        return answer.headers["Refresh"].removeprefix("0; url=")

    def way_back(self, there: str) -> str:
        """The person proves who she is at the provider, and is sent back: path and query of our own address."""
        parts = urlsplit(there)
        connection = http.client.HTTPConnection(parts.netloc)
        connection.request("GET", f"{parts.path}?{parts.query}")
        back = urlsplit(connection.getresponse().headers["Location"])
        connection.close()
        return f"{back.path}?{back.query}"

    def sign_in(self, browser: Browser, provider: str = "helseid", next: str = "", number: str = "") -> TestResponse:
        return browser.get(self.way_back(self.begin(browser, provider, next, number)))

    def signed_in(self, browser: Browser) -> str:
        """Name, role and place as the page shows them; empty for nobody."""
        page = browser.get("/sign-in/role")
        shown = re.search(r'class="user"><p><a [^>]*><b>(.*?)</b></a> <a class="sub"[^>]*>(.*?)</a>', page.text)
        return f"{shown[1]}, {shown[2]}" if shown else ""

    def sessions(self) -> list[Any]:
        """Of the people of this municipality: person, role, issuer, session at the issuer, level, whether it is ended."""
        return self.migrator.execute(
            """SELECT s.person_id, s.role_id, s.issuer, s.issuer_session, s.security_level, s.ended_at IS NOT NULL, s.id,
                   s.created_at
               FROM access.session s JOIN municipalities.practitioner_role r ON r.id = s.role_id
               JOIN municipalities.municipality m ON m.id = r.municipality_id WHERE m.number = ANY (%s)
               ORDER BY s.created_at, s.seen_at""",
            (list(self.numbers),),
        ).fetchall()

    def kind(self) -> str:
        """What the technical log says of the last refusal."""
        return str(self.logged[-1].get("kind")) if self.logged else ""


class _Log:
    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self.lines = lines

    def warning(self, event: str, **said: Any) -> None:
        self.lines.append({"event": event, **said})

    info = warning


@pytest.fixture(scope="module")
def made(server: EmbeddedPostgres, settings: Settings, app: JournalApp, tmp_path_factory: Any) -> Iterator[Gate]:
    """Once for a file: the keys and the pages take longer than the tests."""
    folder, number = tmp_path_factory.mktemp("sign-in"), next(_numbers)
    numbers = (str(number), str(number + 1))
    client = ECKey.generate_key("P-256", {"kid": "ours", "alg": "ES256"})
    national = Issuer(True, client_key=client.as_dict(private=False))
    national.redirect_uri = "http://localhost/sign-in/callback/helseid"
    own = Issuer(False, client_secret="between us", redirect_uri="http://localhost/sign-in/callback/town")
    with (
        serving(national),
        serving(own),
        psycopg.connect(server.conninfo("journal_migrator", DATABASE), autocommit=True) as migrator,
    ):
        file = settings_file(folder, national.address, own.address, numbers, client.as_dict(private=True))
        journal = create_app(replace(settings, sign_in_file=str(file)))
        journal.testing = False
        gate = Gate(journal, national, own, numbers, migrator, *_people(migrator, numbers))
        _record(gate)
        yield gate


def settings_file(folder: Path, national: str, own: str, numbers: tuple[str, str], key: dict[str, Any]) -> Path:
    """A sign-in file with HelseID for both municipalities, and a provider of the first one's own."""
    for name, content in {"client.jwk": json.dumps(key), "secret": "between us", "identity": "5a" * 32}.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o600)
    towns = ", ".join(f'{{number = "{n}", organisation_number = "{PARENT}"}}' for n in numbers)
    file = folder / "sign-in.toml"
    file.write_text(
        f"""identity_key_file = "identity"
[helseid]
name = "HelseID"
profile = "helseid"
issuer = "{national}"
client_id = "akson"
key_file = "client.jwk"
municipalities = [{towns}]
[town]
name = "Prøvebyen"
issuer = "{own}"
client_id = "akson"
client_secret_file = "secret"
person_claim = "employee"
level_claim = "acr"
high_levels = ["high"]
municipalities = [{{number = "{numbers[0]}"}}]
"""
    )
    return file


def _people(migrator: psycopg.Connection[Any], numbers: tuple[str, str]) -> list[Staff]:
    """Kari, nurse; Per, nurse here and manager of the home; Siri, assistant without a number; Bodil of the other municipality;
    Sverre, who leaves."""
    b = Builder()
    here, there = (factories.municipality(b, number, f"Prøvebyen {number}") for number in numbers)
    home = factories.unit(b, here, "Solbakken", "nursing_home")
    ward, ward_there = (factories.unit(b, of, "Avdeling 1", "ward", at) for of, at in ((here, home), (there, None)))
    hpr = [f"{numbers[0]}{n}" for n in range(4)]
    kari = factories.staff(b, here, ward, "Kari Prøve", "nurse", hpr=hpr[0])
    per = factories.staff(b, here, ward, "Per Prøve", "nurse", hpr=hpr[1])
    siri = factories.staff(b, here, ward, "Siri Prøve", "health_assistant")
    bodil = factories.staff(b, there, ward_there, "Bodil Prøve", "nurse", hpr=hpr[2])
    leaving = factories.staff(b, here, ward, "Sverre Prøve", "nurse", hpr=hpr[3])
    b.store(migrator)
    role = {"m": here["id"], "p": per.actor.person_id, "u": home["id"]}
    migrator.execute(
        """INSERT INTO municipalities.practitioner_role (municipality_id, id, practitioner_id, unit_id, role)
           VALUES (%(m)s, gen_random_uuid(), %(p)s, %(u)s, 'unit_manager')""",
        role,
    )
    return [kari, per, siri, bodil, leaving]


def _record(gate: Gate) -> None:
    """The municipality has written down whom two numbers stand for: Siri's own, and Kari's at the town's provider."""
    known = providers(gate.app.settings)
    for staff, hashed in (
        (gate.siri, known.person_hash("pid", gate.national.address, PID)),
        (gate.kari, known.person_hash("own", gate.own.address, "kari@town")),
    ):
        gate.migrator.execute(
            "INSERT INTO access.sign_in_identity (municipality_id, person_hash, practitioner_id) VALUES (%s, %s, %s)",
            (staff.actor.municipality_id, hashed, staff.actor.person_id),
        )


def hpr_of(gate: Gate, staff: Staff) -> str:
    found = gate.migrator.execute(
        "SELECT hpr_number FROM municipalities.practitioner WHERE id = %s", (staff.actor.person_id,)
    ).fetchone()
    return str(found[0]) if found else ""


@pytest.fixture
def gate(made: Gate, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """As made, with Kari before the national provider's login page, and an empty log."""
    made.logged.clear()
    monkeypatch.setattr(sign_in_web, "_log", _Log(made.logged))
    sign_in_web._client.cache_clear()
    for issuer in (made.national, made.own):
        issuer.faults, issuer.claims, issuer.nonce = {}, {}, "once-more"
        for seen in (issuer.refused, issuer.asked, issuer.codes, issuer.pushed):
            seen.clear()  # type: ignore[attr-defined]
    made.national.claims = person(hpr_of(made, made.kari))
    made.own.claims = {"employee": "kari@town", "acr": "high"}
    return made


def person(hpr: str | None, pid: str | None = None, **more: Any) -> dict[str, Any]:
    """What HelseID says of somebody at level high."""
    return {
        f"{HELSEID}identity/security_level": "4",
        f"{HELSEID}identity/assurance_level": "high",
        f"{HELSEID}identity/pid": pid or "02819012345",
        f"{HELSEID}hpr/hpr_number": hpr,
        f"{HELSEID}client/claims/orgnr_parent": PARENT,
        **more,
    }


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@pytest.fixture(autouse=True)
def _quick_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PIN is as good as ever and quick to look at: what a try costs is werkzeug's to test."""
    monkeypatch.setattr(pin_rules, "METHOD", "scrypt:1024:8:1")
