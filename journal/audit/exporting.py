"""The access log as a file that anybody can check with the public key alone: the whole of it, or one municipality's own part.

A line of JSON for the file itself, one for each seal with its parts, the lines that it covers after it, and last those that are
not sealed yet. Of one municipality's own export, every head is there, and of the parts its own with the way to the root; where it
has none, those that it would have stood between, which shows that nothing of it was sealed there.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from journal.audit import merkle
from journal.audit.seal import Part
from journal.audit.sealer import Sealed, heads, lines_between, municipality_of
from journal.platform.line_code import said

_PARTS: LiteralString = """
SELECT municipality_id, lines, encode(root, 'hex') AS root FROM audit.log_seal_part WHERE number = %s ORDER BY municipality_id
"""


def export(connection: psycopg.Connection[Any], municipality_id: UUID | None = None) -> Iterator[str]:
    """The lines of the file, each without its line end; of one municipality, or of all. *connection*: as journal_sealer."""
    of = str(municipality_id) if municipality_id else None
    with connection.transaction():
        yield _written({"log": {"municipality_id": of}})
        last = None
        for last in heads(connection):
            yield _written(_of_seal(connection, last, of))
            yield from _lines(connection, of, last.head.begins, last.head.ends)
        yield _written({"unsealed": True})
        yield from _lines(connection, of, last.head.ends) if last else _lines(connection, of, (1, 0))


def _of_seal(connection: psycopg.Connection[Any], sealed: Sealed, of: str | None) -> dict[str, Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: Iterable[Any] = cursor.execute(_PARTS, (sealed.head.number,)).fetchall()
    parts = [Part(str(row.municipality_id), row.lines, row.root) for row in rows]
    told = {"head": asdict(sealed.head), "signature": sealed.signature}
    return {"seal": told | ({"parts": [asdict(part) for part in parts]} if of is None else parts_for(of, parts))}


def parts_for(of: str, parts: list[Part]) -> dict[str, Any]:
    """What a seal says to one municipality: its own part and the way to the root, or the parts that it would have stood between."""
    for index, part in enumerate(parts):
        if part.municipality_id == of:
            return {"parts": [asdict(part)], "way": _way(parts, index)}
    after = sum(part.municipality_id < of for part in parts)
    near = range(max(after - 1, 0), min(after + 1, len(parts)))
    between = [{"part": asdict(parts[index]), "way": _way(parts, index)} for index in near]
    return {"parts": [], "between": between}


def _way(parts: list[Part], index: int) -> dict[str, Any]:
    beside = [each.hex() for each in merkle.path([one.leaf() for one in parts], index)]
    return {"index": index, "size": len(parts), "beside": beside}


def _lines(connection: psycopg.Connection[Any], of: str | None, *between: tuple[int, int]) -> Iterator[str]:
    for municipality_id, lines in groupby(lines_between(connection, *between), municipality_of):
        if of in (None, municipality_id):
            yield from (_written({"line": each.line} | ({"code": each.code} if each.code else {})) for each in lines)


def _written(content: dict[str, Any]) -> str:
    return said(content).decode()


def read(written: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The lines of such a file. Raises ValueError, with a sentence, for a file that is none."""
    for number, text in enumerate(written, 1):
        try:
            content = json.loads(text)
        except ValueError as error:
            raise ValueError(f"Linje {number} i filen er ikke til å lese. Hent filen på nytt.") from error
        if not isinstance(content, dict) or (number == 1 and "log" not in content):
            raise ValueError("Filen er ikke et uttrekk av innsynsloggen.")
        yield content
