"""Kinds of note, the headings each begins with, and how versions become a note. No database, no clock, no web."""

from collections.abc import Iterable
from typing import Protocol, TypeVar
from uuid import UUID

from journal.platform.language import phrases

KINDS: dict[str, str] = phrases(
    {
        "general": "Notat",
        "supervision": "Tilsyn",
        "fall": "Fall",
        "pain": "Smerte",
        "wound": "Sår",
        "next_of_kin": "Samtale med pårørende",
        "doctor_call": "Telefon med lege",
    }
)

HEADINGS: dict[str, tuple[str, ...]] = {
    "general": (),
    "supervision": ("Årsak til tilsynet", "Observasjoner", "Vurdering", "Tiltak"),
    "fall": ("Hva skjedde", "Skade", "Bevissthet og smerte", "Hvem er varslet", "Tiltak"),
    "pain": ("Hvor og når", "Styrke 0–10", "Hva lindrer", "Tiltak og effekt"),
    "wound": ("Plassering", "Størrelse", "Utseende og sekresjon", "Stell", "Neste skift"),
    "next_of_kin": ("Hvem vi snakket med", "Hva de fortalte", "Hva vi svarte", "Avtale"),
    "doctor_call": ("Hvem vi snakket med", "Situasjon", "Vurdering", "Lest tilbake", "Hva legen bestemte"),
}


class Version(Protocol):
    """A version of an entry, as a row has it."""

    @property
    def entry_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def in_error(self) -> bool: ...


V = TypeVar("V", bound=Version)


def template(kind: str) -> str:
    """The empty note of a kind: its headings, each with an empty line to write on."""
    return "\n\n".join(f"{heading}:\n" for heading in HEADINGS.get(kind, ()))


def unwritten(body: str, kind: str) -> bool:
    """Whether nothing stands in the note but the headings it began with."""
    lines = {f"{heading}:" for heading in HEADINGS.get(kind, ())}
    return all(line.strip() in lines for line in body.splitlines() if line.strip())


def by_entry(versions: Iterable[V]) -> list[list[V]]:
    """The versions of each entry, the one that holds first: the highest not in error, or the highest of an erroneous entry.

    The entries stand in the order in which their first version came.
    """
    entries: dict[UUID, list[V]] = {}
    for version in versions:
        entries.setdefault(version.entry_id, []).append(version)
    return [sorted(found, key=lambda v: (v.in_error, -v.version)) for found in entries.values()]
