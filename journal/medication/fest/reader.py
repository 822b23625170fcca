"""From elements of M30 and Forskrivning to entries. Elements nobody here knows are passed over."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from xml.etree.ElementTree import Element

from journal.medication.fest.assessments import (
    Assessment,
    read_interaction,
    read_not_assessed,
    read_substitution_group,
    read_warning,
)
from journal.medication.fest.elements import (
    KEPT,
    BrokenCatalogue,
    all_coded,
    amount,
    code,
    coded,
    content,
    day,
    flag,
    instant,
    is_active,
    references,
    text,
    uuid,
    without_namespaces,
    yes_no,
)
from journal.medication.fest.entries import (
    AuthorityWarning,
    CatalogueEntry,
    Entry,
    EntryKind,
    Ingredient,
    Interaction,
    InteractionNotAssessed,
    Reference,
    Strength,
    SubstitutionGroup,
)
from journal.medication.fest.stream import Source, listings

_KINDS: dict[str, EntryKind] = {
    "LegemiddelMerkevare": "brand",
    "Legemiddelpakning": "package",
    "Legemiddeldose": "dose",
    "LegemiddelVirkestoff": "virtual",
    "Virkestoff": "substance",
}
_ASSESSMENTS = {"Interaksjon", "VarselSlv", "Byttegruppe"}
_POINTED_TO = frozenset({"OppfLegemiddelMerkevare", "OppfVirkestoff"})
_READ = frozenset(f"Oppf{name}" for name in (*_KINDS, *_ASSESSMENTS))
_UNIT = r"(?:%|mg|g|mikrog|ml|mmol|dose|time|timer|døgn|(?:mill\.? ?)?(?:IE|E|kE)|plaster|dråpe|spray)"
_NUMBER = r"\d[\d.,]*"
_WRITTEN_STRENGTH = re.compile(rf"(?:^|\s)({_NUMBER}\s?{_UNIT}(?:\s?[/+]\s?(?:{_NUMBER}\s?)?{_UNIT})*)$")

_Part = tuple[UUID | None, Strength | None]
"""What a strength of the file says: of which substance, and how much; no amount where it is no exact one."""


@dataclass(slots=True)
class _Index:
    """What packages and doses point to, which FEST lists elsewhere in the file: all that is kept of it while it is read."""

    strengths: dict[UUID, _Part] = field(default_factory=dict)
    brands: dict[UUID, tuple[str, tuple[Reference, ...]]] = field(default_factory=dict)


def read(stream: Source) -> Iterator[CatalogueEntry]:
    """The products and substances of an M30, in the order of the file. See `read_all` for demands and errors."""
    return (entry for entry in read_all(stream) if isinstance(entry, CatalogueEntry))


def read_interactions(stream: Source) -> Iterator[Interaction | InteractionNotAssessed]:
    """The interactions of an M30, and what is not assessed. See `read_all` for demands and errors."""
    return (entry for entry in read_all(stream) if isinstance(entry, Interaction | InteractionNotAssessed))


def read_all(stream: Source) -> Iterator[Entry]:
    """Products, substances, interactions, warnings and substitution groups of an M30, in the order of the file.

    The stream is read twice from where it stands, so it must be seekable: the first time finds the strengths and that
    the file is whole, so a truncated download is refused before the first entry comes out. Elements nobody here knows
    are passed over. Raises BrokenCatalogue; whoever stores the entries takes them into use after the last one.
    """
    start = stream.tell()
    index = _Index()
    for listing in listings(stream, _POINTED_TO):
        _remember(listing, index)
    stream.seek(start)
    for listing in listings(stream, _READ):
        entry = _entry(listing, index)
        if entry is not None:
            yield entry


def read_product(element: Element) -> CatalogueEntry:
    """One product block, of M30 or of an e-prescription (M1, M6, M10, M20), of any version of the namespace.

    Without the catalogue around it strength is text alone. Raises ValueError for an element that is no product (a
    mixture made at the pharmacy is not one), BrokenCatalogue for content that cannot be understood.
    """
    product = without_namespaces(deepcopy(element))
    if product.tag not in _KINDS:
        raise ValueError(f"not a product: {product.tag}")
    return _product(product, _Index())


def _remember(listing: Element, index: _Index) -> None:
    for element in listing:
        name = element.tag
        own_id = uuid(text(element, "Id")) if name in ("VirkestoffMedStyrke", "LegemiddelMerkevare") else None
        if own_id is None:
            continue
        # An earlier version may stand in the same file; the active one is right.
        known = index.strengths if name == "VirkestoffMedStyrke" else index.brands
        if own_id in known and not is_active(listing):
            continue
        if name == "LegemiddelMerkevare":
            index.brands[own_id] = (text(element, "Varenavn"), _contents(references(element)))
        else:
            index.strengths[own_id] = uuid(text(element, "RefVirkestoff")), _strength(element)


def _entry(listing: Element, index: _Index) -> Entry | None:
    name = listing.tag.removeprefix("Oppf")
    # An entry withdrawn without content is known by its own name alone.
    inside = next((child for child in listing if child.tag not in ("Id", "Tidspunkt", "Status")), Element(name))
    if inside.tag not in _KINDS and name not in _ASSESSMENTS:
        return None
    listing_id = uuid(text(listing, "Id"))
    if listing_id is None:
        raise BrokenCatalogue(f"En oppføring i katalogen mangler id. {KEPT}")
    active, changed_at = is_active(listing), instant(text(listing, "Tidspunkt"))
    if inside.tag in _KINDS:
        return replace(_product(inside, index), listing_id=listing_id, active=active, changed_at=changed_at)
    return _assessment(name, inside, listing_id, active, changed_at)


def _assessment(name: str, inside: Element, listing_id: UUID, active: bool, changed_at: datetime) -> Assessment:
    if name == "VarselSlv":
        return read_warning(inside, AuthorityWarning(listing_id, active, changed_at))
    if name == "Byttegruppe":
        return read_substitution_group(inside, SubstitutionGroup(listing_id, None, active, changed_at))
    listed = Interaction(listing_id, None, active, changed_at)
    return (read_not_assessed if inside.tag == "InteraksjonIkkeVurdert" else read_interaction)(inside, listed)


def _product(element: Element, index: _Index) -> CatalogueEntry:
    atc, form = coded(element, "Atc"), coded(element, "LegemiddelformKort")
    name = text(element, "NavnFormStyrke") or text(element, "Navn")
    refs = tuple(references(element))
    brand_name, parts = _looked_up(element, refs, index)
    strengths = tuple(strength for _, strength in parts if strength is not None)
    if len(strengths) < len(parts):
        strengths = ()
    written = _WRITTEN_STRENGTH.search(name)
    own_name = text(element, "Varenavn") or text(element, "PakningsinfoResept/Varenavn")
    generic = atc.text if atc else text(element, "Navn")
    return CatalogueEntry(
        entry_kind=_KINDS[element.tag],
        fest_id=uuid(text(element, "Id")),
        atc_code=atc.code if atc else None,
        atc_name=atc.text if atc else None,
        generic_name=_within_a_sentence(generic) or None,
        name_form_strength=name,
        brand_name=own_name or brand_name,
        form_code=form.code if form else None,
        form_text=form.text if form else None,
        prescription_group=code(element, "Reseptgruppe"),
        product_type=code(element, "Preparattype"),
        strength=" + ".join(str(one) for one in strengths) or (written[1] if written else None),
        strengths=strengths,
        routes=all_coded(element, "AdministreringLegemiddel/Administrasjonsvei"),
        dose_units=all_coded(element, "AdministreringLegemiddel/EnhetDosering"),
        crushable=yes_no(element, "AdministreringLegemiddel/KanKnuses"),
        openable=yes_no(element, "AdministreringLegemiddel/KanApnes"),
        division=coded(element, "AdministreringLegemiddel/Deling"),
        driving_warning=flag(element, "ProduktInfo/Varseltrekant"),
        black_triangle=code(element, "SvartTrekant") == "1",
        opioid_application=flag(element, "Opioidsoknad") is True,
        item_number=text(element, "Varenr") or None,
        barcodes=tuple(content(one) for one in element.findall("Ean")),
        package=_package(element),
        storage=coded(element, "Oppbevaring"),
        amount=amount(element.find("Mengde")),
        lmr_number=text(element, "LmrLopenr") or None,
        ingredients=_ingredients(parts),
        substitution_group=uuid(text(element, "PakningByttegruppe/RefByttegruppe")),
        substitution_until=day(element, "PakningByttegruppe/GyldigTilDato"),
        refs=refs,
    )


def _looked_up(element: Element, refs: tuple[Reference, ...], index: _Index) -> tuple[str | None, tuple[_Part, ...]]:
    """The name and the contents of the brand behind a package; of a product that says its contents, its own.

    No contents when one of them is not in the file.
    """
    brand_ids = {ref.fest_id for ref in refs if ref.kind == "brand"}
    # A substance to prescribe points to every brand that fits, a package of several parts to each: no single name.
    name, of_brand = index.brands.get(brand_ids.pop(), (None, ())) if len(brand_ids) == 1 else (None, ())
    own = () if element.tag == "Virkestoff" else _contents(refs)
    parts = [_part(ref, index) for ref in own or of_brand]
    found = tuple(part for part in parts if part is not None)
    return name, found if len(found) == len(parts) else ()


def _contents(refs: Iterable[Reference]) -> tuple[Reference, ...]:
    return tuple(ref for ref in refs if ref.kind in ("strength", "substance"))


def _part(ref: Reference, index: _Index) -> _Part | None:
    return (ref.fest_id, None) if ref.kind == "substance" else index.strengths.get(ref.fest_id)


def _ingredients(parts: tuple[_Part, ...]) -> tuple[Ingredient, ...]:
    """Each substance of a product, or none: a sum that lacks one would be a wrong sum."""
    known = tuple(Ingredient(substance_id, strength) for substance_id, strength in parts if substance_id is not None)
    return known if len(known) == len(parts) else ()


def _strength(element: Element) -> Strength | None:
    """None where FEST gives more than, less than or a range: such a strength must not be counted with."""
    value, per = amount(element.find("Styrke")), amount(element.find("StyrkeNevner"))
    if value is None or code(element, "Styrkeoperator") != "L":
        return None
    return Strength(value.value, value.unit, per.value if per else None, per.unit if per else None)


def _package(element: Element) -> str | None:
    """`250 ml`, `20 x 1 stk`; the parts of a package of several products with a plus between."""
    parts = []
    for info in (*element.findall("Pakningsinfo"), *element.findall("PakningsinfoResept")):
        part = f"{text(info, 'Pakningsstr')} {code(info, 'EnhetPakning') or ''}".strip()
        if part:
            parts.append(part)
    return " + ".join(parts) or None


def _within_a_sentence(name: str) -> str:
    """`oksykodon` from `Oksykodon`; capitals that belong there stay: `hepatitt B-vaksine`, `RS-virusvaksine`."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name
