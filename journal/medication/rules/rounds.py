"""The round: doses that are given in one walk through the ward, grouped by the hour they are due."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from journal.medication.rules.status import ORDINARY
from journal.platform.clock import instant, local, local_date


def slot_of(due_at: datetime) -> str:
    """The slot of a dose: `08` for all that is due from 08.00 to 08.59 in Oslo."""
    return f"{local(due_at):%H}"


def current_slot(now: datetime, slots: Iterable[str], *, opens_before: timedelta = ORDINARY.before) -> str | None:
    """The slot the nurse works in now: the last of today's that has opened, else the first. None without slots.

    A slot opens when its doses become ready, `opens_before` its hour: at 07.10 the 08 round is on, at 10.30 still.
    """
    in_order = sorted(slots)
    today = local_date(now)
    opened = [slot for slot in in_order if instant(today, time(int(slot))) - opens_before <= now]
    return next(iter(opened[-1:] or in_order[:1]), None)
