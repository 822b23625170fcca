"""The patient's restrictions (sperring): registered as she asks, and ended by somebody they do not keep out."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa

from journal.access.facts import GiverShutOut, RestrictionLifted
from journal.access.models import CareRelationship
from journal.access.restriction_rules import FOR_EVERYONE, WHOLE, is_kept_from_giver, keeps_from_giving
from journal.access.restriction_tables import NoteRestriction, RestrictionRow
from journal.municipalities import Municipalities
from journal.permissions import ROLE_PERMISSIONS, Permission, Role
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient
from journal.platform.statement import Statement

_WRITTEN = Statement(sa.text("SELECT entry_id, effective_at, unit_id FROM notes.written(:ids, :entries)"))
Restriction = TypeVar("Restriction", RestrictionRow, NoteRestriction)


@dataclass(frozen=True)
class SomeNotes:
    """Which notes: one (its entry), or those a unit has written, those of a time (instants; the end not with it), or both."""

    note_id: UUID | None = None
    written_by: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AskedToClose:
    """What the patient asks: a part (restriction_rules.PARTS) closed to a person, to a unit or to everyone. No end: until lifted.

    *notes*: of the notes these alone. To everyone: those alone to all, a whole part to all but those who give the care (0063).
    """

    category: str
    asked_by: str
    asked_on: date
    person_id: UUID | None = None
    unit_id: UUID | None = None
    everyone: bool = False
    until: datetime | None = None
    notes: SomeNotes | None = None


class Restrictions(Service):
    """What the patient has closed, and to whom. It holds for what is written before and after alike."""

    @on_patient(Permission.ACCESS_RESTRICT)
    def all(self, patient_id: UUID) -> list[RestrictionRow | NoteRestriction]:
        """Those that hold and those that have ended, the newest first. Two statements."""
        found: list[RestrictionRow | NoteRestriction] = []
        for row in (RestrictionRow, NoteRestriction):
            found += self.db.scalars(sa.select(row).where(self.work.chart(patient_id, row), row.in_error_at.is_(None)))
        return sorted(found, key=lambda row: (row.valid_from, row.id), reverse=True)

    @on_patient(Permission.ACCESS_RESTRICT)
    def written(self, patient_id: UUID, entries: list[UUID]) -> dict[UUID, tuple[datetime, UUID]]:
        """When, and in which unit, each of these notes was written: of those that are not closed to who asks. One statement."""
        found = _WRITTEN.rows(self.db, ids=list(self.work.ids(patient_id)), entries=entries) if entries else []
        return {row.entry_id: (row.effective_at, row.unit_id) for row in found}

    @on_patient(Permission.ACCESS_RESTRICT)
    def register(self, patient_id: UUID, asked: AskedToClose) -> UUID:
        """Closes it from now on, and gives the id of the row; the whole record to everyone is a row for each part, and gives the
        first. Raises Invalid when it is against nobody or against two, is over already, is against whom is not of the municipality,
        or would keep from a unit what it gives care by. Each unit that must have somebody else give the medicines is told of with
        GiverShutOut.
        """
        self._must_be_clear(asked)
        if asked.unit_id is not None:
            self._must_not_give(patient_id, asked.category, asked.unit_id)
        parts = FOR_EVERYONE if asked.everyone and asked.category == WHOLE else (asked.category,)
        rows = [self._row(patient_id, replace(asked, category=part)) for part in parts]
        self.db.add_all(rows)
        self.db.flush()
        if asked.person_id is not None and keeps_from_giving(asked.category):
            for unit_id in self._gives_in(patient_id, asked.person_id):
                self.work.publish(GiverShutOut(patient_id, rows[0].id, unit_id))
        return rows[0].id

    @on_patient(Permission.ACCESS_RESTRICT)
    def end(self, patient_id: UUID, restriction_id: UUID) -> None:
        """Lifts it now. Raises NotFound, Conflict when it is over, and Denied when it is against the one who asks (what is closed
        to everyone, when she does not give the care) or another municipality answers for it.
        """
        found, actor = self._locked(patient_id, restriction_id), self.work.actor
        if found.ended_at is not None or (found.valid_until is not None and found.valid_until <= self.work.now):
            raise Conflict("Sperringen gjelder ikke lenger.")
        if found.against_person_id == actor.person_id or found.against_unit_id in actor.units:
            raise Denied("Sperringen gjelder deg. En annen må oppheve den.")
        if found.municipality_id != actor.municipality_id:
            raise Denied("En annen kommune har registrert sperringen. Be dem om å oppheve den.")
        if found.against_everyone and not self.db.scalar(sa.select(sa.func.access.gives(patient_id, type_=sa.Boolean))):
            raise Denied("Sperringen gjelder alle. En i enheten som gir helsehjelp, må oppheve den.")
        row = type(found)
        here = self.work.chart(patient_id, row), row.id == restriction_id
        self.db.execute(sa.update(row).where(*here).values(valid_until=self.work.now))
        self.work.publish(RestrictionLifted(found.patient_id, restriction_id))

    def _must_be_clear(self, asked: AskedToClose) -> None:
        if [asked.person_id is not None, asked.unit_id is not None, asked.everyone].count(True) != 1:
            raise Invalid(errors={"person_id": [phrase("Velg en person, en enhet eller alle.")]})
        if asked.everyone and asked.category not in (WHOLE, *FOR_EVERYONE):
            said = phrase("Dette kan ikke sperres for alle: den som skal gi pasienten hjelp, må kunne ta imot.")
            raise Invalid(errors={"category": [said]})
        if asked.until is not None and asked.until <= self.work.now:
            raise Invalid(errors={"until": [phrase("Sperringen må vare til etter nå.")]})
        if asked.asked_on > local_date(self.work.now):
            raise Invalid(errors={"asked_on": [phrase("Dagen har ikke vært ennå.")]})
        staff = Municipalities(self.work).staff() if asked.person_id is not None else []
        if asked.person_id is not None and all(one.practitioner_id != asked.person_id for one in staff):
            raise Invalid(errors={"person_id": [phrase("Velg en som er ansatt i kommunen.")]})

    def _row(self, patient_id: UUID, asked: AskedToClose) -> RestrictionRow | NoteRestriction:
        told = {
            "patient_id": patient_id,
            "id": new_id(),
            "against_person_id": asked.person_id,
            "against_unit_id": asked.unit_id,
            "against_everyone": asked.everyone,
            "decided_by": self.work.actor.name,
            "asked_by": asked.asked_by,
            "asked_on": asked.asked_on,
            "valid_from": self.work.now,
            "valid_until": asked.until,
        }
        if asked.notes is None:
            return RestrictionRow(**told, category=asked.category)
        if asked.category != "notes":
            raise Invalid(errors={"category": [phrase("Bare notater kan sperres hver for seg.")]})
        if asked.notes.since and asked.notes.until and asked.notes.until <= asked.notes.since:
            raise Invalid(errors={"written_until": [phrase("Den siste dagen er før den første.")]})
        self._must_close_something(patient_id, asked.notes)
        return NoteRestriction(**told, **vars(asked.notes))

    def _must_close_something(self, patient_id: UUID, notes: SomeNotes) -> None:
        """What closes nothing would stand in the list as closed."""
        if notes.written_by and all(unit.id != notes.written_by for unit in Municipalities(self.work).units()):
            raise Invalid(errors={"written_by": [phrase("Velg en enhet i kommunen.")]})
        there = sa.func.notes.is_there(self.work.ids(patient_id), notes.note_id, type_=sa.Boolean)
        if notes.note_id and not self.db.scalar(sa.select(there)):
            raise NotFound("Notatet finnes ikke hos denne pasienten.")

    def _locked(self, patient_id: UUID, restriction_id: UUID) -> RestrictionRow | NoteRestriction:
        found = self._one(RestrictionRow, patient_id, restriction_id) or self._one(
            NoteRestriction, patient_id, restriction_id
        )
        if found is None:
            raise NotFound("Sperringen finnes ikke hos denne pasienten.")
        return found

    def _one(self, row: type[Restriction], patient_id: UUID, restriction_id: UUID) -> Restriction | None:
        here = self.work.chart(patient_id, row), row.id == restriction_id
        return self.db.scalars(sa.select(row).where(*here).with_for_update(key_share=True)).one_or_none()

    def _must_not_give(self, patient_id: UUID, part: str, unit_id: UUID) -> None:
        parents = {unit.id: unit.parent_id for unit in Municipalities(self.work).units()}
        if unit_id not in parents or unit_id in parents.values():
            raise Invalid(errors={"unit_id": [phrase("Velg en enhet uten enheter under seg.")]})
        if is_kept_from_giver(part, unit_id, self._givers(patient_id), parents):
            raise Invalid(
                errors={
                    "unit_id": [
                        phrase(
                            "Enheten gir pasienten helsehjelp og må se dette. Sperr for navngitte personer i stedet."
                        )
                    ]
                }
            )

    def _gives_in(self, patient_id: UUID, person_id: UUID) -> list[UUID]:
        """The units with a stay or a service where this person gives medicines herself."""
        givers = self._givers(patient_id)
        roles = [one for one in Municipalities(self.work).staff() if one.practitioner_id == person_id]
        gives = (one.unit_id for one in roles if Permission.MEDICATION_ADMINISTER in ROLE_PERMISSIONS[Role(one.role)])
        return sorted(givers.intersection(gives))

    def _givers(self, patient_id: UUID) -> set[UUID]:
        held, now = CareRelationship, self.work.now
        lasting = sa.or_(held.valid_until.is_(None), held.valid_until > now)
        gives = held.ground.in_(["stay", "service"]), held.in_error_at.is_(None), lasting
        found = self.db.scalars(sa.select(held.unit_id).where(self.work.chart(patient_id, held), *gives))
        return {unit_id for unit_id in found if unit_id}
