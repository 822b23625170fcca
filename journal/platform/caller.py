"""Who asks: the actor, the key that vouches for her to PostgreSQL, and the kinds of callers there are."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.permissions import Permission, Role, permissions_of
from journal.platform.line_code import codes_of
from journal.platform.statement import Statement

# The journal itself, as an actor in its own access log.
JOURNAL = UUID(int=0)

_NOW = Statement(sa.text("SELECT now()"))
_TELL = Statement(sa.text("SELECT set_config('journal.who', :who, true), now()"))


@dataclass(frozen=True)
class Actor:
    """A person acting in one employment. *units* is the unit one acts in and every unit below it.

    Of a session: *proved_at*, when she last proved who she is; *warned_at*, when her PIN was tried elsewhere; *device_id*, of an
    enrolled device; *idle_seconds*, how long it idles before it is locked. *supervised_by*: who answers for what a student does,
    or on whose behalf the journal itself looks; the name says it too.
    """

    person_id: UUID
    name: str
    role: str
    role_id: UUID
    municipality_id: UUID
    municipality_name: str
    unit_id: UUID
    unit_name: str
    units: tuple[UUID, ...]
    session_id: UUID | None = None
    origin: str = "web"
    color_scheme: str = "auto"
    language: str = "nb"
    parent_unit_name: str = ""
    proved_at: datetime | None = None
    warned_at: datetime | None = None
    device_id: UUID | None = None
    idle_seconds: int = 0
    supervised_by: UUID | None = None
    supervised_by_name: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role has the permission; whether there is a ground for a patient is the gate's answer."""
        return permission in permissions_of(self.role)

    def asked_of_the_journal(self) -> "Actor":
        """The journal itself, which looks on behalf of this person, in her municipality and unit, and has no units of its own."""
        return Actor(
            JOURNAL,
            f"Akson journal (for {self.name})",
            Role.SYSTEM,
            JOURNAL,
            self.municipality_id,
            self.municipality_name,
            self.unit_id,
            self.unit_name,
            (),
            origin="check",
            supervised_by=self.person_id,
            supervised_by_name=self.name,
        )

    def as_json(self) -> str:
        """What PostgreSQL is told of who asks (audit.who)."""
        return json.dumps(asdict(self), default=str, ensure_ascii=False)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Actor":
        """The reverse of as_json, for an identity that PostgreSQL vouches for."""
        return cls(
            person_id=UUID(told["person_id"]),
            name=told["name"],
            role=told["role"],
            role_id=UUID(told["role_id"]),
            municipality_id=UUID(told["municipality_id"]),
            municipality_name=told["municipality_name"],
            unit_id=UUID(told["unit_id"]),
            unit_name=told["unit_name"],
            units=tuple(map(UUID, told["units"])),
            session_id=UUID(told["session_id"]),
            origin=told["origin"],
            color_scheme=told["color_scheme"],
            language=told["language"],
            parent_unit_name=told["parent_unit_name"],
            proved_at=datetime.fromisoformat(told["proved_at"]),
            warned_at=datetime.fromisoformat(told["warned_at"]) if told["warned_at"] else None,
            device_id=UUID(told["device_id"]) if told["device_id"] else None,
            idle_seconds=told["idle_seconds"],
            supervised_by=UUID(told["supervised_by"]) if told.get("supervised_by") else None,
            supervised_by_name=told.get("supervised_by_name"),
        )


class Keys:
    """Signs what PostgreSQL must be able to trust; the same key lies in audit.mac_key as its two HMAC pads."""

    def __init__(self, mac_key: bytes, log_key: bytes = b"") -> None:
        self._key, self._log_key = mac_key, log_key

    def sign(self, message: str) -> str:
        """HMAC-SHA256 as 64 hex digits."""
        return hmac.new(self._key, message.encode(), hashlib.sha256).hexdigest()

    def codes(self, told: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
        """The code over each line of one look in the access log, with a key that PostgreSQL does not have; None where none is set.

        *told*: what is alike in all of them.
        """
        return codes_of(self._log_key, told, lines) if self._log_key else [None] * len(lines)

    def pads(self) -> tuple[bytes, bytes]:
        """The inner and outer pad of the HMAC: what audit.mac needs, since sha256() is built into PostgreSQL and HMAC is not."""
        key = self._key if len(self._key) <= 64 else hashlib.sha256(self._key).digest()
        key = key.ljust(64, b"\0")
        return bytes(b ^ 0x36 for b in key), bytes(b ^ 0x5C for b in key)


class Command(NamedTuple):
    """What is to be done once, however often it is sent. *body_hash*: of its address and of everything sent with it."""

    id: UUID
    body_hash: str


class Introduced(NamedTuple):
    """*now* is the database's now(). *claimed*: whether the command is this transaction's to do; None when nobody has asked.

    *standings*: what the gate is told of a patient who was asked about at once.
    """

    actor: Actor | None
    now: datetime
    claimed: bool | None = None
    standings: Mapping[UUID, Any] = MappingProxyType({})


class Caller(Protocol):
    """Who opens a Work: somebody with a session cookie, a signed actor (a job, a command), or nobody."""

    def introduce(
        self, db: Session, keys: Keys, command: Command | None = None, about: UUID | None = None
    ) -> Introduced:
        """Tells PostgreSQL who asks, in the first statement of the transaction.

        The same statement may claim the *command*, and ask how she stands to the patient that the request is *about*.
        """


@dataclass(frozen=True)
class Nobody:
    """An open page: no identity, so every table answers with nothing."""

    def introduce(
        self, db: Session, keys: Keys, command: Command | None = None, about: UUID | None = None
    ) -> Introduced:
        return Introduced(None, _NOW.one(db)[0])


@dataclass(frozen=True)
class Known:
    """A signed actor."""

    actor: Actor

    def introduce(
        self, db: Session, keys: Keys, command: Command | None = None, about: UUID | None = None
    ) -> Introduced:
        told = self.actor.as_json()
        return Introduced(self.actor, _TELL.one(db, who=told + keys.sign(told))[1])
