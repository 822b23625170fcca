"""Which PIN is too easy to guess, and how one is kept."""

import hashlib
import hmac
import re
from functools import cache
from itertools import pairwise

from werkzeug.security import check_password_hash, generate_password_hash

from journal.platform.language import phrase

LEAST, MOST = 6, 12
_DIGITS = re.compile(r"[0-9]+")
# Lines and corners of a keypad, and what people choose most when six digits are asked for.
_KNOWN = ("159753", "753159", "147258", "258369", "147369", "369258", "789456", "456123", "741852", "852963", "951357")
METHOD = "scrypt:32768:8:3"  # 32 MiB, three passes, and some hundred milliseconds for each try


def weakness(pin: str) -> str | None:
    """Why *pin* is refused, as a sentence; None when it may be used.

    Source: NIST SP 800-63B-4 3.1.1.2 (at least six digits for a PIN, compared with a list of common and expected values).
    """
    if not _DIGITS.fullmatch(pin):
        return phrase("PIN-koden er bare tall.")
    if len(pin) < LEAST:
        return phrase("PIN-koden må ha %(least)s tall eller flere.", least=LEAST)
    if len(pin) > MOST:
        return phrase("PIN-koden kan ikke ha flere enn %(most)s tall.", most=MOST)
    return phrase("Den PIN-koden er for lett å gjette. Velg en annen.") if _obvious(pin) else None


def _obvious(pin: str) -> bool:
    """One step from each digit to the next (111111, 234567, 987654), a part again and again, two digits alone, pairs."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    again = any(pin == (pin[:part] * len(pin))[: len(pin)] for part in (2, 3, 4))
    pairs = all(pin[i] == pin[i + 1] for i in range(0, len(pin) - 1, 2))
    return len(steps) == 1 or again or pairs or len(set(pin)) < 3 or any(known in pin for known in _KNOWN)


def kept(pin: str, secret: bytes) -> str:
    """What is stored. *secret* is not in the database: a copy of the table alone can be tried against no PIN."""
    return generate_password_hash(_with_secret(pin, secret), METHOD)


def matches(hashed: str | None, pin: str, secret: bytes) -> bool:
    """Whether *pin* is the one that is kept; as slow when none is."""
    same = check_password_hash(hashed or _nobodys(), _with_secret(pin, secret))
    return same and hashed is not None


@cache
def _nobodys() -> str:
    """Looked at when there is nothing to compare with, so that it takes as long."""
    return generate_password_hash("", METHOD)


def _with_secret(pin: str, secret: bytes) -> str:
    return hmac.new(secret, f"pin:{pin}".encode(), hashlib.sha256).hexdigest()
