"""Passkeys: what opens a lock in the place of a PIN, by a signature that the device makes and the journal checks (WebAuthn 3).

A passkey never signs anybody in alone. What is kept of it is its public part; the challenge is used up by the first answer.
"""

import json
import secrets
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from journal.access.locking import Held, Times, Unlocked, open_again, own_sessions
from journal.platform.errors import Conflict, Invalid, NotProved
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.settings import Settings
from journal.platform.work import Work

_ASK_NEW = sa.text("SELECT access.ask_new_passkey(:challenge, :within)")
_TAKE = sa.text("SELECT access.take_challenge()")
_KEEP = sa.text("SELECT access.keep_passkey(:call, :mac)")
_OWN = sa.text("SELECT id, set_at, used_at FROM access.own_passkeys()")
_END = sa.text("SELECT access.end_passkey(:id)")
_ASK = sa.text("SELECT access.ask_passkey(:token, :device, :session, :longest, :challenge)")
_TRY = sa.text(
    "SELECT id, challenge, public_key, sign_count FROM access.try_passkey(:token, :device, :session, :longest, :id)"
)
_USED = sa.text("SELECT access.passkey_used(:call, :mac)")
_UNUSABLE = phrase("Vi kunne ikke bruke passnøkkelen. Prøv en gang til, eller bruk PIN-koden.")


class Site(NamedTuple):
    """Where a passkey of this journal may be used: the host it belongs to, and the address that the browser must say."""

    host: str
    origin: str

    @classmethod
    def of(cls, settings: Settings, address: str) -> "Site":
        """Of the public address of the installation; of a demo without one, of the *address* it is asked at."""
        parts = urlsplit(settings.public_url or address)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


class Passkey(NamedTuple):
    id: UUID
    set_at: datetime
    used_at: datetime | None


def own(work: Work) -> list[Passkey]:
    """Those of whoever asks, the oldest first."""
    work.actor  # noqa: B018
    return [Passkey(*row) for row in work.db.execute(_OWN)]


def ask_new(work: Work, times: Times, site: Site) -> dict[str, Any]:
    """What the browser makes a passkey of. Raises Conflict without a PIN, and NotProved without a fresh strong sign-in."""
    from webauthn import generate_registration_options, options_to_json  # 90 ms, for the few who ask
    from webauthn.helpers import structs

    challenge = secrets.token_bytes(32)
    known = work.db.execute(_ASK_NEW, {"challenge": challenge, "within": times.proof}).scalar()
    if known is None and not any(one.with_pin for one in own_sessions(work, times)):
        raise Conflict("Velg en PIN-kode først. Passnøkkelen kommer i tillegg til den.")
    if known is None:
        raise NotProved(strongly=True)
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Akson",
        user_id=work.actor.person_id.bytes,
        user_name=work.actor.name,
        challenge=challenge,
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=bytes(id)) for id in known],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            user_verification=structs.UserVerificationRequirement.REQUIRED
        ),
    )
    asked: dict[str, Any] = json.loads(options_to_json(options))
    return asked


def keep(work: Work, site: Site, credential: str) -> None:
    """Keeps the passkey that the browser made. Raises Invalid for what is none, or answers no question of ours."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = work.db.execute(_TAKE).scalar()
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge or b"",
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        made = None
    if made is None or not challenge:
        raise Invalid(errors={"credential": [_UNUSABLE]})
    told = {"credential_id": made.credential_id.hex(), "public_key": made.credential_public_key.hex()}
    _tell(work, _KEEP, id=str(new_id()), sign_count=made.sign_count, **told)


def end(work: Work, passkey_id: UUID) -> None:
    """One's own; of another's nothing happens."""
    work.actor  # noqa: B018
    work.db.execute(_END, {"id": passkey_id})


def ask(work: Work, held: Held, times: Times, site: Site, session_id: UUID) -> dict[str, Any] | None:
    """The question to the browser for a session that waits here; None where its owner has no passkey, or it does not wait."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import structs

    challenge = secrets.token_bytes(32)
    known = work.db.execute(_ASK, _asked(held, times, session_id) | {"challenge": challenge}).scalar()
    if not known:
        return None
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=bytes(id)) for id in known],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    asked: dict[str, Any] = json.loads(options_to_json(options))
    return asked


def unlock(work: Work, held: Held, times: Times, site: Site, session_id: UUID, credential: str) -> Unlocked | None:
    """Opens a session as a PIN does (locking.unlock). None, whatever was wrong; it is counted as a wrong PIN is."""
    from webauthn import verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        said = parse_authentication_credential_json(credential)
        found = work.db.execute(_TRY, _asked(held, times, session_id) | {"id": said.raw_id}).one_or_none()
        if found is None:
            return None
        right = verify_authentication_response(
            credential=said,
            expected_challenge=bytes(found.challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=bytes(found.public_key),
            credential_current_sign_count=found.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    _tell(work, _USED, id=str(found.id), sign_count=right.new_sign_count)
    return open_again(work, session_id)


def _asked(held: Held, times: Times, session_id: UUID) -> dict[str, Any]:
    return {"token": held.token, "device": held.device, "session": session_id, "longest": times.longest}


def _tell(work: Work, statement: sa.TextClause, **said: Any) -> None:
    call = json.dumps({"at": work.now.isoformat(), **said})
    work.db.execute(statement, {"call": call, "mac": work.keys.sign(call)})
