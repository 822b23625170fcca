"""The register of who may do what in a unit: delegated by name, changed and withdrawn as versions, never by oneself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.authority_tables import AuthorityVersion
from journal.medication.rules.authority import EXPIRES_SOON, Act, end_of_last_shift
from journal.medication.service.authority_settings import AuthoritySettings
from journal.medication.service.may_give import OWN, authority_of
from journal.permissions import Permission, Role, permissions_of
from journal.platform.clock import instant, local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import without_patient
from journal.platform.statement import Statement

_UNITS = Statement(
    sa.text(
        """SELECT u.id, u.name, coalesce(p.name, '') AS parent_name
    FROM municipalities.unit u LEFT JOIN municipalities.unit p ON p.id = u.parent_id
    JOIN municipalities.practitioner_role r ON r.unit_id = u.id AND r.valid_until IS NULL
    WHERE u.id = ANY(:ids) AND r.role IN ('nurse', 'health_assistant', 'assistant', 'doctor')
    GROUP BY u.id, u.name, p.name ORDER BY bool_and(r.role = 'doctor'), parent_name, u.name, u.id"""
    )
)
_STAFF = Statement(
    sa.text(
        """SELECT DISTINCT p.id, p.name, r.role FROM municipalities.practitioner_role r
    JOIN municipalities.practitioner p ON p.id = r.practitioner_id
    WHERE r.unit_id = ANY(:ids) AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
    ORDER BY p.name, p.id"""
    )
)
# Newest versions that hold now or will, the first to end first; a withdrawn one is in the history alone.
_AUTHORITIES = Statement(
    sa.text(
        """SELECT a.* FROM medication.authority a
    WHERE a.unit_id = ANY(:ids) AND a.status = 'active' AND a.valid_until > now()
      AND NOT EXISTS (SELECT FROM medication.authority newer WHERE newer.entry_id = a.entry_id AND newer.version > a.version)
    ORDER BY a.valid_until, a.recorded_at"""
    )
)
_OWN = Statement(sa.select(OWN.label("authority")))


@dataclass(frozen=True)
class Held:
    """What somebody holds of delegated acts. `patients`: how many it is for, None for all of the unit."""

    entry_id: UUID
    version: int
    acts: tuple[Act, ...]
    patient_ids: tuple[UUID, ...] | None
    course_on: date
    tested_on: date | None
    valid_from: datetime
    valid_until: datetime
    delegated_by: str
    delegated_at: datetime


@dataclass(frozen=True)
class Member:
    """Somebody who works in the unit, what her role carries by itself, and what is delegated to her."""

    id: UUID
    name: str
    role: str
    carried: frozenset[Act]
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Delegation:
    """What is to be delegated: acts, for all of the unit's patients or (`patient_ids`) some, from now or a day, to and with
    a day; `entry_id` and `version` where it takes the place of what somebody has, as it was seen."""

    acts: frozenset[Act]
    course_on: date
    last_day: date
    tested_on: date | None = None
    first_day: date | None = None
    patient_ids: tuple[UUID, ...] | None = None
    entry_id: UUID | None = None
    version: int = 0


class Authorities(AuthoritySettings):
    """For the unit's manager, and the nurses whom she lets delegate."""

    @without_patient(Permission.MEDICATION_DELEGATE)
    def authority_units(self) -> list[tuple[UUID, str]]:
        """The units one acts in where somebody gives medicines: ids and names, those with nobody but doctors last."""
        rows = _UNITS.rows(self.db, ids=list(self.work.actor.units))
        names = [row.name for row in rows]
        alike = {name for name in names if names.count(name) > 1}
        return [(row.id, f"{row.parent_name}, {row.name}" if row.name in alike else row.name) for row in rows]

    @without_patient(Permission.MEDICATION_DELEGATE)
    def authorities(self, unit_id: UUID) -> list[Member]:
        """Who gives medicines in the unit, by name, and what each may. Raises NotFound for a unit that is not one's own."""
        self._own_unit(unit_id)
        held: dict[UUID, list[Held]] = {}
        for row in _AUTHORITIES.rows(self.db, ids=[unit_id]):
            held.setdefault(row.practitioner_id, []).append(_held(row))
        carried = self._carried()
        return [
            Member(row.id, row.name, row.role, carried(row.role), tuple(held.get(row.id, ())))
            for row in _STAFF.rows(self.db, ids=[unit_id])
            if Permission.MEDICATION_ADMINISTER in permissions_of(row.role)
        ]

    @without_patient(Permission.MEDICATION_DELEGATE)
    def may_delegate(self) -> bool:
        """Whether one may delegate: the manager, and a nurse to whom that is delegated."""
        if self.work.actor.role == Role.UNIT_MANAGER:
            return True
        own = authority_of(self.work.actor.role, _OWN.one(self.db).authority)
        return not own.lacks([Act.DELEGATE], ())

    @without_patient(Permission.MEDICATION_DELEGATE)
    def expiring(self) -> tuple[int, datetime | None]:
        """How many authorities in one's units end within 30 days, and when the first does."""
        held = [row.valid_until for row in _AUTHORITIES.rows(self.db, ids=list(self.work.actor.units))]
        soon = [until for until in held if until <= self.work.now + EXPIRES_SOON]
        return len(soon), soon[0] if soon else None

    @without_patient(Permission.MEDICATION_DELEGATE)
    def delegate(self, unit_id: UUID, practitioner_id: UUID, said: Delegation) -> UUID:
        """Delegates these acts to somebody who works in the unit; answers with the entry's id. It ends with the shift that runs
        when the last day ends.

        Raises NotFound, Invalid, also for who may not delegate, NoGround for a patient who is not hers to open, and Conflict
        when somebody has changed it since.
        """
        member = self._member(unit_id, practitioner_id)
        self._check(member, said)
        start, end = self._from_until(unit_id, said)
        if said.patient_ids is not None:
            self.work.open(Permission.PATIENTS_READ, said.patient_ids)
        entry_id = said.entry_id or new_id()
        if said.entry_id is not None and said.entry_id not in {held.entry_id for held in member.held}:
            raise NotFound("Fullmakten finnes ikke lenger. Se hva som gjelder nå.")
        values = {
            "entry_id": entry_id,
            "version": said.version + 1,
            "acts": [act.value for act in Act if act in said.acts],
            "patient_ids": list(said.patient_ids) if said.patient_ids is not None else None,
            "course_on": said.course_on,
            "tested_on": said.tested_on,
            "valid_from": start,
            "valid_until": end,
        }
        self._delegated(unit_id, practitioner_id, status="active", **values)
        return entry_id

    @without_patient(Permission.MEDICATION_DELEGATE)
    def withdraw_authority(
        self, unit_id: UUID, practitioner_id: UUID, entry_id: UUID, *, version: int, reason: str
    ) -> None:
        """Withdraws it from now on, with a reason. Raises as delegate."""
        member = self._member(unit_id, practitioner_id)
        held = next((held for held in member.held if held.entry_id == entry_id), None)
        if held is None:
            raise NotFound("Fullmakten er alt trukket tilbake eller gått ut. Se hva som gjelder nå.")
        kept: dict[str, Any] = {
            "acts": [act.value for act in held.acts],
            "patient_ids": list(held.patient_ids) if held.patient_ids is not None else None,
            "course_on": held.course_on,
            "tested_on": held.tested_on,
            "valid_from": held.valid_from,
            "valid_until": held.valid_until,
        }
        more = {"entry_id": entry_id, "version": version + 1, "status": "withdrawn", "reason": reason}
        self._delegated(unit_id, practitioner_id, **kept, **more)

    def _member(self, unit_id: UUID, practitioner_id: UUID) -> Member:
        if not self.may_delegate():
            raise Invalid("Bare enhetslederen, og sykepleiere hun har gitt det til, kan gi fullmakter.")
        if practitioner_id == self.work.actor.person_id:
            raise Invalid(errors={"practitioner_id": ["Ingen gir fullmakt til seg selv. Be en annen om det."]})
        found = next((member for member in self.authorities(unit_id) if member.id == practitioner_id), None)
        if found is None:
            raise Invalid(errors={"practitioner_id": ["Velg en som arbeider i enheten og gir legemidler."]})
        return found

    def _own_unit(self, unit_id: UUID) -> None:
        if unit_id not in self.work.actor.units:
            raise NotFound("Enheten finnes ikke hos deg.")

    def _from_until(self, unit_id: UUID, said: Delegation) -> tuple[datetime, datetime]:
        today = local_date(self.work.now)
        start = instant(said.first_day, time.min) if said.first_day and said.first_day > today else self.work.now
        return start, end_of_last_shift(said.last_day, self.shifts(unit_id).changes)

    def _check(self, member: Member, said: Delegation) -> None:
        today, errors = local_date(self.work.now), dict[str, list[str]]()
        if said.patient_ids is not None and not said.patient_ids:
            errors["patients"] = ["Velg minst én pasient."]
        if not said.acts:
            errors["acts"] = ["Velg minst én oppgave."]
        if Act.DELEGATE in said.acts and self.work.actor.role != Role.UNIT_MANAGER:
            errors["acts"] = ["Bare enhetslederen kan la andre gi fullmakter."]
        if Act.DELEGATE in said.acts and member.role != Role.NURSE:
            errors["acts"] = ["Bare en sykepleier kan få gi fullmakter."]
        if said.course_on > today:
            errors["course_on"] = ["Kurset må være tatt. Skriv datoen det ble fullført."]
        if said.tested_on is not None and not said.course_on <= said.tested_on <= today:
            errors["tested_on"] = ["Prøven tas etter kurset, og ikke fram i tid."]
        if said.last_day < max(today, said.first_day or today):
            errors["last_day"] = ["Siste dag er før første dag, eller i fortiden."]
        if errors:
            raise Invalid(errors=errors)

    def _delegated(self, unit_id: UUID, practitioner_id: UUID, **values: Any) -> None:
        row = {"id": new_id(), "unit_id": unit_id, "practitioner_id": practitioner_id, **values}
        write = insert(AuthorityVersion).values(row).on_conflict_do_nothing()
        if self.db.scalar(write.returning(AuthorityVersion.version)) is None:
            raise Conflict(phrase("En annen har endret fullmakten etter at du åpnet siden. Se hva som gjelder nå."))
        self.work.note(Permission.MEDICATION_DELEGATE)


def _held(row: Any) -> Held:
    ids: Sequence[UUID] | None = row.patient_ids
    return Held(
        row.entry_id,
        row.version,
        tuple(Act(act) for act in row.acts),
        tuple(ids) if ids is not None else None,
        row.course_on,
        row.tested_on,
        row.valid_from,
        row.valid_until,
        row.recorded_by_name,
        row.recorded_at,
    )
