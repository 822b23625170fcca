"""A course that ends by the doses given: how many are left, which of them is the last, and what the course is longer by.

A dose that was refused, missed or held back is not counted, so the course gets one more at its end: twenty-eight doses are
twenty-eight given. What was taken in part is counted, since nobody may get more than was ordered without a doctor who says so;
a dose that was given twice is counted twice for the same reason.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from journal.medication.rules.status import DoseStatus
from journal.platform.language import joined, phrase


class Slot(NamedTuple):
    """A dose that was planned: when, and what became of it.

    `given`: how many times, mistakes taken out. `signed`: somebody has answered for it. `open`: neither paused nor taken back.
    """

    due_at: datetime
    given: int
    signed: bool
    open: bool
    missed_from: datetime


class SoFar(NamedTuple):
    """A course that counts, at a time.

    `given` of its doses are given, and `not_given` were to be. `waiting`: those that are due and may still be given, no more
    than are left of the course; after them come `ahead` more.
    """

    given: int
    not_given: int
    waiting: tuple[datetime, ...]
    ahead: int


def so_far(doses: int, slots: Iterable[Slot], *, now: datetime, start: datetime) -> SoFar:
    """Where a course of so many doses stands at `now`, when those due from `start` on are to be planned anew.

    The sum of given, waiting and ahead is `doses`, whatever has happened, unless more than that were given.
    """
    slots = sorted(slots)
    given = sum(slot.given for slot in slots)
    left = max(doses - given, 0)
    unsigned = [slot for slot in slots if slot.open and not slot.signed]
    missed = [slot for slot in unsigned if slot.missed_from <= now]
    refused = [slot for slot in slots if slot.signed and not slot.given]
    waiting = [slot.due_at for slot in unsigned if slot.missed_from > now and slot.due_at < start][:left]
    return SoFar(given, len(missed) + len(refused), tuple(waiting), left - len(waiting))


def so_far_text(given: int, doses: int, not_given: int) -> str:
    """`12 av 28 doser gitt · 2 ble ikke gitt og tas igjen til slutt`: what the list says of the course."""
    if given >= doses:
        return phrase("%(given)s av %(doses)s doser gitt, kuren er ferdig", given=given, doses=doses)
    said = phrase("%(given)s av %(doses)s doser gitt", given=given, doses=doses)
    if not not_given:
        return said
    return joined(" · ", (said, phrase("%(number)s ble ikke gitt og tas igjen til slutt", number=not_given)))


def is_made_up(status: DoseStatus) -> bool:
    """Whether a dose of the course with this status has another one for it at the end."""
    return status in (DoseStatus.NOT_GIVEN, DoseStatus.MISSED)


def number_text(number: int, doses: int) -> str:
    """`Dose 13 av 28`, `Siste dose i kuren (28 av 28)`: what the card of one dose says."""
    if number == doses:
        return phrase("Siste dose i kuren (%(number)s av %(doses)s)", number=number, doses=doses)
    return phrase("Dose %(number)s av %(doses)s", number=number, doses=doses)
