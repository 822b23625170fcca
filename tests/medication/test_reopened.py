"""A signature that was a mistake: the dose is then what it would have been, had nobody signed it (found by test_order_life.py)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from journal.medication import DueDose, Medication
from journal.medication.errors import OrderChanged
from journal.medication.rules import DoseStatus, every_hours
from tests.conftest import World
from tests.medication.test_prescribe import TWO
from tests.medication.test_sign import ONE, change, doses, order, sign

WorkOf = Callable[..., Any]


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


@pytest.fixture
def signed(world: World, work_of: WorkOf, patient_id: UUID) -> tuple[DueDose, UUID]:
    """A dose that is ready, and the id of its signature."""
    order(world, work_of, patient_id)
    dose = doses(world, work_of, patient_id)[0]
    return dose, sign(world, work_of, dose, given_at=dose.due_at)


def decide(world: World, work_of: WorkOf, dose: DueDose, act: str, version: int = 1) -> None:
    with work_of(world.lars) as work:
        getattr(Medication(work), act)(dose.patient_id, dose.request_entry_id, version=version, reason="Prøve")


def undo(world: World, work_of: WorkOf, patient_id: UUID, administration_id: UUID) -> None:
    with work_of(world.nina) as work:
        Medication(work).correct(patient_id, administration_id, reason="Feil pasient")


def test_after_a_stop_it_is_not_offered_again(
    world: World, work_of: WorkOf, patient_id: UUID, signed: tuple[DueDose, UUID]
) -> None:
    dose, signature = signed
    decide(world, work_of, dose, "stop")

    undo(world, work_of, patient_id, signature)

    assert doses(world, work_of, patient_id) == []


def test_after_a_pause_it_is_paused(
    world: World, work_of: WorkOf, patient_id: UUID, signed: tuple[DueDose, UUID]
) -> None:
    dose, signature = signed
    decide(world, work_of, dose, "hold")

    undo(world, work_of, patient_id, signature)

    again = doses(world, work_of, patient_id)[0]
    assert (again.id, again.status, again.can_sign) == (dose.id, DoseStatus.HELD, False)


def test_after_a_pause_that_is_over_it_is_paused_still_since_the_end_is_from_the_next_dose(
    world: World, work_of: WorkOf, patient_id: UUID, signed: tuple[DueDose, UUID]
) -> None:
    dose, signature = signed
    decide(world, work_of, dose, "hold")
    decide(world, work_of, dose, "resume", version=2)

    undo(world, work_of, patient_id, signature)

    assert [each.status for each in doses(world, work_of, patient_id)][:2] == [DoseStatus.HELD, DoseStatus.READY]
    with work_of(world.nina) as work:
        (medicine,) = Medication(work).list_with_strip(patient_id).regular
    assert next(mark.status for mark in medicine.strip.marks) is DoseStatus.HELD, "the list says what the round says"


def test_after_a_change_it_is_given_as_the_order_now_is(
    world: World, work_of: WorkOf, patient_id: UUID, signed: tuple[DueDose, UUID]
) -> None:
    dose, signature = signed
    with work_of(world.lars) as work:
        change(work, patient_id, dose.request_entry_id, version=1, dosage=every_hours(TWO, 1), reason="For lite")

    undo(world, work_of, patient_id, signature)

    again = doses(world, work_of, patient_id)[0]
    assert (again.id, again.amount, again.version, again.status) == (dose.id, TWO, 2, DoseStatus.READY)
    sign(world, work_of, again)


def test_after_a_change_to_other_times_it_is_gone(
    world: World, work_of: WorkOf, patient_id: UUID, signed: tuple[DueDose, UUID]
) -> None:
    dose, signature = signed
    second = doses(world, work_of, patient_id)[1]
    later = sign(world, work_of, second)
    with work_of(world.lars) as work:
        change(work, patient_id, dose.request_entry_id, version=1, dosage=every_hours(ONE, 2), reason="Sjeldnere")

    for each in (signature, later):
        undo(world, work_of, patient_id, each)

    shown = [each.id for each in doses(world, work_of, patient_id)]
    assert dose.id in shown
    assert second.id not in shown


def test_a_dose_called_off_by_a_change_and_given_all_the_same_is_said_not_to_be_given(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    order(world, work_of, patient_id)
    second = doses(world, work_of, patient_id)[1]
    with work_of(world.lars) as work:
        change(work, patient_id, second.request_entry_id, version=1, dosage=every_hours(ONE, 2), reason="Sjeldnere")
    with pytest.raises(OrderChanged):
        sign(world, work_of, second)
    with work_of(world.nina) as work:
        Medication(work).also_given(patient_id, second.id, request_version=1)

    (shown,) = (each for each in doses(world, work_of, patient_id) if each.id == second.id)

    assert (shown.status, shown.can_sign, shown.also_given) == (DoseStatus.STOPPED, False, ("Nina Nordli",))
