"""When one tap is too little: what is special about a dose, said in words before it is signed.

One tap takes away the pause for thought, so a dose of these kinds is never signed with one (UX plan 3.1 and 8). What is
asked is decided at the time the dose is given: a dose ready now may be too early at the time that somebody writes.
"""

from datetime import datetime
from enum import StrEnum

from journal.medication.rules.status import span
from journal.platform.clock import spoken
from journal.platform.language import phrase, phrases

_INSULINS = "A10A"
"""ATC: insulins and analogues."""


class Caution(StrEnum):
    """What whoever signs must have seen."""

    EARLY = "early"
    LATE = "late"
    MISSED = "missed"
    INSULIN = "insulin"
    GROUP_A = "group-a"
    OVERRIDDEN = "overridden"
    PATCH_NOT_FOUND = "patch-not-found"
    SITE_RESTS = "site-rests"
    IN_DISPENSER = "in-dispenser"
    PRODUCT = "product"
    DOWNTIME = "downtime"
    TOO_NEAR = "too-near"


def cautions(
    *,
    atc_code: str | None,
    prescription_group: str | None,
    at: datetime,
    ready_from: datetime | None = None,
    late_after: datetime | None = None,
    missed_at: datetime | None = None,
    time_critical: bool = False,
    stop_overridden: bool = False,
    in_dispenser: bool = False,
    unknown: bool = False,
) -> tuple[Caution, ...]:
    """What is special about a dose that is given at `at`; nothing for an ordinary one.

    `ready_from` and `late_after` are the window of a planned dose, and from `missed_at` it counts as missed; a medicine as
    needed has none of them. Late matters only for a medicine whose time does (`time_critical`), missed for every one: the
    next dose is due, or soon will be, and two would be given in its stead. `stop_overridden`: the prescriber went on past
    a stop. `in_dispenser`: it comes from a dispenser, which may give it out beside whoever signs. `unknown`: the journal was away
    when it was to be given, or when a dose of the same substance was, and nobody has settled that.
    """
    missed = missed_at is not None and at >= missed_at
    held = {
        Caution.EARLY: ready_from is not None and at < ready_from,
        Caution.LATE: time_critical and late_after is not None and at > late_after and not missed,
        Caution.MISSED: missed,
        Caution.INSULIN: (atc_code or "").startswith(_INSULINS),
        Caution.GROUP_A: prescription_group == "A",
        Caution.OVERRIDDEN: stop_overridden,
        Caution.IN_DISPENSER: in_dispenser,
        Caution.DOWNTIME: unknown,
    }
    return tuple(caution for caution, holds in held.items() if holds)


def caution_text(caution: Caution, *, at: datetime, now: datetime, due_at: datetime | None = None) -> str:
    """The sentence for whoever is about to sign a dose as given at `at`, which is now unless she wrote another time."""
    match caution:
        case Caution.INSULIN:
            return phrase("Insulin: kontroller antall enheter og siste blodsukker.")
        case Caution.GROUP_A:
            return phrase("Legemiddel i gruppe A: kontroller navn, styrke og mengde.")
        case Caution.OVERRIDDEN:
            return phrase("Forskriveren gikk videre tross et stopp. Les begrunnelsen før du gir dosen.")
        case Caution.IN_DISPENSER:
            return phrase(
                "Dosen kommer fra dispenseren. Se at den er tatt ut der, så pasienten ikke får den to ganger."
            )
        case Caution.DOWNTIME:
            return phrase("Vi vet ikke om legemidlet ble gitt mens journalen var nede. Se på papiret før du gir det.")
    assert due_at is not None
    apart = span(due_at - at if caution is Caution.EARLY else at - due_at)
    messages = _AT_ANOTHER_TIME if at != now else _NOW
    return phrase(messages[caution], due=spoken(due_at, now), apart=apart, at=spoken(at, now))


_NOW = phrases(
    {
        Caution.EARLY: "Planlagt %(due)s, om %(apart)s. Gi den nå likevel?",
        Caution.LATE: "Planlagt %(due)s, for %(apart)s siden. Tiden er viktig for dette legemidlet. Gi den nå likevel?",
        Caution.MISSED: "Planlagt %(due)s, for %(apart)s siden, og regnet som ikke gitt. Se når neste dose er. Gi den nå likevel?",
    }
)
_AT_ANOTHER_TIME = phrases(
    {
        Caution.EARLY: "Planlagt %(due)s. Du skriver %(at)s, %(apart)s før. Stemmer det?",
        Caution.LATE: "Planlagt %(due)s. Du skriver %(at)s, %(apart)s etter. Tiden er viktig for dette legemidlet. Stemmer det?",
        Caution.MISSED: "Planlagt %(due)s. Du skriver %(at)s, %(apart)s etter, da dosen var regnet som ikke gitt. Stemmer det?",
    }
)
