"""What was given by the paper list while the journal was away: stored with who gave it, when, and who wrote it in."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.downtime_tables import PaperAnswer
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import OrderStatus, Reason, Result, as_needed_room
from journal.medication.rules.authority import Act
from journal.medication.rules.patches import PATCH
from journal.medication.service.administration import Administration
from journal.medication.service.administration import chosen as chosen_amount
from journal.medication.service.lately import given_lately
from journal.medication.service.may_give import needed_of
from journal.medication.service.shown import dosage_of
from journal.medication.service.unsettled import Unsettled
from journal.permissions import Permission
from journal.platform.clock import moment
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient, without_patient

_NOBODY_KNOWS = phrase("Ingen vet om dosen ble gitt")


class FromPaper(NamedTuple):
    """A dose that was written in from paper, as the giver is asked about it. `answered`: confirmed, denied or None."""

    medicine: str
    given_at: datetime
    performer_id: UUID
    performer_name: str
    transcriber: str
    answered: str | None


class Paper(Administration, Unsettled):
    """Facts are never refused: neither a stopped order nor a limit that was passed keeps what was given out of the record."""

    @without_patient(Permission.CHART_LIST)
    def givers(self) -> list[tuple[UUID, str]]:
        """Who may have given: whoever asks, and her colleagues in the unit."""
        return [(self.work.actor.person_id, self.work.actor.name), *self.colleagues()]

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def given_by_paper(
        self, patient_id: UUID, dose_id: UUID, *, giver_id: UUID, given_at: datetime | None = None
    ) -> UUID:
        """Stores that this unknown dose was given by her, at that time; None is the time it was to be given. Answers with the id.

        Where the order was stopped, paused or changed since, it is a fact beside the dose, and an incident. A controlled drug is
        taken out of the ledger. Another than who writes has a task to say whether she did, and that she had not the authority is
        an incident. Raises NotFound, DoseAlreadySigned,
        Invalid for a time that has not been and for somebody who is not of the unit.
        """
        dose, giver = self._unknown(patient_id, dose_id), self._giver(giver_id)
        if dose.unit == PATCH:
            raise Invalid("Et plaster føres i runden, der stedet på kroppen også skrives.")
        at = self._given_at(given_at or dose.due_at)
        if dose.state == "open" and dose.status == OrderStatus.ACTIVE and dose.version == dose.request_version:
            id = self._write(dose, Result.TAKEN, at, amount=dose.amount, performer=giver)
            self._signed(patient_id, dose, Result.TAKEN, id, at)
        else:
            kind = "given_after_stop"
            id = self._write(dose, Result.TAKEN, at, amount=dose.amount, kind=kind, performer=giver)
            self._known(patient_id, dose_id)
            self._recount(patient_id, dose)
            self.work.publish(facts.DoseGivenAfterStop(dose.patient_id, id, dose.id, at))
        self._take_out(dose, dose.request_id, id, Quantity(dose.amount, dose.unit), None)
        self._ask_giver(dose.patient_id, id, giver_id, at)
        needed, without = needed_of(dose, dose.unit), facts.DoseGivenWithoutAuthority(dose.patient_id, id, dose.id, at)
        self._ask_authority(patient_id, giver_id, needed, without)
        return id

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def not_given_by_paper(self, patient_id: UUID, dose_id: UUID, *, reason: Reason | None, text: str = "") -> UUID:
        """Stores that this unknown dose was not given, and why; `reason` None: nobody knows, and `text` says who was asked.

        Raises NotFound, DoseAlreadySigned, and Invalid where nothing says why.
        """
        if reason is None and not text:
            raise Invalid(errors={"text": ["Skriv hvem du har spurt, og hvorfor ingen vet det."]})
        dose = self._unknown(patient_id, dose_id)
        at = min(dose.due_at, self.work.now)
        said = f"{_NOBODY_KNOWS}: {text}" if reason is None else text or None
        id = self._sign_not_given(patient_id, dose, reason or Reason.OTHER, at, amount=None, text=said)
        self._signed(patient_id, dose, (reason or Reason.OTHER).result, id, at)
        return id

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def as_needed_by_paper(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        giver_id: UUID,
        given_at: datetime,
        amount: Decimal | None = None,
    ) -> UUID:
        """Stores a dose as needed that was given by the paper list. One that was too soon, more than the most, or of an order that
        was stopped is stored too, and an incident, as is one by somebody without the authority.
        Raises NotFound, and Invalid as given_by_paper and for an amount outside the order's range.
        """
        self._lock_order(patient_id, request_entry_id)
        order, giver, at = (
            self._current_order(patient_id, request_entry_id),
            self._giver(giver_id),
            self._given_at(given_at),
        )
        if not order.as_needed:
            raise NotFound("Legemidlet gis ikke ved behov.")
        wanted = chosen_amount(order, amount)
        room = as_needed_room(
            dosage_of(order), given_lately(self.work, patient_id, order, dosage_of(order)), at, wanted=wanted
        )
        row = MedicationAdministration(
            patient_id=order.patient_id,
            id=new_id(),
            request_id=order.id,
            request_version=order.version,
            status="completed",
            result=Result.TAKEN.value,
            effective_at=at,
            amount=wanted.value,
            unit=wanted.unit,
            performer_id=giver[0],
            performer_name=giver[1],
        )
        self.db.add(row)
        self.db.flush()
        self.work.publish(facts.AsNeededGiven(row.patient_id, row.id, None, at))
        if not room.allowed or order.status != OrderStatus.ACTIVE:
            told = facts.DoseGivenAfterStop if order.status != OrderStatus.ACTIVE else facts.AsNeededPastLimit
            self.work.publish(told(row.patient_id, row.id, None, at))
        self._take_out(order, order.id, row.id, wanted, None)
        self._ask_giver(order.patient_id, row.id, giver_id, at)
        needed = needed_of(order, wanted.unit, as_needed=True)
        without = facts.DoseGivenWithoutAuthority(row.patient_id, row.id, None, at)
        self._ask_authority(patient_id, giver_id, needed, without)
        return row.id

    @on_patient(Permission.MEDICATION_READ)
    def from_paper(self, patient_id: UUID, administration_id: UUID) -> FromPaper:
        """What was written in, by whom, and what the giver has answered. Raises NotFound."""
        given, order, answer = MedicationAdministration, MedicationRequest, PaperAnswer
        of_given = sa.and_(self.work.chart(patient_id, answer), answer.administration_id == given.id)
        found = self.db.execute(
            sa.select(order.generic_name, given.effective_at, given.performer_id, given.performer_name)
            .add_columns(given.recorded_by_name, answer.outcome)
            .join(order, sa.and_(self.work.chart(patient_id, order), order.id == given.request_id))
            .outerjoin(answer, of_given)
            .where(self.work.chart(patient_id, given), given.id == administration_id)
            .where(given.performer_id.is_not(None), given.in_error_at.is_(None))
        ).one_or_none()
        if found is None:
            raise NotFound("Dosen er ikke ført fra papir.")
        return FromPaper(found[0] or "", *found[1:])

    @on_patient(Permission.MEDICATION_READ)
    def paper_text(self, patient_id: UUID, administration_id: UUID) -> str:
        """The giver's task: what she is asked. Raises NotFound."""
        said = self.from_paper(patient_id, administration_id)
        return phrase(
            "%(giver)s: har du gitt %(medicine)s %(time)s? %(name)s har ført det fra papir.",
            giver=said.performer_name,
            medicine=said.medicine,
            time=moment(said.given_at),
            name=said.transcriber,
        )

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def answer_paper(self, patient_id: UUID, administration_id: UUID, *, gave: bool) -> None:
        """She who is said to have given it says whether she did; if not, it is an incident, and what was written stands until
        somebody corrects it. Raises NotFound, Invalid for anybody else, and Conflict when she has answered."""
        said = self.from_paper(patient_id, administration_id)
        if said.performer_id != self.work.actor.person_id:
            raise Invalid(phrase("Bare %(name)s kan svare på dette.", name=said.performer_name))
        if said.answered is not None:
            raise Conflict("Du har alt svart på dette. Du trenger ikke gjøre mer.")
        row = self._administration(patient_id, administration_id)
        outcome = "confirmed" if gave else "denied"
        self.db.add(PaperAnswer(patient_id=row.patient_id, id=new_id(), administration_id=row.id, outcome=outcome))
        self.db.flush()
        if not gave:
            self.work.publish(facts.PaperDenied(row.patient_id, row.id, row.dose_id, row.effective_at))

    def _administration(self, patient_id: UUID, administration_id: UUID) -> MedicationAdministration:
        given = MedicationAdministration
        this = sa.select(given).where(self.work.chart(patient_id, given), given.id == administration_id)
        return self.db.scalars(this.with_for_update(key_share=True)).one()

    def _unknown(self, patient_id: UUID, dose_id: UUID) -> Any:
        """The dose, held until commit. Raises NotFound, also for one of no downtime, and DoseAlreadySigned."""
        dose = self._hold_dose(patient_id, dose_id)
        if dose.signed_at is not None:
            raise self._already(dose)
        if dose.downtime_id is None:
            raise NotFound("Dosen er ikke fra nedetid. Signer den som vanlig.")
        return dose

    def _known(self, patient_id: UUID, dose_id: UUID) -> None:
        """A fact beside the dose settles what became of it, and is no signature of it."""
        this = sa.and_(self.work.chart(patient_id, Dose), Dose.id == dose_id)
        self.db.execute(sa.update(Dose).where(this).values(downtime_id=None))

    def _giver(self, giver_id: UUID) -> tuple[UUID, str]:
        names = dict(self.givers())
        if giver_id not in names:
            raise Invalid(errors={"giver_id": ["Velg hvem som ga dosen."]})
        return giver_id, names[giver_id]

    def _ask_authority(
        self, patient_id: UUID, giver_id: UUID, needed: frozenset[Act], without: facts.DoseGivenWithoutAuthority
    ) -> None:
        """As at a signature; what was given stands, so that one who had not the authority then is an incident."""
        if self._lacked_authority(patient_id, giver_id, needed, without.effective_at):
            self.work.publish(without)

    def _ask_giver(self, patient_id: UUID, administration_id: UUID, giver_id: UUID, at: datetime) -> None:
        if giver_id != self.work.actor.person_id:
            self.work.publish(facts.WrittenFromPaper(patient_id, administration_id, None, at))
