"""Idempotency: a command id is done once. Command, effect and answer commit together, so a retry gets the same answer."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.platform.caller import Command
from journal.platform.errors import Invalid
from journal.platform.statement import Statement
from journal.platform.work import Work

_CLAIM = Statement(
    sa.text("INSERT INTO platform.command (id, body_hash) VALUES (:id, :body_hash) ON CONFLICT DO NOTHING")
)
_FIND = Statement(
    sa.text(
        "SELECT body_hash, answer FROM platform.command WHERE id = :id AND person_id = (SELECT audit.acting_person())"
    )
)


def command(id: UUID, body: Mapping[str, Any]) -> Command:
    """The command of this id, with everything that was sent."""
    return Command(id, hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest())


def claim(work: Work, command: Command) -> dict[str, Any] | None:
    """Claims the id for this transaction; answers with what was answered before when it was already done.

    A second request with the same id waits in the unique index until the first has committed. Raises Invalid when the same
    id comes with another body.
    """
    claimed = work.claimed if work.claimed is not None else _CLAIM.run(work.db, **command._asdict())
    if claimed:
        work.command_id = command.id
        return None
    done = _FIND.one(work.db, id=command.id)
    if done.body_hash != command.body_hash:
        raise Invalid("Skjemaet er allerede sendt med et annet innhold. Last siden på nytt og prøv igjen.")
    return dict(done.answer or {})
