"""A seal of the access log: what it covers, the bytes that are signed, and the bytes of a line.

The bytes of a line and of a head are pinned by tests: another order of the fields would break every seal there is.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journal.audit.merkle import leaf, root_of
from journal.platform.line_code import plain, said

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


def line_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the log as it is sealed and exported: times in UTC to the microsecond, ids and xid as text."""
    return {name: plain(row[name]) for name in COLUMNS} | {
        name: plain(row[name]) for name in LATER if row.get(name) is not None
    }


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

    The epoch is another after a restore, where the transactions count anew; then `renewed` says why and by which two. It
    says too which months of the log are dropped, since what they were is still sealed.
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

    @property
    def begins_epoch(self) -> bool:
        """Whether it says why a new epoch began."""
        return bool(self.renewed and "reason" in self.renewed)

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


def make_seal_key(file: Path) -> Ed25519PublicKey:
    """Makes a key in a file of its own, for its owner alone; answers with the public key. Raises FileExistsError."""
    key = Ed25519PrivateKey.generate()
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(key.private_bytes_raw().hex())
    return key.public_key()
