"""Locks, and what opens them: sessions that wait on a device, the PIN, and when somebody last proved who she is."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.access import pin_rules
from journal.platform.caller import Actor
from journal.platform.errors import Invalid, NotProved
from journal.platform.language import phrase
from journal.platform.settings import Settings
from journal.platform.work import Work

_BEGIN = sa.text("SELECT access.begin_session(:token, :held, :device, :ward_pc, :tablet)")
_LOCK = sa.text("SELECT access.lock_session(:token, :path)")
_UNLOCKABLE = sa.text(
    "SELECT id, name, role, unit, own, with_pin FROM access.unlockable(:token, :device, :idle, :longest)"
)
_TRY = sa.text("SELECT access.try_pin(:token, :device, :session, :longest)")
_PROVE = sa.text("SELECT access.prove_session(:call, :mac)")
_BESIDE = sa.text("SELECT access.person_beside(:call, :mac)")
_SET_PIN = sa.text("SELECT access.set_pin(:hash, :within)")
_OWN = sa.text(
    "SELECT id, device, kind, unit, created_at, seen_at, locked_at, with_pin FROM access.own_sessions(:longest)"
)


@dataclass(frozen=True)
class Times:
    """How long a session idles on each kind of device before it is locked, how long it lasts, and how long a proof holds."""

    idle: timedelta
    ward_pc: timedelta
    tablet: timedelta
    longest: timedelta
    proof: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "Times":
        """As the installation has chosen."""
        return cls(
            idle=timedelta(minutes=settings.session_idle_minutes),
            ward_pc=timedelta(minutes=settings.idle_ward_pc_minutes),
            tablet=timedelta(minutes=settings.idle_tablet_minutes),
            longest=timedelta(hours=settings.session_max_hours),
            proof=timedelta(minutes=settings.proof_minutes),
        )


@dataclass(frozen=True)
class Held:
    """The secrets that a browser came with: of its session, and of the device when it is enrolled."""

    token: bytes | None
    device: bytes | None


class Waiting(NamedTuple):
    """A session that may be opened again here. *own*: the one whose secret the browser holds."""

    id: UUID
    name: str
    role: str
    unit: str
    own: bool
    with_pin: bool

    @property
    def initials(self) -> str:
        """First and last name's first letter."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


class OwnSession(NamedTuple):
    """A session of whoever asks, that has not ended."""

    id: UUID
    device: str | None
    kind: str | None
    unit: str
    created_at: datetime
    seen_at: datetime
    locked_at: datetime | None
    with_pin: bool


class Unlocked(NamedTuple):
    """The session's new secret, and the page where it was left."""

    token: bytes
    path: str | None


def begin(work: Work, token: bytes, held: Held, times: Times) -> str | None:
    """After start_session: on which device it is. Answers with the page where an earlier session of hers here stood.

    What stood open in the browser before ends; another's on an enrolled device is locked, and stays hers.
    """
    browser = {"held": held.token, "device": held.device}
    stood: str | None = work.db.execute(
        _BEGIN, {"token": token, **browser, "ward_pc": times.ward_pc, "tablet": times.tablet}
    ).scalar()
    return stood


def lock(work: Work, held: Held, path: str | None) -> None:
    """From now on the session answers as nobody; *path* is where it is opened again."""
    work.db.execute(_LOCK, {"token": held.token, "path": path})


def waiting(work: Work, held: Held, times: Times) -> list[Waiting]:
    """The sessions that may be opened in this browser, its own first."""
    asked = {"token": held.token, "device": held.device, "idle": times.idle, "longest": times.longest}
    return [Waiting(*row) for row in work.db.execute(_UNLOCKABLE, asked)]


def unlock(work: Work, held: Held, times: Times, session_id: UUID, pin: str, secret: bytes) -> Unlocked | None:
    """Opens a session with a new secret, and locks the others on the device. None, whatever was wrong."""
    return open_again(work, session_id) if _right(work, held, times, session_id, pin, secret) else None


