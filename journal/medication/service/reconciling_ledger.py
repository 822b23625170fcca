"""The account against the doses: withdrawals without a dose, doses without a withdrawal, and how each of them is settled."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.fest.tables import CatalogueItem
from journal.medication.ledger_tables import ControlledDose, LedgerEntry, LedgerSetting
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules.ledger import OWN, EntryKind, Kept, places_of, taken_out
from journal.medication.service.withdrawing import Withdrawing, standing, too_little
from journal.medication.unordered_tables import GivenWithoutOrder
from journal.permissions import Permission
from journal.platform.errors import Conflict, NotFound
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient, without_patient


@dataclass(frozen=True)
class Unmatched:
    """A dose without a withdrawal, or a withdrawal without a dose (then with its place and number): ids, who and when."""

    patient_id: UUID
    administration_id: UUID
    by: str
    at: datetime
    place_id: UUID | None = None
    ledger_id: UUID | None = None


@dataclass(frozen=True)
class ToWithdraw:
    """A dose that lacks its withdrawal, in the chart it is of. `places`: the ledgers it may have been taken from, where they are,
    and what is left in them."""

    administration_id: UUID
    medicine: str
    amount: Quantity
    given_at: datetime
    by: str
    places: tuple[tuple[UUID, str, Quantity], ...]


@dataclass(frozen=True)
class LedgerChoice:
    """What the municipality has chosen last; version 0 and nobody while the usual holds: A alone, and a blind count."""

    version: int
    group_b: bool
    show_expected: bool
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class ReconcilingLedger(Withdrawing):
    """Both lists are of the units one acts for, and open no chart; the medicine and the name come with the chart."""

    @without_patient(Permission.MEDICATION_READ)
    def doses_without_withdrawal(self) -> list[Unmatched]:
        """Newest first, at most a hundred."""
        withdrawn = sa.exists().where(
            LedgerEntry.administration_id == ControlledDose.administration_id,
            LedgerEntry.kind == EntryKind.WITHDRAWAL.value,
            standing(),
        )
        open_ = sa.select(ControlledDose).where(
            ControlledDose.unit_id.in_(self.work.actor.units), ControlledDose.closed_as.is_(None), sa.not_(withdrawn)
        )
        rows = self.db.scalars(open_.order_by(ControlledDose.recorded_at.desc()).limit(100))
        return [Unmatched(row.patient_id, row.administration_id, row.recorded_by_name, row.recorded_at) for row in rows]

    @without_patient(Permission.MEDICATION_READ)
    def withdrawals_without_dose(self) -> list[Unmatched]:
        """What was taken out for a signature that was a mistake, and not put back. Newest first, at most a hundred."""
        entry = LedgerEntry
        rows = self.db.execute(
            sa.select(ControlledDose.patient_id, *entry.__table__.c)
            .join(ControlledDose, ControlledDose.administration_id == entry.administration_id)
            .where(ControlledDose.closed_as == "undone", entry.kind == EntryKind.WITHDRAWAL.value, standing())
            .order_by(entry.recorded_at.desc())
            .limit(100)
        )
        return [
            Unmatched(
                row.patient_id,
                row.administration_id,
                row.recorded_by_name,
                row.recorded_at,
                row.place_id,
                row.ledger_id,
            )
            for row in rows
        ]

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def lacks_withdrawal(self, patient_id: UUID, administration_id: UUID) -> bool:
        """Whether this dose is to be taken from an account, and is not yet."""
        open_ = sa.select(ControlledDose.administration_id).where(
            self._this(patient_id, administration_id), ControlledDose.closed_as.is_(None)
        )
        return self.db.scalar(open_) is not None and not self._live(administration_id)

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def to_withdraw(self, patient_id: UUID, administration_id: UUID) -> ToWithdraw:
        """What is to be said of a dose that lacks its withdrawal. Raises NotFound."""
        row = self._unmatched(patient_id, administration_id)
        return ToWithdraw(
            administration_id,
            " ".join(part for part in (row.generic_name, row.strength) if part),
            Quantity(sum(_out(row), Decimal(0)), row.unit),
            row.effective_at,
            row.recorded_by_name,
            tuple(
                (kept.ledger_id, kept.name or OWN, Quantity(kept.balance, row.unit))
                for kept in self._may_be_of(patient_id, row)
                if kept.ledger_id is not None and kept.balance is not None
            ),
        )

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def withdraw_for(self, patient_id: UUID, administration_id: UUID, ledger_id: UUID) -> None:
        """Writes the withdrawal that the dose lacked. Raises NotFound, TooLittleLeft, Conflict when somebody has written it."""
        row = self._unmatched(patient_id, administration_id, hold=True)
        place = next((kept for kept in self._may_be_of(patient_id, row) if kept.ledger_id == ledger_id), None)
        if place is None:
            raise NotFound("Legemidlet har ikke noe regnskap der. Last siden på nytt.")
        if not self._withdraw(place, administration_id, *_out(row)):
            raise too_little()

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def taken_outside(self, patient_id: UUID, administration_id: UUID) -> None:
        """The dose was of what the unit does not keep: it is in nobody's account. Raises NotFound, Conflict."""
        self._unmatched(patient_id, administration_id, hold=True)
        self.db.execute(
            sa.update(ControlledDose).where(self._this(patient_id, administration_id)).values(closed_as="outside")
        )

    @without_patient(Permission.MUNICIPALITIES_READ)
    def ledger_choice(self) -> LedgerChoice:
        """What holds in one's own municipality."""
        mine = LedgerSetting.municipality_id == self.work.actor.municipality_id
        row = self.db.scalar(sa.select(LedgerSetting).where(mine).order_by(LedgerSetting.version.desc()).limit(1))
        if row is None:
            return LedgerChoice(0, group_b=False, show_expected=False)
        return LedgerChoice(row.version, row.group_b, row.show_expected, row.recorded_by_name, row.recorded_at)

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def choose_ledger(self, *, version: int, group_b: bool, show_expected: bool) -> None:
        """From now. `version` is the newest that was seen, 0 for none. Raises Conflict when another chose since."""
        values = {"version": version + 1, "group_b": group_b, "show_expected": show_expected}
        write = insert(LedgerSetting).values(**values).on_conflict_do_nothing()
        if self.db.scalar(write.returning(LedgerSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")

    def _this(self, patient_id: UUID, administration_id: UUID) -> sa.ColumnElement[bool]:
        mine = self.work.chart(patient_id, ControlledDose)
        return sa.and_(mine, ControlledDose.administration_id == administration_id)

    def _unmatched(self, patient_id: UUID, administration_id: UUID, *, hold: bool = False) -> Any:
        """The dose with its order. Held first and looked at after: two do not both write what is missing."""
        open_ = sa.select(ControlledDose.closed_as, ControlledDose.unordered).where(
            self._this(patient_id, administration_id)
        )
        found = self.db.execute(open_.with_for_update(key_share=True) if hold else open_).first()
        if found is None:
            raise NotFound("Dosen er ikke ført i regnskapet for A- og B-preparater.")
        if found.closed_as is not None or self._live(administration_id):
            raise Conflict("Dosen er alt ført. Last siden på nytt.")
        if found.unordered:
            return self.db.execute(_unordered(self.work.chart(patient_id, GivenWithoutOrder), administration_id)).one()
        given, order = MedicationAdministration, MedicationRequest
        return self.db.execute(
            sa.select(
                given.request_id,
                given.amount,
                given.effective_at,
                given.recorded_by_name,
                sa.func.coalesce(given.unit, Dose.unit).label("unit"),
                sa.func.coalesce(Dose.amount, given.amount).label("ordered"),
                order.generic_name,
                order.strength,
            )
            .join(order, sa.and_(self.work.chart(patient_id, order), order.id == given.request_id))
            .outerjoin(Dose, sa.and_(self.work.chart(patient_id, Dose), Dose.id == given.dose_id))
            .where(self.work.chart(patient_id, given), given.id == administration_id)
        ).one()

    def _may_be_of(self, patient_id: UUID, row: Any) -> tuple[Kept, ...]:
        kept, supply, _group_b = self._kept(patient_id, row.request_id, row.unit)
        return places_of(supply, kept) or ()


def _unordered(chart: sa.ColumnElement[bool], id: UUID) -> Any:
    """What was given without an order, as a dose of one. `chart`: this patient's rows of GivenWithoutOrder."""
    given = GivenWithoutOrder
    return (
        sa.select(
            given.id.label("request_id"),
            given.amount,
            given.amount.label("ordered"),
            given.effective_at,
            given.recorded_by_name,
            given.unit,
            given.medicine.label("generic_name"),
            CatalogueItem.strength,
        )
        .outerjoin(CatalogueItem, CatalogueItem.id == given.catalogue_item_id)
        .where(chart, given.id == id)
    )


def _out(row: Any) -> tuple[Decimal, Decimal]:
    return taken_out(row.ordered, row.amount)
