"""Permisjon: medicines are handed out for a leave, and what became of them is told when the patient is back."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication.facts import LeaveSettled, LeaveStarted
from journal.medication.leave_tables import Leave, LeaveTold, SentAlong
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import AmountRange, MedicationLine, OrderStatus, Reason, Result
from journal.medication.rules.leave import AT_HOME, ON_LEAVE, SENT, Outcome, why_not
from journal.medication.rules.ledger import EntryKind, chosen_place
from journal.medication.service.due import Due
from journal.medication.service.lists import Lists
from journal.medication.service.shown import TOLD, DueDose, dosage_of, line_of
from journal.medication.service.signing import Signing
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient


class ForLeave(NamedTuple):
    """A medicine with doses in a leave: when they are due, and how much of it that is. As needed: no doses, and None."""

    request_entry_id: UUID
    version: int
    line: MedicationLine
    prescription_group: str | None
    due: tuple[datetime, ...]
    amount: Quantity | None


class SentMedicine(NamedTuple):
    """A medicine of a leave that is not settled."""

    id: UUID
    line: MedicationLine
    sent: bool
    as_needed: bool
    doses: int
    amount: Quantity


class OpenLeave(NamedTuple):
    """A leave of which nobody has told yet what was taken. `by_name` handed out, `handed_to` received."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    handed_to: str
    note: str
    by_name: str
    returned_at: datetime | None
    medicines: tuple[SentMedicine, ...]


class Told(NamedTuple):
    """What was told of a medicine, and how much of it came back, in its unit; None where nobody said."""

    outcome: Outcome
    came_back: Decimal | None


