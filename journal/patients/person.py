"""Who somebody is and how to reach her: what is written, what stood there before, and what a protected address hides. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from journal.patients import rules
from journal.patients.national_id import grouped
from journal.platform.clock import local_date, norwegian_date
from journal.platform.language import phrases

PLACES = ("address_line_1", "address_line_2", "postal_code", "city", "home_municipality_number", "phone")
"""The columns that tell where somebody is: a protected address hides them, today's and those of before."""

LANGUAGES = phrases(
    {
        "nb": "Norsk, bokmål",
        "nn": "Norsk, nynorsk",
        "se": "Nordsamisk",
        "smj": "Lulesamisk",
        "sma": "Sørsamisk",
        "nsl": "Norsk tegnspråk",
        "ar": "Arabisk",
        "da": "Dansk",
        "prs": "Dari",
        "en": "Engelsk",
        "fi": "Finsk",
        "fr": "Fransk",
        "lt": "Litauisk",
        "fa": "Persisk",
        "pl": "Polsk",
        "ro": "Rumensk",
        "ru": "Russisk",
        "so": "Somali",
        "es": "Spansk",
        "sv": "Svensk",
        "th": "Thai",
        "ti": "Tigrinja",
        "tr": "Tyrkisk",
        "de": "Tysk",
        "uk": "Ukrainsk",
        "ur": "Urdu",
        "vi": "Vietnamesisk",
    }
)
"""ISO 639 code to name; those that are chosen from, the Norwegian and Sámi ones first."""

_LABELS = phrases(
    {
        "family_name": "Etternavn",
        "given_name": "Fornavn",
        "birth_date": "Fødselsdato",
        "birth_date_precision": "Om fødselsdatoen",
        "sex": "Kjønn",
        "died_at": "Død",
        "confidentiality": "Adressesperre",
        "address_line_1": "Adresse",
        "address_line_2": "Adresse, linje 2",
        "postal_code": "Postnummer",
        "city": "Poststed",
        "home_municipality_number": "Kommunenummer",
        "phone": "Telefon",
        "language": "Språk",
        "general_practitioner_name": "Fastlege",
    }
)
_CODES = {
    "birth_date_precision": phrases({"exact": "sikker", "estimated": "anslått", "unknown": "ikke kjent"}),
    "sex": rules.SEXES,
    "confidentiality": rules.CONFIDENTIALITY | phrases({"none": "Ingen"}),
    "language": LANGUAGES,
}


@dataclass(frozen=True, kw_only=True)
class PersonIdentity:
    """Who somebody is. Birth date and sex are what is said of the person, never read from a number."""

    family_name: str
    given_name: str
    birth_date: date | None
    birth_date_precision: str = "exact"
    sex: str = "unknown"
    confidentiality: str = "none"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """How to reach somebody; *language* is an ISO 639 code."""

    address_line_1: str | None = None
    address_line_2: str | None = None
    postal_code: str | None = None
    city: str | None = None
    phone: str | None = None
    language: str | None = None
    general_practitioner_name: str | None = None

    @property
    def address(self) -> str:
        """On one line, as on an envelope; empty when none is known."""
        town = " ".join(filter(None, (self.postal_code, self.city)))
        return ", ".join(filter(None, (self.address_line_1, self.address_line_2, town)))

    @property
    def language_text(self) -> str:
        return LANGUAGES.get(self.language or "", self.language or "")


@dataclass(frozen=True, kw_only=True)
class NewPatient(PersonIdentity, Contact):
    """Who is to be registered; *issuer* is who gave an H-number."""

    national_id: str | None = None
    issuer: str | None = None


@dataclass(frozen=True)
class Number:
    """A number of the person, the one in use or one that was replaced."""

    id: UUID
    label: str
    value: str
    valid_from: datetime
    valid_until: datetime | None
    recorded_by_name: str


@dataclass(frozen=True)
class Change:
    """What stood there before somebody changed it: label and text of each field."""

    at: datetime
    by: str
    was: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Person:
    """Who the patient is, with what was written before, newest first. *version* travels with a change.

    Address and telephone are left out while the address is protected, and those of before for good once it has been.
    """

    identity: PersonIdentity
    contact: Contact
    numbers: tuple[Number, ...]
    changes: tuple[Change, ...]
    version: int

    @property
    def protected(self) -> bool:
        return self.identity.confidentiality != "none"

    @property
    def birth_date_text(self) -> str:
        return rules.birth_date_text(self.identity.birth_date, self.identity.birth_date_precision)

    @property
    def birth_date_typed(self) -> str:
        """As it is written in a form; empty when it is not known."""
        return norwegian_date(self.identity.birth_date) if self.identity.birth_date else ""

    @property
    def sex_text(self) -> str:
        return rules.SEXES[self.identity.sex]

    @property
    def confidential_text(self) -> str:
        return rules.CONFIDENTIALITY[self.identity.confidentiality]


def person_of(leading: Any, records: Sequence[Any], history: Sequence[Any], numbers: Iterable[Any]) -> Person:
    """From the rows of every linked record: *history* newest first, protection that of the strictest."""
    confidentiality = rules.strictest(record.confidentiality for record in records)
    hidden = PLACES if confidentiality != "none" else ()
    ever = hidden or any((row.was or {}).get("confidentiality", "none") != "none" for row in history)
    names = [name for name in PersonIdentity.__dataclass_fields__ if name != "confidentiality"]
    said = {name: None if name in hidden else getattr(leading, name) for name in Contact.__dataclass_fields__}
    return Person(
        PersonIdentity(confidentiality=confidentiality, **{name: getattr(leading, name) for name in names}),
        Contact(**said),
        tuple(_number(row) for row in numbers),
        tuple(_change(row, PLACES if ever else ()) for row in history if row.was),
        len(history) + 1,
    )


def _number(row: Any) -> Number:
    label = rules.number_label(row.kind, row.issuer)
    return Number(row.id, label, grouped(row.value), row.valid_from, row.valid_until, row.recorded_by_name)


def _change(row: Any, hidden: Sequence[str]) -> Change:
    known: Mapping[str, Any] = row.was
    was = [(_LABELS[n], "vises ikke" if n in hidden else _text(n, known[n])) for n in _LABELS if n in known]
    return Change(row.recorded_at, row.recorded_by_name, tuple(was))


def _text(name: str, value: Any) -> str:
    """An old value, as JSON has it, in words."""
    if value is None:
        return "ikke registrert"
    if name == "birth_date":
        return norwegian_date(date.fromisoformat(value))
    if name == "died_at":
        return norwegian_date(local_date(datetime.fromisoformat(value)))
    return _CODES.get(name, {}).get(value, str(value))
