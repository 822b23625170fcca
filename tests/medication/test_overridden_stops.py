"""Overridden stops, counted for whoever answers for them: how many, of which rules, and of nobody by name."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from journal.medication import Medication
from journal.medication.rules import every_hours
from journal.medication.rules.safety import Rule
from journal.medication.rules.safety.counted import per_cent
from journal.medication.service import MonthOfStops
from journal.platform.clock import local_date
from journal.platform.errors import Denied
from tests.conftest import Browser, World
from tests.medication.test_answered_before import allergic
from tests.medication.test_judging import PENICILLIN
from tests.medication.test_sign import METOPROLOL, ONE, change, prescribe

__all__ = ["allergic"]
WorkOf = Callable[..., Any]


@pytest.mark.parametrize(
    ("stopped", "orders", "share"), [(0, 0, "0.0"), (1, 20, "5.0"), (1, 19, "5.3"), (1, 3, "33.3"), (2, 3, "66.7"), (3, 3, "100.0")]
)  # fmt: skip
def test_the_share_is_of_what_was_signed(stopped: int, orders: int, share: str) -> None:
    assert per_cent(stopped, orders) == Decimal(share)


def months(world: World, work_of: WorkOf, by: Any = None) -> list[MonthOfStops]:
    with work_of(by or world.tora) as work:
        return Medication(work).overridden_stops()


def test_orders_and_changes_are_counted_with_their_stops_by_rule_and_month(
    world: World, work_of: WorkOf, allergic: Any, client_for: Callable[..., Browser]
) -> None:
    with work_of(world.lars) as work:
        entry_id = prescribe(work, allergic, medicine=PENICILLIN, dosage=every_hours(ONE, 12))
        change(work, allergic, entry_id, version=1, dosage=every_hours(ONE, 8), reason="Mer")
        healthy = world.patient(none_known=True)
        other = prescribe(work, healthy, medicine=METOPROLOL, dosage=every_hours(ONE, 24))
        Medication(work).hold(healthy, other, version=1, reason="Lav puls")
        now = work.now

    (one,) = months(world, work_of)

    assert one.month == local_date(now).replace(day=1)
    assert (one.orders, one.stopped, one.too_often) == (3, 2, True)
    assert dict(one.by_rule)[Rule.ALLERGY] == 2
    page = client_for(world.tora).get("/overridden-stops").text
    assert "66,7 %" in page and "Allergi 2" in page
    assert "fenoksymetylpenicillin" not in page
    world.migrator.execute(
        "UPDATE medication.medication_request SET recorded_at = recorded_at - %s WHERE entry_id = %s AND version = 1",
        (timedelta(days=45), entry_id),
    )
    assert [(each.orders, each.stopped) for each in months(world, work_of)] == [(2, 1), (1, 1)]


def test_another_municipality_and_those_who_do_not_answer_for_it_see_no_count(
    world: World, work_of: WorkOf, allergic: Any
) -> None:
    with work_of(world.lars) as work:
        prescribe(work, allergic, medicine=PENICILLIN, dosage=every_hours(ONE, 12))
    world.migrator.execute(
        "UPDATE medication.medication_request SET municipality_id = %s WHERE patient_id = %s",
        (world.bodo["id"], allergic),
    )

    assert months(world, work_of, world.mona) == []
    for who in (world.lars, world.nina, world.rolf):
        with pytest.raises(Denied):
            months(world, work_of, who)
