"""The pages of unusual access: the list, one look, the cases, a manager's questions, and the rules."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from flask import current_app, request
from werkzeug.wrappers import Response

from journal.audit import GROUNDS, LogLines
from journal.municipalities import is_alone
from journal.oversight import oversight_schemas as schemas
from journal.oversight import rules
from journal.oversight.exports import package
from journal.oversight.inquiries import KINDS, STATES, Inquiries, InquiryPage, Manager, Questions
from journal.oversight.rule_proposals_web import told_rule
from journal.oversight.unusual import MONTH, WEEK, UnusualAccess
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Invalid, NotFound
from journal.platform.language import gettext as _
from journal.platform.settings import Settings
from journal.web import Section, current_work, form_body, query_body, render, see_other, typed
from journal.web.shell import MenuEntry

bp = Section("unusual", __name__)
MENU = MenuEntry("unusual.found", "search", "Uvanlig tilgang", Permission.AUDIT_READ)
QUESTIONS_MENU = MenuEntry("unusual.questions", "log", "Spørsmål om innsyn", Permission.AUDIT_ANSWER, seldom=True)
_WORDS = {"rules": rules.RULES, "states": STATES, "kinds": KINDS, "grounds": GROUNDS}


@bp.page("/audit/unusual", Permission.AUDIT_READ)
def found() -> str:
    """The looks of some days; or one of them with its context, when the address says which."""
    asked = query_body(schemas.Period)
    return _look(asked) if asked["actor"] and asked["day"] else _list(asked)


@bp.act("/audit/unusual", Permission.AUDIT_READ)
def decide() -> Response:
    """Takes hold of one look with a decision."""
    body, work = form_body(schemas.Decide), current_work()
    finding = UnusualAccess(work).look(body["actor"], body["patient"], body["day"])
    return see_other(".case", inquiry_id=Inquiries(work).open(finding, body["step"]))


@bp.page("/audit/cases", Permission.AUDIT_READ)
def cases() -> str:
    work = current_work()
    return _render("cases", inquiries=Inquiries(work).every(), today=clock.local_date(work.now))


@bp.page("/audit/cases/<uuid:inquiry_id>", Permission.AUDIT_READ)
def case(inquiry_id: UUID) -> str:
    return _case(inquiry_id, {}, {})


@bp.act("/audit/cases/<uuid:inquiry_id>", Permission.AUDIT_READ)
def add_step(inquiry_id: UUID) -> Response:
    Inquiries(current_work()).add(inquiry_id, form_body(schemas.StepForm)["step"])
    return see_other(".case", inquiry_id=inquiry_id)


@bp.page("/audit/cases/<uuid:inquiry_id>/export", Permission.AUDIT_READ)
def export_case(inquiry_id: UUID) -> Response:
    """The case with the lines it is about, signed."""
    work = current_work()
    inquiry = Inquiries(work).one(inquiry_id)
    start, end = clock.day_bounds(inquiry.day)
    lines = LogLines(work).between(start, end, actor_id=inquiry.actor_id, patient_id=inquiry.patient_id)
    return _package(lines, [], inquiry)


@bp.page("/audit/patients/<uuid:patient_id>/export", Permission.AUDIT_READ)
def export_patient(patient_id: UUID) -> Response:
    start, end = _days()
    lines = LogLines(current_work()).between(start, end, patient_id=patient_id)
    return _package(lines, [_("Journal %(short)s", short=str(patient_id)[:8]), _period(start, end)])


@bp.page("/audit/people/<uuid:actor_id>/export", Permission.AUDIT_READ)
def export_person(actor_id: UUID) -> Response:
    start, end = _days()
    lines = LogLines(current_work()).between(start, end, actor_id=actor_id)
    return _package(lines, [lines[-1]["actor_name"] if lines else str(actor_id), _period(start, end)])


@bp.page("/questions", Permission.AUDIT_ANSWER)
def questions() -> str:
    """What a manager is asked: the act, when, why it was found, and no content."""
    return _questions({}, {}, None)


@bp.act("/questions/<uuid:inquiry_id>", Permission.AUDIT_ANSWER)
def answer(inquiry_id: UUID) -> Response:
    Questions(current_work()).answer(inquiry_id, form_body(schemas.Answer)["text"])
    return see_other(".questions")


@bp.page("/audit/rules", Permission.AUDIT_READ)
def rule_list() -> str:
    unusual = UnusualAccess(current_work())
    return _render("rules", choices=unusual.choices(), changes=unusual.changes(), told_rule=told_rule)


@bp.page("/audit/rules/<code>", Permission.AUDIT_READ)
def try_rule(code: str) -> str:
    """What the rule would have found of the last month's looks, before it is used."""
    return _tried(code, query_body(schemas.TryRule)["threshold"])


@bp.act("/audit/rules/<code>", Permission.AUDIT_READ)
def propose_rule(code: str) -> Response:
    UnusualAccess(current_work()).propose(code, **form_body(schemas.UseRule))
    return see_other(".rule_list")


