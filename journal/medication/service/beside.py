"""What is said beside a signature: that somebody else gave the dose too, and the second signature of a dose that wants two."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication import facts
from journal.medication.errors import OrdinarySignature, WitnessedAlready, WitnessIsSigner
from journal.medication.models import MedicationAdministration, MedicationRequest
from journal.medication.product_tables import ProductUsed
from journal.medication.rules import Result
from journal.medication.rules.authority import Act
from journal.medication.service.alone_said import alone_of
from journal.medication.service.may_give import OWN, authority_of, needed_of
from journal.medication.service.not_given import NotGiven
from journal.medication.service.shown import WITNESS
from journal.medication.service.signing import GIVEN, LIVE
from journal.medication.service.waiting import HELD
from journal.permissions import Permission
from journal.platform.clock import spoken
from journal.platform.errors import NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient

# What a second signature says is what the first one says; who and when are its own.
_KEPT = (
    "patient_id",
    "dose_id",
    "request_id",
    "request_version",
    "status",
    "result",
    "reason_code",
    "effective_at",
    "amount",
    "unit",
)


class Beside(NotGiven):
    """Facts beside a dose. None of them is the signature itself, and none may hide that it is missing."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def also_given(
        self, patient_id: UUID, dose_id: UUID, *, request_version: int, given_at: datetime | None = None
    ) -> UUID:
        """Stores that a dose was given although it was signed by somebody else, or its order had been changed, stopped or
        given as many times as it was to be: a fact beside the dose, never a signature of it.

        What somebody gave without the authority for it is the signature of that dose, which is given, and is to be given by
        nobody else. All of them are incidents for others to follow up.
        Raises NotFound, and OrdinarySignature when nothing stands in the way of a signature.
        """
        dose = self._hold_dose(patient_id, dose_id)
        twice = dose.signed_at is not None
        given_at = self._given_at(given_at)
        was_to_be_given = self._unchanged(dose, request_version, "open", HELD) and not self._waited(dose, given_at)
        if not twice and was_to_be_given and not self._is_complete(dose):
            return self._given_without_authority(patient_id, dose, given_at)
        if twice and dose.result not in GIVEN:
            self._call_off_try(patient_id, dose.id, signed_stays=True)
        kind = "also_given" if twice else "given_after_stop"
        id = self._write(dose, Result.TAKEN, given_at, amount=dose.amount, kind=kind)
        self._take_out(dose, dose.request_id, id, Quantity(dose.amount, dose.unit), None)
        self._recount(patient_id, dose)
        self._lies_no_more(dose)
        told = facts.DoseGivenTwice if twice else facts.DoseGivenAfterStop
        self.work.publish(told(dose.patient_id, id, dose.id, given_at))
        return id

    def _given_without_authority(self, patient_id: UUID, dose: Any, given_at: datetime) -> UUID:
        own, ids = authority_of(self.work.actor.role, dose.authority), self.work.ids(patient_id)
        if not own.lacks(needed_of(dose, dose.unit), ids):
            raise OrdinarySignature("Dosen er ikke signert av andre. Signer den som vanlig.")
        self._not_too_early(dose, given_at)
        id = self._write(dose, Result.TAKEN, given_at, amount=dose.amount, text=phrase("Uten fullmakt"))
        self._take_out(dose, dose.request_id, id, Quantity(dose.amount, dose.unit), None)
        self._recount(patient_id, dose)
        self._lies_no_more(dose)
        self.work.publish(facts.DoseGivenWithoutAuthority(dose.patient_id, id, dose.id, given_at))
        return id

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def witness(self, patient_id: UUID, administration_id: UUID) -> UUID:
        """Stores the second signature of a dose that wants two; answers with its id. The first one keeps its place (A7).

        Raises NotFound where there is no live signature that wants a second, WitnessIsSigner, NoAuthority, and
        WitnessedAlready.
        """
        signature, authority = self._wants_second(patient_id, administration_id)
        if (signature.performer_id or signature.recorded_by) == self.work.actor.person_id:
            raise WitnessIsSigner("Du har selv signert denne dosen. En annen enn deg må være nummer to.")
        self._require(patient_id, authority, frozenset({Act.CONTROL}))
        kept = {name: getattr(signature, name) for name in _KEPT}
        row = MedicationAdministration(id=new_id(), kind=WITNESS, witness_of_id=signature.id, **kept)
        self.db.add(row)
        self.work.publish(facts.DoseWitnessed(row.patient_id, row.id, row.dose_id, row.effective_at))
        return row.id

    def _wants_second(self, patient_id: UUID, administration_id: UUID) -> tuple[MedicationAdministration, str | None]:
        """The signature, held until commit, and what the tables say that whoever asks may do. The lock first: whoever was
        second reads the other's row after the wait.
        """
        signature, second = MedicationAdministration, aliased(MedicationAdministration)
        this = sa.and_(self.work.chart(patient_id, signature), signature.id == administration_id)
        self.db.execute(sa.select(signature.id).where(this).with_for_update(key_share=True))
        of_this = sa.and_(
            self.work.chart(patient_id, second), second.witness_of_id == signature.id, second.in_error_at.is_(None)
        )
        order = sa.and_(self.work.chart(patient_id, MedicationRequest), MedicationRequest.id == signature.request_id)
        used = ProductUsed
        of_signature = used.patient_id == signature.patient_id, used.administration_id == signature.id
        controlled = sa.exists().where(*of_signature, used.second)
        found = self.db.execute(
            sa.select(signature, second, OWN)
            .join(MedicationRequest, order)
            .outerjoin(second, of_this)
            .where(this, signature.kind == LIVE, signature.in_error_at.is_(None), signature.status == "completed")
            .where(sa.or_(MedicationRequest.two_signatures, controlled))
            .where(alone_of(MedicationRequest, signature).is_(None))
        ).one_or_none()
        if found is None:
            raise NotFound("Det er ingen signatur her som venter på nummer to. Last siden på nytt.")
        if found[1] is not None:
            who, at = found[1].recorded_by_name, spoken(found[1].recorded_at, self.work.now)
            raise WitnessedAlready(
                phrase("%(name)s signerte som nummer to %(time)s. Du trenger ikke gjøre mer.", name=who, time=at)
            )
        return found[0], found[2]
