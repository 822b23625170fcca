"""Lists from elsewhere: those that were taken in, the form that takes one in, and what a person says that an entry is."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.medication import dosage_form, pages, schemas, source_forms
from journal.medication import sources as reading
from journal.medication.service import Medication, SourceMedicine
from journal.medication.service.follow_up import follows_inr
from journal.medication.web.section import Refused, bp, choices, draws_again, page
from journal.permissions import Permission
from journal.platform.errors import NotFound
from journal.platform.language import gettext as _
from journal.web import current_work, form_body, query_body, see_other

_NOTHING: Mapping[str, Any] = {}
_SOURCES = "/patients/<uuid:patient_id>/medication/sources"
_ENTRY = f"{_SOURCES}/<uuid:document_id>/<uuid:source_medicine_id>"


@bp.page(_SOURCES, Permission.MEDICATION_READ)
def sources(patient_id: UUID) -> str:
    return _sources(patient_id)


# The same message taken in again is the one that was: so it may be sent twice.
@bp.act(_SOURCES, Permission.MEDICATION_IMPORT, repeatable=True)
def import_source(patient_id: UUID) -> Response:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise reading.BrokenSource(_("Velg filen du vil lese inn."))
    document = reading.read(file.stream.read(reading.LARGEST + 1))
    stored = Medication(current_work()).import_source(patient_id, document, **form_body(source_forms.ImportSource))
    return see_other(".comparison", patient_id=patient_id, document_id=stored)


@draws_again("import_source")
def _import_refused(refusal: Refused) -> str:
    return _sources(refusal.where["patient_id"], refusal.errors, typed=refusal.typed)


def _sources(patient_id: UUID, errors: Mapping[str, str] = _NOTHING, **drawn: Any) -> str:
    work = current_work()
    found = Medication(work).sources(patient_id)
    titles = {source.id: pages.source_title(source) for source in found}
    form = {"errors": errors, "typed": {}, "said": None, "marking": None} | drawn
    may = work.actor.may(Permission.MEDICATION_IMPORT)
    return page("medication/sources.html", patient_id, sources=found, titles=titles, may_import=may, **form)


@bp.act(f"{_SOURCES}/<uuid:document_id>/in-error", Permission.MEDICATION_IMPORT)
def source_in_error(patient_id: UUID, document_id: UUID) -> Response:
    said = form_body(source_forms.MarkInError)
    Medication(current_work()).source_in_error(patient_id, document_id, reason=said["reason"])
    return see_other(".sources", patient_id=patient_id)


@draws_again("source_in_error")
def _marking_refused(refusal: Refused) -> str:
    marking = {"marking": refusal.where["document_id"], "typed": refusal.typed, "said": refusal.said}
    return _sources(refusal.where["patient_id"], refusal.errors, **marking)


@bp.page(_ENTRY, Permission.MEDICATION_IMPORT)
def match_form(patient_id: UUID, document_id: UUID, source_medicine_id: UUID) -> str:
    return _match_form(patient_id, document_id, source_medicine_id, query_body(source_forms.MatchQuery))


@bp.act(_ENTRY, Permission.MEDICATION_IMPORT)
def match(patient_id: UUID, document_id: UUID, source_medicine_id: UUID) -> Response:
    form, medication = form_body(source_forms.Match), Medication(current_work())
    hit = medication.catalogue_item(form["item"])
    strength = schemas.strength_of(hit.strength_value, hit.strength_unit)
    dosage = dosage_form.dosage_from(form, strength, hit.dose_unit)
    said = {"version": form["version"], "item_id": hit.id, "dosage": dosage}
    medication.match_medicine(patient_id, source_medicine_id, **said)
    return see_other(".comparison", patient_id=patient_id, document_id=document_id)


@draws_again("match")
def _match_refused(refusal: Refused) -> str:
    known = None if "item" in refusal.errors else refusal.typed.get("item") or None
    asked = source_forms.MatchQuery().load({"item": known})
    drawn: dict[str, Any] = {"typed": refusal.typed, "errors": refusal.errors, "said": refusal.said}
    return _match_form(**refusal.where, asked=asked, **drawn)


def _match_form(
    patient_id: UUID, document_id: UUID, source_medicine_id: UUID, asked: Mapping[str, Any], **drawn: Any
) -> str:
    """The entry as it was written, beside the search or, when a product is chosen, its dosage."""
    medication = Medication(current_work())
    entry = _entry(medication.source_medicines(patient_id, document_id), source_medicine_id)
    hit = medication.catalogue_item(asked["item"]) if asked["item"] else None
    found = medication.search_catalogue(asked["q"]) if asked["q"] and not hit else None
    form = {"typed": dosage_form.form_of(entry.dosage) if entry.dosage else {}, "errors": {}, "said": None} | drawn
    context = {"document_id": document_id, "entry": entry, "hit": hit, "found": found, "q": asked["q"]}
    of_hit = choices(hit.dose_unit, follows_inr=follows_inr(hit.medicine.atc_code)) if hit else {}
    return page("medication/match.html", patient_id, **context, **form, **of_hit)


def _entry(medicines: list[SourceMedicine], source_medicine_id: UUID) -> SourceMedicine:
    for each in medicines:
        if each.id == source_medicine_id:
            return each
    raise NotFound("Legemidlet finnes ikke i listen.")
