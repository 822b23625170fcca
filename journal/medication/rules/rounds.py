"""The round: doses that are given in one walk through the ward, grouped by the hour they are due."""

from datetime import datetime

from journal.platform.clock import local


def slot_of(due_at: datetime) -> str:
    """The slot of a dose: `08` for all that is due from 08.00 to 08.59 in Oslo."""
    return f"{local(due_at):%H}"
