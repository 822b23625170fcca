"""From a health message to a SourceDocument: M25.1, M1, and the messages that carry blocks of medicines (epj3)."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from journal.medication.sources.entries import BrokenSource, SourceDocument, SourceEntry, SourceKind
from journal.medication.sources.parts import day, instant, parse, text, value
from journal.medication.sources.prescription import prescribed

LARGEST = 700_000
"""Bytes of a file. A list of 40 medicines with everything the schema allows is under 200 kB."""

_MOST = 200
"""Medicines of a list. Nobody takes so many; a file with more is not what it says."""

_KINDS = {
    "EPJ-EKSTRAKT": SourceKind.MEDICINES,
    "UTSKRIVNINGSRAPPORT": SourceKind.DISCHARGE_REPORT,
    "INNLEGGELSESRAPPORT": SourceKind.ADMISSION_REPORT,
    "MEDISINSKE_OPPLYSNINGER": SourceKind.MEDICAL_INFORMATION,
    "HELSEOPPLYSNINGER_LEGE": SourceKind.REPORT_TO_DOCTOR,
}
_PRESCRIBER, _STOPPED, _CANCELLED, _IN_MULTIDOSE = "R", "2", "C", "2"


class _Person(NamedTuple):
    name: str | None
    hpr: str | None


_NOBODY = _Person(None, None)


def read(content: bytes) -> SourceDocument:
    """The list of medicines in a file. Raises BrokenSource, with a sentence that says what is wrong and what to do."""
    if len(content) > LARGEST:
        raise BrokenSource("Filen er for stor til å være en legemiddelliste. Sjekk at du valgte riktig fil.")
    if not content.strip():
        raise BrokenSource("Filen er tom. Velg en annen fil.")
    root = parse(content)
    info = root.find("MsgInfo") if root.tag == "MsgHead" else None
    if info is None:
        raise BrokenSource("Filen er ikke en helsemelding. Velg en legemiddelliste, en e-resept eller en PLO-melding.")
    if any(each.get("V") == _CANCELLED for each in root.iter("Forsendelsesstatus")):
        raise BrokenSource(
            "Meldingen trekker tilbake en tidligere melding. Er den lest inn, merker du den som feilført."
        )
    sent_at = instant(text(info, "GenDate"))
    message_id, sender = text(info, "MsgId"), info.find("Sender")
    if sent_at is None or message_id is None or sender is None:
        raise BrokenSource("Meldingen sier ikke hvem som har sendt den og når. Be avsenderen om en ny fil.")
    kind, entries = _content(root, info, message_id, sender)
    if len(entries) > _MOST:
        raise BrokenSource("Filen har flere legemidler enn noen kan bruke. Sjekk at du valgte riktig fil.")
    return SourceDocument(kind, message_id, sent_at, _sent_by(sender), tuple(entries), _about(info))


def _content(root: Element, info: Element, message_id: str, sender: Element) -> tuple[SourceKind, list[SourceEntry]]:
    said = value(info, "Type")
    # M25.2 to M25.4 have the same elements, and are a pharmacy's proposals and deliveries: no list to go by.
    listed = root.find(".//LegemidlerIBruk") if said == "ERM251" else None
    if listed is not None:
        return SourceKind.MEDICATION_LIST, [_listed(each) for each in listed.findall("EnkeltoppforingLIB")]
    prescription = root.find(".//Resept") if said == "ERM1" else None
    if prescription is not None:
        return SourceKind.PRESCRIPTION, [_prescription(prescription, message_id, sender)]
    blocks = [(of, block) for of in root.iter("Legemiddelinfo") for block in of.findall("ForenkletForskrivning")]
    kind = _KINDS.get(said or "")
    if kind is None or not blocks:
        raise BrokenSource("Filen har ingen legemidler journalen kan lese. Sjekk at du valgte riktig fil.")
    return kind, [_block(block, of.get("komponentID") or "") for of, block in blocks]


def _listed(entry: Element) -> SourceEntry:
    """One entry of M25.1: its prescription lies inside it as base64 of M1's ReseptDokLegemiddel."""
    source_entry_id, packed = text(entry, "Id"), text(entry, "ReseptDokLegemiddelB64")
    try:
        inside = parse(b64decode("".join((packed or "").split()), validate=True))
    except NotBase64 as error:
        raise BrokenSource("Et legemiddel i listen kan ikke leses. Be avsenderen om en ny fil.") from error
    listing = inside if inside.tag == "ReseptDokLegemiddel" else inside.find(".//ReseptDokLegemiddel")
    if source_entry_id is None or listing is None:
        raise BrokenSource("Et legemiddel i listen kan ikke leses. Be avsenderen om en ny fil.")
    said = prescribed(listing)
    roles = {value(role, "Rolle"): role.find("Helseperson") for role in entry.findall("Rolle")}
    by = roles.get(_PRESCRIBER)
    who = _NOBODY if by is None else _Person(_name(by, "Fornavn", "Etternavn"), text(by, "HprId/Id"))
    return SourceEntry(
        source_entry_id,
        **said | {"starts_on": day(text(entry, "DatoOppstart")) or said["starts_on"]},
        prescriber_name=who.name,
        prescriber_hpr=who.hpr,
        changed_at=instant(text(entry, "SistEndret")),
        stopped=entry.find("Seponering") is not None,
        multidose=value(entry, "InngarMultidose") == _IN_MULTIDOSE,
        stop_code=value(entry, "Seponering/Arsak"),
    )


