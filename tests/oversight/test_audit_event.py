"""A line of the log as AuditEvent: what the Norwegian profile demands, read from the profile itself."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from journal.oversight.fhir import PROFILE, audit_event
from tests.reference import REFERENCE, needs_reference

LINE: dict[str, Any] = {
    **{name: uuid4() for name in ("id", "actor_id", "unit_id", "patient_id", "relationship_id")},
    "at": datetime(2026, 11, 16, 9, 5, tzinfo=UTC),
    "actor_name": "Nina Nordli",
    "actor_role": "nurse",
    "unit_name": "Avdeling 2",
    "action": "medication:read",
    "categories": ["patients", "medication"],
    "ground": "stay",
    "purpose": "TREAT",
    "outcome": "success",
    "decision_ref": {"id": "7", "description": "Vedtak", "user_selected": False},
}


def demands(name: str) -> list[dict[str, Any]]:
    found = json.loads((REFERENCE / f"auditevent/StructureDefinition-{name}.json").read_text(encoding="utf-8"))
    return [element for element in found["differential"]["element"] if "." in element["id"]]


def at(resource: Any, path: str) -> list[Any]:
    nodes = [resource]
    for part in path.split(".")[1:]:
        nodes = [
            c
            for n in nodes
            for c in (n.get(part, []) if isinstance(n.get(part), list) else [n[part]] if part in n else [])
        ]
    return nodes


@needs_reference
@pytest.mark.parametrize(
    "more", [{}, {"relationship_id": None}, {"outcome": "refused", "purpose": None, "ground": None}]
)
def test_an_event_has_what_the_profile_demands(more: dict[str, Any]) -> None:
    event = audit_event(LINE | more)

    assert event["meta"]["profile"] == [PROFILE]
    plain = [
        each for each in demands("no-domain-Trustframework-Auditevent") if ":" not in each["id"] and each.get("min")
    ]
    assert {each["path"] for each in plain} >= {"AuditEvent.extension", "AuditEvent.agent.who"}
    for each in plain:
        parent, _, last = each["path"].rpartition(".")
        assert all(last in node for node in at(event, parent)), each["id"]
    extensions = {each["url"].rsplit("/", 1)[-1]: each for each in event["extension"]}
    for name, extension in extensions.items():
        said = {each["path"]: each.get("fixedUri") for each in demands(name)}
        assert extension["url"] == said["Extension.url"]
        for part in demands(name):
            if part["id"].endswith(".url") and ":" in part["id"]:
                assert [each["url"] for each in extension["extension"]].count(part["fixedUri"]) == 1
    assert "auditevent-patient-extension" in extensions
    assert ("auditevent-carerelation-metadata-extension" in extensions) == ("relationship_id" not in more)
    assert event["agent"][0]["who"]["reference"] == f"#{event['contained'][2]['id']}"


@pytest.mark.parametrize(
    ("action", "code"), [("notes:drawer", "R"), ("chart:own", "R"), ("downtime:printed", "R"), ("notes:write", "U")]
)
def test_what_was_only_read_is_no_update(action: str, code: str) -> None:
    assert audit_event(LINE | {"action": action})["action"] == code


def test_an_event_of_no_patient_does_not_claim_the_profile() -> None:
    assert "meta" not in audit_event(LINE | {"patient_id": None, "relationship_id": None})
