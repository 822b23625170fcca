"""The timeline: which spans it has, where its dates stand, and what one mark says of a day of many doses."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from journal.medication.rules.picture import Window
from journal.medication.rules.status import DoseStatus
from journal.platform.clock import day_bounds, local_date, short_date

SPANS = (7, 14, 30, 90)
"""Days that can be chosen."""

EACH_DOSE = 7
"""Up to so many days each dose has a mark of its own; beyond, a day has one: they would cover each other."""

_STEPS = {7: 1, 14: 2, 30: 5, 90: 15}
"""Days between two dates under the picture: never more than seven dates, which have room on a telephone."""

# The first that is among the doses of a day is the day's mark: nothing that went wrong hides behind what went well.
_WORST_FIRST = (
    DoseStatus.MISSED,
    DoseStatus.LATE,
    DoseStatus.LAID_OUT,
    DoseStatus.UNKNOWN,
    DoseStatus.NOT_GIVEN,
    DoseStatus.PARTLY,
    DoseStatus.GIVEN_LATE,
    DoseStatus.GIVEN_EARLY,
    DoseStatus.READY,
    DoseStatus.TAKEN_OUT,
    DoseStatus.GIVEN,
    DoseStatus.UNRECONCILED,
    DoseStatus.ON_LEAVE,
    DoseStatus.BY_OTHERS,
    DoseStatus.HELD,
    DoseStatus.STOPPED,
    DoseStatus.IN_DISPENSER,
    DoseStatus.PLANNED,
)


class DateTick(NamedTuple):
    """A date under the picture, at the start of its day; positions run from 0 to 1000."""

    x: int
    text: str


def window_of(days: int, now: datetime) -> Window:
    """The last `days` days with today, whole days in Oslo."""
    today = local_date(now)
    return Window(day_bounds(today - timedelta(days=days - 1))[0], day_bounds(today)[1])


def date_ticks(days: int, now: datetime) -> tuple[DateTick, ...]:
    """The dates under the picture of `window_of`, from its first day."""
    window = window_of(days, now)
    first = local_date(window.start)
    shown = [first + timedelta(days=n) for n in range(0, days, _STEPS[days])]
    return tuple(DateTick(window.x(day_bounds(day)[0]), short_date(day)) for day in shown)


def drawn_first(status: DoseStatus) -> int:
    """For the order of drawing: where marks are so near that they cover each other, the worst lies on top."""
    return -_WORST_FIRST.index(status)


def worst(statuses: Collection[DoseStatus]) -> DoseStatus:
    """What the one mark of a day shows. Raises ValueError for a day without doses."""
    return min(statuses, key=_WORST_FIRST.index)
