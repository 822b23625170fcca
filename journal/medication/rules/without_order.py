"""What was given without an order: it is stored, whatever it was, since the body knows nothing of orders.

Source: helsepersonelloven § 39 and pasientjournalforskriften § 4 (what was given is written in the record of the one who got it).
"""

from enum import StrEnum

from journal.platform.language import phrases


class Cause(StrEnum):
    """Why there was no order."""

    EMERGENCY = "emergency"
    WRONG_PATIENT = "wrong-patient"
    OTHER = "other"


CAUSES = phrases(
    {
        Cause.EMERGENCY: "Akutt, før legen rakk å ordinere",
        Cause.WRONG_PATIENT: "Legemidlet var til en annen pasient",
        Cause.OTHER: "Annet",
    }
)
