"""Signing in and out, changing user, and the colour scheme. Choosing a person from a list exists in a demo alone."""

import base64
from itertools import groupby
from uuid import UUID

from flask import current_app, request, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from journal.access.cookies import set_secret
from journal.access.held import held, page_of_ours, times
from journal.access.locking import begin, lock
from journal.access.sessions import demo_people, end_session, set_color_scheme, start_session
from journal.access.sessions import set_language as keep_language
from journal.access.sign_in_web import own_page, provider_buttons, signs_out_elsewhere
from journal.municipalities import municipalities
from journal.platform.errors import NotFound
from journal.platform.language import LANGUAGES
from journal.platform.settings import Settings
from journal.web import Section, current_work, form_body, own_address, render, see_other
from journal.web.security import cookie_name
from journal.web.shell import role_text

bp = Section("access", __name__)


class SignIn(Schema):
    """The form of the demo's sign-in page: which employment to act in."""

    role_id = fields.UUID(required=True)


class ColorScheme(Schema):
    color_scheme = fields.String(required=True, validate=validate.OneOf(["light", "dark", "auto"]))


class Language(Schema):
    language = fields.String(required=True, validate=validate.OneOf(list(LANGUAGES)))


@bp.page("/sign-in", None)
def sign_in() -> str:
    """The municipalities' providers; in a demo, which has none, the list of everybody one can be."""
    buttons = provider_buttons()
    if buttons or _settings().environment == "production":
        names = {known.number: known.name for known in municipalities()}
        shown = [(id, name, [(n, names.get(n, n)) for n in numbers]) for id, name, numbers in buttons]
        return render("access/providers.html", providers=shown, next=own_page(request.args.get("next", "")) or "")
    people = demo_people(current_work())
    groups = [
        (municipality, [(p.role_id, p.name, role_text(p.role), p.unit) for p in together])
        for municipality, together in groupby(people, key=lambda p: p.municipality)
    ]
    return render("sign_in.html", groups=groups, sign_in_url=url_for(".start", language=_asked_language()))


@bp.act("/sign-in", None, repeatable=True)
def start() -> BaseResponse:
    _only_where_people_are_invented()
    role_id: UUID = form_body(SignIn)["role_id"]
    token = start_session(current_work(), role_id, _asked_language())
    stood = begin(current_work(), token, held(), times())
    answer = see_other("chart.home")
    answer.headers["Location"] = stood or answer.headers["Location"]
    return with_cookie(answer, base64.urlsafe_b64encode(token).decode())


@bp.act("/switch-user", None, repeatable=True)
def switch_user() -> BaseResponse:
    """Ends the session on the server, and empties what the browser may have kept; on a shared device it is locked, and waits."""
    work = current_work()
    if work.signed_in and work.actor.device_id:
        lock(work, held(), page_of_ours(request.args.get("back")))
        return see_other("lock.locked")
    if token := request.cookies.get(cookie_name(_settings())):
        end_session(current_work(), base64.urlsafe_b64decode(token))
    answer = with_cookie(see_other("sign_in.leave" if signs_out_elsewhere() else "access.sign_in"), "")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@bp.act("/color-scheme", None, repeatable=True)
def color_scheme() -> BaseResponse:
    if token := request.cookies.get(cookie_name(_settings())):
        set_color_scheme(current_work(), base64.urlsafe_b64decode(token), form_body(ColorScheme)["color_scheme"])
    return _back()


@bp.act("/language", None, repeatable=True)
def set_language() -> BaseResponse:
    if token := request.cookies.get(cookie_name(_settings())):
        keep_language(current_work(), base64.urlsafe_b64decode(token), form_body(Language)["language"])
    return _back()


def _asked_language() -> str | None:
    """The one chosen on the sign-in page; without it the one the person had last."""
    asked = request.args.get("language")
    return asked if asked in LANGUAGES else None


def _back() -> BaseResponse:
    back = request.args.get("back", "/")
    answer = see_other("chart.home")
    if own_address(back):
        answer.headers["Location"] = back
    return answer


def _only_where_people_are_invented() -> None:
    if _settings().environment == "production" or provider_buttons():
        raise NotFound()


def _settings() -> Settings:
    settings: Settings = current_app.settings  # type: ignore[attr-defined]
    return settings


def with_cookie(answer: BaseResponse, value: str) -> BaseResponse:
    """The answer with the session's secret in its cookie; an empty *value* takes it away."""
    return set_secret(answer, _settings(), cookie_name(_settings()), value)
