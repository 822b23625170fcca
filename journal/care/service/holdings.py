"""A patient's own controlled drugs in the unit's keeping, as care sees them: who is asked to settle them, and what differed."""

from uuid import UUID

from journal.care import rules
from journal.care.service.incidents import Account, Incidents
from journal.care.service.tasks import Tasks
from journal.medication import Medication
from journal.permissions import Permission
from journal.platform.service import on_patient


class Holdings(Tasks, Incidents):
    """She leaves, or takes the medicine no more: what is left is counted, returned or destroyed, and closed at zero."""

    @on_patient(Permission.CARE_WRITE)
    def settle_holding(self, patient_id: UUID, place_id: UUID) -> None:
        """Adds the task for the actor's unit; none when it is open already."""
        if all(task.about_id != place_id for task in self.open_tasks(patient_id)):
            self.add_task(patient_id, rules.SETTLE_HOLDING, due_at=self.work.now, about_id=place_id)

    @on_patient(Permission.CARE_WRITE)
    def holding_closed(self, patient_id: UUID, place_id: UUID) -> None:
        """Is done with the task: nothing is left."""
        for task in self.open_tasks(patient_id):
            if task.about_id == place_id:
                self.complete_task(patient_id, task.entry_id, outcome=rules.HOLDING_SETTLED)

    @on_patient(Permission.CARE_WRITE)
    def holding_differs(self, patient_id: UUID, place_id: UUID) -> None:
        """Reports that what was counted is not what the account says."""
        told = Account("medication", rules.HOLDING_DIFFERS, "none", effective_at=self.work.now)
        self.report_incident(patient_id, told, about_id=place_id)

    def _leave_holding(self, patient_id: UUID) -> None:
        if place_id := Medication(self.work).holding_left(patient_id):
            self.settle_holding(patient_id, place_id)
