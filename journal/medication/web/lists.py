"""The medicines in use, and those that were stopped."""

from uuid import UUID

from journal.medication import pages
from journal.medication.service import Medication
from journal.medication.web.section import bp, page
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import hhmm, local_date
from journal.platform.statement import together
from journal.web import current_work
from journal.web.shell import Tab

TAB = Tab("medication.medication_list", "Legemidler", Permission.MEDICATION_READ)


@bp.page("/patients/<uuid:patient_id>/medication", Permission.MEDICATION_READ)
def medication_list(patient_id: UUID) -> str:
    work = current_work()
    work.open(Permission.MEDICATION_READ, [patient_id])
    with together(work.db):
        medicines, banner = Medication(work).ask_list_with_strip(patient_id), Patients(work).ask_banner(patient_id)
        last = Medication(work).ask_last_reconciled(patient_id)
        after = Medication(work).ask_list_after_crossing(patient_id)
    door = after.answer()
    shown = {"medicines": medicines.answer(), "banner_of": banner.answer(), "now_text": hhmm(work.now)}
    shown["reconciled"] = pages.last_reconciled(last.answer(), local_date(work.now))
    shown |= {"door": door, "door_text": pages.crossing_said(door) if door else ""}
    shown["may_print"] = work.actor.may(Permission.MEDICATION_PRINT)
    return page("medication/list.html", patient_id, **shown)


@bp.page("/patients/<uuid:patient_id>/medication/stopped", Permission.MEDICATION_READ)
def stopped(patient_id: UUID) -> str:
    found = Medication(current_work()).stopped_recently(patient_id)
    return page("medication/stopped.html", patient_id, stopped=found)
