"""How a dosage is said that is another one tomorrow: steps, and warfarin that follows INR.

What is shown for a day holds that day's dose and the next change. From the day INR is measured there is no dose to say.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import InrControl, Step
from journal.medication.rules.words import exactly, held_or_said, moments, said_of, say
from journal.platform.clock import local_date, norwegian_date
from journal.platform.quantity import NBSP, Quantity, show

CALL = "ring lege"
"""What stands where a dose stands when none is decided."""
NOTHING = "ingen dose"

Says = Callable[[Quantity], str]


def steps_sentence(dosage: Dosage) -> str:
    """`4 tabletter kl. 08 fra 22.11.2026, deretter 3 tabletter kl. 08 fra 25.11.2026`."""
    return ", deretter ".join(
        f"{_step(dosage, step, say)} fra {norwegian_date(step.first_day)}" for step in dosage.steps
    )


def step_of_day(dosage: Dosage, day: date) -> tuple[str, str]:
    """The dose of a day (Oslo) of a dosage in steps, and until when it holds and what comes then."""
    step, ends_at, held = dosage.step_on(day), dosage.ends_at, partial(held_or_said, dosage)
    last_day = local_date(ends_at) - timedelta(days=1) if ends_at else None
    if last_day and day > last_day:
        return NOTHING, f"siste dag var {norwegian_date(last_day)}"
    following = next((one for one in dosage.steps if one.first_day > day), None)
    if step is None:
        assert following is not None
        return NOTHING, f"fra {norwegian_date(following.first_day)} {_step(dosage, following, held)}"
    dose, times = _apart(dosage, step, held)
    if following is not None:
        until = norwegian_date(following.first_day - timedelta(days=1))
        then = f"til og med {until}, deretter {_step(dosage, following, held)}"
    else:
        then = f"til og med {norwegian_date(last_day)}" if last_day else ""
    return dose, " ".join(filter(None, (times, then)))


def changed_today(dosage: Dosage, day: date) -> str | None:
    """`Ny mengde i dag, i går 4 tabletter kl. 08` on the first day of a step after another; None on all other days."""
    step, before = dosage.step_on(day), dosage.step_on(day - timedelta(days=1))
    if step is None or before is None or step is before:
        return None
    return f"Ny mengde i dag, i går {_step(dosage, before, say)}"


def no_dose_decided(dosage: Dosage, day: date) -> bool:
    """Whether the INR of this day (Oslo), or of one before it, must be answered by a doctor before there is a dose."""
    return dosage.inr is not None and day >= dosage.inr.next_on


def inr_text(inr: InrControl) -> str:
    """What warfarin is dosed by: `INR 2,4 målt 20.11.2026, mål 2–3`."""
    target = f"{show(inr.low)}–{show(inr.high)}"
    return f"INR{NBSP}{show(inr.last)} målt {norwegian_date(inr.last_on)}, mål{NBSP}{target}"


def _apart(dosage: Dosage, step: Step, say_amount: Says) -> tuple[str, str]:
    """The amount of a step, and its times; both in the first when the amounts differ."""
    doses = dosage.doses_of(step)
    if len({dose.amount for dose in doses}) != 1:
        return _step(dosage, step, say_amount), ""
    return say_amount(doses[0].amount), exactly(dosage) + moments([dose.at for dose in doses])


def _step(dosage: Dosage, step: Step, say_amount: Says) -> str:
    """`4 tabletter kl. 08`, `2 tabletter kl. 08 og 1 tablett kl. 20`, `ingen dose`."""
    doses = dosage.doses_of(step)
    if len({dose.amount for dose in doses}) > 1:
        return said_of(dosage, doses, say_amount)
    return " ".join(_apart(dosage, step, say_amount)) if doses else NOTHING
