"""Keeping places and their ledgers: what is there, what comes and goes by hand, and the count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.medication.errors import WitnessedAlready, WitnessIsSigner
from journal.medication.facts import HoldingClosed, HoldingDiffers
from journal.medication.ledger_tables import (
    KeepingPlace,
    Ledger,
    LedgerEntry,
    LedgerExplanation,
    LedgerWitness,
    PatientHolding,
)
from journal.medication.rules.ledger import (
    BY_HAND,
    CORRECTABLE,
    OWN,
    TAKES_OUT,
    WITNESSED,
    Cause,
    EntryKind,
    PlaceKind,
    WasteReason,
)
from journal.medication.service.catalogue import CatalogueHit
from journal.medication.service.withdrawing import Withdrawing, standing
from journal.permissions import Permission
from journal.platform.clock import spoken
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.language import phrase
from journal.platform.quantity import Quantity, show
from journal.platform.service import on_patient, without_patient

_OUT_OF_DATE = "Stedet er avsluttet. Last siden på nytt for å se hvor det oppbevares nå."


@dataclass(frozen=True)
class Balance:
    """One product strength in a place. `counted_at` and `counted_by` are of the last count, the first one among them."""

    ledger_id: UUID
    place_id: UUID
    name: str
    strength: str
    group: str | None
    unit: str
    balance: Decimal
    counted_at: datetime
    counted_by: str

    @property
    def shown(self) -> Quantity:
        return Quantity(self.balance, self.unit)


@dataclass(frozen=True)
class Place:
    """A keeping place that is open, with its ledgers by name."""

    id: UUID
    kind: PlaceKind
    name: str
    ledgers: tuple[Balance, ...]

    @property
    def empty(self) -> bool:
        return all(ledger.balance == 0 for ledger in self.ledgers)


@dataclass(frozen=True)
class Entry:
    """One line of a ledger. `witness`: who saw it too; `waits`: another person is to. `taken_back`: a counter-entry says so."""

    place_id: UUID
    number: int
    kind: EntryKind
    amount: Decimal
    balance: Decimal
    counted: Decimal | None
    reason: WasteReason | None
    corrects: int | None
    by: UUID
    by_name: str
    at: datetime
    witness: str | None
    cause: Cause | None
    taken_back: bool

    @property
    def moved(self) -> str:
        """How the balance moved, with its sign."""
        return f"+{show(self.amount)}" if self.amount > 0 else show(self.amount)

    @property
    def left(self) -> str:
        return show(self.balance)

    @property
    def there(self) -> str:
        return show(self.balance if self.counted is None else self.counted)

    @property
    def expected(self) -> str:
        """What the account said before a count."""
        return show(self.balance - self.amount)

    @property
    def waits(self) -> bool:
        return self.kind in WITNESSED and self.witness is None and not self.taken_back

    @property
    def correctable(self) -> bool:
        return self.kind in CORRECTABLE and not self.taken_back


class Keeping(Withdrawing):
    """Whoever gives medicines counts, and writes what comes and goes; who keeps opens places, closes them and explains."""

    @without_patient(Permission.MEDICATION_READ)
    def keeping_places(self) -> list[Place]:
        """The places of the units one acts for that are open, by name, patients' own last. Two statements."""
        return self._keeping_places()

    @without_patient(Permission.MEDICATION_READ)
    def keeping_place(self, place_id: UUID) -> Place:
        """One of them. Raises NotFound."""
        return self._place(place_id)

    @without_patient(Permission.MEDICATION_KEEP)
    def open_place(self, kind: PlaceKind, name: str) -> UUID:
        """A new place of the unit one acts in; answers with its id."""
        place = KeepingPlace(kind=kind.value, name=name)
        self.db.add(place)
        self.db.flush()
        return place.id

    @without_patient(Permission.MEDICATION_KEEP)
    def close_place(self, place_id: UUID) -> None:
        """Nothing is kept there any more. Raises NotFound, and Conflict while anything is left or somebody must still sign."""
        self._hold_open(place_id)
        if not self._place(place_id).empty:
            raise Conflict("Det er noe igjen her. Lever det tilbake eller destruer det, og avslutt når alt er null.")
        if self._waiting(LedgerEntry.place_id == place_id):
            raise Conflict("Noe her venter på andre signatur. Avslutt når begge har signert.")
        self.db.execute(sa.update(KeepingPlace).where(KeepingPlace.id == place_id).values(closed_at=self.work.now))
        if patient_id := self._whose(place_id):
            self.work.publish(HoldingClosed(patient_id, place_id))

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def open_holding(self, patient_id: UUID) -> UUID:
        """The place of the patient's own controlled drugs; the one that is open, or a new one of the unit one acts in."""
        if found := self._holding(patient_id):
            return found
        place = KeepingPlace(kind=PlaceKind.PATIENT.value)
        self.db.add(place)
        self.db.flush()
        self.db.add(PatientHolding(patient_id=patient_id, place_id=place.id))
        self.db.flush()
        return place.id

    @on_patient(Permission.MEDICATION_READ)
    def holding(self, patient_id: UUID) -> Place | None:
        """What the unit keeps of the patient's own controlled drugs; None when no place is open."""
        found = self._holding(patient_id)
        return self._place(found) if found else None

    @on_patient(Permission.PATIENTS_DISCHARGE)
    def holding_left(self, patient_id: UUID) -> UUID | None:
        """The place with her own controlled drugs, when the unit she leaves still keeps any for her."""
        return self._left(patient_id)

    @on_patient(Permission.MEDICATION_READ)
    def holding_of_order(self, patient_id: UUID, request_entry_id: UUID) -> UUID | None:
        """The place with her own controlled drugs, when any of the medicine of this order is left there."""
        return self._left(patient_id, self._current_order(patient_id, request_entry_id).generic_name)

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def start_ledger(self, place_id: UUID, hit: CatalogueHit, counted: Decimal) -> UUID:
        """A product strength that the place did not have, with what is there now. Raises NotFound, Conflict, Invalid."""
        self._hold_open(place_id)
        if hit.dose_unit is None or hit.medicine.prescription_group not in ("A", "B"):
            raise Invalid(errors={"item": ["Legemidlet er ikke et A- eller B-preparat. Velg et annet."]})
        of, here = hit.medicine, sa.and_(Ledger.place_id == place_id, Ledger.catalogue_item_id == hit.id)
        if self.db.scalar(sa.select(Ledger.id).where(here)):
            raise Conflict("Legemidlet har alt et regnskap her. Før det som kommer, som mottatt.")
        ledger = Ledger(
            place_id=place_id,
            catalogue_item_id=hit.id,
            unit=hit.dose_unit,
            **{name: getattr(of, name) for name in _OF_PRODUCT},
        )
        self.db.add(ledger)
        self.db.flush()
        self._enter(place_id=place_id, ledger_id=ledger.id, kind=EntryKind.OPENING, counted=counted)
        return ledger.id

    @without_patient(Permission.MEDICATION_READ)
    def ledger(self, place_id: UUID, ledger_id: UUID, *, limit: int = 100) -> tuple[Balance, list[Entry]]:
        """A ledger with its newest entries first. Raises NotFound."""
        balance = self._ledger(place_id, ledger_id)
        return balance, self._entries(LedgerEntry.ledger_id == ledger_id, limit=limit)

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def enter(
        self,
        place_id: UUID,
        ledger_id: UUID,
        kind: EntryKind,
        amount: Decimal,
        reason: WasteReason | None = None,
    ) -> int:
        """Writes what came or went, in the unit of the ledger; answers with the entry's number. Raises NotFound, Invalid (a waste
        wants its reason), TooLittleLeft."""
        if kind not in BY_HAND or amount <= 0:
            raise Invalid(errors={"amount": ["Skriv hvor mye det er."]})
        if (kind is EntryKind.WASTE) != (reason is not None):
            raise Invalid(errors={"reason": ["Velg hvorfor det er kassert."]})
        self._hold_open(place_id)
        self._ledger(place_id, ledger_id)
        moved = -amount if kind in TAKES_OUT else amount
        why = {"reason": reason} if reason else {}
        return self._enter(place_id=place_id, ledger_id=ledger_id, kind=kind, amount=moved, **why)[0]

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def count(self, place_id: UUID, counted: Mapping[UUID, Decimal]) -> int:
        """Writes what is there of each ledger; answers with how many of them differ from the account. What differs stands until
        somebody has explained it; of a patient's own medicines it is an incident too. Raises NotFound."""
        self._hold_open(place_id)
        known = {ledger.ledger_id for ledger in self._place(place_id).ledgers}
        if not counted or not set(counted) <= known:
            raise NotFound("Regnskapet finnes ikke her. Last siden på nytt.")
        moved = [
            self._enter(place_id=place_id, ledger_id=ledger_id, kind=EntryKind.COUNT, counted=there)[1]
            for ledger_id, there in counted.items()
        ]
        differ = sum(1 for amount in moved if amount)
        if differ and (patient_id := self._whose(place_id)):
            self.work.publish(HoldingDiffers(patient_id, place_id))
        return differ

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def take_back(self, place_id: UUID, number: int) -> None:
        """The counter-entry of what was written wrong. Raises NotFound, Conflict when it is done already or is of a dose or a
        count, TooLittleLeft."""
        self._hold_open(place_id)
        entry = self._entry(place_id, number)
        if not entry.correctable:
            raise Conflict("Dette kan ikke rettes her, eller er alt rettet. En telling rettes ved å telle på nytt.")
        moved = {"kind": EntryKind.CORRECTION, "corrects": number}
        ledger_id = self.db.scalar(sa.select(LedgerEntry.ledger_id).where(_this(LedgerEntry, place_id, number)))
        assert ledger_id is not None
        if entry.amount > self._balance(ledger_id):
            raise Conflict("Det er tatt ut siden. Tell beholdningen i stedet for å rette.")
        self._enter(place_id=place_id, ledger_id=ledger_id, **moved)

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def witness_entry(self, place_id: UUID, number: int) -> None:
        """The second signature of what was wasted or destroyed. Raises NotFound, WitnessIsSigner, WitnessedAlready."""
        self._hold_place(place_id)
        entry = self._entry(place_id, number)
        if entry.witness is not None:
            raise WitnessedAlready(
                phrase("%(name)s har signert som nummer to. Du trenger ikke gjøre mer.", name=entry.witness)
            )
        if not entry.waits:
            raise NotFound("Det er ingenting her som venter på nummer to. Last siden på nytt.")
        if entry.by == self.work.actor.person_id:
            raise WitnessIsSigner("Du har selv ført dette. En annen enn deg må være nummer to.")
        self.db.add(LedgerWitness(place_id=place_id, number=number, entry_by=entry.by))

    @without_patient(Permission.MEDICATION_KEEP)
    def explain(self, place_id: UUID, number: int, cause: Cause) -> None:
        """Says why a count differed. Raises NotFound, and Conflict when somebody has said it."""
        self._hold_place(place_id)
        entry = self._entry(place_id, number)
        if entry.kind is not EntryKind.COUNT or not entry.amount:
            raise NotFound("Tellingen stemte. Det er ikke noe å forklare.")
        if entry.cause is not None:
            raise Conflict(phrase("Avviket er alt forklart. Sist talt %(time)s.", time=spoken(entry.at, self.work.now)))
        self.db.add(LedgerExplanation(place_id=place_id, number=number, cause=cause.value))

    @without_patient(Permission.MEDICATION_READ)
    def unexplained_counts(self) -> list[tuple[Balance, Entry]]:
        """Counts that differed, which nobody has explained, with their ledgers; newest first."""
        differs = sa.and_(LedgerEntry.kind == EntryKind.COUNT.value, LedgerEntry.amount != 0)
        return self._with_ledgers(sa.and_(differs, LedgerExplanation.cause.is_(None)))

    @without_patient(Permission.MEDICATION_READ)
    def awaiting_witness(self) -> list[tuple[Balance, Entry]]:
        """What was wasted or destroyed and only one has signed; newest first."""
        return [row for row in self._with_ledgers(_wants_witness()) if row[1].waits]

    def _with_ledgers(self, where: sa.ColumnElement[bool]) -> list[tuple[Balance, Entry]]:
        found = self._entries(where, limit=100)
        ledgers = {ledger.ledger_id: ledger for ledger in self._balances()} if found else {}
        of = {(entry.place_id, entry.number): entry for entry in found}
        numbered = sa.select(LedgerEntry.place_id, LedgerEntry.number, LedgerEntry.ledger_id).where(
            sa.tuple_(LedgerEntry.place_id, LedgerEntry.number).in_(list(of))
        )
        ledger_of = {(row.place_id, row.number): row.ledger_id for row in self.db.execute(numbered)} if found else {}
        return [(ledgers[ledger_of[key]], entry) for key, entry in of.items() if ledger_of[key] in ledgers]

    def _waiting(self, where: sa.ColumnElement[bool]) -> bool:
        return any(entry.waits for entry in self._entries(sa.and_(where, _wants_witness()), limit=1000))

    def _keeping_places(self, *where: sa.ColumnElement[bool]) -> list[Place]:
        open_ = sa.select(KeepingPlace.id, KeepingPlace.kind, KeepingPlace.name)
        named = open_.where(KeepingPlace.closed_at.is_(None), *where).order_by(
            KeepingPlace.kind == PlaceKind.PATIENT.value, KeepingPlace.name, KeepingPlace.id
        )
        rows = self.db.execute(named).all()
        ledgers = self._balances(*where) if rows else []
        return [
            Place(
                row.id,
                PlaceKind(row.kind),
                row.name or OWN,
                tuple(ledger for ledger in ledgers if ledger.place_id == row.id),
            )
            for row in rows
        ]

    def _place(self, place_id: UUID) -> Place:
        found = self._keeping_places(KeepingPlace.id == place_id)
        if not found:
            raise NotFound(_OUT_OF_DATE)
        return found[0]

    def _ledger(self, place_id: UUID, ledger_id: UUID) -> Balance:
        found = self._balances(KeepingPlace.id == place_id, Ledger.id == ledger_id)
        if not found:
            raise NotFound("Regnskapet finnes ikke her. Last siden på nytt.")
        return found[0]

    def _balances(self, *where: sa.ColumnElement[bool]) -> list[Balance]:
        newest, counted = _newest(), _newest(LedgerEntry.counted.is_not(None))
        rows = self.db.execute(
            sa.select(
                *(getattr(Ledger, name) for name in ("id", "place_id", "unit", *_OF_PRODUCT)),
                newest.c.balance,
                counted.c.recorded_at.label("counted_at"),
                counted.c.recorded_by_name.label("counted_by"),
            )
            .join(KeepingPlace, KeepingPlace.id == Ledger.place_id)
            .join(newest, newest.c.ledger_id == Ledger.id)
            .join(counted, counted.c.ledger_id == Ledger.id)
            .where(KeepingPlace.closed_at.is_(None), *where)
            .order_by(Ledger.generic_name, Ledger.strength, Ledger.brand_name, Ledger.id)
        )
        return [_balance_of(row) for row in rows]

    def _entries(self, where: sa.ColumnElement[bool], *, limit: int) -> list[Entry]:
        entry = LedgerEntry
        rows = self.db.execute(
            sa.select(
                *entry.__table__.c,
                LedgerWitness.recorded_by_name.label("witness"),
                LedgerExplanation.cause,
                sa.not_(standing()).label("taken_back"),
            )
            .outerjoin(LedgerWitness, _same(LedgerWitness))
            .outerjoin(LedgerExplanation, _same(LedgerExplanation))
            .where(where)
            .order_by(entry.recorded_at.desc(), entry.number.desc())
            .limit(limit)
        )
        return [_entry_of(row) for row in rows]

    def _entry(self, place_id: UUID, number: int) -> Entry:
        found = self._entries(_this(LedgerEntry, place_id, number), limit=1)
        if not found:
            raise NotFound("Linjen finnes ikke i regnskapet. Last siden på nytt.")
        return found[0]

    def _hold_open(self, place_id: UUID) -> None:
        """The place, held until commit. Raises NotFound, and Conflict when it is closed."""
        held = sa.select(KeepingPlace.id, KeepingPlace.closed_at).where(KeepingPlace.id == place_id)
        found = self.db.execute(held.with_for_update(key_share=True)).first()
        if found is None:
            raise NotFound("Stedet finnes ikke hos enheten din.")
        if found.closed_at is not None:
            raise Conflict(_OUT_OF_DATE)

    def _whose(self, place_id: UUID) -> UUID | None:
        return self.db.scalar(sa.select(PatientHolding.patient_id).where(PatientHolding.place_id == place_id))

    def _holding(self, patient_id: UUID) -> UUID | None:
        hers = sa.select(KeepingPlace.id).join(PatientHolding, PatientHolding.place_id == KeepingPlace.id)
        open_ = hers.where(self.work.chart(patient_id, PatientHolding), KeepingPlace.closed_at.is_(None))
        return self.db.scalar(open_.order_by(KeepingPlace.recorded_at.desc()).limit(1))

    def _left(self, patient_id: UUID, generic_name: str | None = None) -> UUID | None:
        if (place_id := self._holding(patient_id)) is None:
            return None
        ledgers: Sequence[Balance] = self._place(place_id).ledgers
        left = [ledger for ledger in ledgers if ledger.balance and generic_name in (None, ledger.name)]
        return place_id if left else None


