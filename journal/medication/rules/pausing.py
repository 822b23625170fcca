"""What is given while an antibiotic or an anticoagulant is paused: nobody pauses one without saying so.

Source: a gap in either is dangerous by itself (a clot, a relapse), which no other pause is: ux.md 4, issue 3.
"""

from enum import StrEnum

from journal.platform.language import joined, phrase, phrases

MUST_BE_REPLACED = ("J01", "B01AA", "B01AB", "B01AE", "B01AF", "B01AX")
"""ATC groups: antibacterials for systemic use, and the anticoagulants among the antithrombotics (B01AC is for platelets)."""


class Replacement(StrEnum):
    """What is given instead."""

    ORDER = "order"
    """Another order that the patient has."""
    PRESCRIBE = "prescribe"
    """Something that is prescribed next."""
    NOTHING = "nothing"
    """Nothing, for a reason."""


REPLACEMENTS = phrases(
    {
        Replacement.ORDER: "Et annet legemiddel i listen",
        Replacement.PRESCRIBE: "Noe jeg forskriver nå, for eksempel heparin",
        Replacement.NOTHING: "Ingenting",
    }
)


def must_be_replaced(atc_code: str | None) -> bool:
    """Whether a pause of this medicine must say what replaces it."""
    return (atc_code or "").startswith(MUST_BE_REPLACED)


def missing(replacement: Replacement | None, *, because: str, order_is_chosen: bool) -> tuple[str, str] | None:
    """The field that such a pause lacks, and what it wants; None when it says what is needed."""
    if replacement is None:
        return "replacement", phrase("Velg hva som gis mens legemidlet er pauset.")
    if replacement is Replacement.ORDER and not order_is_chosen:
        return "replaced_by", phrase("Velg hvilket legemiddel som gis i stedet.")
    if replacement is Replacement.NOTHING and not because.strip():
        return "because", phrase("Skriv hvorfor ingenting gis i stedet.")
    return None


def pause_text(
    reason: str, replacement: Replacement | None, *, named: str | None, because: str, until: str | None
) -> str:
    """Why it is paused, what is given instead, and until when, as it follows the order: on the card, in the list, in FHIR.

    `named`: the other medicine; `until`: the day as it is written.
    """
    instead = {
        Replacement.ORDER: phrase("I stedet gis %(medicine)s", medicine=named or ""),
        Replacement.PRESCRIBE: phrase("Det som skal gis i stedet, forskrives nå"),
        Replacement.NOTHING: phrase("Ingenting gis i stedet: %(because)s", because=because.strip().rstrip(".")),
    }
    said = (
        reason.strip().rstrip("."),
        instead[replacement] if replacement else None,
        phrase("Vurderes %(day)s", day=until) if until else None,
    )
    told = [part for part in said if part]
    # One that says nothing but why is as it was written.
    return reason if len(told) == 1 else joined(". ", told)
