"""What is left of each batch, what is low, and what goes out of date."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.rules.stock import (
    KINDS,
    LATER,
    SOON,
    Batch,
    Expiry,
    State,
    StockKind,
    batches_left,
    expiry_of,
    state_of,
    to_order,
)

TODAY = date(2026, 11, 22)


def batch(number: str, days: int, amount: int) -> Batch:
    return Batch(number, TODAY + timedelta(days=days), Decimal(amount))


FIRST, SECOND, THIRD = batch("A", 10, 20), batch("B", 50, 20), batch("C", 200, 20)


@pytest.mark.parametrize(
    ("on_hand", "left"),
    [
        (60, [("A", 20), ("B", 20), ("C", 20)]),
        (70, [("A", 20), ("B", 20), ("C", 20)]),  # counted more than came: of no batch
        (55, [("A", 15), ("B", 20), ("C", 20)]),
        (40, [("B", 20), ("C", 20)]),
        (1, [("C", 1)]),
        (0, []),
        (-5, []),
    ],
)
def test_what_expires_first_was_used_first(on_hand: int, left: list[tuple[str, int]]) -> None:
    found = batches_left([SECOND, THIRD, FIRST], Decimal(on_hand))
    assert [(each.number, int(each.amount)) for each in found] == left


def test_what_was_thrown_away_is_left_of_no_batch_and_those_of_one_day_stand_by_number() -> None:
    assert batches_left([FIRST._replace(amount=Decimal(0)), SECOND], Decimal(20)) == (SECOND,)
    one, two = batch("X", 5, 1), batch("Y", 5, 1)
    assert batches_left([two, one], Decimal(2)) == (one, two)
    assert batches_left([two, one], Decimal(1)) == (two,)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 50)), max_size=6), st.integers(-20, 400))
def test_batches_hold_no_more_than_is_on_hand_and_no_more_than_came(came: list[tuple[int, int]], on_hand: int) -> None:
    received = [batch(str(n), days, amount) for n, (days, amount) in enumerate(came)]
    found = batches_left(received, Decimal(on_hand))
    assert sum(each.amount for each in found) == max(0, min(on_hand, sum(amount for _, amount in came)))
    assert all(each.amount > 0 for each in found)
    assert [each.expires_on for each in found] == sorted(each.expires_on for each in found)


@pytest.mark.parametrize(
    ("on_hand", "lowest", "state", "lacking"),
    [
        ("-1", "10", State.COUNT_IT, 10),
        ("-0.5", "0", State.COUNT_IT, 0),
        ("0", "0", State.ENOUGH, 0),
        ("0", "10", State.LOW, 10),
        ("9.5", "10", State.LOW, 1),
        ("8.5", "10", State.LOW, 2),
        ("10", "10", State.ENOUGH, 0),
        ("11", "10", State.ENOUGH, 0),
    ],
)
def test_less_than_nothing_is_counted_and_less_than_the_least_is_ordered(
    on_hand: str, lowest: str, state: State, lacking: int
) -> None:
    assert state_of(Decimal(on_hand), Decimal(lowest)) is state
    assert to_order(Decimal(on_hand), Decimal(lowest)) == lacking


@pytest.mark.parametrize(
    ("days", "expiry"),
    [(-1, Expiry.EXPIRED), (0, Expiry.SOON), (30, Expiry.SOON), (31, Expiry.LATER), (90, Expiry.LATER), (91, None)],
)
def test_the_last_day_of_use_is_a_day_of_use(days: int, expiry: Expiry | None) -> None:
    assert expiry_of(TODAY + timedelta(days=days), TODAY) is expiry
    assert (timedelta(days=30), timedelta(days=90)) == (SOON, LATER)


def test_every_move_has_its_word() -> None:
    assert [KINDS[kind] for kind in StockKind] == ["Mottatt", "Gitt", "Angret dose", "Telling", "Kassert"]
