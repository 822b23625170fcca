"""The pack a dose is given from: which there are, and that one of them is named before the signature."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication.errors import ProductMissing, refusing
from journal.medication.product_tables import ProductUsed
from journal.medication.rules import Caution
from journal.medication.rules.product import AtHand, Ordered, Pack, chosen, may_name_product, needs_product
from journal.medication.service.shown import dosage_of
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.quantity import MAX_SCALE, SUBSTANCE_UNITS, UNITS, Quantity
from journal.platform.service import Service, on_patient
from journal.platform.statement import Statement

_WORDS = {"mikrog": "mikrogram", "E": "enhet"}

# Every pack of the same substance and form, with how it stands to what is ordered. A substance that is ordered points to its
# brands, and a pack to its own; the strength is the brand's, where it has one substance.
_PACKS = Statement(
    sa.text("""
    WITH wanted AS (
        SELECT DISTINCT ON (r.entry_id) r.entry_id, r.dosage::text AS dosage, r.generic_name, r.brand_name, r.form, r.route,
            r.atc_code, o.fest_id, o.kind, o.form_code, o.name_form_strength AS name
        FROM medication.medication_request r JOIN medication.catalogue_item o ON o.id = r.catalogue_item_id
        WHERE r.patient_id = ANY (:ids) AND r.entry_id = ANY (:entries) AND r.in_error_at IS NULL
        ORDER BY r.entry_id, r.version DESC),
    brand AS (
        SELECT w.entry_id, b.fest_id, b.dose_unit, w.kind = 'virtual' OR b.brand_name = w.brand_name AS alike,
            b.fest_id = w.fest_id OR EXISTS (SELECT FROM medication.catalogue_reference v
                WHERE v.fest_id = w.fest_id AND v.kind = 'brand' AND v.target_id = b.fest_id) AS ordered
        FROM wanted w JOIN medication.catalogue_item b
            ON b.atc_code = w.atc_code AND b.form_code = w.form_code AND b.kind = 'brand' AND b.active),
    pack AS (
        SELECT b.*, p.id, p.item_number, p.barcodes, p.name_form_strength, p.package, p.amount_unit,
            CASE WHEN p.substitution_until >= :today OR p.substitution_until IS NULL THEN p.substitution_group END AS exchange
        FROM brand b
        JOIN medication.catalogue_reference r ON r.target_id = b.fest_id AND r.kind = 'brand'
        JOIN medication.catalogue_item p ON p.fest_id = r.fest_id AND p.kind = 'package' AND p.active)
    SELECT w.*, p.id, p.item_number, p.barcodes, p.name_form_strength, p.package, p.amount_unit, p.dose_unit, p.ordered, p.alike,
        p.exchange IS NOT NULL AND EXISTS (SELECT FROM pack o
            WHERE o.entry_id = p.entry_id AND o.ordered AND o.exchange = p.exchange) AS in_group,
        i.value, i.unit, i.per_value, i.per_unit
    FROM wanted w JOIN pack p ON p.entry_id = w.entry_id
    LEFT JOIN LATERAL (
        SELECT min(i.value) AS value, min(i.unit) AS unit, min(i.per_value) AS per_value, min(i.per_unit) AS per_unit
        FROM medication.catalogue_ingredient i WHERE i.fest_id = p.fest_id HAVING count(*) = 1) i ON true
    ORDER BY w.entry_id, p.ordered DESC, p.name_form_strength, p.item_number
    """)
)
_COLUMNS = (
    *("patient_id", "id", "administration_id", "catalogue_item_id", "exchange", "ordered_name", "given_name", "said"),
    *("amount", "unit", "batch", "expires_on", "second"),
)


class Packs(NamedTuple):
    """What is ordered, and every pack of the same substance and form, whether it may be given for it or not."""

    ordered: Ordered
    packs: tuple[Pack, ...]


class ProductAtHand(Service):
    """Costs a statement, and only for a dose that is given from a pack that is named, or is another than the ordered one."""

    @on_patient(Permission.MEDICATION_READ)
    def packs_of(self, patient_id: UUID, entries: Collection[UUID]) -> Mapping[UUID, Packs]:
        """The packs of these orders. An order that the catalogue has no pack of is left out: it is signed without."""
        ids, today = self.work.ids(patient_id), local_date(self.work.now)
        found: dict[UUID, list[Any]] = {}
        for row in _PACKS.rows(self.db, ids=ids, entries=list(entries), today=today):
            found.setdefault(row.entry_id, []).append(row)
        packs = {entry: Packs(_ordered(rows[0]), tuple(map(_pack, rows))) for entry, rows in found.items()}
        return {entry: of for entry, of in packs.items() if any(pack.ordered for pack in of.packs)}

    def _at_hand(
        self, patient_id: UUID, order: Any, entry_id: UUID, amount: Quantity, text: str, at: datetime
    ) -> AtHand | None:
        """What is done with the pack of this code; None for a dose that needs none and was given none. Raises ProductMissing.
        `order` is it, or a dose with what is read of it; `at` is when the dose was given."""
        if not (needs_pack(order, amount.unit) or (text and may_name_product(order.supply))):
            return None
        if (of := self.packs_of(patient_id, [entry_id]).get(entry_id)) is None:
            if text:
                raise ProductMissing(errors={"product": [NO_PACKS]})
            return None
        if not text:
            raise ProductMissing(errors={"product": [_NONE_CHOSEN]})
        with refusing("product", ProductMissing):
            return chosen(of.ordered, of.packs, amount, text, local_date(at))

    def _store_product(self, patient_id: UUID, administration_id: UUID, hand: AtHand) -> None:
        """`patient_id`: the one the administration is stored with."""
        assert isinstance(hand.amount, Quantity)
        self.db.flush()
        _write().tell(
            self.db,
            patient_id=patient_id,
            id=new_id(),
            administration_id=administration_id,
            catalogue_item_id=hand.pack.id,
            exchange=hand.exchange.value,
            ordered_name=hand.ordered,
            given_name=hand.pack.name,
            said=hand.text,
            amount=hand.amount.value,
            unit=hand.amount.unit,
            batch=hand.code.batch,
            expires_on=hand.code.expires,
            second=hand.second,
        )


def needs_pack(order: Any, unit: str) -> bool:
    """Whether a dose of this order is given from a pack that is named. `order`: it, or what is read of it."""
    return needs_product(
        supply=order.supply,
        form=order.form,
        route=order.route,
        unit=unit,
        prescription_group=order.prescription_group,
    )


def warned(hand: AtHand | None) -> tuple[tuple[Caution, str], ...]:
    """What must be seen of the pack before it is signed."""
    return tuple((Caution.PRODUCT, text) for text in hand.warnings) if hand else ()


def used_text(row: Any) -> str | None:
    """From which pack a dose was given, with what was ordered where that has another name."""
    if row.given_name is None:
        return None
    if row.given_name == row.ordered_name:
        return phrase("%(what)s. Fra %(given)s.", what=row.product_said, given=row.given_name)
    words = {"what": row.product_said, "given": row.given_name, "ordered": row.ordered_name}
    return phrase("%(what)s. Fra %(given)s, ordinert %(ordered)s.", **words)


NO_PACKS = phrase("Katalogen har ingen pakninger av dette legemidlet. Dosen signeres uten.")
_NONE_CHOSEN = phrase("Skann eller velg pakningen før du signerer.")


def _ordered(row: Any) -> Ordered:
    strength = dosage_of(row).strength_per_unit
    return Ordered(row.name, row.generic_name or "", row.atc_code, row.form, row.route, strength)


def _pack(row: Any) -> Pack:
    strength, per = _strength(row)
    size = " ".join(filter(None, (row.package, row.amount_unit)))
    of = {"id": row.id, "number": row.item_number, "barcodes": tuple(row.barcodes), "name": row.name_form_strength}
    stands = {"ordered": row.ordered, "in_group": row.in_group, "alike": bool(row.alike)}
    return Pack(**of, size=size, strength=strength, per=per, **stands)


def _strength(row: Any) -> tuple[Quantity | None, str | None]:
    """What one millilitre, or one piece, of the pack holds; nothing where that is not one number, and of what is counted by its
    substance, as insulin and other pens are."""
    unit = _WORDS.get(row.unit, row.unit)
    if row.value is None or unit not in UNITS or row.dose_unit in SUBSTANCE_UNITS:
        return None, None
    per = row.dose_unit if row.per_value is None else row.per_unit
    if row.per_value not in (None, Decimal(1)) or per not in UNITS or per == unit:
        return None, None
    # FEST has strengths of more decimals than the hand can measure.
    if row.value.normalize().as_tuple().exponent < -MAX_SCALE:
        return None, None
    return Quantity(row.value, unit), per


@cache
def _write() -> Statement:
    return Statement(sa.insert(ProductUsed).values({name: sa.bindparam(name) for name in _COLUMNS}))
