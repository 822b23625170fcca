"""Tasks that nobody has done in time are told further up, by the worker."""

import json
from uuid import UUID

import sqlalchemy as sa

from journal.care.facts import TaskRaised
from journal.care.ladder_tables import TaskRaise
from journal.care.models import TaskVersion
from journal.care.raising import RAISED, Told
from journal.permissions import Permission
from journal.platform.service import Service, on_patient, without_patient
from journal.platform.statement import Statement

_RAISE = Statement(sa.text("SELECT patient_id, entry_id, told FROM care.raise_overdue(CAST(:rungs AS jsonb), :most)"))
_RUNGS = json.dumps(
    [
        {"kind": kind, "minutes": after.minutes, "told": after.told}
        for kind, afters in RAISED.items()
        for after in afters
    ]
)


class Raising(Service):
    """Each task, and each version of it with its own limit, once to each (raising.RAISED)."""

    @without_patient(Permission.CARE_RAISE)
    def raise_overdue(self, most: int) -> int:
        """Tells of at most so many; answers with how many it told of. For the worker: no chart is opened."""
        rows = _RAISE.rows(self.db, rungs=_RUNGS, most=most)
        for row in rows:
            self.work.publish(TaskRaised(row.patient_id, row.entry_id, row.told))
        return len(rows)

    @on_patient(Permission.CARE_READ)
    def told(self, patient_id: UUID) -> dict[UUID, Told]:
        """How far each task has come, by its entry, as it stands now. One statement."""
        raised, task = TaskRaise, TaskVersion
        later = sa.orm.aliased(TaskVersion)
        newer = later.patient_id == task.patient_id, later.entry_id == task.entry_id, later.version > task.version
        query = (
            sa.select(task.entry_id, sa.func.max(raised.told))
            .join(task, sa.and_(task.patient_id == raised.patient_id, task.id == raised.task_id))
            .where(self.work.chart(patient_id, raised), self.work.chart(patient_id, task))
            .where(~sa.exists().where(*newer))
            .group_by(task.entry_id)
        )
        return {entry_id: Told(told) for entry_id, told in self.db.execute(query)}
