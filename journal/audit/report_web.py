"""The pages of the patient's own report, and of what she asks about it."""

from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from flask import request
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from journal.audit.pages import report_page
from journal.audit.questions import LONGEST_ANSWER, LONGEST_QUESTION, LogQuestions
from journal.audit.report import LONGEST_REASON, PatientReports, Report
from journal.audit.report_rules import LAWS
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.fields import Text
from journal.platform.language import LANGUAGES, in_reader_language
from journal.platform.moment_field import MomentField
from journal.platform.pdf import pdf
from journal.web import Section, current_work, form_body, query_body, render, see_other, typed

bp = Section("log_report", __name__)

SHOWN = 500
"""Of the newest lines on the page; the paper has them all."""

_REPORT = "/audit/patients/<uuid:patient_id>/report"


class Period(Schema):
    """The days of the report, and the language that the patient chose."""

    since = MomentField(whole_days=True, load_default=None)
    until = MomentField(whole_days=True, load_default=None)
    language = fields.String(load_default="nb", validate=validate.OneOf(list(LANGUAGES)))


class MakeReport(Period):
    """With what is held back, and why."""

    withheld = fields.List(fields.UUID(), load_default=list, data_key="withheld[]")
    law = Text(20, load_default="")
    reason = Text(LONGEST_REASON, multiline=True, load_default="")


class Look(Schema):
    """The line that is asked about."""

    at = fields.AwareDateTime(format="iso", required=True)
    look = fields.UUID(required=True)


class Ask(Look):
    question = Text(LONGEST_QUESTION, multiline=True, required=True)


class Answer(Schema):
    text = Text(LONGEST_ANSWER, multiline=True, required=True)


@bp.page(_REPORT, Permission.AUDIT_READ)
def report(patient_id: UUID) -> str:
    asked = query_body(Period)
    return _page(patient_id, asked["since"], asked["until"], asked["language"], dict(request.args))


@bp.act(_REPORT, Permission.AUDIT_READ)
def make(patient_id: UUID) -> Response:
    report_id = PatientReports(current_work()).make(patient_id, **form_body(MakeReport))
    return see_other(".paper", patient_id=patient_id, report_id=report_id)


@bp.page(f"{_REPORT}s/<uuid:report_id>", Permission.AUDIT_READ)
def paper(patient_id: UUID, report_id: UUID) -> Response:
    """The report as it was made, to be printed. The name of the file says nothing of the patient."""
    work = current_work()
    made = PatientReports(work).read(patient_id, report_id)
    filled = _filled(made, made.language)
    # As a page is written: the commit is on its way while the paper is set.
    work.conclude()
    headers = {"Content-Disposition": "inline; filename=innsynslogg.pdf"}
    return Response(pdf(template(), filled, work.now, work.shield), mimetype="application/pdf", headers=headers)


@bp.page("/audit/patients/<uuid:patient_id>/questions/new", Permission.AUDIT_READ)
def question_form(patient_id: UUID) -> str:
    asked = query_body(Look)
    return _form(patient_id, asked["at"], asked["look"], {}, {})


@bp.act("/audit/patients/<uuid:patient_id>/questions", Permission.AUDIT_READ)
def ask(patient_id: UUID) -> Response:
    body = form_body(Ask)
    question_id = LogQuestions(current_work()).ask(patient_id, body["at"], body["look"], body["question"])
    return see_other(".question", question_id=question_id)


@bp.page("/audit/questions/<uuid:question_id>", Permission.AUDIT_READ)
def question(question_id: UUID) -> str:
    return _question(question_id, None, {})


@bp.act("/audit/questions/<uuid:question_id>/answer", Permission.AUDIT_READ)
def answer(question_id: UUID) -> Response:
    LogQuestions(current_work()).answer(question_id, form_body(Answer)["text"])
    return see_other(".question", question_id=question_id)


@bp.errorhandler(Invalid)
def correct(error: Invalid) -> tuple[str, int]:
    """The form with what was typed, and a sentence at the field that must be corrected."""
    if not error.errors:
        raise error
    where: Any = request.view_args or {}
    said = {name.removesuffix("[]"): sentences for name, sentences in error.errors.items()}
    if request.endpoint == "log_report.answer":
        return _question(where["question_id"], typed().get("text", ""), said), error.status
    if request.endpoint in ("log_report.ask", "log_report.question_form"):
        sent = Look(unknown="exclude").validate(request.values)
        if sent:
            raise error
        look = Look(unknown="exclude").load(request.values)
        return _form(where["patient_id"], look["at"], look["look"], typed(), said), error.status
    sent_form = typed() or dict(request.args)
    period = {} if {"since", "until", "language"} & said.keys() else Period(unknown="exclude").load(sent_form)
    if not period:
        return render("audit/report.html", patient_id=where["patient_id"], report=None, made=(), typed=sent_form, errors=said,
                      languages=LANGUAGES, laws=_laws(), more=0), error.status  # fmt: skip
    return _page(
        where["patient_id"], period["since"], period["until"], period["language"], sent_form, said
    ), error.status


def _page(
    patient_id: UUID,
    since: datetime | None,
    until: datetime | None,
    language: str,
    sent: dict[str, Any],
    errors: dict[str, list[str]] | None = None,
) -> str:
    reports = PatientReports(current_work())
    found = reports.lines(patient_id, since, until)
    shown = Report(patient_id, found.since, found.until, found.lines[:SHOWN])
    return render(
        "audit/report.html",
        patient_id=patient_id,
        report=_filled(shown, language),
        made=reports.made(patient_id),
        typed=sent,
        errors=errors or {},
        languages=LANGUAGES,
        laws=_laws(),
        more=max(len(found.lines) - SHOWN, 0),
    )


def _laws() -> list[tuple[str, str]]:
    return list(LAWS.items())


def _filled(made: Report, language: str) -> dict[str, Any]:
    work = current_work()
    return report_page(
        made, municipality=work.actor.municipality_name, maker=work.actor.name, at=work.now, language=language
    )


def _form(patient_id: UUID, at: datetime, look_id: UUID, sent: dict[str, Any], errors: dict[str, list[str]]) -> str:
    look = LogQuestions(current_work()).look(patient_id, at, look_id)
    return render("audit/question_form.html", patient_id=patient_id, look=look, typed=sent, errors=errors)


def _question(question_id: UUID, text: str | None, errors: dict[str, list[str]]) -> str:
    asked = LogQuestions(current_work()).one(question_id)
    begun = in_reader_language(asked.why()) if asked.answer is None else asked.answer
    return render("audit/question.html", question=asked, text=begun if text is None else text, errors=errors)


@cache
def template() -> bytes:
    return (resources.files("journal.audit") / "data/report.typ").read_bytes()
