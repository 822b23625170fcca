"""The doses are worked out ahead, once, and never for an order that is over."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.medication import Medication
from tests.conftest import World
from tests.medication.test_sign import doses, order, sign

WorkOf = Callable[..., Any]


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def as_if_days_passed(world: World, entry_id: UUID, *, days: int) -> None:
    """The plan ends earlier, and the doses after that are not made yet."""
    plan = """UPDATE medication.request_plan SET planned_until = planned_until - make_interval(days => %s)
              WHERE request_entry_id = %s RETURNING planned_until"""
    until = world.migrator.execute(plan, (days, entry_id)).fetchone()
    assert until is not None
    world.migrator.execute(
        "DELETE FROM medication.dose WHERE request_entry_id = %s AND due_at >= %s", (entry_id, until[0])
    )


def dose_times(world: World, entry_id: UUID) -> list[Any]:
    found = world.migrator.execute(
        "SELECT due_at FROM medication.dose WHERE request_entry_id = %s ORDER BY due_at", (entry_id,)
    )
    return [row[0] for row in found]


def extend(world: World, work_of: WorkOf, *patient_ids: UUID) -> dict[UUID, int]:
    with work_of(world.nina) as work:
        extended: dict[UUID, int] = Medication(work).extend_horizon(patient_ids)
    return extended


def test_the_horizon_moves_without_a_hole_or_a_double(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id)
    whole = dose_times(world, entry_id)
    as_if_days_passed(world, entry_id, days=3)

    assert extend(world, work_of, patient_id) == {patient_id: 1}

    again = dose_times(world, entry_id)
    assert again[: len(whole)] == whole
    assert {later - earlier for earlier, later in pairwise(again)} == {timedelta(hours=1)}
    extend(world, work_of, patient_id)
    assert len(dose_times(world, entry_id)) - len(again) in (0, 1)  # a dose falls due while the test runs, at most


def test_a_stopped_order_gets_no_more_doses(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id)
    as_if_days_passed(world, entry_id, days=3)
    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, entry_id, version=1, reason="Lav puls")
    before = dose_times(world, entry_id)

    assert extend(world, work_of, patient_id) == {}
    assert dose_times(world, entry_id) == before


def test_a_paused_order_gets_doses_that_are_held(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id)
    as_if_days_passed(world, entry_id, days=3)
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Kalium 5,6")

    extend(world, work_of, patient_id)

    states = world.migrator.execute(
        "SELECT DISTINCT state FROM medication.dose WHERE request_entry_id = %s", (entry_id,)
    )
    assert states.fetchall() == [("held",)]


def test_a_signed_dose_is_not_touched_by_planning(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id)
    signed = doses(world, work_of, patient_id)[0]
    sign(world, work_of, signed)
    plan = "UPDATE medication.request_plan SET planned_until = now() - interval '1 day' WHERE request_entry_id = %s"
    world.migrator.execute(plan, (entry_id,))

    extend(world, work_of, patient_id)

    again = doses(world, work_of, patient_id)[0]
    assert (again.id, again.signed is not None) == (signed.id, True)


def test_many_charts_are_planned_with_the_same_number_of_statements(
    world: World, work_of: WorkOf, count_queries: list[str]
) -> None:
    def cost(patients: int) -> int:
        ids = [world.patient() for _ in range(patients)]
        for each in ids:
            as_if_days_passed(world, order(world, work_of, each), days=2)
        count_queries.clear()
        assert len(extend(world, work_of, *ids)) == patients
        return len(count_queries)

    assert cost(1) == cost(6)


def test_only_the_worker_may_ask_whose_plan_runs_out(world: World, work_of: WorkOf) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="for the worker alone"), work_of(world.nina) as work:
        Medication(work).plans_running_out()
