"""Pårørende and verge."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.patients.schemas import AddRelatedPerson, CorrectRelatedPerson, WithReason
from journal.patients.service.kin import NewRelative
from journal.patients.web.section import Refusal, bp, page_of, patients, told
from journal.permissions import Permission
from journal.web import form_body, render, see_other
from journal.web.shell import Tab

TAB = Tab("patients.related_persons", "Pårørende", Permission.PATIENTS_READ)


@bp.page("/patients/<uuid:patient_id>/related-persons", Permission.PATIENTS_READ)
def related_persons(patient_id: UUID) -> str:
    return _related_persons(patient_id)


@bp.act("/patients/<uuid:patient_id>/related-persons", Permission.PATIENTS_WRITE)
def add_related_person(patient_id: UUID) -> Response:
    patients().add_related_person(patient_id, NewRelative(**form_body(AddRelatedPerson)))
    return see_other(".related_persons", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/related-persons/<uuid:entry_id>/correct", Permission.PATIENTS_WRITE)
def correct_related_person(patient_id: UUID, entry_id: UUID) -> Response:
    body = form_body(CorrectRelatedPerson)
    version = body.pop("version")
    patients().correct_related_person(patient_id, entry_id, NewRelative(**body), version=version)
    return see_other(".related_persons", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/related-persons/<uuid:entry_id>/in-error", Permission.PATIENTS_WRITE)
def related_person_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    patients().related_person_in_error(patient_id, entry_id, **form_body(WithReason))
    return see_other(".related_persons", patient_id=patient_id)


@page_of("add_related_person", "correct_related_person", "related_person_in_error")
def _related_persons(patient_id: UUID, *, error: Refusal | None = None) -> str:
    service = patients()
    return render(
        "patients/related_persons.html",
        **told(error),
        banner=service.banner(patient_id),
        people=service.related_persons(patient_id),
    )
