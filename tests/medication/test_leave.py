"""Permisjon: medicines go with her, nobody here signs them, and what became of them is told when she is back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.medication import Medication
from journal.medication.errors import NoRoom, OrderChanged
from journal.medication.rules import DoseStatus, when_needed
from journal.medication.rules.leave import Outcome
from journal.medication.service.leaves import Told
from journal.platform.clock import local
from journal.platform.errors import Conflict, Invalid
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_ledger import OXYCODONE, entries, keep
from tests.medication.test_sign import ONE, order
from tests.pdf_reading import words

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
HOUR = timedelta(hours=1)


@pytest.fixture
def due(world: World) -> tuple[UUID, UUID]:
    """A patient with a dose in an hour."""
    return factories.due_dose(world, due_at=datetime.now(UTC).replace(second=0, microsecond=0) + HOUR)


def period() -> dict[str, datetime]:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return {"starts_at": now - HOUR, "ends_at": now + 4 * HOUR}


def dose(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> Any:
    with work_of(world.siri) as work:
        return Medication(work).dose(*due)


def start(world: World, work_of: WorkOf, due: tuple[UUID, UUID], **more: Any) -> UUID:
    entry_id = dose(world, work_of, due).request_entry_id
    with work_of(world.nina) as work:
        said: dict[str, Any] = {"handed_to": "Kari, datter", "sent": {entry_id: 1}, "at_home": {}, "needed": {}}
        id: UUID = Medication(work).start_leave(due[0], **(period() | said | more))
    return id


def opened(world: World, work_of: WorkOf, patient_id: UUID) -> Any:
    with work_of(world.siri) as work:
        return Medication(work).open_leave(patient_id)


def due_ahead(world: World, work_of: WorkOf, patient_id: UUID) -> int:
    with work_of(world.siri) as work:
        rows = Medication(work).worklist(start=work.now - 12 * HOUR, end=work.now + 12 * HOUR)
    return next(row.total for row in rows if row.patient_id == patient_id)


def test_a_dose_that_was_sent_along_is_expected_of_nobody_here_and_not_signed_here(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID]
) -> None:
    assert due_ahead(world, work_of, due[0]) == 1
    start(world, work_of, due)

    seen = dose(world, work_of, due)
    assert (seen.status, seen.status_text) == (DoseStatus.ON_LEAVE, "på permisjon – sendt med")
    assert (seen.can_sign, due_ahead(world, work_of, due[0])) == (False, 0)
    for act in ("sign_given", "lay_out"):
        with work_of(world.nina) as work, pytest.raises(Conflict, match="på permisjonen"):
            getattr(Medication(work), act)(*due, request_version=1)


def test_what_she_has_at_home_says_so(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> None:
    entry_id = dose(world, work_of, due).request_entry_id
    start(world, work_of, due, sent={}, at_home={entry_id: 1})

    assert dose(world, work_of, due).status_text == "på permisjon – har hjemme"


def test_it_is_never_late_or_missed_and_a_return_that_is_overdue_is_a_task(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID]
) -> None:
    start(world, work_of, due)

    with work_of(world.siri) as work:
        (task,) = Care(work).open_tasks(due[0])
        seen = Medication(work).unsettled([due[0]])[due[0]]
    assert task.text.startswith("Er pasienten tilbake fra permisjon?")
    assert (task.due_at, seen) == (opened(world, work_of, due[0]).ends_at, [])


def was_due(world: World) -> tuple[UUID, UUID]:
    """A patient with a dose that was due an hour ago."""
    return factories.due_dose(world, due_at=datetime.now(UTC).replace(second=0, microsecond=0) - HOUR)


def tell(world: World, work_of: WorkOf, patient_id: UUID, outcome: Outcome, came_back: int | None = 0) -> None:
    leave = opened(world, work_of, patient_id)
    with work_of(world.siri) as work:
        back = None if came_back is None else Decimal(came_back)
        Medication(work).tell_of_leave(patient_id, leave.id, {each.id: Told(outcome, back) for each in leave.medicines})


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome.TAKEN, "tatt på permisjon, fortalt etterpå"),
        (Outcome.NOT_TAKEN, "ikke tatt på permisjon, fortalt etterpå"),
        (Outcome.UNKNOWN, "på permisjon – sendt med"),
    ],
)
def test_what_is_told_is_no_signature(world: World, work_of: WorkOf, outcome: Outcome, text: str) -> None:
    due = was_due(world)
    start(world, work_of, due, starts_at=datetime.now(UTC) - 3 * HOUR)
    tell(world, work_of, due[0], outcome)

    seen = dose(world, work_of, due)
    assert (seen.status, seen.status_text, seen.signed) == (DoseStatus.ON_LEAVE, text, None)
    assert (seen.also_given, seen.can_sign) == ((), False)
    assert opened(world, work_of, due[0]) is None
    with work_of(world.siri) as work:
        assert Care(work).open_tasks(due[0]) == []


def test_after_an_early_return_the_doses_to_come_are_the_units_again(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID]
) -> None:
    start(world, work_of, due)
    with work_of(world.siri) as work:
        Medication(work).come_back(due[0])

    seen = dose(world, work_of, due)
    assert (seen.can_sign, due_ahead(world, work_of, due[0])) == (True, 1)
    assert opened(world, work_of, due[0]).returned_at is not None, "what was taken is still asked for"
    tell(world, work_of, due[0], Outcome.TAKEN)
    assert dose(world, work_of, due).status is not DoseStatus.ON_LEAVE


def test_a_second_leave_waits_for_what_is_told_of_the_first_and_none_is_told_twice(
    world: World, work_of: WorkOf, due: tuple[UUID, UUID]
) -> None:
    start(world, work_of, due)
    with pytest.raises(Conflict, match="ikke er gjort opp"):
        start(world, work_of, due)
    leave = opened(world, work_of, due[0])
    tell(world, work_of, due[0], Outcome.TAKEN)
    with work_of(world.siri) as work, pytest.raises(Conflict, match="alt gjort opp"):
        Medication(work).tell_of_leave(due[0], leave.id, {})


def test_what_does_not_add_up_is_refused(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> None:
    with pytest.raises(Invalid):
        start(world, work_of, due, sent={})
    with pytest.raises(Invalid, match="mer enn det som ble sendt med"):
        start(world, work_of, due)
        tell(world, work_of, due[0], Outcome.NOT_TAKEN, came_back=2)


def test_a_changed_order_is_not_sent_along_as_it_was(world: World, work_of: WorkOf, due: tuple[UUID, UUID]) -> None:
    entry_id = dose(world, work_of, due).request_entry_id
    with pytest.raises(OrderChanged):
        start(world, work_of, due, sent={entry_id: 2})


def test_as_needed_on_leave_counts_in_the_sums_and_must_be_counted_back(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    entry_id = order(world, work_of, patient_id, dosage=when_needed(ONE, max_doses=2), use="3", indication="Smerter")
    with work_of(world.nina) as work:
        said: dict[str, Any] = {"handed_to": "Kari", "sent": {}, "at_home": {}, "needed": {entry_id: Decimal(4)}}
        Medication(work).start_leave(patient_id, **(period() | said))
    with pytest.raises(Invalid, match="hvor mye som kom tilbake"):
        tell(world, work_of, patient_id, Outcome.TAKEN, came_back=None)
    tell(world, work_of, patient_id, Outcome.TAKEN, came_back=2)

    with work_of(world.nina) as work, pytest.raises(NoRoom):
        Medication(work).sign_as_needed(patient_id, entry_id, request_version=1)


def test_a_controlled_drug_is_withdrawn_when_it_is_sent_and_comes_back_into_its_account(
    world: World, work_of: WorkOf
) -> None:
    place, ledger = keep(world, work_of, 10)
    patient_id = world.patient()
    entry_id = order(
        world,
        work_of,
        patient_id,
        medicine=OXYCODONE,
        dosage=when_needed(ONE, max_doses=2),
        use="3",
        indication="Smerter",
    )
    said: dict[str, Any] = {"handed_to": "Kari", "sent": {}, "at_home": {}, "needed": {entry_id: Decimal(4)}}
    with pytest.raises(Conflict, match="mindre igjen"), work_of(world.nina) as work:
        Medication(work).start_leave(patient_id, **(period() | said | {"needed": {entry_id: Decimal(11)}}))
    with work_of(world.nina) as work:
        Medication(work).start_leave(patient_id, **(period() | said))
    tell(world, work_of, patient_id, Outcome.TAKEN, came_back=3)

    assert entries(world, work_of, place, ledger) == [("opening", 10, 10), ("sent_along", -4, 6), ("came_back", 3, 9)]


def test_the_page_hands_out_prints_and_asks_what_was_taken_in_one_tap(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    due = was_due(world)
    nina, here = client_for(world.nina), f"/patients/{due[0]}/leave"
    said = {name: f"{local(at):%d.%m.%Y %H.%M}" for name, at in (period() | {"starts_at": ago(3)}).items()}
    listed = nina.get(here, query_string=said).get_data(as_text=True)
    entry_id = dose(world, work_of, due).request_entry_id
    assert f"sent.{entry_id}.1" in listed
    form = {**said, "how[]": f"sent.{entry_id}.1", "note": "Tas med mat"}
    refused = nina.act(here, {**form, "handed_to": ""})
    assert (refused.status_code, "Tas med mat" in refused.get_data(as_text=True)) == (422, True)
    assert nina.act(here, {**form, "handed_to": "Kari, datter"}).status_code == 303

    paper = words(nina.get(f"{here}/print"))
    for text in ("metoprolol", "Kari, datter", "Tas med mat", "113"):
        assert text in paper
    leave = opened(world, work_of, due[0])
    (sent,) = leave.medicines
    told = {"of[]": str(sent.id), "outcome[]": "", "came_back[]": ""}
    assert nina.act(f"{here}/{leave.id}/told", told).status_code == 422
    assert nina.act(f"{here}/{leave.id}/told", {**told, "all_taken": "true"}).status_code == 303
    assert dose(world, work_of, due).status_text == "tatt på permisjon, fortalt etterpå"


def ago(hours: int) -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) - hours * HOUR
