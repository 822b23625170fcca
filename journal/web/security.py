"""What every request must show and every response carries: CSRF token, own origin, command id, headers."""

import hashlib
import hmac
from typing import Any
from uuid import UUID

from flask import Response, g, request

from journal.platform import commands
from journal.platform.caller import Command
from journal.platform.errors import Denied, Invalid
from journal.platform.language import phrase
from journal.platform.settings import Settings
from journal.platform.shielding import hidden
from journal.platform.work import Work

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    ("Content-Security-Policy", _CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
]
_SHIELDED_AS_MADE = frozenset({"application/pdf", "application/zip"})
_TLS_ONLY = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def cookie_name(settings: Settings) -> str:
    """The __Host- prefix binds the cookie to this host over TLS; a demo on plain HTTP cannot have it."""
    return "__Host-akson" if settings.public_url.startswith("https://") else "akson"


def csrf_token(settings: Settings, work: Work) -> str:
    """Bound to the session; for whoever is not signed in, to the application alone (signing in changes nobody's data)."""
    return token_of(settings, str(work.actor.session_id) if work.signed_in else "nobody")


def token_of(settings: Settings, session: str) -> str:
    """Of a session, by its id."""
    return hmac.new(settings.secret_key, f"csrf:{session}".encode(), hashlib.sha256).hexdigest()


def refuse_forgery(settings: Settings, work: Work) -> None:
    """Raises Denied for a form that another site sent: foreign origin, or no token of this session."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Denied("Skjemaet ble ikke sendt fra journalen.")
    origin = request.headers.get("Origin")
    if origin and origin != "null" and origin.split("://")[-1] != request.host:
        raise Denied("Skjemaet ble ikke sendt fra journalen.")
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(sent.encode(), csrf_token(settings, work).encode()):
        raise Denied("Siden er for gammel. Last den på nytt og prøv igjen. Det du skrev, er ikke lagret.")


def refuse_hidden_words() -> None:
    """Raises Invalid for a form with the mark of a word that was taken out: what is saved would stand in the place of the word."""
    mark = hidden()
    wrong: dict[str, list[str]] = {
        name: [phrase("Feltet har noe som er skjermet for deg. Skriv det på nytt uten det.")]
        for name, value in request.form.items(multi=True)
        if mark in value
    }
    if wrong:
        raise Invalid(errors=wrong)


def command() -> Command | None:
    """What is to be done once: the id from the form or the Idempotency-Key header, and what is asked for. None without an id."""
    try:
        command_id = UUID(request.headers.get("Idempotency-Key") or request.form.get("command_id", ""))
    except ValueError:
        return None
    return commands.command(command_id, _body())


def _body() -> dict[str, Any]:
    """What the command asks for: its address and everything sent with it but the shell's own fields, and no PIN."""
    sent: dict[str, Any] = dict(request.get_json()) if request.is_json else request.form.to_dict(flat=False)
    for field in ("csrf_token", "proof_pin", "proof_again"):
        sent.pop(field, None)
    return {"path": request.path, **sent}


def headers(settings: Settings) -> list[tuple[str, str]]:
    """On every response, also errors."""
    return [*_HEADERS, _TLS_ONLY] if settings.public_url.startswith("https://") else _HEADERS


def kept_nowhere(response: Response) -> Response:
    """Nothing that shows a patient may be kept by a browser or a proxy."""
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Cookie, HX-Request"
    return response


def shielded(response: Response) -> Response:
    """An answer without what tells where a protected patient is, whatever made it. A print is shielded as it is set."""
    if "work" in g and g.work.shields and response.mimetype not in _SHIELDED_AS_MADE:
        response.set_data(g.work.shield(response.get_data(as_text=True)))
    return response
