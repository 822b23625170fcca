"""A week of the dose chart: which days it has, and how a dose is said in the column of its day.

A chart is read long after: nothing in it is said relative to today, but for a dose that is ready or late now.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from journal.medication.rules.status import DoseStatus, SignedState, describe
from journal.platform.clock import day_bounds, local_date, short_date
from journal.platform.language import joined, phrase, phrases

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Weeks that can be asked for: no patient has a dose outside, and every neighbour of such a week exists."""

WEEKDAYS: Mapping[int, str] = phrases(
    {
        1: "mandag",
        2: "tirsdag",
        3: "onsdag",
        4: "torsdag",
        5: "fredag",
        6: "lørdag",
        7: "søndag",
    }
)
"""By ISO number; in a heading, where the sentence of a dose has its own."""


class Week(NamedTuple):
    """Monday to Sunday in Oslo; a week with a night when the clock is changed is 167 or 169 hours long."""

    monday: date

    @classmethod
    def of(cls, day: date) -> "Week":
        """The week with this day in it."""
        return cls(day - timedelta(days=day.weekday()))

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.monday + timedelta(days=n) for n in range(7))

    @property
    def start(self) -> datetime:
        """The first instant (UTC)."""
        return day_bounds(self.monday)[0]

    @property
    def end(self) -> datetime:
        """The first instant after (UTC)."""
        return day_bounds(self.days[-1])[1]

    @property
    def number(self) -> int:
        """ISO 8601, as Norwegian calendars have it: the first week of 2027 begins in 2027, the days before are of week 53."""
        return self.monday.isocalendar().week

    @property
    def previous(self) -> "Week":
        return Week(self.monday - timedelta(days=7))

    @property
    def following(self) -> "Week":
        return Week(self.monday + timedelta(days=7))


def said_in_column(
    status: DoseStatus, due_at: datetime, signed: SignedState | None, *, day: date, now: datetime
) -> str:
    """The state of a dose in the column of `day`: `gitt 08.10`, `gitt for sent 00.30 (17.11.)`, `ikke gitt – ville ikke`.

    A dose given on another day than its column names that day. Only what is ready or late is said relative to `now`.
    """
    if signed is None:
        return phrase("planlagt") if status is DoseStatus.PLANNED else describe(status, due_at, now)
    said = describe(status, due_at, signed.effective_at, signed)
    given_on = local_date(signed.effective_at)
    return said if given_on == day else joined(" ", (said, f"({short_date(given_on)})"))


@lru_cache(maxsize=1024)
def day_heading(day: date) -> str:
    """`mandag 16.11.`"""
    return joined(" ", (WEEKDAYS[day.isoweekday()], short_date(day)))
