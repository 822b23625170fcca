"""The parts a dosage is made of. Each refuses what it cannot mean (InvalidDosage)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import NamedTuple

from journal.platform.clock import instant
from journal.platform.quantity import Quantity


class InvalidDosage(ValueError):
    """The dosage does not say exactly one thing. The message is a sentence for the prescriber."""


class Kind(StrEnum):
    """Which rule decides when a dose is due."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    CYCLE = "cycle"
    EVERY_DAYS = "every_days"
    EVERY_HOURS = "every_hours"
    STEPS = "steps"
    AS_NEEDED = "as_needed"


class TimeOfDay(StrEnum):
    """Volven 8325, tidsområde."""

    MORNING = "1"
    FORENOON = "2"
    MIDDAY = "3"
    AFTERNOON = "4"
    EVENING = "5"
    NIGHT = "6"


class Weekday(IntEnum):
    """Volven 9082, ukedager."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


Moment = time | TimeOfDay
"""When on the day: a clock time, or a time of day that each municipality has its own clock time for."""


@dataclass(frozen=True, slots=True)
class AmountRange:
    """From `least` to `most`, same unit. Only for medicines as needed, where whoever gives it chooses."""

    least: Quantity
    most: Quantity

    def __post_init__(self) -> None:
        if self.least.unit != self.most.unit:
            raise InvalidDosage("Minste og største dose må ha samme enhet.")
        if self.least.value >= self.most.value:
            raise InvalidDosage("Største dose må være større enn minste dose.")

    @property
    def unit(self) -> str:
        return self.most.unit


@dataclass(frozen=True, slots=True)
class Cycle:
    """`days_on` days with the medicine, then `days_off` without. `anchor` is a first day with it (Oslo)."""

    days_on: int
    days_off: int
    anchor: date

    def __post_init__(self) -> None:
        if self.days_on < 1 or self.days_off < 1:
            raise InvalidDosage("En syklus må ha minst én dag med legemiddel og minst én dag pause.")


@dataclass(frozen=True, slots=True)
class EveryDays:
    """Each `days`-th day, counted from `anchor`, the first day (Oslo): a patch each 7th day."""

    days: int
    anchor: date

    def __post_init__(self) -> None:
        if self.days < 2:
            raise InvalidDosage("Skriv minst annenhver dag. Hver dag er daglig dosering.")


@dataclass(frozen=True, slots=True)
class EveryHours:
    """Each `hours`-th hour of elapsed time since the order started: the clock on the wall may show another time."""

    hours: int

    def __post_init__(self) -> None:
        if self.hours < 1:
            raise InvalidDosage("Det må være minst 1 time mellom dosene.")


@dataclass(frozen=True, slots=True)
class AsNeeded:
    """The limits of a medicine as needed, of which Forskrivning (DoseEtterBehov) demands at least one.

    `max_doses`: how many times in 24 hours.
    `max_amount`: how much in 24 hours, in the unit of the hand or of the strength.
    `least_interval`: elapsed time between two doses, whole minutes.
    """

    max_doses: int | None = None
    max_amount: Quantity | None = None
    least_interval: timedelta | None = None

    def __post_init__(self) -> None:
        if self.max_doses is None and self.max_amount is None and self.least_interval is None:
            raise InvalidDosage("Skriv hvor mye som kan gis per døgn, eller hvor lang tid det må gå mellom dosene.")
        if self.max_doses is not None and self.max_doses < 1:
            raise InvalidDosage("Antall doser per døgn må være minst 1.")
        if self.max_amount is not None and self.max_amount.value <= 0:
            raise InvalidDosage("Største mengde per døgn må være mer enn 0.")
        if self.least_interval is not None and (
            self.least_interval < timedelta(minutes=1) or self.least_interval % timedelta(minutes=1)
        ):
            raise InvalidDosage("Tiden mellom dosene må være hele minutter.")


MOST_COUNTED = 500
"""As many doses as a course may count: four a day for four months. More is a slip of the finger."""

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Course:
    """A medicine for a limited time. The first instant belongs to it, the last does not (UTC).

    `doses`: it ends when so many have been given, and at no time before. `first_at`: its first dose is given then, whatever
    the clock times are; the others follow at their times, from a safe distance on (schedule).
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    doses: int | None = None
    first_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.starts_at is None and self.ends_at is None and self.doses is None:
            raise InvalidDosage("En kur må ha en start eller en slutt.")
        for limit in (self.starts_at, self.ends_at, self.first_at):
            if limit is not None and limit.utcoffset() != timedelta(0):
                raise InvalidDosage("Start og slutt på en kur må oppgis i UTC.")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise InvalidDosage("Kuren slutter før den starter.")
        if self.doses is not None and not 1 <= self.doses <= MOST_COUNTED:
            raise InvalidDosage("Antall doser i en kur må være fra 1 til 500.")
        if self.doses is not None and self.ends_at is not None:
            raise InvalidDosage("Velg enten siste dag eller antall doser. En kur kan bare ha én slutt.")
        if self.first_at and not (self.starts_at or self.first_at) <= self.first_at < (self.ends_at or _NEVER):
            raise InvalidDosage("Første dose nå hører til en kur som begynner nå. La første dag stå tom.")

    @property
    def has_end(self) -> bool:
        """Whether the course itself ends: on a day, or by the doses given."""
        return self.ends_at is not None or self.doses is not None

    @classmethod
    def of_days(cls, first_day: date, days: int) -> "Course":
        """`days` whole days in Oslo, `first_day` included."""
        if days < 1:
            raise InvalidDosage("En kur må vare minst 1 dag.")
        return cls(instant(first_day, time.min), instant(first_day + timedelta(days=days), time.min))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a dosage that is tapered, or set day by day: from `first_day` (Oslo) until the next step begins.

    `amounts`: one for all times of the day, or one for each. 0 is no dose.
    """

    first_day: date
    amounts: tuple[Quantity, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether the days of this step have no dose at all."""
        return not any(amount.value for amount in self.amounts)


@dataclass(frozen=True, slots=True)
class InrControl:
    """What the dose of warfarin was decided by, and the day (Oslo) its INR is measured next.

    From `next_on` on no dose is set: it depends on the answer, and the doctor is rung. `low` to `high` is the target. The
    bounds catch slips of the finger: a target outside 1 to 5 is none, no instrument shows less than 0.5 or more than 20,
    and not even a stable INR is left more than 12 weeks (Holbrook et al., Chest 2012;141(2 Suppl):e152S, 2.3 and 9.1).
    """

    low: Decimal
    high: Decimal
    last: Decimal
    last_on: date
    next_on: date

    def __post_init__(self) -> None:
        if not 1 <= self.low < self.high <= 5:
            raise InvalidDosage("Målet for INR skrives som to tall mellom 1 og 5, det laveste først.")
        if not Decimal("0.5") <= self.last <= 20:
            raise InvalidDosage("Siste INR må være et tall mellom 0,5 og 20.")
        if not self.last_on < self.next_on <= self.last_on + LONGEST_BETWEEN_INR:
            raise InvalidDosage("Neste INR må være etter den siste, og ikke mer enn 12 uker etter.")


LONGEST_BETWEEN_INR = timedelta(weeks=12)


class TimedDose(NamedTuple):
    """One of the doses of a day: when, and how much."""

    at: Moment
    amount: Quantity
