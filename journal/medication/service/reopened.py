"""A dose whose signature was a mistake: it is then what it would have been, had nobody signed it.

Whatever the doctor decided while it was signed passed it by. Left so, a dose of a stopped order would stand as ready to give, and
one of a changed order with the amount that was.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from journal.medication.models import Dose, MedicationRequest
from journal.medication.rules import Chosen
from journal.medication.service.course import course_of
from journal.medication.service.planning import dose_at
from journal.medication.service.prescribing import MAY_STILL_BE_GIVEN

_STATES = {"hold": "held", "resume": "open", "stop": "cancelled", "complete": "cancelled"}


def catch_up(dose: Dose, decided: Iterable[MedicationRequest], choices: Sequence[Chosen]) -> None:
    """Lets the dose follow each later version of its order, in turn, as an unsigned one did when it was decided.

    `choices`: the clock times of the municipality that answers for the order.
    """
    for version in decided:
        if version.change == "change":
            _follow_change(dose, version, choices)
        elif dose.state != "cancelled" and dose.due_at > _reaches_back_to(version):
            _follow(dose, version, _STATES[version.change])


def _reaches_back_to(version: MedicationRequest) -> datetime:
    """The end of a pause is for the doses to come alone; all else is for those too that may still be given."""
    return version.effective_at if version.change == "resume" else version.effective_at - MAY_STILL_BE_GIVEN


def _follow_change(dose: Dose, version: MedicationRequest, choices: Sequence[Chosen]) -> None:
    ahead = dose.due_at > version.effective_at
    if not ahead and (dose.state == "cancelled" or dose.due_at <= _reaches_back_to(version)):
        return
    if (planned := dose_at(version, dose.due_at, choices)) is None:
        _follow(dose, version, "cancelled")
        return
    if (doses := course_of(version)) is not None:
        # Counted with the others after this, which says which it is.
        planned |= {"course_number": min(dose.course_number or 1, doses), "course_of": doses}
    for column, value in planned.items():
        setattr(dose, column, value)


def _follow(dose: Dose, version: MedicationRequest, state: str) -> None:
    dose.state, dose.request_id, dose.request_version = state, version.id, version.version
