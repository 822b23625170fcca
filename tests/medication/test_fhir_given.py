"""What was given as FHIR R4: valid by R4 and by what the drug registry's profile demands, and never more than what happened."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.medication import Medication, Medicine
from journal.medication.fhir import administration_to_fhir, dispenses_to_fhir
from journal.medication.fhir.given import BESIDE, RESULT
from journal.medication.rules import Reason, Result, every_hours
from journal.medication.rules.patches import Site
from journal.medication.rules.prepared import Outcome
from journal.medication.service import WholeGiven
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests import fhir_profiles, fhir_r4
from tests.conftest import World
from tests.medication.dosetts import bags, laid_in, sign_bag
from tests.medication.fhir_reading import _quantity
from tests.medication.test_fhir import METHOTREXATE, sent
from tests.medication.test_sign import doses, order, sign
from tests.reference import needs_reference

WorkOf = Callable[..., Any]
AT = datetime(2026, 11, 16, 7, 5, tzinfo=UTC)
ONE = Quantity(Decimal(1), "tablett")
DAILY = every_hours(ONE, 24, strength_per_unit=Quantity(Decimal("2.5"), "mg"))
HALF = replace(ONE, value=Decimal("0.5"))


def whole(**more: Any) -> WholeGiven:
    said: dict[str, Any] = {
        "patient_id": new_id(),
        "id": new_id(),
        "kind": "signature",
        "result": Result.TAKEN,
        "reason": None,
        "reason_text": None,
        "effective_at": AT,
        "amount": ONE,
        "site": None,
        "second": None,
        "prepared_id": None,
        "request_entry_id": new_id(),
        "medicine": METHOTREXATE,
        "fest_id": new_id(),
        "dosage": DAILY,
        "in_error_at": None,
        "in_error_reason": None,
        "recorded_by": new_id(),
        "recorded_by_name": "Nina Nordli",
        "recorded_at": AT + timedelta(minutes=2),
        "supervised_by": None,
        "supervised_by_name": None,
    }
    return WholeGiven(**(said | more))


def said(**more: Any) -> dict[str, Any]:
    return sent(administration_to_fhir(whole(**more)))


@st.composite
def signatures(draw: st.DrawFn) -> WholeGiven:
    reason = draw(st.none() | st.sampled_from(Reason))
    result = reason.result if reason else Result.TAKEN
    taken = draw(st.sampled_from([ONE, HALF])) if result is Result.TAKEN or draw(st.booleans()) else None
    text = st.none() | st.text("aæøåÁŋ09 –\"<&'#\n", min_size=1, max_size=20).filter(str.strip)
    return whole(
        kind=draw(st.sampled_from(["signature", "also_given", "given_after_stop"])),
        result=result,
        reason=reason,
        reason_text=draw(text),
        amount=taken,
        site=draw(st.none() | st.sampled_from(Site)),
        second=draw(st.none() | st.just((new_id(), "Siri Strand"))),
        **draw(st.sampled_from([{}, {"supervised_by": new_id(), "supervised_by_name": "Siri Strand"}])),
        prepared_id=draw(st.none() | st.uuids()),
        fest_id=draw(st.none() | st.uuids()),
        medicine=draw(st.sampled_from([METHOTREXATE, Medicine("urtete")])),
        dosage=draw(st.sampled_from([DAILY, replace(DAILY, strength_per_unit=None)])),
        in_error_at=draw(st.none() | st.just(AT + timedelta(hours=1))),
        in_error_reason=draw(text),
    )


@settings(deadline=None)
@given(signatures())
def test_every_signature_is_valid_r4_and_says_who_when_of_what_order(signature: WholeGiven) -> None:
    resource = sent(administration_to_fhir(signature))

    assert fhir_r4.faults(resource) == []
    assert resource["effectiveDateTime"] == "2026-11-16T07:05:00Z"
    assert resource["performer"][0]["actor"]["reference"] == f"Practitioner/{signature.recorded_by}"
    assert resource["request"] == {"reference": f"MedicationRequest/{signature.request_entry_id}"}
    taken = signature.result in (Result.TAKEN, Result.PARTLY_TAKEN)
    assert (resource["status"] == "entered-in-error") is (signature.in_error_at is not None)
    assert ("dosage" in resource) is (taken and signature.amount is not None), "what was not given has no dose"
    assert (BESIDE in {each["url"] for each in resource["extension"]}) is (signature.kind != "signature")


@needs_reference
def test_the_table_of_r4_is_what_the_registrys_profile_rests_on() -> None:
    ours = {name: (e.least, "*" if e.many else "1") for name, e in fhir_r4.elements("MedicationAdministration").items()}
    assert ours == fhir_profiles.base_of("lmdi-medicationadministration")


@needs_reference
def test_a_dose_has_what_the_registry_demands_of_one() -> None:
    """What its profile has as required: of the resource, and of a dosage that is there."""
    resource = said()

    demanded = fhir_profiles.required_of("lmdi-medicationadministration")
    assert {"status", "medication[x]", "subject", "effective[x]", "dosage.dose"} <= demanded
    names = {"medication[x]": "medicationReference", "effective[x]": "effectiveDateTime"}
    for path in demanded:
        here = resource
        for part in path.split("."):
            found = here.get(names.get(part, part))
            assert found, path
            here = found[0] if isinstance(found, list) else found


def test_the_dose_is_the_main_substance_where_the_order_says_its_strength_and_else_what_the_hand_gave() -> None:
    of_substance, of_hand = said(amount=HALF), said(amount=HALF, dosage=replace(DAILY, strength_per_unit=None))

    assert _quantity(of_substance["dosage"]["dose"]) == Quantity(Decimal("1.25"), "mg")
    assert _quantity(of_hand["dosage"]["dose"]) == HALF
    assert of_substance["dosage"]["text"].startswith("0,5")
    (product,) = of_substance["contained"]
    assert product["code"]["coding"][0]["system"].endswith("FEST")


@pytest.mark.parametrize(
    ("more", "status", "result"),
    [
        ({}, "completed", "1"),
        ({"result": Result.PARTLY_TAKEN, "reason": Reason.PARTLY, "amount": None}, "completed", "2"),
        ({"result": Result.REFUSED, "reason": Reason.REFUSED, "amount": None}, "not-done", "3"),
        ({"result": Result.NOT_GIVEN, "reason": Reason.ASLEEP, "amount": None}, "not-done", "4"),
        ({"in_error_at": AT, "in_error_reason": "Feil dose"}, "entered-in-error", "1"),
    ],
)
def test_each_result_has_its_status_and_the_national_code(more: dict[str, Any], status: str, result: str) -> None:
    resource = said(**more)

    (extension,) = [each for each in resource["extension"] if each["url"] == RESULT]
    assert (resource["status"], extension["valueCodeableConcept"]["coding"][0]["code"]) == (status, result)
    assert [note["text"] for note in resource.get("note", [])] == (["Feil dose"] if more.get("in_error_at") else [])
    assert ("statusReason" in resource) is ("reason" in more)


def test_a_patch_says_where_it_sits_and_two_signatures_are_two_performers() -> None:
    resource = said(site=Site.CHEST_LEFT, second=(new_id(), "Siri Strand"))

    assert resource["dosage"]["site"]["text"] == "venstre side av brystet"
    functions = [(each["function"]["coding"][0]["code"], each["actor"]["display"]) for each in resource["performer"]]
    assert functions == [("performer", "Nina Nordli"), ("verifier", "Siri Strand")]


def given_to(world: World, work_of: WorkOf, patient_id: UUID) -> list[dict[str, Any]]:
    with work_of(world.lars) as work:
        reach = {"start": work.now - timedelta(days=1), "end": work.now + timedelta(days=1)}
        return [sent(administration_to_fhir(each)) for each in Medication(work).whole_given(patient_id, **reach)]


def test_what_was_signed_and_undone_goes_out_as_it_stands(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    entry_id = order(world, work_of, patient_id)
    first = sign(world, work_of, doses(world, work_of, patient_id)[0])
    with work_of(world.nina) as work:
        Medication(work).correct(patient_id, first, reason="Feil dose")
    second = sign(world, work_of, doses(world, work_of, patient_id)[0])

    gone, stands = given_to(world, work_of, patient_id)

    assert (gone["id"], stands["id"]) == (str(first), str(second))
    assert (gone["status"], stands["status"]) == ("entered-in-error", "completed")
    assert stands["request"]["reference"] == f"MedicationRequest/{entry_id}"
    assert stands["dosage"]["dose"] == {"value": 50, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    assert fhir_r4.faults(gone) == fhir_r4.faults(stands) == []


def test_a_bag_is_dispenses_of_the_times_it_was_laid_in_for_and_its_doses_point_to_them(
    world: World, work_of: WorkOf
) -> None:
    laid = laid_in(world, work_of)
    with work_of(world.siri) as work:
        (thing,) = Medication(work).prepared(laid.patient_id)
        before = [each["status"] for each in dispenses_to_fhir(thing)]
        Medication(work).control(laid.patient_id, laid.prepared_id)
    sign_bag(world, work_of, laid.patient_id, bags(world, work_of, laid.patient_id)[0])
    with work_of(world.siri) as work:
        (thing,) = Medication(work).prepared(laid.patient_id)

    dispenses = [sent(each) for each in dispenses_to_fhir(thing)]

    assert [fhir_r4.faults(each) for each in dispenses] == [[], []]
    assert (before, [each["status"] for each in dispenses]) == (["preparation"] * 2, ["completed"] * 2)
    for dispense in dispenses:
        (dosage,) = dispense["dosageInstruction"]
        assert dispense["quantity"]["value"] == len(dosage["timing"]["event"]) == len(thing.bags)
        performers = [(each["actor"]["display"], "function" in each) for each in dispense["performer"]]
        assert performers == [("Nina Nordli", False), ("Siri Strand", True)]
    pointed = {each["supportingInformation"][0]["reference"] for each in given_to(world, work_of, laid.patient_id)}
    assert pointed == {f"MedicationDispense/{each['id']}" for each in dispenses}
    sent_back = [each["status"] for each in dispenses_to_fhir(replace(thing, outcome=Outcome.SENT_BACK))]
    assert sent_back == ["declined"] * 2
