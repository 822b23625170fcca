"""What only shows over TLS: the cookie of a session, and the header that keeps a browser from anything else."""

import base64
import os
from collections.abc import Callable

from flask import Response

from journal.access.cookies import set_secret
from journal.app import JournalApp
from journal.platform.settings import Settings
from journal.web.security import cookie_name, headers
from tests.conftest import Browser, World
from tests.factories import Staff


def settings(address: str) -> Settings:
    return Settings(database_url="", secret_key=os.urandom(32), mac_key=os.urandom(32), public_url=address)


def test_the_cookie_of_a_session_is_for_this_host_over_tls_and_out_of_reach_of_scripts() -> None:
    production = settings("https://journal.kommune.example")
    cookie = set_secret(Response(), production, cookie_name(production), "secret").headers["Set-Cookie"]

    assert set(cookie.split("; ")) == {"__Host-akson=secret", "Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_a_browser_is_told_to_come_over_tls_for_a_year_where_there_is_tls() -> None:
    told = dict(headers(settings("https://journal.kommune.example")))

    assert told["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in dict(headers(settings("http://127.0.0.1:8000")))


def test_a_session_is_known_by_32_bytes_of_chance(
    world: World, app: JournalApp, client_for: Callable[[Staff | None], Browser]
) -> None:
    """OWASP ASVS asks for 128 bits. What is stored is their hash."""
    secrets = []
    for _ in range(2):
        browser = client_for(None)
        browser.act("/sign-in", {"role_id": str(world.nina.actor.role_id)})
        cookie = browser.client.get_cookie(cookie_name(app.settings))
        secrets.append(base64.urlsafe_b64decode(cookie.value))

    assert [len(secret) for secret in secrets] == [32, 32]
    assert len(set(secrets[0] + secrets[1])) > 32, "and they are not alike"
