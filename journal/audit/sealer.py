"""Seals the access log: a process of its own, with a key that the database does not have.

A seal covers the transactions that are over (xid below the snapshot's xmin), so that nothing can come later among what is
sealed. Each head goes to a file outside the database too: that is what finds a log that was cut, or an old one put back.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.rows import dict_row, namedtuple_row

from journal.audit.merkle import Tree, leaf
from journal.audit.seal import FIRST, NOBODY, Head, Part, line_of, name_of, root_over
from journal.platform.line_code import moment, said

END = (2**31 - 1, 2**63)
"""After every transaction there can be."""

_LOCK = 72650041
"""Of the advisory lock that one sealer at a time holds."""

_ROWS = 2000
_NOW: LiteralString = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid, clock_timestamp() AS at,
    coalesce(max(epoch), 1) AS epoch,
    (array_agg(jsonb_build_object('reason', reason, 'by', names) ORDER BY epoch DESC))[1] AS renewed
FROM audit.log_epoch
"""
_LINES: LiteralString = """
SELECT * FROM audit.access_log
WHERE (epoch, xid) >= (%s, %s::text::xid8) AND (epoch, xid) < (%s, %s::text::xid8)
ORDER BY coalesce(municipality_id, %s), epoch, xid, id
"""
_HEADS: LiteralString = """
SELECT number, from_epoch, from_xid::text::bigint AS from_xid, to_epoch, to_xid::text::bigint AS to_xid, lines,
    encode(root, 'hex') AS root, encode(previous, 'hex') AS previous, sealed_at, key, renewed, encode(signature, 'hex') AS signature
FROM audit.log_seal WHERE number > %s ORDER BY number
"""
_DROPPED: LiteralString = """
SELECT jsonb_agg(jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'lines', lines, 'by', names) ORDER BY month) AS dropped
FROM audit.log_dropped WHERE (epoch, xid) >= (%s, %s::text::xid8) AND (epoch, xid) < (%s, %s::text::xid8)
"""
_LAST: LiteralString = _HEADS + " DESC LIMIT 1"
_INSERT: LiteralString = """
INSERT INTO audit.log_seal
    (number, from_epoch, from_xid, to_epoch, to_xid, lines, root, previous, sealed_at, key, renewed, signature)
VALUES (%s, %s, %s::text::xid8, %s, %s::text::xid8, %s, decode(%s, 'hex'), decode(%s, 'hex'), %s, %s, %s, decode(%s, 'hex'))
"""
_INSERT_PART: LiteralString = (
    "INSERT INTO audit.log_seal_part (number, municipality_id, lines, root) VALUES (%s, %s, %s, decode(%s, 'hex'))"
)


class RestoredLog(Exception):
    """The transactions of this database are behind what is sealed. The text (bokmål) says what to do."""


class Sealed(NamedTuple):
    """A head as it is stored, and its signature."""

    head: Head
    signature: str


def heads(connection: psycopg.Connection[Any], after: int = 0) -> list[Sealed]:
    """The seals after this number, in order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_sealed(row) for row in cursor.execute(_HEADS, (after,))]


class Written(NamedTuple):
    """A line as line_of has it, and the code that the program wrote over it, if it did."""

    line: dict[str, Any]
    code: str | None


def lines_between(
    connection: psycopg.Connection[Any], begins: tuple[int, int], ends: tuple[int, int] = END
) -> Iterator[Written]:
    """The lines of these transactions by municipality, transaction and id."""
    with connection.cursor("lines", row_factory=dict_row) as cursor:
        cursor.itersize = _ROWS
        cursor.execute(_LINES, (begins[0], str(begins[1]), ends[0], str(ends[1]), NOBODY))
        for row in cursor:
            yield Written(line_of(row), row["code"])


def municipality_of(written: Written) -> str:
    """Whose part a line is of."""
    return written.line["municipality_id"] or str(NOBODY)


def seal(connection: psycopg.Connection[Any], key: Ed25519PrivateKey) -> Head | None:
    """Seals what is closed and not sealed, and commits; answers with the head, or None when there is nothing.

    *connection*: as journal_sealer. Raises RestoredLog when the database counts from behind what is sealed.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        before = _last(connection)
        with connection.cursor(row_factory=namedtuple_row) as cursor:
            now: Any = cursor.execute(_NOW).fetchone()
        begins, ends = before.head.ends if before else (1, 0), (now.epoch, now.xid)
        if ends < begins:
            raise RestoredLog(
                "Databasen er lagt tilbake fra en kopi: transaksjonene teller fra før siste forsegling."
                " Begynn en ny epoke med «akson log new-epoch»."
            )
        parts = _parts(connection, begins, ends)
        new_epoch = before is not None and ends[0] > begins[0]
        renewed = _renewed(connection, begins, ends, now.renewed if new_epoch else None)
        if not parts and not renewed:
            # The horizon is not moved by an empty seal: what comes next begins where the last one ended.
            return None
        head = Head(
            number=before.head.number + 1 if before else 1,
            begins=begins,
            ends=ends,
            lines=sum(part.lines for part in parts),
            root=root_over(parts),
            previous=before.head.hash() if before else FIRST,
            sealed_at=moment(now.at),
            key=name_of(key.public_key()),
            renewed=renewed,
        )
        _store(connection, head, head.signed(key), parts)
    return head


