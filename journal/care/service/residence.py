"""Stays and absences, and the care relationships that follow from them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.access import CareRelationships, Justifying, is_given
from journal.care import rules
from journal.care.models import StayRow
from journal.care.service.door import Door
from journal.care.service.holdings import Holdings
from journal.care.service.shown import Stay, Whereabouts, stay_of, whereabouts_of
from journal.medication import Crossing, Medication
from journal.municipalities import Municipalities, UnitNode
from journal.permissions import Permission
from journal.platform.entries import mark_in_error
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient, on_patients, without_patient


class Residence(Door, Holdings):
    """Where the patient lives while the municipality gives her a place."""

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
            if self.work.ground(patient_id).relationship_id is None:
                # Whoever has no ground is not told where somebody is, nor that she is anywhere.
                raise Conflict("Pasienten kan ikke tas inn nå. Ring enheten som meldte pasienten til dere.")
            raise Conflict(
                phrase(
                    "Pasienten har alt et opphold ved %(ward)s. Flytt pasienten, eller avslutt det først.",
                    ward=open_stay.ward_name,
                )
            )
        unannounced = not is_given(self.work.ground(patient_id))
        ward = self._unit(unit_id, "unit_id")
        stay_id, relationship_id = self._begin(patient_id, ward, kind, room, begins, expected_until)
        self._cross(patient_id, Crossing(kind), begins, stay_id)
        if unannounced:
            Justifying(self.work).taken_in(patient_id, relationship_id)
        return stay_id

    @on_patient(Permission.PATIENTS_DISCHARGE)
    def discharge(self, patient_id: UUID, *, at: datetime | None = None) -> None:
        """Ends the open stay, an absence from it, and the ward's ground (which has its hours of grace).

        Raises Conflict when no stay is open, Invalid for a time before it began or that has not been.
        """
        (stay, absence), end = self._lock_open(patient_id), at or self.work.now
        if stay is None:
            raise Conflict("Pasienten har ikke noe opphold å avslutte. Last siden på nytt for å se hva som er gjort.")
        if not stay.valid_from <= end <= self.work.now:
            raise Invalid(errors={"at": ["Tidspunktet må være etter at oppholdet begynte, og ikke fram i tid."]})
        if absence is not None:
            self._end(absence, max(end, absence.valid_from))
        self._leave_holding(patient_id)
        self._end_with_ground(stay, end)
        if stay.kind == "short_term":
            self._cross(patient_id, Crossing.HOME, end, stay.id)

    @on_patient(Permission.PATIENTS_DISCHARGE)
    def transfer(self, patient_id: UUID, unit_id: UUID, *, room: str = "", at: datetime | None = None) -> UUID:
        """Moves the patient to another ward of the municipality, now or when it was; answers with the new stay's id.

        The present stay ends and one of the same kind begins, each with its ground: what is due follows the patient, and
        the ward she left keeps its hours of grace. Raises Conflict when no stay is open or she is away, Invalid for a ward
        or a time that cannot be, Denied when another municipality gives the stay.
        """
        (stay, absence), moved = self._lock_open(patient_id), at or self.work.now
        if stay is None:
            raise Conflict("Pasienten har ikke noe opphold å flytte fra. Legg inn pasienten først.")
        self._must_answer_for(stay)
        if absence is not None:
            raise Conflict("Pasienten er registrert som borte. Registrer retur, eller avlys fraværet, før du flytter.")
        ward = next((ward for ward in self.wards() if ward.id == unit_id and ward.id != stay.ward_id), None)
        if ward is None:
            raise Invalid(errors={"unit_id": ["Velg en annen avdeling i kommunen."]})
        if not stay.valid_from <= moved <= self.work.now:
            raise Invalid(errors={"at": ["Tidspunktet må være etter at oppholdet begynte, og ikke fram i tid."]})
        self._leave_holding(patient_id)
        self._end_with_ground(stay, moved)
        expected_until = stay.expected_until if stay.expected_until and stay.expected_until > moved else None
        return self._begin(stay.patient_id, ward, stay.kind, room, moved, expected_until)[0]

    @on_patient(Permission.PATIENTS_DISCHARGE)
    def mark_stay_in_error(self, patient_id: UUID, stay_id: UUID, reason: str) -> None:
        """Marks a stay with the absences from it, or one absence, as wrong; it stays in the journal.

        An open stay takes the ward's ground with it, but for the hours of grace: what else was written on the wrong
        patient is to be put right. Raises NotFound, Conflict when it is marked already, Denied when another municipality
        gives the stay.
        """
        of_stay = sa.or_(StayRow.id == stay_id, StayRow.part_of_id == stay_id)
        lock = sa.select(StayRow).where(self.work.chart(patient_id, StayRow), of_stay).order_by(StayRow.id)
        rows = self.db.scalars(lock.with_for_update(key_share=True)).all()
        marked = next((row for row in rows if row.id == stay_id), None)
        if marked is None:
            raise NotFound("Oppholdet finnes ikke hos denne pasienten.")
        mark_in_error(
            self.work,
            rows,
            reason,
            already="Oppholdet er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har gitt oppholdet. Be dem om å rette det.",
        )
        for row in rows:
            Medication(self.work).never_crossed(patient_id, row.id)
        if marked.valid_until is not None:
            return
        relationships = CareRelationships(self.work)
        if marked.part_of_id is None:
            relationships.end(marked.patient_id, marked.relationship_id)
        else:
            relationships.set_away(marked.patient_id, marked.relationship_id, None, None)

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
        self._add(
            "Noen andre registrerte nettopp et fravær. Last siden på nytt for å se hva som er gjort.",
            patient_id=stay.patient_id,
            id=absence_id,
            kind=kind,
            part_of_id=stay.id,
            ward_id=stay.ward_id,
            ward_name=stay.ward_name,
            place=place or None,
            relationship_id=stay.relationship_id,
            valid_from=begins,
            expected_until=expected_until,
        )
        # From a hospital nobody comes back by the clock: her return is registered.
        until = None if kind == "hospital" else expected_until
        CareRelationships(self.work).set_away(stay.patient_id, stay.relationship_id, begins, until)
        if kind == "hospital":
            self._cross(patient_id, Crossing.HOSPITAL, begins, absence_id, place)
        return absence_id

    @on_patient(Permission.CARE_WRITE)
    def return_from_leave(self, patient_id: UUID) -> bool:
        """The patient is back now, or the planned absence is called off; whether her list waits to be reconciled after it.

        Raises Conflict when no absence is open.
        """
        stay, absence = self._lock_open(patient_id)
        if stay is None:
            self._come_home(patient_id)
            return True
        if absence is None:
            raise Conflict("Pasienten er ikke registrert som borte. Last siden på nytt for å se hva som er gjort.")
        self._end(absence, max(self.work.now, absence.valid_from))
        CareRelationships(self.work).set_away(absence.patient_id, absence.relationship_id, None, None)
        if self.work.actor.may(Permission.MEDICATION_ADMINISTER):
            Medication(self.work).come_back(patient_id)
        begun = absence.valid_from <= self.work.now
        if absence.kind == "hospital" and begun:
            self._cross(patient_id, Crossing.RETURN, self.work.now, absence.id)
        elif absence.kind == "hospital":
            Medication(self.work).never_crossed(patient_id, absence.id)
        return absence.kind == "hospital" and begun

    @on_patient(Permission.CARE_WRITE)
    def send_to_hospital(self, patient_id: UUID, *, place: str = "", valid_from: datetime | None = None) -> None:
        """The patient goes to hospital, now or when it was, from her stay or from home: no dose is expected from then on.

        Raises Conflict when she is away already, Invalid for a time that cannot be.
        """
        if self._lock_open(patient_id)[0] is not None:
            self.leave(patient_id, kind="hospital", place=place, valid_from=valid_from)
        else:
            self._leave_home(patient_id, valid_from or self.work.now, place)

    @on_patient(Permission.CARE_READ)
    def stays(self, patient_id: UUID) -> list[Stay]:
        """Stays and absences, newest first, those entered in error among them. One statement."""
        query = sa.select(StayRow).where(self.work.chart(patient_id, StayRow))
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

    @without_patient(Permission.MUNICIPALITIES_READ)
    def wards(self) -> list[UnitNode]:
        """The units of the municipality where somebody can live: wards, and nursing homes without any."""
        units = Municipalities(self.work).units()
        divided = {unit.parent_id for unit in units}
        return [u for u in units if u.kind == "ward" or (u.kind == "nursing_home" and u.id not in divided)]

    def _lock_open(self, patient_id: UUID) -> tuple[StayRow | None, StayRow | None]:
        """The open stay and the open absence from it; each is one at most (unique indexes)."""
        lock = sa.select(StayRow).where(self.work.chart(patient_id, StayRow), StayRow.valid_until.is_(None))
        locked = self.db.scalars(lock.where(StayRow.in_error_at.is_(None)).with_for_update(key_share=True))
        is_stay = {row.part_of_id is None: row for row in locked}
        return is_stay.get(True), is_stay.get(False)

    def _begin(
        self,
        patient_id: UUID,
        ward: UnitNode,
        kind: str,
        room: str,
        begins: datetime,
        expected_until: datetime | None,
    ) -> tuple[UUID, UUID]:
        """A stay, and the ground it gives the ward: both their ids."""
        stay_id = new_id()
        relationship_id = CareRelationships(self.work).begin(
            patient_id,
            unit_id=ward.id,
            ground="stay",
            service_code=rules.STAY_SERVICE[kind],
            valid_from=begins,
            decision_ref={
                "id": str(stay_id),
                "description": f"{rules.STAYS[kind]}, {ward.name}",
                "user_selected": False,
            },
            room=room or None,
        )
        self._add(
            "Noen andre la nettopp inn pasienten. Last siden på nytt for å se hva som er gjort.",
            patient_id=patient_id,
            id=stay_id,
            kind=kind,
            ward_id=ward.id,
            ward_name=ward.name,
            room=room or None,
            relationship_id=relationship_id,
            valid_from=begins,
            expected_until=expected_until,
        )
        return stay_id, relationship_id

    def _add(self, taken: str, **values: Any) -> None:
        """Two who register a stay, or an absence, of one patient at once meet in the unique index: the second is told."""
        new = insert(StayRow).values(**values)
        if self.db.scalar(new.on_conflict_do_nothing().returning(StayRow.id)) is None:
            raise Conflict(taken)
