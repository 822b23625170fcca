"""One field for whoever controls the log: a patient by number or by name and birth date, an employee by name."""

from dataclasses import dataclass
from uuid import UUID

from journal.municipalities import Employee, Municipalities
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.service import Service, finds_patients


@dataclass(frozen=True)
class Sought:
    """Whom the text means. *ambiguous*: several patients fit, and none is told."""

    patient_id: UUID | None = None
    employees: tuple[Employee, ...] = ()
    ambiguous: bool = False


class Oversight(Service):
    """Finds whose lines of the log are asked for; the log itself is audit's."""

    @finds_patients(Permission.AUDIT_READ)
    def search(self, text: str) -> Sought:
        """A whole number, or full name and full birth date, is a patient; other words are the beginnings of an employee's name.

        The search is logged, and a patient who is found has it in her own log. Raises Invalid and TooMany as
        Patients.find_to_control does.
        """
        self.work.note(Permission.AUDIT_READ)
        found = Patients(self.work).find_to_control(text)
        if found is None:
            return Sought(employees=tuple(Municipalities(self.work).ever_employed(text)))
        return Sought(patient_id=found.hits[0].patient_id if found.hits else None, ambiguous=found.ambiguous)
