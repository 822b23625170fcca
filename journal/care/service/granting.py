"""Services granted, and the care relationships that follow from them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from journal.access import CareRelationships, Justifying, is_given
from journal.care import rules
from journal.care.models import GrantedServiceVersion
from journal.care.service.places import Places
from journal.care.service.shown import GrantedService
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.entries import folded, lock_entry, mark_in_error, shown
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient


class Granting(Places):
    """What the municipality has decided to give the patient, and which unit answers for it."""

    @on_patient(Permission.CARE_GRANT)
    def grant_service(
        self,
        patient_id: UUID,
        *,
        system: str,
        code: str,
        provider_unit_id: UUID,
        decision_on: date | None = None,
        decision_number: str = "",
        valid_from: datetime | None = None,
    ) -> UUID:
        """Records a decision on a service (rules.SERVICES), and gives the unit its ground; answers with the entry's id.

        *decision_on* is today and *valid_from* now, unless they are said. Raises Invalid for a service without health
        care, a unit that is not the municipality's, or a decision that has not been made.
        """
        text = rules.SERVICES.get((system, code))
        if text is None:
            raise Invalid(errors={"service": ["Velg en helsetjeneste fra listen."]})
        unannounced = provider_unit_id in self.work.actor.units and not is_given(self.work.ground(patient_id))
        service = GrantedServiceVersion(
            patient_id=patient_id,
            entry_id=new_id(),
            version=1,
            service_system=system,
            service_code=code,
            service_text=text,
            valid_from=valid_from or self.work.now,
        )
        self._store(service, provider_unit_id, decision_on, decision_number)
        if unannounced:
            Justifying(self.work).taken_in(patient_id, service.relationship_id)
        return service.entry_id

    @on_patient(Permission.CARE_GRANT)
    def change_service(
        self,
        patient_id: UUID,
        entry_id: UUID,
        version: int,
        *,
        provider_unit_id: UUID,
        decision_on: date | None,
        decision_number: str,
        reason: str,
    ) -> None:
        """Another unit or another decision from now on: a new version, with its reason, and a ground that rests on it.

        Raises NotFound, Invalid as grant_service, Conflict when *version* no longer holds or the service has ended,
        Denied when another municipality gives it.
        """
        versions = self._lock_service(patient_id, entry_id)
        was = self._current(versions)
        if was.version != version:
            said = phrase(
                "%(name)s endret tjenesten mens du skrev. Se over, og lagre på nytt.", name=was.recorded_by_name
            )
            raise Conflict(said)
        self._must_answer_for(was)
        CareRelationships(self.work).end(was.patient_id, was.relationship_id, max(self.work.now, was.valid_from))
        kept = ("patient_id", "entry_id", "service_system", "service_code", "service_text", "valid_from")
        changed = GrantedServiceVersion(
            version=versions[0].version + 1, change_reason=reason, **{name: getattr(was, name) for name in kept}
        )
        self._store(changed, provider_unit_id, decision_on, decision_number)

    @on_patient(Permission.CARE_GRANT)
    def end_service(self, patient_id: UUID, entry_id: UUID, *, at: datetime | None = None) -> None:
        """Ends a service and the unit's ground, now or at the time that is said; one that has not begun never does.

        Raises NotFound, Conflict when it has ended, Invalid for a time before it began or that has not been.
        """
        service = self._current(self._lock_service(patient_id, entry_id))
        if at is not None and not service.valid_from <= at <= self.work.now:
            raise Invalid(errors={"at": ["Tidspunktet må være etter at tjenesten begynte, og ikke fram i tid."]})
        self._end_with_ground(service, at or max(self.work.now, service.valid_from))

    @on_patient(Permission.CARE_GRANT)
    def mark_service_in_error(self, patient_id: UUID, entry_id: UUID, reason: str) -> None:
        """Marks a service, every version, as wrong; it stays in the journal, and gives no ground from now on.

        Raises NotFound, Conflict when it is marked already, Denied when another municipality gives it.
        """
        versions = self._lock_service(patient_id, entry_id)
        mark_in_error(
            self.work,
            versions,
            reason,
            already="Tjenesten er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har gitt tjenesten. Be dem om å rette det.",
        )
        newest = versions[0]
        if newest.valid_until is None:
            CareRelationships(self.work).end(
                newest.patient_id, newest.relationship_id, max(self.work.now, newest.valid_from)
            )

    @on_patient(Permission.CARE_READ)
    def services(self, patient_id: UUID) -> list[GrantedService]:
        """The services granted with their versions, newest first, those ended or entered in error among them. One statement."""
        query = sa.select(GrantedServiceVersion).where(self.work.chart(patient_id, GrantedServiceVersion))
        newest_first = query.order_by(GrantedServiceVersion.valid_from.desc(), GrantedServiceVersion.entry_id)
        return folded(shown(GrantedService, row) for row in self.db.scalars(newest_first))

    @on_patient(Permission.CARE_READ)
    def service(self, patient_id: UUID, entry_id: UUID) -> GrantedService:
        """One service with its versions. Raises NotFound. One statement."""
        found = next((service for service in self.services(patient_id) if service.entry_id == entry_id), None)
        if found is None:
            raise NotFound("Tjenesten finnes ikke hos denne pasienten.")
        return found

    def _store(
        self, service: GrantedServiceVersion, unit_id: UUID, decision_on: date | None, decision_number: str
    ) -> None:
        """Adds the version, with the ground that the unit has by this decision."""
        today, unit = clock.local_date(self.work.now), self._unit(unit_id, "provider_unit_id")
        if (decision_on or today) > today:
            raise Invalid(errors={"decision_on": ["Vedtaksdatoen er fram i tid. Skriv når vedtaket ble gjort."]})
        decision = {"id": decision_number or str(service.entry_id), "description": service.service_text}
        service.decision_on, service.decision_number = decision_on or today, decision_number or None
        service.provider_unit_id, service.provider_name = unit.id, unit.name
        service.relationship_id = CareRelationships(self.work).begin(
            service.patient_id,
            unit_id=unit.id,
            ground="service",
            service_code=service.service_code,
            valid_from=service.valid_from if service.version == 1 else max(self.work.now, service.valid_from),
            decision_ref={**decision, "user_selected": False},
        )
        self.db.add(service)
        self.db.flush()

    def _lock_service(self, patient_id: UUID, entry_id: UUID) -> Sequence[GrantedServiceVersion]:
        versions = lock_entry(self.work, patient_id, GrantedServiceVersion, entry_id)
        if not versions:
            raise NotFound("Tjenesten finnes ikke hos denne pasienten.")
        return versions

    def _current(self, versions: Sequence[GrantedServiceVersion]) -> GrantedServiceVersion:
        newest = versions[0]
        if newest.in_error_at is not None:
            raise Conflict("Tjenesten er merket som feilført. Registrer en ny hvis pasienten skal ha den.")
        if newest.valid_until is not None:
            raise Conflict(
                phrase("%(name)s har alt avsluttet tjenesten. Du trenger ikke gjøre mer.", name=newest.ended_by_name)
            )
        return newest
