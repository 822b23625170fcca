"""Permisjon: who has the doses while the patient is away, and what is said of them.

Source: forskrift om legemiddelhåndtering (FOR-2008-04-03-320) with Helsedirektoratet's circular (18.09.2025): medicines sent along
are marked and listed for the patient or her next of kin, who then sees to the doses; what nobody of the service saw is written as
told, and by whom.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from journal.platform.language import phrase, phrases

SENT, AT_HOME = "leave", "leave_home"
ON_LEAVE = frozenset({SENT, AT_HOME})
"""Of whom such a dose is expected, in the place of who else gives it: nobody of the unit."""

LONGEST = timedelta(days=7)
"""As far ahead as doses are worked out for certain; a longer leave is handed out anew."""


class Outcome(StrEnum):
    """What whoever was with her tells afterwards of a medicine."""

    TAKEN = "taken"
    NOT_TAKEN = "not-taken"
    UNKNOWN = "unknown"


OUTCOMES = phrases(
    {Outcome.TAKEN: "Tatt som avtalt", Outcome.NOT_TAKEN: "Ikke tatt", Outcome.UNKNOWN: "Vet ikke"},
)
_TOLD = phrases(
    {"completed": "tatt på permisjon, fortalt etterpå", "not-done": "ikke tatt på permisjon, fortalt etterpå"}
)
_HAS = phrases({SENT: "på permisjon – sendt med", AT_HOME: "på permisjon – har hjemme"})


def leave_text(expected_of: str, told: str | None) -> str:
    """What a dose of a leave says. `told`: the status of what was told of it, None while nothing was."""
    return _TOLD[told] if told else _HAS[expected_of]


def why_not(starts_at: datetime, ends_at: datetime, now: datetime) -> dict[str, list[str]]:
    """What is wrong with the period, by field; nothing when it can be."""
    if ends_at <= starts_at:
        return {"ends_at": [phrase("Ventet tilbake må være etter at pasienten drar.")]}
    if ends_at <= now:
        return {"ends_at": [phrase("Permisjonen er over. Legemidler sendes med før pasienten drar.")]}
    if ends_at - starts_at > LONGEST:
        return {"ends_at": [phrase("Legemidler sendes med for inntil sju døgn om gangen.")]}
    return {}
