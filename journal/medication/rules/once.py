"""A single dose: one clock time of one day. It is a course of one day with one dose in it, so all that knows a course knows it."""

from datetime import date, datetime, time, timedelta
from typing import Unpack

from journal.medication.rules.dosage import Dosage, More, daily
from journal.medication.rules.parts import Course, Kind
from journal.platform.clock import instant, local_date
from journal.platform.quantity import Quantity

MAY_HAVE_PASSED = timedelta(hours=1)
"""How long ago the time of a single dose may be when it is ordered: as long as a dose is ready after its time."""


def once(amount: Quantity, day: date, at: time, **more: Unpack[More]) -> Dosage:
    """One dose on this day (Oslo) at this time: `once(tablet, today, time(14, 15))`."""
    more["course"] = Course.of_days(day, 1)
    return daily(amount, [at], **more)


def once_at(dosage: Dosage) -> datetime | None:
    """When the only dose is due; None for a dosage with more than one, or whose time is the municipality's to say."""
    course = dosage.course
    if dosage.kind is not Kind.DAILY or len(dosage.times) != 1 or course is None or course.starts_at is None:
        return None
    day = local_date(course.starts_at)
    return instant(day, dosage.times[0]) if course == Course.of_days(day, 1) else None
