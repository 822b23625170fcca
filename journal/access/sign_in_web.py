"""Signing in through a provider: there, back, the choice of role, and the provider's own message that somebody is out."""

import base64
import hmac
import json
import secrets
from datetime import timedelta
from functools import cache
from typing import NamedTuple, cast

import sqlalchemy as sa
import structlog
from flask import Response, current_app, g, request, url_for
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from journal.access.cookies import set_secret
from journal.access.held import held, page_of_ours, secret_in, times
from journal.access.kept_form import LONGEST, KeptForm, keep, kept
from journal.access.locking import begin as begin_session
from journal.access.openid import Client, Identity, Provider, Providers, Secrets, SignInRefused, providers
from journal.access.provider_session import ProviderSession, opened, sealed
from journal.access.signing_in import (
    ProvedRole,
    begin_sign_in,
    change_role,
    end_issuer_sessions,
    prove,
    proved_roles,
    return_to_sign_in,
    take_role,
)
from journal.access.trying import address_of, count_try
from journal.platform.errors import NotFound, NotSignedIn
from journal.platform.settings import Settings
from journal.platform.work import Work
from journal.web import SHELL_FIELDS, Section, current_work, form_body, render, see_other
from journal.web.security import cookie_name

bp = Section("sign_in", __name__)
_log = structlog.get_logger()

MINUTES = 10  # from the button to the way back
_FRONT = "/"
_NUMBER = sa.text("SELECT number FROM municipalities.municipality WHERE id = :id")


class Choice(Schema):
    """The button of a provider: which one, for which municipality, and where to go afterwards."""

    provider = fields.String(required=True, validate=validate.Length(max=60))
    municipality = fields.String(required=True, validate=validate.Length(max=4))
    next = fields.String(load_default="", validate=validate.Length(max=300))


class Again(Schema):
    """The button of a provider where an act asks for proof: the address the act was on its way to, and its form as JSON."""

    provider = fields.String(required=True, validate=validate.Length(max=60))
    address = fields.String(required=True, validate=validate.Length(max=300))
    form = fields.String(required=True, validate=validate.Length(max=LONGEST))


class WayToProve(NamedTuple):
    """Where what was typed is sent when she proves herself at a provider: id and name of each."""

    url: str
    providers: list[tuple[str, str]]
    address: str
    form: str


class RoleChoice(Schema):
    role_id = fields.UUID(required=True)


@bp.act("/sign-in/begin", None, repeatable=True)
def begin() -> BaseResponse:
    """A page, and no redirect: forms may lead nowhere but here (form-action), and the page leads on by itself."""
    chosen = form_body(Choice)
    provider = _provider(chosen["provider"])
    if chosen["municipality"] not in provider.municipalities:
        raise NotFound()
    return _to(provider, chosen["municipality"], own_page(chosen["next"]))


@bp.act("/sign-in/again", None, repeatable=True)
def again() -> BaseResponse:
    """As begin(), for somebody who is signed in and must prove it: what she had typed waits for her, and for nobody else."""
    chosen, work = form_body(Again), current_work()
    provider, form = _provider(chosen["provider"]), _form_of(chosen["address"], chosen["form"])
    municipality = _number_of(work)
    if municipality not in provider.municipalities:
        raise NotFound()
    browser = secrets.token_bytes(32)
    keep(work, _settings().secret_key, browser, form)
    answer = _to(provider, municipality, None, again=True)
    return set_secret(answer, _settings(), _form_cookie(), base64.urlsafe_b64encode(browser).decode(), MINUTES * 60)


@bp.page("/sign-in/kept", None)
def kept_form() -> BaseResponse:
    """Back from the provider. Whoever else has signed in meanwhile is led on as if nothing had been typed."""
    form = _kept()
    if form is None:
        onwards = own_page(request.args.get("next", "")) or _FRONT
        return set_secret(Response(status=303, headers={"Location": onwards}), _settings(), _form_cookie(), "")
    return Response(render("access/kept_form.html", fields=form.fields))


