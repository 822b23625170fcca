"""Kritisk informasjon: allergies and intolerances, and the flags of the banner."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.patients import rules
from journal.patients.schemas import NoKnownAllergies, NoLongerHolds, RaiseFlag, RecordAllergy, WithReason
from journal.patients.service.alerts import NewAllergy, NewFlag
from journal.patients.web.section import Refusal, bp, page_of, patients, told
from journal.permissions import Permission
from journal.web import form_body, render, see_other
from journal.web.shell import Tab

TABS = (
    Tab("patients.allergies", "Allergier", Permission.PATIENTS_READ),
    Tab("patients.flags", "Varsler", Permission.PATIENTS_READ),
)


@bp.page("/patients/<uuid:patient_id>/allergies", Permission.PATIENTS_READ)
def allergies(patient_id: UUID) -> str:
    return _allergies(patient_id)


@bp.act("/patients/<uuid:patient_id>/allergies", Permission.PATIENTS_WRITE)
def record_allergy(patient_id: UUID) -> Response:
    patients().record_allergy(patient_id, NewAllergy(**form_body(RecordAllergy)))
    return see_other(".allergies", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/allergies/none-known", Permission.PATIENTS_WRITE)
def no_known_allergies(patient_id: UUID) -> Response:
    patients().state_no_known_allergies(patient_id, **form_body(NoKnownAllergies))
    return see_other(".allergies", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/allergies/<uuid:entry_id>/refuted", Permission.PATIENTS_WRITE)
def refute_allergy(patient_id: UUID, entry_id: UUID) -> Response:
    patients().refute(patient_id, entry_id, **form_body(NoLongerHolds))
    return see_other(".allergies", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/allergies/<uuid:entry_id>/in-error", Permission.PATIENTS_WRITE)
def allergy_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    patients().mark_entered_in_error(patient_id, entry_id, **form_body(WithReason))
    return see_other(".allergies", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/flags", Permission.PATIENTS_READ)
def flags(patient_id: UUID) -> str:
    return _flags(patient_id)


@bp.act("/patients/<uuid:patient_id>/flags", Permission.PATIENTS_WRITE)
def raise_flag(patient_id: UUID) -> Response:
    patients().raise_flag(patient_id, NewFlag(**form_body(RaiseFlag)))
    return see_other(".flags", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/flags/<uuid:entry_id>/end", Permission.PATIENTS_WRITE)
def lower_flag(patient_id: UUID, entry_id: UUID) -> Response:
    patients().lower_flag(patient_id, entry_id, **form_body(NoLongerHolds))
    return see_other(".flags", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/flags/<uuid:entry_id>/in-error", Permission.PATIENTS_WRITE)
def flag_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    patients().flag_in_error(patient_id, entry_id, **form_body(WithReason))
    return see_other(".flags", patient_id=patient_id)


@page_of("record_allergy", "no_known_allergies", "refute_allergy", "allergy_in_error")
def _allergies(patient_id: UUID, *, error: Refusal | None = None) -> str:
    return render(
        "patients/allergies.html",
        **told(error),
        banner=patients().banner(patient_id),
        reactions=list(rules.REACTIONS.items()),
        sources=list(rules.SOURCES.items()),
    )


@page_of("raise_flag", "lower_flag", "flag_in_error")
def _flags(patient_id: UUID, *, error: Refusal | None = None) -> str:
    service = patients()
    return render(
        "patients/flags.html",
        **told(error),
        banner=service.banner(patient_id),
        ended=service.ended_flags(patient_id),
        kinds=list(rules.FLAGS.items()),
    )
