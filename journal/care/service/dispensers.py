"""What must be seen to about an electronic dispenser: tasks of kinds of their own, so that what nobody answers is passed on."""

from datetime import datetime
from uuid import UUID

from journal.care import dispenser_rules as rules
from journal.care.service.tasks import Tasks
from journal.permissions import Permission
from journal.platform.service import on_patient


class Dispensers(Tasks):
    """Tells by a task, once while it is open: a device says the same again and again."""

    @on_patient(Permission.CARE_WRITE)
    def dispenser_task(
        self,
        patient_id: UUID,
        dispenser_id: UUID,
        what: rules.DispenserTask,
        due_at: datetime | None,
        *,
        dose_at: datetime | None = None,
    ) -> None:
        """Adds the task, due then, unless it is open already; None for `due_at`: nobody needs to any more. An evaluation and a
        load have one date, the last one said."""
        text = rules.dispenser_text(what, dose_at)
        same = [task for task in self.open_tasks(patient_id) if (task.about_id, task.text) == (dispenser_id, text)]
        if due_at is None or what in rules.RENEWED:
            for task in same:
                self.complete_task(patient_id, task.entry_id, outcome=rules.SETTLED)
            same = []
        if due_at is not None and not same:
            kind = rules.KINDS.get(what, "dispenser")
            self.add_task(patient_id, text, due_at=due_at, kind=kind, about_id=dispenser_id)