@bp.act("/sign-in/kept", None, repeatable=True)
def finish() -> BaseResponse:
    """Sends the form on to where it was going, once: 307 keeps what is in it."""
    form = _kept(taken=True)
    answer = Response(status=307, headers={"Location": form.address}) if form else see_other("chart.home")
    return set_secret(answer, _settings(), _form_cookie(), "")


@bp.act("/sign-in/kept/throw-away", None, repeatable=True)
def throw_away() -> BaseResponse:
    _kept(taken=True)
    return set_secret(see_other("chart.home"), _settings(), _form_cookie(), "")


@bp.page("/sign-in/callback/<provider_id>", None)
def callback(provider_id: str) -> BaseResponse:
    """Back from the provider. What is refused is answered and not raised: the state is used up whatever it led to."""
    provider, work = _provider(provider_id), current_work()
    try:
        count_try(work, _settings(), "callback", _address())
        response = _only_once()
        own = _secrets()
        if own is None or not hmac.compare_digest(response.get("state", "").encode(), own.state.encode()):
            raise SignInRefused("browser" if own is None else "state")
        municipality = return_to_sign_in(work, own, provider.id)
        who = _client(provider).receive(own, response, _way_back(provider), municipality, work.now)
        _must_be_anew(who)
        prove(work, own, _providers(), provider, municipality, who)
        roles = proved_roles(work, own)
        answer = _signed_in(own, roles[0]) if len(roles) == 1 else see_other("sign_in.choose_role")
        kept = sealed(_settings().secret_key, ProviderSession(provider.id, who.id_token))
        return set_secret(answer, _settings(), _kept_cookie(), kept)
    except SignInRefused as refusal:
        return _refused(refusal, provider.id)


@bp.page("/sign-in/role", None)
def choose_role() -> str:
    """The choice of role and unit: once after signing in, or anew in the session one has."""
    work = current_work()
    own, roles = _choices()
    now = work.actor.role_id if own is None else None
    return render("access/choose_role.html", roles=roles, now=now, waiting=own is not None)


@bp.act("/sign-in/role", None, repeatable=True)
def take() -> BaseResponse:
    role_id = form_body(RoleChoice)["role_id"]
    own, roles = _choices()
    chosen = next((role for role in roles if role.role_id == role_id), None)
    if chosen is None:
        raise NotFound("Rollen er ikke din lenger. Logg inn på nytt.")
    if own is not None:
        return _signed_in(own, chosen)
    if (session := held().token) is None or (token := change_role(current_work(), session, role_id)) is None:
        raise NotSignedIn()
    return _with_session(see_other("chart.home"), token)


@bp.told("/sign-in/logout/<provider_id>")
def logged_out(provider_id: str) -> BaseResponse:
    """OpenID Connect Back-Channel Logout: the provider says, signed, that a session or a person is out there."""
    provider, work = _provider(provider_id), current_work()
    try:
        claims = _client(provider).logged_out(request.form.get("logout_token", ""), work.now)
        ended = end_issuer_sessions(work, provider.issuer, claims)
    except SignInRefused as refusal:
        _note(refusal, provider.id)
        return Response(status=400)
    _log.info("sessions_ended_by_provider", provider=provider.id, ended=ended)
    return Response(status=200)


@bp.page("/sign-in/leave", None)
def leave() -> BaseResponse:
    """After signing out here: leads on to the provider to be signed out there too. A page, as the way in is."""
    provider, kept = _signed_in_at()
    if current_work().signed_in or provider is None or kept is None:
        return see_other("chart.home")
    state = secrets.token_hex(32)
    back = _settings().public_url.rstrip("/") + url_for("sign_in.left", provider_id=provider.id)
    there = _client(provider).way_out(kept.id_token, back, state)
    if there is None:
        answer = Response(render("access/left.html", provider=provider.name, confirmed=False))
        return set_secret(answer, _settings(), _kept_cookie(), "")
    answer = Response(render("access/on_the_way_out.html", provider=provider.name, there=there))
    answer.headers["Refresh"] = f"0; url={there}"
    set_secret(answer, _settings(), _way_out_cookie(), state, MINUTES * 60)
    return set_secret(answer, _settings(), _kept_cookie(), "")


