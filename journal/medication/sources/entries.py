"""What a list from elsewhere says, as it says it: nothing is worked out, and what is not understood stays text."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from journal.medication.rules import Dosage
from journal.platform.errors import Invalid
from journal.platform.language import phrases


class BrokenSource(Invalid):
    """The file cannot be read, is no list of medicines, or is about somebody else. Nothing of it is stored."""

    type, title = "broken-source", "Filen kan ikke leses inn"

    def __init__(self, said: str) -> None:
        super().__init__(errors={"file": [said]})


class SourceKind(StrEnum):
    """Which message the list came in, or who told what stands in it."""

    MEDICATION_LIST = "medication_list"
    """Pasientens legemiddelliste (PLL), M25.1"""
    PRESCRIPTION = "prescription"
    """E-resept, M1"""
    MEDICINES = "medicines"
    """Legemiddelopplysninger from another journal (EPJ-ekstrakt)"""
    DISCHARGE_REPORT = "discharge_report"
    """Utskrivningsrapport: hospital to municipality"""
    ADMISSION_REPORT = "admission_report"
    """Innleggelsesrapport: municipality to hospital"""
    MEDICAL_INFORMATION = "medical_information"
    """Medisinske opplysninger: general practitioner to municipality"""
    REPORT_TO_DOCTOR = "report_to_doctor"
    """Helseopplysninger til lege: municipality to general practitioner"""
    TOLD_BY_PATIENT = "told_by_patient"
    TOLD_BY_KIN = "told_by_kin"
    """What the patient, or her next of kin, says that she takes"""
    TRANSCRIBED = "transcribed"
    """Written off from a list on paper"""


SOURCE_NAMES = phrases(
    {
        SourceKind.MEDICATION_LIST: "Pasientens legemiddelliste (PLL)",
        SourceKind.PRESCRIPTION: "E-resept",
        SourceKind.MEDICINES: "Legemiddelopplysninger",
        SourceKind.DISCHARGE_REPORT: "Utskrivningsrapport",
        SourceKind.ADMISSION_REPORT: "Innleggelsesrapport",
        SourceKind.MEDICAL_INFORMATION: "Medisinske opplysninger",
        SourceKind.REPORT_TO_DOCTOR: "Helseopplysninger til lege",
        SourceKind.TOLD_BY_PATIENT: "Pasientens egen liste",
        SourceKind.TOLD_BY_KIN: "Liste fra pårørende",
        SourceKind.TRANSCRIBED: "Avskrift av papirliste",
    }
)
"""What each kind is called."""

LISTS = frozenset(SourceKind) - {SourceKind.PRESCRIPTION}
"""The kinds that say all of what the patient takes. That a medicine is not in one of the others says nothing of it."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One medicine of a list.

    `source_entry_id`: the source's own id, the same through the whole treatment in M25.1. `name` is as it was written.
    `substance`: the name of the ATC code, where the message has it. `fest_id` and `item_number` point to the catalogue.
    `dosage_text` is what the source says to the patient; `dosage` the same as structure, None where there is none or it
    cannot be understood exactly. `use` is 9101. `ends_on` is the last day with it. `changed_at` is the source's date of
    the entry, None where only the message is dated. `stopped`: the source says that she shall not take it any more;
    `stop_code` is 7494.
    """

    source_entry_id: str
    name: str
    substance: str | None = None
    atc_code: str | None = None
    form: str | None = None
    form_code: str | None = None
    strength: str | None = None
    fest_id: UUID | None = None
    item_number: str | None = None
    dosage_text: str | None = None
    dosage: Dosage | None = None
    use: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    indication: str | None = None
    note: str | None = None
    prescriber_name: str | None = None
    prescriber_hpr: str | None = None
    changed_at: datetime | None = None
    stopped: bool = False
    stop_code: str | None = None
    multidose: bool = False


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One message with its medicines, in its order.

    `national_ids`: the numbers of the person it is about, digits only; no text of an error and no `repr` holds them.
    `sent_at` is when the message was made (UTC), `sender` who made it, empty where the kind says it. `whole`: whether it is
    all that the patient takes; None where the kind says so.
    """

    kind: SourceKind
    message_id: str
    sent_at: datetime
    sender: str
    entries: tuple[SourceEntry, ...]
    national_ids: frozenset[str] = field(repr=False)
    whole: bool | None = None
