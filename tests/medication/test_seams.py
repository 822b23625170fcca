"""Where parts of the medicines meet: the door and another try, a bag and a course, a fact beside what was signed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.errors import OrdinarySignature
from journal.medication.rules import Course, DoseStatus, Reason, Supply, every_hours
from tests import factories
from tests.conftest import World
from tests.medication.dosetts import PENTOXIFYLLINE, bags, begun, laid_in, lay_in, sign_bag
from tests.medication.test_before_door import given_at, kari_and_dose, status
from tests.medication.test_next_step import a_dose, refuse, tries
from tests.medication.test_prepared_web import round_page
from tests.medication.test_reopened import decide
from tests.medication.test_sign import ONE, change, order, sign

__all__ = ["given_at", "kari_and_dose"]
WorkOf = Callable[..., Any]


def states(world: World, patient_id: UUID) -> list[tuple[bool, str]]:
    """Each dose of the patient: whether it is another try, and its state."""
    found = world.migrator.execute(
        "SELECT retry_of IS NOT NULL, state FROM medication.dose WHERE patient_id = %s ORDER BY due_at", (patient_id,)
    )
    return [(row[0], row[1]) for row in found.fetchall()]


def test_another_try_of_a_dose_refused_before_she_left_waits_at_the_door(
    world: World, work_of: WorkOf, kari_and_dose: tuple[UUID, UUID], given_at: datetime
) -> None:
    kari, dose_id = kari_and_dose
    with work_of(world.nina) as work:
        Medication(work).sign_not_given(kari, dose_id, request_version=1, reason=Reason.REFUSED, given_at=given_at)

    assert (True, "open") not in states(world, kari), "nothing is given of an order that waits"


def test_a_fact_beside_a_refused_dose_is_stored_when_its_try_is_given_too(world: World, work_of: WorkOf) -> None:
    dose = a_dose(world, work_of)
    refuse(world, work_of, dose)
    (again,) = tries(world, work_of, dose)
    sign(world, work_of, again)

    with work_of(world.siri) as work:
        Medication(work).also_given(dose.patient_id, dose.id, request_version=1)

    (again,) = tries(world, work_of, dose)
    assert again.status is DoseStatus.GIVEN


def test_what_one_without_authority_gave_before_she_left_is_the_signature_of_that_dose(
    world: World, work_of: WorkOf, kari_and_dose: tuple[UUID, UUID], given_at: datetime
) -> None:
    kari, dose_id = kari_and_dose
    anne = factories.staff(world.builder, world.oslo, world.ward, "Anne Aas", "health_assistant")
    world.store()
    with work_of(anne) as work:
        Medication(work).also_given(kari, dose_id, request_version=1, given_at=given_at)

    assert status(world, work_of, kari) is DoseStatus.GIVEN


def test_the_try_of_a_refused_bag_goes_with_it_when_the_bag_is_undone(world: World, work_of: WorkOf) -> None:
    laid = laid_in(world, work_of)
    bag = bags(world, work_of, laid.patient_id)[0]
    sign_bag(world, work_of, laid.patient_id, bag, reason=Reason.REFUSED)
    with work_of(world.nina) as work:
        Medication(work).undo_bag(laid.patient_id, bag.of.id, due_at=bag.due_at, reason="feil")

    assert (True, "open") not in states(world, laid.patient_id)
    assert len(sign_bag(world, work_of, laid.patient_id, bags(world, work_of, laid.patient_id)[0])) == 2


def test_who_may_give_signs_what_she_gave_before_she_left_as_usual(
    world: World, work_of: WorkOf, kari_and_dose: tuple[UUID, UUID], given_at: datetime
) -> None:
    kari, dose_id = kari_and_dose
    with work_of(world.nina) as work, pytest.raises(OrdinarySignature):
        Medication(work).also_given(kari, dose_id, request_version=1, given_at=given_at)
    with work_of(world.nina) as work:
        Medication(work).also_given(kari, dose_id, request_version=1)
    assert status(world, work_of, kari) is DoseStatus.UNRECONCILED, "given while it waited: a fact beside it"


def test_a_card_says_nothing_of_another_try_that_is_called_off(world: World, work_of: WorkOf, client_for: Any) -> None:
    dose = a_dose(world, work_of)
    refuse(world, work_of, dose)
    decide(world, work_of, dose, "stop")

    page = round_page(client_for(world.nina), dose.patient_id)

    assert "Ville ikke" in page or "ville ikke" in page
    assert "Prøves igjen" not in page


def test_whoever_moves_many_orders_and_whoever_gives_a_bag_never_wait_for_each_other_in_a_ring(
    world: World, work_of: WorkOf
) -> None:
    """The door and the worker hold every plan before any dose; a bag may hold a dose of a course, whose plan is held with it."""
    patient_id = world.patient()
    ours: dict[str, Any] = {"supply": Supply.DOSETT, "starts_at": begun()}
    plain = order(world, work_of, patient_id, **ours)
    counted = every_hours(ONE, 1, course=Course(doses=4))
    course = order(world, work_of, patient_id, medicine=PENTOXIFYLLINE, dosage=every_hours(ONE, 1), **ours)
    lay_in(world, work_of, patient_id)
    with work_of(world.lars) as work:
        change(work, patient_id, course, dosage=counted, version=1, reason="Kur")
    bag = bags(world, work_of, patient_id)[0]
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"

    with ThreadPoolExecutor(1) as pool:
        with world.migrator.transaction():
            held = "SELECT FROM medication.request_plan WHERE request_entry_id = %s FOR NO KEY UPDATE"
            world.migrator.execute(held, (course,))
            given = pool.submit(sign_bag, world, work_of, patient_id, bag)
            while not world.migrator.execute(waits).fetchall()[0][0] and not given.done():
                pass
            moved = "SELECT FROM medication.dose WHERE request_entry_id = %s FOR NO KEY UPDATE"
            world.migrator.execute(moved, (plain,))
        assert len(given.result()) == 2