def open_again(work: Work, session_id: UUID) -> Unlocked:
    """After a proof, and never without one."""
    token = secrets.token_bytes(32)
    path = _prove(work, session_id, token_hash=hashlib.sha256(token).hexdigest())
    return Unlocked(token, path)


def prove(work: Work, held: Held, times: Times, pin: str, secret: bytes) -> bool:
    """Whoever is signed in proves it with her PIN; False when it is not right, or has been tried too often."""
    assert work.actor.session_id is not None
    right = _right(work, held, times, work.actor.session_id, pin, secret)
    if right:
        _prove(work, work.actor.session_id)
    return right


def beside(work: Work, held: Held, times: Times, session_id: UUID, pin: str, secret: bytes) -> Actor | None:
    """Who signs beside the one whose screen it is: somebody who is signed in on the same device, by her PIN. Her session is
    neither opened nor changed. None, whatever was wrong.
    """
    if session_id == work.actor.session_id or not _right(work, held, times, session_id, pin, secret):
        return None
    call = json.dumps({"at": work.now.isoformat(), "session_id": str(session_id)})
    told = work.db.execute(_BESIDE, {"call": call, "mac": work.keys.sign(call)}).scalar()
    return Actor.from_json(told) if told else None


def prove_strongly(work: Work) -> None:
    """Whoever is signed in has just done so anew, by what the installation signs in with."""
    assert work.actor.session_id is not None
    _prove(work, work.actor.session_id, strong=True)


def require_proof(work: Work, times: Times) -> None:
    """Stops here unless the person of this session proved who she is lately. Raises NotProved."""
    proved_at = work.actor.proved_at
    if proved_at is None or proved_at <= work.now - times.proof:
        raise NotProved(minutes=int(times.proof.total_seconds() // 60))


def set_pin(work: Work, times: Times, pin: str, again: str, secret: bytes) -> None:
    """Chooses the PIN of whoever is signed in, for all devices. Raises Invalid, and NotProved without a fresh strong sign-in."""
    work.actor  # noqa: B018
    if weak := pin_rules.weakness(pin):
        raise Invalid(errors={"pin": [weak]})
    if pin != again:
        raise Invalid(errors={"again": [phrase("De to PIN-kodene er ikke like.")]})
    kept = pin_rules.kept(pin, secret)
    if not work.db.execute(_SET_PIN, {"hash": kept, "within": times.proof}).scalar():
        raise NotProved(strongly=True)


def own_sessions(work: Work, times: Times) -> list[OwnSession]:
    """Where whoever asks is signed in, the latest used first."""
    work.actor  # noqa: B018  nobody has no sessions, and is sent to sign in
    return [OwnSession(*row) for row in work.db.execute(_OWN, {"longest": times.longest})]


def end_own(work: Work, session_id: UUID | None) -> None:
    """Ends one of one's own sessions, or all of them: it is nobody from the next request."""
    work.actor  # noqa: B018
    work.db.execute(sa.text("SELECT access.end_own(:session)"), {"session": session_id})


def warning_seen(work: Work) -> None:
    """She has read that her PIN was tried while she was at work here."""
    work.actor  # noqa: B018
    work.db.execute(sa.text("SELECT access.warning_seen()"))


def _right(work: Work, held: Held, times: Times, session_id: UUID, pin: str, secret: bytes) -> bool:
    asked = {"token": held.token, "device": held.device, "session": session_id, "longest": times.longest}
    return pin_rules.matches(work.db.execute(_TRY, asked).scalar(), pin, secret)


def _prove(work: Work, session_id: UUID, **more: Any) -> str | None:
    call = json.dumps({"at": work.now.isoformat(), "session_id": str(session_id), **more})
    path: str | None = work.db.execute(_PROVE, {"call": call, "mac": work.keys.sign(call)}).scalar()
    return path
