"""After a medicine as needed somebody is asked whether it helped: once, in time, and answered with one number."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.app import LISTENERS
from journal.care import Care
from journal.medication import AsNeededGiven, Medication
from journal.medication.rules import when_needed
from journal.permissions import ROLE_PERMISSIONS, Permission
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_sign import METOPROLOL

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@pytest.fixture
def order(world: World, work_of: WorkOf) -> tuple[UUID, UUID]:
    """A patient and her medicine as needed."""
    patient_id = world.patient()
    with work_of(world.lars) as work:
        dosage = when_needed(Quantity(Decimal(1), "tablett"), max_doses=4)
        entry_id = Medication(work).prescribe(patient_id, medicine=METOPROLOL, dosage=dosage, use="3")
    return patient_id, entry_id


def give(world: World, work_of: WorkOf, order: tuple[UUID, UUID]) -> UUID:
    with work_of(world.nina) as work:
        given: UUID = Medication(work).sign_as_needed(*order, request_version=1)
    return given


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.nina) as work:
        return list(Care(work).open_tasks(patient_id))


def test_a_medicine_as_needed_that_was_given_is_asked_about_45_minutes_later(
    world: World, work_of: WorkOf, order: tuple[UUID, UUID]
) -> None:
    administration_id = give(world, work_of, order)

    (task,) = tasks(world, work_of, order[0])
    given_at = world.migrator.execute(
        "SELECT effective_at FROM medication.medication_administration WHERE id = %s", (administration_id,)
    ).fetchone()
    assert given_at is not None
    assert task.due_at == given_at[0] + timedelta(minutes=45)
    assert task.text.startswith("Effekt av metoprolol, gitt kl. ")
    assert (task.kind, task.about_id, task.overdue) == ("effect_follow_up", administration_id, False)


def test_the_same_tap_sent_twice_asks_once(
    world: World, work_of: WorkOf, client_for: ClientFor, order: tuple[UUID, UUID]
) -> None:
    nina, command_id = client_for(world.nina), new_id()

    for _ in range(2):
        url = f"/patients/{order[0]}/as-needed/{order[1]}"
        assert nina.act(url, {"request_version": "1"}, command_id=command_id).status_code == 303

    assert len(tasks(world, work_of, order[0])) == 1


def test_when_the_question_cannot_be_stored_the_dose_is_not_signed_either(
    world: World, work_of: WorkOf, order: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr(Care, "add_task", full_disk)
    with pytest.raises(OSError):
        give(world, work_of, order)

    given = "SELECT count(*) FROM medication.medication_administration WHERE patient_id = %s"
    assert world.migrator.execute(given, (order[0],)).fetchone() == (0,)


def test_whoever_may_give_a_medicine_may_also_ask_what_it_did() -> None:
    gives = {role for role, held in ROLE_PERMISSIONS.items() if Permission.MEDICATION_ADMINISTER in held}

    assert AsNeededGiven in LISTENERS
    assert all({Permission.CARE_WRITE, Permission.OBSERVATIONS_WRITE} <= ROLE_PERMISSIONS[role] for role in gives)


def test_who_is_barred_from_the_patients_tasks_still_signs_what_she_gave(
    world: World, work_of: WorkOf, order: tuple[UUID, UUID]
) -> None:
    world.migrator.execute(
        """INSERT INTO access.restriction (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_role,
               category, against_person_id, decided_by, valid_from)
           VALUES (%s, %s, %s, %s, %s, 'Lege', 'doctor', 'care', %s, 'pasienten', now())""",
        (
            order[0],
            new_id(),
            world.oslo["id"],
            world.ward["id"],
            world.lars.actor.person_id,
            world.nina.actor.person_id,
        ),
    )

    assert give(world, work_of, order)

    with work_of(world.siri) as work:
        assert Care(work).open_tasks(order[0]) == []


def test_a_dose_marked_as_a_mistake_is_not_asked_about_and_an_answer_stands(
    world: World, work_of: WorkOf, order: tuple[UUID, UUID]
) -> None:
    mistake, answered = give(world, work_of, order), give(world, work_of, order)
    task = next(task for task in tasks(world, work_of, order[0]) if task.about_id == answered)
    with work_of(world.nina) as work:
        Care(work).answer_effect(order[0], task.entry_id, score=2)
        for administration_id in (mistake, answered):
            Medication(work).correct(order[0], administration_id, reason="Feil pasient")

    assert tasks(world, work_of, order[0]) == []
    with work_of(world.nina) as work:
        closed = {(task.outcome, task.in_error) for task in Care(work).closed_tasks(order[0])}
    assert closed == {("2 av 10", False), ("", True)}


def test_the_answer_is_one_tap_and_a_measurement(
    world: World, work_of: WorkOf, client_for: ClientFor, order: tuple[UUID, UUID]
) -> None:
    give(world, work_of, order)
    nina, page = client_for(world.nina), f"/patients/{order[0]}/tasks"
    (task,) = tasks(world, work_of, order[0])
    assert nina.get(page).text.count('name="score"') == 11

    answer = nina.act(f"{page}/{task.entry_id}/effect", {"score": "0"})

    assert answer.status_code == 303
    measured = world.migrator.execute(
        "SELECT code, loinc, value, unit FROM observations.observation WHERE patient_id = %s", (order[0],)
    )
    assert measured.fetchall() == [("symptom", "64750-3", Decimal(0), "{score}")]
    assert "0 av 10" in nina.get(page).text
    again = nina.act(f"{page}/{task.entry_id}/effect", {"score": "3"})
    assert again.status_code == 409
    assert nina.act(f"{page}/{task.entry_id}/effect", {"score": "11"}).status_code == 422


def test_only_the_question_is_answered_with_a_number_from_0_to_10(
    world: World, work_of: WorkOf, order: tuple[UUID, UUID]
) -> None:
    give(world, work_of, order)
    (question,) = tasks(world, work_of, order[0])
    with work_of(world.nina) as work:
        other = Care(work).add_task(order[0], "Ring pårørende")

    with work_of(world.nina) as work, pytest.raises(NotFound):
        Care(work).answer_effect(order[0], other, score=3)
    with pytest.raises(Invalid), work_of(world.nina) as work:
        Care(work).answer_effect(order[0], question.entry_id, score=11)
    with work_of(world.nina) as work:
        Care(work).answer_effect(order[0], question.entry_id, score=10)
    with pytest.raises(Conflict), work_of(world.siri) as work:
        Care(work).answer_effect(order[0], question.entry_id, score=1)
