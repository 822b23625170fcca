"""An order and its versions, and what the doctor does to it: change, stop, pause and resume."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import dosage_form, pages, schemas, supply_schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules import (
    GIVERS,
    SUPPLIES,
    Dosage,
    begun_as,
    dose_sentence,
    must_be_told_text,
    no_dose_decided,
)
from journal.medication.rules.pausing import REPLACEMENTS, Replacement
from journal.medication.rules.safety import Judgement
from journal.medication.rules.verbal import ACTS, UNSIGNED
from journal.medication.service import Medication, Pause, RequestVersion
from journal.medication.web.section import Refused, bp, choices, draws_again, judged, page
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Invalid
from journal.platform.language import gettext as _
from journal.web import current_work, form_body, see_other, typed

_NOTHING: Mapping[str, Any] = {}


@bp.page("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>", Permission.MEDICATION_READ)
def history(patient_id: UUID, request_entry_id: UUID) -> str:
    return _order(patient_id, Medication(current_work()).history(patient_id, request_entry_id))


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/change", Permission.MEDICATION_PRESCRIBE)
def change(patient_id: UUID, request_entry_id: UUID) -> Response:
    form, medication = form_body(schemas.Change), Medication(current_work())
    dosage = new_dosage(medication.history(patient_id, request_entry_id), form)
    answers = schemas.answers_from(form)
    if form["seen"] != dose_sentence(dosage):
        raise Invalid(_("Se over endringen før du signerer den."))
    medication.change(
        patient_id, request_entry_id, version=form["version"], dosage=dosage, reason=form["reason"], answers=answers
    )
    return see_other(".medication_list", patient_id=patient_id)


@bp.act(
    "/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/change/review",
    Permission.MEDICATION_PRESCRIBE,
    repeatable=True,
)
def review_change(patient_id: UUID, request_entry_id: UUID) -> str:
    """The change as one line, old and new, with what the safety rules say and the button that signs. Nothing is stored."""
    medication = Medication(current_work())
    versions = medication.history(patient_id, request_entry_id)
    dosage = new_dosage(versions, form_body(schemas.Change))
    judgement = medication.judge_change(patient_id, request_entry_id, dosage=dosage)
    return _order(patient_id, versions, new=dosage, judgement=judgement, changing=True, typed=typed())


def new_dosage(versions: list[RequestVersion], form: Mapping[str, Any]) -> Dosage:
    """The dosage that a form says, of an order as it is now. Raises Invalid for one that is the same, unless somebody else has
    changed the order to it meanwhile: who signs that is told so.
    """
    old = versions[0].dosage
    new = dosage_form.dosage_from(form, old.strength_per_unit, old.unit)
    new = begun_as(old, new)
    if new == old and form["version"] == versions[0].version:
        raise Invalid(errors={"dosage": [_("Doseringen er den samme som før. Endre den, eller gå tilbake.")]})
    return new


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/stop", Permission.MEDICATION_PRESCRIBE)
def stop(patient_id: UUID, request_entry_id: UUID) -> Response:
    Medication(current_work()).stop(patient_id, request_entry_id, **form_body(schemas.ChangeStatus))
    return see_other(".medication_list", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/hold", Permission.MEDICATION_PRESCRIBE)
def hold(patient_id: UUID, request_entry_id: UUID) -> Response:
    said = form_body(supply_schemas.Hold)
    of_order = {"version": said.pop("version"), "reason": said.pop("reason")}
    Medication(current_work()).hold(patient_id, request_entry_id, **of_order, pause=Pause(**said))
    to_prescribe = said["replacement"] is Replacement.PRESCRIBE
    return see_other(".prescribe_form" if to_prescribe else ".medication_list", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/resume", Permission.MEDICATION_PRESCRIBE)
def resume(patient_id: UUID, request_entry_id: UUID) -> Response:
    said = form_body(schemas.ChangeStatus)
    Medication(current_work()).resume(patient_id, request_entry_id, version=said["version"], reason=said["reason"])
    return see_other(".medication_list", patient_id=patient_id)


@draws_again("change", "review_change")
def _change_refused(refusal: Refused) -> str:
    """With the alerts where the safety rules refused it; what was typed stands in its fields either way."""
    patient_id, error = refusal.where["patient_id"], refusal.error
    versions = Medication(current_work()).history(patient_id, refusal.where["request_entry_id"])
    drawn: dict[str, Any] = {"said": refusal.said}
    if isinstance(error, AlertsFound):
        drawn = {"new": new_dosage(versions, form_body(schemas.Change)), "judgement": error.judgement}
    return _order(patient_id, versions, changing=True, typed=refusal.typed, errors=refusal.errors, **drawn)


@draws_again("stop", "hold", "resume")
def draw_order(refusal: Refused) -> str:
    """The order's page, where an act on it was refused: its form is open, with what was typed."""
    patient_id = refusal.where["patient_id"]
    versions = Medication(current_work()).history(patient_id, refusal.where["request_entry_id"])
    return _order(patient_id, versions, typed=refusal.typed, errors=refusal.errors, said=refusal.said)


