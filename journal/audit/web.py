"""The auditor's pages."""

from typing import Any
from uuid import UUID

from flask import request
from marshmallow import Schema

from journal.audit import rules
from journal.audit.service import FILTERS, AccessLog, LogPage
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.fields import Text
from journal.platform.moment_field import MomentField
from journal.web import Section, current_work, query_body, render
from journal.web.shell import MenuEntry

bp = Section("audit", __name__)
MENU = MenuEntry("audit.people", "log", "Innsynslogg", Permission.AUDIT_READ)


class Days(Schema):
    """The days of the log that are asked for, the last one with it; empty: the last 31. And what they are narrowed to."""

    since = MomentField(whole_days=True, load_default=None)
    until = MomentField(whole_days=True, load_default=None)
    role = Text(40, load_default="")
    unit = Text(120, load_default="")
    ground = Text(40, load_default="")
    outcome = Text(20, load_default="")
    kind = Text(40, load_default="")


@bp.page("/audit", Permission.AUDIT_READ)
def people() -> str:
    return render("audit/people.html", actors=AccessLog(current_work()).actors())


@bp.page("/audit/patients/<uuid:patient_id>", Permission.AUDIT_READ)
def of_patient(patient_id: UUID) -> str:
    log = AccessLog(current_work()).of_patient(patient_id, **_asked())
    return _lines("audit/of_patient.html", log)


@bp.page("/audit/people/<uuid:actor_id>", Permission.AUDIT_READ)
def of_person(actor_id: UUID) -> str:
    log = AccessLog(current_work()).of_person(actor_id, **_asked())
    return _lines("audit/of_person.html", log)


@bp.errorhandler(Invalid)
def correct(error: Invalid) -> tuple[str, int]:
    """The days as they were typed, with a sentence at the one that must be corrected."""
    of = "of_patient" if request.endpoint == "audit.of_patient" else "of_person"
    return _lines(f"audit/{of}.html", None, errors=error.errors), error.status


def _asked() -> dict[str, Any]:
    asked = query_body(Days)
    return {"only": {name: asked.pop(name) for name in FILTERS}, **asked}


def _lines(template: str, log: LogPage | None, **more: Any) -> str:
    words = {
        "actions": rules.ACTIONS,
        "grounds": rules.GROUNDS,
        "outcomes": rules.OUTCOMES,
        "categories": rules.CATEGORIES,
    }
    return render(template, log=log, typed=request.args, **{"errors": {}, **words, **more})
