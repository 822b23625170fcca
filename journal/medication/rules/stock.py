"""The ward's stock of ordinary medicines: what is left of each batch, what is low, and what goes out of date.

It is settled after the doses are given and is never in their way: what it says may be wrong until somebody counts. Our own
rules, by the pharmacies' usual one that what expires first is used first.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from journal.platform.language import phrase


class StockKind(StrEnum):
    """How the stock moves. USE is a dose that was given of it, UNDONE one that was a mistake; a count sets it to what is there."""

    DELIVERY = "delivery"
    USE = "use"
    UNDONE = "undone"
    COUNT = "count"
    DISCARD = "discard"


class State(StrEnum):
    """What is to be done about a medicine of the stock."""

    COUNT_IT = "count-it"
    LOW = "low"
    ENOUGH = "enough"


class Expiry(StrEnum):
    """When a batch goes out of date."""

    EXPIRED = "expired"
    SOON = "soon"
    LATER = "later"


class Batch(NamedTuple):
    """So much of a delivery, by the number on the pack and its last day of use."""

    number: str
    expires_on: date
    amount: Decimal


KINDS = {
    StockKind.DELIVERY: phrase("Mottatt"),
    StockKind.USE: phrase("Gitt"),
    StockKind.UNDONE: phrase("Angret dose"),
    StockKind.COUNT: phrase("Telling"),
    StockKind.DISCARD: phrase("Kassert"),
}

SOON, LATER = timedelta(days=30), timedelta(days=90)


def batches_left(received: Iterable[Batch], on_hand: Decimal) -> tuple[Batch, ...]:
    """What is left of each batch when so much is `on_hand`, what expires first standing first.

    `received`: each batch with what came of it, less what was thrown away. What expires first was used first.
    """
    left, found = on_hand, []
    for batch in sorted(received, key=lambda each: (each.expires_on, each.number), reverse=True):
        part = min(batch.amount, left)
        if part > 0:
            found.append(batch._replace(amount=part))
            left -= part
    return tuple(reversed(found))


def state_of(on_hand: Decimal, lowest: Decimal) -> State:
    """Less than nothing is what nobody can have: it is to be counted. Low is less than the least that is wanted."""
    if on_hand < 0:
        return State.COUNT_IT
    return State.LOW if on_hand < lowest else State.ENOUGH


def to_order(on_hand: Decimal, lowest: Decimal) -> Decimal:
    """How much is lacking, in whole units; 0 for nothing."""
    return max(lowest - max(on_hand, Decimal(0)), Decimal(0)).to_integral_value(ROUND_CEILING)


def expiry_of(expires_on: date, today: date) -> Expiry | None:
    """Whether a batch is out of date, or is within 30 or 90 days; the last day of use is a day of use. None for later."""
    if expires_on < today:
        return Expiry.EXPIRED
    if expires_on <= today + SOON:
        return Expiry.SOON
    return Expiry.LATER if expires_on <= today + LATER else None