@bp.page("/sign-in/left/<provider_id>", None)
def left(provider_id: str) -> BaseResponse:
    """Back from the provider: she is out there too when it says the state that this browser was sent with."""
    provider, sent = _provider(provider_id), request.cookies.get(_way_out_cookie(), "")
    confirmed = bool(sent) and hmac.compare_digest(request.args.get("state", "").encode(), sent.encode())
    answer = Response(render("access/left.html", provider=provider.name, confirmed=confirmed))
    return set_secret(answer, _settings(), _way_out_cookie(), "")


def ways_to_prove() -> WayToProve | None:
    """For the page that asks for proof; None where nobody signs in by a provider, or what was typed is too long to keep."""
    work = current_work()
    if not _providers().by_id or not work.signed_in:
        return None
    number = _number_of(work)
    known = [(p.id, p.name) for p in _providers().by_id.values() if number in p.municipalities]
    sent = [(n, v) for n, v in request.form.items(multi=True) if n == "command_id" or n not in SHELL_FIELDS]
    form = json.dumps(sent)
    return WayToProve(url_for("sign_in.again"), known, request.path, form) if known and len(form) <= LONGEST else None


def signs_out_elsewhere() -> bool:
    """Whether this browser was signed in at a provider, which is told of it when she signs out here."""
    return _signed_in_at()[0] is not None


def provider_buttons() -> list[tuple[str, str, list[str]]]:
    """Id, name and municipalities (numbers) of each provider, for the page where one signs in."""
    return [(p.id, p.name, sorted(p.municipalities)) for p in _providers().by_id.values()]


def own_page(target: str) -> str | None:
    """The address when it is a page of ours that is fetched, without its query; else None: nobody is sent elsewhere."""
    return page_of_ours(target.partition("?")[0].partition("#")[0])


def _signed_in(own: Secrets, role: ProvedRole) -> BaseResponse:
    """In the place of whatever session the browser had, which ends; on a shared device another's is locked, and stays hers."""
    work = current_work()
    token = take_role(work, own, role.role_id)
    stood = begin_session(work, token, held(), times())
    answer = see_other("chart.home")
    onwards = own_page(role.next or "") or stood or _FRONT
    # Whether it is hers is asked when she is signed in.
    waits = request.cookies.get(_form_cookie())
    answer.headers["Location"] = url_for("sign_in.kept_form", next=onwards) if waits else onwards
    return set_secret(_with_session(answer, token), _settings(), _cookie(), "")


def _must_be_anew(who: Identity) -> None:
    """For whoever was sent there to prove it anew, a word of why nothing is done yet. The proof itself is as old as it is said to
    be (access.take_role), whatever the browser holds."""
    since = timedelta(minutes=MINUTES)
    if request.cookies.get(_form_cookie()) and not (
        who.authenticated_at and who.authenticated_at > current_work().now - since
    ):
        raise SignInRefused("not_anew")


def _to(provider: Provider, municipality: str, back: str | None, *, again: bool = False) -> BaseResponse:
    """A page that leads on to the provider; *again*: where she is to prove who she is also when she is signed in there."""
    browser = secrets.token_bytes(32)
    own = Secrets(_settings().secret_key, browser)
    try:
        count_try(current_work(), _settings(), "begin", _address())
        there = _client(provider).send(own, _way_back(provider), municipality, current_work().now, again=again)
    except SignInRefused as refusal:
        return _refused(refusal, provider.id)
    begin_sign_in(current_work(), own, provider.id, municipality, back)
    answer = Response(render("access/on_the_way.html", provider=provider.name, there=there))
    answer.headers["Refresh"] = f"0; url={there}"
    return set_secret(answer, _settings(), _cookie(), base64.urlsafe_b64encode(browser).decode(), MINUTES * 60)


