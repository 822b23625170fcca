"""From entries to the rows of the catalogue's tables: each entry is one row of its own table, and some in those beside it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from journal.medication.fest.entries import (
    AuthorityWarning,
    CatalogueEntry,
    Coded,
    Entry,
    Interaction,
    InteractionNotAssessed,
    Strength,
    Substance,
    SubstanceGroup,
    SubstitutionGroup,
)
from journal.medication.fest.tables import (
    CatalogueIngredient,
    CatalogueInteraction,
    CatalogueInteractionSubstance,
    CatalogueItem,
    CatalogueNotAssessed,
    CatalogueReference,
    CatalogueSubstitutionGroup,
    CatalogueWarning,
    CatalogueWarningAbout,
    CatalogueWord,
)
from journal.medication.fest.words import words
from journal.platform.db import Base
from journal.platform.ids import new_id
from journal.platform.quantity import UNITS

Row = tuple[type[Base], dict[str, Any]]

_UNIT_OF_7480 = {unit.volven_7480: code for code, unit in UNITS.items() if unit.volven_7480}

# Which medicines must be on time, and which are dangerous in a wrong dose, by the start of their ATC code: Parkinson
# medicines, insulin, anticoagulants and antibiotics (A3 in the display rules); the second adds opioids and methotrexate.
_TIME_CRITICAL = ("N04B", "N03A", "A10A", "B01A", "J01")
_HIGH_RISK = ("A10A", "B01A", "N02A", "L01BA01", "L04AX03", "C01AA")


def rows_of(entry: Entry) -> Iterator[Row]:
    """The rows of an active entry, its own first; none when it says neither what it is about nor what it is called."""
    match entry:
        case CatalogueEntry(fest_id=UUID() as fest_id) if entry.generic_name or entry.name_form_strength:
            yield from _product(entry, fest_id)
        case Interaction(fest_id=UUID() as fest_id):
            yield from _interaction(entry, fest_id)
        case InteractionNotAssessed() if entry.atc_code:
            yield CatalogueNotAssessed, {"atc_code": entry.atc_code, "name": entry.atc_name}
        case AuthorityWarning():
            yield from _warning(entry)
        case SubstitutionGroup(fest_id=UUID()):
            yield (
                CatalogueSubstitutionGroup,
                _said(entry, "fest_id", "code", "text", "remark", "description", "valid_from", "valid_until"),
            )


def _product(entry: CatalogueEntry, fest_id: UUID) -> Iterator[Row]:
    item_id = new_id()
    yield CatalogueItem, _item(entry, item_id)
    for position, ingredient in enumerate(entry.ingredients, start=1):
        amount = ingredient.strength
        yield (
            CatalogueIngredient,
            {
                "fest_id": fest_id,
                "position": position,
                "substance_id": ingredient.substance_id,
                "value": amount.value if amount else None,
                "unit": amount.unit if amount else None,
                "per_value": amount.per_value if amount else None,
                "per_unit": amount.per_unit if amount else None,
            },
        )
    for ref in entry.refs:
        if ref.kind != "strength":
            yield CatalogueReference, {"fest_id": fest_id, "kind": ref.kind, "target_id": ref.fest_id}
    if entry.entry_kind != "substance":
        for word in words(" ".join(filter(None, (entry.name_form_strength, entry.generic_name, entry.brand_name)))):
            yield CatalogueWord, {"word": word, "item_id": item_id}


def _item(entry: CatalogueEntry, item_id: UUID) -> dict[str, Any]:
    atc = entry.atc_code or ""
    route = entry.routes[0] if entry.routes else None
    single = entry.strengths[0] if len(entry.strengths) == 1 and entry.strengths[0].per_value in (None, 1) else None
    dose_unit = next((_UNIT_OF_7480[unit.code] for unit in entry.dose_units if unit.code in _UNIT_OF_7480), None)
    known = single if single and single.unit in UNITS and _is_of(single, dose_unit) else None
    alike = ("fest_id", "atc_code", "brand_name", "form_code", "strength", "prescription_group", "item_number")
    facts = ("product_type", "crushable", "openable", "driving_warning", "black_triangle", "opioid_application")
    more = ("package", "lmr_number", "substitution_group", "substitution_until")
    return _said(entry, *alike, *facts, *more) | {
        "id": item_id,
        "kind": entry.entry_kind,
        # Packages give way to what they belong to: decided when the whole file is there.
        "prescribable": entry.entry_kind != "substance",
        "generic_name": entry.generic_name or entry.atc_name or entry.name_form_strength,
        "name_form_strength": entry.name_form_strength or entry.generic_name,
        "form": entry.form_text.lower() if entry.form_text else None,
        "strength_value": known.value if known else None,
        "strength_unit": known.unit if known else None,
        "route": route.text.lower() if route else None,
        "route_code": route.code if route else None,
        "dose_unit": dose_unit,
        "high_risk": atc.startswith(_HIGH_RISK),
        "time_critical": atc.startswith(_TIME_CRITICAL),
        "routes": _codes(entry.routes),
        "dose_units": _codes(entry.dose_units),
        "division_code": entry.division.code if entry.division else None,
        "division": entry.division.text if entry.division else None,
        "storage_code": entry.storage.code if entry.storage else None,
        "storage": entry.storage.text if entry.storage else None,
        "amount": entry.amount.value if entry.amount else None,
        "amount_unit": entry.amount.unit if entry.amount else None,
        "barcodes": list(entry.barcodes),
    }


def _is_of(strength: Strength, dose_unit: str | None) -> bool:
    """Whether the strength is what one unit of the hand holds: 5 mg/ml is so of an ml, and never of a drop, where one drop would
    be said to hold twenty times what it does. A patch of 25 mikrog/time is counted by the patch.
    """
    other_amount = strength.per_unit in UNITS and strength.per_unit != dose_unit
    return not other_amount or strength.unit == dose_unit


def _interaction(entry: Interaction, fest_id: UUID) -> Iterator[Row]:
    said = _said(entry, "fest_id", "relevance_text", "situation", "consequence", "mechanism", "handling", "evidence")
    yield (
        CatalogueInteraction,
        said | {"relevance": entry.relevance_code, "audiences": list(entry.audiences)},
    )
    for side, group in enumerate(entry.groups, start=1):
        for position, (substance, key) in enumerate(_keys(group), start=1):
            named = {"group_name": group.name, "name": substance.name}
            at = {"fest_id": fest_id, "side": side, "position": position}
            yield CatalogueInteractionSubstance, at | named | {"atc_code": None, "substance_id": None} | key


def _keys(group: SubstanceGroup) -> Iterator[tuple[Substance, dict[str, Any]]]:
    """By what each substance of a group is known: its ATC code, and FEST's ids."""
    for substance in group.substances:
        if substance.atc_code:
            yield substance, {"atc_code": substance.atc_code}
        for substance_id in substance.substance_ids:
            yield substance, {"substance_id": substance_id}


def _warning(entry: AuthorityWarning) -> Iterator[Row]:
    own = {"fest_id": entry.listing_id, "kind_code": entry.kind.code, "kind": entry.kind.text}
    said = _said(entry, "heading", "text", "link", "valid_from")
    yield CatalogueWarning, own | said | {"audiences": list(entry.audiences)}
    for target_id in entry.about:
        yield CatalogueWarningAbout, {"fest_id": entry.listing_id, "target_id": target_id}


def _said(entry: Entry, *names: str) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in names}


def _codes(coded: tuple[Coded, ...]) -> Jsonb:
    return Jsonb([{"code": one.code, "text": one.text} for one in coded])
