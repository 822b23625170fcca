"""What becomes of doses that were not given: a task for whoever must do something about it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from journal.care import rules
from journal.care.models import TaskVersion
from journal.care.service.tasks import Tasks
from journal.medication import Medication
from journal.permissions import Permission
from journal.platform.service import on_patient


class Missed(Tasks):
    """Tells by a task, once."""

    @on_patient(Permission.CARE_WRITE)
    def follow_up_dose(self, patient_id: UUID, administration_id: UUID, step: rules.NotGiven) -> UUID:
        """Adds the task that this signature of a dose as not given leads to, due now; answers with its entry_id."""
        dose = Medication(self.work).not_given_dose(patient_id, administration_id)
        text = rules.not_given_text(step, dose.medicine, dose.due_at, dose.why)
        return self.add_task(patient_id, text, due_at=self.work.now, kind="next_step", about_id=administration_id)

    @on_patient(Permission.CARE_WRITE)
    def see_whether_taken(self, patient_id: UUID, laying_id: UUID, before: datetime) -> UUID:
        """Adds the task to see whether what was laid out was taken, due when it must be known; answers with its entry_id."""
        text = rules.laid_out_text(Medication(self.work).medicine_laid_out(patient_id, laying_id), self.work.now)
        return self.add_task(patient_id, text, due_at=before, about_id=laying_id)

    @on_patient(Permission.CARE_WRITE)
    def seen_whether_taken(self, patient_id: UUID, laying_id: UUID) -> None:
        """Is done with the task about what was laid out or sent along: somebody has said what became of it."""
        for task in self.open_tasks(patient_id):
            if task.about_id == laying_id:
                self.complete_task(patient_id, task.entry_id, outcome=rules.SETTLED)

    @on_patient(Permission.CARE_WRITE)
    def tell_prescriber(self, patient_id: UUID, request_entry_id: UUID, about: rules.ForPrescriber) -> None:
        """Adds the task for whoever prescribes; not when one that says the same is open, or is younger than a week."""
        text = rules.for_prescriber_text(about, Medication(self.work).name_of_order(patient_id, request_entry_id))
        task = TaskVersion
        same = task.about_id == request_entry_id, task.kind == "prescriber", task.what == text, task.version == 1
        lately = task.recorded_at > self.work.now - rules.TOLD_AGAIN_AFTER, task.in_error_at.is_(None)
        told = sa.select(task.id).where(self.work.chart(patient_id, task), *same, *lately).limit(1)
        is_open = any(each.about_id == request_entry_id and each.text == text for each in self.open_tasks(patient_id))
        if not is_open and self.db.scalar(told) is None:
            self.add_task(patient_id, text, due_at=self.work.now, kind="prescriber", about_id=request_entry_id)