def _replacements(patient_id: UUID, order: RequestVersion) -> dict[str, Any] | None:
    """What a pause of this order is asked about: what may be given instead; None where nothing is asked."""
    work = current_work()
    if not order.must_be_replaced or not work.actor.may(Permission.MEDICATION_PRESCRIBE):
        return None
    found = Medication(work).list_with_strip(patient_id)
    others = [one for group in (found.regular, found.courses, found.as_needed) for one in group]
    chosen = [(one.request_entry_id, one.line) for one in others if one.request_entry_id != order.request_entry_id]
    return {"kinds": [(kind.value, text) for kind, text in REPLACEMENTS.items()], "orders": chosen}


def procedure_of(list_id: UUID | None) -> str | None:
    """By which version of which list the order is, in words; None for what a doctor has ordered."""
    if list_id is None:
        return None
    found = Medication(current_work()).procedure_list(list_id)
    if found is None:
        return _("Gitt etter prosedyrelisten i en annen kommune.")
    day = norwegian_date(local_date(found.at))
    return _("Gitt etter prosedyreliste %(n)s, signert av %(name)s %(day)s.", n=found.version, name=found.by, day=day)


def _order(
    patient_id: UUID,
    versions: list[RequestVersion],
    *,
    changing: bool = False,
    typed: Mapping[str, Any] = _NOTHING,
    errors: Mapping[str, str] = _NOTHING,
    said: str | None = None,
    new: Dosage | None = None,
    judgement: Judgement | None = None,
) -> str:
    """The order's page; *new* is what it would be changed to, which is reviewed before it is signed."""
    newest, work = versions[0], current_work()
    now, today = newest.dosage, local_date(work.now)
    may_change = work.actor.may(Permission.MEDICATION_PRESCRIBE)
    counts = now.course is not None and now.course.doses is not None
    return page(
        "medication/request.html",
        patient_id,
        versions=versions,
        verbal=Medication(work).verbal_orders_of(patient_id, versions[0].request_entry_id),
        unsigned=UNSIGNED,
        acts=ACTS,
        procedure=procedure_of(newest.procedure_list_id),
        sentence=dose_sentence,
        changing=changing,
        no_dose=no_dose_decided(now, today),
        so_far=Medication(work).course_so_far(patient_id, newest.request_entry_id) if counts else None,
        dosage=typed if changing else dosage_form.to_change(now),
        says_all=dosage_form.says_all(now),
        replacements=_replacements(patient_id, newest),
        supplied=pages.supply_fields(newest.supply, newest.given_by),
        supply_text=(SUPPLIES[newest.supply] if newest.supply else None, GIVERS[newest.given_by]),
        must_be_told=must_be_told_text(newest.supply),
        review=(dose_sentence(now), dose_sentence(new)) if new else None,
        typed=typed,
        errors=errors,
        said=said,
        **judged(judgement, patient_id, newest.request_entry_id),
        **(choices(now.unit, follows_inr=newest.follows_inr) if may_change else {}),
    )
