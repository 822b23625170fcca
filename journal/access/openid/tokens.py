"""What a signed token must be before a word of it is believed (OpenID Connect Core 3.1.3.7, RFC 9068, FAPI 2.0)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from authlib.oidc.core.util import create_half_hash
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

from journal.access.openid.refusals import SignInRefused

ALGORITHMS = ("ES256", "PS256", "RS256")  # asymmetric alone; the list is always passed
SKEW = 10  # seconds that two clocks may differ
OLDEST = 600  # seconds since a token was issued
_ELSEWHERE = ("jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit")
_KINDS_OF_KEY = {"ES256": "EC", "PS256": "RSA", "RS256": "RSA"}


def header_of(token: str) -> dict[str, Any]:
    """The header, before anything is believed. Raises SignInRefused for what is no signed token."""
    try:
        head, _body, _signature = token.split(".")
        header = json.loads(urlsafe_b64decode(head.encode()))
    except (ValueError, AttributeError):
        raise SignInRefused("jwt_form") from None
    if not isinstance(header, dict):
        raise SignInRefused("jwt_form")
    return header


def verified(token: str, keys: Mapping[str, Key], types: tuple[str | None, ...]) -> dict[str, Any]:
    """The claims of a token signed with one of the issuer's *keys* (by kid), of one of these *types* (the header's typ)."""
    header = header_of(token)
    if header.get("alg") not in ALGORITHMS:
        raise SignInRefused("algorithm")
    if any(name in header for name in _ELSEWHERE):
        raise SignInRefused("key_in_header")
    kind = header.get("typ")
    if (kind.lower().removeprefix("application/") if isinstance(kind, str) else kind) not in types:
        raise SignInRefused("token_kind")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise SignInRefused("unknown_key")
    if key.key_type != _KINDS_OF_KEY[header["alg"]] or key.alg not in (None, header["alg"]):
        raise SignInRefused("algorithm")
    try:
        claims = json.loads(jws.deserialize_compact(token, key, algorithms=[header["alg"]]).payload)
    except (JoseError, ValueError):
        raise SignInRefused("signature") from None
    if not isinstance(claims, dict):
        raise SignInRefused("jwt_form")
    return claims


def check_common(claims: Mapping[str, Any], issuer: str, client_id: str, now: datetime) -> None:
    """Issuer, audience and time, which every token must have right."""
    if claims.get("iss") != issuer:
        raise SignInRefused("issuer")
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise SignInRefused("audience")
    check_times(claims, now)


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """In force now, and newly made."""
    at = int(now.timestamp())
    issued, ends, begins = (_seconds(claims.get(name)) for name in ("iat", "exp", "nbf"))
    if ends is None or ends <= at - SKEW:
        raise SignInRefused("expired")
    if begins is not None and begins > at + SKEW:
        raise SignInRefused("not_yet")
    if issued is None or not at - OLDEST <= issued <= at + SKEW:
        raise SignInRefused("issued")


def check_id_token(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
    algorithm: str,
    now: datetime,
) -> None:
    """An ID token for us, made for this very sign-in."""
    check_common(claims, issuer, client_id, now)
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
        raise SignInRefused("authorised_party")
    if claims.get("azp", client_id) != client_id:
        raise SignInRefused("authorised_party")
    if not nonce or claims.get("nonce") != nonce:
        raise SignInRefused("nonce")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise SignInRefused("subject")
    if "at_hash" in claims and claims["at_hash"] != create_half_hash(access_token, algorithm).decode():
        raise SignInRefused("access_token_mixed")


def authenticated_at(claims: Mapping[str, Any], now: datetime) -> datetime | None:
    """When she proved who she is at the provider (OpenID Connect Core 2, auth_time); None where nothing is said of it. Raises
    SignInRefused for a time that has not been, and for what is no time.
    """
    at = _seconds(claims.get("auth_time"))
    if (at is None) != ("auth_time" not in claims) or (at is not None and not 0 < at <= int(now.timestamp()) + SKEW):
        raise SignInRefused("auth_time")
    return None if at is None else datetime.fromtimestamp(at, UTC)


def check_bound(claims: Mapping[str, Any], issuer: str, thumbprint: str, now: datetime) -> None:
    """An access token that is worth nothing without the key of our own proof (RFC 9449)."""
    if claims.get("iss") != issuer:
        raise SignInRefused("issuer")
    check_times(claims, now)
    confirmation = claims.get("cnf")
    if not isinstance(confirmation, dict) or confirmation.get("jkt") != thumbprint:
        raise SignInRefused("token_unbound")


def check_logout(claims: Mapping[str, Any], issuer: str, client_id: str, now: datetime) -> None:
    """A logout token (OpenID Connect Back-Channel Logout 2.6); that its id is new is for whoever keeps the ids."""
    check_common(claims, issuer, client_id, now)
    events = claims.get("events")
    if not isinstance(events, dict) or "http://schemas.openid.net/event/backchannel-logout" not in events:
        raise SignInRefused("logout_event")
    if "nonce" in claims:
        raise SignInRefused("logout_nonce")
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise SignInRefused("logout_id")
    if not any(isinstance(claims.get(name), str) and claims[name] for name in ("sid", "sub")):
        raise SignInRefused("logout_whom")


def _seconds(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
