"""The fields of a dosage that is another one tomorrow: steps, and warfarin that follows INR. In and out, as dosage_form."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import Any

from journal.medication.rules import Course, Dosage, InrControl, InvalidDosage, Moment, Step, in_steps
from journal.platform.clock import instant, local_date, norwegian_date
from journal.platform.quantity import Quantity, as_input

INR = ("inr_low", "inr_high", "inr_last", "inr_last_on", "inr_next")
"""The fields of what warfarin is dosed by, in the order of InrControl."""

MEASURED_ANEW = {"inr_last", "inr_last_on", "inr_next"}

_Amounts = tuple[Decimal, ...]


def steps_from(form: Mapping[str, Any], unit: str, moments: Sequence[Moment], more: dict[str, Any]) -> Dosage:
    """The dosage in steps that a validated DosageForm means. Raises InvalidDosage."""
    if form["steps_from"] is None:
        raise InvalidDosage("Skriv hvilken dag det første trinnet begynner.")
    in_order = sorted(range(len(moments)), key=lambda n: (isinstance(moments[n], time), moments[n]))

    def by_time(amounts: _Amounts) -> _Amounts:
        """One amount where all are the same, else in the order of the times, however they were written."""
        if len(amounts) == len(moments):
            amounts = tuple(amounts[n] for n in in_order)
        return amounts[:1] if len(set(amounts)) == 1 else amounts

    steps = [(form["steps_from"], by_time(form["amount"]))]
    day: date = form["steps_from"]
    for days, amounts in _rows(form):
        day += timedelta(days=days)
        if by_time(amounts) != steps[-1][1]:
            steps.append((day, by_time(amounts)))
    if len(steps) > 1 and not any(steps[-1][1]):
        more["course"] = Course(ends_at=instant(steps.pop()[0], time.min))
    return in_steps(
        (Step(first, tuple(Quantity(amount, unit) for amount in amounts)) for first, amounts in steps), moments, **more
    )


def steps_typed(dosage: Dosage) -> dict[str, Any]:
    """What stands in the form for these steps, beside the first amount."""
    starts = [step.first_day for step in dosage.steps]
    amounts = [" ".join(as_input(amount.value) for amount in step.amounts) for step in dosage.steps[1:]]
    if dosage.course and dosage.course.ends_at:
        starts.append(local_date(dosage.course.ends_at))
        amounts.append("0")
    days = [str((following - first).days) for first, following in pairwise(starts)]
    return {"steps_from": norwegian_date(starts[0]), "step_days[]": days, "step_amounts[]": amounts}


def inr_from(form: Mapping[str, Any]) -> InrControl | None:
    """What warfarin is dosed by, by a validated DosageForm; None when nothing of it is written. Raises InvalidDosage."""
    low, high, last, last_on, next_on = said = [form[name] for name in INR]
    if all(each is None for each in said):
        return None
    if any(each is None for each in said):
        raise InvalidDosage("Skriv mål, siste INR med dato og datoen for neste INR.")
    return InrControl(low, high, last, last_on, next_on)


def inr_typed(inr: InrControl | None) -> dict[str, str]:
    """What stands in the form for it."""
    if inr is None:
        return {}
    numbers = (as_input(each) for each in (inr.low, inr.high, inr.last))
    return dict(zip(INR, (*numbers, norwegian_date(inr.last_on), norwegian_date(inr.next_on)), strict=True))


def _rows(form: Mapping[str, Any]) -> list[tuple[int, _Amounts]]:
    """The steps after the first: how long the one before lasts, and the new amounts. Rows left empty are none."""
    rows = [row for row in zip_longest(form["step_days"], form["step_amounts"]) if any(row)]
    if not rows or not all(days and amounts for days, amounts in rows):
        raise InvalidDosage("Skriv både antall dager og ny mengde i hvert trinn. Mengden 0 er ingen dose.")
    return rows
