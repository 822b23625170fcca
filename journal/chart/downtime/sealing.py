"""Sealing: what the server writes for a device and cannot read again."""

import base64
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LEAST_BITS = 2048
_NONCE_BYTES = 12


def public_key(der: bytes) -> rsa.RSAPublicKey:
    """A device's public key as it sends it (SubjectPublicKeyInfo). Raises ValueError for anything but RSA of 2048 bits or more."""
    try:
        key = serialization.load_der_public_key(der)
    except Exception as error:
        raise ValueError("not a public key") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
        raise ValueError("not an RSA key of 2048 bits")
    return key


def seal(content: dict[str, Any], key: rsa.RSAPublicKey) -> str:
    """AES-256-GCM under a key of this part alone, and that key under the device's RSA-OAEP.

    Answers with JSON of three base64 texts: key, nonce, sealed. WebCrypto opens it without a library.
    """
    own_key, nonce = AESGCM.generate_key(bit_length=256), os.urandom(_NONCE_BYTES)
    sha256 = hashes.SHA256()
    wrapped = key.encrypt(own_key, padding.OAEP(mgf=padding.MGF1(sha256), algorithm=sha256, label=None))
    sealed = AESGCM(own_key).encrypt(nonce, json.dumps(content, ensure_ascii=False).encode(), None)
    return json.dumps({"key": _text(wrapped), "nonce": _text(nonce), "sealed": _text(sealed)})


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
