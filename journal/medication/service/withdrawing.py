"""What a dose is taken from: the withdrawal is written with the signature, and taken back with it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.errors import TooLittleLeft, WhichPlace
from journal.medication.facts import WithdrawalMissing
from journal.medication.ledger_tables import ControlledDose, KeepingPlace, LedgerEntry
from journal.medication.rules.ledger import (
    OWN,
    EntryKind,
    Kept,
    WasteReason,
    accounted,
    chosen_place,
    places_of,
    places_to_lay_from,
    taken_out,
)
from journal.medication.rules.supply import Supply
from journal.medication.service.orders import Orders
from journal.platform.quantity import Quantity
from journal.platform.statement import Statement

_ROUND = timedelta(hours=8)
"""How long the place that was used last is remembered: a shift."""

# The places of the unit and of the patient, and in each the ledger of the strength that was ordered, or given without an order, in
# the dose's unit.
_KEPT = Statement(
    sa.text("""
    SELECT p.id AS place_id, p.name, h.place_id IS NOT NULL AS own, l.id AS ledger_id, r.supply,
        coalesce((SELECT s.group_b FROM medication.ledger_setting s
                  WHERE s.municipality_id = (SELECT audit.acting_for()) ORDER BY s.version DESC LIMIT 1), false) AS group_b,
        (SELECT e.balance FROM medication.ledger_entry e WHERE e.ledger_id = l.id ORDER BY e.number DESC LIMIT 1) AS balance,
        (SELECT max(e.recorded_at) FROM medication.ledger_entry e
         WHERE e.place_id = p.id AND e.kind = 'withdrawal' AND e.recorded_at > CAST(:since AS timestamptz)
           AND e.recorded_by = (SELECT audit.acting_person())) AS lately
    FROM (
        SELECT o.patient_id, o.id, o.catalogue_item_id, o.atc_code, o.strength, o.form, o.supply
        FROM medication.medication_request o
        UNION ALL
        SELECT g.patient_id, g.id, g.catalogue_item_id, g.atc_code, c.strength, c.form, NULL
        FROM medication.given_without_order g LEFT JOIN medication.catalogue_item c ON c.id = g.catalogue_item_id) r
    CROSS JOIN medication.keeping_place p
    LEFT JOIN medication.patient_holding h ON h.place_id = p.id AND h.patient_id = ANY (:ids)
    LEFT JOIN medication.ledger l ON l.place_id = p.id AND l.unit = :unit AND (
        l.catalogue_item_id = r.catalogue_item_id
        OR (l.atc_code, l.strength) = (r.atc_code, r.strength) AND l.form IS NOT DISTINCT FROM r.form)
    WHERE r.patient_id = ANY (:ids) AND r.id = :request_id AND p.closed_at IS NULL
      AND (p.kind <> 'patient' OR h.place_id IS NOT NULL)
    ORDER BY p.name, p.id
    """)
)


class Withdrawing(Orders):
    """Only medicines of the groups A and B cost a question: what every other signature does is as it was."""

    def _take_out(
        self,
        order: Any,
        order_id: UUID,
        administration_id: UUID,
        ordered: Quantity,
        given: Decimal | None,
        *,
        ledger_id: UUID | None = None,
        ask: bool = False,
    ) -> None:
        """Writes the withdrawal of a dose that was given. `order` is the order, or a dose with its prescription_group; `given` in
        the unit of `ordered`, None for all of it.

        What cannot be withdrawn is a dose all the same: it is told of, and stands as a dose without withdrawal. With `ask`,
        raises WhichPlace where there are several places and nobody has said which.
        """
        if order.prescription_group not in ("A", "B"):
            return
        places = self._places(order.patient_id, order_id, ordered.unit, order.prescription_group)
        if places is None:
            return
        out, rest = taken_out(ordered.value, given)
        place = chosen_place(places, out + rest, ledger_id) if places else None
        if places and place is None and ask:
            names = [(str(kept.ledger_id), _name(kept)) for kept in places]
            raise WhichPlace("Legemidlet oppbevares flere steder. Velg hvor du tok dosen.", places=names)
        self.db.add(ControlledDose(patient_id=order.patient_id, administration_id=administration_id))
        self.db.flush()
        if place is None or not self._withdraw(place, administration_id, out, rest):
            self.work.publish(WithdrawalMissing(order.patient_id, administration_id))

    def _withdraw_laid(self, order: Any, prepared_id: UUID, total: Quantity) -> bool:
        """Writes the withdrawal of what was laid in a dosett or a dispenser of this order, `total` of it. False where the unit
        keeps an account of it, and nobody knows what it was taken from, or that has not so much."""
        kept, _supply, group_b = self._kept(order.patient_id, order.id, total.unit)
        places = places_to_lay_from(kept) if accounted(order.prescription_group, group_b=group_b) else None
        if places is None:
            return True
        place = chosen_place(places, total.value, None) if places else None
        if place is None or place.ledger_id is None:
            return False
        self._hold_place(place.place_id)
        if self._balance(place.ledger_id) < total.value:
            return False
        of = {"place_id": place.place_id, "ledger_id": place.ledger_id, "prepared_id": prepared_id}
        self._enter(**of, kind=EntryKind.LAID_IN, amount=-total.value)
        return True

    def _put_back_laid(self, prepared: sa.Select[UUID]) -> None:
        """The counter-entries of what was laid in before, and was laid in anew."""
        for entry in self._standing_of(LedgerEntry.prepared_id.in_(prepared)):
            self._counter(entry)

    def _places(self, patient_id: UUID, request_id: UUID, unit: str, group: str | None) -> tuple[Kept, ...] | None:
        kept, supply, group_b = self._kept(patient_id, request_id, unit)
        return places_of(supply, kept) if accounted(group, group_b=group_b) else None

    def _kept(self, patient_id: UUID, request_id: UUID, unit: str) -> tuple[list[Kept], Supply | None, bool]:
        """Each place that is open and may hold the medicine of this order (or of this dose without one), its supply, and whether
        group B is accounted for."""
        since = self.work.now - _ROUND
        rows = _KEPT.rows(self.db, ids=self.work.ids(patient_id), request_id=request_id, unit=unit, since=since)
        kept = [Kept(row.place_id, row.name, row.own, row.ledger_id, row.balance, row.lately) for row in rows]
        supply = Supply(rows[0].supply) if rows and rows[0].supply else None
        return kept, supply, bool(rows and rows[0].group_b)

    def _withdraw(self, place: Kept, administration_id: UUID, out: Decimal, rest: Decimal) -> bool:
        """Whether there was enough. The place is held until commit: two cannot both take the last one."""
        assert place.ledger_id is not None
        self._hold_place(place.place_id)
        if self._balance(place.ledger_id) < out + rest:
            return False
        of = {"place_id": place.place_id, "ledger_id": place.ledger_id, "administration_id": administration_id}
        self._enter(**of, kind=EntryKind.WITHDRAWAL, amount=-out)
        if rest:
            self._enter(**of, kind=EntryKind.WASTE, amount=-rest, reason=WasteReason.REST)
        return True

    def _put_back(self, patient_id: UUID, administration_id: UUID) -> None:
        """The counter-entries of a signature that was a mistake. What another unit keeps is not seen here: its own list says
        that there is a withdrawal without a dose."""
        undone = (
            sa.update(ControlledDose)
            .where(self.work.chart(patient_id, ControlledDose), ControlledDose.administration_id == administration_id)
            .where(ControlledDose.closed_as.is_(None))
            .values(closed_as="undone")
            .returning(ControlledDose.administration_id)
        )
        if self.db.execute(undone).first() is None:
            return
        for entry in self._live(administration_id):
            self._counter(entry)

    def _counter(self, entry: Any) -> None:
        self._hold_place(entry.place_id)
        of = {"place_id": entry.place_id, "ledger_id": entry.ledger_id}
        self._enter(**of, kind=EntryKind.CORRECTION, corrects=entry.number)

    def _live(self, administration_id: UUID) -> list[Any]:
        """The entries of a dose in places that are open, but for those that were taken back."""
        return self._standing_of(LedgerEntry.administration_id == administration_id)

    def _standing_of(self, which: sa.ColumnElement[bool]) -> list[Any]:
        entry = LedgerEntry
        found = (
            sa.select(entry.place_id, entry.number, entry.ledger_id)
            .join(KeepingPlace, KeepingPlace.id == entry.place_id)
            .where(which, standing(), KeepingPlace.closed_at.is_(None))
            .order_by(entry.place_id, entry.number)
        )
        return list(self.db.execute(found))

    def _hold_place(self, place_id: UUID) -> datetime | None:
        held = sa.select(KeepingPlace.closed_at).where(KeepingPlace.id == place_id)
        closed_at: datetime | None = self.db.scalar(held.with_for_update(key_share=True))
        return closed_at

    def _balance(self, ledger_id: UUID) -> Decimal:
        newest = sa.select(LedgerEntry.balance).where(LedgerEntry.ledger_id == ledger_id)
        return self.db.scalar(newest.order_by(LedgerEntry.number.desc()).limit(1)) or Decimal(0)

    def _enter(self, **values: Any) -> tuple[int, Decimal]:
        """One entry; answers with its number, and by how much the balance moved. Raises TooLittleLeft before the database
        would. The place is held by whoever calls."""
        amount = values.get("amount")
        if amount is not None and self._balance(values["ledger_id"]) + amount < 0:
            raise too_little()
        said = {
            name: value.value if isinstance(value, EntryKind | WasteReason) else value for name, value in values.items()
        }
        write = sa.insert(LedgerEntry).values(**said).returning(LedgerEntry.number, LedgerEntry.amount)
        row = self.db.execute(write).one()
        return row.number, row.amount


def standing() -> sa.ColumnElement[bool]:
    """An entry that was not taken back, and is no counter-entry."""
    back = sa.orm.aliased(LedgerEntry)
    taken_back = sa.exists().where(back.place_id == LedgerEntry.place_id, back.corrects == LedgerEntry.number)
    return sa.and_(LedgerEntry.kind != EntryKind.CORRECTION, sa.not_(taken_back))


def too_little() -> TooLittleLeft:
    return TooLittleLeft("Det står mindre igjen i regnskapet enn det du fører ut. Tell beholdningen først.")


def _name(place: Kept) -> str:
    return place.name or OWN