_OF_PRODUCT = ("atc_code", "generic_name", "brand_name", "form", "form_code", "strength", "prescription_group")


def _newest(*where: sa.ColumnElement[bool]) -> Any:
    entry = LedgerEntry
    named = sa.select(entry.ledger_id, entry.balance, entry.recorded_at, entry.recorded_by_name)
    newest = named.ext(distinct_on(entry.ledger_id)).where(*where).order_by(entry.ledger_id, entry.number.desc())
    return newest.subquery()


def _this(of: Any, place_id: UUID, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(of.place_id == place_id, of.number == number)


def _same(of: Any) -> sa.ColumnElement[bool]:
    return sa.and_(of.place_id == LedgerEntry.place_id, of.number == LedgerEntry.number)


def _wants_witness() -> sa.ColumnElement[bool]:
    kinds = LedgerEntry.kind.in_([kind.value for kind in sorted(WITNESSED)])
    return sa.and_(kinds, LedgerWitness.number.is_(None), standing())


def _balance_of(row: Any) -> Balance:
    strength = " ".join(part for part in (row.brand_name, row.form, row.strength) if part)
    return Balance(
        row.id,
        row.place_id,
        row.generic_name,
        strength,
        row.prescription_group,
        row.unit,
        row.balance,
        row.counted_at,
        row.counted_by,
    )


def _entry_of(row: Any) -> Entry:
    return Entry(
        row.place_id,
        row.number,
        EntryKind(row.kind),
        row.amount,
        row.balance,
        row.counted,
        WasteReason(row.reason) if row.reason else None,
        row.corrects,
        row.recorded_by,
        row.recorded_by_name,
        row.recorded_at,
        row.witness,
        Cause(row.cause) if row.cause else None,
        row.kind != EntryKind.CORRECTION and row.taken_back,
    )
