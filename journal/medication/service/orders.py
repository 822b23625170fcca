"""What those begin with who act on an order."""

from uuid import UUID

import sqlalchemy as sa

from journal.medication.models import MedicationRequest
from journal.platform.errors import NotFound
from journal.platform.service import Service


class Orders(Service):
    """Finds the order."""

    def _current_order(self, patient_id: UUID, request_entry_id: UUID) -> MedicationRequest:
        """The newest version of it. Raises NotFound."""
        order = MedicationRequest
        newest = (
            sa.select(order)
            .where(self.work.chart(patient_id, order), order.entry_id == request_entry_id, order.in_error_at.is_(None))
            .order_by(order.version.desc())
            .limit(1)
        )
        if (found := self.db.scalar(newest)) is None:
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")
        return found
