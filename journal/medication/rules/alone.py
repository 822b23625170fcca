"""A dose that wants two signatures where there is no second person: why it was signed alone, and when another is to look.

Source: the circular to forskrift om legemiddelhåndtering (FOR-2008-04-03-320), which asks for control by another where the risk
is high and leaves it to the unit what is done where one is alone; the reasons are our own.
"""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from enum import StrEnum

from journal.platform.clock import instant, local_date
from journal.platform.language import phrase


class AloneReason(StrEnum):
    """Why nobody else signed."""

    NIGHT = "night"
    HOME = "home"
    NOBODY = "nobody"
    URGENT = "urgent"
    OTHER = "other"


ALONE = {
    AloneReason.NIGHT: phrase("Natt"),
    AloneReason.HOME: phrase("Hjemmetjeneste"),
    AloneReason.NOBODY: phrase("Ingen andre på vakt"),
    AloneReason.URGENT: phrase("Akutt"),
    AloneReason.OTHER: phrase("Annet"),
}

LISTED_FOR = timedelta(days=30)
"""How far back the list of those who signed alone goes."""


def next_change(now: datetime, changes: Collection[time]) -> datetime:
    """When the next shift takes over, after `now`. `changes` are clock times in Oslo, at least one; one that comes twice is the
    first time."""
    today = local_date(now)
    days = today, today + timedelta(days=1)
    return min(at for day in days for change in changes if (at := instant(day, change)) > now)


def alone_text(reason: str) -> str:
    """What stands in the place of the second signature."""
    return phrase("Signert alene: %(why)s.", why=ALONE[AloneReason(reason)].in_a_sentence())
