"""A seal of the access log: what it covers, the bytes that are signed, and the bytes of a line.

The bytes of a line and of a head are pinned by tests: another order of the fields would break every seal there is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journal.audit.merkle import leaf, root_of

COLUMNS = (
    *(
        "at",
        "epoch",
        "xid",
        "id",
        "municipality_id",
        "unit_id",
        "unit_name",
        "actor_id",
        "actor_name",
        "actor_role",
        "acting_as",
    ),
    *(
        "patient_id",
        "action",
        "categories",
        "object_id",
        "ground",
        "purpose",
        "relationship_id",
        "decision_ref",
        "origin",
    ),
    *("session_id", "request_id", "outcome"),
)
"""What is sealed of a line: all of it, and what came later where it says something."""

LATER = ("supervised_by", "supervised_by_name")
"""Columns that came after the first seals: a line that has nothing in them has the bytes that it would have had before."""

NOBODY = UUID(int=0)
"""Stands for the municipality in lines of none: the journal's own."""

FIRST = "0" * 64
"""What the first head says that it follows."""


def said(content: Any) -> bytes:
    """The one way to write something down as bytes: JSON with the names in order, and nothing between."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def line_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the log as it is sealed and exported: times in UTC to the microsecond, ids and xid as text."""
    return {name: _plain(row[name]) for name in COLUMNS} | {
        name: _plain(row[name]) for name in LATER if row.get(name) is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return str(value) if isinstance(value, UUID) else value


def moment(at: datetime) -> str:
    """`2026-11-22T07:00:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Part:
    """What a seal covers of one municipality: how many lines, and the root over them by transaction and id."""

    municipality_id: str
    lines: int
    root: str

    def leaf(self) -> bytes:
        """Its place in the tree of the seal."""
        return leaf(b"\x02" + said([self.municipality_id, self.lines, self.root]))


@dataclass(frozen=True)
class Head:
    """One seal: the closed transactions from `begins` to before `ends`, each an epoch and a transaction in it, and the seal
    before it.

    The epoch is another after a restore, where the transactions count anew; then `renewed` says why and by which two.
    """

    number: int
    begins: tuple[int, int]
    ends: tuple[int, int]
    lines: int
    root: str
    previous: str
    sealed_at: str
    key: str
    renewed: dict[str, Any] | None = None

    @classmethod
    def read(cls, written: dict[str, Any]) -> "Head":
        """From JSON."""
        return cls(**written | {"begins": tuple(written["begins"]), "ends": tuple(written["ends"])})

    def content(self) -> bytes:
        """What is signed."""
        return said(asdict(self))

    def hash(self) -> str:
        """What the next seal says that it follows."""
        return sha256(b"\x03" + self.content()).hexdigest()

    def signed(self, key: Ed25519PrivateKey) -> str:
        """The signature, in hexadecimal."""
        return key.sign(self.content()).hex()

    def is_signed(self, key: Ed25519PublicKey, signature: str) -> bool:
        """Whether this signature is of this head, by this key."""
        try:
            key.verify(bytes.fromhex(signature), self.content())
        except (InvalidSignature, ValueError):
            return False
        return True


def root_over(parts: list[Part]) -> str:
    """The root over the municipalities, which stand by id."""
    return root_of(part.leaf() for part in parts).hex()


def name_of(key: Ed25519PublicKey) -> str:
    """What a head calls the key that signed it."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]
