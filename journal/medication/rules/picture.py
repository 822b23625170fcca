"""The picture of 36 hours beside each medicine: from yesterday 12.00 to today 24.00 in Oslo, as positions for SVG.

Positions are whole numbers from 0 to 1000 and follow elapsed time, so the picture is 35 or 37 hours wide around the
nights the clock is changed. By the wall, a dose given at 02.50 would stand to the right of "now" at the second 02.10.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from journal.medication.rules.status import DoseStatus
from journal.platform.clock import at_minute, day_in_words, hhmm, instant, local_date, minute
from journal.platform.language import phrase

WIDTH = 1000

_YESTERDAYS_LABELS = (14, 18, 22)
_TODAYS_LABELS = (8, 14, 18, 22)


@dataclass(frozen=True, slots=True)
class Window:
    """The time the picture shows: from `start` up to but not including `end` (UTC)."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> int:
        """Where an instant stands, 0 to 1000, to the nearest; what is outside stands at the edge."""
        inside = min(max(at, self.start), self.end) - self.start
        whole = self.end - self.start
        return (inside * WIDTH * 2 + whole) // (whole * 2)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


class StripDose(NamedTuple):
    """A dose to draw. `at`: when it was given, else when it is due. `said`: its status in words (`describe`).

    `common`: whether `said` holds nothing that somebody wrote herself, so that the symbol can be drawn once for many.
    """

    at: datetime
    status: DoseStatus
    said: str
    common: bool = False


class Mark(NamedTuple):
    """One symbol: where, which, and what a screen reader says: `i går kl. 20.00 gitt`."""

    x: int
    status: DoseStatus
    label: str


class Tick(NamedTuple):
    """One hour under the picture."""

    x: int
    text: str


class Strip(NamedTuple):
    """All that is drawn, earliest first. What lies left of `now_x` is past and shaded; `midnight_x` parts the days."""

    window: Window
    now_x: int
    midnight_x: int
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]


def window_around(now: datetime) -> Window:
    """Yesterday 12.00 to today 24.00, Oslo."""
    return _day(local_date(now))[0]


def strip(doses: Iterable[StripDose], now: datetime) -> Strip:
    """The picture of one medicine at `now`. Doses outside the window are left out."""
    today, axis = _axis(now)
    window = axis[0]
    marks = [
        (_common_mark if common else _mark)(minute(at), status, said, today)
        for at, status, said, common in sorted(doses, key=itemgetter(0))
        if at in window
    ]
    return Strip(*axis, tuple(marks))


@lru_cache(maxsize=8)
def _axis(now: datetime) -> tuple[date, tuple[Window, int, int, tuple[Tick, ...]]]:
    """Today, and what all pictures of a page share."""
    today = local_date(now)
    window, midnight_x, ticks = _day(today)
    return today, (window, window.x(now), midnight_x, ticks)


@lru_cache(maxsize=8)
def _day(today: date) -> tuple[Window, int, tuple[Tick, ...]]:
    """What all pictures of a day share."""
    yesterday = today - timedelta(days=1)
    window = Window(instant(yesterday, time(12)), instant(today + timedelta(days=1), time.min))
    hours = [(yesterday, hour) for hour in _YESTERDAYS_LABELS] + [(today, hour) for hour in _TODAYS_LABELS]
    ticks = tuple(Tick(window.x(instant(day, time(hour))), f"{hour:02}") for day, hour in hours)
    return window, window.x(instant(today, time.min)), ticks


def _mark(at: int, status: DoseStatus, said: str, today: date) -> Mark:
    """The symbol of a dose at a minute since 1970: it stands where its label says."""
    when = at_minute(at)
    day = day_in_words(local_date(when), today)
    label = phrase("%(day)s kl. %(time)s %(status)s", day=day, time=hhmm(when), status=said)
    return Mark(_day(today)[0].x(when), status, label)


# Most doses are due and given at the same few minutes of the day. What somebody wrote herself is never kept.
_common_mark = lru_cache(maxsize=4096)(_mark)
