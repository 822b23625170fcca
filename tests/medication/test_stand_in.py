"""A stand-in who is named later takes over what waits already, and where nobody stands in, who can mend it is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.medication import Medication
from journal.platform.errors import NoGround
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_signing_queue import name, other_doctor
from tests.medication.test_verbal import answer, make_overdue, queue, receive, waiting

__all__ = ["other_doctor"]
WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def without(world: World, work_of: WorkOf, by: Staff) -> list[str]:
    with work_of(by) as work:
        return [gap.unit for gap in Medication(work).stand_in_gaps()]


def test_nobody_is_let_in_who_is_not_named(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    receive(world, work_of, patient_id)
    with pytest.raises(sa.exc.DBAPIError, match="nobody has named"), work_of(world.nina) as work:
        work.db.execute(sa.text("SELECT medication.entrust_waiting(:it)"), {"it": world.unn.actor.person_id})


def test_whoever_is_named_later_takes_over_the_overdue_orders_and_lets_go_when_they_are_answered(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    receive(world, work_of, patient_id)
    make_overdue(world)
    assert queue(world, work_of, other_doctor) == ()

    name(world, work_of, other_doctor)

    one = waiting(world, work_of, other_doctor)
    assert (one.patient_id, one.overdue, one.stand_in) == (patient_id, True, "Ola Annen")
    answer(world, work_of, one, by=other_doctor)
    ended = world.migrator.execute(
        "SELECT valid_until IS NOT NULL FROM access.care_relationship WHERE practitioner_id = %s",
        (other_doctor.actor.person_id,),
    )
    assert [row[0] for row in ended] == [True]


def test_what_is_not_overdue_yet_is_hers_from_its_limit_and_an_answered_one_never(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    answered = world.patient()
    receive(world, work_of, answered)
    answer(world, work_of, waiting(world, work_of))
    receive(world, work_of, patient_id)

    name(world, work_of, other_doctor)
    name(world, work_of, other_doctor, hours=6)

    assert queue(world, work_of, other_doctor) == ()
    make_overdue(world)
    assert [one.patient_id for one in queue(world, work_of, other_doctor)] == [patient_id]
    with pytest.raises(NoGround), work_of(other_doctor) as work:
        Medication(work).list_with_strip(answered)
    given = world.migrator.execute(
        "SELECT count(*) FROM access.care_relationship WHERE practitioner_id = %s", (other_doctor.actor.person_id,)
    )
    assert given.fetchone() == (1,)


def test_a_choice_for_the_units_above_takes_nothing_over_from_a_unit_that_has_chosen_for_itself(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    """The ward has its own stand-in: the municipality's is not to open its charts."""
    name(world, work_of, world.lars)
    receive(world, work_of, patient_id)
    make_overdue(world)

    name(world, work_of, other_doctor, by=above(world))

    assert queue(world, work_of, other_doctor) == ()


def test_a_choice_for_the_units_above_holds_for_those_that_have_not_chosen(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff
) -> None:
    receive(world, work_of, patient_id)
    make_overdue(world)

    name(world, work_of, other_doctor, by=above(world))

    assert [one.patient_id for one in queue(world, work_of, other_doctor)] == [patient_id]
    assert without(world, work_of, world.mona) == []


def test_who_can_mend_it_is_told_which_units_nobody_stands_in_for(
    world: World, work_of: WorkOf, other_doctor: Staff
) -> None:
    boss = above(world)
    assert without(world, work_of, boss) == [boss.actor.unit_name]
    name(world, work_of, world.lars, by=boss)
    assert without(world, work_of, boss) == []
    name(world, work_of, other_doctor)
    world.migrator.execute(
        "UPDATE municipalities.practitioner_role SET valid_until = now() WHERE practitioner_id = %s",
        (other_doctor.actor.person_id,),
    )

    assert without(world, work_of, boss) == without(world, work_of, world.mona) == [world.mona.actor.unit_name]


def test_the_front_page_of_who_can_mend_it_says_it_and_no_other(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    said = "Ingen er stedfortreder for "
    assert said + world.mona.actor.unit_name in client_for(world.mona).get("/my-list").text
    assert said in client_for(world.tora).get("/municipality").text
    for who in (world.nina, world.lars):
        assert said not in client_for(who).get("/my-list").text

    name(world, work_of, world.lars)

    assert said not in client_for(world.mona).get("/my-list").text


def above(world: World) -> Staff:
    """Somebody who decides for the whole municipality."""
    return Staff(replace(world.tora.actor))
