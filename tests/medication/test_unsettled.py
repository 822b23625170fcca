"""What a shift leaves behind: each dose that nobody signed is settled, or handed on by name."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.errors import DoseAlreadySigned
from journal.medication.rules import DoseStatus
from journal.platform.clock import local
from journal.platform.errors import Invalid
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_sign import doses, order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
PAGE = "/round/unsettled"


@pytest.fixture
def late(world: World) -> tuple[UUID, UUID]:
    """A patient with a dose that was due five hours ago."""
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=5)
    return factories.due_dose(world, due_at=due_at, family_name="Hansen")


def handed_on(world: World, work_of: WorkOf, late: tuple[UUID, UUID], **more: Any) -> UUID:
    with work_of(world.nina) as work:
        id: UUID = Medication(work).hand_on(
            *late, **({"request_version": 1, "to_person_id": world.siri.actor.person_id} | more)
        )
    return id


def left(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.siri) as work:
        medication = Medication(work)
        assert (patient_id in medication.patients_unsettled()) is bool(medication.unsettled([patient_id])[patient_id])
        found: list[Any] = medication.unsettled([patient_id])[patient_id]
    return found


def test_a_late_dose_is_on_the_list_until_it_is_signed_and_one_that_is_ready_is_not(
    world: World, work_of: WorkOf, late: tuple[UUID, UUID]
) -> None:
    patient_id, dose_id = late
    ready, _ = factories.due_dose(world)
    assert [(each.dose.id, each.handed) for each in left(world, work_of, patient_id)] == [(dose_id, None)]
    with work_of(world.nina) as work:
        assert Medication(work).unsettled([ready])[ready] == []
        Medication(work).sign_given(patient_id, dose_id, request_version=1)

    assert left(world, work_of, patient_id) == []


def test_it_is_handed_on_by_name_and_stays_open(world: World, work_of: WorkOf, late: tuple[UUID, UUID]) -> None:
    handed_on(world, work_of, late, note="Sov da jeg var der")
    with work_of(world.siri) as work:
        Medication(work).hand_on(*late, request_version=1, to_person_id=world.lars.actor.person_id)

    (each,) = left(world, work_of, late[0])
    assert each.handed is not None
    assert (each.handed.to_name, each.handed.by_name) == ("Lars Haugen", "Siri Strand"), "the newest holds"
    assert (each.dose.status, each.dose.can_sign) == (DoseStatus.LATE, True)


def test_nobody_outside_the_unit_gets_it_and_a_signed_dose_is_not_handed_on(
    world: World, work_of: WorkOf, late: tuple[UUID, UUID]
) -> None:
    with pytest.raises(Invalid) as refused:
        handed_on(world, work_of, late, to_person_id=world.unn.actor.person_id)
    assert set(refused.value.errors) == {"to_person_id"}
    with work_of(world.nina) as work:
        Medication(work).sign_given(*late, request_version=1)
    with pytest.raises(DoseAlreadySigned):
        handed_on(world, work_of, late)


def test_the_page_shows_who_has_it_and_settles_each_way(
    world: World, work_of: WorkOf, client_for: ClientFor, late: tuple[UUID, UUID]
) -> None:
    handed_on(world, work_of, late)
    others, mine = (client_for(who).get(PAGE).get_data(as_text=True) for who in (world.nina, world.siri))
    assert "Gitt videre til andre (1)" in others
    assert "Gitt videre til deg (1)" in mine
    nina, here = client_for(world.nina), f"/patients/{late[0]}/doses/{late[1]}"

    at = f"{local(datetime.now(UTC) - timedelta(hours=5)):%H.%M}"
    day = f"{local(datetime.now(UTC) - timedelta(hours=5)):%d.%m.%Y}"
    for form, said in (
        ({"outcome": "given"}, "Skriv når dosen ble gitt."),
        ({"outcome": "not-given"}, "Velg hvorfor dosen ikke ble gitt."),
    ):
        refused = nina.act(f"{here}/settle", {"request_version": "1", **form})
        assert (refused.status_code, said in refused.get_data(as_text=True)) == (422, True)
    given = {"request_version": "1", "outcome": "given", "given_time": at, "given_day": day}
    assert nina.act(f"{here}/settle", given).status_code == 303

    assert left(world, work_of, late[0]) == []
    with work_of(world.nina) as work:
        dose = Medication(work).dose(*late)
    assert dose.status is DoseStatus.GIVEN


def test_what_nobody_knows_is_said_to_be_so(
    world: World, work_of: WorkOf, client_for: ClientFor, late: tuple[UUID, UUID]
) -> None:
    form = {"request_version": "1", "outcome": "unknown"}
    assert client_for(world.nina).act(f"/patients/{late[0]}/doses/{late[1]}/settle", form).status_code == 303

    with work_of(world.nina) as work:
        dose = Medication(work).dose(*late)
    assert (dose.status, dose.status_text) == (DoseStatus.NOT_GIVEN, "ikke gitt – ingen vet om dosen ble gitt")


def test_what_was_given_too_near_another_dose_is_settled_as_what_happened(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id, siri = world.patient(), client_for(world.siri)
    order(world, work_of, patient_id, starts_at=datetime.now(UTC) - timedelta(hours=6))
    first, second = doses(world, work_of, patient_id)[:2]
    at = local(first.due_at)
    sent = {"request_version": "1", "outcome": "given", "given_time": f"{at:%H.%M}", "given_day": f"{at:%d.%m.%Y}"}
    settle = f"/patients/{patient_id}/doses/{{}}/settle"
    assert siri.act(settle.format(first.id), sent).status_code == 303

    asked = siri.act(settle.format(second.id), sent)
    assert asked.status_code == 422 and "kan tidligst gis" in asked.text
    confirmed = re.findall(r'name="confirmed\[\]" value="([a-z-]+)"', asked.text)
    assert siri.act(settle.format(second.id), sent | {"confirmed[]": confirmed}).status_code == 303

    incidents = world.migrator.execute("SELECT count(*) FROM care.incident WHERE patient_id = %s", (patient_id,))
    assert incidents.fetchone() == (1,)
