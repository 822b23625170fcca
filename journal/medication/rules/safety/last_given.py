"""Whether the first dose of an order comes too soon after what was given of the same medicine, of any order or of none.

A prescriber who sees the list reads there when it was last given, and the signature holds a dose against it. This is asked for her
who may not see the list (`closed.py`). As needed: the order's own limits (`as_needed`). Else: half the usual time between two
doses (`interval`).
"""

from collections.abc import Sequence
from datetime import datetime

from journal.medication.rules.as_needed import Given, as_needed_room
from journal.medication.rules.dosage import Dosage
from journal.medication.rules.interval import half_interval
from journal.medication.rules.safety.alerts import Alert, Rule, Tier
from journal.medication.rules.safety.sources import ALL_ENTRIES
from journal.platform.language import phrase


def last_given_alerts(dosage: Dosage, first_at: datetime | None, given: Sequence[Given]) -> list[Alert]:
    """A card where the dose at `first_at` comes too soon. `given`: when and how much; `first_at` None: no dose is planned."""
    if first_at is None or not given:
        return []
    if dosage.as_needed is not None:
        near = not as_needed_room(dosage, given, first_at).allowed
    else:
        half = half_interval(dosage, first_at, None, None)
        near = any(abs(first_at - at) < half for at, _ in given)
    text = phrase("Det er gitt så nylig at første dose kommer for tidlig.")
    basis = max(at for at, _ in given).isoformat()
    alert = Alert(Tier.CARD, Rule.LAST_GIVEN, Rule.LAST_GIVEN, text, ALL_ENTRIES, nurse=text, basis=basis)
    return [alert] if near else []
