"""What can be wrong with a dosage that is another one tomorrow: steps, warfarin that follows INR, courses that count."""

from datetime import time
from itertools import pairwise
from typing import TYPE_CHECKING

from journal.medication.rules.parts import InvalidDosage, Kind
from journal.platform.clock import instant

if TYPE_CHECKING:
    from journal.medication.rules.dosage import Dosage


def check_steps(dosage: "Dosage") -> None:
    """Raises InvalidDosage when the steps do not follow each other, each with another dose than the one before."""
    steps = dosage.steps
    if not steps:
        return
    if len(steps) < 2:
        raise InvalidDosage("Det må være minst to trinn. Er mengden den samme hele tiden, velger du «Hver dag».")
    if any(one.first_day >= following.first_day for one, following in pairwise(steps)):
        raise InvalidDosage("Trinnene må stå i rekkefølge, og hvert av dem må vare minst én dag.")
    if any(len(step.amounts) not in {1, len(dosage.moments)} for step in steps):
        raise InvalidDosage("Hvert trinn må ha én mengde, eller én mengde for hvert tidspunkt.")
    if any(len(step.amounts) > 1 and len(set(step.amounts)) == 1 for step in steps):
        raise InvalidDosage("Mengdene er like. Oppgi én mengde.")
    if any(one.amounts == following.amounts for one, following in pairwise(steps)):
        raise InvalidDosage("To trinn etter hverandre har samme mengde. Slå dem sammen.")
    if steps[-1].is_nothing:
        raise InvalidDosage("Det siste trinnet har ingen dose. Skriv i stedet når doseringen slutter.")
    course = dosage.course
    if course and (course.starts_at or (course.ends_at and course.ends_at <= instant(steps[-1].first_day, time.min))):
        raise InvalidDosage("Trinnene har egne datoer, og slutten må være etter at det siste trinnet begynner.")


def check_inr(dosage: "Dosage") -> None:
    """Raises InvalidDosage when something else than the next INR ends the doses, or they are set beyond it."""
    if dosage.inr is None:
        return
    if not dosage.moments:
        raise InvalidDosage("En dosering etter INR må ha klokkeslett eller tid på dagen.")
    if dosage.course and dosage.course.has_end:
        raise InvalidDosage("En dosering etter INR slutter dagen INR måles. La siste dag stå tom.")
    if dosage.steps and dosage.steps[-1].first_day >= dosage.inr.next_on:
        raise InvalidDosage("Dosene kan ikke være bestemt lenger enn til dagen INR måles. Ta bort trinnene etter den.")


def check_course(dosage: "Dosage") -> None:
    """Raises InvalidDosage when doses are counted, or the first is given at once, where that says nothing or too much."""
    course = dosage.course
    if course is None:
        return
    if course.doses is not None and dosage.kind is Kind.AS_NEEDED:
        raise InvalidDosage("Et antall doser gjelder faste doser. Ved behov bestemmer pasienten hvor mange det blir.")
    if course.doses is not None and dosage.steps:
        raise InvalidDosage("Trinnene har egne datoer. Skriv slutten som mengden 0, ikke som antall doser.")
    # Which amount would be made up for one that was missed?
    if course.doses is not None and dosage.amounts:
        raise InvalidDosage("Et antall doser krever at alle dosene er like store. Skriv siste dag i stedet.")
    if course.first_at is not None and (dosage.kind is not Kind.DAILY or dosage.amount is None):
        raise InvalidDosage("Første dose nå kan bare brukes hver dag, og når alle dosene er like store.")
