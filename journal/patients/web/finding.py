"""Searching for a patient, and registering a person who is not in the journal."""

from flask import url_for
from werkzeug.wrappers import Response

from journal.patients.errors import AlreadyRegistered, PossibleDuplicate
from journal.patients.person import NewPatient
from journal.patients.schemas import Register, Search
from journal.patients.service.searching import Found
from journal.patients.web.section import Refusal, bp, page_of, patients, told
from journal.permissions import Permission
from journal.platform.ids import new_id
from journal.platform.language import gettext as _
from journal.web import current_work, form_body, render, see_other
from journal.web.shell import MenuEntry, front

MENU = MenuEntry("patients.search", "search", "Finn pasient", Permission.PATIENTS_FIND)


@bp.page("/search", Permission.PATIENTS_FIND)
def search() -> str:
    return _search_page()


@bp.act("/search", Permission.PATIENTS_FIND, repeatable=True)
def find() -> str:
    """A POST, since a name or number must stand in no address; it changes nothing but the log."""
    text = form_body(Search)["text"]
    return _search_page(text, patients().find(text))


@bp.page("/patients/new", Permission.PATIENTS_REGISTER)
def new() -> str:
    current_work().admit(Permission.PATIENTS_REGISTER)
    return _registration_form()


@bp.act("/patients/new", Permission.PATIENTS_REGISTER)
def register() -> Response:
    body = form_body(Register)
    is_another_person = body.pop("is_another_person")
    patient_id = new_id()
    patients().register(patient_id, NewPatient(**body), is_another_person=is_another_person)
    return see_other("care.admission", patient_id=patient_id)


@page_of("find")
def _search_page(text: str = "", found: Found | None = None, *, error: Refusal | None = None) -> str:
    again = told(error)
    text = again["typed"].get("text", text)
    may = current_work().actor.may
    ways = {"may_register": may(Permission.PATIENTS_REGISTER), "may_rescue": may(Permission.ACCESS_RESCUE)}
    return render(
        "patients/search.html", **again, text=text, found=found, front=front(current_work().actor.role), **ways
    )


@page_of("register")
def _registration_form(*, error: Refusal | None = None) -> str:
    """After a number or name that somebody has: with a way to her record."""
    problem = error if isinstance(error, AlreadyRegistered | PossibleDuplicate) else None
    known = problem.fields["patient_id"] if problem else None
    return render(
        "patients/new.html",
        **told(error),
        problem=problem,
        open_url=url_for(front(current_work().actor.role), patient_id=known) if known else None,
        sexes=sexes(),
        protections=protections(),
    )


def sexes() -> list[tuple[str, str]]:
    """The choices of a form."""
    return [("female", _("Kvinne")), ("male", _("Mann")), ("unknown", _("Ikke kjent"))]


def protections() -> list[tuple[str, str]]:
    """The choices of a form."""
    return [
        ("none", _("Ingen")),
        ("confidential", _("Fortrolig (kode 7)")),
        ("strictly_confidential", _("Strengt fortrolig (kode 6)")),
    ]
