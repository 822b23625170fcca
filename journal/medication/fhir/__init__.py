"""Medication as FHIR R4: what is ordered (MedicationRequest, MedicationStatement, Medication, DetectedIssue) and what was given
(MedicationAdministration, MedicationDispense)."""

from journal.medication.fhir.given import administration_to_fhir, dispenses_to_fhir
from journal.medication.fhir.orders import (
    detected_issues_to_fhir,
    medication_to_fhir,
    request_to_fhir,
    statement_to_fhir,
)

__all__ = [
    "administration_to_fhir",
    "detected_issues_to_fhir",
    "dispenses_to_fhir",
    "medication_to_fhir",
    "request_to_fhir",
    "statement_to_fhir",
]
