"""How near another dose of the same order a dose may be given without a prescriber, counted from when they were given.

A dose is never given nearer another one than half the time the order has between them: the same half by which a missed dose is
missed (status) and a first dose at once pushes the next one away (schedule). What is due weekly or more seldom is given on its day
alone: methotrexate a day late is a prescriber's to decide, and taken daily it kills.

Source: the requirement of signing (half the interval; weekly and rarer only on its day). No outside source has been looked up.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import EveryDays, EveryHours, Kind
from journal.medication.rules.schedule import safe_distance
from journal.platform.clock import instant, local_date, spoken
from journal.platform.language import phrase

_WEEK = timedelta(days=7)


class TooNear(NamedTuple):
    """Why a dose is not to be given at a time. `given_at`: the other dose, None where it is not the day of this one.

    `earliest`: from when it may be given; None for a dose whose day has passed and that nothing is due after.
    """

    given_at: datetime | None
    earliest: datetime | None


def only_on_its_day(dosage: Dosage) -> bool:
    """Whether the medicine is given once a week or more seldom: one weekday, one day of a cycle, or each seventh day and up."""
    match dosage.kind:
        case Kind.WEEKDAYS:
            return len(dosage.weekdays) == 1
        case Kind.CYCLE if dosage.cycle:
            return dosage.cycle.days_on == 1 and dosage.cycle.days_off >= _WEEK.days - 1
        case _ if isinstance(dosage.every, EveryHours):
            return timedelta(hours=dosage.every.hours) >= _WEEK
        case _:
            return isinstance(dosage.every, EveryDays) and dosage.every.days >= _WEEK.days


def half_interval(
    dosage: Dosage, due_at: datetime, previous_due_at: datetime | None, next_due_at: datetime | None
) -> timedelta:
    """Half the time between this dose and the one due before it, by the same version of the order.

    The first of a version has none before it: then half of what is usual in a day, or of the time to the next one if that is
    less. A dose of an order that was changed this morning counts from what was given before the change all the same.
    """
    if previous_due_at is not None:
        return (due_at - previous_due_at) / 2
    if isinstance(dosage.every, EveryHours):
        return timedelta(hours=dosage.every.hours) / 2
    usual = safe_distance(dosage)
    return min(usual, (next_due_at - due_at) / 2) if next_due_at is not None else usual


def too_near(
    dosage: Dosage,
    due_at: datetime,
    at: datetime,
    *,
    previous_due_at: datetime | None,
    next_due_at: datetime | None,
    given: Sequence[datetime],
) -> TooNear | None:
    """Why this dose is not to be given at `at` without a prescriber; None where it may be. All times are aware instants.

    `given`: when other doses of the order were given, before `at` or after it: one that is signed afterwards is held against
    those that came later too.
    """
    if only_on_its_day(dosage) and local_date(at) != local_date(due_at):
        its_day = instant(local_date(due_at), time.min)
        return TooNear(None, its_day if at < its_day else next_due_at)
    half = half_interval(dosage, due_at, previous_due_at, next_due_at)
    near = [other for other in given if abs(at - other) < half]
    return TooNear(max(near), max(near) + half) if near else None


def next_from(at: datetime, due_at: datetime, next_due_at: datetime | None, ready: timedelta) -> datetime | None:
    """From when the next dose may be given, where this one is given at `at`: half the interval later, and no sooner than it is
    ready (`ready` before its time). None where nothing is due after it."""
    if next_due_at is None:
        return None
    return max(at + (next_due_at - due_at) / 2, next_due_at - ready)


def too_near_text(near: TooNear, now: datetime) -> str:
    """The sentence for whoever is about to sign: what is too near, when the dose may be given, and what the way out is."""
    match near:
        case TooNear(None, None):
            why = phrase("Dosen skal bare gis på dagen sin.")
        case TooNear(None, earliest) if earliest is not None:
            why = phrase("Dosen skal bare gis på dagen sin. Den kan tidligst gis %(time)s.", time=spoken(earliest, now))
        case TooNear(other, earliest):
            assert other is not None and earliest is not None
            why = phrase(
                "Forrige dose ble gitt %(given)s. Denne kan tidligst gis %(time)s.",
                given=spoken(other, now),
                time=spoken(earliest, now),
            )
    return phrase("%(why)s Skal den gis nå, må en lege ha bestemt det.", why=why)
