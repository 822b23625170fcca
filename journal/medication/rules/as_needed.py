"""Whether there is room for one more dose of a medicine as needed.

"Per døgn" is the last 24 hours, not the calendar day: counted by the calendar, a whole day's doses could be given at 23
and again at 01. A dose given 24 hours ago to the minute no longer counts. Time between doses is elapsed time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import AmountRange, AsNeeded
from journal.medication.rules.sentence import duration
from journal.medication.rules.words import say
from journal.platform.clock import hhmm, local_date, relative_day
from journal.platform.language import counted, joined, phrase
from journal.platform.quantity import Quantity

DAY = timedelta(hours=24)

Given = tuple[datetime, Quantity]
"""One dose that was given: when, and what the hand gave."""


@dataclass(frozen=True, slots=True)
class Room:
    """Whether a dose may be given now; when it may not, `reason` says why in a sentence.

    `next_at`: from when it may. None when it may now, and when waiting alone does not help.
    `amount_last_24h`: in the unit of the daily limit, else of the hand; None when it cannot be summed.
    """

    allowed: bool
    reason: str | None
    next_at: datetime | None
    given_last_24h: int
    amount_last_24h: Quantity | None


def as_needed_room(dosage: Dosage, given: Sequence[Given], now: datetime, *, wanted: Quantity | None = None) -> Room:
    """Whether `wanted`, else the least dose ordered, may be given at `now`, after the doses already given.

    `given` holds every dose of this medicine within 24 hours and within the least interval, whatever order it was given
    on, so that a new order gives no new room. A dose in a unit that the strength cannot convert closes the room, since
    somebody must reckon. Raises ValueError when the dosage is not as needed.
    """
    limits = dosage.as_needed
    if limits is None or dosage.amount is None:
        raise ValueError("the dosage is not as needed")
    least = dosage.amount.least if isinstance(dosage.amount, AmountRange) else dosage.amount
    given = sorted(given, key=lambda dose: dose[0])
    recent = [dose for dose in given if dose[0] > now - DAY]
    unit = limits.max_amount.unit if limits.max_amount is not None else dosage.unit
    amounts = [(at, dosage.in_unit(amount, unit)) for at, amount in recent]
    total = _sum([amount for _, amount in amounts], unit)

    walls = [*_too_soon(limits, given, now), *_too_often(limits, recent)]
    if limits.max_amount is not None:
        walls += _too_much(limits.max_amount, amounts, dosage.in_unit(wanted or least, unit))
    if not walls:
        return Room(True, None, None, len(recent), total)
    last = max(walls, key=lambda wall: wall.ends_at or _NEVER)
    when = phrase("Neste tidligst %(time)s.", time=_at(last.ends_at, now)) if last.ends_at else ""
    return Room(False, joined(" ", (last.reason, when)), last.ends_at, len(recent), total)


class _Wall(NamedTuple):
    """One thing that stands in the way, and until when; None: until somebody decides."""

    reason: str
    ends_at: datetime | None


_NEVER = datetime.max.replace(tzinfo=UTC)


def _too_soon(limits: AsNeeded, given: Sequence[Given], now: datetime) -> Iterator[_Wall]:
    if limits.least_interval is not None and given and given[-1][0] + limits.least_interval > now:
        reason = phrase("Det skal gå minst %(span)s mellom dosene.", span=duration(limits.least_interval))
        yield _Wall(reason, given[-1][0] + limits.least_interval)


def _too_often(limits: AsNeeded, recent: Sequence[Given]) -> Iterator[_Wall]:
    if limits.max_doses is not None and len(recent) >= limits.max_doses:
        reason = counted(
            "Gitt %(num)s gang siste 24 timer, og det er det meste.",
            "Gitt %(num)s ganger siste 24 timer, og det er det meste.",
            len(recent),
        )
        yield _Wall(reason, recent[-limits.max_doses][0] + DAY)


def _too_much(
    limit: Quantity, amounts: Sequence[tuple[datetime, Quantity | None]], wanted: Quantity | None
) -> Iterator[_Wall]:
    left = _sum([wanted, *(amount for _, amount in amounts)], limit.unit)
    if wanted is None or left is None:
        yield _Wall(
            phrase("En dose siste 24 timer er gitt i en annen enhet. Regn ut døgnmengden før du gir mer."), None
        )
        return
    if wanted > limit:
        yield _Wall(phrase("Dosen er større enn %(most)s, som er det meste per døgn.", most=say(limit)), None)
        return
    if left > limit:
        reason = phrase(
            "Gitt %(amount)s siste 24 timer, og %(most)s er det meste.", amount=say(left - wanted), most=say(limit)
        )
        for at, amount in amounts:
            left = left - amount if amount is not None else left
            if left <= limit:
                yield _Wall(reason, at + DAY)
                return


def _sum(amounts: Sequence[Quantity | None], unit: str) -> Quantity | None:
    total = Quantity(Decimal(0), unit)
    for amount in amounts:
        if amount is None:
            return None
        total = total + amount
    return total


def _at(at: datetime, now: datetime) -> str:
    clock = phrase("kl. %(time)s", time=hhmm(at))
    return clock if local_date(at) == local_date(now) else joined(" ", (relative_day(at, now), clock))
