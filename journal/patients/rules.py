"""Decisions about patients as plain functions: the allergy state, how a name is folded, what somebody searches for."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journal.patients import national_id
from journal.platform.clock import local_date, norwegian_date
from journal.platform.language import phrase, phrases

REACTIONS = phrases(
    {
        "1": "Anafylaktisk reaksjon",
        "2": "Blodtrykksfall",
        "3": "Alvorlig arytmi",
        "4": "Larynxødem",
        "5": "Astma",
        "6": "Uspesifisert tung pust",
        "7": "Redusert bevissthet/forvirring",
        "8": "Generaliserte kramper",
        "9": "Angioødem/alvorlig generalisert urticaria",
        "10": "Alvorlig hudreaksjon",
        "11": "Mindre alvorlig hudreaksjon",
        "12": "Irritasjon i slimhinner",
        "13": "Oppkast, diaré, magesmerter",
        "14": "Nyresvikt/redusert nyrefunksjon",
        "15": "Blodaplasier/bloddysplasier",
        "16": "Leversvikt/redusert leverfunksjon",
        "17": "Rhabdomyolyse",
        "18": "Annen alvorlig reaksjon",
        "19": "Annen mindre alvorlig reaksjon",
        "20": "Ukjent reaksjon",
    }
)
"""Volven 7497."""

SOURCES = phrases(
    {
        "1": "Resultat av tester/analyser",
        "2": "Observert av behandlende lege",
        "3": "Pasientens egne opplysninger",
        "4": "Pårørendes opplysninger",
        "5": "Hentet fra tidligere journal",
        "6": "Annet",
        "7": "Opplyst av ansvarlig behandler",
    }
)
"""Volven 7498."""

SEXES = phrases({"female": "Kvinne", "male": "Mann", "unknown": "Ikke kjent"})
CONFIDENTIALITY = phrases(
    {
        "none": "",
        "confidential": "Fortrolig adresse (kode 7)",
        "strictly_confidential": "Strengt fortrolig adresse (kode 6)",
    }
)
NUMBER_LABELS = phrases({"FNR": "Fnr", "DNR": "D-nr", "FHN": "Hjelpenr", "HNR": "H-nr", "DUF": "DUF-nr"})
"""Best first: the number the banner shows when a person has several."""
FLAGS = phrases(
    {
        "cpr": "Gjenoppliving (HLR)",
        "anticoagulant": "Blodfortynnende",
        "swallowing": "Svelgevansker",
        "infection": "Smitte",
        "other": "Annet",
    }
)


def strictest(confidentialities: Iterable[str]) -> str:
    """The protection of a person whose records say different things."""
    return max(confidentialities, key=list(CONFIDENTIALITY).index)


def number_label(kind: str, issuer: str | None) -> str:
    """What stands before a number; an H-number is nothing without who issued it (HIS 1001:2010)."""
    return phrase("%(label)s (%(issuer)s)", label=NUMBER_LABELS[kind], issuer=issuer) if issuer else NUMBER_LABELS[kind]


class AllergyState(StrEnum):
    """Which of the four texts the banner shows (ux 2.3); there is no fifth, and never a blank."""

    ALLERGIES = "allergies"
    NONE_KNOWN = "none-known"
    NOT_ASKED = "not-asked"
    UNAVAILABLE = "unavailable"


ALLERGY_TEXTS = phrases(
    {
        AllergyState.ALLERGIES: "ALLERGI",
        AllergyState.NONE_KNOWN: "Ingen kjente allergier",
        AllergyState.NOT_ASKED: "Allergier ikke spurt om",
        AllergyState.UNAVAILABLE: "Allergier utilgjengelig",
    }
)


class Allergy(NamedTuple):
    """The current version of an allergy or intolerance, also when it is refuted. `code` is ATC."""

    patient_id: UUID
    entry_id: UUID
    version: int
    kind: str
    substance: str
    reaction: str | None
    reaction_code: str | None
    source_code: str | None
    severity: str | None
    criticality: str | None
    verification_status: str
    recorded_at: datetime
    recorded_by_name: str
    code: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it is to be acted upon; an unconfirmed one is."""
        return self.verification_status != "refuted"

    @property
    def reaction_text(self) -> str:
        """What happened, in the recorder's words, else the code's; empty when nobody said."""
        return self.reaction or REACTIONS.get(self.reaction_code or "", "")

    @property
    def recorded_on_text(self) -> str:
        return norwegian_date(local_date(self.recorded_at))

    @property
    def source_text(self) -> str:
        return SOURCES.get(self.source_code or "", "")


