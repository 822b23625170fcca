"""Cookies that hold a secret: for this host alone, out of reach of scripts, and not sent with another site's form."""

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from journal.platform.settings import Settings


def set_secret(
    answer: BaseResponse, settings: Settings, name: str, value: str, seconds: int | None = None
) -> BaseResponse:
    """The answer with the cookie; an empty value takes it away. *seconds* None: as long as the browser is open."""
    assert isinstance(answer, Response)
    secure = settings.public_url.startswith("https://")
    lasts = seconds if value else 0
    answer.set_cookie(name, value, secure=secure, httponly=True, samesite="Lax", path="/", max_age=lasts)
    return answer
