"""What a provider says of a person, in the words of this journal (HelseID's claims, or those a municipality has chosen)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from journal.access.openid.providers import Provider
from journal.access.openid.refusals import SignInRefused

_PID = "helseid://claims/identity/pid"
_PID_PSEUDONYM = "helseid://claims/identity/pid_pseudonym"
_LEVEL = "helseid://claims/identity/security_level"
_ASSURANCE = "helseid://claims/identity/assurance_level"
_HPR = "helseid://claims/hpr/hpr_number"
_PARENT = "helseid://claims/client/claims/orgnr_parent"
_CHILD = "helseid://claims/client/claims/orgnr_child"
_HPR_FORM = re.compile(r"[0-9]{4,9}")
_PID_FORM = re.compile(r"[0-9]{11}")


@dataclass(frozen=True)
class Identity:
    """A person a provider vouches for. *kind* says what *value* is: her national number (pid), or the provider's own (own).

    *hpr_number* is empty when nothing was said of it; *authenticated_at*, when she proved it there, is None then; *id_token* is
    what it was all said in.
    Held in memory alone: a number is neither stored nor logged.
    """

    kind: str
    value: str
    hpr_number: str
    issuer_session: str | None
    subject: str
    authenticated_at: datetime | None = None
    id_token: str = field(default="", repr=False)


def identity(provider: Provider, municipality: str, claims: Mapping[str, Any]) -> Identity:
    """Raises SignInRefused: level below high, another organisation than was asked for, or no claim that says who it is."""
    return (_of_helseid if provider.helseid else _of_plain)(provider, municipality, claims)


def authorization_details(provider: Provider, municipality: str) -> list[dict[str, Any]]:
    """Which municipality one acts for, as HelseID asks a supplier of many to say it."""
    of = provider.municipalities[municipality]
    number = ":".join(("NO", "ORGNR", of.organisation_number, of.unit_number))
    identifier = {"system": "urn:oid:1.0.6523", "type": "ENH", "value": number}
    return [{"type": "helseid_authorization", "practitioner_role": {"organization": {"identifier": identifier}}}]


def _of_helseid(provider: Provider, municipality: str, claims: Mapping[str, Any]) -> Identity:
    if _text(claims, _LEVEL) != "4" or claims.get(_ASSURANCE, "high") != "high":
        raise SignInRefused("level")
    of = provider.municipalities[municipality]
    told = (_text(claims, _PARENT), _text(claims, _CHILD))
    if told[0] != of.organisation_number or (of.unit_number and told[1] != of.unit_number):
        raise SignInRefused("organisation")
    pid = _text(claims, _PID)
    if pid and not _PID_FORM.fullmatch(pid):
        raise SignInRefused("person_claim")
    kind, value = ("pid", pid) if pid else ("own", _text(claims, _PID_PSEUDONYM))
    return _identity(claims, kind, value, _hpr(claims, _HPR))


def _of_plain(provider: Provider, _municipality: str, claims: Mapping[str, Any]) -> Identity:
    if _text(claims, provider.level_claim) not in provider.high_levels:
        raise SignInRefused("level")
    value = _text(claims, provider.person_claim)
    if not value or (provider.person_is == "pid" and not _PID_FORM.fullmatch(value)):
        raise SignInRefused("person_claim")
    if provider.person_is == "hpr":
        return _identity(claims, "own", "", _hpr(claims, provider.person_claim))
    return _identity(claims, provider.person_is, value, _hpr(claims, provider.hpr_claim))


def _identity(claims: Mapping[str, Any], kind: str, value: str, hpr: str) -> Identity:
    if not value and not hpr:
        raise SignInRefused("person_claim")
    return Identity(kind, value, hpr, _text(claims, "sid") or None, claims["sub"])


def _hpr(claims: Mapping[str, Any], name: str) -> str:
    told = _text(claims, name) if name else ""
    if told and not _HPR_FORM.fullmatch(told):
        raise SignInRefused("person_claim")
    return told


def _text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that is one word; a number is taken for its digits, a list or an object for nothing."""
    value = claims.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
