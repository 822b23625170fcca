"""As needed that is cleared with a nurse first: whom the assistant names, and that the nurse confirms it herself."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import aliased

from journal.medication import facts
from journal.medication.authority_tables import Clearing
from journal.medication.models import MedicationAdministration, MedicationRequest
from journal.medication.rules.authority import Act, Authority
from journal.medication.service.may_give import MayGive
from journal.permissions import Permission, Role
from journal.platform.clock import hhmm
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient, without_patient


class Clearings(MayGive):
    """Until she has confirmed it, the dose is marked."""

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def nurses(self) -> list[tuple[UUID, str]]:
        """Those a dose may be cleared with: the nurses of the unit who give as needed by their role. One statement."""
        return [
            (each.id, each.name)
            for each in self._colleagues()
            if each.role == Role.NURSE and Act.AS_NEEDED in each.authority.carried
        ]

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def confirm_clearing(self, patient_id: UUID, administration_id: UUID) -> None:
        """The nurse says herself that the dose was cleared with her.

        Raises NotFound, Invalid for anybody else than the one who was named, and Conflict when she has confirmed it.
        """
        of_chart = self.work.chart(patient_id, Clearing), Clearing.administration_id == administration_id
        named = self.db.scalar(
            sa.select(Clearing).where(*of_chart, Clearing.confirms_id.is_(None), Clearing.in_error_at.is_(None))
        )
        if named is None:
            raise NotFound("Dosen er ikke avklart med noen.")
        if named.nurse_id != self.work.actor.person_id:
            raise Invalid(phrase("Bare %(name)s kan bekrefte dette, på sin egen enhet.", name=named.nurse_name))
        row = {name: getattr(named, name) for name in ("patient_id", "administration_id", "nurse_id", "nurse_name")}
        row |= {"id": new_id(), "cleared_at": named.cleared_at, "confirms_id": named.id}
        write = insert(Clearing).values(row).on_conflict_do_nothing().returning(Clearing.id)
        if self.db.scalar(write) is None:
            raise Conflict("Du har alt bekreftet dette. Du trenger ikke gjøre mer.")

    @on_patient(Permission.MEDICATION_READ)
    def clearing_text(self, patient_id: UUID, administration_id: UUID) -> str:
        """The nurse's task: what she is asked to confirm. Raises NotFound."""
        order = MedicationRequest
        found = self.db.execute(
            sa.select(MedicationAdministration.dose_id)
            .add_columns(order.generic_name, Clearing.nurse_name, Clearing.cleared_at, Clearing.recorded_by_name)
            .select_from(Clearing)
            .join(MedicationAdministration, MedicationAdministration.id == Clearing.administration_id)
            .join(order, order.id == MedicationAdministration.request_id)
            .where(self.work.chart(patient_id, Clearing), Clearing.administration_id == administration_id)
            .where(self.work.chart(patient_id, MedicationAdministration), self.work.chart(patient_id, order))
        ).first()
        if found is None:
            raise NotFound("Dosen er ikke avklart med noen.")
        said = "%(nurse)s: bekreft at %(name)s avklarte %(medicine)s ved behov med deg kl. %(time)s."
        if found.dose_id is not None:
            said = (
                "%(nurse)s: bekreft at du kl. %(time)s lot %(name)s gi %(medicine)s nærmere en annen dose enn vanlig."
            )
        return phrase(
            said,
            nurse=found.nurse_name,
            name=found.recorded_by_name,
            medicine=found.generic_name,
            time=hhmm(found.cleared_at),
        )

    def _cleared(self, own: Authority, nurse_id: UUID | None, at: datetime | None) -> tuple[UUID, str, datetime] | None:
        """With whom and when it was cleared; None where it need not be. Raises Invalid where that is missing."""
        if not own.clears_as_needed:
            return None
        nurses = dict(self.nurses())
        if nurse_id not in nurses:
            raise Invalid(errors={"nurse_id": ["Velg sykepleieren du har avklart dosen med."]})
        if at is None:
            raise Invalid(errors={"cleared_time": ["Skriv klokkeslettet du avklarte det."]})
        return nurse_id, nurses[nurse_id], at

    def _store_clearing(self, given: MedicationAdministration, cleared: tuple[UUID, str, datetime]) -> None:
        nurse_id, nurse_name, at = cleared
        self.db.flush()
        self.db.add(
            Clearing(
                patient_id=given.patient_id,
                id=new_id(),
                administration_id=given.id,
                nurse_id=nurse_id,
                nurse_name=nurse_name,
                cleared_at=at,
            )
        )
        self.db.flush()
        self.work.publish(facts.AsNeededCleared(given.patient_id, given.id, None, given.effective_at))


def unconfirmed(order: type[MedicationRequest]) -> sa.ScalarSelect[list[str] | None]:
    """With whom the doses of this order were cleared who has not confirmed it yet; NULL for nearly all."""
    given, version, answer = MedicationAdministration, aliased(MedicationRequest), aliased(Clearing)
    of_entry = sa.tuple_(version.patient_id, version.entry_id) == sa.tuple_(order.patient_id, order.entry_id)
    this = sa.tuple_(Clearing.patient_id, Clearing.id)
    confirmed = sa.exists().where(sa.tuple_(answer.patient_id, answer.confirms_id) == this)
    return (
        sa.select(sa.func.array_agg(aggregate_order_by(Clearing.nurse_name, Clearing.recorded_at)))
        .select_from(Clearing)
        .join(
            given, sa.tuple_(given.patient_id, given.id) == sa.tuple_(Clearing.patient_id, Clearing.administration_id)
        )
        .join(version, sa.tuple_(version.patient_id, version.id) == sa.tuple_(given.patient_id, given.request_id))
        .where(of_entry, Clearing.confirms_id.is_(None))
        .where(Clearing.in_error_at.is_(None), given.in_error_at.is_(None), ~confirmed)
        .correlate(order)
        .scalar_subquery()
    )
