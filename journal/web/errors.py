"""JournalError and HTTP errors to problem+json or a page, by who asks. Never a database message to the client."""

import json
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Response, current_app, g, render_template, request, url_for
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from journal.permissions import Permission
from journal.platform.errors import (
    JournalError,
    NoGround,
    NotFound,
    NotProved,
    NotSignedIn,
    SeemsNear,
    Unavailable,
    Withheld,
)
from journal.platform.language import current, in_reader_language, phrases
from journal.platform.language import gettext as _
from journal.web import PROOF_FIELDS
from journal.web.shell import front

_log = structlog.get_logger()

_HTTP_TITLES = phrases(
    {
        400: "Vi forstod ikke forespørselen",
        404: NotFound.title,
        405: "Siden kan ikke brukes på denne måten",
        413: "Det du sendte, er for stort",
        415: "Vi kan ikke lese dette formatet",
    }
)


class _FromHttp(JournalError):
    """An error that the web server found, in our own words."""

    def __init__(self, error: HTTPException) -> None:
        self.status = error.code or 500
        self.type = "not-found" if self.status == 404 else f"http-{self.status}"
        self.title = _HTTP_TITLES.get(self.status, JournalError.title)
        super().__init__()


_PAGES: dict[type[JournalError], str] = {NoGround: "refused.html", NotProved: "prove.html", SeemsNear: "near.html"}


def known(error: Exception) -> JournalError:
    """The error as one of ours. A database that is away, full or slow is Unavailable; anything else is a fault of ours, logged."""
    if isinstance(error, JournalError):
        return error
    if isinstance(error, HTTPException):
        return _FromHttp(error)
    if isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError | sa.exc.InterfaceError):
        return Unavailable("Vi fikk ikke lagret. Prøv igjen om litt.")
    # The type and where it was raised; never its text, which may hold a name.
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    _log.error(
        "unexpected", error=type(error).__name__, sqlstate=sqlstate, at=_place(error), request_id=g.get("request_id")
    )
    return JournalError("Vi fikk ikke gjort det du ba om. Prøv igjen om litt.")


def answer(error: Exception) -> Response:
    """The answer to whoever asked."""
    problem = known(error)
    if not wants_page():
        return _problem_json(problem)
    if isinstance(problem, NotSignedIn) and request.headers.get("HX-Request") != "true":
        locked = current_app.extensions["locked"](g.work)
        where = url_for("lock.locked") if locked else url_for("access.sign_in", next=_wanted())
        return Response(status=303, headers={"Location": where})
    template = next((page for kind, page in _PAGES.items() if isinstance(problem, kind)), "error.html")
    return Response(render_template(template, problem=shown(problem), sent=_sent()), problem.status)


def _wanted() -> str | None:
    """The page one was on the way to, for after signing in; what stands in its query is left out."""
    return request.path if request.method == "GET" and request.url_rule is not None and request.path != "/" else None


def _sent() -> list[tuple[str, str]]:
    """What was typed, to be sent once more with a proof; never the PIN."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in PROOF_FIELDS]


def plain(error: JournalError) -> Response:
    """A page that needs neither database nor session."""
    if not wants_page():
        return _problem_json(error)
    return Response(
        f"<!doctype html><html lang={current()}><title>{escape(error.title)}</title>"
        f"<h1>{escape(error.title)}</h1><p>{escape(error.detail)}</p>",
        error.status,
    )


def wants_page() -> bool:
    """A browser gets a page, a program problem+json."""
    return (
        request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html") == "text/html"
        and not request.is_json
    )


def shown(problem: JournalError) -> dict[str, Any]:
    """What the page of an error says of it."""
    incident = g.get("request_id", "")[-4:].upper() if problem.status >= 500 else None
    ways_in = _ways_in(problem)
    return {
        "title": problem.title,
        "detail": problem.detail,
        "errors": problem.fields.get("errors", {}),
        "ways_in": ways_in,
        "incident": incident,
    }


def _ways_in(problem: JournalError) -> list[tuple[str, str]]:
    """Where to go from here; the same for every patient without a ground, whether she has a chart or not."""
    if not (g.get("work") and g.work.signed_in):
        return []
    patient_id = (request.view_args or {}).get("patient_id")
    admit = isinstance(problem, NoGround) and patient_id is not None and g.work.actor.may(Permission.PATIENTS_ADMIT)
    way = [(url_for("care.admission", patient_id=patient_id), _("Ta inn pasienten på enheten din"))] if admit else []
    if isinstance(problem, Withheld) and patient_id is not None and g.work.actor.may(Permission.ACCESS_JUSTIFY):
        prescribes = request.blueprint == "medication" and g.work.actor.may(Permission.MEDICATION_PRESCRIBE_BESIDE)
        check = (
            url_for("medication.beside_form", patient_id=patient_id),
            _("Kontroller et legemiddel uten å se dette"),
        )
        return [
            (url_for(front(g.work.actor.role), patient_id=patient_id), _("Gå til oversikten")),
            *([check] if prescribes else []),
            (url_for("restrictions.closed", patient_id=patient_id), _("Er liv eller helse i fare?")),
        ]
    return [*way, (url_for("chart.home"), _("Gå til forsiden"))]


def _problem_json(problem: JournalError) -> Response:
    body = {
        "type": f"/problems/{problem.type}",
        "title": in_reader_language(problem.title),
        "status": problem.status,
        "detail": in_reader_language(problem.detail),
        **problem.fields,
        **_said(problem),
    }
    return Response(
        json.dumps(body, default=str, ensure_ascii=False), problem.status, mimetype="application/problem+json"
    )


def _said(problem: JournalError) -> dict[str, Any]:
    errors = problem.fields.get("errors")
    said = {field: [in_reader_language(text) for text in texts] for field, texts in (errors or {}).items()}
    return {} if errors is None else {"errors": said}


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('journal/')[-1]}:{trace.tb_lineno}" if trace else ""
