"""What the doctor decides, and what happens to the doses when it is decided."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication, Medicine
from journal.medication.errors import NoRoom, OrderChanged
from journal.medication.rules import AmountRange, DoseStatus, OrderStatus, every_hours, when_needed
from journal.platform.clock import day_bounds, local_date
from journal.platform.errors import Denied, Invalid
from journal.platform.quantity import NBSP, Quantity
from tests.conftest import Browser, World
from tests.medication.test_sign import METOPROLOL, ONE, change, doses, hourly, order, prescribe, sign

WorkOf = Callable[..., Any]
TWO = Quantity(Decimal(2), "tablett")
PARACETAMOL = Medicine("paracetamol", form="tablett", strength="500 mg", route="peroralt", atc_code="N02BE01")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def test_a_new_order_has_its_doses_for_a_week_and_to_the_end_of_that_day(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)

    first, last, number = world.migrator.execute(
        "SELECT min(due_at), max(due_at), count(*) FROM medication.dose WHERE request_entry_id = %s AND state = 'open'",
        (entry_id,),
    ).fetchone() or (None, None, 0)

    assert first is not None and last is not None
    end_of_day = day_bounds(local_date(datetime.now(UTC) + timedelta(days=7)))[1]
    assert end_of_day - timedelta(hours=1) <= last < end_of_day, "a day is planned whole"
    assert number == (last - first) // timedelta(hours=1) + 1


def test_a_nurse_cannot_prescribe(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with pytest.raises(Denied), work_of(world.nina) as work:
        Medication(work).prescribe(patient_id, medicine=METOPROLOL, dosage=hourly())


def test_a_change_replaces_the_doses_ahead_and_carries_the_one_that_is_due(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    with work_of(world.lars) as work:
        more = every_hours(TWO, 1)
        assert change(work, patient_id, entry_id, version=1, dosage=more, reason="For lite virkning") == 2

    due = doses(world, work_of, patient_id)

    assert {(dose.amount, dose.version) for dose in due} == {(TWO, 2)}
    assert due[0].status is DoseStatus.READY


def test_what_is_signed_stays_as_it_was_signed_when_the_order_changes(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    sign(world, work_of, doses(world, work_of, patient_id)[0])
    with work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=1, dosage=every_hours(TWO, 1), reason="For lite virkning")

    due = doses(world, work_of, patient_id)

    assert (due[0].amount, due[0].status) == (ONE, DoseStatus.GIVEN)
    assert due[1].amount == TWO


def test_a_dose_of_the_order_as_it_was_is_not_signed_after_the_change(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    seen = doses(world, work_of, patient_id)[0]
    with work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=1, dosage=every_hours(TWO, 1), reason="For lite virkning")

    with pytest.raises(OrderChanged) as refused:
        sign(world, work_of, seen)

    assert "Lars Haugen endret metoprolol" in refused.value.detail


def test_of_two_doctors_who_change_the_same_order_one_is_told(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id)

    def change_it(_: int) -> str:
        try:
            with work_of(world.lars) as work:
                change(work, patient_id, entry_id, version=1, dosage=every_hours(TWO, 2), reason="Mindre ofte")
        except OrderChanged:
            return "told"
        return "changed"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change_it, range(4))) == ["changed", "told", "told", "told"]


def test_a_pause_holds_the_doses_and_says_why_and_ends(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id)
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Kalium 5,6. Vurderes i morgen.")

    held = doses(world, work_of, patient_id)
    with pytest.raises(OrderChanged):
        sign(world, work_of, held[0], request_version=2)
    with work_of(world.lars) as work:
        Medication(work).resume(patient_id, entry_id, version=2, reason="Kalium 4,4")
    again = doses(world, work_of, patient_id)

    assert {dose.status for dose in held} == {DoseStatus.HELD}
    assert held[0].paused_because == "Kalium 5,6. Vurderes i morgen."
    assert [dose.status for dose in again[:2]] == [DoseStatus.HELD, DoseStatus.PLANNED] or again[
        1
    ].status is DoseStatus.READY


def test_a_stopped_order_leaves_the_list_and_is_counted_among_the_stopped(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, entry_id, version=1, reason="Lav puls", code="L")

    with work_of(world.nina) as work:
        medicines = Medication(work).list_with_strip(patient_id)
        stopped = Medication(work).stopped_recently(patient_id)
        versions = Medication(work).history(patient_id, entry_id)

    assert (medicines.regular, medicines.stopped_recently) == ((), 1)
    assert [(v.status, v.change_reason) for v in stopped] == [(OrderStatus.STOPPED, "Lav puls")]
    assert [v.version for v in versions] == [2, 1]


def test_the_list_is_one_statement_and_draws_each_medicine(
    world: World, work_of: WorkOf, patient_id: UUID, count_queries: list[str]
) -> None:
    for _ in range(3):
        order(world, work_of, patient_id)
    sign(world, work_of, doses(world, work_of, patient_id)[0])
    count_queries.clear()

    with work_of(world.nina) as work:
        medicines = Medication(work).list_with_strip(patient_id)

    assert len([statement for statement in count_queries if "medication." in statement]) == 1
    assert len(medicines.regular) == 3
    drawn = [mark.status for medicine in medicines.regular for mark in medicine.strip.marks]
    assert drawn.count(DoseStatus.GIVEN) == 1
    assert str(medicines.regular[0].line).startswith("metoprolol SELO-ZOK depottablett")
    assert medicines.regular[0].changed_text.endswith("av Lars Haugen")


def test_use_and_dosage_must_say_the_same(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with work_of(world.lars) as work, pytest.raises(Invalid):
        Medication(work).prescribe(patient_id, medicine=PARACETAMOL, dosage=when_needed(ONE, max_doses=4), use="1")


def test_as_needed_stops_at_the_limit_whatever_order_it_was_given_of(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    with work_of(world.lars) as work:
        prn = when_needed(ONE, max_doses=2)
        first, second = (prescribe(work, patient_id, medicine=PARACETAMOL, dosage=prn, use="3") for _ in range(2))
    for entry_id in (first, second):
        with work_of(world.nina) as work:
            Medication(work).sign_as_needed(patient_id, entry_id, request_version=1)

    with work_of(world.nina) as work, pytest.raises(NoRoom) as refused:
        Medication(work).sign_as_needed(patient_id, first, request_version=1)
    with work_of(world.nina) as work:
        shown = Medication(work).as_needed(patient_id)

    assert "det er det meste" in refused.value.detail
    assert [(m.room.allowed, len(m.given)) for m in shown] == [(False, 2), (False, 2)]


def test_as_needed_given_by_many_at_once_never_passes_the_limit(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    with work_of(world.lars) as work:
        entry_id = Medication(work).prescribe(
            patient_id, medicine=PARACETAMOL, dosage=when_needed(ONE, max_doses=2), use="3"
        )

    def give(_: int) -> bool:
        try:
            with work_of(world.nina) as work:
                Medication(work).sign_as_needed(patient_id, entry_id, request_version=1)
        except NoRoom:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(give, range(6))) == 2


def test_a_range_is_never_chosen_for_the_nurse(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with work_of(world.lars) as work:
        prn = when_needed(AmountRange(ONE, TWO), max_doses=4)
        entry_id = Medication(work).prescribe(patient_id, medicine=PARACETAMOL, dosage=prn, use="3")

    for amount in (None, Decimal(3)):
        with work_of(world.nina) as work, pytest.raises(Invalid):
            Medication(work).sign_as_needed(patient_id, entry_id, request_version=1, amount=amount)
    with work_of(world.nina) as work:
        Medication(work).sign_as_needed(patient_id, entry_id, request_version=1, amount=Decimal(2))


def test_the_pages_of_the_list_and_its_orders_can_be_drawn(
    world: World, work_of: WorkOf, client_for: Callable[..., Browser], patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    lars = client_for(world.lars)
    for path in ("", "/stopped", "/prescribe", "/prescribe?q=para", f"/{entry_id}"):
        assert lars.get(f"/patients/{patient_id}/medication{path}").status_code == 200, path
    assert client_for(world.nina).get(f"/patients/{patient_id}/as-needed").status_code == 200
    assert client_for(world.nina).get(f"/patients/{patient_id}/medication/prescribe").status_code == 403


def test_a_stop_without_a_reason_comes_back_with_what_was_typed(
    world: World, work_of: WorkOf, client_for: Callable[..., Browser], patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    url, lars = f"/patients/{patient_id}/medication/{entry_id}", client_for(world.lars)

    refused = lars.act(f"{url}/stop", {"version": "1", "reason": " "})
    half = {"version": "1", "reason": "Mindre", "amount": "0,5", "unit": "tablett", "pattern": "daily", "times": "8 20"}
    changed = lars.act(f"{url}/change", half | {"seen": f"0,5{NBSP}tablett kl.{NBSP}08 og 20"})
    stale = lars.act(f"{url}/stop", {"version": "1", "reason": "Lav puls"})

    assert (refused.status_code, changed.status_code, stale.status_code) == (422, 303, 409)
    assert "Lav puls" in stale.get_data(as_text=True)
    assert "0,5" in lars.get(url).get_data(as_text=True)
