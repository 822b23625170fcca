"""The ward's stock of ordinary medicines: deliveries, counts and what is thrown away; doses are taken off it afterwards."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from journal.medication.rules.stock import Batch, Expiry, State, StockKind, batches_left, expiry_of, state_of, to_order
from journal.medication.service.catalogue import CatalogueHit
from journal.medication.stock_tables import StockItem, StockLevel, StockRow
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.quantity import Quantity, show
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

_SETTLE = Statement(sa.text("SELECT medication.settle_stock() AS settled"))
_OF_PRODUCT = ("atc_code", "generic_name", "brand_name", "form", "strength")


@dataclass(frozen=True)
class StockLine:
    """A medicine of the stock: what is on hand, the least that is wanted (with the version of that), and what is left of each
    batch, what expires first standing first."""

    id: UUID
    name: str
    strength: str
    unit: str
    on_hand: Decimal
    lowest: Decimal
    version: int
    batches: tuple[tuple[Batch, Expiry | None], ...]

    @property
    def state(self) -> State:
        return state_of(self.on_hand, self.lowest)

    def of(self, amount: Decimal) -> Quantity:
        """So much of it."""
        return Quantity(amount, self.unit)

    @property
    def there(self) -> Quantity:
        return self.of(self.on_hand)

    @property
    def least(self) -> Quantity:
        return self.of(self.lowest)

    @property
    def lacking(self) -> Quantity:
        return self.of(to_order(self.on_hand, self.lowest))


@dataclass(frozen=True)
class StockMove:
    """One row of a medicine of the stock."""

    kind: StockKind
    amount: Decimal
    counted: Decimal | None
    batch: str | None
    expires_on: date | None
    by_name: str
    at: datetime

    @property
    def moved(self) -> str:
        """How it moved, with its sign."""
        return f"+{show(self.amount)}" if self.amount > 0 else show(self.amount)


class Stock(Service):
    """Nothing here asks for a patient, and nothing here can refuse a dose."""

    @without_patient(Permission.MEDICATION_READ)
    def stock(self) -> list[StockLine]:
        """What the unit one acts in has in stock, by name. Three statements."""
        return self._stock_lines(StockItem.unit_id == self.work.actor.unit_id)

    @without_patient(Permission.MEDICATION_READ)
    def stock_line(self, item_id: UUID, *, limit: int = 100) -> tuple[StockLine, list[StockMove]]:
        """One medicine with its newest rows first. Raises NotFound."""
        row = StockRow
        newest = sa.select(row).where(row.item_id == item_id).order_by(row.recorded_at.desc(), row.id.desc())
        moves = [
            StockMove(
                StockKind(each.kind),
                each.amount,
                each.counted,
                each.batch,
                each.expires_on,
                each.recorded_by_name,
                each.recorded_at,
            )
            for each in self.db.scalars(newest.limit(limit))
        ]
        return self._stock_line(item_id), moves

    @without_patient(Permission.MEDICATION_KEEP)
    def keep_in_stock(self, hit: CatalogueHit, lowest: Decimal) -> UUID:
        """A product that the unit is to have in stock, with the least that is wanted. Raises Conflict and Invalid."""
        if hit.dose_unit is None or hit.medicine.prescription_group == "A":
            raise Invalid(errors={"item": ["Legemidlet føres ikke på lager her. Velg et annet."]})
        mine = StockItem.unit_id == self.work.actor.unit_id, StockItem.catalogue_item_id == hit.id
        if self.db.scalar(sa.select(StockItem.id).where(*mine)):
            raise Conflict("Legemidlet er alt på lageret. Før det som kommer, som mottatt.")
        named = {name: getattr(hit.medicine, name) for name in _OF_PRODUCT}
        item = StockItem(catalogue_item_id=hit.id, unit=hit.dose_unit, **named)
        self.db.add(item)
        self.db.flush()
        self.db.add(StockLevel(item_id=item.id, version=1, lowest=lowest))
        self.db.flush()
        return item.id

    @without_patient(Permission.MEDICATION_KEEP)
    def want_in_stock(self, item_id: UUID, lowest: Decimal, *, version: int) -> None:
        """The least that is wanted from now on. `version`: the choice that was seen. Raises NotFound, Conflict."""
        self._stock_line(item_id)
        write = insert(StockLevel).values(item_id=item_id, version=version + 1, lowest=lowest).on_conflict_do_nothing()
        if self.db.scalar(write.returning(StockLevel.version)) is None:
            raise Conflict("En annen har endret dette etter at du åpnet siden. Se hva som gjelder nå.")

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def receive_stock(self, item_id: UUID, amount: Decimal, *, batch: str, expires_on: date) -> None:
        """What came, in the unit of the medicine. Raises NotFound."""
        self._stock_line(item_id)
        self._stock_moves(item_id, StockKind.DELIVERY, amount=amount, batch=batch, expires_on=expires_on)

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def count_stock(self, item_id: UUID, counted: Decimal) -> None:
        """What is there. Raises NotFound."""
        self._stock_line(item_id)
        self._stock_moves(item_id, StockKind.COUNT, counted=counted)

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def discard_stock(self, item_id: UUID, *, batch: str, expires_on: date) -> None:
        """What is left of a batch is thrown away. Raises NotFound where nothing is left of it."""
        line = self._stock_line(item_id)
        left = next((b for b, _ in line.batches if (b.number, b.expires_on) == (batch, expires_on)), None)
        if left is None:
            raise NotFound("Det er ikke noe igjen av dette partiet. Last siden på nytt.")
        self._stock_moves(item_id, StockKind.DISCARD, amount=-left.amount, batch=batch, expires_on=expires_on)

    @without_patient(Permission.CHART_PREPARE)
    def settle_stock(self) -> int:
        """Takes off what was given of the stocks since last, and puts back what was a mistake; how many. For the worker."""
        settled: int = _SETTLE.one(self.db).settled
        return settled

    def _stock_moves(self, item_id: UUID, kind: StockKind, **values: object) -> None:
        self.db.add(StockRow(item_id=item_id, kind=kind.value, **values))
        self.db.flush()

    def _stock_line(self, item_id: UUID) -> StockLine:
        found = self._stock_lines(StockItem.id == item_id)
        if not found:
            raise NotFound("Legemidlet er ikke på lageret til enheten din.")
        return found[0]

    def _stock_lines(self, where: sa.ColumnElement[bool]) -> list[StockLine]:
        item, level, row = StockItem, StockLevel, StockRow
        newest = sa.select(level.item_id, level.version, level.lowest).ext(distinct_on(level.item_id))
        held = newest.order_by(level.item_id, level.version.desc()).subquery()
        total = sa.select(sa.func.coalesce(sa.func.sum(row.amount), 0)).where(row.item_id == item.id).scalar_subquery()
        found = self.db.execute(
            sa.select(item, held.c.version, held.c.lowest, total.label("on_hand"))
            .join(held, held.c.item_id == item.id)
            .where(where)
            .order_by(item.generic_name, item.strength, item.brand_name, item.id)
        ).all()
        received = self._in_batches([each.StockItem.id for each in found])
        today = local_date(self.work.now)
        return [
            StockLine(
                of.id,
                of.generic_name,
                " ".join(part for part in (of.brand_name, of.form, of.strength) if part),
                of.unit,
                on_hand,
                lowest,
                version,
                tuple((b, expiry_of(b.expires_on, today)) for b in batches_left(received[of.id], on_hand)),
            )
            for of, version, lowest, on_hand in found
        ]

    def _in_batches(self, item_ids: Sequence[UUID]) -> dict[UUID, list[Batch]]:
        """What came of each batch, less what was thrown away of it."""
        row = StockRow
        of_batches = row.item_id.in_(item_ids), row.kind.in_([StockKind.DELIVERY.value, StockKind.DISCARD.value])
        key = row.item_id, row.batch, row.expires_on
        found: dict[UUID, list[Batch]] = defaultdict(list)
        for each in self.db.execute(
            sa.select(*key, sa.func.sum(row.amount).label("left")).where(*of_batches).group_by(*key)
        ):
            found[each.item_id].append(Batch(each.batch or "", each.expires_on, each.left))
        return found
