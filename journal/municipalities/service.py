"""A municipality's own house: its units, its staff and their roles."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.municipalities import rules
from journal.municipalities.authorising import Authorising
from journal.municipalities.models import Practitioner, PractitionerRole, Unit
from journal.municipalities.role_rules import Way, way_to
from journal.permissions import Permission
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import without_patient

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class UnitNode:
    """A unit with its depth in the tree (0: the municipality), how many work there, and whether its name tells too much."""

    id: UUID
    parent_id: UUID | None
    name: str
    kind: str
    depth: int
    staff: int
    sensitive: bool


@dataclass(frozen=True)
class StaffMember:
    """A role somebody has now."""

    role_id: UUID
    practitioner_id: UUID
    name: str
    hpr_number: str | None
    role: str
    unit_id: UUID
    unit_name: str
    since: datetime


@dataclass(frozen=True)
class Employee:
    """Somebody who works or has worked here, in the latest of her roles."""

    practitioner_id: UUID
    name: str
    role: str
    unit_name: str


class Municipalities(Authorising):
    """For the tenant administrator: from nothing to a ward that can start a round."""

    @without_patient(Permission.MUNICIPALITIES_READ)
    def units(self) -> list[UnitNode]:
        """The tree in reading order."""
        employed = (
            sa.select(PractitionerRole.unit_id, sa.func.count().label("staff"))
            .where(PractitionerRole.valid_until.is_(None))
            .group_by(PractitionerRole.unit_id)
            .subquery()
        )
        found = self.db.execute(
            sa.select(
                Unit.id, Unit.parent_id, Unit.name, Unit.kind, sa.func.coalesce(employed.c.staff, 0), Unit.sensitive
            )
            .join(employed, employed.c.unit_id == Unit.id, isouter=True)
            .where(Unit.valid_until.is_(None), Unit.municipality_id == self.work.actor.municipality_id)
            .order_by(Unit.name)
        ).all()
        tree = rules.in_tree_order([tuple(row) for row in found])
        return [
            UnitNode(id, parent, name, kind, depth, staff, sensitive)
            for (id, parent, name, kind, staff, sensitive), depth in tree
        ]

    @without_patient(Permission.MUNICIPALITIES_READ)
    def staff(self) -> list[StaffMember]:
        """Everybody with a role now, by unit and name."""
        rows = self.db.execute(
            sa.select(
                PractitionerRole.id,
                Practitioner.id,
                Practitioner.name,
                Practitioner.hpr_number,
                PractitionerRole.role,
                Unit.id,
                Unit.name,
                PractitionerRole.valid_from,
            )
            .join(Practitioner, Practitioner.id == PractitionerRole.practitioner_id)
            .join(Unit, Unit.id == PractitionerRole.unit_id)
            .where(
                PractitionerRole.valid_until.is_(None),
                PractitionerRole.municipality_id == self.work.actor.municipality_id,
            )
            .order_by(Unit.name, Practitioner.name)
        )
        return [StaffMember(*row) for row in rows]

    @without_patient(Permission.AUDIT_READ)
    def ever_employed(self, text: str, *, limit: int = 25) -> list[Employee]:
        """Whose name has words that begin with each word of the text, also of those who have left; by name."""
        begins = [sa.func.lower(Practitioner.name).regexp_match(rf"\m{word}") for word in _WORD.findall(text.lower())]
        latest = (
            sa.select(Practitioner.id, Practitioner.name, PractitionerRole.role, Unit.name.label("unit_name"))
            .ext(distinct_on(Practitioner.id))
            .join(PractitionerRole, PractitionerRole.practitioner_id == Practitioner.id)
            .join(Unit, Unit.id == PractitionerRole.unit_id)
            .where(PractitionerRole.municipality_id == self.work.actor.municipality_id, *begins)
            .order_by(Practitioner.id, PractitionerRole.valid_from.desc())
            .subquery()
        )
        return [Employee(*row) for row in self.db.execute(sa.select(latest).order_by(latest.c.name).limit(limit))]

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def add_unit(self, *, name: str, kind: str, parent_id: UUID) -> UUID:
        """A new unit below another of one's own. Raises Invalid when the parent is not there or the kind cannot lie below it."""
        parent = next((unit for unit in self.units() if unit.id == parent_id), None)
        if parent is None:
            raise Invalid(errors={"parent_id": ["Velg en enhet i kommunen."]})
        if kind not in rules.KINDS_BELOW.get(parent.kind, ()):
            raise Invalid(errors={"kind": ["Denne typen enhet kan ikke ligge under enheten du valgte."]})
        unit = Unit(id=new_id(), parent_id=parent_id, name=name, kind=kind)
        self.db.add(unit)
        self.db.flush()
        return unit.id

    @without_patient(Permission.ACCESS_MANAGE)
    def add_staff(
        self, *, name: str, role: str, unit_id: UUID, hpr_number: str | None = None, authorisation: str = ""
    ) -> UUID:
        """A new employee with a role that one person may give, authorised for it (a code of Volven 9060) where it needs that.

        Raises Invalid, also for a role that takes two persons, and Conflict for a number that is somebody else's.
        """
        if way_to(self.work.actor.role, role) is not Way.ALONE:
            raise Invalid(errors={"role": ["Denne rollen må foreslås av en og godkjennes av en annen."]})
        if unit_id not in {unit.id for unit in self.units()}:
            raise Invalid(errors={"unit_id": ["Velg en enhet i kommunen."]})
        person = self._person(name, hpr_number, role, authorisation)
        employment = PractitionerRole(id=new_id(), practitioner_id=person, unit_id=unit_id, role=role)
        self.db.add(employment)
        self.db.flush()
        self.work.note(Permission.ACCESS_MANAGE)
        return employment.id

    @without_patient(Permission.ACCESS_MANAGE)
    def end_role(self, role_id: UUID) -> None:
        """Ends an employment from now on: the next request in it is refused. Nobody ends her own."""
        if role_id == self.work.actor.role_id:
            raise Invalid("Du kan ikke avslutte din egen rolle. Be en annen administrator om det.")
        ended: Any = self.db.execute(
            sa.update(PractitionerRole)
            .where(PractitionerRole.id == role_id, PractitionerRole.valid_until.is_(None))
            .values(valid_until=self.work.now, ended_by=self.work.actor.person_id)
        )
        if not ended.rowcount:
            raise NotFound()
        self.work.note(Permission.ACCESS_MANAGE)
