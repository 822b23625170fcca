"""What is changed since whoever reads was last at work here: in sight on the round and the list, and marked on the cards."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.rules import every_hours
from journal.medication.rules.since import Changed
from journal.medication.service import SinceLast
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_sign import change, order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
HOUR = timedelta(hours=1)


def was_here(world: World, who: Staff, began: datetime, left: datetime) -> None:
    """She had a session then."""
    world.migrator.execute(
        """INSERT INTO access.session (token_hash, id, person_id, role_id, created_at, seen_at)
           VALUES (sha256(%s), %s, %s, %s, %s, %s)""",
        (new_id().bytes, new_id(), who.actor.person_id, who.actor.role_id, began, left),
    )


def long_ago(world: World, patient_id: UUID, back: timedelta) -> None:
    """All that is ordered until now was ordered then."""
    world.migrator.execute("ALTER TABLE medication.medication_request DISABLE TRIGGER USER")
    moved = "UPDATE medication.medication_request SET recorded_at = recorded_at - %s WHERE patient_id = %s"
    world.migrator.execute(moved, (back, patient_id))
    world.migrator.execute("ALTER TABLE medication.medication_request ENABLE TRIGGER USER")


def since(work_of: WorkOf, who: Staff, patient_id: UUID) -> SinceLast:
    with work_of(who) as work:
        found: SinceLast = Medication(work).changed_since_last(patient_id)
    return found


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def test_who_was_never_here_has_nothing_marked(
    world: World, work_of: WorkOf, client_for: ClientFor, now: datetime
) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    was_here(world, world.nina, now - 5 * HOUR, now - 1 * HOUR)  # this morning, of the same shift

    assert since(work_of, world.nina, patient_id) == SinceLast(None, ())
    assert "siden" not in client_for(world.nina).get("/round").text


def test_every_order_that_is_another_since_is_told_of_with_what_it_was(
    world: World, work_of: WorkOf, now: datetime
) -> None:
    patient_id = world.patient()
    same, other, paused, stopped = (order(world, work_of, patient_id) for _ in range(4))
    long_ago(world, patient_id, 30 * HOUR)
    was_here(world, world.nina, now - 28 * HOUR, now - 20 * HOUR)
    was_here(world, world.nina, now - 4 * HOUR, now - 1 * HOUR)
    with work_of(world.lars) as work:
        dosage = every_hours(Quantity(Decimal(2), "tablett"), 1, strength_per_unit=Quantity(Decimal(50), "mg"))
        change(work, patient_id, other, dosage=dosage, version=1, reason="For lav dose")
        Medication(work).hold(patient_id, paused, version=1, reason="Kvalme")
        Medication(work).stop(patient_id, stopped, version=1, reason="Ikke lenger aktuelt")
    begun = order(world, work_of, patient_id)

    last_here, changed = since(work_of, world.nina, patient_id)

    assert last_here is not None and abs(last_here - (now - 20 * HOUR)) < timedelta(seconds=1)
    told = {each.request_entry_id: each for each in changed}
    assert {id: each.what for id, each in told.items()} == {
        other: Changed.CHANGED,
        paused: Changed.PAUSED,
        stopped: Changed.STOPPED,
        begun: Changed.BEGUN,
    }
    assert same not in told
    assert (told[other].by_name, told[other].reason) == ("Lars Haugen", "For lav dose")
    assert told[other].was.startswith("1") and told[paused].was == told[begun].was == ""
    # Another who was here an hour ago, and not before, has nothing: she has never been away.
    assert since(work_of, world.siri, patient_id).orders == ()


def test_the_round_says_it_without_a_click_and_marks_the_card(
    world: World, work_of: WorkOf, client_for: ClientFor, now: datetime, count_queries: list[str]
) -> None:
    quiet, patient_id = world.patient(family_name="Rolig"), world.patient(family_name="Endret")
    for each in (quiet, patient_id):
        order(world, work_of, each)
        long_ago(world, each, 30 * HOUR)
    was_here(world, world.nina, now - 28 * HOUR, now - 20 * HOUR)
    nina = client_for(world.nina)
    assert "Ingen legemidler er endret siden du sist var her" in nina.get("/round").text
    order(world, work_of, patient_id)
    count_queries.clear()

    page = nina.get(f"/round?patient={patient_id}").text

    assert len(count_queries) <= 8, "\n".join(count_queries)
    assert "1 pasient har endrede legemidler siden du sist var her" in page and "1 endret" in page
    assert 'id="h-changed"' in page and "ny siden sist" in page
    assert 'id="h-changed"' not in nina.get(f"/round?patient={quiet}").text
    listed = nina.get(f"/patients/{patient_id}/medication").text
    assert 'id="h-changed"' in listed and "Endret siden du sist var her" in listed
