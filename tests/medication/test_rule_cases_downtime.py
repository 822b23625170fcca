"""The rules of what is unknown after the journal was away: the gap, the status of a dose, and what must be confirmed."""

from datetime import UTC, datetime, timedelta

import pytest

from journal.medication.rules import Caution, DoseStatus, OrderStatus, caution_text, cautions, describe, dose_status
from journal.medication.rules.downtime import LEAST, LOOKS_BACK, Known, found_gap
from journal.medication.rules.reasons import Result
from journal.medication.rules.status import SignedState
from journal.medication.rules.timeline import drawn_first

NOON = datetime(2026, 11, 22, 11, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("last", "gap"),
    [
        (None, None),
        (NOON - 5 * MINUTE + timedelta(seconds=1), None),
        (NOON - 5 * MINUTE, (NOON - 5 * MINUTE, NOON)),
        (NOON - 9 * HOUR, (NOON - 9 * HOUR, NOON)),
    ],
)
def test_a_gap_in_the_heartbeat_of_five_minutes_is_a_downtime(
    last: datetime | None, gap: tuple[datetime, datetime] | None
) -> None:
    assert found_gap(last, NOON) == gap
    assert (timedelta(minutes=5), timedelta(days=7)) == (LEAST, LOOKS_BACK)
    assert [each.value for each in Known] == ["proposed", "confirmed", "dismissed"]


@pytest.mark.parametrize("passed", [timedelta(), 2 * HOUR, 20 * HOUR, timedelta(days=6)])
def test_an_unknown_dose_is_neither_ready_late_nor_missed_however_long_ago(passed: timedelta) -> None:
    assert dose_status(NOON, NOON + passed, None, unknown=True) is DoseStatus.UNKNOWN
    assert describe(DoseStatus.UNKNOWN, NOON, NOON + passed) == "ukjent – journalen var nede"


def test_what_is_signed_is_what_was_signed_and_what_waits_at_the_door_waits() -> None:
    signed = SignedState(Result.TAKEN, NOON)
    assert dose_status(NOON, NOON + HOUR, signed, unknown=True) is DoseStatus.GIVEN
    assert dose_status(NOON, NOON + HOUR, None, unknown=True, unreconciled=True) is DoseStatus.UNRECONCILED


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (NOON - MINUTE, DoseStatus.STOPPED),
        (NOON, DoseStatus.UNKNOWN),
        (NOON + HOUR, DoseStatus.UNKNOWN),
        (None, DoseStatus.UNKNOWN),
    ],
)
def test_a_stop_before_the_dose_was_due_holds_and_one_after_it_does_not_tell_what_was_given(
    since: datetime | None, status: DoseStatus
) -> None:
    stopped = {"order_status": OrderStatus.STOPPED, "order_status_since": since}
    assert dose_status(NOON, NOON + 2 * HOUR, None, unknown=True, **stopped) is status


def test_what_is_unknown_must_be_confirmed_and_lies_on_top_of_what_went_well() -> None:
    of = {"atc_code": None, "prescription_group": None, "at": NOON}
    assert cautions(**of, unknown=True) == (Caution.DOWNTIME,)
    assert cautions(**of) == ()
    said = caution_text(Caution.DOWNTIME, at=NOON, now=NOON)
    assert said == "Vi vet ikke om legemidlet ble gitt mens journalen var nede. Se på papiret før du gir det."
    assert drawn_first(DoseStatus.UNKNOWN) > drawn_first(DoseStatus.GIVEN)
