"""The national catalogue of medicines: found by the start of words, and renewed whole from a file of FEST."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.fest import CatalogueEntry, read
from journal.medication.models import CatalogueImport, CatalogueItem, CatalogueWord
from journal.medication.service.prescribing import Medicine
from journal.permissions import Permission
from journal.platform.errors import NotFound
from journal.platform.ids import new_id
from journal.platform.quantity import UNITS
from journal.platform.service import Service, without_patient

MOST_SHOWN = 10
"""A short list (L13); the rest is behind "Vis alle"."""

MOST_EVER = 200

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)?")
_LAST = "\U0010ffff"
_ROWS = 1000
_PART = 1 << 20

_UNIT_OF_7480 = {unit.volven_7480: code for code, unit in UNITS.items() if unit.volven_7480}

# Which medicines must be on time, and which are dangerous in a wrong dose, by the start of their ATC code: Parkinson
# medicines, insulin, anticoagulants and antibiotics (A3 in the display rules); the second adds opioids and methotrexate.
_TIME_CRITICAL = ("N04B", "A10A", "B01A", "J01")
_HIGH_RISK = ("A10A", "B01A", "N02A", "L01BA01", "L04AX03", "C01AA")


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


@dataclass(frozen=True)
class Imported:
    """What an import led to: entries in use now, and how many were withdrawn by it."""

    active: int
    withdrawn: int


class Catalogue(Service):
    """Finds what can be prescribed. Nobody's chart is touched."""

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def search_catalogue(self, text: str, *, everything: bool = False) -> CatalogueHits:
        """Active products and substances in which every word of `text` begins a word; the shortest names first."""
        starts = words(text)
        if not starts:
            return CatalogueHits((), False)
        item, most = CatalogueItem, MOST_EVER if everything else MOST_SHOWN
        begins = [item.id.in_(_items_with(start)) for start in starts]
        found = sa.select(item).where(item.active, item.prescribable, *begins)
        named_so = sa.func.lower(item.generic_name) >= starts[0], sa.func.lower(item.generic_name) < starts[0] + _LAST
        ranked = found.order_by(
            sa.and_(*named_so).desc(),
            item.generic_name,
            sa.func.length(item.name_form_strength),
            item.name_form_strength,
        )
        rows = self.db.scalars(ranked.limit(most + 1)).all()
        return CatalogueHits(tuple(map(_hit, rows[:most])), len(rows) > most)

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def catalogue_item(self, item_id: UUID) -> CatalogueHit:
        """One entry that may be prescribed. Raises NotFound, also for one that is withdrawn."""
        item = CatalogueItem
        found = self.db.scalar(sa.select(item).where(item.id == item_id, item.active, item.prescribable))
        if found is None:
            raise NotFound("Legemidlet finnes ikke i katalogen lenger. Søk på nytt.")
        return _hit(found)


