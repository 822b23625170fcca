"""Tasks that pass up when nobody acts: which kinds do, and who is told after how many minutes. No database, no clock, no web.

A kind is added with one line here; the worker does the rest. Source: issue 4 ("tasks that pass up a ladder when unanswered").
"""

from enum import IntEnum
from typing import NamedTuple

from journal.permissions import Role
from journal.platform.language import phrases


class Told(IntEnum):
    """Who is told of a task that nobody has done: each is told after the one before, who is told still."""

    UNIT = 1
    NURSE = 2
    MANAGER = 3


class After(NamedTuple):
    """So many minutes over its time, a task is told to them too."""

    minutes: int
    told: Told


_AS_LONG_AGAIN = (After(0, Told.UNIT), After(15, Told.NURSE), After(60, Told.MANAGER))
"""What has been given its own time already: at that time, and then as long as somebody needs to get there."""

RAISED: dict[str, tuple[After, ...]] = {
    "no-answer": (After(0, Told.UNIT), After(5, Told.NURSE), After(15, Told.MANAGER)),
    "dispenser-not-taken": _AS_LONG_AGAIN,
    "dispenser-no-contact": _AS_LONG_AGAIN,
    "dispenser-fault": _AS_LONG_AGAIN,
}
"""By the kind of task (rules.TASKS). What is not here is raised to nobody."""

TOLD = phrases(
    {
        Told.UNIT: "Ikke gjort i tide: sendt til alle i enheten",
        Told.NURSE: "Ikke gjort i tide: sendt til sykepleierne",
        Told.MANAGER: "Ikke gjort i tide: sendt til lederen",
    }
)

_FROM = {Role.NURSE: Told.NURSE, Role.UNIT_MANAGER: Told.MANAGER}
"""From where a role is told; all others are the unit's staff. Who is on duty, and in charge, is not known."""


def is_told(role: str, told: int | None) -> bool:
    """Whether a task that has come this far (None: not raised) is told to somebody in this role."""
    return told is not None and told >= _FROM.get(Role(role), Told.UNIT)
