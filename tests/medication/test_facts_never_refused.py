"""A dose that was given is stored, whatever the order says: beside the dose or without one, with an incident and a task."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.medication import Medication, Medicine
from journal.medication.errors import NoRoom
from journal.medication.rules import when_needed
from journal.medication.rules.without_order import Cause
from journal.platform.errors import Conflict, Invalid
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_reopened import decide
from tests.medication.test_sign import ONE, doses, order, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
PARACETAMOL = Medicine("paracetamol", "Paracet", "tablett", strength="500 mg", route="peroralt", atc_code="N02BE01")


def told(world: World, work_of: WorkOf, patient_id: UUID) -> tuple[list[tuple[str, str]], list[str]]:
    """The incidents, as kind and severity, and the kinds of the open tasks."""
    with work_of(world.lars) as work:
        incidents = [(each.kind, each.severity) for each in Care(work).incidents(patient_id)]
        return incidents, [task.kind for task in Care(work).open_tasks(patient_id)]


def test_a_dose_given_after_a_stop_is_an_incident_and_the_prescriber_is_told(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    dose = doses(world, work_of, patient_id)[0]
    decide(world, work_of, dose, "stop")
    assert told(world, work_of, patient_id) == ([], [])

    with work_of(world.nina) as work:
        Medication(work).also_given(patient_id, dose.id, request_version=1)

    assert told(world, work_of, patient_id) == ([("given_after_stop", "unassessed")], ["prescriber"])


def test_a_dose_given_twice_is_an_incident_that_falls_with_the_mistake_only_by_hand(
    world: World, work_of: WorkOf
) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    dose = doses(world, work_of, patient_id)[0]
    sign(world, work_of, dose)
    with work_of(world.siri) as work:
        fact = Medication(work).also_given(patient_id, dose.id, request_version=1)
    assert told(world, work_of, patient_id) == ([("double_registered", "unassessed")], ["prescriber"])

    with work_of(world.siri) as work:
        Medication(work).correct(patient_id, fact, reason="Feil dose")

    assert told(world, work_of, patient_id) == ([("double_registered", "unassessed")], []), "nobody is asked any more"


def test_the_card_of_a_stopped_dose_asks_whether_it_was_given(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    dose = doses(world, work_of, patient_id)[0]
    decide(world, work_of, dose, "stop")

    nina, here = client_for(world.nina), f"/patients/{patient_id}/doses/{dose.id}"
    page = nina.act(f"{here}/given", {"request_version": "1"})

    said = page.get_data(as_text=True)
    assert page.status_code == 409
    assert "Lars Haugen seponerte metoprolol" in said
    assert ("Den er alt gitt" in said, f'action="{here}/also-given"' in said) == (True, True)
    assert nina.act(f"{here}/also-given", {"request_version": "1"}).status_code == 303
    assert told(world, work_of, patient_id) == ([("given_after_stop", "unassessed")], ["prescriber"])


def record(world: World, work_of: WorkOf, patient_id: UUID, **more: Any) -> UUID:
    said = {"cause": Cause.EMERGENCY, "reason": "Lege Lise Vakt sa det på telefon"} | more
    medicine, amount = said.pop("medicine", PARACETAMOL), said.pop("amount", Quantity(Decimal(2), "tablett"))
    with work_of(world.nina) as work:
        stored: UUID = Medication(work).record_without_order(patient_id, medicine, amount, **said)
    return stored


@pytest.mark.parametrize(
    ("cause", "incidents"),
    [(Cause.EMERGENCY, []), (Cause.WRONG_PATIENT, [("mix_up", "unassessed")]), (Cause.OTHER, [])],
)
def test_what_nobody_ordered_is_stored_with_who_and_the_prescriber_is_told(
    world: World, work_of: WorkOf, cause: Cause, incidents: list[tuple[str, str]]
) -> None:
    patient_id = world.patient()
    record(world, work_of, patient_id, cause=cause)

    with work_of(world.siri) as work:
        (shown,) = Medication(work).without_order(patient_id)
    assert (shown.medicine, str(shown.amount), shown.cause) == ("paracetamol", str(shown.amount), cause)
    assert (shown.recorded_by_name, shown.in_error_reason) == ("Nina Nordli", None)
    assert told(world, work_of, patient_id) == (incidents, ["prescriber"])


def as_needed_order(world: World, work_of: WorkOf, patient_id: UUID, medicine: Medicine = PARACETAMOL) -> UUID:
    """Paracetamol 500 mg as needed, at most 3 doses in 24 hours."""
    dosage = when_needed(ONE, max_doses=3, strength_per_unit=Quantity(Decimal(500), "mg"))
    return order(world, work_of, patient_id, medicine=medicine, dosage=dosage, use="3")


@pytest.mark.parametrize(
    "medicine",
    [PARACETAMOL, Medicine("Paracetamol"), Medicine("paracet")],
    ids=["of the catalogue", "as written", "by its brand"],
)
def test_it_counts_in_the_most_of_24_hours_of_the_substance_until_it_is_a_mistake(
    world: World, work_of: WorkOf, medicine: Medicine
) -> None:
    patient_id = world.patient()
    entry_id = as_needed_order(world, work_of, patient_id)
    for _ in range(2):
        record(world, work_of, patient_id, medicine=medicine, amount=ONE)
    last = record(world, work_of, patient_id, medicine=medicine, amount=ONE)

    with work_of(world.nina) as work:
        (shown,) = Medication(work).as_needed(patient_id)
        assert (shown.room.allowed, shown.room.given_last_24h) == (False, 3)
        with pytest.raises(NoRoom):
            Medication(work).sign_as_needed(patient_id, entry_id, request_version=1)
    with work_of(world.nina) as work:
        Medication(work).mark_without_order_in_error(patient_id, last, "Feil pasient")
    with work_of(world.nina) as work:
        assert Medication(work).sign_as_needed(patient_id, entry_id, request_version=1)
    assert told(world, work_of, patient_id)[1].count("prescriber") == 2, "the mistake's task is withdrawn"


def test_another_substance_leaves_the_room_and_a_mistake_is_one_once(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    as_needed_order(world, work_of, patient_id)
    other = replace(PARACETAMOL, generic_name="ibuprofen", brand_name="Ibux", atc_code="M01AE01")
    id = record(world, work_of, patient_id, medicine=other)

    with work_of(world.nina) as work:
        assert Medication(work).as_needed(patient_id)[0].room.given_last_24h == 0
        Medication(work).mark_without_order_in_error(patient_id, id, "Feil pasient")
    with work_of(world.nina) as work, pytest.raises(Conflict):
        Medication(work).mark_without_order_in_error(patient_id, id, "Feil pasient")


def test_nothing_was_given_later_than_now(world: World, work_of: WorkOf) -> None:
    with work_of(world.nina) as work, pytest.raises(Invalid) as refused:
        Medication(work).record_without_order(
            world.patient(),
            PARACETAMOL,
            ONE,
            cause=Cause.OTHER,
            reason="Prøve",
            given_at=work.now + timedelta(minutes=1),
        )
    assert set(refused.value.errors) == {"given_at"}


def test_the_page_stores_keeps_what_was_typed_and_shows_it(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id = world.patient()
    nina, here = client_for(world.nina), f"/patients/{patient_id}/medication/without-order"
    form = {"medicine": "Adrenalin 1 mg/ml", "amount": "0,5", "unit": "ml", "cause": "emergency"}

    again = nina.act(here, form)
    assert again.status_code == 422
    assert 'value="Adrenalin 1 mg/ml"' in again.get_data(as_text=True)

    assert nina.act(here, {**form, "reason": "Anafylaksi, 113 er ringt"}).status_code == 303
    page = nina.get(here).get_data(as_text=True)
    assert "Adrenalin 1 mg/ml 0,5" in page
    assert "Anafylaksi, 113 er ringt" in page
