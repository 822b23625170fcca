"""A dose that was given against the order, or without one: the fact is stored in medication, and this is who hears of it."""

from datetime import datetime
from uuid import UUID

from journal.care import rules
from journal.care.service.incidents import Account, Incidents
from journal.care.service.missed import Missed
from journal.medication import Medication
from journal.permissions import Permission
from journal.platform.service import on_patient


class GivenAgainst(Missed, Incidents):
    """Opens the incident, and tells whoever prescribes."""

    @on_patient(Permission.CARE_WRITE)
    def given_against(
        self, patient_id: UUID, administration_id: UUID, against: rules.Against, given_at: datetime
    ) -> None:
        """An incident that nobody has judged yet, where it is one, and a task now for whoever prescribes: what was ordered, and
        given by somebody without the authority, is the unit's to follow up.

        `administration_id` is what was stored of the dose, and what both are about.
        """
        happened = rules.against_text(against, self._what(patient_id, administration_id, against), given_at)
        if kind := rules.AGAINST_KIND.get(against):
            account = Account(kind, happened, "unassessed", effective_at=given_at)
            self.report_incident(patient_id, account, about_id=administration_id)
        if against is rules.Against.WITHOUT_AUTHORITY:
            return
        self.add_task(
            patient_id, rules.told_text(happened), due_at=self.work.now, kind="prescriber", about_id=administration_id
        )

    def _what(self, patient_id: UUID, administration_id: UUID, against: rules.Against) -> str:
        medication = Medication(self.work)
        if against not in (rules.Against.WRONG_PATIENT, rules.Against.WITHOUT_ORDER):
            return medication.medicine_of(patient_id, administration_id)
        dose = medication.unordered_dose(patient_id, administration_id)
        return f"{dose.medicine} {dose.amount}"
