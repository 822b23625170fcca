"""Locking, unlocking and changing user on a shared device; the PIN; one's own sessions."""

import base64
from uuid import UUID

from flask import Response, jsonify, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from journal.access import locking, passkeys
from journal.access.held import held, page_of_ours, settings, times
from journal.access.lock_schemas import ChoosePin, NewPasskey, Unlock, WhoComesBack
from journal.access.web import with_cookie
from journal.platform.errors import Invalid
from journal.platform.language import in_reader_language, phrase
from journal.web import Section, current_work, form_body, render, see_other
from journal.web.errors import wants_page
from journal.web.security import token_of
from journal.web.shell import role_text

bp = Section("lock", __name__)

# The same whoever it was and whatever was wrong.
_REFUSED = phrase(
    "Vi fikk ikke låst opp. Se at du har valgt deg selv, og skriv PIN-koden på nytt. Er du i gang på en annen maskin, "
    "låser du den først. Etter fem feil må du logge inn på vanlig måte."
)


@bp.act("/lock", None, repeatable=True)
def lock() -> Response:
    locking.lock(current_work(), held(), page_of_ours(request.args.get("back")))
    return see_other(".locked")


@bp.page("/locked", None)
def locked() -> str | Response:
    if current_work().signed_in:
        return see_other("chart.home")
    return _locked() or see_other("access.sign_in")


@bp.act("/unlock", None, repeatable=True)
def unlock() -> BaseResponse:
    """To the page where she was; a script that holds it in memory is told whose session it is now."""
    form, work = form_body(Unlock), current_work()
    if form["credential"]:
        opened = passkeys.unlock(work, held(), times(), _site(), form["session_id"], form["credential"])
    else:
        opened = locking.unlock(work, held(), times(), form["session_id"], form["pin"], settings().secret_key)
    if opened is None:
        return _refused(form["session_id"])
    path = opened.path or url_for("chart.home")
    if wants_page():
        answer = Response(status=303, headers={"Location": path})
    else:
        answer = jsonify(location=path, csrf_token=token_of(settings(), str(form["session_id"])))
    return with_cookie(answer, base64.urlsafe_b64encode(opened.token).decode())


@bp.act("/unlock/question", None, repeatable=True)
def question() -> BaseResponse:
    """What a script asks the passkey of whoever is tapped; empty where she has none. Tells nothing of her but that."""
    asked = passkeys.ask(current_work(), held(), times(), _site(), form_body(WhoComesBack)["session_id"])
    return jsonify(asked or {})


@bp.act("/passkeys/question", None, repeatable=True)
def new_question() -> BaseResponse:
    current_work().actor  # noqa: B018
    return jsonify(passkeys.ask_new(current_work(), times(), _site()))


@bp.act("/passkeys", None, repeatable=True)
def add_passkey() -> Response:
    work = current_work()
    work.actor  # noqa: B018
    try:
        passkeys.keep(work, _site(), form_body(NewPasskey)["credential"])
    except Invalid as error:
        return Response(_choose_pin(error.errors), error.status, mimetype="text/html")
    return see_other(".pin")


@bp.act("/passkeys/<uuid:passkey_id>/end", None, repeatable=True)
def end_passkey(passkey_id: UUID) -> Response:
    passkeys.end(current_work(), passkey_id)
    return see_other(".pin")


@bp.act("/still-here", None, repeatable=True)
def still_here() -> Response:
    """That somebody types or taps keeps the session open. The page's token says whose: another's, and none, is refused."""
    current_work().actor  # noqa: B018  who is locked is nobody
    return jsonify(open=True)


@bp.page("/own-sessions", None)
def own_sessions() -> str:
    work = current_work()
    return render("access/own_sessions.html", sessions=locking.own_sessions(work, times()), actor=work.actor)


@bp.act("/own-sessions/<uuid:session_id>/end", None, repeatable=True)
def end_session(session_id: UUID) -> Response:
    locking.end_own(current_work(), session_id)
    return see_other(".own_sessions")


@bp.act("/own-sessions/end", None, repeatable=True)
def end_sessions() -> BaseResponse:
    locking.end_own(current_work(), None)
    return with_cookie(see_other("access.sign_in"), "")


@bp.act("/own-sessions/warning", None, repeatable=True)
def warning_seen() -> Response:
    locking.warning_seen(current_work())
    return see_other(".own_sessions")


@bp.page("/pin", None)
def pin() -> str:
    return _choose_pin({})


@bp.act("/pin", None, repeatable=True)
def set_pin() -> Response:
    form = form_body(ChoosePin)
    try:
        locking.set_pin(current_work(), times(), form["pin"], form["again"], settings().secret_key)
    except Invalid as error:
        return Response(_choose_pin(error.errors), error.status, mimetype="text/html")
    return see_other(".own_sessions")


def _choose_pin(errors: dict[str, list[str]]) -> str:
    current_work().actor  # noqa: B018  nobody chooses none
    return render("access/pin.html", errors=errors, passkeys=passkeys.own(current_work()))


def _site() -> passkeys.Site:
    return passkeys.Site.of(settings(), request.host_url)


def _locked(chosen: UUID | None = None, said: str = "") -> str | None:
    """None when nobody may come back here."""
    people = locking.waiting(current_work(), held(), times())
    if not people:
        return None
    own = next((one for one in people if one.own), None)
    chosen = chosen or (own.id if own else None)
    words = {"role_text": role_text, "sign_in_url": url_for("access.sign_in")}
    return render("access/locked.html", people=people, chosen=chosen, said=said, **words)


def _refused(session_id: UUID) -> Response:
    if not wants_page():
        answer = jsonify(detail=in_reader_language(_REFUSED))
        answer.status_code = 422
        return answer
    page = _locked(session_id, _REFUSED)
    return Response(page, 422, mimetype="text/html") if page else see_other("access.sign_in")
