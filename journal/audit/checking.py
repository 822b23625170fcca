"""The checks that auditors ask for, and one of the whole log each day: run beside the sealing, by the process that has the log.

It knows the public key and the heads that were kept outside. Whoever would trust neither it nor its machine runs
`akson log verify` on an export.
"""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.rows import namedtuple_row

from journal.audit.exporting import export
from journal.audit.sealer import anchored
from journal.audit.verifying import Codes, Verdict, verify
from journal.platform.ids import new_id

POLL_SECONDS = 1
_TELL_EVERY_SECONDS = 1
MOST_FINDINGS = 50

# The oldest that waits; one that was begun by a process that stopped is begun anew.
_WAITING: LiteralString = (
    "SELECT id, municipality_id FROM audit.log_check WHERE ended_at IS NULL ORDER BY asked_at LIMIT 1"
)
_DAILY: LiteralString = """
INSERT INTO audit.log_check (id, municipality_id, asked_by, asked_by_name) SELECT %s, NULL, NULL, NULL
WHERE EXISTS (SELECT FROM audit.log_seal) AND NOT EXISTS (
    SELECT FROM audit.log_check WHERE municipality_id IS NULL AND asked_at > now() - interval '1 day')
"""
_BEGIN: LiteralString = """
UPDATE audit.log_check SET begun_at = now(), lines = 0, of_lines = (
    SELECT coalesce(sum(p.lines), 0) FROM audit.log_seal_part p WHERE %(of)s::uuid IS NULL OR p.municipality_id = %(of)s)
WHERE id = %(id)s
"""
_TELL: LiteralString = "UPDATE audit.log_check SET lines = %s WHERE id = %s"
_END: LiteralString = """
UPDATE audit.log_check SET lines = %s, unsealed = %s, first_at = nullif(%s, '')::timestamptz,
    last_at = nullif(%s, '')::timestamptz, findings = %s, ended_at = now() WHERE id = %s
"""

Connect = Callable[[], psycopg.Connection[Any]]


def check_on(
    connect: Connect, key: Ed25519PublicKey, anchors: Path, codes: Codes | None, stop: threading.Event
) -> None:
    """Until it is told to stop; a database that is away is waited for. *connect*: as journal_sealer, committing at once."""
    while not stop.wait(POLL_SECONDS):
        try:
            with connect() as told:
                while not stop.is_set() and check_next(connect, told, key, anchors, codes) is not None:
                    pass
        except psycopg.Error:
            continue


def check_next(
    connect: Connect, told: psycopg.Connection[Any], key: Ed25519PublicKey, anchors: Path, codes: Codes | None = None
) -> Verdict | None:
    """Runs the check that has waited longest, and the day's own when it is time; None when nothing waits.

    The log is read by a connection of its own, so that what is *told* on the way is seen by others.
    """
    told.execute(_DAILY, (new_id(),))
    with told.cursor(row_factory=namedtuple_row) as cursor:
        row: Any = cursor.execute(_WAITING).fetchone()
    if row is None:
        return None
    told.execute(_BEGIN, {"id": row.id, "of": row.municipality_id})
    # The heads before the log: one that comes between the two is in the log, and one that is not there is missed.
    kept = anchored(anchors)
    with connect() as reading:
        try:
            verdict = verify(export(reading, row.municipality_id), key, kept, _Teller(told, row.id), codes)
        except ValueError as error:
            # Else whoever makes a seal unreadable would have stopped all checks, and the last answer would stand.
            verdict = Verdict(findings=[str(error)])
    findings = json.dumps(verdict.findings[:MOST_FINDINGS], ensure_ascii=False)
    told.execute(_END, (verdict.lines, verdict.unsealed, verdict.first, verdict.last, findings, row.id))
    return verdict


class _Teller:
    """Says how far it has come, now and then."""

    def __init__(self, told: psycopg.Connection[Any], check_id: UUID) -> None:
        self._told, self._check_id, self._said = told, check_id, time.monotonic()

    def __call__(self, lines: int) -> None:
        if time.monotonic() - self._said >= _TELL_EVERY_SECONDS:
            self._said = time.monotonic()
            self._told.execute(_TELL, (lines, self._check_id))
