"""What is changed since whoever asks was last at work here.

She was here last when her last session of this employment was used before a pause of six hours: to lock, to log in again and to
change device are the same shift. Of who never was here nothing is marked, since all of it is new to her; who was away for long
has the last 14 days.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from journal.medication.rules.status import OrderStatus
from journal.platform.clock import local_date, norwegian_date, spoken
from journal.platform.language import phrase, phrases

LONGEST = timedelta(days=14)
"""How far back it is told of. The same days stand in the worklist of the database."""


class Changed(StrEnum):
    """What happened to an order."""

    BEGUN = "begun"
    CHANGED = "changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    COMPLETED = "completed"


TEXTS = phrases(
    {
        Changed.BEGUN: "Ny",
        Changed.CHANGED: "Endret",
        Changed.PAUSED: "Pauset",
        Changed.RESUMED: "Gjenopptatt",
        Changed.STOPPED: "Seponert",
        Changed.COMPLETED: "Ferdig",
    }
)
MARKS = phrases(
    {
        Changed.BEGUN: "ny siden sist",
        Changed.CHANGED: "endret siden sist",
        Changed.PAUSED: "pauset siden sist",
        Changed.RESUMED: "gjenopptatt siden sist",
        Changed.STOPPED: "seponert siden sist",
    }
)
"""On the card of a dose."""

_BY_STATUS = {
    OrderStatus.STOPPED: Changed.STOPPED,
    OrderStatus.COMPLETED: Changed.COMPLETED,
    OrderStatus.ON_HOLD: Changed.PAUSED,
}


def looked_back_to(last_here: datetime, now: datetime) -> datetime:
    """From when it is told of."""
    return max(last_here, now - LONGEST)


def since_text(last_here: datetime, now: datetime) -> str:
    """`siden du sist var her, i går kl. 14.30`, or how far back it is told of."""
    if last_here <= now - LONGEST:
        return phrase("de siste 14 dagene. Du var her sist %(day)s", day=norwegian_date(local_date(last_here)))
    return phrase("siden du sist var her, %(time)s", time=spoken(last_here, now))


def what_changed(status: OrderStatus, *, was_there: bool, resumed: bool) -> Changed:
    """What happened to an order that is now in this status. `was_there`: it was there already when she was; `resumed`: the last
    that was decided of it is that it is given again.
    """
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if not was_there:
        return Changed.BEGUN
    return Changed.RESUMED if resumed else Changed.CHANGED