def allergy_state(allergies: Collection[Allergy] | None, none_known_at: datetime | None) -> AllergyState:
    """The state from what is recorded (None: it could not be read) and when "ingen kjente" was last stated.

    An intolerance is no allergy. A statement older than an allergy that was recorded after it, and later refuted, says
    nothing about today: the patient must be asked again.
    """
    if allergies is None:
        return AllergyState.UNAVAILABLE
    known = [a for a in allergies if a.kind == "allergy"]
    latest = max((a.recorded_at for a in known), default=None)
    return state_in_a_list(any(a.holds for a in known), latest, none_known_at)


def state_in_a_list(holds: bool, latest: datetime | None, none_known_at: datetime | None) -> AllergyState:
    """The same from less: whether any allergy holds, when the latest was recorded, and when "ingen kjente" was stated."""
    if holds:
        return AllergyState.ALLERGIES
    if none_known_at is not None and (latest is None or latest <= none_known_at):
        return AllergyState.NONE_KNOWN
    return AllergyState.NOT_ASKED


_FOLDED = str.maketrans(
    {"å": "aa", "ä": "æ", "ö": "ø", "đ": "d", "ł": "l", "ß": "ss", "þ": "th", "ð": "d", "'": "", "’": ""}
)
_WORD = re.compile(r"[^\W_]+")


def name_words(*names: str) -> tuple[str, ...]:
    """The words of a name as the finder compares them: lower case, å as aa (so that "ha" finds Håvard and Haavard),
    other marks taken off, parted at everything that is no letter or digit. Without repeats, sorted.
    """
    written = unicodedata.normalize("NFKC", " ".join(names)).lower().translate(_FOLDED)
    bare = "".join(c for c in unicodedata.normalize("NFKD", written) if not unicodedata.combining(c))
    return tuple(sorted(set(_WORD.findall(bare))))


@dataclass(frozen=True)
class Sought:
    """What somebody looks for: *mode* is words, number or person (the full name with the full date of birth)."""

    mode: str
    words: tuple[str, ...] = ()
    number: str | None = None
    birth_date: date | None = None


class NothingToLookFor(ValueError):
    """The text can find nobody; the message (bokmål) says what to write."""


_DATE = re.compile(r"(?<!\d)(\d{1,2})[. /-](\d{1,2})[. /-](\d{4})(?!\d)", re.ASCII)


def sought(text: str, *, synthetic_allowed: bool) -> Sought:
    """What the text asks for: a number, a name with a date of birth, or words of a name.

    Raises NothingToLookFor and national_id.NotANationalId, both with a sentence for the user that repeats no number.
    """
    written = text.strip()
    if national_id.looks_like_number(written):
        compact = re.sub(r"[.\-]", "", written)
        return Sought("number", number=national_id.classify(compact, synthetic_allowed=synthetic_allowed).value)
    born = None
    if found := _DATE.search(written):
        born = _date(int(found[3]), int(found[2]), int(found[1]))
        written = written[: found.start()] + " " + written[found.end() :]
    words = name_words(written)
    if not words or len("".join(words)) < 2:
        raise NothingToLookFor("Skriv minst to bokstaver av navnet, eller hele fødselsnummeret.")
    if any(character.isdigit() for word in words for character in word):
        raise NothingToLookFor("Skriv hele fødselsnummeret, eller fullt navn og fødselsdato som 14.03.1938.")
    if born is None:
        return Sought("words", words[:8])
    if len(words) < 2:
        raise NothingToLookFor("Skriv både fornavn og etternavn sammen med fødselsdatoen.")
    return Sought("person", words, birth_date=born)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NothingToLookFor("Fødselsdatoen finnes ikke. Skriv den som 14.03.1938.") from error


def birth_date_text(birth_date: date | None, precision: str) -> str:
    """`14.03.1938`, `14.03.1938 (anslått)` or `Ikke kjent`; never blank (ux 2.3)."""
    if birth_date is None:
        return phrase("Ikke kjent")
    written = norwegian_date(birth_date)
    return phrase("%(date)s (anslått)", date=written) if precision == "estimated" else written
