"""The first dose of a course at once, whatever the clock times are: who is ill enough for a course is not to wait for the round.

Of suspected sepsis the limit is an hour (Surviving Sepsis Campaign 2021, recommendation 12: Crit Care Med 2021;49(11):e1063).
"""

from dataclasses import replace
from datetime import datetime

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import Kind
from journal.platform.quantity import Quantity


def beginning_at(dosage: Dosage, at: datetime) -> Dosage:
    """The same course with its first dose at this instant (UTC); as it is where that has no sense.

    It has for what is given daily in one amount, as a course with an end that has begun by then.
    """
    course = dosage.course
    if course is None or not course.has_end or (course.starts_at and course.starts_at > at):
        return dosage
    if dosage.kind is not Kind.DAILY or not isinstance(dosage.amount, Quantity):
        return dosage
    return replace(dosage, course=replace(course, first_at=at))


def begun_as(old: Dosage, new: Dosage) -> Dosage:
    """The new dosage of an order whose first dose was given at once: the next ones keep their distance from it."""
    first_at = old.course.first_at if old.course else None
    return beginning_at(new, first_at) if first_at else new


def without_first(dosage: Dosage) -> Dosage:
    """The dosage as a form has it, which says that the first dose is given now, and never that it was given once."""
    if dosage.course is None or dosage.course.first_at is None:
        return dosage
    return replace(dosage, course=replace(dosage.course, first_at=None))
