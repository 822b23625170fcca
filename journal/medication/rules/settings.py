"""What a municipality decides of its doses: the clock time of each time of day, and how long a dose is on time.

A choice holds from the start of a day in Oslo, and no day is planned by two of them: were evening moved from 20 to 21 at
half past eight, the same tablet would be due twice that evening.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.schedule import DEFAULT_CLOCK_TIMES, ClockTimes, ExpectedDose, expected_times
from journal.medication.rules.status import ORDINARY, TIME_CRITICAL, OwnTolerance, Tolerance, tolerance_for
from journal.platform.clock import instant
from journal.platform.language import phrase


@dataclass(frozen=True, slots=True)
class DoseSettings:
    """One choice, by default what a small municipality never needs to touch. `narrow` is for what must be on time (A3).

    `own`: for single medicines or groups. Raises ValueError, with a sentence for the administrator, when the narrow tolerance or
    one of the own is the wider one.
    """

    clock_times: ClockTimes = field(default_factory=lambda: DEFAULT_CLOCK_TIMES)
    ordinary: Tolerance = ORDINARY
    narrow: Tolerance = TIME_CRITICAL
    own: tuple[OwnTolerance, ...] = ()

    def __post_init__(self) -> None:
        if _is_wider(self.narrow, self.ordinary):
            raise ValueError("Tidskritiske legemidler kan ikke ha flere minutter enn de andre.")
        for each in self.own:
            if _is_wider(each.tolerance, self.ordinary):
                raise ValueError(phrase("%(atc)s kan ikke ha flere minutter enn de andre legemidlene.", atc=each.atc))


def _is_wider(one: Tolerance, other: Tolerance) -> bool:
    return one.before > other.before or one.after > other.after


class Chosen(NamedTuple):
    """A choice, and the first day it holds."""

    since: date
    settings: DoseSettings


class PlannedDose(NamedTuple):
    """A dose that is due, and how long before and after it still is on time."""

    expected: ExpectedDose
    tolerance: Tolerance


def in_force(choices: Sequence[Chosen], day: date) -> DoseSettings:
    """What holds on this day: the last of `choices`, in the order they were made, that has begun; else the default."""
    begun = [choice.settings for choice in choices if choice.since <= day]
    return begun[-1] if begun else DoseSettings()


def planned_doses(
    dosage: Dosage,
    choices: Sequence[Chosen],
    *,
    start: datetime,
    end: datetime,
    order_start: datetime,
    order_end: datetime | None,
    time_critical: bool,
    atc_code: str | None = None,
) -> Iterator[PlannedDose]:
    """As `expected_times`, each day by what the municipality has chosen for it."""
    for begin, until, settings in _periods(choices, start, end):
        tolerance = tolerance_for(
            exact=dosage.exact,
            time_critical=time_critical,
            atc_code=atc_code,
            ordinary=settings.ordinary,
            narrow=settings.narrow,
            own=settings.own,
        )
        period = {"start": begin, "end": until, "order_start": order_start}
        for dose in expected_times(dosage, **period, order_end=order_end, clock_times=settings.clock_times):
            yield PlannedDose(dose, tolerance)


def _periods(
    choices: Sequence[Chosen], start: datetime, end: datetime
) -> Iterable[tuple[datetime, datetime, DoseSettings]]:
    """The period, cut where a choice begins to hold."""
    begun = {instant(since, time.min): since for since in {choice.since for choice in choices}}
    cuts = [at for at in sorted(begun) if start < at < end]
    first = max((since for at, since in begun.items() if at <= start), default=date.min)
    days = [first, *(begun[at] for at in cuts)]
    return [
        (begin, until, in_force(choices, day))
        for begin, until, day in zip([start, *cuts], [*cuts, end], days, strict=True)
    ]
