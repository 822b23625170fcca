"""Medication as FHIR R4: valid by R4 and by the Norwegian profiles, and nothing lost for who reads the elements alone."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.medication import Medication, Medicine
from journal.medication.fhir import detected_issues_to_fhir, medication_to_fhir, request_to_fhir, statement_to_fhir
from journal.medication.rules import (
    Course,
    Dosage,
    InrControl,
    Kind,
    OrderStatus,
    Step,
    Weekday,
    expected_times,
    in_steps,
    pulse,
    weekly,
)
from journal.medication.rules.safety import Overridden, Rule, Tier
from journal.medication.service import WholeOrder
from journal.platform.fhir import as_json, volven
from journal.platform.ids import new_id
from journal.platform.quantity import UNITS, Quantity
from tests import fhir_profiles, fhir_r4
from tests.conftest import World
from tests.medication.fhir_reading import UNIT_OF, dosage_of
from tests.medication.test_dosage import ONE_OF_EACH, dosages
from tests.medication.test_sign import prescribe
from tests.reference import needs_reference

START = datetime(2026, 11, 16, 7, tzinfo=UTC)
NONE, ONE, TWO = (Quantity(Decimal(n), "tablett") for n in range(3))
METHOTREXATE = Medicine(
    "metotreksat",
    "Metex",
    "tablett",
    form_code="53",
    strength="2,5 mg",
    route="peroralt",
    route_code="53",
    atc_code="L04AX03",
    prescription_group="C",
    high_risk=True,
)
STOP = Overridden(
    Rule.ALLERGY, Tier.STOP, "k", "b", "Allergi mot penicillin.", "Legen vet om allergien.", "Tålte det i 2024"
)
BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)


def whole(dosage: Dosage, **more: Any) -> WholeOrder:
    said = {
        "patient_id": new_id(),
        "entry_id": new_id(),
        "id": new_id(),
        "version": 2,
        "status": OrderStatus.ACTIVE,
        "intent": "order",
        "medicine": METHOTREXATE,
        "fest_id": new_id(),
        "dosage": dosage,
        "use": "3" if dosage.as_needed else "1",
        "as_needed": dosage.as_needed is not None,
        "indication": "revmatisme",
        "instruction": "Svelges hel",
        "condition_text": None,
        "required_value": None,
        "starts_at": START,
        "ends_at": None,
        "given_by": "municipality_unit",
        "supply": "ward_stock",
        "procedure_list_id": None,
        "prescriber_name": "Lars Haugen",
        "effective_at": START,
        "change_code": None,
        "change_reason": None,
        "recorded_by": new_id(),
        "recorded_by_name": "Lars Haugen",
        "recorded_at": START,
        "overridden": (),
    }
    return WholeOrder(**(said | more))


def sent(resource: dict[str, Any]) -> dict[str, Any]:
    """As it comes to another system."""
    read: dict[str, Any] = json.loads(as_json(resource), parse_float=Decimal)
    return read


@st.composite
def orders(draw: st.DrawFn) -> WholeOrder:
    text = st.none() | st.text("aæøåÁŋ09 –\"<&'#\n", min_size=1, max_size=20).filter(str.strip)
    starts_at = draw(instants)
    issues = st.sampled_from([(), (STOP,), (STOP, replace(STOP, rule=Rule.INTERACTION, tier=Tier.CARD, reason=""))])
    return whole(
        draw(dosages() | st.sampled_from(ONE_OF_EACH)),
        status=draw(st.sampled_from([s for s in OrderStatus if s is not OrderStatus.ENTERED_IN_ERROR])),
        fest_id=draw(st.none() | st.uuids()),
        medicine=draw(st.sampled_from([METHOTREXATE, Medicine("urtete")])),
        indication=draw(text),
        instruction=draw(text),
        condition_text=draw(text),
        required_value=draw(st.sampled_from([None, pulse(), pulse(Decimal(55))])),
        starts_at=starts_at,
        ends_at=draw(st.none() | st.integers(1, 10**8).map(lambda s: starts_at + timedelta(seconds=s))),
        given_by=draw(st.sampled_from(["municipality_unit", "patient", "other", "next_of_kin"])),
        procedure_list_id=draw(st.none() | st.uuids()),
        supply=draw(st.sampled_from([None, "ward_stock", "dosett", "multidose", "dispenser"])),
        effective_at=starts_at + timedelta(days=1),
        change_code=draw(st.none() | st.sampled_from("AILMSX")),
        change_reason=draw(text),
        overridden=draw(issues),
    )


def overlaps(order: WholeOrder) -> bool:
    """Whether the order's time and its course have anything in common: an order without any is never made."""
    course = order.dosage.course
    ends = [at for at in (order.ends_at, course.ends_at if course else None) if at]
    return not ends or max(order.starts_at, (course and course.starts_at) or order.starts_at) < min(ends)


