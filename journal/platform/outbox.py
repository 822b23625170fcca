"""The outbox: a fact is a row in the transaction in which it happened; the relay makes jobs of what is unsent.

A user's transaction never enqueues a job itself: the queue's NOTIFY takes one lock for the whole database until commit.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from journal.platform.ids import new_id
from journal.platform.statement import Statement


@dataclass(frozen=True)
class Fact:
    """What happened, in ids and times; never clinical content. Subclasses are named in the past tense."""

    patient_id: UUID


Listeners = Mapping[type[Fact], Sequence[Callable[[Any, Any], None]]]

_STORE = Statement(
    sa.text("""
    WITH told AS (
        INSERT INTO platform.outbox (id, kind, patient_id, body)
        SELECT (f ->> 'id')::uuid, f ->> 'kind', (f ->> 'patient_id')::uuid, f -> 'body'
        FROM jsonb_array_elements(CAST(:facts AS jsonb)) f)
    UPDATE platform.command SET answer = CAST(:answer AS jsonb)
    WHERE person_id = (SELECT audit.acting_person()) AND id = CAST(:command_id AS uuid)
    """)
)


def store(db: Session, facts: Sequence[Fact], command_id: UUID | None, answer: dict[str, Any] | None) -> None:
    """One statement for the outbox rows and the command's answer; none when there is nothing to store."""
    if not facts and command_id is None:
        return
    rows = [
        {"id": str(new_id()), "kind": type(fact).__name__, "patient_id": str(fact.patient_id), "body": vars(fact)}
        for fact in facts
    ]
    told = json.dumps(answer) if answer else None
    _STORE.tell(db, facts=json.dumps(rows, default=str), answer=told, command_id=command_id)


_UNSENT = sa.text(
    "SELECT id, kind, patient_id, at, body FROM platform.outbox WHERE sent_at IS NULL ORDER BY at LIMIT 200 FOR UPDATE SKIP LOCKED"
)
_SENT = sa.text("UPDATE platform.outbox SET sent_at = now() WHERE id = ANY (:ids)")


async def relay(sessions: sessionmaker[Session], hand_on: Callable[[list[dict[str, Any]]], Awaitable[None]]) -> int:
    """Hands unsent facts on and marks them sent; answers with how many. A fact may be handed on twice, never left out."""
    with sessions.begin() as db:
        rows = db.execute(_UNSENT).all()
        if rows:
            await hand_on([{"id": str(row.id), "kind": row.kind, "at": row.at.isoformat(), **row.body} for row in rows])
            db.execute(_SENT, {"ids": [row.id for row in rows]})
        return len(rows)
