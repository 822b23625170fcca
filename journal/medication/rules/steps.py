"""What can be wrong with a dosage that is another one tomorrow: steps, and warfarin that follows INR."""

from datetime import time
from itertools import pairwise
from typing import TYPE_CHECKING

from journal.medication.rules.parts import InvalidDosage
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
    if dosage.course and dosage.course.ends_at:
        raise InvalidDosage("En dosering etter INR slutter dagen INR måles. La siste dag stå tom.")
    if dosage.steps and dosage.steps[-1].first_day >= dosage.inr.next_on:
        raise InvalidDosage("Dosene kan ikke være bestemt lenger enn til dagen INR måles. Ta bort trinnene etter den.")
