"""Pages about patients: search, register, allergies, related persons."""

from uuid import UUID

from flask import request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from journal.patients import rules
from journal.patients.errors import AlreadyRegistered, PossibleDuplicate
from journal.patients.schemas import (
    AddRelatedPerson,
    EnteredInError,
    NoKnownAllergies,
    RecordAllergy,
    Refute,
    Register,
    Search,
)
from journal.patients.service import Patients
from journal.patients.service.alerts import NewAllergy
from journal.patients.service.identity import NewPatient
from journal.patients.service.searching import Found
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.web import Section, current_work, form_body, render, see_other
from journal.web.shell import MenuEntry, Tab

bp = Section("patients", __name__)
MENU = MenuEntry("patients.search", "search", "Finn pasient", Permission.PATIENTS_FIND)
TABS = (
    Tab("patients.allergies", "Allergier", Permission.PATIENTS_READ),
    Tab("patients.related_persons", "Pårørende", Permission.PATIENTS_READ),
)


@bp.page("/search", Permission.PATIENTS_FIND)
def search() -> str:
    return _search_page("", None, {})


@bp.act("/search", Permission.PATIENTS_FIND, repeatable=True)
def find() -> str:
    """A POST, since a name or number must stand in no address; it changes nothing but the log."""
    text = form_body(Search)["text"]
    return _search_page(text, _patients().find(text), {})


@bp.page("/patients/new", Permission.PATIENTS_REGISTER)
def new() -> str:
    current_work().admit(Permission.PATIENTS_REGISTER)
    return _registration_form({}, {})


@bp.act("/patients/new", Permission.PATIENTS_REGISTER)
def register() -> Response:
    body = form_body(Register)
    is_another_person = body.pop("is_another_person")
    patient_id = new_id()
    _patients().register(patient_id, NewPatient(**body), is_another_person=is_another_person)
    return see_other("care.admission", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/allergies", Permission.PATIENTS_READ)
def allergies(patient_id: UUID) -> str:
    return _allergies(patient_id, {}, {})


@bp.act("/patients/<uuid:patient_id>/allergies", Permission.PATIENTS_WRITE)
def record_allergy(patient_id: UUID) -> Response:
    _patients().record_allergy(patient_id, NewAllergy(**form_body(RecordAllergy)))
    return see_other(".allergies", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/allergies/none-known", Permission.PATIENTS_WRITE)
def no_known_allergies(patient_id: UUID) -> Response:
    _patients().state_no_known_allergies(patient_id, **form_body(NoKnownAllergies))
    return see_other(".allergies", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/allergies/<uuid:entry_id>/refuted", Permission.PATIENTS_WRITE)
def refute_allergy(patient_id: UUID, entry_id: UUID) -> Response:
    _patients().refute(patient_id, entry_id, **form_body(Refute))
    return see_other(".allergies", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/allergies/<uuid:entry_id>/in-error", Permission.PATIENTS_WRITE)
def allergy_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    _patients().mark_entered_in_error(patient_id, entry_id, **form_body(EnteredInError))
    return see_other(".allergies", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/related-persons", Permission.PATIENTS_READ)
def related_persons(patient_id: UUID) -> str:
    return _related_persons(patient_id, {}, {})


@bp.act("/patients/<uuid:patient_id>/related-persons", Permission.PATIENTS_WRITE)
def add_related_person(patient_id: UUID) -> Response:
    _patients().add_related_person(patient_id, **form_body(AddRelatedPerson))
    return see_other(".related_persons", patient_id=patient_id)


@bp.errorhandler(Invalid)
def correct(error: Invalid) -> tuple[str, int]:
    """The same page with what was typed, and a sentence at each field that must be corrected."""
    return _typed_again(error.errors), error.status


@bp.errorhandler(AlreadyRegistered)
@bp.errorhandler(PossibleDuplicate)
def known_already(error: Conflict) -> tuple[str, int]:
    """The registration form, with a way to the person who is here already."""
    known = error.fields["patient_id"]
    open_url = url_for("chart.front_page", patient_id=known) if known else None
    page = _registration_form(request.form.to_dict(), {}, problem=error, open_url=open_url)
    return page, error.status


def _typed_again(errors: dict[str, list[str]]) -> str:
    typed = request.form.to_dict()
    patient_id = (request.view_args or {}).get("patient_id")
    if request.endpoint == "patients.find":
        return _search_page(typed.get("text", ""), None, errors)
    if patient_id is None:
        return _registration_form(typed, errors)
    if request.endpoint == "patients.add_related_person":
        return _related_persons(patient_id, typed, errors)
    return _allergies(patient_id, typed, errors)


def _search_page(text: str, found: Found | None, errors: dict[str, list[str]]) -> str:
    may_register = current_work().actor.may(Permission.PATIENTS_REGISTER)
    return render("patients/search.html", text=text, found=found, errors=errors, may_register=may_register)


def _registration_form(
    typed: dict[str, str], errors: dict[str, list[str]], *, problem: Conflict | None = None, open_url: str | None = None
) -> str:
    sexes = [("female", _("Kvinne")), ("male", _("Mann")), ("unknown", _("Ikke kjent"))]
    protections = [
        ("none", _("Ingen")),
        ("confidential", _("Fortrolig (kode 7)")),
        ("strictly_confidential", _("Strengt fortrolig (kode 6)")),
    ]
    return render(
        "patients/new.html",
        typed=typed,
        errors=errors,
        problem=problem,
        open_url=open_url,
        sexes=sexes,
        protections=protections,
    )


def _allergies(patient_id: UUID, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render(
        "patients/allergies.html",
        banner=_patients().banner(patient_id),
        may_write=current_work().actor.may(Permission.PATIENTS_WRITE),
        reactions=list(rules.REACTIONS.items()),
        sources=list(rules.SOURCES.items()),
        typed=typed,
        errors=errors,
    )


def _related_persons(patient_id: UUID, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    service = _patients()
    return render(
        "patients/related_persons.html",
        banner=service.banner(patient_id),
        people=service.related_persons(patient_id),
        may_write=current_work().actor.may(Permission.PATIENTS_WRITE),
        typed=typed,
        errors=errors,
    )


def _patients() -> Patients:
    return Patients(current_work())
