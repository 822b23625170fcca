"""A line of the access log as an AuditEvent of the Norwegian trust framework."""

from collections.abc import Mapping
from typing import Any

from journal.platform.fhir import NO_BASIS, OWN, Resource, coding, instant, reference, written

PROFILE = f"{NO_BASIS}/no-domain-Trustframework-Auditevent"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_PURPOSES = {
    "TREAT": "Treatment",
    "ETREAT": "Emergency Treatment",
    "COC": "coordination of care",
    "BTG": "break the glass",
    "HSYSADMIN": "health system administration",
    "HOPERAT": "healthcare operations",
    "PATRQT": "patient requested",
}
_OUTCOMES = {"success": "0", "search-hit": "0", "refused": "4", "failed": "8"}
_READS = ("read", "list", "find", "print", "drawer", "own", "reason", "see", "check", "opened", "printed")


def audit_event(line: Mapping[str, Any]) -> Resource:
    """*line*: every column of the log. One without a patient (a search, a page of the log) does not claim the profile, which
    demands one. The log holds no national id, so the patient and the reader are named by this journal's ids.
    """
    patient, purpose = line["patient_id"], line["purpose"]
    return written(
        resourceType="AuditEvent",
        id=str(line["id"]),
        meta={"profile": [PROFILE]} if patient else None,
        contained=_reader(line),
        extension=_extensions(line),
        type=coding("http://dicom.nema.org/resources/ontology/DCM", "110110", "Patient Record"),
        subtype=[coding(f"{OWN}:action", line["action"])],
        action="R" if line["action"].rsplit(":", 1)[-1] in _READS else "U",
        recorded=instant(line["at"]),
        outcome=_OUTCOMES[line["outcome"]],
        purposeOfEvent=[{"coding": [coding(_REASON, purpose, _PURPOSES.get(purpose))]}] if purpose else None,
        agent=[{"who": {"reference": "#role"}, "requestor": True}],
        source={
            "site": "Akson journal",
            "observer": {"display": "Akson journal"},
            "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
        },
        entity=[
            written(what=reference("Patient", patient) if patient else None, name=category)
            for category in line["categories"]
        ],
    )


def bundle(lines: list[dict[str, Any]]) -> Resource:
    """All of them, as one file."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": audit_event(line)} for line in lines],
    }


def _reader(line: Mapping[str, Any]) -> list[Resource]:
    name = line["actor_name"] or "Akson journal"
    id = [{"system": f"{OWN}:practitioner", "value": str(line["actor_id"])}] if line["actor_id"] else None
    unit = [{"system": f"{OWN}:unit", "value": str(line["unit_id"])}] if line["unit_id"] else None
    return [
        written(resourceType="Practitioner", id="practitioner", identifier=id, name=[{"text": name}]),
        written(resourceType="Organization", id="unit", identifier=unit, name=line["unit_name"] or "–"),
        written(
            resourceType="PractitionerRole",
            id="role",
            practitioner={"reference": "#practitioner"},
            organization={"reference": "#unit"},
            code=[{"text": line["actor_role"]}] if line["actor_role"] else None,
        ),
    ]


def _extensions(line: Mapping[str, Any]) -> list[Resource]:
    found: list[Resource] = []
    if line["patient_id"]:
        found.append(
            {
                "url": f"{NO_BASIS}/auditevent-patient-extension",
                "valueReference": reference("Patient", line["patient_id"]),
            }
        )
    if line["relationship_id"]:
        decision = line["decision_ref"] or {}
        said: list[Resource] = [
            {"url": "decision-ref-id", "valueString": str(decision.get("id") or line["relationship_id"])},
            {"url": "decision-ref-description", "valueString": decision.get("description") or line["ground"]},
            {"url": "decision-ref-user-selected", "valueBoolean": bool(decision.get("user_selected"))},
            {"url": "toa", "valueUnsignedInt": int(line["at"].timestamp())},
        ]
        found.append({"url": f"{NO_BASIS}/auditevent-carerelation-metadata-extension", "extension": said})
    return found
