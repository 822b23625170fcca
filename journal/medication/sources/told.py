"""What somebody tells that the patient takes, or has on paper: every line as it was said. No word of it is understood here."""

from collections.abc import Sequence

from journal.medication.sources.entries import SourceEntry, SourceKind
from journal.platform.errors import Invalid
from journal.platform.language import phrase, phrases

TOLD = (SourceKind.TOLD_BY_PATIENT, SourceKind.TOLD_BY_KIN, SourceKind.TRANSCRIBED)
"""The kinds that are typed by whoever hears or reads them; every other comes in a message."""

WHO_TOLD = phrases(
    {
        SourceKind.TOLD_BY_PATIENT: "Pasienten selv",
        SourceKind.TOLD_BY_KIN: "Pårørende",
        SourceKind.TRANSCRIBED: "Jeg skriver av en papirliste",
    }
)

MOST_LINES = 60
LONGEST_LINE = 200


def told_entries(text: str) -> tuple[SourceEntry, ...]:
    """A medicine for each line that is not empty, with the line as its name and nothing else: a person says what it is.

    Raises Invalid at `lines` when there is none, too many, or one that is longer than anybody says.
    """
    lines: Sequence[str] = [line for each in text.splitlines() if (line := " ".join(each.split()))]
    if not lines:
        raise Invalid(errors={"lines": ["Skriv minst ett legemiddel."]})
    if len(lines) > MOST_LINES:
        raise Invalid(errors={"lines": [phrase("Listen kan ha høyst %(most)s linjer.", most=MOST_LINES)]})
    if any(len(line) > LONGEST_LINE for line in lines):
        said = phrase("En linje kan ha høyst %(most)s tegn. Skriv ett legemiddel på hver linje.", most=LONGEST_LINE)
        raise Invalid(errors={"lines": [said]})
    return tuple(SourceEntry(str(n), name=line) for n, line in enumerate(lines, 1))
