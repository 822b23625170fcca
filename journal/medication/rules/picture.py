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
from journal.platform.clock import day_in_words, hhmm, instant, local_date
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
    """A dose to draw. `at`: when it was given, else when it is due. `said`: its status in words (`describe`)."""

    at: datetime
    status: DoseStatus
    said: str


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
    return _of_day(local_date(now)).window


def strip(doses: Iterable[StripDose], now: datetime) -> Strip:
    """The picture of one medicine at `now`. Doses outside the window are left out."""
    today = local_date(now)
    empty = _of_day(today)
    window = empty.window
    shown = sorted([dose for dose in doses if dose.at in window], key=itemgetter(0))
    marks = tuple([Mark(window.x(dose.at), dose.status, _label(dose, today)) for dose in shown])
    return empty._replace(now_x=window.x(now), marks=marks)


# What all pictures of a day share.
@lru_cache(maxsize=8)
def _of_day(today: date) -> Strip:
    yesterday = today - timedelta(days=1)
    window = Window(instant(yesterday, time(12)), instant(today + timedelta(days=1), time.min))
    hours = [(yesterday, hour) for hour in _YESTERDAYS_LABELS] + [(today, hour) for hour in _TODAYS_LABELS]
    return Strip(
        window,
        now_x=WIDTH,
        midnight_x=window.x(instant(today, time.min)),
        ticks=tuple(Tick(window.x(instant(day, time(hour))), f"{hour:02}") for day, hour in hours),
        marks=(),
    )


def _label(dose: StripDose, today: date) -> str:
    day = day_in_words(local_date(dose.at), today)
    return phrase("%(day)s kl. %(time)s %(status)s", day=day, time=hhmm(dose.at), status=dose.said)
