"""The kitchen sees what must not be eaten, by whom, and no chart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.access import AskedToClose, Restrictions
from journal.patients import NewAllergy, NewFlag, Patients
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Denied
from tests import factories
from tests.architecture.charts import link
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
WorkOf = Callable[[Staff], Any]
Log = Callable[[UUID], list[Any]]


@pytest.fixture
def kitchen(world: World) -> Staff:
    """Of the whole nursing home."""
    made = factories.staff(
        world.builder, world.oslo, world.home, "Kokken Kåre", "kitchen", below=(world.ward, world.other_ward)
    )
    world.store()
    return made


@pytest.fixture
def kari(world: World, work_of: WorkOf) -> UUID:
    patient_id = world.patient(family_name="Kostholdsen", given_name="Kari")
    with work_of(world.nina) as work:
        patients = Patients(work)
        patients.record_allergy(patient_id, NewAllergy(kind="allergy", substance="Jordnøtt", severity="severe"))
        patients.record_allergy(patient_id, NewAllergy(kind="intolerance", substance="Laktose"))
        patients.record_allergy(
            patient_id, NewAllergy(kind="allergy", substance="Penicillin", code_system="ATC", code="J01C")
        )
        patients.raise_flag(patient_id, NewFlag(kind="swallowing", text="Fortykket drikke"))
    return patient_id


def test_it_says_what_must_not_be_eaten_and_nothing_of_medicines(
    world: World, client_for: ClientFor, access_log: Log, kitchen: Staff, kari: UUID
) -> None:
    elsewhere = world.patient(family_name="Annetsted", related=False)
    page = client_for(kitchen).get("/")
    assert page.headers["Location"].endswith("/diet")
    shown = client_for(kitchen).get("/diet").text

    assert "Kostholdsen, Kari" in shown and "Jordnøtt" in shown and "Laktose" in shown and "Fortykket drikke" in shown
    assert "Penicillin" not in shown and "Annetsted" not in shown
    line = access_log(kari)[-1]
    assert (line.actor_role, line.action, line.categories) == ("kitchen", "chart:diet", ["diet"])
    assert not access_log(elsewhere)


def test_what_is_refuted_is_gone_and_that_nobody_has_asked_is_said(
    world: World, work_of: WorkOf, client_for: ClientFor, kitchen: Staff
) -> None:
    patient_id = world.patient(family_name="Uspurt")
    assert "Ingen har spurt om allergier." in client_for(kitchen).get("/diet").text
    with work_of(world.nina) as work:
        entry_id = Patients(work).record_allergy(patient_id, NewAllergy(kind="allergy", substance="Egg"))
    assert "Egg" in client_for(kitchen).get("/diet").text
    with work_of(world.nina) as work:
        Patients(work).refute(patient_id, entry_id, version=1, reason="Tåler egg")

    shown = client_for(kitchen).get("/diet").text
    assert "Egg" not in shown and "Ingenting er ført som maten må ta hensyn til." in shown


def test_what_stands_on_a_linked_record_counts(
    world: World, work_of: WorkOf, client_for: ClientFor, kitchen: Staff, kari: UUID
) -> None:
    other = world.patient(family_name="Samme", related=False)
    link(world.migrator, world.nina, world.siri, other, kari)

    assert client_for(kitchen).get("/diet").text.count("Jordnøtt") == 1


def test_a_protected_name_is_not_told_and_a_closed_record_is_not_there(
    world: World, work_of: WorkOf, client_for: ClientFor, kitchen: Staff, kari: UUID
) -> None:
    hidden = world.patient(family_name="Skjermetsen", confidentiality="confidential")
    with work_of(world.nina) as work:
        Patients(work).record_allergy(hidden, NewAllergy(kind="allergy", substance="Skalldyr"))
    shown = client_for(kitchen).get("/diet").text
    assert "Skjermetsen" not in shown and "Navnet er skjermet" in shown and "Skalldyr" in shown

    with work_of(world.lars) as work:
        asked = AskedToClose("*", "Pasienten", local_date(work.now), kitchen.actor.person_id)
        Restrictions(work).register(kari, asked)
    shown = client_for(kitchen).get("/diet").text
    assert "Jordnøtt" not in shown and "Skalldyr" in shown


def test_who_is_away_does_not_eat_there(world: World, client_for: ClientFor, kitchen: Staff, kari: UUID) -> None:
    world.migrator.execute(
        "UPDATE access.care_relationship SET away_from = %s WHERE patient_id = %s",
        (datetime.now(UTC) - timedelta(hours=1), kari),
    )

    assert "Ingen er på enheten nå." in client_for(kitchen).get("/diet").text


def test_it_opens_no_row_of_the_chart(
    world: World, work_of: WorkOf, client_for: ClientFor, kitchen: Staff, kari: UUID
) -> None:
    with work_of(kitchen) as work:
        work.open(Permission.CHART_DIET, [kari])
        for table in ("patients.patient", "patients.allergy_intolerance", "patients.flag", "notes.note"):
            assert not work.db.execute(sa.text(f"SELECT FROM {table}")).all(), table
    with work_of(world.nina) as work:
        work.open(Permission.CHART_READ, [kari])
        assert not work.db.execute(sa.text("SELECT FROM patients.diets(:ids)"), {"ids": [kari]}).all()
    with pytest.raises(Denied), work_of(kitchen) as work:
        work.open(Permission.PATIENTS_READ, [kari])
    assert client_for(kitchen).get(f"/patients/{kari}/allergies").status_code == 403
