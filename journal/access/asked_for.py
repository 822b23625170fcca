"""Who may open a patient's chart and why; and what somebody asks for: general practitioner, referral, the patient's own wish."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access import grounds_rules as rules
from journal.access.models import CareRelationship
from journal.access.service import CareRelationships
from journal.municipalities import Municipalities, StaffMember
from journal.permissions import Permission, Role
from journal.platform import clock
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.service import Service, on_patient
from journal.platform.statement import Statement

# A person's or a unit's name is seen by those of its municipality; elsewhere the municipality stands for it.
_HELD = Statement(
    sa.text(
        """
    SELECT r.id, r.ground, r.unit_id, u.name AS unit_name, p.name AS person_name, m.name AS municipality_name,
        r.municipality_id, r.valid_from, r.valid_until, r.grace_until, r.recorded_by_name,
        r.decision_ref ->> 'description' AS rests_on
    FROM access.care_relationship r
    JOIN municipalities.municipality m ON m.id = r.municipality_id
    LEFT JOIN municipalities.unit u ON u.id = r.unit_id
    LEFT JOIN municipalities.practitioner p ON p.id = r.practitioner_id
    WHERE r.patient_id = ANY (CAST(:ids AS uuid[])) AND r.in_error_at IS NULL
      AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now())
    ORDER BY r.valid_until IS NOT NULL, r.valid_from DESC, r.id
    """
    )
)


@dataclass(frozen=True)
class HeldGround:
    """A ground that opens the chart now, or will. `over`: it has ended, and what was done is being written until `grace_until`."""

    id: UUID
    ground: str
    holder: str
    municipality_name: str
    valid_from: datetime
    valid_until: datetime | None
    grace_until: datetime | None
    over: bool
    rests_on: str | None
    recorded_by_name: str
    may_end: bool


class AskedFor(Service):
    """Registered by whoever has the chart open already, for somebody else."""

    @on_patient(Permission.CARE_READ)
    def held(self, patient_id: UUID) -> list[HeldGround]:
        """Everybody who may open the chart, the open grounds first. One statement."""
        now, own = self.work.now, self.work.actor.municipality_id
        rows: list[Any] = _HELD.rows(self.db, ids=self.work.ids(patient_id))
        return [
            HeldGround(
                id=row.id,
                ground=row.ground,
                holder=row.person_name or row.unit_name or row.municipality_name,
                municipality_name=row.municipality_name,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                grace_until=row.grace_until,
                over=row.valid_until is not None and row.valid_until <= now,
                rests_on=row.rests_on,
                recorded_by_name=row.recorded_by_name,
                may_end=row.ground in rules.ASKED
                and row.municipality_id == own
                and (row.valid_until is None or row.valid_until > now),
            )
            for row in rows
        ]

    @on_patient(Permission.CARE_GRANT)
    def ask_for(self, patient_id: UUID, ground: str, to: UUID, *, until: date | None) -> UUID:
        """A ground for a unit or a person of the municipality, until the end of a day; answers with the relationship's id.

        *to* is a unit's or a person's id. Raises Invalid for who cannot have that ground or a day that cannot be, Denied when it
        is for oneself, Conflict when she or it has the ground already.
        """
        person, unit_id = self._holder(ground, to)
        last_day = self._last_day(ground, until)
        if any(held.ground == ground and self._same(held, person, unit_id) for held in self._open_of(patient_id)):
            raise Conflict("Tilgangen er registrert fra før. Du trenger ikke gjøre mer.")
        return CareRelationships(self.work).begin(
            patient_id,
            ground=ground,
            unit_id=unit_id,
            practitioner_id=person.practitioner_id if person else None,
            valid_until=clock.day_bounds(last_day)[1] if last_day else None,
            decision_ref={"id": ground, "description": str(rules.GROUNDS[ground]), "user_selected": False},
        )

    @on_patient(Permission.CARE_GRANT)
    def withdraw(self, patient_id: UUID, relationship_id: UUID) -> None:
        """Ends a ground that somebody asked for, now. Raises NotFound unless it is open and one's own municipality's."""
        if not any(held.id == relationship_id and held.may_end for held in self.held(patient_id)):
            raise NotFound()
        CareRelationships(self.work).end(patient_id, relationship_id)

    def _open_of(self, patient_id: UUID) -> list[CareRelationship]:
        relationship = CareRelationship
        still = sa.or_(relationship.valid_until.is_(None), relationship.valid_until > self.work.now)
        mine = self.work.chart(patient_id, relationship), relationship.in_error_at.is_(None), still
        return list(self.db.scalars(sa.select(relationship).where(*mine)))

    @staticmethod
    def _same(held: CareRelationship, person: StaffMember | None, unit_id: UUID | None) -> bool:
        return held.practitioner_id == person.practitioner_id if person else held.unit_id == unit_id

    def _holder(self, ground: str, to: UUID) -> tuple[StaffMember | None, UUID | None]:
        municipality = Municipalities(self.work)
        person = next((one for one in municipality.staff() if one.practitioner_id == to), None)
        unit = next((one for one in municipality.units() if one.id == to), None)
        if ground == "general_practitioner" and (person is None or person.role != Role.DOCTOR):
            raise Invalid(errors={"to": ["Velg en lege i kommunen."]})
        if ground == "referral" and unit is None:
            raise Invalid(errors={"to": ["Velg enheten pasienten er henvist til."]})
        if person is None and unit is None:
            raise Invalid(errors={"to": ["Velg en person eller en enhet i kommunen."]})
        return person, unit.id if unit else None

    def _last_day(self, ground: str, until: date | None) -> date | None:
        today = clock.local_date(self.work.now)
        if ground == "patient_request" and until is None:
            raise Invalid(errors={"until": ["Skriv hvor lenge pasienten vil at det skal gjelde, høyst ett år."]})
        if until is not None and until < today:
            raise Invalid(errors={"until": ["Dagen har vært. Skriv en dag fram i tid."]})
        if ground == "patient_request" and until is not None and until - today > rules.LONGEST_REQUEST:
            raise Invalid(errors={"until": ["Det kan gjelde høyst ett år. Spør pasienten på nytt etter det."]})
        return until
