"""The medicines in use, and those that were stopped."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages, schemas
from journal.medication.rules.since import since_text
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import hhmm, local_date
from journal.platform.statement import together
from journal.web import current_work, form_body, see_other
from journal.web.shell import Tab

TAB = Tab("medication.medication_list", "Legemidler", Permission.MEDICATION_READ)


@bp.page("/patients/<uuid:patient_id>/medication", Permission.MEDICATION_READ)
def medication_list(patient_id: UUID) -> str:
    return _list(patient_id)


def _list(patient_id: UUID, said: str | None = None) -> str:
    """The list; *said* is why what was asked for could not be done."""
    work = current_work()
    work.open(Permission.MEDICATION_READ, [patient_id])
    with together(work.db):
        medicines, banner = Medication(work).ask_list_with_strip(patient_id), Patients(work).ask_banner(patient_id)
        last = Medication(work).ask_last_reconciled(patient_id)
        after = Medication(work).ask_list_after_crossing(patient_id)
        patches = Medication(work).ask_patches(patient_id)
        since = Medication(work).ask_changed_since_last(patient_id)
    listed = medicines.answer()
    shown: dict[str, Any] = {"medicines": listed, "banner_of": banner.answer(), "now_text": hhmm(work.now)}
    shown["reconciled"] = pages.last_reconciled(last.answer(), local_date(work.now))
    door = after.answer()
    shown |= {"door": door, "door_text": pages.crossing_said(door) if door else ""}
    in_use = {medicine.request_entry_id for medicine in (*listed.regular, *listed.courses, *listed.as_needed)}
    shown["worn"] = pages.worn(patient_id, patches.answer().values(), in_use, work.now)
    last_here, changed = since.answer()
    shown["since"] = since_text(last_here, work.now) if last_here else None
    shown["changed"] = pages.changes_of(changed, work.now)
    shown["may_administer"] = work.actor.may(Permission.MEDICATION_ADMINISTER)
    shown["may_print"] = work.actor.may(Permission.MEDICATION_PRINT)
    return page("medication/list.html", patient_id, said=said, **shown)


@bp.act(
    "/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/patches/removed",
    Permission.MEDICATION_ADMINISTER,
)
def remove_patches(patient_id: UUID, request_entry_id: UUID) -> Response:
    """A patch is taken off, or not found, and no new one put on."""
    old = form_body(schemas.RemovePatch)["old_patch"]
    Medication(current_work()).remove_patches(patient_id, request_entry_id, old=old)
    return see_other(".medication_list", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/medication/stopped", Permission.MEDICATION_READ)
def stopped(patient_id: UUID) -> str:
    found = Medication(current_work()).stopped_recently(patient_id)
    return page("medication/stopped.html", patient_id, stopped=found)


@draws_again("remove_patches")
def _refused(refusal: Refused) -> str:
    return _list(refusal.where["patient_id"], refusal.said)
