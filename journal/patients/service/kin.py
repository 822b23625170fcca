"""Pårørende and verge: added, changed by a new version, or marked as a mistake."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from journal.patients.models import RelatedPerson
from journal.patients.service.entries import Entries
from journal.patients.service.reading import Reading
from journal.permissions import Permission
from journal.platform.ids import new_id
from journal.platform.service import on_patient


@dataclass(frozen=True, kw_only=True)
class NewRelative:
    """*role* is relative or guardian; next of kin (nærmeste pårørende) is a legal role, not a relation."""

    name: str
    relation: str | None = None
    phone: str | None = None
    is_next_of_kin: bool = False
    role: str = "relative"


@dataclass(frozen=True, kw_only=True)
class Relative(NewRelative):
    """A related person as she stands now."""

    id: UUID
    entry_id: UUID
    version: int
    recorded_at: datetime
    recorded_by_name: str


class Kinship(Reading, Entries):
    @on_patient(Permission.PATIENTS_READ)
    def related_persons(self, patient_id: UUID) -> list[Relative]:
        """Next of kin first, then by name."""
        rows = self.db.scalars(
            select(RelatedPerson)
            .where(self.work.chart(patient_id, RelatedPerson), RelatedPerson.in_error_at.is_(None))
            .order_by(RelatedPerson.entry_id, RelatedPerson.version)
        )
        current = {row.entry_id: row for row in rows if row.name is not None}
        columns = Relative.__dataclass_fields__
        relatives = [Relative(**{name: getattr(row, name) for name in columns}) for row in current.values()]
        return sorted(relatives, key=lambda r: (not r.is_next_of_kin, r.name))

    @on_patient(Permission.PATIENTS_WRITE)
    def add_related_person(self, patient_id: UUID, new: NewRelative) -> UUID:
        """A relative or guardian; answers with the entry's id."""
        entry_id = new_id()
        self.db.add(RelatedPerson(patient_id=self._leading(patient_id), id=entry_id, entry_id=entry_id, **vars(new)))
        self.db.flush()
        return entry_id

    @on_patient(Permission.PATIENTS_WRITE)
    def correct_related_person(self, patient_id: UUID, entry_id: UUID, new: NewRelative, *, version: int) -> None:
        """What is said of her now: a new version, and the old one stays. Raises NotFound or Changed."""
        was = self._current(patient_id, RelatedPerson, entry_id, version)
        key = {"patient_id": was.patient_id, "id": new_id(), "entry_id": entry_id, "version": version + 1}
        self.db.add(RelatedPerson(**key, **vars(new)))
        self.db.flush()

    @on_patient(Permission.PATIENTS_WRITE)
    def related_person_in_error(self, patient_id: UUID, entry_id: UUID, *, reason: str) -> None:
        """She should never have stood here: every version is marked, and none is shown. Raises NotFound or Denied."""
        self._mark_in_error(patient_id, RelatedPerson, entry_id, reason, "Du kan rette opplysningene.")
