"""What one has signed oneself, for thirty days after the ground has ended: that, and nothing else of the chart."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.access import AskedToClose, Restrictions
from journal.notes import Notes, Text
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import NoGround
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
Log = Callable[[UUID], list[Any]]
Migrator = psycopg.Connection[Any]
MINE, HERS, HIDDEN = "Satt hos henne til hun sovnet", "Ringte datteren", "Fortalte om vold"


def write(work_of: WorkOf, who: Staff, patient_id: UUID, body: str, **more: str) -> None:
    with work_of(who) as work:
        Notes(work).sign(patient_id, new_id(), Text("general", body, **more))


def leave(migrator: Migrator, patient_id: UUID, days: int = 2) -> None:
    """As if the stay had ended so many days ago."""
    migrator.execute(
        """UPDATE access.care_relationship SET valid_from = now() - interval '90 days', grace_until = NULL,
           valid_until = now() - make_interval(days => %s) WHERE patient_id = %s""",
        (days, patient_id),
    )


@pytest.fixture
def left(world: World, work_of: WorkOf, migrator: Migrator) -> UUID:
    """She moved out two days ago; Nina and Siri wrote of her."""
    patient_id = world.patient(family_name="Utflyttet", given_name="Randi")
    write(work_of, world.nina, patient_id, MINE)
    write(work_of, world.nina, patient_id, HIDDEN, sensitive="violence")
    write(work_of, world.siri, patient_id, HERS)
    leave(migrator, patient_id)
    return patient_id


def test_own_signed_entries_are_read_and_nothing_else_of_the_chart(
    world: World, client_for: ClientFor, work_of: WorkOf, access_log: Log, left: UUID
) -> None:
    nina = client_for(world.nina)
    page = nina.get("/own-entries")
    assert page.status_code == 200 and "Utflyttet, Randi" in page.text and MINE in page.text
    assert HERS not in page.text and HIDDEN not in page.text
    line = access_log(left)[-1]
    assert (line.action, line.ground, line.relationship_id) == ("chart:own", "own", None)
    assert set(line.categories) == {"own", "notes:mine", "medication:mine"}
    assert nina.get(f"/patients/{left}").status_code == 403

    with work_of(world.nina) as work:
        work.open(Permission.CHART_OWN, [left])
        for table in ("notes.note", "patients.patient", "medication.medication_request"):
            seen = work.db.connection().exec_driver_sql(f"SELECT count(*) FROM {table} WHERE patient_id = %s", (left,))
            assert seen.scalar() == 0, table
    with pytest.raises(NoGround), work_of(world.nina) as work:
        Patients(work).banner(left)


def test_the_functions_show_nothing_that_the_log_does_not_say_is_open(
    world: World, work_of: WorkOf, left: UUID
) -> None:
    with work_of(world.nina) as work:
        work.actor  # noqa: B018
        for function in ("access.whose_own", "notes.written_by_oneself", "medication.signed_by_oneself"):
            seen = work.db.connection().exec_driver_sql(f"SELECT count(*) FROM {function}(ARRAY[%s::uuid])", (left,))
            assert seen.scalar() == 0, function
    # Nor to somebody who wrote nothing, whatever she opens.
    with pytest.raises(NoGround), work_of(world.unn) as work:
        work.open(Permission.CHART_OWN, [left])


def test_it_is_over_after_thirty_days_and_needless_while_a_ground_holds(
    world: World, client_for: ClientFor, work_of: WorkOf, migrator: Migrator, left: UUID
) -> None:
    nina = client_for(world.nina)
    leave(migrator, left, 29)
    assert MINE in nina.get("/own-entries").text
    leave(migrator, left, 31)
    assert MINE not in nina.get("/own-entries").text
    with pytest.raises(NoGround), work_of(world.nina) as work:
        work.open(Permission.CHART_OWN, [left])
    leave(migrator, left, -1)
    assert MINE not in nina.get("/own-entries").text and nina.get(f"/patients/{left}").status_code == 200


@pytest.mark.parametrize("part", ["*", "notes"])
def test_what_the_patient_closes_to_her_is_closed_here_too(
    world: World, client_for: ClientFor, work_of: WorkOf, migrator: Migrator, left: UUID, part: str
) -> None:
    leave(migrator, left, -1)
    with work_of(world.lars) as work:
        asked = AskedToClose(part, "Pasienten", work.now.date(), person_id=world.nina.actor.person_id)
        Restrictions(work).register(left, asked)
    leave(migrator, left)
    page = client_for(world.nina).get("/own-entries")
    assert page.status_code == 200 and MINE not in page.text
    assert HERS in client_for(world.siri).get("/own-entries").text


def test_it_is_gone_with_the_employment_it_was_signed_in(world: World, work_of: WorkOf, left: UUID) -> None:
    in_another = Staff(replace(world.nina.actor, role_id=new_id()))
    with pytest.raises(NoGround), work_of(in_another) as work:
        work.open(Permission.CHART_OWN, [left])


def test_orders_and_doses_are_said_in_words_each_to_the_one_who_signed_it(
    world: World, client_for: ClientFor, migrator: Migrator
) -> None:
    patient_id, dose_id = factories.due_dose(world)
    nina = client_for(world.nina)
    given = nina.act(f"/patients/{patient_id}/doses/{dose_id}/given", {"request_version": "1"})
    assert given.status_code in (200, 303), given.text
    leave(migrator, patient_id)
    hers, his = (client_for(who).get("/own-entries").text for who in (world.nina, world.lars))
    assert "metoprolol SELO-ZOK" in hers and "<b>Ga</b>" in hers and "Forskrev" not in hers
    assert "<b>Forskrev</b>" in his and "1\N{NO-BREAK SPACE}tablett" in his and "<b>Ga</b>" not in his
