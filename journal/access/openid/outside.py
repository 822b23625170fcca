"""Calls out of the journal: to one host, over checked TLS, with no redirects, and never longer or more than a limit."""

import json
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from journal.access.openid.refusals import SignInRefused

SECONDS = 5
BYTES = 256 * 1024
_REDIRECTS = range(300, 400)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def ask(address: tuple[str, str], url: str, form: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    """The JSON object behind a url of this *address* (scheme and host): GET, or POST with a *form*.

    Raises SignInRefused: for another host, a redirect, what is no JSON object, and what takes longer than 5 s or more than 256 kB.
    """
    parts = urlsplit(url)
    if (parts.scheme, parts.netloc) != address:
        raise SignInRefused("endpoint")
    sent = {"Accept": "application/json", **(headers or {})}
    if form is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    connection = _connection(parts.scheme, parts.netloc)
    ends = monotonic() + SECONDS
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if form is None else "POST", path or "/", form, sent)
        response = connection.getresponse()
        if response.status in _REDIRECTS:
            raise SignInRefused("redirected")
        body = _read(response, ends)
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, _object(body))
    except (OSError, HTTPException):
        raise SignInRefused("unreachable") from None
    finally:
        connection.close()


def _connection(scheme: str, host: str) -> HTTPConnection:
    if scheme == "http":  # this machine alone, and never in production: providers._problems
        return HTTPConnection(host, timeout=SECONDS)
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return HTTPSConnection(host, timeout=SECONDS, context=context)


def _read(response: Any, ends: float) -> bytes:
    """Piece by piece: a limit for each piece alone would let a slow answer last for ever."""
    body = b""
    while piece := response.read1(16384):
        body += piece
        if len(body) > BYTES:
            raise SignInRefused("too_big")
        if monotonic() > ends:
            raise SignInRefused("too_slow")
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body or b"{}")
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise SignInRefused("not_json")
    return told
