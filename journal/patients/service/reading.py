"""What is asked about patients; a banner is one statement whatever the number of patients."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from journal.access import gives_care
from journal.patients import banner as reading
from journal.patients import listed as listing
from journal.patients.banner import Alerts, Banner
from journal.patients.listed import Listed
from journal.patients.models import Identifier, Link, Patient, PatientHistory
from journal.patients.person import Contact, Person, person_of
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.service import Service, on_patient, on_patients
from journal.platform.statement import Asked


class Reading(Service):
    @on_patient(Permission.PATIENTS_READ)
    def banner(self, patient_id: UUID) -> Banner:
        """The patient banner. Raises NotFound when there is no such patient."""
        return self.ask_banner(patient_id).answer()

    @on_patient(Permission.PATIENTS_READ)
    def ask_banner(self, patient_id: UUID) -> Asked[Banner]:
        """As banner, for together()."""
        ground, today = self.work.ground(patient_id), local_date(self.work.now)
        return reading.ask(self.db, patient_id, self.work.ids(patient_id), today, in_care=gives_care(ground.code))

    @on_patients(Permission.PATIENTS_READ)
    def listed(self, patient_ids: Collection[UUID]) -> dict[UUID, Listed]:
        """What a list shows of these patients, by patient; the whole list is one statement. Raises NotFound."""
        return self.ask_listed(patient_ids).answer()

    @on_patients(Permission.PATIENTS_READ)
    def ask_listed(self, patient_ids: Collection[UUID]) -> Asked[dict[UUID, Listed]]:
        """As listed, for together()."""
        records = {patient_id: self.work.ground(patient_id).ids for patient_id in patient_ids}
        return listing.ask(self.db, records, local_date(self.work.now))

    @on_patient(Permission.PATIENTS_READ)
    def alerts(self, patient_id: UUID) -> Alerts:
        """Allergy state, allergies and intolerances (refuted ones too) and flags of every linked record."""
        return self.banner(patient_id).alerts

    @on_patient(Permission.PATIENTS_READ)
    def person(self, patient_id: UUID) -> Person:
        """Name, numbers, address and telephone with what stood there before; without what a protected address hides."""
        records = self.db.scalars(select(Patient).where(self.work.chart(patient_id, Patient))).all()
        leading_id = self._leading(patient_id)
        history = select(PatientHistory).where(self.work.chart(patient_id, PatientHistory))
        numbers = select(Identifier).where(
            self.work.chart(patient_id, Identifier), Identifier.in_error_at.is_(None), Identifier.value.is_not(None)
        )
        return person_of(
            next(record for record in records if record.patient_id == leading_id),
            records,
            self.db.scalars(history.order_by(PatientHistory.recorded_at.desc(), PatientHistory.id)).all(),
            self.db.scalars(
                numbers.order_by(Identifier.valid_until.desc().nulls_first(), Identifier.valid_from.desc())
            ),
        )

    @on_patient(Permission.PATIENTS_ADDRESS)
    def address(self, patient_id: UUID) -> Contact:
        """How to reach somebody whose address is protected, for one of the few who are named and have opened it."""
        leading = Patient.patient_id.in_([self._leading(patient_id)])
        record = self.db.scalars(select(Patient).where(self.work.chart(patient_id, Patient), leading)).one()
        return Contact(**{name: getattr(record, name) for name in Contact.__dataclass_fields__})

    def _leading(self, patient_id: UUID) -> UUID:
        """The record that new entries stand on: the one that leads, of those that are linked."""
        ids = self.work.ground(patient_id).ids
        if len(ids) == 1:
            return patient_id
        live = select(Link.patient_id).where(
            Link.linked_patient_id.in_([patient_id]), Link.valid_until.is_(None), Link.confirmed_at.is_not(None)
        )
        return self.db.scalar(live) or patient_id

    def _lock(self, patient_id: UUID) -> None:
        """Who changes the same person waits here; lock first, look after."""
        mine = select(Patient.patient_id).where(self.work.chart(patient_id, Patient)).order_by(Patient.patient_id)
        self.db.scalars(mine.with_for_update(key_share=True)).all()
