"""Services granted, stays and absences, and the care relationships that follow from them."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.access import CareRelationships
from journal.care import rules
from journal.care.models import GrantedServiceRow, StayRow
from journal.care.service.shown import GrantedService, Stay, Whereabouts, service_of, stay_of, whereabouts_of
from journal.municipalities import Municipalities, UnitNode
from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient, on_patients


class Residence(Service):
    """What the municipality gives the patient, and where she lives while it does."""

    @on_patient(Permission.PATIENTS_ADMIT)
    def grant_service(
        self,
        patient_id: UUID,
        *,
        system: str,
        code: str,
        provider_unit_id: UUID,
        decision_on: date,
        decision_number: str | None = None,
        valid_from: datetime | None = None,
    ) -> UUID:
        """Records a decision on a service (rules.SERVICES), and gives the unit its ground; answers with its id.

        Raises Invalid for a service without health care, or a unit that is not the municipality's.
        """
        text = rules.SERVICES.get((system, code))
        if text is None:
            raise Invalid(errors={"service": ["Velg en helsetjeneste fra listen."]})
        unit, service_id = self._unit(provider_unit_id, "provider_unit_id"), new_id()
        begins = valid_from or self.work.now
        relationship_id = CareRelationships(self.work).begin(
            patient_id,
            unit_id=unit.id,
            ground="service",
            service_code=code,
            valid_from=begins,
            decision_ref={"id": decision_number or str(service_id), "description": text, "user_selected": False},
        )
        self.db.add(
            GrantedServiceRow(
                patient_id=patient_id,
                id=service_id,
                service_system=system,
                service_code=code,
                service_text=text,
                decision_number=decision_number,
                decision_on=decision_on,
                provider_unit_id=unit.id,
                provider_name=unit.name,
                valid_from=begins,
                relationship_id=relationship_id,
            )
        )
        self.db.flush()
        return service_id

    @on_patient(Permission.PATIENTS_DISCHARGE)
    def end_service(self, patient_id: UUID, service_id: UUID) -> None:
        """Ends a service and the unit's ground from now on. Raises NotFound, or Conflict when it has ended."""
        chart = self.work.chart(patient_id, GrantedServiceRow)
        lock = sa.select(GrantedServiceRow).where(chart, GrantedServiceRow.id == service_id)
        row = self.db.scalar(lock.with_for_update(key_share=True))
        if row is None:
            raise NotFound("Tjenesten finnes ikke hos denne pasienten.")
        if row.valid_until is not None:
            raise Conflict(
                phrase("%(name)s har alt avsluttet tjenesten. Du trenger ikke gjøre mer.", name=row.ended_by_name)
            )
        end = max(self.work.now, row.valid_from)
        self._end(row, end)
        CareRelationships(self.work).end(row.patient_id, row.relationship_id, end)

    @on_patient(Permission.CARE_READ)
    def services(self, patient_id: UUID) -> list[GrantedService]:
        """The services granted, newest first, those that have ended among them. One statement."""
        query = sa.select(GrantedServiceRow).where(
            self.work.chart(patient_id, GrantedServiceRow), GrantedServiceRow.in_error_at.is_(None)
        )
        return [service_of(row) for row in self.db.scalars(query.order_by(GrantedServiceRow.valid_from.desc()))]

    @on_patient(Permission.PATIENTS_ADMIT)
    def admit(
        self,
        patient_id: UUID,
        unit_id: UUID,
        *,
        room: str = "",
        kind: str = "long_term",
        valid_from: datetime | None = None,
        expected_until: datetime | None = None,
    ) -> UUID:
        """Begins a stay at one of the actor's own units, and gives it its ground; answers with the stay's id.

        Raises Invalid for a unit that is not her own or times that cannot be, Conflict when a stay is open.
        """
        begins = valid_from or self.work.now
        if begins > self.work.now:
            raise Invalid(errors={"valid_from": ["Tidspunktet er fram i tid. Legg inn pasienten ved ankomst."]})
        if expected_until is not None and expected_until <= begins:
            raise Invalid(errors={"expected_until": ["Ventet slutt må være etter at oppholdet begynte."]})
        if kind not in rules.STAYS:
            raise Invalid(errors={"kind": ["Velg langtidsopphold eller korttidsopphold."]})
        if unit_id not in self.work.actor.units:
            raise Invalid(errors={"unit_id": ["Velg en av dine egne avdelinger."]})
        if (open_stay := self._lock_open(patient_id)[0]) is not None:
            raise Conflict(
                phrase("Pasienten har alt et opphold ved %(ward)s. Avslutt det først.", ward=open_stay.ward_name)
            )
        unit, stay_id = self._unit(unit_id, "unit_id"), new_id()
        relationship_id = CareRelationships(self.work).begin(
            patient_id,
            unit_id=unit.id,
            ground="stay",
            service_code=rules.STAY_SERVICE[kind],
            valid_from=begins,
            decision_ref={
                "id": str(stay_id),
                "description": f"{rules.STAYS[kind]}, {unit.name}",
                "user_selected": False,
            },
            room=room or None,
        )
        self._add_stay(
            patient_id, stay_id, kind, unit.id, unit.name, relationship_id, begins, expected_until, room=room
        )
        return stay_id

    @on_patient(Permission.PATIENTS_DISCHARGE)
    def discharge(self, patient_id: UUID, *, at: datetime | None = None) -> None:
        """Ends the open stay, an absence from it, and the ward's ground (which has its days of grace).

        Raises Conflict when no stay is open, Invalid for a time before it began or that has not been.
        """
        (stay, absence), end = self._lock_open(patient_id), at or self.work.now
        if stay is None:
            raise Conflict("Pasienten har ikke noe opphold å avslutte. Last siden på nytt for å se hva som er gjort.")
        if not stay.valid_from <= end <= self.work.now:
            raise Invalid(errors={"at": ["Tidspunktet må være etter at oppholdet begynte, og ikke fram i tid."]})
        if absence is not None:
            self._end(absence, max(end, absence.valid_from))
        self._end(stay, end)
        CareRelationships(self.work).end(stay.patient_id, stay.relationship_id, end)

    @on_patient(Permission.CARE_WRITE)
    def leave(
        self,
        patient_id: UUID,
        *,
        kind: str = "leave",
        place: str = "",
        valid_from: datetime | None = None,
        expected_until: datetime | None = None,
    ) -> UUID:
        """Registers an absence from the open stay (leave or hospital), now or planned; answers with its id.

        No dose is expected of the ward from *valid_from* until *expected_until* or the return. Raises Conflict when no
        stay is open or an absence is, Invalid for times that cannot be.
        """
        (stay, absence), begins = self._lock_open(patient_id), valid_from or self.work.now
        if stay is None:
            raise Conflict("Pasienten har ikke noe opphold ved avdelingen. Legg inn pasienten først.")
        self._must_answer_for(stay)
        if absence is not None:
            raise Conflict("Pasienten er alt registrert som borte. Registrer retur først.")
        if kind not in rules.ABSENCES:
            raise Invalid(errors={"kind": ["Velg permisjon eller sykehus."]})
        if begins < stay.valid_from:
            raise Invalid(errors={"valid_from": ["Tidspunktet er før oppholdet begynte."]})
        if expected_until is not None and expected_until <= begins:
            raise Invalid(errors={"expected_until": ["Ventet retur må være etter at pasienten dro."]})
        absence_id = new_id()
        self._add_stay(
            stay.patient_id,
            absence_id,
            kind,
            stay.ward_id,
            stay.ward_name,
            stay.relationship_id,
            begins,
            expected_until,
            place=place,
            part_of_id=stay.id,
        )
        CareRelationships(self.work).set_away(stay.patient_id, stay.relationship_id, begins, expected_until)
        return absence_id

    @on_patient(Permission.CARE_WRITE)
    def return_from_leave(self, patient_id: UUID) -> None:
        """The patient is back now, or the planned absence is called off. Raises Conflict when no absence is open."""
        absence = self._lock_open(patient_id)[1]
        if absence is None:
            raise Conflict("Pasienten er ikke registrert som borte. Last siden på nytt for å se hva som er gjort.")
        self._end(absence, max(self.work.now, absence.valid_from))
        CareRelationships(self.work).set_away(absence.patient_id, absence.relationship_id, None, None)

    @on_patient(Permission.CARE_READ)
    def stays(self, patient_id: UUID) -> list[Stay]:
        """Stays and absences, newest first. One statement."""
        query = sa.select(StayRow).where(self.work.chart(patient_id, StayRow), StayRow.in_error_at.is_(None))
        return [stay_of(row) for row in self.db.scalars(query.order_by(StayRow.valid_from.desc(), StayRow.id.desc()))]

    @on_patients(Permission.CARE_READ)
    def whereabouts(self, patient_ids: Collection[UUID]) -> dict[UUID, Whereabouts]:
        """Where each patient is: the open stay, and the open absence from it. One statement."""
        live = sa.select(StayRow).where(StayRow.valid_until.is_(None), StayRow.in_error_at.is_(None))
        query = live.where(self.work.charts(patient_ids, StayRow))
        asked, found = self.work.linked(patient_ids), [stay_of(row) for row in self.db.scalars(query)]
        return {
            patient_id: whereabouts_of([s for s in found if asked[s.patient_id] == patient_id], self.work.now)
            for patient_id in patient_ids
        }

    def _unit(self, unit_id: UUID, field: str) -> UnitNode:
        unit = next((unit for unit in Municipalities(self.work).units() if unit.id == unit_id), None)
        if unit is None:
            raise Invalid(errors={field: ["Velg en enhet i kommunen."]})
        return unit

    def _lock_open(self, patient_id: UUID) -> tuple[StayRow | None, StayRow | None]:
        """The open stay and the open absence from it; each is one at most (unique indexes)."""
        lock = sa.select(StayRow).where(self.work.chart(patient_id, StayRow), StayRow.valid_until.is_(None))
        locked = self.db.scalars(lock.where(StayRow.in_error_at.is_(None)).with_for_update(key_share=True))
        is_stay = {row.part_of_id is None: row for row in locked}
        return is_stay.get(True), is_stay.get(False)

    def _must_answer_for(self, row: StayRow | GrantedServiceRow) -> None:
        """A stay or a service is ended by the municipality that gives it; row-level security refuses anybody else."""
        if row.municipality_id != self.work.actor.municipality_id:
            raise Denied("En annen kommune har gitt dette, og bare den kan endre det. Ta kontakt med dem.")

    def _end(self, row: StayRow | GrantedServiceRow, at: datetime) -> None:
        self._must_answer_for(row)
        row.valid_until, row.ended_by_name = at, self.work.actor.name
        self.db.flush()

    def _add_stay(
        self,
        patient_id: UUID,
        stay_id: UUID,
        kind: str,
        ward_id: UUID,
        ward_name: str,
        relationship_id: UUID,
        valid_from: datetime,
        expected_until: datetime | None,
        *,
        room: str = "",
        place: str = "",
        part_of_id: UUID | None = None,
    ) -> None:
        """Two who register a stay, or an absence, of one patient at once meet in the unique index: the second is told."""
        new = insert(StayRow).values(
            patient_id=patient_id,
            id=stay_id,
            kind=kind,
            part_of_id=part_of_id,
            ward_id=ward_id,
            ward_name=ward_name,
            room=room or None,
            place=place or None,
            relationship_id=relationship_id,
            valid_from=valid_from,
            expected_until=expected_until,
        )
        if self.db.scalar(new.on_conflict_do_nothing().returning(StayRow.id)) is None:
            raise Conflict(
                "Noen andre la nettopp inn pasienten. Last siden på nytt for å se hva som er gjort."
                if part_of_id is None
                else "Noen andre registrerte nettopp et fravær. Last siden på nytt for å se hva som er gjort."
            )
