"""Personopplysninger: name, address and telephone, and numbers, with what stood there before."""

from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from journal.patients.errors import NumberElsewhere
from journal.patients.person import LANGUAGES, Contact, PersonIdentity
from journal.patients.schemas import AddIdentifier, CorrectIdentity, UpdateContact, WithReason
from journal.patients.web.finding import protections, sexes
from journal.patients.web.section import Refusal, bp, page_of, patients, told
from journal.permissions import Permission
from journal.web import form_body, render, see_other


@bp.page("/patients/<uuid:patient_id>/personal", Permission.PATIENTS_READ)
def personal(patient_id: UUID) -> str:
    return _personal(patient_id)


@bp.act("/patients/<uuid:patient_id>/personal/identity", Permission.PATIENTS_WRITE)
def correct_identity(patient_id: UUID) -> Response:
    body = form_body(CorrectIdentity)
    version = body.pop("version")
    patients().correct_identity(patient_id, PersonIdentity(**body), version=version)
    return see_other(".personal", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/personal/contact", Permission.PATIENTS_WRITE)
def update_contact(patient_id: UUID) -> Response:
    body = form_body(UpdateContact)
    version = body.pop("version")
    patients().update_contact(patient_id, Contact(**body), version=version)
    return see_other(".personal", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/personal/numbers", Permission.PATIENTS_WRITE)
def add_identifier(patient_id: UUID) -> Response:
    patients().add_identifier(patient_id, **form_body(AddIdentifier))
    return see_other(".personal", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/personal/numbers/<uuid:identifier_id>/in-error", Permission.PATIENTS_WRITE)
def identifier_in_error(patient_id: UUID, identifier_id: UUID) -> Response:
    patients().identifier_in_error(patient_id, identifier_id, **form_body(WithReason))
    return see_other(".personal", patient_id=patient_id)


@page_of("correct_identity", "update_contact", "add_identifier", "identifier_in_error")
def _personal(patient_id: UUID, *, error: Refusal | None = None) -> str:
    """After a number that another record has: with the way to linking the two."""
    service = patients()
    other = error.fields["patient_id"] if isinstance(error, NumberElsewhere) else None
    return render(
        "patients/personal.html",
        **told(error),
        banner=service.banner(patient_id),
        person=service.person(patient_id),
        problem=error if isinstance(error, NumberElsewhere) else None,
        link_url=url_for(".links", patient_id=patient_id, other=other) if other else None,
        sexes=sexes(),
        protections=protections(),
        languages=list(LANGUAGES.items()),
    )
