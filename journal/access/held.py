"""What a browser brings and is given: the secrets in its cookies, and the page of the house it stood at."""

import base64
from typing import Any, cast
from uuid import UUID

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from journal.access import locking
from journal.access.locking import Held, Times, lock, waiting
from journal.platform.caller import Actor
from journal.platform.settings import Settings
from journal.platform.work import Work
from journal.web import own_address
from journal.web.security import cookie_name

LONGEST_PATH = 300


def settings() -> Settings:
    """Of the installation."""
    return cast(Settings, cast(Any, current_app).settings)


def times() -> Times:
    """As the installation has chosen."""
    return Times.of(settings())


def device_cookie() -> str:
    """Bound to this host over TLS, like the session's."""
    return f"{cookie_name(settings())}-device"


def held() -> Held:
    """The secrets of this request."""
    return Held(secret_in(cookie_name(settings())), secret_in(device_cookie()))


def page_of_ours(path: str | None) -> str | None:
    """*path* when it is a page that is fetched and that asks for a permission, with nothing in it but ids; else None."""
    if (
        not path
        or len(path) > LONGEST_PATH
        or not own_address(path)
        or any(sign in "?#" or ord(sign) < 32 for sign in path)
    ):
        return None
    app = current_app
    try:
        endpoint, _ids = app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except (HTTPException, RequestRedirect):
        return None
    return path if getattr(app.view_functions[endpoint], "permission", None) else None


def way_in(work: Work) -> bool:
    """Whether who is asked to sign in has a session here that a PIN opens; it is locked, and will be opened where she was."""
    browser = held()
    if not browser.token or not waiting(work, browser, times()):
        return False
    lock(work, browser, page_of_ours(request.path) if request.method == "GET" else None)
    return True


def secret_in(cookie: str) -> bytes | None:
    """The secret in a cookie of this request; None where there is none."""
    try:
        return base64.urlsafe_b64decode(request.cookies.get(cookie, "")) or None
    except ValueError:
        return None


def people_beside(work: Work) -> list[tuple[UUID, str]]:
    """The others who are signed in on this device and have a PIN, by session. One statement; none for a device of nobody's."""
    if work.actor.device_id is None:
        return []
    here = waiting(work, held(), times())
    return [(one.id, one.name) for one in here if one.with_pin and one.id != work.actor.session_id]


def beside(work: Work) -> Actor | None:
    """Who signs beside her: the person and the PIN in the form that came."""
    try:
        session_id = UUID(request.form.get("second_session", ""))
    except ValueError:
        return None
    return locking.beside(work, held(), times(), session_id, request.form.get("second_pin", ""), settings().secret_key)


def prove(work: Work) -> None:
    """The proof in the form that came: a PIN, or, where people are chosen from a list, that one is the one who was chosen."""
    if "proof_pin" in request.form:
        locking.prove(work, held(), times(), request.form["proof_pin"], settings().secret_key)
    elif settings().environment == "demo":
        locking.prove_strongly(work)
