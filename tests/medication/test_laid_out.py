"""Lagt fram: a dose before the patient is its own state until somebody knows that it was taken, in part or not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.care import Care
from journal.medication import Medication
from journal.medication.errors import AlreadyLaidOut, DoseAlreadySigned, OrderChanged
from journal.medication.models import MedicationAdministration
from journal.medication.rules import DoseStatus, Reason
from journal.platform.clock import hhmm
from journal.platform.errors import Conflict, Invalid
from tests import factories
from tests.conftest import Browser, World

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@pytest.fixture
def due(world: World) -> tuple[UUID, UUID]:
    """A patient with a dose that is to be given now."""
    return factories.due_dose(world, family_name="Hansen")


def laid(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> UUID:
    with work_of(world.nina) as work:
        id: UUID = Medication(work).lay_out(*due, request_version=1)
    return id


def dose(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> Any:
    with work_of(world.siri) as work:
        return Medication(work).dose(*due)


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.siri) as work:
        return list(Care(work).open_tasks(patient_id))


def test_it_is_neither_given_nor_late_and_says_who_laid_it_and_when(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID]
) -> None:
    laid(world, work_of, due)

    seen = dose(world, work_of, due)
    assert (seen.status, seen.can_sign, seen.signed) == (DoseStatus.LAID_OUT, True, None)
    assert seen.laid_out is not None
    assert seen.status_text == f"lagt fram {hhmm(seen.laid_out.at)} av {world.nina.actor.name}"
    with work_of(world.siri) as work:
        assert work.db.scalar(sa.select(sa.func.count()).select_from(MedicationAdministration)) == 0
        shown = [m for each in [Medication(work).list_with_strip(due[0])] for m in each.regular[0].strip.marks]
    assert [(mark.status, "lagt fram" in mark.label) for mark in shown] == [(DoseStatus.LAID_OUT, True)]


def test_nobody_lays_out_a_second_one(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> None:
    laid(world, work_of, due)

    with work_of(world.siri) as work, pytest.raises(AlreadyLaidOut) as refused:
        Medication(work).lay_out(*due, request_version=1)
    assert f"{world.nina.actor.name} la fram denne dosen" in (refused.value.detail or "")


@pytest.mark.parametrize("outcome", ["given", "partly", "not given"])
def test_it_stays_unsettled_with_a_task_until_somebody_says_what_became_of_it(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID], outcome: str
) -> None:
    laid(world, work_of, due)
    with work_of(world.siri) as work:
        assert due[0] in Medication(work).patients_unsettled()
        assert [each.dose.id for each in Medication(work).unsettled([due[0]])[due[0]]] == [due[1]]
    (task,) = tasks(world, work_of, due[0])
    assert task.text.startswith("Se om dosen er tatt: ")

    with work_of(world.siri) as work:
        medication = Medication(work)
        if outcome == "given":
            medication.sign_given(*due, request_version=1)
        else:
            reason = Reason.PARTLY if outcome == "partly" else Reason.ADMITTED
            medication.sign_not_given(*due, request_version=1, reason=reason)
    seen = dose(world, work_of, due)
    expected = {"given": DoseStatus.GIVEN, "partly": DoseStatus.PARTLY, "not given": DoseStatus.NOT_GIVEN}[outcome]
    assert (seen.status, seen.laid_out) == (expected, None)
    assert tasks(world, work_of, due[0]) == []


def test_the_task_is_due_when_the_dose_would_be_late(world: World, work_of: WorkOf) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    late = factories.due_dose(world, due_at=due_at)
    with work_of(world.nina) as work:
        now = work.now
        Medication(work).lay_out(*late, request_version=1)

    (task,) = tasks(world, work_of, late[0])
    assert task.due_at == now + timedelta(minutes=60)


def test_it_is_taken_away_and_the_dose_is_open_again(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> None:
    id = laid(world, work_of, due)
    with work_of(world.siri) as work:
        Medication(work).take_away(due[0], id, reason="Tatt bort")
    with work_of(world.siri) as work, pytest.raises(Conflict):
        Medication(work).take_away(due[0], id, reason="Tatt bort")

    seen = dose(world, work_of, due)
    assert (seen.laid_out, seen.can_sign, seen.status is DoseStatus.LAID_OUT) == (None, True, False)
    assert tasks(world, work_of, due[0]) == []
    laid(world, work_of, due)


def test_who_sees_it_is_told_when_the_order_was_stopped_while_it_lay_there(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID]
) -> None:
    laid(world, work_of, due)
    order = dose(world, work_of, due)
    with work_of(world.lars) as work:
        Medication(work).stop(due[0], order.request_entry_id, version=1, reason="Lav puls")

    seen = dose(world, work_of, due)
    assert (seen.status, seen.can_sign) == (DoseStatus.STOPPED, False)
    assert "før ordinasjonen ble endret. Ta dosen bort" in (seen.condition_text or "")
    assert len(tasks(world, work_of, due[0])) == 1
    with work_of(world.nina) as work, pytest.raises(OrderChanged):
        Medication(work).sign_given(*due, request_version=1)


def test_what_is_signed_is_not_laid_out_and_lagt_fram_is_no_signature(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID]
) -> None:
    with work_of(world.nina) as work, pytest.raises(Invalid):
        Medication(work).sign_not_given(*due, request_version=1, reason=Reason.LAID_OUT)
    with work_of(world.nina) as work:
        Medication(work).sign_given(*due, request_version=1)
    with pytest.raises(DoseAlreadySigned):
        laid(world, work_of, due)


def test_the_card_lays_it_out_in_two_taps_and_asks_when_it_was_taken(
    world: World, work_of: WorkOf, client_for: ClientFor, due: tuple[UUID, UUID]
) -> None:
    nina, siri, here = client_for(world.nina), client_for(world.siri), f"/patients/{due[0]}/doses/{due[1]}"
    form = {"request_version": "1", "reason": "laid-out"}
    assert nina.act(f"{here}/not-given", form).status_code == 303
    again = siri.act(f"{here}/not-given", form)
    assert (again.status_code, f"{world.nina.actor.name} la fram denne dosen" in again.get_data(as_text=True)) == (
        409,
        True,
    )

    page = siri.get(f"/round?patient={due[0]}").get_data(as_text=True)
    assert "is-laid_out" in page
    assert "Tatt nå" in page
    assert "lagt fram" in siri.get("/round/unsettled").get_data(as_text=True)
    at = dose(world, work_of, due).laid_out.at
    assert siri.act(f"{here}/given", {"request_version": "1", "taken_at": at.isoformat()}).status_code == 303

    signed = dose(world, work_of, due).signed
    assert signed is not None
    assert (signed.state.effective_at, signed.by_name) == (at, world.siri.actor.name)


def test_the_card_takes_it_away(world: World, work_of: WorkOf, client_for: ClientFor, due: tuple[UUID, UUID]) -> None:
    id = laid(world, work_of, due)

    assert client_for(world.siri).act(f"/patients/{due[0]}/laid-out/{id}/take-away", {}).status_code == 303
    assert dose(world, work_of, due).laid_out is None
