"""From elements of M30 and Forskrivning to entries. Elements nobody here knows are passed over."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import BinaryIO
from uuid import UUID
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from journal.medication.fest.entries import (
    Amount,
    CatalogueEntry,
    Coded,
    EntryKind,
    Interaction,
    InteractionNotAssessed,
    Reference,
    Strength,
    Substance,
    SubstanceGroup,
)
from journal.platform import clock
from journal.platform.errors import Invalid

_KINDS: dict[str, EntryKind] = {
    "LegemiddelMerkevare": "brand",
    "Legemiddelpakning": "package",
    "Legemiddeldose": "dose",
    "LegemiddelVirkestoff": "virtual",
    "Virkestoff": "substance",
}
_REFERENCES = {
    "RefLegemiddelMerkevare": "brand",
    "RefPakning": "package",
    "RefVirkestoff": "substance",
    "RefVirkestoffMedStyrke": "strength",
}
_KEPT = "Ingenting er tatt i bruk. Katalogen dere hadde fra før, gjelder fortsatt."
_UNIT = r"(?:%|mg|g|mikrog|ml|mmol|dose|time|timer|døgn|(?:mill\.? ?)?(?:IE|E|kE)|plaster|dråpe|spray)"
_NUMBER = r"\d[\d.,]*"
_WRITTEN_STRENGTH = re.compile(rf"(?:^|\s)({_NUMBER}\s?{_UNIT}(?:\s?[/+]\s?(?:{_NUMBER}\s?)?{_UNIT})*)$")


class BrokenCatalogue(Invalid):
    """The file is not whole, not well-formed, not FEST, or holds what cannot be understood."""

    type, title = "broken-catalogue", "Legemiddelkatalogen kan ikke brukes"


@dataclass(slots=True)
class _Index:
    """What packages and doses point to, which FEST lists elsewhere in the file."""

    strengths: dict[UUID, Strength | None] = field(default_factory=dict)
    brands: dict[UUID, tuple[str, tuple[UUID, ...]]] = field(default_factory=dict)


def read(stream: BinaryIO) -> Iterator[CatalogueEntry]:
    """The products and substances of an M30, in the order of the file. See `read_all` for demands and errors."""
    return (entry for entry in read_all(stream) if isinstance(entry, CatalogueEntry))


def read_interactions(stream: BinaryIO) -> Iterator[Interaction | InteractionNotAssessed]:
    """The interactions of an M30, and what is not assessed. See `read_all` for demands and errors."""
    return (entry for entry in read_all(stream) if not isinstance(entry, CatalogueEntry))


def read_all(stream: BinaryIO) -> Iterator[CatalogueEntry | Interaction | InteractionNotAssessed]:
    """Products, substances and interactions of an M30, in the order of the file.

    The stream is read twice from where it stands, so it must be seekable: the first time finds the strengths and that
    the file is whole, so a truncated download is refused before the first entry comes out. Elements nobody here knows
    are passed over. Raises BrokenCatalogue; whoever stores the entries commits after the last one.
    """
    start = stream.tell()
    index = _Index()
    for listing in _listings(stream):
        _remember(listing, index)
    stream.seek(start)
    for listing in _listings(stream):
        entry = _entry(listing, index)
        if entry is not None:
            yield entry


def read_product(element: Element) -> CatalogueEntry:
    """One product block, of M30 or of an e-prescription (M1, M6, M10, M20), of any version of the namespace.

    Without the catalogue around it strength is text alone. Raises ValueError for an element that is no product (a
    mixture made at the pharmacy is not one), BrokenCatalogue for content that cannot be understood.
    """
    product = _without_namespaces(deepcopy(element))
    if product.tag not in _KINDS:
        raise ValueError(f"not a product: {product.tag}")
    return _product(product, _Index())


def _listings(stream: BinaryIO) -> Iterator[Element]:
    """Each `Oppf…`: a grandchild of the root, forgotten when the next is asked for."""
    open_elements: list[Element] = []
    try:
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                open_elements.append(element)
                if len(open_elements) == 1 and element.tag.rpartition("}")[2] != "FEST":
                    raise BrokenCatalogue(f"Filen er ikke en legemiddelkatalog fra FEST (M30). {_KEPT}")
                continue
            open_elements.pop()
            if len(open_elements) == 2:
                yield _without_namespaces(element)
            if len(open_elements) in (1, 2):
                open_elements[-1].remove(element)
    except DefusedXmlException as error:
        raise BrokenCatalogue(f"Filen har innhold som ikke hører hjemme i en legemiddelkatalog. {_KEPT}") from error
    except (ParseError, ValueError, LookupError) as error:
        raise BrokenCatalogue(f"Filen er ikke hel, eller den er skadet. Last den ned på nytt. {_KEPT}") from error


def _remember(listing: Element, index: _Index) -> None:
    for element in listing:
        name = element.tag
        own_id = _uuid(_text(element, "Id")) if name in ("VirkestoffMedStyrke", "LegemiddelMerkevare") else None
        if own_id is None:
            continue
        # An earlier version may stand in the same file; the active one is right.
        known = index.strengths if name == "VirkestoffMedStyrke" else index.brands
        if own_id in known and not _is_active(listing):
            continue
        if name == "VirkestoffMedStyrke":
            index.strengths[own_id] = _strength(element)
        elif name == "LegemiddelMerkevare":
            refs = tuple(ref.fest_id for ref in _references(element) if ref.kind == "strength")
            index.brands[own_id] = (_text(element, "Varenavn"), refs)


def _entry(listing: Element, index: _Index) -> CatalogueEntry | Interaction | InteractionNotAssessed | None:
    name = listing.tag.removeprefix("Oppf")
    # An entry withdrawn without content is known by its own name alone.
    content = next((child for child in listing if child.tag not in ("Id", "Tidspunkt", "Status")), Element(name))
    if content.tag not in _KINDS and name != "Interaksjon":
        return None
    active, changed_at = _is_active(listing), _instant(_text(listing, "Tidspunkt"))
    listing_id = _uuid(_text(listing, "Id"))
    if listing_id is None:
        raise BrokenCatalogue(f"En oppføring i katalogen mangler id. {_KEPT}")
    if content.tag in _KINDS:
        return replace(_product(content, index), listing_id=listing_id, active=active, changed_at=changed_at)
    if content.tag == "InteraksjonIkkeVurdert":
        atc = _coded(content, "Atc") or Coded("", "")
        return InteractionNotAssessed(listing_id, active, changed_at, atc.code, atc.text)
    return _interaction(content, Interaction(listing_id, None, active, changed_at))


def _product(element: Element, index: _Index) -> CatalogueEntry:
    atc, form = _coded(element, "Atc"), _coded(element, "LegemiddelformKort")
    name = _text(element, "NavnFormStyrke") or _text(element, "Navn")
    refs = tuple(_references(element))
    brand_name, strengths = _looked_up(refs, index)
    written = _WRITTEN_STRENGTH.search(name)
    own_name = _text(element, "Varenavn") or _text(element, "PakningsinfoResept/Varenavn")
    generic = atc.text if atc else _text(element, "Navn")
    return CatalogueEntry(
        entry_kind=_KINDS[element.tag],
        fest_id=_uuid(_text(element, "Id")),
        atc_code=atc.code if atc else None,
        atc_name=atc.text if atc else None,
        generic_name=_within_a_sentence(generic) or None,
        name_form_strength=name,
        brand_name=own_name or brand_name,
        form_code=form.code if form else None,
        form_text=form.text if form else None,
        prescription_group=_code(element, "Reseptgruppe"),
        product_type=_code(element, "Preparattype"),
        strength=" + ".join(str(one) for one in strengths) or (written[1] if written else None),
        strengths=strengths,
        routes=_all_coded(element, "AdministreringLegemiddel/Administrasjonsvei"),
        dose_units=_all_coded(element, "AdministreringLegemiddel/EnhetDosering"),
        crushable=_yes_no(element, "AdministreringLegemiddel/KanKnuses"),
        openable=_yes_no(element, "AdministreringLegemiddel/KanApnes"),
        division=_coded(element, "AdministreringLegemiddel/Deling"),
        driving_warning=_flag(element, "ProduktInfo/Varseltrekant"),
        black_triangle=_code(element, "SvartTrekant") == "1",
        opioid_application=_flag(element, "Opioidsoknad") is True,
        item_number=_text(element, "Varenr") or None,
        barcodes=tuple(_content(one) for one in element.findall("Ean")),
        package=_package(element),
        storage=_coded(element, "Oppbevaring"),
        amount=_amount(element.find("Mengde")),
        lmr_number=_text(element, "LmrLopenr") or None,
        refs=refs,
    )


def _looked_up(refs: tuple[Reference, ...], index: _Index) -> tuple[str | None, tuple[Strength, ...]]:
    """The name and the strengths of the brand behind a package; of a brand itself, its own strengths."""
    brand_ids = {ref.fest_id for ref in refs if ref.kind == "brand"}
    # A substance to prescribe points to every brand that fits, a package of several parts to each: no single name.
    name, strength_ids = index.brands.get(brand_ids.pop(), (None, ())) if len(brand_ids) == 1 else (None, ())
    own = tuple(ref.fest_id for ref in refs if ref.kind == "strength") or strength_ids
    found = [index.strengths.get(strength_id) for strength_id in own]
    exact = tuple(one for one in found if one is not None)
    return name, exact if len(exact) == len(found) else ()


def _references(element: Element) -> Iterator[Reference]:
    """In the order the catalogue sorts them, each once."""
    seen: set[Reference] = set()
    for child in element.iter():
        kind, target = _REFERENCES.get(child.tag), None
        if kind is not None and (target := _uuid(_content(child))) is not None:
            reference = Reference(kind, target)
            if reference not in seen:
                seen.add(reference)
                yield reference


def _strength(element: Element) -> Strength | None:
    """None where FEST gives more than, less than or a range: such a strength must not be counted with."""
    value, per = _amount(element.find("Styrke")), _amount(element.find("StyrkeNevner"))
    if value is None or _code(element, "Styrkeoperator") != "L":
        return None
    return Strength(value.value, value.unit, per.value if per else None, per.unit if per else None)


def _package(element: Element) -> str | None:
    """`250 ml`, `20 x 1 stk`; the parts of a package of several products with a plus between."""
    parts = []
    for info in (*element.findall("Pakningsinfo"), *element.findall("PakningsinfoResept")):
        part = f"{_text(info, 'Pakningsstr')} {_code(info, 'EnhetPakning') or ''}".strip()
        if part:
            parts.append(part)
    return " + ".join(parts) or None


def _interaction(element: Element, listed: Interaction) -> Interaction:
    relevance = _coded(element, "Relevans") or Coded("", "")
    return replace(
        listed,
        fest_id=_uuid(_text(element, "Id")),
        relevance_code=relevance.code,
        relevance_text=relevance.text,
        situation=_text(element, "Situasjonskriterium"),
        consequence=_text(element, "KliniskKonsekvens"),
        mechanism=_text(element, "Interaksjonsmekanisme"),
        handling=_text(element, "Handtering"),
        evidence=_code(element, "Kildegrunnlag") or "",
        audiences=tuple(one.code for one in _all_coded(element, "Visningsregel")),
        groups=tuple(_substance_group(group) for group in element.findall("Substansgruppe")),
    )


def _substance_group(group: Element) -> SubstanceGroup:
    return SubstanceGroup(
        name=_text(group, "Navn"),
        substances=tuple(
            Substance(_text(one, "Substans"), _code(one, "Atc"), tuple(ref.fest_id for ref in _references(one)))
            for one in group.findall("Substans")
        ),
    )


def _within_a_sentence(name: str) -> str:
    """`oksykodon` from `Oksykodon`; capitals that belong there stay: `hepatitt B-vaksine`, `RS-virusvaksine`."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _without_namespaces(element: Element) -> Element:
    """M1 of 2013 and M30 of 2014 differ in namespace alone, and plain names are found faster."""
    for each in element.iter():
        each.tag = each.tag.rpartition("}")[2]
    return element


