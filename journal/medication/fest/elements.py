"""What M30 is written in: texts, codes, ids, instants and amounts, read exactly or refused."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID
from xml.etree.ElementTree import Element

from journal.medication.fest.entries import Amount, Coded, Reference
from journal.platform import clock
from journal.platform.errors import Invalid

KEPT = "Ingenting er tatt i bruk. Katalogen dere hadde fra før, gjelder fortsatt."
_REFERENCES = {
    "RefLegemiddelMerkevare": "brand",
    "RefPakning": "package",
    "RefVirkestoff": "substance",
    "RefVirkestoffMedStyrke": "strength",
}


class BrokenCatalogue(Invalid):
    """The file is not whole, not well-formed, not FEST, or holds what cannot be understood."""

    type, title = "broken-catalogue", "Legemiddelkatalogen kan ikke brukes"


def without_namespaces(element: Element) -> Element:
    """M1 of 2013 and M30 of 2014 differ in namespace alone, and plain names are found faster."""
    for each in element.iter():
        each.tag = each.tag.rpartition("}")[2]
    return element


def content(element: Element) -> str:
    return (element.text or "").strip()


def text(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else content(found)


def all_coded(element: Element, path: str) -> tuple[Coded, ...]:
    return tuple(Coded(one.get("V", ""), one.get("DN", "")) for one in element.findall(path) if one.get("V"))


def coded(element: Element, path: str) -> Coded | None:
    return next(iter(all_coded(element, path)), None)


def code(element: Element, path: str) -> str | None:
    found = coded(element, path)
    return found.code if found else None


def yes_no(element: Element, path: str) -> bool | None:
    """Code list 1103: 1 yes, 2 no, anything else unknown."""
    return {"1": True, "2": False}.get(code(element, path) or "")


def flag(element: Element, path: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text(element, path))


def is_active(listing: Element) -> bool:
    status = code(listing, "Status")
    if status not in ("A", "U"):
        raise BrokenCatalogue(f"Katalogen bruker en status journalen ikke kjenner: «{status or 'tom'}». {KEPT}")
    return status == "A"


def uuid(written: str) -> UUID | None:
    if not written:
        return None
    try:
        return UUID(written.removeprefix("ID_").lower())
    except ValueError as error:
        raise BrokenCatalogue(f"Katalogen har en id journalen ikke forstår: «{written[:60]}». {KEPT}") from error


def instant(written: str) -> datetime:
    """FEST writes wall time in Norway, with no zone. Returns UTC."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise BrokenCatalogue(f"Katalogen har et tidspunkt journalen ikke forstår: «{written[:60]}». {KEPT}") from error
    return clock.instant(at.date(), at.time()) if at.tzinfo is None else at.astimezone(UTC)


def day(element: Element, path: str) -> date | None:
    """A date without a time; None where it is not given."""
    written = text(element, path)
    if not written:
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError as error:
        raise BrokenCatalogue(f"Katalogen har en dato journalen ikke forstår: «{written[:60]}». {KEPT}") from error


def amount(element: Element | None) -> Amount | None:
    """The schema allows `1E-3` and `INF`: the first is read exactly, the second refused."""
    if element is None or element.get("V") is None:
        return None
    try:
        value = Decimal(element.get("V", ""))
    except InvalidOperation as error:
        raise BrokenCatalogue(f"Katalogen har en mengde som ikke er et tall. {KEPT}") from error
    if not value.is_finite() or value.adjusted() > 20 or value.adjusted() < -20:
        raise BrokenCatalogue(f"Katalogen har en mengde som ikke kan være riktig. {KEPT}")
    return Amount(value, element.get("U", ""))


def references(element: Element) -> Iterator[Reference]:
    """In the order the catalogue sorts them, each once."""
    seen: set[Reference] = set()
    for child in element.iter():
        kind, target = _REFERENCES.get(child.tag), None
        if kind is not None and (target := uuid(content(child))) is not None:
            reference = Reference(kind, target)
            if reference not in seen:
                seen.add(reference)
                yield reference