@bp.act("/audit/patients/<uuid:patient_id>/mark", Permission.AUDIT_READ)
def mark(patient_id: UUID) -> Response:
    UnusualAccess(current_work()).mark(patient_id, **form_body(schemas.Mark))
    return see_other("audit.of_patient", patient_id=patient_id)


@bp.errorhandler(Invalid)
def correct(error: Invalid) -> tuple[str, int]:
    """The page with what was typed, and a sentence at the field that must be corrected."""
    try:
        return _drawn_again(error), error.status
    except (Invalid, NotFound):
        # What the form was about is not there either: the list, which says what was wrong with what was sent.
        return _render("found", findings=None, taken={}, typed={}, errors=error.errors), error.status


def _drawn_again(error: Invalid) -> str:
    where, sent = request.view_args or {}, typed()
    if request.endpoint == "unusual.add_step":
        return _case(where["inquiry_id"], sent, error.errors)
    if request.endpoint == "unusual.answer":
        return _questions(sent, error.errors, where["inquiry_id"])
    if "code" in where:
        return _tried(where["code"], None, error, sent if request.method == "POST" else {})
    about = {name: sent[name] for name in ("actor", "patient", "day") if sent.get(name)}
    if request.endpoint == "unusual.decide" and {"actor", "day"} <= set(about):
        return _look(schemas.look_of(about), sent, error.errors)
    return _render("found", findings=None, taken={}, typed=request.args, errors=error.errors)


def _days() -> tuple[datetime, datetime]:
    asked, now = query_body(schemas.Period), current_work().now
    last = clock.local_date(asked["until"] or now)
    first = clock.local_date(asked["since"]) if asked["since"] else last - MONTH
    return clock.day_bounds(first)[0], clock.day_bounds(last)[1]


def _period(start: datetime, end: datetime) -> str:
    first, last = clock.local_date(start), clock.local_date(end - timedelta(seconds=1))
    days = {"first": clock.norwegian_date(first), "last": clock.norwegian_date(last)}
    return _("Fra og med %(first)s til og med %(last)s", **days)


def _package(lines: list[dict[str, Any]], about: list[str], inquiry: InquiryPage | None = None) -> Response:
    work, settings = current_work(), cast(Settings, current_app.settings)  # type: ignore[attr-defined]
    content = package(work, settings.export_key, lines, about, inquiry)
    work.conclude()
    headers = {"Content-Disposition": "attachment; filename=innsyn.zip"}
    return Response(content, mimetype="application/zip", headers=headers)


def _list(asked: dict[str, Any]) -> str:
    work = current_work()
    last = clock.local_date(asked["until"] or work.now)
    first = clock.local_date(asked["since"]) if asked["since"] else last - WEEK
    if first > last:
        raise Invalid(errors={"until": ["Siste dag kan ikke være før første dag."]})
    findings = UnusualAccess(work).found(clock.day_bounds(first)[0], clock.day_bounds(last)[1])
    days = {"first": clock.norwegian_date(first), "last": clock.norwegian_date(last)}
    taken = Inquiries(work).taken()
    return _render("found", findings=findings, taken=taken, typed=request.args, errors={}, days=days)


def _look(asked: dict[str, Any], sent: dict[str, Any] | None = None, errors: dict[str, list[str]] | None = None) -> str:
    work = current_work()
    finding = UnusualAccess(work).look(asked["actor"], asked["patient"], asked["day"])
    managers = Inquiries(work).managers(asked["actor"])
    return _render("look", finding=finding, choices=_named(managers), typed=sent or {}, errors=errors or {})


def _case(inquiry_id: UUID, sent: dict[str, Any], errors: dict[str, list[str]]) -> str:
    inquiries = Inquiries(current_work())
    inquiry = inquiries.one(inquiry_id)
    managers = inquiries.managers(inquiry.actor_id)
    return _render("case", inquiry=inquiry, choices=_named(managers), typed=sent, errors=errors)


def _questions(sent: dict[str, Any], errors: dict[str, list[str]], about: UUID | None) -> str:
    return _render("questions", inquiries=Questions(current_work()).mine(), typed=sent, errors=errors, about=about)


def _tried(code: str, threshold: int | None, error: Invalid | None = None, sent: dict[str, Any] | None = None) -> str:
    if code not in rules.RULES:
        raise NotFound()
    unusual = UnusualAccess(current_work())
    choice = unusual.choices()[code]
    with_threshold = choice.threshold if threshold is None else threshold
    trial = unusual.tried({code: with_threshold})[code]
    shown = {"rule": rules.RULES[code], "choice": choice, "threshold": with_threshold, "trial": trial}
    waiting = sum(one.waits and one.value["rule"] == code for one in unusual.changes())
    errors = error.errors if error else {}
    return _render(
        "rule",
        **shown,
        waiting=waiting,
        alone=is_alone(unusual),
        typed=sent or {},
        errors=errors,
        said={field: each[0] for field, each in errors.items()},
        detail=error.detail if error and not errors else "",
    )


def _named(managers: list[Manager]) -> list[tuple[UUID, str]]:
    return [(each.person_id, f"{each.name}, {each.unit_name}") for each in managers]


def _render(page: str, **context: Any) -> str:
    return render(f"oversight/{page}.html", **context, **_WORDS)
