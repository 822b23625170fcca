"""What stays and services share: the unit they are given at, and the end of one."""

from datetime import datetime
from uuid import UUID

from journal.access import CareRelationships
from journal.care.models import GrantedServiceVersion, StayRow
from journal.municipalities import Municipalities, UnitNode
from journal.platform.errors import Denied, Invalid
from journal.platform.service import Service


class Places(Service):
    """Units of one's own municipality, and what they give the patient from, until."""

    def _unit(self, unit_id: UUID, field: str) -> UnitNode:
        unit = next((unit for unit in Municipalities(self.work).units() if unit.id == unit_id), None)
        if unit is None:
            raise Invalid(errors={field: ["Velg en enhet i kommunen."]})
        return unit

    def _must_answer_for(self, row: StayRow | GrantedServiceVersion) -> None:
        """A stay or a service is changed by the municipality that gives it; row-level security refuses anybody else."""
        if row.municipality_id != self.work.actor.municipality_id:
            raise Denied("En annen kommune har gitt dette, og bare den kan endre det. Ta kontakt med dem.")

    def _end(self, row: StayRow | GrantedServiceVersion, at: datetime) -> None:
        self._must_answer_for(row)
        row.valid_until, row.ended_by_name = at, self.work.actor.name
        self.db.flush()

    def _end_with_ground(self, row: StayRow | GrantedServiceVersion, at: datetime) -> None:
        self._end(row, at)
        CareRelationships(self.work).end(row.patient_id, row.relationship_id, at)
