"""Allergies as FHIR R4's AllergyIntolerance, by the profile no-basis-AllergyIntolerance."""

from journal.patients.rules import REACTIONS, SOURCES, Allergy
from journal.platform.fhir import ATC, NO_BASIS, Resource, coding, concept, instant, reference, written

# The profile has these two systems with "uid" for "oid", and a receiver who checks by it takes nothing else.
_REACTION = "urn:uid:2.16.578.1.12.4.1.1.7497"
_SOURCE = "urn:uid:2.16.578.1.12.4.1.1.7498"
_UNKNOWN = "20"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"


def allergy_to_fhir(allergy: Allergy) -> Resource:
    """AllergyIntolerance. One that was refuted goes too, as refuted and inactive: who had it must be able to take it away.

    The profile wants exactly one reaction with a code: where nobody has said one it is 20, unknown reaction.
    """
    code = allergy.reaction_code or _UNKNOWN
    manifestation = {"coding": [coding(_REACTION, code, str(REACTIONS[code]))]}
    return written(
        resourceType="AllergyIntolerance",
        id=str(allergy.entry_id),
        meta={"versionId": str(allergy.version), "lastUpdated": instant(allergy.recorded_at)},
        extension=[_source(allergy.source_code)] if allergy.source_code else None,
        clinicalStatus=concept(coding(_CLINICAL, "active" if allergy.holds else "inactive")),
        verificationStatus=concept(coding(_VERIFICATION, allergy.verification_status)),
        type=allergy.kind,
        category=["medication"] if allergy.code else None,
        criticality=allergy.criticality,
        code=concept(coding(ATC, allergy.code, allergy.substance), text=allergy.substance),
        patient=reference("Patient", allergy.patient_id),
        recordedDate=instant(allergy.recorded_at),
        recorder={"display": allergy.recorded_by_name},
        reaction=[
            written(manifestation=[manifestation], description=allergy.reaction, severity=allergy.severity),
        ],
    )


def _source(code: str) -> Resource:
    said = {"coding": [coding(_SOURCE, code, str(SOURCES[code]))]}
    value = {"url": "source", "valueCodeableConcept": said}
    return {"url": f"{NO_BASIS}/no-basis-sourceofinformation", "extension": [value]}
