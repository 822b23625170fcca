"""The national catalogue of medicines: found by the start of words."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.fest.tables import CatalogueItem, CatalogueWord
from journal.medication.fest.words import words
from journal.medication.service.medicine import Medicine
from journal.permissions import Permission
from journal.platform.errors import NotFound
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

MOST_SHOWN = 10
"""A short list (L13); the rest is behind "Vis alle"."""

MOST_EVER = 200

_LAST = "\U0010ffff"


@dataclass(frozen=True)
class CatalogueHit:
    """A product or substance that can be prescribed. `dose_unit` is a unit of `quantity.UNITS`, None when FEST does not say.

    `strength_value` and `strength_unit` are what one dose unit holds, None for combinations and unknown.
    """

    id: UUID
    name: str
    medicine: Medicine
    dose_unit: str | None
    strength_value: Decimal | None
    strength_unit: str | None


@dataclass(frozen=True)
class CatalogueHits:
    """What was found, and whether there is more than was asked for."""

    hits: tuple[CatalogueHit, ...]
    more: bool


class Catalogue(Service):
    """Finds what can be prescribed. Nobody's chart is touched."""

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def search_catalogue(self, text: str, *, everything: bool = False) -> CatalogueHits:
        """Active products and substances in which every word of `text` begins a word; the shortest names first."""
        starts = words(text)
        if not starts:
            return CatalogueHits((), False)
        item, most = CatalogueItem, MOST_EVER if everything else MOST_SHOWN
        begins = [item.id.in_(items_with(start)) for start in starts]
        found = sa.select(item).where(item.active, item.prescribable, *begins)
        named_so = sa.func.lower(item.generic_name) >= starts[0], sa.func.lower(item.generic_name) < starts[0] + _LAST
        ranked = found.order_by(
            sa.and_(*named_so).desc(),
            item.generic_name,
            sa.func.length(item.name_form_strength),
            item.name_form_strength,
        )
        rows = self.db.scalars(ranked.limit(most + 1)).all()
        return CatalogueHits(tuple(map(hit_of, rows[:most])), len(rows) > most)

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def catalogue_item(self, item_id: UUID) -> CatalogueHit:
        """One entry that may be prescribed. Raises NotFound, also for one that is withdrawn."""
        found = _prescribable().rows(self.db, item_id=item_id)
        if not found:
            raise NotFound("Legemidlet finnes ikke i katalogen lenger. Søk på nytt.")
        return hit_of(found[0])


@cache
def _prescribable() -> Statement:
    item = CatalogueItem
    this = item.id == sa.bindparam("item_id", type_=sa.Uuid), item.active, item.prescribable
    return Statement(sa.select(*item.__table__.columns).where(*this))


def items_with(start: str) -> sa.Select[Any]:
    """Items with a word that begins so, found as a range: it reaches the index, which LIKE does not."""
    word = CatalogueWord
    return sa.select(word.item_id).where(word.word >= start, word.word < start + _LAST)


def hit_of(item: Any) -> CatalogueHit:
    medicine = Medicine(
        generic_name=item.generic_name,
        brand_name=item.brand_name,
        form=item.form,
        form_code=item.form_code,
        strength=item.strength,
        route=item.route,
        route_code=item.route_code,
        atc_code=item.atc_code,
        prescription_group=item.prescription_group,
        catalogue_item_id=item.id,
        high_risk=item.high_risk,
        time_critical=item.time_critical,
    )
    return CatalogueHit(
        item.id, item.name_form_strength, medicine, item.dose_unit, item.strength_value, item.strength_unit
    )