@BUSY
@given(orders().filter(overlaps), instants)
def test_every_order_is_valid_r4(order: WholeOrder, now: datetime) -> None:
    resources = [request_to_fhir(order), statement_to_fhir(order, now), *detected_issues_to_fhir(order)]

    for resource in map(sent, resources):
        assert fhir_r4.faults(resource) == []


@BUSY
@given(orders().filter(overlaps))
def test_who_reads_the_elements_alone_gives_the_same_doses(order: WholeOrder) -> None:
    request = sent(request_to_fhir(order))

    read = dosage_of(request["dosageInstruction"], request["contained"][0])

    assert read.course is not None
    assert read.course.starts_at is not None
    kept = replace(read, course=order.dosage.course)
    assert kept == order.dosage
    window = {"start": order.starts_at, "end": order.starts_at + timedelta(days=40)}
    ours = expected_times(order.dosage, **window, order_start=order.starts_at, order_end=order.ends_at)
    theirs = expected_times(read, **window, order_start=read.course.starts_at, order_end=read.course.ends_at)
    assert list(theirs) == list(ours)


@needs_reference
@BUSY
@given(orders().filter(overlaps))
def test_a_statement_is_by_the_norwegian_profile(order: WholeOrder) -> None:
    assert fhir_profiles.faults("no-basis-MedicationStatement", sent(statement_to_fhir(order, START))) == []


@BUSY
@given(orders().filter(overlaps), instants)
def test_the_statement_has_the_dosage_of_the_request(order: WholeOrder, now: datetime) -> None:
    request, statement = request_to_fhir(order), statement_to_fhir(order, now)
    assert statement["dosage"] == request["dosageInstruction"]
    assert statement["contained"] == request["contained"]


def test_a_weekly_medicine_is_weekly_also_for_who_overlooks_the_weekday() -> None:
    dosage = weekly(
        Quantity(Decimal(6), "tablett"), Weekday.MONDAY, time(8), strength_per_unit=Quantity(Decimal("2.5"), "mg")
    )

    (said,) = request_to_fhir(whole(dosage))["dosageInstruction"]

    repeat = said["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"], repeat["dayOfWeek"]) == (1, 1, "wk", ["mon"])
    assert said["text"] == "6\N{NO-BREAK SPACE}tabletter hver mandag kl.\N{NO-BREAK SPACE}08"


def test_a_cycle_is_never_written_as_something_given_every_day() -> None:
    (dosage,) = [each for each in ONE_OF_EACH if each.kind is Kind.CYCLE]
    (said,) = request_to_fhir(whole(dosage))["dosageInstruction"]

    assert set(said["timing"]["repeat"]) == {"boundsPeriod"}
    assert "21\N{NO-BREAK SPACE}dager på og 7\N{NO-BREAK SPACE}dager av" in said["timing"]["code"]["text"]


