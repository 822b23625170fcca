"""How much of a substance an order can give in 24 hours, at the most.

Counted from the dosage: the doses of a day with the medicine, of steps the 24 hours that hold the most (also those across
the night between two), the most times an interval fits into 24 hours, and for a medicine as needed the tightest of its
limits. A night of 23 or 25 hours counts as any other. What cannot be counted is
None, never 0.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import AmountRange, AsNeeded, EveryHours
from journal.medication.rules.safety.medicine import Ordered, substance_name
from journal.platform.quantity import Quantity

DAY = timedelta(hours=24)
_POWER = {"g": 3, "mg": 0, "mikrogram": -3, "nanogram": -6}
_PER_HOUR = {"mg/time": "mg", "mikrogram/time": "mikrogram"}
_UNITS_OF_INSULIN = {"enhet", "IE"}


def converted(amount: Quantity, unit: str) -> Decimal | None:
    """`amount` as a number of `unit`: between g, mg, mikrogram and nanogram exactly, otherwise only the unit itself."""
    if amount.unit == unit or {amount.unit, unit} == _UNITS_OF_INSULIN:
        return amount.value
    if amount.unit in _POWER and unit in _POWER:
        return amount.value.scaleb(_POWER[amount.unit] - _POWER[unit])
    return None


def most_in_24_hours(dosage: Dosage) -> Quantity | None:
    """The most the hand gives in 24 hours; None when only a limit in the substance is known."""
    largest = _largest(dosage)
    if isinstance(dosage.every, EveryHours):
        return largest * -(-24 // dosage.every.hours)
    if dosage.as_needed is not None:
        amounts = [largest * times for times in _times(dosage.as_needed)]
        most = dosage.as_needed.max_amount
        if most is not None and most.unit == dosage.unit:
            amounts.append(most)
        return min(amounts, key=lambda amount: amount.value, default=None)
    if dosage.steps:
        return Quantity(max(_around_the_clock(dosage)), dosage.unit)
    doses = [dose.amount for dose in dosage.timed_doses]
    return sum(doses[1:], start=doses[0]) if doses else largest


def single_dose(order: Ordered, substance: str, unit: str) -> Decimal | None:
    """How much of the substance the largest single dose holds; of a patch that gives so much an hour: of 24 hours."""
    return None if order.dosage is None else _held(order, _largest(order.dosage), substance, unit)


def substance_in_24_hours(order: Ordered, substance: str, unit: str) -> Decimal | None:
    """How much of the substance the order gives in 24 hours at the most; None when it cannot be counted."""
    if order.dosage is None:
        return None
    hand = most_in_24_hours(order.dosage)
    counted = [_held(order, hand, substance, unit)] if hand is not None else []
    limits = order.dosage.as_needed
    if limits is not None and limits.max_amount is not None and _is_only(order, substance):
        counted.append(converted(limits.max_amount, unit))
    return min((amount for amount in counted if amount is not None), default=None)


def held_in(order: Ordered, hand: Quantity, substance: str, unit: str) -> Decimal | None:
    """How much of the substance `hand` of this order holds; of a patch that gives so much an hour: in 24 hours."""
    return _held(order, hand, substance, unit)


def _around_the_clock(dosage: Dosage) -> Iterator[Decimal]:
    """What any 24 hours of a dosage in steps hold: a day of one step, or its last doses and the first of the next."""
    of_day = [[amount.value for amount in step.amounts] for step in dosage.steps]
    of_day = [amounts * len(dosage.moments) if len(amounts) == 1 else amounts for amounts in of_day]
    yield sum(of_day[-1], start=Decimal(0))
    for day, following in pairwise(of_day):
        for at in range(len(day)):
            yield sum(day[at:] + following[:at], start=Decimal(0))


def _times(limits: AsNeeded) -> Iterator[int]:
    if limits.max_doses is not None:
        yield limits.max_doses
    if limits.least_interval is not None:
        yield -(-DAY // limits.least_interval)


def _largest(dosage: Dosage) -> Quantity:
    if isinstance(dosage.amount, AmountRange):
        return dosage.amount.most
    if dosage.amount is not None:
        return dosage.amount
    amounts = [*dosage.amounts, *(amount for step in dosage.steps for amount in step.amounts)]
    return max(amounts, key=lambda amount: amount.value)


def _held(order: Ordered, hand: Quantity, substance: str, unit: str) -> Decimal | None:
    per_unit = _per_unit(order, substance)
    if per_unit is None:
        return converted(hand, unit) if _is_only(order, substance) else None
    if per_unit.unit in _PER_HOUR:
        per_unit = Quantity(per_unit.value * 24, _PER_HOUR[per_unit.unit])
    one = converted(per_unit, unit)
    return None if one is None else one * hand.value


def _per_unit(order: Ordered, substance: str) -> Quantity | None:
    named = [one.per_unit for one in order.ingredients if substance_name(one.name) == substance]
    if named and named[0] is not None:
        return named[0]
    if order.dosage is None or not _is_only(order, substance):
        return None
    return order.dosage.strength_per_unit


def _is_only(order: Ordered, substance: str) -> bool:
    return order.substance_names == {substance} and len(order.ingredients) < 2
