"""A protected address is shown to a few who are named for the patient, for a while; each time is logged, told and looked over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.access import AddressReaders, Justifying, Reason
from journal.access.addresses import SEATS
from journal.access.reviewing import Reviews
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import AddressClosed, Conflict, Invalid, NotFound
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
Migrator = psycopg.Connection[Any]
WorkOf = Callable[[Staff], Any]
STREET, PHONE = "Skjulveien 7", "91827364"


@pytest.fixture
def kari(world: World) -> UUID:
    """Of the ward, with a protected address."""
    where = {"address_line_1": STREET, "postal_code": "8006", "phone": PHONE}
    return world.patient(**where, confidentiality="confidential")


def name(work_of: WorkOf, by: Staff, patient_id: UUID, who: Staff) -> UUID:
    with work_of(by) as work:
        return AddressReaders(work).name(patient_id, who.actor.person_id)


def shows(work_of: WorkOf, staff: Staff, patient_id: UUID) -> str:
    with work_of(staff) as work:
        return Patients(work).address(patient_id).address


def test_one_of_the_few_sees_it_for_a_while_logged_told_and_looked_over(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, access_log: Any, kari: UUID
) -> None:
    nina, mona, path = client_for(world.nina), client_for(world.mona), f"/patients/{kari}/address"
    assert "Du er ikke blant dem" in nina.get(path).text and nina.act(path, {}).status_code == 409

    assert mona.act(f"{path}/readers", {"practitioner_id": str(world.nina.actor.person_id)}).status_code == 303
    before = nina.get(path).text
    assert STREET not in before and "Vis adressen i 4 timer" in before
    assert nina.act(path, {}).status_code == 303
    after = nina.get(path).text

    assert STREET in after and PHONE in after and "Vises for deg til" in after
    assert STREET not in nina.get(f"/patients/{kari}/personal").text and STREET not in mona.get(path).text
    (line,) = [one for one in access_log(kari) if one.action == "patients:address"]
    assert (line.ground, line.decision_ref["id"]) == ("stay", "address")
    assert "patients:address" in line.categories
    assert migrator.execute("SELECT count(*) FROM access.notice WHERE patient_id = %s", (kari,)).fetchone() == (1,)
    with work_of(world.mona) as work:
        (one,) = Reviews(work).queue()
    assert (one.reason, one.waits, one.patient_id) == (Reason.ADDRESS, True, kari)
    # Her other looks at the patient of her ward are not what is looked over.
    assert dict(one.kinds) == {"patients": 1, "patients:address": 1}


def test_it_is_shown_to_nobody_else_and_no_longer(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID
) -> None:
    reader_id = name(work_of, world.mona, kari, world.nina)
    with pytest.raises(AddressClosed):
        shows(work_of, world.nina, kari)
    with work_of(world.nina) as work:
        Justifying(work).open_address(kari)
    assert STREET in shows(work_of, world.nina, kari)
    for other in (world.siri, world.mona):
        with pytest.raises(AddressClosed):
            shows(work_of, other, kari)

    with work_of(world.mona) as work:
        AddressReaders(work).end(kari, reader_id)
    with pytest.raises(AddressClosed):
        shows(work_of, world.nina, kari)
    name(work_of, world.mona, kari, world.nina)
    assert STREET in shows(work_of, world.nina, kari)
    earlier = "recorded_at = recorded_at - interval '5 hours', valid_until = valid_until - interval '5 hours'"
    migrator.execute(f"UPDATE access.justified_access SET {earlier} WHERE patient_id = %s", (kari,))
    with pytest.raises(AddressClosed):
        shows(work_of, world.nina, kari)


def test_whoever_no_longer_gives_the_care_sees_it_no_more(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID
) -> None:
    name(work_of, world.mona, kari, world.nina)
    with work_of(world.nina) as work:
        Justifying(work).open_address(kari)
    over = "valid_from = valid_from - interval '3 days', valid_until = now() - interval '2 days', grace_until = NULL"
    migrator.execute(f"UPDATE access.care_relationship SET {over} WHERE patient_id = %s AND ground = 'stay'", (kari,))
    factories.care_relationship(
        world.builder, kari, world.nina, world.ward, ground="task", since=datetime.now(UTC) - timedelta(hours=1)
    )
    world.store()

    with pytest.raises(AddressClosed):
        shows(work_of, world.nina, kari)
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Justifying(work).open_address(kari)


def test_nobody_names_herself_or_one_of_another_unit_or_twice(world: World, work_of: WorkOf, kari: UUID) -> None:
    for other in (world.mona, world.bodil, world.rolf):
        with pytest.raises(Invalid):
            name(work_of, world.mona, kari, other)
    reader_id = name(work_of, world.mona, kari, world.nina)
    with pytest.raises(Conflict):
        name(work_of, world.mona, kari, world.nina)
    with work_of(world.mona) as work:
        AddressReaders(work).end(kari, reader_id)
    with pytest.raises(NotFound), work_of(world.mona) as work:
        AddressReaders(work).end(kari, reader_id)
    assert not world.nina.actor.may(Permission.ACCESS_ENTRUST)


def test_they_are_a_few_also_for_the_database(world: World, work_of: WorkOf, migrator: Migrator, kari: UUID) -> None:
    made = [factories.staff(world.builder, world.oslo, world.ward, f"Navn {n}", "nurse") for n in range(len(SEATS) + 1)]
    world.store()
    for one in made[:-1]:
        name(work_of, world.mona, kari, one)
    with pytest.raises(Conflict):
        name(work_of, world.mona, kari, made[-1])
    with pytest.raises(psycopg.errors.CheckViolation):
        migrator.execute("UPDATE access.address_reader SET seat = 6 WHERE patient_id = %s", (kari,))
