"""Medication as FHIR R4: MedicationRequest, MedicationStatement, Medication and DetectedIssue."""

from journal.medication.fhir.orders import (
    detected_issues_to_fhir,
    medication_to_fhir,
    request_to_fhir,
    statement_to_fhir,
)

__all__ = ["detected_issues_to_fhir", "medication_to_fhir", "request_to_fhir", "statement_to_fhir"]
