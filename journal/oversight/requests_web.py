"""The pages of what patients ask for: the queue, a new one, one with its steps, and the letter."""

from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from flask import request as sent
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from journal.oversight import request_rules as rules
from journal.oversight.request_letter import extension_page, letter_page
from journal.oversight.requests import NewRequest, Requests
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Invalid, NotFound
from journal.platform.fields import Text
from journal.platform.language import LANGUAGES
from journal.platform.moment_field import MomentField
from journal.platform.pdf import pdf
from journal.web import Section, current_work, form_body, render, see_other, typed
from journal.web.shell import MenuEntry

bp = Section("requests", __name__)
MENU = MenuEntry("requests.queue", "log", "Henvendelser", Permission.AUDIT_READ)

_ONE = "/audit/requests/<uuid:request_id>"
_OF_PATIENT = "/audit/patients/<uuid:patient_id>/requests"


class RequestForm(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(list(rules.KINDS)))
    received_on = MomentField(whole_days=True, required=True)
    asker = fields.String(required=True, validate=validate.OneOf(list(rules.ASKERS)))
    asker_name = Text(120, load_default="")
    checked = Text(500, required=True)
    text = Text(4000, required=True, multiline=True)


class StepForm(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(list(rules.STEPS)))
    text = Text(4000, load_default="", multiline=True)
    language = fields.String(load_default="nb", validate=validate.OneOf(list(LANGUAGES)))
    due_on = MomentField(whole_days=True, load_default=None)


@bp.page("/audit/requests", Permission.AUDIT_READ)
def queue() -> str:
    return _render("requests", lines=Requests(current_work()).queue())


@bp.page(f"{_OF_PATIENT}/new", Permission.AUDIT_READ)
def new(patient_id: UUID) -> str:
    return _new(patient_id, {}, {})


@bp.act(_OF_PATIENT, Permission.AUDIT_READ)
def receive(patient_id: UUID) -> Response:
    body = form_body(RequestForm)
    if body["received_on"] is None:
        raise Invalid(errors={"received_on": ["Fyll ut feltet."]})
    body["received_on"] = clock.local_date(body["received_on"])
    request_id = Requests(current_work()).receive(patient_id, NewRequest(**body))
    return see_other(".one", request_id=request_id)


@bp.page(_ONE, Permission.AUDIT_READ)
def one(request_id: UUID) -> str:
    return _one(request_id, {}, {})


@bp.act(_ONE, Permission.AUDIT_READ)
def add(request_id: UUID) -> Response:
    body = form_body(StepForm)
    body["due_on"] = clock.local_date(body["due_on"]) if body["due_on"] else None
    Requests(current_work()).add(request_id, **body)
    return see_other(".one", request_id=request_id)


@bp.page(f"{_ONE}/letter", Permission.AUDIT_READ)
def letter(request_id: UUID) -> Response:
    """The newest letter as it was made. The name of the file says nothing of the patient."""
    work = current_work()
    request = Requests(work).one(request_id)
    if request.letter is None:
        raise NotFound("Det er ikke laget noe brev ennå.")
    return _paper(letter_page(request, *request.letter, work.actor.municipality_name))


@bp.page(f"{_ONE}/new-deadline", Permission.AUDIT_READ)
def new_deadline(request_id: UUID) -> Response:
    """The letter that tells that the deadline was put off, and why."""
    work = current_work()
    request = Requests(work).one(request_id)
    if request.extension is None:
        raise NotFound("Fristen er ikke forlenget.")
    return _paper(extension_page(request, request.extension, work.actor.municipality_name))


def _paper(filled: dict[str, Any]) -> Response:
    work = current_work()
    # As a page is written: the commit is on its way while the paper is set.
    work.conclude()
    headers = {"Content-Disposition": "inline; filename=svar.pdf"}
    return Response(pdf(template(), filled, work.now, work.shield), mimetype="application/pdf", headers=headers)


@bp.errorhandler(Invalid)
def correct(error: Invalid) -> tuple[str, int]:
    """The form with what was typed, and a sentence at the field that must be corrected."""
    where: Any = sent.view_args or {}
    if not error.errors or not where:
        raise error
    if "patient_id" in where:
        return _new(where["patient_id"], typed(), error.errors), error.status
    return _one(where["request_id"], typed(), error.errors), error.status


def _new(patient_id: UUID, typed_in: dict[str, Any], errors: dict[str, list[str]]) -> str:
    today = clock.norwegian_date(clock.local_date(current_work().now))
    return _render("request_new", patient_id=patient_id, typed={"received_on": today, **typed_in}, errors=errors)


def _one(request_id: UUID, typed_in: dict[str, Any], errors: dict[str, list[str]]) -> str:
    request = Requests(current_work()).one(request_id)
    return _render("request", request_page=request, typed=typed_in, errors=errors, languages=LANGUAGES)


def _render(page: str, **shown: Any) -> str:
    return render(
        f"oversight/{page}.html",
        **shown,
        all_kinds=rules.KINDS,
        laws=rules.LAWS,
        askers=rules.ASKERS,
        states=rules.STATES,
        steps=rules.STEPS,
        erasure=rules.ERASURE,
    )


@cache
def template() -> bytes:
    return (resources.files("journal.oversight") / "data/letter.typ").read_bytes()
