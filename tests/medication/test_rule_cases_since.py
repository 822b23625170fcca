"""What is changed since one was last here, and what the report to the drug registry lacks: the rules' cases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from journal.medication.rules import OrderStatus
from journal.medication.rules.registry import Lack, lacking
from journal.medication.rules.since import Changed, looked_back_to, since_text, what_changed
from journal.platform.quantity import Quantity

HOUR = timedelta(hours=1)
TABLET, FIFTY = Quantity(Decimal(1), "tablett"), Quantity(Decimal(50), "mg")


@pytest.mark.parametrize(
    ("has_code", "amount", "strength", "lacks"),
    [
        (True, TABLET, FIFTY, set()),
        (True, FIFTY, None, set()),
        (True, TABLET, None, {Lack.SUBSTANCE}),
        (True, Quantity(Decimal(1), "ml"), FIFTY, {Lack.SUBSTANCE}),
        (True, None, FIFTY, {Lack.AMOUNT}),
        (False, TABLET, None, {Lack.CODE, Lack.SUBSTANCE}),
    ],
)
def test_what_a_dose_lacks(
    has_code: bool, amount: Quantity | None, strength: Quantity | None, lacks: set[Lack]
) -> None:
    assert lacking(has_code=has_code, amount=amount, strength=strength, ordered_in="tablett") == lacks


def test_what_it_is_called_and_how_far_back_it_goes() -> None:
    here = {"was_there": True, "resumed": False}
    assert what_changed(OrderStatus.ACTIVE, was_there=True, resumed=True) is Changed.RESUMED
    assert what_changed(OrderStatus.ACTIVE, **here) is Changed.CHANGED
    assert what_changed(OrderStatus.COMPLETED, **here) is Changed.COMPLETED
    assert what_changed(OrderStatus.ON_HOLD, was_there=False, resumed=False) is Changed.PAUSED
    at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert since_text(at - 22 * HOUR, at) == "siden du sist var her, i går kl. 15.00"
    assert since_text(at - 30 * 24 * HOUR, at) == "de siste 14 dagene. Du var her sist 25.10.2026"
    assert looked_back_to(at - 30 * 24 * HOUR, at) == at - 14 * 24 * HOUR
    assert looked_back_to(at - HOUR, at) == at - HOUR
