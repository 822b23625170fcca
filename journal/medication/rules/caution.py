"""When one tap is too little: what is special about a dose, said in words before it is signed.

One tap takes away the pause for thought, so a dose of these kinds is never signed with one (UX plan 3.1 and 8). What is
asked is decided at the time the dose is given: a dose ready now may be too early at the time that somebody writes.
"""

from datetime import datetime
from enum import StrEnum

from journal.medication.rules.status import span
from journal.platform.clock import spoken
from journal.platform.language import phrase

_INSULINS = "A10A"
"""ATC: insulins and analogues."""


class Caution(StrEnum):
    """What whoever signs must have seen."""

    EARLY = "early"
    LATE = "late"
    INSULIN = "insulin"
    GROUP_A = "group-a"


def cautions(
    *,
    atc_code: str | None,
    prescription_group: str | None,
    at: datetime,
    ready_from: datetime | None = None,
    late_after: datetime | None = None,
    time_critical: bool = False,
) -> tuple[Caution, ...]:
    """What is special about a dose that is given at `at`; nothing for an ordinary one.

    `ready_from` and `late_after` are the window of a planned dose; a medicine as needed has none. Late matters only for
    a medicine whose time does (`time_critical`).
    """
    held = {
        Caution.EARLY: ready_from is not None and at < ready_from,
        Caution.LATE: time_critical and late_after is not None and at > late_after,
        Caution.INSULIN: (atc_code or "").startswith(_INSULINS),
        Caution.GROUP_A: prescription_group == "A",
    }
    return tuple(caution for caution, holds in held.items() if holds)


def caution_text(caution: Caution, *, at: datetime, now: datetime, due_at: datetime | None = None) -> str:
    """The sentence for whoever is about to sign a dose as given at `at`, which is now unless she wrote another time."""
    match caution:
        case Caution.INSULIN:
            return phrase("Insulin: kontroller antall enheter og siste blodsukker.")
        case Caution.GROUP_A:
            return phrase("Legemiddel i gruppe A: kontroller navn, styrke og mengde.")
    assert due_at is not None
    early = caution is Caution.EARLY
    apart = span(due_at - at if early else at - due_at)
    values = {"due": spoken(due_at, now), "apart": apart, "at": spoken(at, now)}
    if at == now and early:
        return phrase("Planlagt %(due)s, om %(apart)s. Gi den nå likevel?", due=values["due"], apart=apart)
    if at == now:
        message = "Planlagt %(due)s, for %(apart)s siden. Tiden er viktig for dette legemidlet. Gi den nå likevel?"
        return phrase(message, due=values["due"], apart=apart)
    if early:
        return phrase("Planlagt %(due)s. Du skriver %(at)s, %(apart)s før. Stemmer det?", **values)
    return phrase(
        "Planlagt %(due)s. Du skriver %(at)s, %(apart)s etter. Tiden er viktig for dette legemidlet. Stemmer det?",
        **values,
    )