def words(text: str) -> list[str]:
    """The words of a text as they are stored and sought: composed, in lower case, each once, the longest first.

    `Paracet tab 500 mg` is `paracet`, `tab`, `500`, `mg`; `2,5` and `2.5` are the same word.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    found = {word.replace(".", ",") for word in _WORD.findall(folded)}
    return sorted(found, key=lambda word: (-len(word), word))


def import_catalogue(connection: sa.Connection, stream: BinaryIO) -> Imported:
    """Renews the catalogue from a FEST file, in the caller's transaction, as the migrator.

    The whole file is read before anything is written, so a broken one leaves the old set as it was (BrokenCatalogue). What
    is not in the file any more, or is withdrawn in it, is marked withdrawn: old orders keep pointing to it.
    """
    digest = hashlib.sha256()
    for part in iter(lambda: stream.read(_PART), b""):
        digest.update(part)
    stream.seek(0)
    entries = _in_use(read(stream))
    now = connection.execute(sa.select(sa.func.now())).scalar_one()
    active = {fest_id for fest_id, entry in entries.items() if entry.active}
    known = connection.execute(sa.select(CatalogueItem.fest_id, CatalogueItem.id))
    stored = {fest_id: item_id for fest_id, item_id in known}  # noqa: C416  a Row is no pair to the type checker
    rows = [
        _row(entry, stored.get(fest_id) or new_id(), now) | {"prescribable": _is_prescribable(entry, active)}
        for fest_id, entry in entries.items()
        if _worth_storing(entry, stored)
    ]
    for batch in _batches(rows):
        upsert = insert(CatalogueItem)
        changes = {column: upsert.excluded[column] for column in batch[0] if column not in ("id", "fest_id")}
        connection.execute(upsert.on_conflict_do_update(index_elements=["fest_id"], set_=changes), batch)
    item = CatalogueItem
    gone = sa.update(item).where(item.active, item.fest_id != sa.all_(sa.literal(list(active), sa.ARRAY(sa.Uuid))))
    withdrawn = connection.execute(gone.values(active=False, withdrawn_at=now)).rowcount
    withdrawn += sum(not row["active"] for row in rows)
    _index_words(connection, rows)
    history = {
        "id": new_id(),
        "source_hash": digest.hexdigest(),
        "active_count": len(active),
        "withdrawn_count": withdrawn,
    }
    connection.execute(sa.insert(CatalogueImport), [history])
    return Imported(len(active), withdrawn)


def _in_use(entries: Iterable[CatalogueEntry]) -> dict[UUID, CatalogueEntry]:
    """One entry for each thing: a change leaves the withdrawn entry in the file beside the active one."""
    best: dict[UUID, CatalogueEntry] = {}
    for entry in entries:
        if entry.fest_id is not None and (entry.fest_id not in best or _rank(entry) > _rank(best[entry.fest_id])):
            best[entry.fest_id] = entry
    return best


def _rank(entry: CatalogueEntry) -> tuple[bool, datetime]:
    return entry.active, entry.changed_at or datetime.min.replace(tzinfo=UTC)


def _worth_storing(entry: CatalogueEntry, stored: dict[UUID, UUID]) -> bool:
    """A withdrawn entry is stored only to mark one that is here already; without a name it is marked by its absence."""
    named = bool(entry.generic_name or entry.name_form_strength)
    return named and (entry.active or entry.fest_id in stored)


def _is_prescribable(entry: CatalogueEntry, active: set[UUID]) -> bool:
    """A brand, or a substance to prescribe. A package or a smallest unit too, when what it belongs to is not in the file."""
    if entry.entry_kind in ("package", "dose"):
        return not any(ref.kind in ("brand", "package") and ref.fest_id in active for ref in entry.refs)
    return entry.entry_kind in ("brand", "virtual")


def _row(entry: CatalogueEntry, item_id: UUID, now: datetime) -> dict[str, Any]:
    atc = entry.atc_code or ""
    route = entry.routes[0] if entry.routes else None
    single = entry.strengths[0] if len(entry.strengths) == 1 and entry.strengths[0].per_value in (None, 1) else None
    return {
        "id": item_id,
        "fest_id": entry.fest_id,
        "kind": entry.entry_kind,
        "active": entry.active,
        "withdrawn_at": None if entry.active else now,
        "atc_code": entry.atc_code,
        "generic_name": entry.generic_name or entry.atc_name or entry.name_form_strength,
        "brand_name": entry.brand_name,
        "name_form_strength": entry.name_form_strength or entry.generic_name,
        "form": entry.form_text.lower() if entry.form_text else None,
        "form_code": entry.form_code,
        "strength": entry.strength,
        "strength_value": single.value if single and single.unit in UNITS else None,
        "strength_unit": single.unit if single and single.unit in UNITS else None,
        "route": route.text.lower() if route else None,
        "route_code": route.code if route else None,
        "prescription_group": entry.prescription_group,
        "dose_unit": next((_UNIT_OF_7480[unit.code] for unit in entry.dose_units if unit.code in _UNIT_OF_7480), None),
        "item_number": entry.item_number,
        "high_risk": atc.startswith(_HIGH_RISK),
        "time_critical": atc.startswith(_TIME_CRITICAL),
    }


def _index_words(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    ids = [row["id"] for row in rows]
    word = CatalogueWord
    connection.execute(sa.delete(word).where(word.item_id == sa.any_(sa.literal(ids, sa.ARRAY(sa.Uuid)))))
    found = [
        {"word": each, "item_id": row["id"]}
        for row in rows
        if row["active"] and row["prescribable"]
        for each in words(" ".join(filter(None, (row["name_form_strength"], row["generic_name"], row["brand_name"]))))
    ]
    for batch in _batches(found):
        connection.execute(sa.insert(word), batch)


def _batches(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS))


def _items_with(start: str) -> sa.Select[Any]:
    """Items with a word that begins so, found as a range: it reaches the index, which LIKE does not."""
    word = CatalogueWord
    return sa.select(word.item_id).where(word.word >= start, word.word < start + _LAST)


def _hit(item: CatalogueItem) -> CatalogueHit:
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
