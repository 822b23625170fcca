"""The drawers of a chart: what lies in one, for how long a reason opens it, and the reasons.

Sources: pasientjournalloven § 19 and helsepersonelloven §§ 25 and 45 (what is needed to give help, and no more);
helsepersonelloven § 21 a (no reading without a need of one's work); Normen 5.2 on what is to be shielded within a record.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from journal.platform.language import phrases

# A shift, and no longer than PostgreSQL lets it (for_a_shift).
LASTS = timedelta(hours=8)


class Why(StrEnum):
    CARE_NOW = "care-now"
    PLANNING = "planning"
    DANGER = "danger"
    PATIENT_ASKS = "patient-asks"
    OWN_NOTE = "own-note"


REASONS = phrases(
    {
        Why.CARE_NOW: "Jeg trenger det for hjelpen jeg gir nå",
        Why.PLANNING: "Jeg vurderer eller planlegger hjelpen",
        Why.DANGER: "Jeg må vite om noen er i fare",
        Why.PATIENT_ASKS: "Pasienten ber om det",
        Why.OWN_NOTE: "Jeg skal se over noe jeg selv har skrevet",
    }
)


def decision_ref(reason: Why) -> dict[str, Any]:
    """What each line of the log says of why the drawer was open: chosen by whoever reads."""
    return {"id": f"drawer:{reason.value}", "description": str(REASONS[reason]), "user_selected": True}
