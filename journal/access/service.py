"""Care relationships: begun and ended by what happens (a stay, a service), never declared by the reader."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access.models import CareRelationship
from journal.permissions import Permission
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patient

# Work is written down after the patient has left: a chart stays open to its ward this long after the end.
GRACE = timedelta(days=3)


class CareRelationships(Service):
    """Who has a reason to open whose chart, from when until when, and on which decision it rests."""

    @on_patient(Permission.PATIENTS_ADMIT)
    def begin(
        self,
        patient_id: UUID,
        *,
        unit_id: UUID,
        ground: str,
        service_code: str | None = None,
        valid_from: datetime | None = None,
        decision_ref: dict[str, Any] | None = None,
        room: str | None = None,
    ) -> UUID:
        """Begins a relationship with a unit of one's own municipality; answers with its id."""
        relationship = CareRelationship(
            patient_id=patient_id,
            id=new_id(),
            unit_id=unit_id,
            ground=ground,
            service_code=service_code,
            decision_ref=decision_ref,
            room=room,
            valid_from=valid_from or self.work.now,
        )
        self.db.add(relationship)
        self.db.flush()
        return relationship.id

    @on_patient(Permission.PATIENTS_ADMIT)
    def entrust(self, patient_id: UUID, practitioner_id: UUID, *, valid_from: datetime) -> UUID:
        """A task with the patient for one person, who may open the chart from then on; answers with the relationship's id."""
        id = new_id()
        begun = {"patient_id": patient_id, "id": id, "practitioner_id": practitioner_id, "valid_from": valid_from}
        # No unit: it is nobody else's, and the unit that asked has its own ground.
        self.db.execute(sa.insert(CareRelationship).values(**begun, unit_id=sa.null(), ground="task"))
        return id

    @on_patient(Permission.PATIENTS_DISCHARGE)
    def end(self, patient_id: UUID, relationship_id: UUID, at: datetime | None = None) -> None:
        """Ends it, with three days' grace for what is still to be written; none when it has not begun."""
        end = at or self.work.now
        grace = GRACE if end <= self.work.now else timedelta(0)
        self._change(patient_id, relationship_id, valid_until=end, grace_until=end + grace)

    @on_patient(Permission.CARE_WRITE)
    def set_away(
        self, patient_id: UUID, relationship_id: UUID, away_from: datetime | None, away_until: datetime | None
    ) -> None:
        """While the patient is away (leave, hospital), no dose is expected of the unit; None and None when she is back."""
        self._change(patient_id, relationship_id, away_from=away_from, away_until=away_until)

    def _change(self, patient_id: UUID, relationship_id: UUID, **values: Any) -> None:
        change = sa.update(CareRelationship).where(
            self.work.chart(patient_id, CareRelationship), CareRelationship.id == relationship_id
        )
        self.db.execute(change.values(**values))
