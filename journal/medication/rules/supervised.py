"""A student gives medicines with her supervisor beside: for how long that holds, and what the supervisor signs herself.

Sources: helsepersonelloven § 5 (health personnel may let students do what they instruct and watch over, and answer for it);
forskrift om legemiddelhåndtering (FOR-2008-04-03-320) § 4, where the leader sees to it that whoever handles medicines is competent:
the authority that is asked for is the supervisor's. How long it holds is our own choice.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from journal.medication.rules.authority import ACTS, Act
from journal.platform.language import joined, phrase

HOLDS_FOR = timedelta(minutes=10)
"""Enough for one patient's doses. It is of what stood on the screen, so that a new dose asks anew before that."""

NOT_BESIDE_TEXT = phrase(
    "Veilederen din må stå ved siden av deg og bekrefte med PIN-koden sin før du signerer denne dosen."
)
TWO_TEXT = phrase(
    "Denne dosen skal ha to signaturer. Veilederen og en kollega signerer den. Du kan ikke være en av de to."
)
NEAR_TEXT = phrase("Dosen er for nær en annen dose. Veilederen avklarer den med legen og signerer den selv.")
ACCOUNT_TEXT = phrase("Denne dosen tas ut av A- og B-regnskapet. Veilederen signerer den selv.")


def holds_until(now: datetime) -> datetime:
    """Until when the supervisor stands beside, who says so now."""
    return now + HOLDS_FOR


def why_not(*, two_signatures: bool, lacking: Collection[Act]) -> str | None:
    """Why a dose is not the student's to sign, also with her supervisor beside; None where it is. `lacking`: the acts that the
    supervisor has no authority for."""
    if two_signatures:
        return TWO_TEXT
    if lacking:
        acts = joined(", ", [ACTS[act].in_a_sentence() for act in Act if act in lacking])
        return phrase("Veilederen din har ikke fullmakt til å %(acts)s.", acts=acts)
    return None
