"""What only shows over TLS: the cookie of a session, and the header that keeps a browser from anything else."""

import os

from flask import Response

from journal.access.cookies import set_secret
from journal.platform.settings import Settings
from journal.web.security import cookie_name, headers


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