def test_the_end_of_a_course_is_its_last_second_so_that_no_dose_is_added() -> None:
    dosage = replace(ONE_OF_EACH[0], course=Course.of_days(date(2026, 11, 17), 5))
    (said,) = request_to_fhir(whole(dosage))["dosageInstruction"]
    assert said["timing"]["repeat"]["boundsPeriod"] == {"start": "2026-11-16T23:00:00Z", "end": "2026-11-21T22:59:59Z"}


def test_a_day_with_two_amounts_is_two_dosages_each_with_its_own_words() -> None:
    first, second = request_to_fhir(whole(ONE_OF_EACH[1]))["dosageInstruction"]
    assert [first["text"], second["text"]] == [
        "2\N{NO-BREAK SPACE}tabletter kl.\N{NO-BREAK SPACE}08",
        "1\N{NO-BREAK SPACE}tablett kl.\N{NO-BREAK SPACE}20",
    ]
    assert first["sequence"] == second["sequence"]


@pytest.mark.parametrize(
    "inr", [None, InrControl(Decimal(2), Decimal(3), Decimal("2.4"), START.date(), date(2026, 11, 28))]
)
def test_each_step_of_a_taper_is_a_dosage_of_its_own_days(inr: InrControl | None) -> None:
    steps = [
        Step(date(2026, 11, 17), (TWO, ONE)),
        Step(date(2026, 11, 20), (ONE,)),
        Step(date(2026, 11, 25), (NONE, ONE)),
    ]
    order = whole(in_steps(steps, [time(8), time(20)], inr=inr))
    said = sent(request_to_fhir(order))["dosageInstruction"]

    read = [dosage_of([each]) for each in said]
    window = {"start": order.starts_at, "end": order.starts_at + timedelta(days=40)}
    theirs = [
        dose
        for one in read
        if one.course
        for dose in expected_times(one, **window, order_start=one.course.starts_at, order_end=one.course.ends_at)
    ]
    ours = expected_times(order.dosage, **window, order_start=order.starts_at, order_end=order.ends_at)

    assert sorted((dose.due_at, dose.amount) for dose in theirs) == [(dose.due_at, dose.amount) for dose in ours]
    assert [each["sequence"] for each in said] == [1, 1, 2, 2, 3]
    assert said[0]["text"].startswith("Trinn 1 av 3, fra 17.11.2026 til og med 19.11.2026: 2")
    assert all(("ring lege" in each["text"]) is (inr is not None) for each in said)


def test_what_must_be_known_before_a_dose_follows_it() -> None:
    order = whole(ONE_OF_EACH[0], required_value=pulse(Decimal(55)), condition_text="Ikke ved oppkast")
    (said,) = request_to_fhir(order)["dosageInstruction"]
    assert [each["text"] for each in said["additionalInstruction"]] == [
        "Ikke ved oppkast",
        "Mål puls før dosen. Ikke gi den under 55 slag per minutt.",
        "Svelges hel",
    ]


def test_what_the_prescriber_went_past_follows_with_the_reason() -> None:
    order = whole(ONE_OF_EACH[0], overridden=(STOP,))
    (issue,) = detected_issues_to_fhir(order)

    assert request_to_fhir(order)["detectedIssue"] == [{"reference": f"DetectedIssue/{issue['id']}"}]
    assert issue["severity"] == "high"
    assert issue["code"]["coding"][0]["code"] == "ALGY"
    assert issue["mitigation"][0]["action"] == {"text": "Tålte det i 2024"}


@pytest.mark.parametrize(
    ("status", "starts", "ends", "said"),
    [
        (OrderStatus.ACTIVE, -1, None, "active"),
        (OrderStatus.ACTIVE, 1, None, "intended"),
        (OrderStatus.ACTIVE, -9, -1, "completed"),
        (OrderStatus.ON_HOLD, -1, None, "on-hold"),
        (OrderStatus.STOPPED, -9, None, "stopped"),
    ],
)
def test_what_is_used_now(status: OrderStatus, starts: int, ends: int | None, said: str) -> None:
    now = START + timedelta(days=10)
    times = {"starts_at": now + timedelta(days=starts), "ends_at": now + timedelta(days=ends) if ends else None}
    statement = statement_to_fhir(whole(ONE_OF_EACH[0], status=status, **times), now)
    assert statement["status"] == said


