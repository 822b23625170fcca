"""The list at the hospital door, as its page shows it."""

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules.door import AFTER
from journal.medication.service import ListAfterCrossing, WaitingLine
from journal.platform.clock import moment
from journal.platform.language import Phrase, joined, phrase


class DoorLine(NamedTuple):
    """A line that waits. `key` is its field's: the order, and the version that is shown. `equal`: alike in the list beside,
    None where there is none.
    """

    key: str
    waiting: WaitingLine
    equal: bool | None


def door_lines(lines: Iterable[WaitingLine], equal: Collection[UUID] | None) -> list[DoorLine]:
    """The lines as they are confirmed; *equal*: the orders that are alike in the list that came."""
    return [
        DoorLine(
            f"{each.request_entry_id}.{each.version}", each, None if equal is None else each.request_entry_id in equal
        )
        for each in lines
    ]


def crossing_said(after: ListAfterCrossing) -> Phrase | str:
    """`Tilbake fra sykehus 22.11. kl. 08.15, Ullevål`: how she crossed the door, and when."""
    return joined(
        ", ", filter(None, (phrase("%(how)s %(time)s", how=AFTER[after.kind], time=moment(after.since)), after.place))
    )
