"""What is changed since the reader was last here, as the round and the list say it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from journal.medication.rules import MedicationLine
from journal.medication.rules.since import TEXTS, since_text
from journal.medication.service import ChangedOrder, WorklistRow
from journal.platform.clock import spoken


class Change(NamedTuple):
    """One order, in words: what happened, who decided it and when, why, and how it was before."""

    what: str
    line: MedicationLine
    by_name: str
    at: str
    reason: str
    was: str


class Since(NamedTuple):
    """Since when (`siden du sist var her, i går kl. 14.30`), and how many of the patients it is about."""

    text: str
    patients: int


def since_of(rows: Sequence[WorklistRow], now: datetime) -> Since | None:
    """For the head of the round; None for who has never been here."""
    last_here = rows[0].last_here if rows else None
    return Since(since_text(last_here, now), sum(1 for row in rows if row.changed)) if last_here else None


def changes_of(orders: Sequence[ChangedOrder], now: datetime) -> list[Change]:
    """The orders of one patient."""
    return [Change(TEXTS[o.what], o.line, o.by_name, spoken(o.at, now), o.reason, o.was) for o in orders]