def test_each_unit_has_a_code_of_its_own() -> None:
    assert len(UNIT_OF) == len(UNITS)


@needs_reference
def test_a_medicine_of_the_catalogue_is_by_the_profile_and_one_of_none_gets_no_code() -> None:
    fest_id = str(new_id())
    known = sent(medication_to_fhir(METHOTREXATE, id="m", fest_id=fest_id))
    unknown = sent(medication_to_fhir(Medicine("urtete"), id="m"))

    assert fhir_profiles.faults("no-basis-Medication", known) == []
    assert known["extension"][0]["extension"][0]["valueCodeableConcept"]["coding"][0]["system"] == volven(7421)
    assert unknown == {"resourceType": "Medication", "id": "m", "code": {"text": "urtete"}}
    assert "FEST-Medication" in " ".join(fhir_profiles.faults("no-basis-Medication", unknown))


@needs_reference
def test_the_table_of_r4_is_what_the_snapshot_of_a_published_profile_rests_on() -> None:
    for profile, kind in (("lmdi-medicationrequest", "MedicationRequest"), ("lmdi-medication", "Medication")):
        base = fhir_profiles.base_of(profile)
        ours = {name: (e.least, "*" if e.many else "1") for name, e in fhir_r4.elements(kind).items()}
        assert ours == base


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"status": "aktiv"}, "status"),
        ({"intent": None}, "intent"),
        ({"dosage": []}, "dosage: no such element"),
        ({"reasonCode": {"text": "x"}}, "one or many"),
        ({"authoredOn": "2026-11-16"}, "authoredOn"),
        ({"medicationCodeableConcept": {"text": "x"}}, "only one type"),
        ({"contained": None}, "contained"),
        ({"dosageInstruction": [{"sequence": True}]}, "sequence"),
        ({"dosageInstruction": [{"timing": {"repeat": {"period": 1}}}]}, "tim-2"),
    ],
)
def test_the_check_finds_what_is_against_r4(broken: dict[str, Any], fault: str) -> None:
    request = {k: v for k, v in (request_to_fhir(whole(ONE_OF_EACH[0])) | broken).items() if v is not None}
    assert fault in " ".join(fhir_r4.faults(sent(request)))


def test_the_orders_of_a_chart_go_out_as_they_stand(world: World, work_of: Callable[..., Any]) -> None:
    patient_id: UUID = world.patient()
    with work_of(world.lars) as work:
        entry_id = prescribe(work, patient_id, medicine=METHOTREXATE, dosage=ONE_OF_EACH[3], indication="revmatisme")
        other = prescribe(work, patient_id, medicine=Medicine("urtete"), dosage=ONE_OF_EACH[0])
        Medication(work).stop(patient_id, other, version=1, reason="Hjalp ikke", code="M")

    with work_of(world.nina) as work:
        orders = {order.entry_id: order for order in Medication(work).whole_orders(patient_id)}
        request, stopped = (sent(request_to_fhir(orders[id])) for id in (entry_id, other))

    assert fhir_r4.faults(request) == fhir_r4.faults(stopped) == []
    assert request["id"] == str(entry_id)
    assert request["requester"] == {"display": "Lars Haugen"}
    assert request["subject"] == {"reference": f"Patient/{patient_id}"}
    assert stopped["status"] == "stopped"
    assert stopped["statusReason"] == {
        "coding": [{"system": volven(7494), "code": "M", "display": "Manglende effekt"}],
        "text": "Hjalp ikke",
    }
    assert stopped["meta"]["versionId"] == "2"
