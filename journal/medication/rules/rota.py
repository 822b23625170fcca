"""Who stands in at which hour of the week: a rota of clock-time windows, its unit's own before those of the units above it.

The week is wall time in Oslo: in the night when the clocks go back the same doctor is named for both hours of the same name, and
no hour of it is left without one. A holiday is the weekday it falls on. The same is asked of the database, of one instant, by
medication.stand_in_at; a test holds them to each other.

Source: Forskrift om legemiddelhåndtering (3 April 2008 no. 320) § 4: whoever leads the undertaking sees to it that medicines are
handled soundly. That somebody stands in at every hour is this journal's own rule: no text names the hours.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules.parts import Weekday
from journal.platform.clock import local
from journal.platform.language import joined, phrase, phrases

DAY = 24 * 60
WEEK = 7 * DAY
"""Minutes."""

DAYS = phrases(
    dict(zip(Weekday, ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"), strict=True))
)


@dataclass(frozen=True, order=True)
class Window:
    """One doctor, from a minute of the week (0 is Monday 00.00) and for some minutes, over midnight and Sunday night too."""

    starts: int
    minutes: int
    stand_in_id: UUID

    def covers(self, minute: int) -> bool:
        """Whether it holds at this minute of the week."""
        return (minute - self.starts) % WEEK < self.minutes


@dataclass(frozen=True)
class Rota:
    """What one unit has chosen: the windows, and who stands in at all other hours (None: nobody)."""

    unit_name: str
    windows: tuple[Window, ...] = ()
    otherwise: UUID | None = None

    def people(self) -> set[UUID]:
        """Everybody it names."""
        return {window.stand_in_id for window in self.windows} | ({self.otherwise} if self.otherwise else set())


class Named(NamedTuple):
    """Who stands in, and how many units above the first of the rotas it was chosen."""

    stand_in_id: UUID
    above: int


class Span(NamedTuple):
    """Minutes of the week, from and until (not included, at most WEEK), and who stands in then; None: nobody."""

    starts: int
    ends: int
    named: Named | None


class Row(NamedTuple):
    """Windows as they are written in one line: the same hours and the same doctor on some days."""

    days: tuple[Weekday, ...]
    starts: time
    ends: time
    stand_in_id: UUID


def minute_of_week(at: datetime) -> int:
    """The minute of the week that the clock in Oslo shows at this instant."""
    wall = local(at)
    return wall.weekday() * DAY + wall.hour * 60 + wall.minute


def windows_of(row: Row) -> tuple[Window, ...]:
    """A window for each day of it. One that ends no later than it starts ends the day after; 24 hours where the two are alike."""
    starts, ends = _minute(row.starts), _minute(row.ends)
    minutes = (ends - starts) % DAY or DAY
    return tuple(Window((day - 1) * DAY + starts, minutes, row.stand_in_id) for day in row.days)


def rows_of(windows: Iterable[Window]) -> tuple[Row, ...]:
    """The windows as they are written: days with the same hours and doctor in one line."""
    days: dict[tuple[time, time, UUID], list[Weekday]] = {}
    for window in sorted(windows):
        day, starts = divmod(window.starts, DAY)
        ends = (starts + window.minutes) % DAY
        same = time(*divmod(starts, 60)), time(*divmod(ends, 60)), window.stand_in_id
        days.setdefault(same, []).append(Weekday(day + 1))
    return tuple(Row(tuple(on), *same) for same, on in days.items())


def named_twice(windows: Collection[Window]) -> Span | None:
    """The first hours that two of the windows both take; None when there are none."""
    for starts, ends in _cut(windows):
        if sum(window.covers(starts) for window in windows) > 1:
            return Span(starts, ends, None)
    return None


def named(rotas: Sequence[Rota], minute: int, working: Collection[UUID]) -> Named | None:
    """Who stands in at this minute of the week, by the unit's own rota or the nearest above it that names somebody.

    `rotas`: the nearest first. `working`: those who are doctors here; whoever is not leaves the hour to who stands in otherwise,
    and then to the units above.
    """
    for above, rota in enumerate(rotas):
        at_the_hour = [window.stand_in_id for window in rota.windows if window.covers(minute)]
        for person in (*at_the_hour, rota.otherwise):
            if person is not None and person in working:
                return Named(person, above)
    return None


def week_of(rotas: Sequence[Rota], working: Collection[UUID]) -> tuple[Span, ...]:
    """The week from Monday 00.00 as spans with the same doctor, or nobody."""
    found: list[Span] = []
    for starts, ends in _cut([window for rota in rotas for window in rota.windows]):
        who = named(rotas, starts, working)
        if found and found[-1].named == who:
            found[-1] = found[-1]._replace(ends=ends)
        else:
            found.append(Span(starts, ends, who))
    return tuple(found)


def open_hours(rotas: Sequence[Rota], working: Collection[UUID]) -> tuple[Span, ...]:
    """The hours of the week when nobody stands in."""
    return tuple(span for span in week_of(rotas, working) if span.named is None)


def in_words(spans: Sequence[Span]) -> str:
    """ "mandag 08.00–16.00 og fredag 16.00 – lørdag 08.00"; "hele uken" for all of it. The Sunday night goes on into Monday."""
    said = list(spans)
    if len(said) > 1 and said[0].starts == 0 and said[-1].ends == WEEK:
        first = said.pop(0)
        said[-1] = said[-1]._replace(ends=WEEK + first.ends)
    if any(span.ends - span.starts >= WEEK for span in said):
        return phrase("hele uken")
    words = [_said(span) for span in said]
    if len(words) == 1:
        return words[0]
    return phrase("%(all)s og %(last)s", all=joined(", ", words[:-1]), last=words[-1])


def _said(span: Span) -> str:
    day, starts = divmod(span.starts, DAY)
    last, ends = divmod(span.ends, DAY)
    if ends == 0:
        last, ends = last - 1, DAY
    first = {"day": DAYS[Weekday(day + 1)], "starts": _clock(starts), "ends": _clock(ends)}
    if day == last:
        return phrase("%(day)s %(starts)s–%(ends)s", **first)
    return phrase("%(day)s %(starts)s – %(last)s %(ends)s", last=DAYS[Weekday(last % 7 + 1)], **first)


def _cut(windows: Iterable[Window]) -> list[tuple[int, int]]:
    """The week from boundary to boundary: in between nothing changes."""
    edges = {0, WEEK}
    for window in windows:
        edges |= {window.starts, (window.starts + window.minutes) % WEEK}
    return list(pairwise(sorted(edges)))


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02}.{minute % 60:02}"
