"""Who may vouch for a person: the providers of an installation, from the file that AKSON_SIGN_IN names.

The file is TOML, a table for each provider (docs/operations/sign-in.md). It holds no secret: keys and client secrets are
files of their own, which nobody but their owner may read.
"""

import hashlib
import hmac
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from journal.platform.settings import InsecureStart, Settings

PROFILES = ("helseid", "plain")
MAPPINGS = ("hpr", "pid", "own")
SCOPES = {
    "helseid": "openid profile helseid://scopes/identity/pid helseid://scopes/identity/security_level"
    " helseid://scopes/hpr/hpr_number",
    "plain": "openid profile",
}
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Organisation:
    """A municipality that is signed in to with a provider: its number, and the numbers of its legal entity and unit."""

    number: str
    organisation_number: str = ""
    unit_number: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Provider:
    """An issuer, how we prove who we are to it, and what its claims are called."""

    id: str
    name: str
    profile: str
    issuer: str
    client_id: str
    municipalities: Mapping[str, Organisation]
    key: Key | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)
    scope: str = ""
    person_claim: str = ""
    person_is: str = "own"
    hpr_claim: str = ""
    level_claim: str = ""
    high_levels: frozenset[str] = frozenset()

    @property
    def helseid(self) -> bool:
        return self.profile == "helseid"

    @property
    def address(self) -> tuple[str, str]:
        """Scheme and host (with port) that everything we ask of the provider goes to."""
        parts = urlsplit(self.issuer)
        return parts.scheme, parts.netloc


@dataclass(frozen=True)
class Providers:
    """The providers by their id. *identity_key* makes a person's number into what the database keeps of it."""

    by_id: Mapping[str, Provider]
    identity_key: bytes = field(default=b"", repr=False)

    def person_hash(self, kind: str, issuer: str, value: str) -> bytes:
        """What a number or a name at a provider is known by: without the key of this installation nobody can count it out.

        A national number is the same whoever vouches for it; what is a provider's *own* belongs to its issuer.
        """
        said = json.dumps([kind, issuer if kind == "own" else "", value])
        return hmac.new(self.identity_key, said.encode(), hashlib.sha256).digest()


@cache
def providers(settings: Settings) -> Providers:
    """Those of the file that AKSON_SIGN_IN names; none without one. Raises InsecureStart with a sentence for each fault."""
    if not settings.sign_in_file:
        return Providers({})
    reader = _Reader(Path(settings.sign_in_file), plain_http=settings.environment != "production")
    found = reader.read()
    if reader.problems:
        raise InsecureStart(reader.problems)
    return found


class _Reader:
    def __init__(self, file: Path, *, plain_http: bool) -> None:
        self.file, self.plain_http = file, plain_http
        self.problems: list[str] = []

    def read(self) -> Providers:
        try:
            told = tomllib.loads(self.file.read_text())
        except (OSError, ValueError):
            self.problems.append("AKSON_SIGN_IN peker ikke på en TOML-fil som kan leses.")
            return Providers({})
        key = self._secret(str(told.pop("identity_key_file", "")), "identity_key_file")
        if len(key) < 64:
            self.problems.append("identity_key_file må ha en nøkkel. Lag den med «openssl rand -hex 32».")
        made = {id: self._provider(id, said) for id, said in told.items() if isinstance(said, dict)}
        return Providers(made, hashlib.sha256(key.encode()).digest())

    def _provider(self, id: str, said: dict[str, Any]) -> Provider:
        profile = said.get("profile", "plain")
        key = self._key(said.get("key_file", ""), id)
        secret = self._secret(said.get("client_secret_file", ""), f"{id}: client_secret_file")
        made = Provider(
            id=id,
            key=key,
            secret=secret,
            profile=profile,
            scope=said.get("scope", SCOPES.get(profile, "")),
            municipalities={of.number: of for m in said.get("municipalities", ()) if (of := _organisation(m)).number},
            high_levels=frozenset(said.get("high_levels", ())),
            **{name: said.get(name, "") for name in ("name", "issuer", "client_id", "hpr_claim", "level_claim")},
            **{name: said[name] for name in ("person_claim", "person_is") if name in said},
        )
        self.problems += [f"{id}: {problem}" for problem in _problems(made, self.plain_http)]
        return made

    def _secret(self, file: str, name: str) -> str:
        if not file:
            return ""
        path = Path(self.file.parent, file)
        try:
            if path.stat().st_mode & 0o077:
                self.problems.append(f"{name}: andre kan lese filen. Gi bare eieren tilgang (chmod 600).")
            return path.read_text().strip()
        except OSError:
            self.problems.append(f"{name}: filen kan ikke leses.")
            return ""

    def _key(self, file: str, id: str) -> Key | None:
        if not file:
            return None
        try:
            said = json.loads(self._secret(file, f"{id}: key_file") or "{}")
            key: Key = (ECKey if said.get("kty") == "EC" else RSAKey).import_key(said)
        except (JoseError, ValueError, KeyError):
            key = None  # type: ignore[assignment]
        if key is None or not key.is_private or not key.kid or key.alg not in ("ES256", "PS256", "RS256"):
            self.problems.append(f"{id}: key_file må være en privat JWK med kid og alg ES256, PS256 eller RS256.")
            return None
        return key


def _organisation(said: Any) -> Organisation:
    told = said if isinstance(said, dict) else {}
    return Organisation(*(str(told.get(name, "")) for name in ("number", "organisation_number", "unit_number")))


def _problems(made: Provider, plain_http: bool) -> list[str]:
    helseid = made.profile == "helseid"
    said = {
        "profile må være helseid eller plain.": made.profile not in PROFILES,
        "issuer må begynne med https:// og være uten spørring.": not _is_address(made.issuer, plain_http),
        "name og client_id må være fylt ut.": not (made.name and made.client_id),
        "HelseID krever key_file.": helseid and made.key is None,
        "key_file eller client_secret_file må være med.": made.key is None and not made.secret,
        "minst en kommune må stå under municipalities.": not made.municipalities,
        "hver kommune må ha organisation_number.": helseid
        and any(not m.organisation_number for m in made.municipalities.values()),
        "person_claim, level_claim og high_levels må være med.": not helseid
        and not (made.person_claim and made.level_claim and made.high_levels),
        "person_is må være hpr, pid eller own.": made.person_is not in MAPPINGS,
    }
    return [sentence for sentence, wrong in said.items() if wrong]


def _is_address(issuer: str, plain_http: bool) -> bool:
    """An address over TLS; without TLS this machine alone, and never in production."""
    parts = urlsplit(issuer)
    safe = parts.scheme == "https" or (parts.scheme == "http" and plain_http and parts.hostname == _LOOPBACK)
    return safe and bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
