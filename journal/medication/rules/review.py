"""Legemiddelgjennomgang: when the next one is due.

Sources: forskrift om legemiddelhåndtering § 5a (patients of nursing homes: on admission and then at least once a year);
norway.md 3.4 and 7: IPLOS/KPR asks whether there was one (poLegeMiddGj) and on which day (poLegeMiddGjDato).
"""

from calendar import monthrange
from datetime import date

USUAL_MONTHS = 12
"""At least once a year."""


def held_before(today: date, months: int) -> date:
    """A last review before this day is overdue today; a day that the month does not have is its last."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def is_overdue(last_on: date | None, today: date, months: int) -> bool:
    """On the day itself it is a year since, and not yet more. Without any it is overdue at once."""
    return last_on is None or last_on < held_before(today, months)
