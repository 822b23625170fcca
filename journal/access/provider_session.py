"""What is needed to be signed out at the provider too: its ID token, sealed in a cookie of the browser and stored nowhere here."""

import base64
import hashlib
import hmac
import json
import os
import zlib
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_LONGEST = 3800  # a browser keeps a cookie of 4096 characters, name and all


class ProviderSession(NamedTuple):
    """Where somebody signed in, and what she is known by there; *id_token* is empty when it was too long to keep."""

    provider: str
    id_token: str


def sealed(secret_key: bytes, session: ProviderSession) -> str:
    """As a cookie that only this installation opens: the token has the person's number in it."""
    whole = _seal(secret_key, session)
    return whole if len(whole) <= _LONGEST else _seal(secret_key, session._replace(id_token=""))


def opened(secret_key: bytes, cookie: str) -> ProviderSession | None:
    """What was sealed; None for anything else."""
    try:
        data = base64.urlsafe_b64decode(cookie.encode())
        told = AESGCM(_key(secret_key)).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)
    except (ValueError, InvalidTag):
        return None
    return ProviderSession(*json.loads(zlib.decompress(told)))


def _seal(secret_key: bytes, session: ProviderSession) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    told = zlib.compress(json.dumps(session).encode())
    return base64.urlsafe_b64encode(nonce + AESGCM(_key(secret_key)).encrypt(nonce, told, None)).decode()


def _key(secret_key: bytes) -> bytes:
    return hmac.new(secret_key, b"session at the provider", hashlib.sha256).digest()
