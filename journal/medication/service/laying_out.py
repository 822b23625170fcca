"""Lagt fram: a dose is left before the patient, and stays open until somebody knows what became of it."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.errors import AlreadyLaidOut
from journal.medication.laid_out_tables import DoseLaidOut
from journal.medication.models import MedicationRequest
from journal.medication.rules.laid_out import settle_before, why_not
from journal.medication.service.may_give import needed_of
from journal.medication.service.signing import Signing
from journal.permissions import Permission
from journal.platform.clock import spoken
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient


class LayingOut(Signing):
    """No signature: what is signed later says when it was taken."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def lay_out(self, patient_id: UUID, dose_id: UUID, *, request_version: int) -> UUID:
        """Says that this dose lies before the patient now; answers with the id of it. The dose stays open.

        Raises NotFound, DoseAlreadySigned, OrderChanged and NoAuthority as a signature does, AlreadyLaidOut with who did and
        when, and Invalid for a dose that is not to be left (rules/laid_out.py).
        """
        dose = self._ready_to_sign(patient_id, dose_id, request_version)
        self._not_too_early(dose, self.work.now)
        if dose.laid_out is not None:
            row = self._laying(patient_id, dose.laid_out)
            who, at = row.recorded_by_name, spoken(row.recorded_at, self.work.now)
            said = phrase("%(name)s la fram denne dosen %(time)s. Ikke legg fram en til.", name=who, time=at)
            raise AlreadyLaidOut(said, laid_by=who, laid_at=row.recorded_at.isoformat())
        refused = why_not(
            needed_of(dose, dose.unit),
            prescription_group=dose.prescription_group,
            two_signatures=dose.two_signatures,
            required_value=dose.required_value,
        )
        if refused is not None:
            raise Invalid(refused)
        row = DoseLaidOut(
            patient_id=dose.patient_id,
            id=new_id(),
            dose_id=dose.id,
            request_id=dose.request_id,
            request_version=dose.request_version,
        )
        self.db.add(row)
        self.db.flush()
        before = settle_before(self.work.now, dose.due_at, dose.late_after)
        self.work.publish(facts.DoseLaidOut(row.patient_id, row.id, before))
        return row.id

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def take_away(self, patient_id: UUID, laying_id: UUID, *, reason: str) -> None:
        """The dose lies there no more, and nobody took it: the row stands, with who took it away and why. The dose is then open as
        if it had never lain there. Raises NotFound, Conflict when somebody has done so, Denied when it is another municipality's.
        """
        row = self._laying(patient_id, laying_id, lock=True)
        if row.in_error_at is not None:
            raise Conflict("Dosen er alt tatt bort. Last siden på nytt for å se hva som gjelder.")
        if row.municipality_id != self.work.actor.municipality_id:
            raise Denied("En annen kommune har skrevet dette, og bare den kan rette det.")
        row.in_error_reason = reason
        self.work.publish(facts.LaidOutSettled(row.patient_id, row.id))

    @on_patient(Permission.MEDICATION_READ)
    def medicine_laid_out(self, patient_id: UUID, laying_id: UUID) -> str:
        """The name of what was laid out. Raises NotFound."""
        order = MedicationRequest
        of_row = self.work.chart(patient_id, order), order.id == self._laying(patient_id, laying_id).request_id
        return self.db.scalar(sa.select(order.generic_name).where(*of_row)) or ""

    def _laying(self, patient_id: UUID, laying_id: UUID, *, lock: bool = False) -> Any:
        query = sa.select(DoseLaidOut).where(self.work.chart(patient_id, DoseLaidOut), DoseLaidOut.id == laying_id)
        row = self.db.scalar(query.with_for_update(key_share=True) if lock else query)
        if row is None:
            raise NotFound("Dosen er ikke lagt fram hos denne pasienten.")
        return row
