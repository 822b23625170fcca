"""Many at once: one dose, one order, one command. Over HTTP, each person in a browser of their own."""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from journal.medication.rules import every_hours
from journal.platform.clock import hhmm, local_date, norwegian_date
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests import factories
from tests.conftest import Browser, World

SIGNERS = 50
SLOTS = 20
HOURLY = every_hours(Quantity(Decimal(1), "tablett"), 1)

GIVEN = {"request_version": "1"}

Act = Callable[[], TestResponse]


def at_once(acts: Iterable[Act]) -> list[TestResponse]:
    """The answers to all of these, in their order, begun in the same moment."""
    waiting = list(acts)
    start = Barrier(len(waiting))

    def begin(act: Act) -> TestResponse:
        start.wait(timeout=30)
        return act()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(begin, waiting))


def sends(browser: Browser, path: str, *, command_id: UUID | None = None, **form: str) -> Act:
    return lambda: browser.act(path, form, command_id=command_id, headers={"Accept": "application/json"})


def statuses(answers: Iterable[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def an_order(world: World, doses: int) -> tuple[UUID, UUID, list[UUID]]:
    """A patient, the entry of an hourly order, and this many open doses of it, the last one due within the hour."""
    patient_id = world.patient()
    now = datetime.now(UTC)
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=doses - 1)
    order = factories.medication_request(
        world.builder, patient_id, world.lars, dosage=HOURLY, starts_at=since, planned_until=now
    )
    due = factories.doses(world.builder, order, HOURLY, since, now)
    world.store()
    return patient_id, order["entry_id"], [dose["id"] for dose in due]


def given(patient_id: UUID, dose_id: UUID) -> str:
    return f"/patients/{patient_id}/doses/{dose_id}/given"


def on_time(world: World, patient_id: UUID) -> dict[UUID, dict[str, str]]:
    """For each dose the form that says it was given when it was due: an hour apart, as it should be."""
    rows = world.migrator.execute("SELECT id, due_at FROM medication.dose WHERE patient_id = %s", (patient_id,))
    return {id: GIVEN | {"given_time": hhmm(due), "given_day": norwegian_date(local_date(due))} for id, due in rows}


def signatures(world: World, patient_id: UUID) -> Counter[UUID]:
    """How many live signatures each dose has."""
    rows = world.migrator.execute(
        """SELECT dose_id FROM medication.medication_administration
           WHERE patient_id = %s AND kind = 'signature' AND in_error_at IS NULL""",
        (patient_id,),
    )
    return Counter(row[0] for row in rows)


def test_of_fifty_who_sign_the_same_dose_one_does_and_the_rest_are_told(
    world: World, client_for: Callable[..., Browser], access_log: Callable[..., list[Any]]
) -> None:
    patient_id, _, doses = an_order(world, SLOTS)
    browsers, forms = [client_for(world.nina) for _ in range(SIGNERS)], on_time(world, patient_id)

    for dose_id in doses:
        answers = at_once(sends(browser, given(patient_id, dose_id), **forms[dose_id]) for browser in browsers)

        assert statuses(answers) == {303: 1, 409: SIGNERS - 1}
        refused = [answer for answer in answers if answer.status_code == 409]
        assert {answer.get_json()["signed_by"] for answer in refused} == {"Nina Nordli"}

    assert signatures(world, patient_id) == dict.fromkeys(doses, 1)
    looks = Counter(row.outcome for row in access_log(patient_id) if row.action == "medication:administer")
    assert looks == {"success": SLOTS, "failed": SLOTS * (SIGNERS - 1)}


def test_no_ordinary_signature_comes_after_the_stop(world: World, client_for: Callable[..., Browser]) -> None:
    nurses, doctor = [client_for(world.nina) for _ in range(8)], client_for(world.lars)

    for _ in range(8):
        patient_id, entry_id, doses = an_order(world, len(nurses))
        stop = sends(doctor, f"/patients/{patient_id}/medication/{entry_id}/stop", version="1", reason="Lav puls")
        forms = on_time(world, patient_id)
        signs = [
            sends(nurse, given(patient_id, dose_id), **forms[dose_id])
            for nurse, dose_id in zip(nurses, doses, strict=True)
        ]
        *signed, stopped = at_once([*signs, stop])

        # The stop takes every dose that is not signed by then: a signature on a cancelled dose would be later than it.
        assert stopped.status_code == 303
        states = dict(
            world.migrator.execute("SELECT id, state FROM medication.dose WHERE patient_id = %s", (patient_id,))
        )
        was_signed = [dose_id for dose_id, answer in zip(doses, signed, strict=True) if answer.status_code == 303]
        assert statuses(signed).keys() <= {303, 409}
        assert signatures(world, patient_id) == dict.fromkeys(was_signed, 1)
        assert states == {dose_id: "open" if dose_id in was_signed else "cancelled" for dose_id in doses}


def test_a_command_that_is_sent_ten_times_at_once_is_done_once_and_answered_alike(
    world: World, client_for: Callable[..., Browser], access_log: Callable[..., list[Any]]
) -> None:
    patient_id, _, doses = an_order(world, 1)
    nurse, command_id = client_for(world.nina), new_id()
    browsers = [Browser(nurse.app, nurse.token, nurse.session_id) for _ in range(10)]

    answers = at_once(
        sends(browser, given(patient_id, doses[0]), command_id=command_id, **GIVEN) for browser in browsers
    )

    assert statuses(answers) == {303: 10}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert signatures(world, patient_id) == {doses[0]: 1}
    assert [row.outcome for row in access_log(patient_id) if row.action == "medication:administer"] == ["success"]


def test_a_command_id_is_not_used_again_for_something_else(world: World, client_for: Callable[..., Browser]) -> None:
    patient_id, _, doses = an_order(world, 2)
    nurse, command_id = client_for(world.nina), new_id()

    forms = on_time(world, patient_id)
    first, second = (sends(nurse, given(patient_id, id), command_id=command_id, **forms[id])() for id in doses)

    assert (first.status_code, second.status_code) == (303, 422)
    assert signatures(world, patient_id) == {doses[0]: 1}


def test_who_signs_the_change_that_another_just_signed_is_told_that_it_is_changed(
    world: World, client_for: Callable[..., Browser]
) -> None:
    patient_id, entry_id, _ = an_order(world, 1)
    form = {"amount": "2", "unit": "tablett", "pattern": "daily", "times": "08 20", "reason": "For lite"}
    form |= {"version": "1", "seen": "2\N{NO-BREAK SPACE}tabletter kl.\N{NO-BREAK SPACE}08 og 20"}

    answers = [client_for(world.lars).act(f"/patients/{patient_id}/medication/{entry_id}/change", form) for _ in "ab"]

    assert [answer.status_code for answer in answers] == [303, 409]


def test_of_ten_who_change_the_same_order_one_does_and_the_rest_see_that_it_is_changed(
    world: World, client_for: Callable[..., Browser]
) -> None:
    patient_id, entry_id, _ = an_order(world, 1)
    form: dict[str, Any] = {
        "amount": "2",
        "unit": "tablett",
        "pattern": "daily",
        "times": "08 20",
        "reason": "For lite",
        "version": "1",
        "seen": "2\N{NO-BREAK SPACE}tabletter kl.\N{NO-BREAK SPACE}08 og 20",
    }
    doctors = [client_for(world.lars) for _ in range(10)]

    answers = at_once(
        sends(doctor, f"/patients/{patient_id}/medication/{entry_id}/change", **form) for doctor in doctors
    )

    assert statuses(answers) == {303: 1, 409: 9}
    versions = world.migrator.execute(
        "SELECT version FROM medication.medication_request WHERE patient_id = %s ORDER BY version", (patient_id,)
    )
    assert versions.fetchall() == [(1,), (2,)]


def test_each_change_that_was_accepted_is_a_version_of_its_own(
    world: World, client_for: Callable[..., Browser]
) -> None:
    patient_id, entry_id, _ = an_order(world, 1)
    doctors = [client_for(world.lars) for _ in range(4)]

    def newest() -> tuple[int, str]:
        row = world.migrator.execute(
            """SELECT version, status FROM medication.medication_request
               WHERE patient_id = %s ORDER BY version DESC LIMIT 1""",
            (patient_id,),
        ).fetchone()
        assert row is not None
        return row[0], row[1]

    accepted = 0
    for _ in range(6):
        version, status = newest()
        act = "hold" if status == "active" else "resume"
        path = f"/patients/{patient_id}/medication/{entry_id}/{act}"
        answers = at_once(sends(doctor, path, version=str(version), reason="Til utredning") for doctor in doctors)
        accepted += statuses(answers)[303]

    assert newest()[0] == 1 + accepted == 7


@pytest.mark.parametrize(
    ("form", "status"), [({"request_version": "2"}, 409), ({"request_version": "1", "csrf_token": "forged"}, 403)]
)
def test_a_command_that_was_refused_is_nobodys_and_may_be_sent_again(
    world: World, client_for: Callable[..., Browser], form: dict[str, str], status: int
) -> None:
    """Neither the page of the error nor the log that is written anew may claim it."""
    patient_id, _, doses = an_order(world, 1)
    nurse, command_id = client_for(world.nina), new_id()
    path = given(patient_id, doses[0])

    refused = sends(nurse, path, command_id=command_id, **form)()
    again = sends(nurse, path, command_id=command_id, request_version="1")()

    assert (refused.status_code, again.status_code) == (status, 303)
    assert signatures(world, patient_id) == {doses[0]: 1}


def test_a_command_of_a_session_that_has_ended_is_not_claimed(world: World, client_for: Callable[..., Browser]) -> None:
    patient_id, _, doses = an_order(world, 1)
    nurse, command_id = client_for(world.nina), new_id()
    world.migrator.execute("UPDATE access.session SET ended_at = now() WHERE id = %s", (nurse.session_id,))

    answer = sends(nurse, given(patient_id, doses[0]), command_id=command_id, **GIVEN)()

    assert answer.status_code == 401
    claimed = world.migrator.execute("SELECT count(*) FROM platform.command WHERE id = %s", (command_id,)).fetchone()
    assert claimed == (0,)
