"""A sign-in in the database: begun, come back from the provider once, proved, and made a session in one role."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.access.openid import Identity, Provider, Providers, Secrets, SignInRefused
from journal.municipalities import PROVES_NUMBER
from journal.platform.ids import new_id
from journal.platform.work import Work

_BEGIN = sa.text("SELECT access.begin_sign_in(:call, :mac)")
_RETURN = sa.text("SELECT provider, municipality FROM access.return_to_sign_in(:call, :mac)")
_EMPLOYMENTS = sa.text(
    "SELECT practitioner_id, role_id, role, hpr_number FROM access.employments(:call, :mac) ORDER BY role_id"
)
_PROVE = sa.text("SELECT access.prove_sign_in(:call, :mac)")
_ROLES = sa.text(
    "SELECT role_id, role, unit_name, municipality_name, person_name, next FROM access.proved_roles(:call, :mac)"
)
_TAKE = sa.text("SELECT access.take_role(:call, :mac)")
_CHANGE = sa.text("SELECT access.change_role(:call, :mac)")
_END = sa.text("SELECT access.end_issuer_sessions(:call, :mac)")


class Employment(NamedTuple):
    """A role somebody has now, with the HPR number that stands on the person."""

    practitioner_id: UUID
    role_id: UUID
    role: str
    hpr_number: str | None


class ProvedRole(NamedTuple):
    """A role one may act in, and where the person was on her way."""

    role_id: UUID
    role: str
    unit_name: str
    municipality_name: str
    person_name: str
    next: str | None


def usable_roles(found: Iterable[Employment], identity: Identity, *, says_hpr: bool) -> list[UUID]:
    """The roles that the proof is good for. Raises SignInRefused.

    A role that needs authorisation (helsepersonelloven § 48 a) is had by whoever the provider says has the number that stands on
    her; where a provider says no numbers (*says_hpr* False), by whoever has one here. Two people for one proof is nobody.
    """
    employments = list(found)
    if len({employment.practitioner_id for employment in employments}) > 1:
        raise SignInRefused("two_people")
    if not employments:
        raise SignInRefused("unknown_person")
    stands = employments[0].hpr_number
    if identity.hpr_number and stands and identity.hpr_number != stands:
        raise SignInRefused("hpr_differs")
    proved = bool(stands) and (identity.hpr_number == stands or not says_hpr)
    roles = [e.role_id for e in employments if proved or e.role not in PROVES_NUMBER]
    if not roles:
        raise SignInRefused("hpr" if stands else "hpr_not_here")
    return roles


def begin_sign_in(work: Work, own: Secrets, provider: str, municipality: str, back: str | None) -> None:
    """Remembers that somebody was sent to the provider, for ten minutes."""
    _call(work, _BEGIN, key=_key(own), provider=provider, municipality=municipality, next=back)


def return_to_sign_in(work: Work, own: Secrets, provider: str) -> str:
    """The municipality that was chosen. Raises SignInRefused for a state that is used or old, and for another provider's."""
    row = _call(work, _RETURN, key=_key(own)).one_or_none()
    if row is None:
        raise SignInRefused("too_late")
    if row.provider != provider:
        raise SignInRefused("response_provider")
    return str(row.municipality)


def prove(work: Work, own: Secrets, known: Providers, provider: Provider, municipality: str, who: Identity) -> None:
    """Finds the person and her roles in the municipality, and keeps that they are proved. Raises SignInRefused."""
    hashed = known.person_hash(who.kind, provider.issuer, who.value).hex() if who.value else None
    asked = {"municipality": municipality, "hpr_number": who.hpr_number or None, "person_hash": hashed}
    found = [Employment._make(row) for row in _call(work, _EMPLOYMENTS, **asked)]
    says_hpr = provider.helseid or bool(provider.hpr_claim) or provider.person_is == "hpr"
    roles = usable_roles(found, who, says_hpr=says_hpr)
    at = who.authenticated_at.isoformat() if who.authenticated_at else None
    told = {"issuer": provider.issuer, "issuer_session": who.issuer_session, "issuer_subject": _hash(who.subject)}
    told["authenticated_at"] = at
    _call(work, _PROVE, key=_key(own), role_ids=[str(role) for role in roles], **told)


def proved_roles(work: Work, own: Secrets | None, session: bytes | None = None) -> list[ProvedRole]:
    """What may be chosen among: of the sign-in that waits for it, or of the session that is open."""
    key = {"key": _key(own)} if own else {}
    token = {"session": hashlib.sha256(session).hexdigest()} if session else {}
    return [ProvedRole._make(row) for row in _call(work, _ROLES, **key, **token)]


def take_role(work: Work, own: Secrets, role_id: UUID) -> bytes:
    """The secret of a new session in this role. Raises SignInRefused when it was not proved, or the sign-in is used or old."""
    token = secrets.token_bytes(32)
    if not _call(work, _TAKE, key=_key(own), **_new(token, role_id)).scalar_one():
        raise SignInRefused("no_choice")
    return token


def change_role(work: Work, session: bytes, role_id: UUID) -> bytes | None:
    """The secret of the session that takes this one's place, in another role; None when that role was not proved."""
    token = secrets.token_bytes(32)
    done = _call(work, _CHANGE, session=hashlib.sha256(session).hexdigest(), **_new(token, role_id)).scalar_one()
    return token if done else None


def end_issuer_sessions(work: Work, issuer: str, claims: dict[str, Any]) -> int:
    """Ends what this logout token is about, and says how many. Raises SignInRefused for a token that came before."""
    about = {"issuer_session": claims.get("sid"), "issuer_subject": _hash(str(claims.get("sub", "")))}
    ended = _call(work, _END, key=_hash(f"{issuer} {claims['jti']}"), issuer=issuer, **about).scalar_one()
    if ended is None:
        raise SignInRefused("logout_id")
    return int(ended)


def _call(work: Work, statement: sa.TextClause, **said: Any) -> sa.CursorResult[Any]:
    call = json.dumps({"at": work.now.isoformat(), **said})
    return work.db.execute(statement, {"call": call, "mac": work.keys.sign(call)})  # type: ignore[return-value]


def _new(token: bytes, role_id: UUID) -> dict[str, str]:
    return {"id": str(new_id()), "role_id": str(role_id), "token_hash": hashlib.sha256(token).hexdigest()}


def _key(own: Secrets) -> str:
    return _hash(own.state)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