def _prescription(prescription: Element, message_id: str, sender: Element) -> SourceEntry:
    """M1: the message is the prescription, and its sender prescribed it."""
    listing = prescription.find("ReseptDokLegemiddel")
    if listing is None:
        raise BrokenSource("Resepten gjelder ikke et legemiddel. Sjekk at du valgte riktig fil.")
    who = _professional(sender.find(".//HealthcareProfessional"))
    return SourceEntry(
        message_id,
        **prescribed(listing),
        prescriber_name=who.name,
        prescriber_hpr=who.hpr,
        changed_at=instant(text(prescription, "Forskrivningsdato")),
    )


def _block(block: Element, component_id: str) -> SourceEntry:
    """A ForenkletForskrivning (epj3): names and dosages are text that somebody has typed."""
    info = block.find("Forskrivningsinfo")
    name = text(info, "Navn")
    if info is None or name is None:
        raise BrokenSource("Et legemiddel i meldingen mangler navn. Be avsenderen om en ny fil.")
    who = _professional(block.find("Forskriver"))
    return SourceEntry(
        component_id,
        name=name,
        substance=text(info, "GeneriskNavn"),
        atc_code=value(info, "Atc"),
        form=value(info, "Legemiddelform", "DN"),
        form_code=value(info, "Legemiddelform"),
        strength=_strength(info.find("Styrke")),
        item_number=text(info, "Nr"),
        dosage_text=text(info, "DosVeiledEnkel"),
        use=value(info, "Bruk"),
        starts_on=day(value(info, "DoseringStarttidspunkt")),
        ends_on=day(value(info, "DoseringSluttidspunkt")),
        indication=text(info, "BruksomradeTekst"),
        note=text(block, "Merknad"),
        prescriber_name=who.name,
        prescriber_hpr=who.hpr,
        stopped=value(block, "StatusTilForskrivningen") == _STOPPED,
        multidose=value(block, "InngaarIMultidose") == _IN_MULTIDOSE,
    )


def _strength(amount: Element | None) -> str | None:
    """`2,5 mg`: as it was written, with a comma."""
    written, unit = (amount.get("V", ""), amount.get("U", "")) if amount is not None else ("", "")
    return f"{written.replace('.', ',')} {unit}".strip() or None


def _about(info: Element) -> frozenset[str]:
    """The numbers of the person: the fødselsnummer where there is one, or else what there is. Raises BrokenSource."""
    numbers: dict[str, set[str]] = {}
    for ident in info.findall("Patient/Ident"):
        digits = "".join((text(ident, "Id") or "").split())
        if digits:
            numbers.setdefault(value(ident, "TypeId") or "", set()).add(digits)
    found = numbers.get("FNR") or set().union(*numbers.values())
    if not found:
        raise BrokenSource("Filen sier ikke hvilken pasient den gjelder. Be avsenderen om en ny fil.")
    return frozenset(found)


def _sent_by(sender: Element) -> str:
    """`Kattskinnet legesenter, August September`."""
    who = _professional(sender.find(".//HealthcareProfessional"))
    organisations = [text(each, "OrganisationName") for each in sender.iter("Organisation")]
    return ", ".join(_each((*organisations, who.name))) or "ukjent avsender"


def _professional(person: Element | None) -> _Person:
    if person is None:
        return _NOBODY
    hpr = (text(each, "Id") for each in person.findall("Ident") if value(each, "TypeId") == "HPR")
    return _Person(_name(person, "GivenName", "MiddleName", "FamilyName"), next(hpr, None))


def _name(person: Element, *parts: str) -> str | None:
    return " ".join(_each(text(person, part) for part in parts)) or None


def _each(words: Iterable[str | None]) -> list[str]:
    return [word for word in words if word]
