"""What is to be done in the unit, over all its patients: a task that stands in one chart alone is a message that vanishes."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.care.service.tasks import Tasks
from journal.permissions import Permission
from journal.platform.service import without_patient
from journal.platform.statement import Statement

_WAITING = Statement(sa.text("SELECT patient_id, room FROM care.patients_with_tasks()"))


class UnitTasks(Tasks):
    """Which charts to open; what is in them, `tasks` says."""

    @without_patient(Permission.CHART_LIST)
    def patients_with_tasks(self) -> dict[UUID, str | None]:
        """The patients with a ground for the unit one acts in, or for oneself, and something open to be done: first due first.

        Each with the room, or None. Opens no chart. One statement.
        """
        rows: list[Any] = _WAITING.rows(self.db)
        return {row.patient_id: row.room for row in rows}
