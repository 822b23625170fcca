"""What is asked about patients; each method is one statement whatever the number of patients."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from journal.patients import banner as reading
from journal.patients.banner import Alerts, Banner
from journal.patients.models import Link, Patient, RelatedPerson
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import NotFound
from journal.platform.service import Service, on_patient, on_patients


@dataclass(frozen=True)
class Contact:
    """How to reach the patient. Whoever sees *confidentiality* other than none must not pass the address on."""

    address_line_1: str | None
    address_line_2: str | None
    postal_code: str | None
    city: str | None
    home_municipality_number: str | None
    phone: str | None
    language: str | None
    general_practitioner_name: str | None
    confidentiality: str


@dataclass(frozen=True)
class Relative:
    """A related person as she stands now."""

    id: UUID
    entry_id: UUID
    role: str
    name: str
    relation: str | None
    phone: str | None
    is_next_of_kin: bool
    recorded_at: datetime
    recorded_by_name: str


class Reading(Service):
    @on_patient(Permission.PATIENTS_READ)
    def banner(self, patient_id: UUID) -> Banner:
        """The patient banner. Raises NotFound when there is no such patient."""
        return self._banners([patient_id])[patient_id]

    @on_patients(Permission.PATIENTS_READ)
    def banners(self, patient_ids: Collection[UUID]) -> dict[UUID, Banner]:
        """The banners of these patients, by patient; the whole list is one statement."""
        return self._banners(patient_ids)

    @on_patient(Permission.PATIENTS_READ)
    def alerts(self, patient_id: UUID) -> Alerts:
        """Allergy state, allergies and intolerances (refuted ones too) and flags of every linked record."""
        return self._banners([patient_id])[patient_id].alerts

    @on_patient(Permission.PATIENTS_READ)
    def contact(self, patient_id: UUID) -> Contact:
        """The address and telephone of the record that leads."""
        columns = [getattr(Patient, name) for name in Contact.__dataclass_fields__]
        leading = Patient.patient_id.in_([self._leading(patient_id)])
        return Contact(**self.db.execute(select(*columns).where(leading)).mappings().one())

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

    def _banners(self, patient_ids: Collection[UUID]) -> dict[UUID, Banner]:
        linked = self.work.linked(patient_ids)
        rows = self.db.execute(reading.READ, {"ids": list(linked)}).mappings()
        made = reading.banners([{**row} for row in rows], linked, local_date(self.work.now))
        if len(made) < len(set(patient_ids)):
            raise NotFound()
        return made

    def _leading(self, patient_id: UUID) -> UUID:
        """The record that new entries stand on: the one that leads, of those that are linked."""
        ids = self.work.ground(patient_id).ids
        if len(ids) == 1:
            return patient_id
        live = select(Link.patient_id).where(
            Link.linked_patient_id.in_([patient_id]), Link.valid_until.is_(None), Link.confirmed_at.is_not(None)
        )
        return self.db.scalar(live) or patient_id
