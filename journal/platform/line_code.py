"""The code over a line of the access log, made by the program with a key that the database never has.

The seals vouch for a line from the second after it was written. Until then, and for whatever the sealer was given to seal,
this does: whoever can write as the owner of the database cannot make one.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

CODED = (
    *("at", "municipality_id", "unit_id", "unit_name", "actor_id", "actor_name", "actor_role", "acting_as", "patient_id"),
    *("action", "categories", "object_id", "ground", "purpose", "relationship_id", "decision_ref", "origin"),
    *("session_id", "request_id", "outcome"),
)  # fmt: skip
"""What the code is over: all that the program says of a line. Its id, transaction and epoch are the database's own."""


_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def said(content: Any) -> bytes:
    """The one way to write something down as bytes: JSON with the names in order, and nothing between."""
    return _WRITER.encode(content).encode()


def plain(value: Any) -> Any:
    """As a line has it in the export: times in UTC to the microsecond, ids as text."""
    if isinstance(value, datetime):
        return moment(value)
    return str(value) if isinstance(value, UUID) else value


def moment(at: datetime) -> str:
    """`2026-11-22T07:00:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def code_of(key: bytes, line: Mapping[str, Any]) -> str:
    """HMAC-SHA256 over the line's own part, as 64 hex digits. *line*: as it is told, or as it stands in an export."""
    return codes_of(key, line, [{}])[0]


def codes_of(key: bytes, told: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """The code of each of the lines of one look. *told*: what is alike in all of them, and is written down once."""
    alike = {name: f'"{name}":{_written(told.get(name))}' for name in sorted(CODED)}
    return [
        hmac.digest(key, f"{{{','.join((alike | _parts(line)).values())}}}".encode(), "sha256").hex() for line in lines
    ]


def _parts(line: Mapping[str, Any]) -> dict[str, str]:
    return {name: f'"{name}":{_written(value)}' for name, value in line.items()}


def _written(value: Any) -> str:
    """As said() writes it, where it stands in a line: most of a line is text."""
    if value is None:
        return "null"
    return encode_basestring(value) if type(value) is str else _WRITER.encode(plain(value))
