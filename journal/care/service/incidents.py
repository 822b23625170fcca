"""Incidents: what went wrong, or nearly did, and what was done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from journal.care import rules
from journal.care.models import IncidentVersion
from journal.care.service.shown import Incident, incident_of
from journal.permissions import Permission
from journal.platform.entries import folded, lock_entry, mark_in_error
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient


@dataclass(frozen=True)
class Account:
    """What is told: a kind (rules.INCIDENTS), what happened, how bad (rules.SEVERITIES), what was done, and when it was."""

    kind: str
    text: str
    severity: str
    measures: str = ""
    effective_at: datetime | None = None


class Incidents(Service):
    """What went wrong with the patient. It belongs in the record of her; the quality system has a report of its own."""

    @on_patient(Permission.CARE_WRITE)
    def report_incident(self, patient_id: UUID, account: Account, *, about_id: UUID | None = None) -> UUID:
        """Records what went wrong; answers with the entry's id. *about_id* is what it was about: a dose, a note.

        Raises Invalid when something is missing, or for a time that has not been.
        """
        row = self._row(patient_id, new_id(), 1, account)
        row.about_id = about_id
        self.db.add(row)
        self.db.flush()
        return row.entry_id

    @on_patient(Permission.CARE_WRITE)
    def correct_incident(
        self, patient_id: UUID, entry_id: UUID, version: int, account: Account, *, reason: str
    ) -> None:
        """A new version, with its reason, of the version its author saw. The old one stays (hpl. § 42).

        Raises NotFound, Invalid as report_incident, Conflict when somebody has corrected it since, or it was entered in
        error or erased.
        """
        versions = self._lock_incident(patient_id, entry_id)
        was = versions[0]
        if was.in_error_at is not None or was.erasure_id is not None:
            raise Conflict("Avviket er merket som feilført eller slettet, og kan ikke rettes. Registrer et nytt.")
        if was.version != version:
            raise Conflict(
                phrase(
                    "%(name)s rettet avviket mens du skrev. Les det som står nå, ta med det som mangler, og lagre på nytt.",
                    name=was.recorded_by_name,
                )
            )
        row = self._row(was.patient_id, entry_id, was.version + 1, account)
        row.about_id, row.change_reason = was.about_id, reason
        self.db.add(row)
        self.db.flush()

    @on_patient(Permission.CARE_WRITE)
    def mark_incident_in_error(self, patient_id: UUID, entry_id: UUID, reason: str) -> None:
        """Marks an incident, every version, as wrong; it stays in the journal, struck out.

        Raises NotFound, Conflict when it is marked already, Denied when another municipality answers for part of it.
        """
        mark_in_error(
            self.work,
            self._lock_incident(patient_id, entry_id),
            reason,
            already="Avviket er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har registrert avviket. Be dem om å rette det.",
        )

    @on_patient(Permission.CARE_READ)
    def incidents(self, patient_id: UUID) -> list[Incident]:
        """What has been reported with all its versions, latest first, what was entered in error among it. One statement."""
        rows = self.db.scalars(sa.select(IncidentVersion).where(self.work.chart(patient_id, IncidentVersion)))
        return sorted(folded(map(incident_of, rows)), key=lambda incident: incident.effective_at, reverse=True)

    @on_patient(Permission.CARE_READ)
    def incident(self, patient_id: UUID, entry_id: UUID) -> Incident:
        """One incident with its versions. Raises NotFound. One statement."""
        found = next((one for one in self.incidents(patient_id) if one.entry_id == entry_id), None)
        if found is None:
            raise NotFound("Avviket finnes ikke hos denne pasienten.")
        return found

    def _row(self, patient_id: UUID, entry_id: UUID, version: int, account: Account) -> IncidentVersion:
        at = account.effective_at or self.work.now
        errors: dict[str, list[str]] = {}
        if account.kind not in rules.INCIDENTS:
            errors["kind"] = ["Velg hva slags avvik det er."]
        if account.severity not in rules.SEVERITIES:
            errors["severity"] = ["Velg hvor alvorlig det var."]
        if not account.text.strip():
            errors["text"] = ["Skriv hva som skjedde."]
        if at > self.work.now:
            errors["effective_at"] = ["Tidspunktet er fram i tid. Skriv når det skjedde."]
        if errors:
            raise Invalid(errors=errors)
        return IncidentVersion(
            patient_id=patient_id,
            entry_id=entry_id,
            version=version,
            kind=account.kind,
            severity=account.severity,
            text=account.text.strip(),
            measures=account.measures.strip() or None,
            effective_at=at,
        )

    def _lock_incident(self, patient_id: UUID, entry_id: UUID) -> Sequence[IncidentVersion]:
        versions = lock_entry(self.work, patient_id, IncidentVersion, entry_id)
        if not versions:
            raise NotFound("Avviket finnes ikke hos denne pasienten.")
        return versions
