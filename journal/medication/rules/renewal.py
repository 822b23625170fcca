"""Orders with an end: which of them end soon, and the same order with a later end."""

from datetime import date, datetime, time, timedelta

from journal.medication.rules.dosage import Dosage
from journal.platform.clock import instant, local_date

AHEAD = timedelta(days=7)
"""How long before its end an order is listed: a doctor of a nursing home comes once a week."""

LONGEST_DAY = timedelta(hours=25)

USUAL_DAYS = 30
"""What the form proposes, in days from today."""


def end_of(ends_at: datetime | None, dosage: Dosage) -> datetime | None:
    """When the order ends: by itself or by its course, whichever is first; None for one that goes on."""
    ends = [end for end in (ends_at, dosage.course.ends_at if dosage.course else None) if end is not None]
    return min(ends, default=None)


def last_day(end: datetime) -> date:
    """The last day with doses of an order that ends at this instant."""
    return local_date(end - timedelta(microseconds=1))


def until(day: date) -> datetime:
    """The end of an order whose last day this is: midnight after it in Oslo."""
    return instant(day + timedelta(days=1), time.min)


def is_for_days(dosage: Dosage) -> bool:
    """Whether it makes sense to speak of its end: what is given for one day is over with that day."""
    course = dosage.course
    if course is None or course.starts_at is None or course.ends_at is None:
        return True
    return course.ends_at - course.starts_at > LONGEST_DAY


def is_to_end(dosage: Dosage, *, antibiotic: bool) -> bool:
    """Whether a renewal must not carry it on: a course and a taper end because they are to end, antibiotics are looked at before
    they go on, and what follows INR is decided anew by the next one. What is renewed is an order that itself ends.
    """
    is_course = dosage.course is not None and dosage.course.has_end
    return antibiotic or is_course or bool(dosage.steps) or dosage.inr is not None
