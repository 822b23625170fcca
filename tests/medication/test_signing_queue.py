"""The signing queue: what is overdue stands first, is with the stand-in too, and is never forgotten."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.medication import Medication
from journal.platform.errors import Conflict, Denied, Invalid, NoGround
from tests import factories
from tests.conftest import World
from tests.factories import Staff
from tests.medication.test_verbal import answer, make_overdue, queue, receive, waiting

WorkOf = Callable[..., Any]


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


# The queue


def test_overdue_orders_stand_first_and_are_marked(world: World, work_of: WorkOf) -> None:
    old, new = world.patient(), world.patient()
    receive(world, work_of, old)
    make_overdue(world)
    receive(world, work_of, new)

    assert [(one.patient_id, one.overdue) for one in queue(world, work_of)] == [(old, True), (new, False)]


def test_an_unsigned_order_stays_in_the_queue_for_as_long_as_nobody_answers(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)
    make_overdue(world, hours=24 * 400)

    assert waiting(world, work_of).overdue


def test_the_queue_is_of_the_patients_she_has_a_ground_for(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    receive(world, work_of, patient_id)
    other = factories.staff(world.builder, world.oslo, world.other_ward, "Ola Annen", "doctor")
    world.store()

    assert queue(world, work_of, other) == ()


def test_the_charts_in_the_queue_are_opened_and_logged(
    world: World, work_of: WorkOf, patient_id: UUID, access_log: Callable[..., list[Any]]
) -> None:
    receive(world, work_of, patient_id)
    queue(world, work_of)

    last = access_log(patient_id)[-1]

    assert (last.actor_id, last.outcome, last.ground) == (world.lars.actor.person_id, "success", "stay")


def test_a_patient_who_keeps_the_doctor_out_does_not_close_the_queue(
    world: World, work_of: WorkOf, migrator: psycopg.Connection[Any], patient_id: UUID
) -> None:
    hidden = world.patient()
    receive(world, work_of, hidden)
    receive(world, work_of, patient_id)
    migrator.execute(
        "INSERT INTO access.restriction (patient_id, id, municipality_id, recorded_by, recorded_by_name, recorded_role,"
        " category, against_person_id, decided_by, valid_from) VALUES (%s, gen_random_uuid(), %s, %s, 'N', 'nurse', '*',"
        " %s, 'pasienten', now())",
        (hidden, world.oslo["id"], world.nina.actor.person_id, world.lars.actor.person_id),
    )

    assert [one.patient_id for one in queue(world, work_of)] == [patient_id]


def test_the_queue_costs_the_same_whatever_its_length(world: World, work_of: WorkOf, count_queries: list[str]) -> None:
    costs = []
    for _ in range(2):
        receive(world, work_of, world.patient())
        del count_queries[:]
        queue(world, work_of)
        costs.append(len(count_queries))

    assert costs[0] == costs[1] <= 5


# Who stands in


def name(world: World, work_of: WorkOf, stand_in: Staff | None, *, by: Staff | None = None, hours: int = 12) -> None:
    with work_of(by or world.mona) as work:
        medication = Medication(work)
        version = medication.signing_rule().version
        person = stand_in.actor.person_id if stand_in else None
        medication.choose_signing_rule(version=version, within_hours=hours, stand_in_id=person)


@pytest.fixture
def other_doctor(world: World) -> Staff:
    made = factories.staff(world.builder, world.oslo, world.other_ward, "Ola Annen", "doctor")
    world.store()
    return made


def test_an_overdue_order_goes_to_the_stand_in_and_not_before(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    name(world, work_of, other_doctor)
    receive(world, work_of, patient_id)
    early = queue(world, work_of, other_doctor)
    with pytest.raises(NoGround), work_of(other_doctor) as work:
        Medication(work).list_with_strip(patient_id)
    make_overdue(world)

    late = waiting(world, work_of, other_doctor)

    assert early == ()
    assert (late.stand_in, late.overdue) == ("Ola Annen", True)
    assert late.sign_before - late.received_at == timedelta(hours=12)
    answer(world, work_of, late, by=other_doctor)
    assert queue(world, work_of) == queue(world, work_of, other_doctor) == ()


def test_an_order_signed_in_time_never_opens_the_chart_to_the_stand_in(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    name(world, work_of, other_doctor)
    receive(world, work_of, patient_id)
    answer(world, work_of, waiting(world, work_of))
    make_overdue(world)

    with pytest.raises(NoGround), work_of(other_doctor) as work:
        Medication(work).list_with_strip(patient_id)


def test_with_nobody_named_every_doctor_of_the_unit_has_it(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    colleague = factories.staff(world.builder, world.oslo, world.ward, "Kåre Kollega", "doctor")
    world.store()
    receive(world, work_of, patient_id)
    make_overdue(world)

    assert waiting(world, work_of, colleague).overdue
    with work_of(world.mona) as work:
        assert Medication(work).signing_rule().stand_in_name is None
        assert Medication(work).unsigned_count() == (1, 1)


def test_the_nearest_unit_that_has_chosen_decides(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    name(world, work_of, world.lars, by=world.tora, hours=72)
    receive(world, work_of, patient_id)
    far = waiting(world, work_of)
    answer(world, work_of, far)
    name(world, work_of, other_doctor, by=world.mona, hours=6)
    receive(world, work_of, world.patient())
    near = waiting(world, work_of)

    assert [(one.sign_before - one.received_at) / timedelta(hours=1) for one in (far, near)] == [72, 6]
    assert (far.stand_in, near.stand_in) == ("Lars Haugen", "Ola Annen")


def test_a_stand_in_who_has_left_stands_in_for_nobody_and_it_is_said(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    name(world, work_of, other_doctor)
    world.migrator.execute(
        "UPDATE municipalities.practitioner_role SET valid_until = now() WHERE id = %s", (other_doctor.actor.role_id,)
    )
    receive(world, work_of, patient_id)

    with work_of(world.mona) as work:
        rule = Medication(work).signing_rule()

    assert (rule.stand_in_name, rule.has_left) == (None, True)
    assert waiting(world, work_of).stand_in is None


def test_of_two_who_choose_at_once_the_second_is_told(world: World, work_of: WorkOf) -> None:
    name(world, work_of, world.lars)

    with pytest.raises(Conflict), work_of(world.mona) as work:
        Medication(work).choose_signing_rule(version=0, within_hours=24, stand_in_id=world.lars.actor.person_id)


@pytest.mark.parametrize("who", ["nina", "bodil"])
def test_only_a_doctor_of_the_municipality_is_named(world: World, work_of: WorkOf, who: str) -> None:
    with pytest.raises(Invalid):
        name(world, work_of, getattr(world, who))


@pytest.mark.parametrize("who", ["nina", "lars", "siri"])
def test_only_those_who_lead_name_a_stand_in(world: World, work_of: WorkOf, who: str) -> None:
    with pytest.raises(Denied):
        name(world, work_of, world.lars, by=getattr(world, who))
