"""Opening a drawer of a chart that one has a ground for: with a reason, for the rest of a shift."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from journal.access.drawer_rules import LASTS, Why
from journal.access.justified_tables import DrawerOpening
from journal.permissions import Permission
from journal.platform.service import Service, on_patient


class Drawers(Service):
    """The drawer of sensitive notes."""

    @on_patient(Permission.NOTES_READ)
    def open(self, patient_id: UUID, reason: Why) -> None:
        """Opens it for whoever asks, and no longer than a shift. It stands in the log with the reason, also when nothing is read.

        Raises Denied for a role that opens none.
        """
        self.work.admit(Permission.NOTES_DRAWER)
        until = self.work.now + LASTS
        self.db.add(DrawerOpening(patient_id=patient_id, reason=reason.value, valid_until=until))
        self.db.flush()
        self.work.open(Permission.NOTES_DRAWER, [patient_id])

    @on_patient(Permission.NOTES_READ)
    def open_until(self, patient_id: UUID) -> datetime | None:
        """How long it is open to the reader, in this employment; None when it is closed. One statement."""
        row, actor = DrawerOpening, self.work.actor
        hers = row.recorded_by == actor.person_id, row.recorded_as == actor.role_id, row.valid_until > self.work.now
        return self.db.scalar(sa.select(sa.func.max(row.valid_until)).where(self.work.chart(patient_id, row), *hers))
