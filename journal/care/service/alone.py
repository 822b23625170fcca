"""A dose that was signed alone, as care sees it: the task of the next shift."""

from datetime import datetime
from uuid import UUID

from journal.care import rules
from journal.care.service.tasks import Tasks
from journal.medication import Medication
from journal.permissions import Permission
from journal.platform.service import on_patient


class SignedAlone(Tasks):
    """Another person counts, or looks it over."""

    @on_patient(Permission.CARE_WRITE)
    def ask_to_check(self, patient_id: UUID, administration_id: UUID, due_at: datetime) -> None:
        """Adds the task for the actor's unit, due when the next shift takes over."""
        text = rules.alone_task_text(Medication(self.work).medicine_of(patient_id, administration_id))
        self.add_task(patient_id, text, due_at=due_at, kind="alone", about_id=administration_id)

    @on_patient(Permission.CARE_WRITE)
    def alone_settled(self, patient_id: UUID, administration_id: UUID, outcome: str) -> None:
        """Is done with the task: another has looked, or the signature was a mistake."""
        for task in self.open_tasks(patient_id):
            if task.about_id == administration_id and task.kind == "alone":
                self._complete(self._open(patient_id, task.entry_id), outcome)
