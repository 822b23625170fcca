"""The timeline: a lane for each order with its bars and marks, one for each kind of measurement, and all of it in words."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from journal.medication.pages.week import GROUPS, decided
from journal.medication.rules import EACH_DOSE, DoseStatus, MedicationLine, OrderStatus, Window, drawn_first, worst
from journal.medication.service import OrderSpan, Outcome, SpanFact
from journal.observations import Series
from journal.platform.clock import local_date, moment

_GIVEN = (DoseStatus.GIVEN, DoseStatus.GIVEN_EARLY, DoseStatus.GIVEN_LATE)
HEIGHT = 100
"""Of the box in which a measurement's curve is drawn; its width is the window's 1000."""
_MARGIN = 18


class Bar(NamedTuple):
    """A time an order held, from `x` and `width` wide; `held`: it was paused."""

    x: int
    width: int
    held: bool


class LaneMark(NamedTuple):
    """A dose, or the doses of a day, drawn by their status; None for one as needed, which was given."""

    x: int
    status: DoseStatus | None


class Counts(NamedTuple):
    """The doses of a lane, in words' place."""

    given: int
    partly: int
    not_given: int
    missed: int
    as_needed: int


class Lane(NamedTuple):
    """An order. `line` is the newest that held; `changes` are the x of what was decided, `said` the same in words."""

    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    changes: tuple[int, ...]
    marks: tuple[LaneMark, ...]
    said: tuple[str, ...]
    counts: Counts


class Curve(NamedTuple):
    """A kind of measurement: `points` in a box of 1000 × HEIGHT, `trend` the same in words."""

    display: str
    latest: str
    points: tuple[tuple[int, int], ...]
    trend: str


def lanes(
    window: Window, days: int, orders: Sequence[OrderSpan], outcomes: Sequence[Outcome], facts: Sequence[SpanFact]
) -> tuple[tuple[str, tuple[Lane, ...]], ...]:
    """The lanes by group, each group with its title."""
    versions: dict[UUID, list[OrderSpan]] = defaultdict(list)
    for order in orders:
        versions[order.request_entry_id].append(order)
    doses: dict[UUID, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        doses[outcome.request_entry_id].append(outcome)
    needed: dict[UUID, list[datetime]] = defaultdict(list)
    for fact in facts:
        if fact.dose_id is None and fact.in_error_because is None:
            needed[fact.request_entry_id].append(fact.state.effective_at)
    drawn = [
        (of[-1].use, _lane(window, days, of, doses[entry_id], needed[entry_id])) for entry_id, of in versions.items()
    ]
    groups = [(title, tuple(lane for of, lane in drawn if of == use)) for use, title in GROUPS.items()]
    return tuple(group for group in groups if group[1])


def curves(window: Window, series: Iterable[Series]) -> tuple[Curve, ...]:
    """The measurements as curves over the window, each on its own scale."""
    return tuple(Curve(one.display, one.latest.text, tuple(_points(window, one)), one.trend) for one in series)


def _lane(
    window: Window, days: int, versions: Sequence[OrderSpan], doses: Sequence[Outcome], needed: Sequence[datetime]
) -> Lane:
    held = [version for version in versions if version.in_force]
    shown = (held or versions)[-1]
    decisions = [version for version in versions if version.changed_at in window]
    marks = [LaneMark(window.x(at), None) for at in needed]
    marks += _each(window, doses) if days <= EACH_DOSE else _by_day(window, doses)
    return Lane(
        line=shown.line,
        flags=shown.flags,
        bars=tuple(_bars(window, held)),
        changes=tuple(window.x(version.changed_at) for version in decisions),
        marks=tuple(sorted(marks, key=lambda mark: drawn_first(mark.status or DoseStatus.GIVEN))),
        said=tuple(decided(version, moment(version.changed_at)) for version in decisions),
        counts=_counts(doses, needed),
    )


def _bars(window: Window, held: Iterable[OrderSpan]) -> Iterator[Bar]:
    """A bar is at least a sliver wide: an order that held for an hour is seen in a quarter of a year."""
    for version in held:
        x, end = window.x(version.since), window.x(version.until or window.end)
        yield Bar(x, max(end - x, 2), version.status is OrderStatus.ON_HOLD)


def _each(window: Window, doses: Iterable[Outcome]) -> Iterator[LaneMark]:
    for dose in doses:
        yield LaneMark(window.x(dose.at), dose.status)


def _by_day(window: Window, doses: Iterable[Outcome]) -> Iterator[LaneMark]:
    """One for each day, in its middle by its doses' times."""
    by_day: dict[date, list[Outcome]] = defaultdict(list)
    for dose in doses:
        by_day[local_date(dose.due_at)].append(dose)
    for of_day in by_day.values():
        middle = sum(window.x(dose.due_at) for dose in of_day) // len(of_day)
        yield LaneMark(middle, worst([dose.status for dose in of_day]))


def _counts(doses: Iterable[Outcome], needed: Sequence[datetime]) -> Counts:
    count = Counter(dose.status for dose in doses)
    return Counts(
        given=sum(count[status] for status in _GIVEN),
        partly=count[DoseStatus.PARTLY],
        not_given=count[DoseStatus.NOT_GIVEN],
        missed=count[DoseStatus.MISSED],
        as_needed=len(needed),
    )


def _points(window: Window, series: Series) -> Iterator[tuple[int, int]]:
    low, high = min(m.value for m in series.measured), max(m.value for m in series.measured)
    room = HEIGHT - 2 * _MARGIN
    for measured in series.measured:
        part = (high - measured.value) / (high - low) if high > low else None
        yield window.x(measured.effective_at), _MARGIN + (round(part * room) if part is not None else room // 2)
