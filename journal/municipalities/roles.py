"""Who gets to see what in a unit, and the roles that are given for a shift or under a supervisor."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.municipalities.authorising import Authorising
from journal.municipalities.models import PractitionerRole, Unit
from journal.municipalities.role_rules import SUPERVISING, Way, way_to
from journal.municipalities.role_tables import Qualification, ShiftPerson
from journal.permissions import Permission, Role
from journal.platform.clock import day_bounds, local_date
from journal.platform.errors import Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import without_patient

LONGEST = timedelta(days=366)
"""Somebody is named for a year at the most, and then named anew by whoever answers for it."""

_SEATS = sa.text(
    """
    WITH RECURSIVE above AS (
        SELECT u.id, u.parent_id, u.name FROM municipalities.unit u WHERE u.id = :unit
        UNION ALL SELECT u.id, u.parent_id, u.name FROM municipalities.unit u JOIN above a ON u.id = a.parent_id)
    SELECT r.id AS role_id, p.id AS practitioner_id, p.name, p.hpr_number, r.role, r.source, r.valid_from, r.valid_until,
        a.id AS unit_id, a.name AS unit_name, s.name AS supervisor, g.name AS given_by, municipalities.in_force(r.id) AS holds,
        ARRAY(SELECT q.code FROM municipalities.qualification q WHERE q.practitioner_id = p.id
              AND (q.valid_until IS NULL OR q.valid_until > now()) ORDER BY q.code) AS authorisations
    FROM above a
    JOIN municipalities.practitioner_role r ON r.unit_id = a.id AND (r.valid_until IS NULL OR r.valid_until > now())
    JOIN municipalities.practitioner p ON p.id = r.practitioner_id
    LEFT JOIN municipalities.practitioner s ON s.id = r.supervisor_id
    LEFT JOIN municipalities.practitioner g ON g.id = r.recorded_by
    ORDER BY a.id <> :unit, p.name, r.valid_from
    """
)
_SHIFT_END = sa.text("SELECT medication.shift_end(:unit, :since)")


@dataclass(frozen=True)
class Seat:
    """A role that somebody has in the unit, or in one above it. *holds*: False where the authorisation or supervisor is gone."""

    role_id: UUID
    practitioner_id: UUID
    name: str
    hpr_number: str | None
    role: str
    source: str
    valid_from: datetime
    valid_until: datetime | None
    unit_id: UUID
    unit_name: str
    supervisor: str | None
    given_by: str | None
    holds: bool
    authorisations: list[str]


class Roles(Authorising):
    """For managers and the nurses they let lead a shift; nurses and administrators read who sees what."""

    @without_patient(Permission.ACCESS_SEE)
    def places(self) -> list[tuple[UUID, str]]:
        """The units one may look at: all of the municipality for its administrator, else one's own and those below."""
        asked = sa.select(Unit.id, Unit.name).where(
            Unit.municipality_id == self.work.actor.municipality_id, Unit.valid_until.is_(None)
        )
        if self.work.actor.role != Role.TENANT_ADMINISTRATOR:
            asked = asked.where(Unit.id.in_(self.work.actor.units))
        return [(row.id, row.name) for row in self.db.execute(asked.order_by(Unit.name, Unit.id))]

    @without_patient(Permission.ACCESS_SEE)
    def seats(self, unit_id: UUID) -> list[Seat]:
        """Who has a role by which the unit's patients are seen, or in it; those above it last. Raises NotFound."""
        if unit_id not in dict(self.places()):
            raise NotFound("Enheten finnes ikke hos deg.")
        return [Seat(*row) for row in self._rows(unit_id)]

    @without_patient(Permission.ACCESS_SEE)
    def agreed(self, unit_id: UUID) -> list[ShiftPerson]:
        """The leaders of shifts and the substitutes that are agreed on for the unit now, by name."""
        held = sa.select(ShiftPerson).where(ShiftPerson.unit_id == unit_id, ShiftPerson.valid_until > self.work.now)
        return list(self.db.scalars(held.order_by(ShiftPerson.name, ShiftPerson.id)))

    @without_patient(Permission.ACCESS_SEE)
    def leads(self, unit_id: UUID) -> bool:
        """Whether one may give a role for the shift here: its manager, or a nurse the manager has named."""
        me = self.work.actor
        if unit_id not in me.units or way_to(me.role, Role.NURSE) is not Way.FOR_A_SHIFT:
            return False
        named = (one.kind == "leader" and one.practitioner_id == me.person_id for one in self.agreed(unit_id))
        return me.role == Role.UNIT_MANAGER or any(named)

    @without_patient(Permission.ACCESS_LEND)
    def lend(self, unit_id: UUID, agreement_id: UUID) -> datetime:
        """Gives a substitute her ready-made role until the shift is over, from her next request on; answers with when it ends.

        Raises NotFound for who is not agreed on, and Invalid for who does not lead the shift, for oneself, for who is at work
        already, and where the authorisation is gone.
        """
        one = self._led(unit_id, agreement_id)
        if one.practitioner_id == self.work.actor.person_id:
            raise Invalid("Ingen gir seg selv en rolle. Be en annen om det.")
        if not self._may_hold(one.practitioner_id, one.role):
            raise Invalid("Autorisasjonen i HPR gjelder ikke lenger. Rollen kan ikke gis. Snakk med lederen.")
        if any((row.practitioner_id, row.role) == (one.practitioner_id, one.role) for row in self._rows(unit_id)):
            raise Invalid("Personen har rollen allerede.")
        ends: datetime = self.db.scalars(_SHIFT_END, {"unit": unit_id, "since": self.work.now}).one()
        self._give(one.practitioner_id, unit_id, one.role, source="pool", valid_until=ends)
        self.work.note(Permission.ACCESS_LEND)
        return ends

    @without_patient(Permission.ACCESS_LEND)
    def end_lent(self, role_id: UUID) -> None:
        """Ends a role given for a shift, or a student's, from now on. Raises NotFound, and Invalid for who does not lead there."""
        role = self.db.scalar(
            sa.select(PractitionerRole).where(
                PractitionerRole.id == role_id,
                PractitionerRole.source.in_(["pool", "student"]),
                PractitionerRole.valid_until > self.work.now,
            )
        )
        if role is None:
            raise NotFound("Rollen er alt avsluttet.")
        if not self.leads(role.unit_id) or role_id == self.work.actor.role_id:
            raise Invalid("Bare lederen for enheten, og vaktledere hun har navngitt, kan avslutte rollen.")
        role.valid_until, role.ended_by = self.work.now, self.work.actor.person_id
        self.db.flush()
        self.work.note(Permission.ACCESS_LEND)

    @without_patient(Permission.ACCESS_APPOINT)
    def name_leader(self, unit_id: UUID, practitioner_id: UUID, last_day: date) -> None:
        """Lets a nurse employed in the unit give roles for a shift there, to and with a day. Raises Invalid and NotFound."""
        nurse = self._employed(unit_id, practitioner_id, (Role.NURSE,), "practitioner_id")
        self._agree(unit_id, "leader", nurse.practitioner_id, nurse.name, Role.NURSE, last_day)

    @without_patient(Permission.ACCESS_APPOINT)
    def name_substitute(
        self,
        unit_id: UUID,
        *,
        name: str,
        role: str,
        last_day: date,
        hpr_number: str = "",
        authorisation: str = "",
        agency: str = "",
    ) -> None:
        """Agrees on somebody whom the unit's leaders may call in, authorised for the role. Raises Invalid, NotFound, Conflict."""
        if way_to(self.work.actor.role, role) is not Way.FOR_A_SHIFT:
            raise Invalid(errors={"role": ["Denne rollen gis ikke for en vakt."]})
        self._own_unit(unit_id)
        person = self._person(name, hpr_number, role, authorisation)
        self._agree(unit_id, "substitute", person, name, role, last_day, agency=agency or None)

    @without_patient(Permission.ACCESS_APPOINT)
    def end_agreement(self, agreement_id: UUID) -> None:
        """Ends it from now on, and with it what the substitute was given for a shift that still runs. Raises NotFound."""
        one = self.db.scalar(sa.select(ShiftPerson).where(ShiftPerson.id == agreement_id))
        if one is None or one.valid_until <= self.work.now or one.unit_id not in self.work.actor.units:
            raise NotFound("Avtalen er alt avsluttet.")
        ended: dict[str, Any] = {"valid_until": self.work.now, "ended_by": self.work.actor.person_id}
        one.valid_until, one.ended_by = ended["valid_until"], ended["ended_by"]
        lent = sa.update(PractitionerRole).where(
            PractitionerRole.practitioner_id == one.practitioner_id,
            PractitionerRole.unit_id == one.unit_id,
            PractitionerRole.source == "pool",
            PractitionerRole.valid_until > self.work.now,
        )
        self.db.flush()
        if one.kind == "substitute":
            self.db.execute(lent.values(**ended))
        self.work.note(Permission.ACCESS_APPOINT)

    @without_patient(Permission.ACCESS_APPOINT)
    def take_student(self, unit_id: UUID, *, name: str, supervisor_id: UUID, last_day: date) -> UUID:
        """A student in the unit under a named supervisor who works there, to and with a day; answers with the role's id.

        The role gives nothing while the supervisor has none. Raises Invalid and NotFound.
        """
        if way_to(self.work.actor.role, Role.STUDENT) is not Way.SUPERVISED:
            raise Denied()
        self._own_unit(unit_id)
        supervisor = self._employed(unit_id, supervisor_id, SUPERVISING, "supervisor_id")
        ends = self._over(unit_id, last_day)
        student = self._person(name, None, Role.STUDENT)
        more = {"source": "student", "supervisor_id": supervisor.practitioner_id, "valid_until": ends}
        role_id = self._give(student, unit_id, Role.STUDENT, **more)
        self.work.note(Permission.ACCESS_APPOINT)
        return role_id

    @without_patient(Permission.ACCESS_MANAGE)
    def end_authorisation(self, practitioner_id: UUID, code: str) -> None:
        """HPR no longer has this authorisation: what rests on it gives nothing from the next request. Raises Invalid, NotFound."""
        if practitioner_id == self.work.actor.person_id:
            raise Invalid("Ingen endrer sin egen autorisasjon. Be en annen om det.")
        held = sa.update(Qualification).where(
            Qualification.practitioner_id == practitioner_id,
            Qualification.code == code,
            Qualification.valid_until.is_(None) | (Qualification.valid_until > self.work.now),
        )
        ended: Any = self.db.execute(held.values(valid_until=self.work.now, ended_by=self.work.actor.person_id))
        if not ended.rowcount:
            raise NotFound("Autorisasjonen er alt avsluttet.")
        self.work.note(Permission.ACCESS_MANAGE)

    def _rows(self, unit_id: UUID) -> list[Any]:
        return list(self.db.execute(_SEATS, {"unit": unit_id}))

    def _own_unit(self, unit_id: UUID) -> None:
        if unit_id not in self.work.actor.units:
            raise NotFound("Enheten finnes ikke hos deg.")

    def _led(self, unit_id: UUID, agreement_id: UUID) -> ShiftPerson:
        if not self.leads(unit_id):
            raise Invalid("Bare lederen for enheten, og vaktledere hun har navngitt, kan gi en rolle for vakten.")
        agreed = (one for one in self.agreed(unit_id) if (one.id, one.kind) == (agreement_id, "substitute"))
        if (found := next(agreed, None)) is None:
            raise NotFound("Vikaren er ikke avtalt for enheten lenger.")
        return found

    def _employed(self, unit_id: UUID, practitioner_id: UUID, roles: tuple[str, ...], field: str) -> Any:
        """Somebody else who is employed in the unit in one of these roles."""
        self._own_unit(unit_id)
        if practitioner_id == self.work.actor.person_id:
            raise Invalid(errors={field: ["Ingen gir seg selv en rolle. Be en annen om det."]})
        for row in self._rows(unit_id):
            if (row.practitioner_id, row.unit_id, row.source) == (practitioner_id, unit_id, "employment") and (
                row.role in roles and row.holds
            ):
                return row
        raise Invalid(errors={field: ["Velg en som er ansatt i enheten og har autorisasjon."]})

    def _over(self, unit_id: UUID, last_day: date) -> datetime:
        """When the shift is over that runs as the last day ends."""
        today = local_date(self.work.now)
        if not today <= last_day <= today + LONGEST:
            raise Invalid(errors={"last_day": ["Siste dag er i dag eller senere, høyst ett år fram."]})
        an_hour_before = day_bounds(last_day)[1] - timedelta(hours=1)
        ends: datetime = self.db.scalars(_SHIFT_END, {"unit": unit_id, "since": an_hour_before}).one()
        return ends

    def _agree(
        self, unit_id: UUID, kind: str, person: UUID, name: str, role: str, last_day: date, agency: str | None = None
    ) -> None:
        if any((one.kind, one.practitioner_id) == (kind, person) for one in self.agreed(unit_id)):
            raise Invalid("Personen er alt avtalt for enheten.")
        self.db.add(
            ShiftPerson(
                id=new_id(),
                unit_id=unit_id,
                kind=kind,
                practitioner_id=person,
                name=name,
                role=role,
                agency=agency,
                valid_until=self._over(unit_id, last_day),
            )
        )
        self.db.flush()
        self.work.note(Permission.ACCESS_APPOINT)

    def _give(self, person: UUID, unit_id: UUID, role: str, **more: Any) -> UUID:
        given = PractitionerRole(id=new_id(), practitioner_id=person, unit_id=unit_id, role=role, **more)
        self.db.add(given)
        self.db.flush()
        return given.id
