"""Allergies as FHIR R4, by no-basis-AllergyIntolerance."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.patients import Allergy
from journal.patients.fhir import allergy_to_fhir
from journal.patients.rules import REACTIONS, SOURCES
from journal.platform.fhir import as_json
from tests import fhir_profiles, fhir_r4
from tests.reference import needs_reference

_maybe = st.none() | st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30)
allergies = st.builds(
    Allergy,
    patient_id=st.uuids(),
    entry_id=st.uuids(),
    version=st.integers(1, 50),
    kind=st.sampled_from(["allergy", "intolerance"]),
    substance=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30),
    reaction=_maybe,
    reaction_code=st.none() | st.sampled_from(sorted(REACTIONS)),
    source_code=st.none() | st.sampled_from(sorted(SOURCES)),
    severity=st.none() | st.sampled_from(["mild", "moderate", "severe"]),
    criticality=st.none() | st.sampled_from(["low", "high", "unable-to-assess"]),
    verification_status=st.sampled_from(["unconfirmed", "confirmed", "refuted"]),
    recorded_at=st.datetimes(datetime(2020, 1, 1), timezones=st.just(UTC)),
    recorded_by_name=st.just("Nina Nordli"),
    code=st.none() | st.sampled_from(["J01CE02", "N02AA01"]),
)


def sent(allergy: Allergy) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(as_json(allergy_to_fhir(allergy)), parse_float=Decimal)
    return read


@settings(deadline=None)
@given(allergies)
def test_every_allergy_is_valid_r4(allergy: Allergy) -> None:
    assert fhir_r4.faults(sent(allergy)) == []


@needs_reference
@settings(deadline=None)
@given(allergies)
def test_every_allergy_is_by_the_norwegian_profile(allergy: Allergy) -> None:
    assert fhir_profiles.faults("no-basis-AllergyIntolerance", sent(allergy)) == []


@needs_reference
@pytest.mark.parametrize("lost", ["reaction", "system"])
def test_the_profile_is_really_asked(lost: str) -> None:
    resource = sent(_one())
    if lost == "reaction":
        del resource["reaction"]
    else:
        resource["reaction"][0]["manifestation"][0]["coding"][0]["system"] = "urn:oid:2.16.578.1.12.4.1.1.7497"
    assert fhir_profiles.faults("no-basis-AllergyIntolerance", resource) != []


def test_one_that_was_refuted_is_inactive_and_goes_out_all_the_same() -> None:
    resource = sent(_one(verification_status="refuted"))
    assert resource["clinicalStatus"]["coding"][0]["code"] == "inactive"
    assert resource["verificationStatus"]["coding"][0]["code"] == "refuted"


def test_a_reaction_in_words_alone_keeps_its_words() -> None:
    (reaction,) = sent(_one(reaction="hovne lepper", reaction_code=None))["reaction"]
    assert reaction["description"] == "hovne lepper"
    assert reaction["manifestation"][0]["coding"][0]["code"] == "20"


def test_substance_code_and_source_are_said() -> None:
    resource = sent(_one(code="J01CE02", source_code="3"))
    assert resource["code"] == {
        "coding": [{"system": "http://www.whocc.no/atc", "code": "J01CE02", "display": "Penicillin"}],
        "text": "Penicillin",
    }
    assert resource["category"] == ["medication"]
    assert "Pasientens egne opplysninger" in json.dumps(resource["extension"])


def _one(**more: Any) -> Allergy:
    said: dict[str, Any] = {
        "patient_id": UUID(int=1),
        "entry_id": UUID(int=2),
        "version": 1,
        "kind": "allergy",
        "substance": "Penicillin",
        "reaction": None,
        "reaction_code": "9",
        "source_code": None,
        "severity": "severe",
        "criticality": "high",
        "verification_status": "confirmed",
        "recorded_at": datetime(2026, 11, 1, 12, tzinfo=UTC),
        "recorded_by_name": "Nina Nordli",
    }
    return Allergy(**(said | more))