def _form_of(address: str, form: str) -> KeptForm:
    """What is to be kept: of an act of ours that asks for proof, and of no other. Raises NotFound."""
    try:
        endpoint, _ids = current_app.create_url_adapter(request).match(address, method="POST")  # type: ignore[union-attr]
        fields = [(str(name), str(value)) for name, value in json.loads(form)]
    except (HTTPException, RequestRedirect, TypeError, ValueError):
        raise NotFound() from None
    if not getattr(current_app.view_functions[endpoint], "fresh", False):
        raise NotFound()
    return KeptForm(address, [(n, v) for n, v in fields if n == "command_id" or n not in SHELL_FIELDS])


def _kept(*, taken: bool = False) -> KeptForm | None:
    browser = secret_in(_form_cookie())
    work = current_work()
    work.actor  # noqa: B018  nobody is asked to sign in, and comes back
    return kept(work, _settings().secret_key, browser, taken=taken) if browser else None


def _number_of(work: Work) -> str:
    return str(work.db.execute(_NUMBER, {"id": work.actor.municipality_id}).scalar_one())


def _choices() -> tuple[Secrets | None, list[ProvedRole]]:
    """The roles of the sign-in that waits (with its secrets), else of the session. Raises NotSignedIn when there is neither."""
    work, own = current_work(), _secrets()
    if own is not None and (waiting := proved_roles(work, own)):
        return own, waiting
    if not work.signed_in:
        raise NotSignedIn()
    return None, proved_roles(work, None, held().token)


def _only_once() -> dict[str, str]:
    """The parameters of the answer. One that comes twice is a fault: two programs would read two different things."""
    if any(len(request.args.getlist(name)) > 1 for name in request.args):
        raise SignInRefused("no_code")
    return request.args.to_dict()


def _refused(refusal: SignInRefused, provider_id: str) -> BaseResponse:
    _note(refusal, provider_id)
    answer = Response(render("access/sign_in_refused.html", problem=refusal), refusal.status)
    if refusal.kind == "too_many":
        answer.headers["Retry-After"] = str(MINUTES * 60)
    return set_secret(answer, _settings(), _cookie(), "")


def _note(refusal: SignInRefused, provider_id: str) -> None:
    """What was wrong, and never with whom."""
    _log.warning("sign_in_refused", kind=refusal.kind, provider=provider_id, request_id=g.request_id)


def _with_session(answer: BaseResponse, token: bytes) -> BaseResponse:
    return set_secret(answer, _settings(), cookie_name(_settings()), base64.urlsafe_b64encode(token).decode())


def _address() -> str:
    return address_of(request.remote_addr, list(request.access_route), _settings().trusted_proxies)


def _secrets() -> Secrets | None:
    browser = secret_in(_cookie())
    return Secrets(_settings().secret_key, browser) if browser is not None and len(browser) == 32 else None


def _cookie() -> str:
    return f"{cookie_name(_settings())}-sign-in"


def _form_cookie() -> str:
    return f"{cookie_name(_settings())}-form"


def _signed_in_at() -> tuple[Provider | None, ProviderSession | None]:
    kept = opened(_settings().secret_key, request.cookies.get(_kept_cookie(), ""))
    return (_providers().by_id.get(kept.provider) if kept else None), kept


def _kept_cookie() -> str:
    return f"{cookie_name(_settings())}-provider"


def _way_out_cookie() -> str:
    return f"{cookie_name(_settings())}-way-out"


def _way_back(provider: Provider) -> str:
    """An address for each provider: what comes to another's is refused (mix-up)."""
    return _settings().public_url.rstrip("/") + url_for("sign_in.callback", provider_id=provider.id)


def _provider(id: str) -> Provider:
    try:
        return _providers().by_id[id]
    except KeyError:
        raise NotFound() from None


@cache
def _client(provider: Provider) -> Client:
    return Client(provider)


def _providers() -> Providers:
    return providers(_settings())


def _settings() -> Settings:
    return cast(Settings, current_app.settings)  # type: ignore[attr-defined]
