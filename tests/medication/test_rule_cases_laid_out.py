"""Cases for what may be laid before a patient, and what is said of it."""

from datetime import UTC, datetime, timedelta

import pytest

from journal.medication.rules.authority import Act
from journal.medication.rules.laid_out import laid_text, outdated_text, settle_before, still_lies, why_not
from journal.medication.rules.status import DoseStatus, OrderStatus, Tolerance, describe, dose_status

DUE = datetime(2026, 11, 22, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("acts", "group", "two", "value", "said"),
    [
        ({Act.PACK}, "C", False, None, None),
        ({Act.READY}, None, False, None, None),
        ({Act.PACK, Act.CONTROLLED}, "B", False, None, None),
        ({Act.PACK, Act.CONTROLLED}, "A", False, None, "A-preparater"),
        ({Act.INSULIN}, "C", False, None, "Injeksjoner, insulin og plaster"),
        ({Act.INJECTION}, "C", False, None, "Injeksjoner, insulin og plaster"),
        ({Act.PATCH}, "C", False, None, "Injeksjoner, insulin og plaster"),
        ({Act.PACK}, "C", True, None, "to signaturer"),
        ({Act.PACK}, "C", False, {"code": "pulse"}, "krever en måling"),
    ],
)
def test_what_somebody_must_see_taken_is_not_left_before_the_patient(
    acts: set[Act], group: str | None, two: bool, value: object, said: str | None
) -> None:
    found = why_not(acts, prescription_group=group, two_signatures=two, required_value=value)

    assert found is None if said is None else said in (found or "")


@pytest.mark.parametrize(
    ("laid_at", "before"),
    [(DUE - HOUR, DUE + HOUR), (DUE, DUE + HOUR), (DUE + HOUR, DUE + 2 * HOUR)],
)
def test_it_is_settled_within_the_time_a_dose_may_be_late(laid_at: datetime, before: datetime) -> None:
    assert settle_before(laid_at, DUE, DUE + HOUR) == before


@pytest.mark.parametrize("status", DoseStatus)
def test_it_may_still_be_taken_unless_its_order_was_paused_or_stopped(status: DoseStatus) -> None:
    gone = {DoseStatus.HELD, DoseStatus.STOPPED, DoseStatus.UNRECONCILED}
    assert still_lies(status) is (status not in gone)


def test_it_says_who_and_when() -> None:
    assert laid_text("Nina Nordli", DUE) == "lagt fram 08.00 av Nina Nordli"
    stopped = outdated_text("Nina Nordli", DUE, stopped=True)
    assert stopped.startswith("Lagt fram 08.00 av Nina Nordli, før ordinasjonen ble endret. Ta dosen bort")
    changed = outdated_text("Nina Nordli", DUE, stopped=False)
    assert changed.startswith("Lagt fram 08.00 av Nina Nordli etter den forrige ordinasjonen.")


@pytest.mark.parametrize("hours", [-2, 0, 2, 13, 30])
def test_a_dose_that_lies_there_is_never_late_or_missed_and_never_given(hours: int) -> None:
    status = dose_status(DUE, DUE + hours * HOUR, None, tolerance=Tolerance(HOUR, HOUR), laid_out=True)

    assert status is DoseStatus.LAID_OUT
    assert describe(status, DUE, DUE + hours * HOUR) == "lagt fram"


@pytest.mark.parametrize("order", [OrderStatus.ON_HOLD, OrderStatus.STOPPED])
def test_a_dose_that_lies_there_says_when_its_order_was_paused_or_stopped(order: OrderStatus) -> None:
    status = dose_status(DUE, DUE, None, order_status=order, order_status_since=DUE - HOUR, laid_out=True)

    assert status in (DoseStatus.HELD, DoseStatus.STOPPED)
