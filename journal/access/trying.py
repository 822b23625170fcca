"""How often one may try to sign in: from one address and in all, so that nobody drowns the provider, the database or the log."""

import hashlib
import hmac
import ipaddress
import json

import sqlalchemy as sa

from journal.access.openid import SignInRefused
from journal.platform.settings import Settings
from journal.platform.work import Work

_TRY = sa.text("SELECT access.try_sign_in(:call, :mac)")
_IPV6_NETWORK = 64  # one subscriber has this many addresses to choose among: they count as one


def count_try(work: Work, settings: Settings, step: str, address: str) -> None:
    """Counts a *step* (begin or callback) of a sign-in from this address. Raises SignInRefused when there are too many in ten
    minutes; what is refused is not counted.
    """
    call = json.dumps(
        {
            "at": work.now.isoformat(),
            "step": step,
            "address": _hash(settings.secret_key, _place(address)),
            "per_address": settings.sign_ins_per_address,
            "in_all": settings.sign_ins_in_all,
        }
    )
    if not work.db.execute(_TRY, {"call": call, "mac": work.keys.sign(call)}).scalar_one():
        raise SignInRefused("too_many")


def address_of(direct: str | None, forwarded: list[str], proxies: int) -> str:
    """Who asks, by what the outermost of our own *proxies* saw; what stands before that in *forwarded* anybody may have written."""
    return forwarded[-proxies] if 0 < proxies <= len(forwarded) else direct or ""


def _place(address: str) -> str:
    """The address, of IPv6 its network; what is no address is a place of its own."""
    try:
        said = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(said if said.version == 4 else ipaddress.ip_network((said, _IPV6_NETWORK), strict=False))


def _hash(key: bytes, place: str) -> str:
    return hmac.new(key, f"sign-in from {place}".encode(), hashlib.sha256).hexdigest()
