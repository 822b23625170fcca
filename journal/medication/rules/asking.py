"""Whom somebody asks when two lists differ and nobody here can know which is right (norway.md 3.4: the sources of samstemming)."""

from dataclasses import dataclass
from enum import StrEnum

from journal.platform.language import phrase, phrases


class AskOf(StrEnum):
    """Who may know what the patient takes."""

    GP = "gp"
    HOSPITAL = "hospital"
    OTHER_DOCTOR = "other_doctor"
    PHARMACY = "pharmacy"
    PATIENT = "patient"
    KIN = "kin"


ASK_OF = phrases(
    {
        AskOf.GP: "Fastlegen",
        AskOf.HOSPITAL: "Sykehuset",
        AskOf.OTHER_DOCTOR: "En annen lege",
        AskOf.PHARMACY: "Apoteket",
        AskOf.PATIENT: "Pasienten",
        AskOf.KIN: "Pårørende",
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be asked, and of whom; `text` may be empty: then it is which of the lists is right."""

    asked_of: AskOf
    text: str = ""


def asked(medicine: str, question: Question) -> str:
    """The question as the task and the page have it: `Fastlegen: metoprolol. Er dosen økt?`"""
    said = question.text or phrase("Hvilken liste er riktig?")
    return str(
        phrase("%(who)s: %(medicine)s. %(question)s", who=ASK_OF[question.asked_of], medicine=medicine, question=said)
    )
