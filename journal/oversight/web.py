"""The search of the log. What it finds has a page of its own, with an address that says nothing of whom it is about."""

from flask import request
from marshmallow import Schema
from werkzeug.wrappers import Response

from journal.oversight.service import Oversight, Sought
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.fields import Text
from journal.web import Section, current_work, form_body, render, see_other

bp = Section("oversight", __name__)


class SearchLog(Schema):
    """The form of the search; the page that it leads to looks at the days."""

    text = Text(120, required=True)
    since = Text(10, load_default="")
    until = Text(10, load_default="")


@bp.act("/audit/search", Permission.AUDIT_READ, repeatable=True)
def search() -> str | Response:
    """A POST, since a name or number must stand in no address; it changes nothing but the log."""
    body = form_body(SearchLog)
    found = Oversight(current_work()).search(body["text"])
    days = {name: body[name] for name in ("since", "until") if body[name]}
    if found.patient_id:
        return see_other("audit.of_patient", patient_id=found.patient_id, **days)
    if len(found.employees) == 1:
        return see_other("audit.of_person", actor_id=found.employees[0].practitioner_id, **days)
    return _page(found, {}, days)


@bp.errorhandler(Invalid)
def correct(error: Invalid) -> tuple[str, int]:
    """The form with what was typed, and a sentence at the field that must be corrected."""
    return _page(None, error.errors, {}), error.status


def _page(found: Sought | None, errors: dict[str, list[str]], days: dict[str, str]) -> str:
    return render("oversight/search.html", typed=request.form, found=found, errors=errors, days=days)