def anchor(connection: psycopg.Connection[Any], file: Path) -> int:
    """Writes the heads that the file lacks to it, each a line, and answers with how many; on disk when it returns.

    What was sealed and not anchored because the machine stopped between the two, comes with the next.
    """
    last = max((one.head.number for one in anchored(file)), default=0)
    with connection.transaction():
        missing = heads(connection, after=last)
    if missing:
        with file.open("ab") as stream:
            # The first on a line of its own also after a line that a stop cut off.
            stream.write(b"\n" if stream.tell() else b"")
            stream.writelines(said({"head": asdict(one.head), "signature": one.signature}) + b"\n" for one in missing)
            stream.flush()
            os.fsync(stream.fileno())
    return len(missing)


def anchored(file: Path) -> list[Sealed]:
    """The heads of an anchor file; a line that was cut off by a stop, or is none, is left out, and so written again."""
    found = []
    for written in file.read_bytes().splitlines() if file.exists() else ():
        try:
            content = json.loads(written)
            found.append(Sealed(Head.read(content["head"]), content["signature"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _last(connection: psycopg.Connection[Any]) -> Sealed | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_LAST, (0,)).fetchone()
    return _sealed(row) if row else None


def _parts(connection: psycopg.Connection[Any], begins: tuple[int, int], ends: tuple[int, int]) -> list[Part]:
    parts = []
    for municipality_id, lines in groupby(lines_between(connection, begins, ends), municipality_of):
        tree = Tree()
        for written in lines:
            tree.add(leaf(said(written.line)))
        parts.append(Part(municipality_id, tree.size, tree.root().hex()))
    return parts


def _renewed(
    connection: psycopg.Connection[Any], begins: tuple[int, int], ends: tuple[int, int], epoch: dict[str, Any] | None
) -> dict[str, Any] | None:
    """What the head says beside its lines: why a new epoch began, and which months are gone and by whom."""
    between = (begins[0], str(begins[1]), ends[0], str(ends[1]))
    row = connection.execute(_DROPPED, between).fetchone()
    dropped = {"dropped": row[0]} if row and row[0] else {}
    return (epoch or {}) | dropped or None


def _store(connection: psycopg.Connection[Any], head: Head, signature: str, parts: list[Part]) -> None:
    renewed = json.dumps(head.renewed, ensure_ascii=False) if head.renewed else None
    covers = (head.begins[0], str(head.begins[1]), head.ends[0], str(head.ends[1]), head.lines, head.root)
    connection.execute(_INSERT, (head.number, *covers, head.previous, head.sealed_at, head.key, renewed, signature))
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_PART, [(head.number, part.municipality_id, part.lines, part.root) for part in parts])


def _sealed(row: dict[str, Any]) -> Sealed:
    row = dict(row)
    signature, begins = row.pop("signature"), (row.pop("from_epoch"), row.pop("from_xid"))
    ends = (row.pop("to_epoch"), row.pop("to_xid"))
    return Sealed(Head(**row | {"begins": begins, "ends": ends, "sealed_at": moment(row["sealed_at"])}), signature)
