"""What somebody had typed when she was asked to prove anew who she is, while she does so at her provider (decision 0038).

It is sealed with a secret of her browser that lies in no database, under the name of the person: neither whoever runs the
database nor the next one at the same machine reads it. PostgreSQL hands it to the same person in the same employment and device.
"""

import hashlib
import hmac
import json
import os
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from journal.platform.work import Work

LONGEST = 200_000  # characters of one form
_NONCE_BYTES = 12
_KEEP = sa.text("SELECT access.keep_form(:key, :sealed)")
_KEPT = sa.text("SELECT access.kept_form(:key, :taken)")


class KeptForm(NamedTuple):
    """Where a form was on its way, and what stood in it, in order."""

    address: str
    fields: list[tuple[str, str]]


def keep(work: Work, secret_key: bytes, browser: bytes, form: KeptForm) -> None:
    """In the place of what she may have kept before."""
    nonce = os.urandom(_NONCE_BYTES)
    told = AESGCM(_key(secret_key, browser)).encrypt(nonce, json.dumps(form).encode(), _of(work.actor.person_id))
    work.db.execute(_KEEP, {"key": _name(browser), "sealed": nonce + told})


def kept(work: Work, secret_key: bytes, browser: bytes, *, taken: bool = False) -> KeptForm | None:
    """What she who is signed in had typed in this browser; None for anybody else, and when it is used or old."""
    sealed: bytes | None = work.db.execute(_KEPT, {"key": _name(browser), "taken": taken}).scalar()
    if sealed is None:
        return None
    try:
        cipher = AESGCM(_key(secret_key, browser))
        told = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _of(work.actor.person_id))
    except InvalidTag:
        return None
    address, fields = json.loads(told)
    return KeptForm(address, [(name, value) for name, value in fields])


def _key(secret_key: bytes, browser: bytes) -> bytes:
    return hmac.new(secret_key, b"a form that waits" + browser, hashlib.sha256).digest()


def _name(browser: bytes) -> bytes:
    return hashlib.sha256(b"a form that waits" + browser).digest()


def _of(person_id: UUID) -> bytes:
    return person_id.bytes
