"""Sessions: an opaque secret in a cookie, its hash in the database, ended on the server. The role is looked up anew each time."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.platform.caller import Actor, Command, Introduced, Keys
from journal.platform.ids import new_id
from journal.platform.statement import Statement
from journal.platform.work import Work

_ASKING = "WITH asking AS MATERIALIZED (SELECT access.resume(:token, :idle, :longest) AS told)"
# Who asks is known before the command is hers: the default of its person, and its policy, ask for the one that was told.
_CLAIM = """, claimed AS (
    INSERT INTO platform.command (id, body_hash) SELECT :id, :body_hash FROM asking WHERE told IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING id)"""
# And before it is asked how she stands to the patient.
_STANDING = (
    "LEFT JOIN LATERAL access.standing(CASE WHEN told IS NOT NULL THEN ARRAY[CAST(:about AS uuid)] END) s ON true"
)
# For a page: whether the patient seems to be near to her. What is signed is not stopped by it, and does not wait for it.
_NEARNESS = "LEFT JOIN LATERAL access.nearness(CASE WHEN s.ground IS NOT NULL THEN s.ids END) n ON true"
_START = sa.text("SELECT access.start_session(:call, :mac)")


@dataclass(frozen=True)
class SessionCookie:
    """The caller behind a cookie. PostgreSQL finds the session, tells the transaction who asks, and answers with the same."""

    token: bytes
    idle: timedelta
    longest: timedelta

    def introduce(
        self, db: Session, keys: Keys, command: Command | None = None, about: UUID | None = None
    ) -> Introduced:
        cookie: dict[str, Any] = {"token": self.token, "idle": self.idle, "longest": self.longest}
        sent = command._asdict() if command else {}
        found = _resume(claims=command is not None, about=about is not None).one(db, about=about, **cookie, **sent)
        return Introduced(
            Actor.from_json(found.told) if found.told else None,
            found.now,
            found.claimed,
            {about: found if found.asked_id else None} if about else {},
        )


@cache
def _resume(*, claims: bool, about: bool) -> Statement:
    """Finds the session and tells the transaction who asks; may claim a command, and say how she stands to a patient."""
    page = about and not claims
    parts = [
        *(_ASKING, _CLAIM if claims else ""),
        *("SELECT told, now() AS now,", "EXISTS (SELECT FROM claimed)" if claims else "NULL::boolean", "AS claimed"),
        *(", s.*" if about else "", ", n.*" if page else "", "FROM asking"),
        *(_STANDING if about else "", _NEARNESS if page else ""),
    ]
    return Statement(sa.text(" ".join(parts)))


def start_session(work: Work, role_id: UUID, language: str | None = None) -> bytes:
    """Starts a session in this employment and answers with its secret (32 bytes), which is stored nowhere but in the cookie.

    It has the colours the person had last, and `language`, else the one she had last.
    """
    token = secrets.token_bytes(32)
    call = json.dumps(
        {
            "at": work.now.isoformat(),
            "id": str(new_id()),
            "role_id": str(role_id),
            "token_hash": hashlib.sha256(token).hexdigest(),
            "language": language,
        }
    )
    work.db.execute(_START, {"call": call, "mac": work.keys.sign(call)})
    return token


def end_session(work: Work, token: bytes) -> None:
    """Ends it on the server: the cookie is worth nothing from the next request on."""
    work.db.execute(sa.text("SELECT access.end_session(:token)"), {"token": token})


def set_color_scheme(work: Work, token: bytes, scheme: str) -> None:
    """Light, dark or auto, remembered with the session."""
    work.db.execute(sa.text("SELECT access.set_color_scheme(:token, :scheme)"), {"token": token, "scheme": scheme})


def set_language(work: Work, token: bytes, language: str) -> None:
    """A code of LANGUAGES, remembered with the session and for the person's next one."""
    work.db.execute(sa.text("SELECT access.set_language(:token, :language)"), {"token": token, "language": language})


class DemoPerson(NamedTuple):
    municipality: str
    role_id: UUID
    name: str
    role: str
    unit: str


def demo_people(work: Work) -> list[DemoPerson]:
    """Everybody one can be in a demo; nobody in production, which the database itself sees to."""
    rows: Any = work.db.execute(sa.text("SELECT municipality, role_id, name, role, unit FROM access.demo_people()"))
    return [DemoPerson(*row) for row in rows]
