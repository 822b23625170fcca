"""What of an order can be a unit's favourite: a dose that holds for anybody, on any day."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import EveryDays
from journal.platform.clock import local, local_date

MOST_COURSE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Reusable:
    """A dosage without dates. `course_days`: it is given for so many days, the day it is ordered counted; None: it goes on."""

    dosage: Dosage
    course_days: int | None

    def last_day(self, today: date) -> date | None:
        """The last day of the course when it is ordered today."""
        return today + timedelta(days=self.course_days - 1) if self.course_days else None


def reusable(dosage: Dosage, today: date) -> Reusable | None:
    """The dosage without its dates, where `today` is the day it was ordered; None where the dates are what it says.

    Days that count from a date (every third day, ten days on and four off, the steps of a taper) mean nothing for the next
    patient, nor does a course that begins on a certain day or ends at a certain hour, nor what an INR of hers decided. So many
    doses are as many for the next one; whether the first of them was given at once is decided anew.
    """
    if dosage.cycle is not None or isinstance(dosage.every, EveryDays) or dosage.steps or dosage.inr:
        return None
    if (course := dosage.course) is None:
        return Reusable(dosage, None)
    if course.starts_at is None and course.doses is not None:
        return Reusable(replace(dosage, course=replace(course, first_at=None)), None)
    if course.starts_at is not None or course.ends_at is None or local(course.ends_at).time() != time.min:
        return None
    days = (local_date(course.ends_at) - today).days
    return Reusable(replace(dosage, course=None), days) if 0 < days <= MOST_COURSE_DAYS else None
