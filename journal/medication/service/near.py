"""A dose too near another one of its order: who said that it is given all the same, or that it was given and nobody said so."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from journal.medication import facts
from journal.medication.authority_tables import Clearing
from journal.medication.errors import GivenTooNear
from journal.medication.rules import Caution
from journal.medication.rules.interval import too_near, too_near_text
from journal.medication.service.rota import PEOPLE
from journal.medication.service.shown import dosage_of
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, without_patient


class Agreed(NamedTuple):
    """Who said that a dose is given so near another one, and when; `fact`: nobody, and it is given already."""

    prescriber_id: UUID | None = None
    at: datetime | None = None
    fact: bool = False

    @property
    def is_said(self) -> bool:
        """Whether it says enough for the dose to be stored."""
        return self.fact or (self.prescriber_id is not None and self.at is not None)


FAR = Agreed()
"""What nearly every signature says of it."""


class Near(Service):
    """For those that sign. What it looks at is read with the dose itself, and costs no statement of its own."""

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def prescribers(self) -> list[tuple[UUID, str]]:
        """Those who may be named: who works in the municipality as a doctor, by name. One statement."""
        return [(row.id, row.name) for row in PEOPLE.rows(self.db, named=[]) if row.works]

    def _near(self, dose: Any, given_at: datetime) -> tuple[tuple[Caution, str], ...]:
        """What is to be confirmed of a dose that is held, with its sentence; nothing for one that is far enough."""
        found = too_near(
            dosage_of(dose),
            dose.due_at,
            given_at,
            previous_due_at=dose.previous_due_at,
            next_due_at=dose.next_due_at,
            given=dose.given_near,
        )
        return ((Caution.TOO_NEAR, too_near_text(found, self.work.now)),) if found else ()

    def _seen(self, confirmed: Collection[Caution], agreed: Agreed) -> set[Caution]:
        """What counts as confirmed: that a dose is too near, only with the name of whoever said so, or as a fact."""
        return set(confirmed) - (set() if agreed.is_said else {Caution.TOO_NEAR})

    def _named(self, agreed: Agreed) -> str | None:
        """The name of the prescriber; None where it is a fact. Raises Invalid for anybody else than those who may be named."""
        if agreed.fact:
            return None
        people = dict(self.prescribers())
        if agreed.prescriber_id not in people:
            raise Invalid(errors={"prescriber_id": ["Velg legen som har bestemt det."]})
        return people[agreed.prescriber_id]

    def _store_agreed(self, dose: Any, signed: UUID, given_at: datetime, agreed: Agreed, name: str | None) -> None:
        """The prescriber has a task to confirm it; of what nobody said there is an incident."""
        if agreed.prescriber_id == self.work.actor.person_id:
            return  # Whoever may say so has signed it.
        if name is None:
            self.work.publish(facts.DoseGivenTooNear(dose.patient_id, signed, dose.id, given_at))
            return
        row = {"administration_id": signed, "nurse_id": agreed.prescriber_id, "nurse_name": name}
        self.db.add(Clearing(patient_id=dose.patient_id, id=new_id(), **row, cleared_at=agreed.at))
        self.db.flush()
        self.work.publish(facts.AsNeededCleared(dose.patient_id, signed, dose.id, given_at))

    def _none_near(self, dose: Any, given_at: datetime) -> None:
        """Of a dose in a bag. Raises GivenTooNear."""
        for _, said in self._near(dose, given_at):
            what = {"medicine": dose.generic_name, "said": said}
            raise GivenTooNear(phrase("%(medicine)s: %(said)s Signer den for seg.", **what))