class Leaves(Due, Lists, Signing):
    """While she is away, the doses are expected of nobody here; nobody here signs them."""

    @on_patient(Permission.MEDICATION_READ)
    def for_leave(self, patient_id: UUID, starts_at: datetime, ends_at: datetime) -> list[ForLeave]:
        """The medicines with doses in this period, by name, then those as needed. Raises Invalid for a period that cannot be."""
        if wrong := why_not(starts_at, ends_at, self.work.now):
            raise Invalid(errors=wrong)
        found = []
        for doses in self._doses_in(patient_id, starts_at, ends_at).values():
            total = Quantity(sum((dose.amount.value for dose in doses), Decimal(0)), doses[0].amount.unit)
            due = tuple(dose.due_at for dose in doses)
            of = doses[0]
            found.append(ForLeave(of.request_entry_id, of.version, of.line, of.prescription_group, due, total))
        needed = [
            ForLeave(each.request_entry_id, each.version, each.line, None, (), None)
            for each in self.as_needed(patient_id)
            if each.held_from is None
        ]
        return [*sorted(found, key=lambda each: each.line.generic.lower()), *needed]

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def start_leave(
        self,
        patient_id: UUID,
        *,
        starts_at: datetime,
        ends_at: datetime,
        handed_to: str,
        note: str = "",
        sent: Mapping[UUID, int],
        at_home: Mapping[UUID, int],
        needed: Mapping[UUID, Decimal],
    ) -> UUID:
        """Signs what goes with her, by whom and to whom; answers with the leave's id.

        `sent` and `at_home`: the orders whose doses go with her or are there already, each with the version that was seen;
        `needed`: how much goes with her of those as needed. A controlled drug is withdrawn from its account. Raises Invalid for
        a period that cannot be and where nothing goes with her, Conflict when a leave is open, when an order was changed, or when
        an account holds less than what is sent.
        """
        if wrong := why_not(starts_at, ends_at, self.work.now):
            raise Invalid(errors=wrong)
        if not (sent or at_home or needed):
            raise Invalid("Velg minst ett legemiddel som sendes med, eller som pasienten har hjemme.")
        if self._open_leave(patient_id) is not None:
            raise Conflict("Pasienten har en permisjon som ikke er gjort opp. Skriv først hva som ble tatt på den.")
        leave = Leave(
            patient_id=patient_id,
            id=new_id(),
            starts_at=starts_at,
            ends_at=ends_at,
            handed_to=handed_to,
            note=note or None,
        )
        self.db.add(leave)
        self.db.flush()
        for entry_id in sorted({*sent, *at_home, *needed}):
            self._lock_order(patient_id, entry_id)
        doses = self._doses_in(patient_id, starts_at, ends_at)
        for seen, expected_of in ((sent, SENT), (at_home, AT_HOME)):
            for entry_id, version in seen.items():
                order = self._ordered(patient_id, entry_id, version)
                self._hand_out(leave, order, doses.get(entry_id, []), expected_of)
        for entry_id, amount in needed.items():
            order = self._ordered(patient_id, entry_id, None)
            unit = dosage_of(order).unit
            self._add_sent(leave, order, Quantity(amount, unit), doses=0, sent=True)
        self.work.publish(LeaveStarted(patient_id, leave.id, ends_at))
        return leave.id

    @on_patient(Permission.MEDICATION_READ)
    def open_leave(self, patient_id: UUID) -> OpenLeave | None:
        """The leave that nobody has told of yet, with its medicines by name; None when there is none."""
        if (leave := self._open_leave(patient_id)) is None:
            return None
        rows = self.db.execute(
            sa.select(SentAlong, MedicationRequest)
            .join(MedicationRequest, MedicationRequest.id == SentAlong.request_id)
            .where(self.work.chart(patient_id, SentAlong), self.work.chart(patient_id, MedicationRequest))
            .where(SentAlong.leave_id == leave.id)
        )
        day = local_date(leave.starts_at)
        medicines = [
            SentMedicine(
                row.id,
                line_of(order, dosage_of(order), day),
                row.sent,
                row.as_needed,
                row.doses,
                Quantity(row.amount, row.unit),
            )
            for row, order in rows
        ]
        return OpenLeave(
            leave.id,
            leave.starts_at,
            leave.ends_at,
            leave.handed_to,
            leave.note or "",
            leave.recorded_by_name,
            leave.returned_at,
            tuple(sorted(medicines, key=lambda each: (each.as_needed, each.line.generic.lower()))),
        )

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def come_back(self, patient_id: UUID) -> None:
        """She is back now, early or late: the doses from now on are expected of whoever gave them before. Nothing when no leave is
        open, or somebody has said so."""
        leave = self._open_leave(patient_id)
        if leave is None or leave.returned_at is not None:
            return
        leave.returned_at = max(self.work.now, leave.starts_at)
        self.db.flush()
        of_order = MedicationRequest.patient_id == Dose.patient_id, MedicationRequest.id == Dose.request_id
        giver = sa.select(MedicationRequest.given_by).where(*of_order).correlate(Dose).scalar_subquery()
        ahead = self.work.chart(patient_id, Dose), Dose.due_at >= self.work.now, Dose.given_by.in_(sorted(ON_LEAVE))
        self.db.execute(
            sa.update(Dose).where(*ahead).values(given_by=giver).execution_options(synchronize_session=False)
        )

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def tell_of_leave(self, patient_id: UUID, leave_id: UUID, told: Mapping[UUID, Told]) -> None:
        """What the patient or her next of kin tells of each medicine, by its id in the leave: as its own kind, never a signature.

        She is back with it, if nobody has said so. Of a medicine as needed the rest was taken, at the latest now, and counts in the
        sums of 24 hours. Raises NotFound, Conflict when it is told already, Invalid where a medicine lacks its answer or more came
        back than was sent.
        """
        leave = self._open_leave(patient_id)
        if leave is None or leave.id != leave_id:
            raise Conflict("Permisjonen er alt gjort opp. Last siden på nytt.")
        self.come_back(patient_id)
        of_leave = self.work.chart(patient_id, SentAlong), SentAlong.leave_id == leave_id
        rows = self.db.scalars(sa.select(SentAlong).where(*of_leave).order_by(SentAlong.id)).all()
        if {row.id for row in rows} != set(told):
            raise Invalid("Svar for hvert legemiddel som var med.")
        for row in rows:
            self._store_told(patient_id, leave, row, told[row.id])
        leave.settled_at = self.work.now
        self.db.flush()
        self.work.publish(LeaveSettled(patient_id, leave_id))

    def _open_leave(self, patient_id: UUID) -> Leave | None:
        live = self.work.chart(patient_id, Leave), Leave.settled_at.is_(None), Leave.in_error_at.is_(None)
        return self.db.scalar(sa.select(Leave).where(*live).with_for_update(key_share=True))

    def _doses_in(self, patient_id: UUID, starts_at: datetime, ends_at: datetime) -> dict[UUID, list[DueDose]]:
        found: dict[UUID, list[DueDose]] = {}
        for dose in self.doses_due([patient_id], start=starts_at, end=ends_at)[patient_id]:
            if dose.can_sign:
                found.setdefault(dose.request_entry_id, []).append(dose)
        return found

    def _ordered(self, patient_id: UUID, entry_id: UUID, version: int | None) -> MedicationRequest:
        order = self._current_order(patient_id, entry_id)
        if order.status != OrderStatus.ACTIVE or version not in (None, order.version):
            raise self._changed(order)
        return order

    def _hand_out(self, leave: Leave, order: MedicationRequest, doses: Collection[DueDose], expected_of: str) -> None:
        if not doses:
            raise NotFound("Legemidlet har ingen doser i permisjonen. Last siden på nytt.")
        total = Quantity(sum((dose.amount.value for dose in doses), Decimal(0)), next(iter(doses)).amount.unit)
        self._add_sent(leave, order, total, doses=len(doses), sent=expected_of == SENT)
        these = self.work.chart(leave.patient_id, Dose), Dose.id.in_([dose.id for dose in doses])
        self.db.execute(
            sa.update(Dose).where(*these).values(given_by=expected_of).execution_options(synchronize_session=False)
        )

    def _add_sent(self, leave: Leave, order: MedicationRequest, total: Quantity, *, doses: int, sent: bool) -> None:
        place = self._withdraw_for_leave(order, total) if sent else None
        self.db.add(
            SentAlong(
                patient_id=order.patient_id,
                id=new_id(),
                leave_id=leave.id,
                request_entry_id=order.entry_id,
                request_id=order.id,
                request_version=order.version,
                sent=sent,
                as_needed=order.as_needed,
                doses=doses,
                amount=total.value,
                unit=total.unit,
                place_id=place.place_id if place else None,
                ledger_id=place.ledger_id if place else None,
            )
        )
        self.db.flush()

    def _withdraw_for_leave(self, order: MedicationRequest, total: Quantity) -> Any:
        """The place it was taken from; None for what is not accounted for."""
        if order.prescription_group not in ("A", "B"):
            return None
        places = self._places(order.patient_id, order.id, total.unit, order.prescription_group)
        if places is None:
            return None
        place = chosen_place(places, total.value, None) if places else None
        if place is None or place.ledger_id is None:
            said = (
                "Ingen beholdning av %(medicine)s er stor nok for permisjonen. Tell eller før inn beholdningen først."
            )
            raise Conflict(phrase(said, medicine=order.generic_name))
        self._hold_place(place.place_id)
        self._enter(place_id=place.place_id, ledger_id=place.ledger_id, kind=EntryKind.SENT_ALONG, amount=-total.value)
        return place

    def _store_told(self, patient_id: UUID, leave: Leave, row: SentAlong, told: Told) -> None:
        if row.as_needed and told.came_back is None:
            raise Invalid("Skriv hvor mye som kom tilbake av hvert legemiddel som gis ved behov.")
        back = told.came_back or Decimal(0)
        if not 0 <= back <= row.amount:
            most = Quantity(row.amount, row.unit)
            raise Invalid(phrase("Det kan ikke ha kommet tilbake mer enn det som ble sendt med: %(most)s.", most=most))
        said = LeaveTold(
            patient_id=row.patient_id,
            id=new_id(),
            sent_along_id=row.id,
            outcome=told.outcome.value,
            came_back=back,
        )
        self.db.add(said)
        if back and row.place_id is not None:
            self._hold_place(row.place_id)
            self._enter(place_id=row.place_id, ledger_id=row.ledger_id, amount=back, kind=EntryKind.CAME_BACK)
        if row.as_needed:
            self._told_as_needed(patient_id, row, row.amount - back)
        elif told.outcome is not Outcome.UNKNOWN:
            until = min(leave.ends_at, leave.returned_at or leave.ends_at)
            these = self.work.chart(patient_id, Dose), Dose.request_entry_id == row.request_entry_id
            away = Dose.given_by.in_(sorted(ON_LEAVE)), Dose.due_at >= leave.starts_at, Dose.due_at < until
            for dose in self.db.scalars(sa.select(Dose).where(*these, *away)):
                self._told_of(row, told.outcome, min(dose.due_at, self.work.now), dose=dose)
        self.db.flush()

    def _told_as_needed(self, patient_id: UUID, row: SentAlong, taken: Decimal) -> None:
        """As many doses as that is, each as late as it can have been: nobody knows when, and too little room harms nobody."""
        this = self.work.chart(patient_id, MedicationRequest), MedicationRequest.id == row.request_id
        ordered = dosage_of(self.db.scalars(sa.select(MedicationRequest).where(*this)).one()).amount
        assert ordered is not None
        each = ordered.least.value if isinstance(ordered, AmountRange) else ordered.value
        while taken > 0:
            self._told_of(row, Outcome.TAKEN, self.work.now, amount=min(each, taken))
            taken -= each

    def _told_of(
        self, row: SentAlong, outcome: Outcome, at: datetime, *, dose: Dose | None = None, amount: Decimal | None = None
    ) -> None:
        taken = outcome is Outcome.TAKEN
        much = amount if dose is None else dose.amount if taken else None
        self.db.add(
            MedicationAdministration(
                patient_id=row.patient_id,
                id=new_id(),
                dose_id=dose.id if dose else None,
                request_id=row.request_id,
                request_version=row.request_version,
                kind=TOLD,
                status="completed" if taken else "not-done",
                result=(Result.TAKEN if taken else Result.NOT_GIVEN).value,
                reason_code=None if taken else Reason.OTHER.value,
                reason_text=None if taken else phrase("Fortalt etterpå: ikke tatt"),
                effective_at=at,
                amount=much,
                unit=row.unit if much is not None else None,
            )
        )