def _content(element: Element) -> str:
    return (element.text or "").strip()


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else _content(found)


def _all_coded(element: Element, path: str) -> tuple[Coded, ...]:
    return tuple(Coded(one.get("V", ""), one.get("DN", "")) for one in element.findall(path) if one.get("V"))


def _coded(element: Element, path: str) -> Coded | None:
    return next(iter(_all_coded(element, path)), None)


def _code(element: Element, path: str) -> str | None:
    found = _coded(element, path)
    return found.code if found else None


def _yes_no(element: Element, path: str) -> bool | None:
    """Code list 1103: 1 yes, 2 no, anything else unknown."""
    return {"1": True, "2": False}.get(_code(element, path) or "")


def _flag(element: Element, path: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(_text(element, path))


def _is_active(listing: Element) -> bool:
    status = _code(listing, "Status")
    if status not in ("A", "U"):
        raise BrokenCatalogue(f"Katalogen bruker en status journalen ikke kjenner: «{status or 'tom'}». {_KEPT}")
    return status == "A"


def _uuid(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text.removeprefix("ID_").lower())
    except ValueError as error:
        raise BrokenCatalogue(f"Katalogen har en id journalen ikke forstår: «{text[:60]}». {_KEPT}") from error


def _instant(text: str) -> datetime:
    """FEST writes wall time in Norway, with no zone. Returns UTC."""
    try:
        written = datetime.fromisoformat(text)
    except ValueError as error:
        raise BrokenCatalogue(f"Katalogen har et tidspunkt journalen ikke forstår: «{text[:60]}». {_KEPT}") from error
    return clock.instant(written.date(), written.time()) if written.tzinfo is None else written.astimezone(UTC)


def _amount(element: Element | None) -> Amount | None:
    """The schema allows `1E-3` and `INF`: the first is read exactly, the second refused."""
    if element is None or element.get("V") is None:
        return None
    try:
        value = Decimal(element.get("V", ""))
    except InvalidOperation as error:
        raise BrokenCatalogue(f"Katalogen har en mengde som ikke er et tall. {_KEPT}") from error
    if not value.is_finite() or value.adjusted() > 20 or value.adjusted() < -20:
        raise BrokenCatalogue(f"Katalogen har en mengde som ikke kan være riktig. {_KEPT}")
    return Amount(value, element.get("U", ""))
