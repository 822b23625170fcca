"""Care relationships: begun and ended by what happens (a stay, a service), never declared by the reader."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access import grounds_rules as rules
from journal.access.justified_rules import SELF_TAKEN
from journal.access.models import CareRelationship
from journal.permissions import Permission
from journal.platform.errors import Denied, NotLet
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patient


class CareRelationships(Service):
    """Who has a reason to open whose chart, from when until when, and on which decision it rests."""

    @on_patient(Permission.CARE_GRANT)
    def begin(
        self,
        patient_id: UUID,
        *,
        ground: str,
        unit_id: UUID | None = None,
        practitioner_id: UUID | None = None,
        service_code: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        decision_ref: dict[str, Any] | None = None,
        room: str | None = None,
    ) -> UUID:
        """Begins a relationship with a unit, or with one person, of one's own municipality; answers with its id.

        With *valid_until* it ends by itself, and has the municipality's hours of grace after that. Raises Denied for a ground
        that somebody asks for (rules.ASKED) when it is for oneself or a unit one acts for: nobody declares her own need.
        """
        actor = self.work.actor
        if ground in rules.ASKED and (practitioner_id == actor.person_id or unit_id in actor.units):
            raise Denied("Du kan ikke gi tilgang til deg selv eller din egen enhet. Be en kollega om å gjøre det.")
        relationship = CareRelationship(
            patient_id=patient_id,
            id=new_id(),
            # No unit: it is nobody else's, and the unit that asked has its own ground.
            unit_id=unit_id or sa.null(),
            practitioner_id=practitioner_id,
            ground=ground,
            service_code=service_code,
            decision_ref=decision_ref,
            room=room,
            valid_from=valid_from or self.work.now,
            valid_until=valid_until,
            grace_until=self._after_grace(valid_until) if valid_until else None,
        )
        self.db.add(relationship)
        self.db.flush()
        return relationship.id

    @on_patient(Permission.CARE_GRANT)
    def entrust(self, patient_id: UUID, practitioner_id: UUID, *, valid_from: datetime) -> UUID:
        """A task with the patient for one person, who may open the chart from then on; answers with the relationship's id."""
        return self.begin(patient_id, ground="task", practitioner_id=practitioner_id, valid_from=valid_from)

    @on_patient(Permission.CARE_GRANT)
    def end(self, patient_id: UUID, relationship_id: UUID, at: datetime | None = None) -> None:
        """Ends it, with the municipality's hours of grace for what is still to be written; none when it has not begun.

        Raises NotLet for whoever has the chart open by a reason of her own: what others have is not hers to end.
        """
        if self.work.ground(patient_id).code in SELF_TAKEN:
            raise NotLet()
        end = at or self.work.now
        grace_until = self._after_grace(end) if end <= self.work.now else end
        self._change(patient_id, relationship_id, valid_until=end, grace_until=grace_until)

    @on_patient(Permission.CARE_WRITE)
    def set_away(
        self, patient_id: UUID, relationship_id: UUID, away_from: datetime | None, away_until: datetime | None
    ) -> None:
        """While the patient is away (leave, hospital), no dose is expected of the unit; None and None when she is back."""
        self._change(patient_id, relationship_id, away_from=away_from, away_until=away_until)

    def _after_grace(self, end: datetime) -> sa.ColumnElement[datetime]:
        """Work is written down after the patient has left: a chart stays open to its ward so long after the end."""
        grace = sa.func.access.grace(self.work.actor.municipality_id, type_=sa.Interval)
        return sa.cast(end, sa.DateTime(timezone=True)) + grace

    def _change(self, patient_id: UUID, relationship_id: UUID, **values: Any) -> None:
        change = sa.update(CareRelationship).where(
            self.work.chart(patient_id, CareRelationship), CareRelationship.id == relationship_id
        )
        self.db.execute(change.values(**values))
