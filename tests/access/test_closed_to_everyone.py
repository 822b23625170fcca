"""A patient closes to everyone: parts to all but those who give the care, single notes to all; opened on weighty grounds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.access import AskedToClose, Justifying, Reason, Restrictions, SomeNotes
from journal.access.restriction_rules import FOR_EVERYONE
from journal.access.rules import _GIVES_CARE
from journal.notes import Notes
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Denied, Invalid, Withheld
from journal.platform.ids import new_id
from tests import factories
from tests.access.test_some_notes_closed import WARD, seen, write
from tests.access.test_weighty_grounds import Migrator
from tests.architecture.charts import link
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
WorkOf = Callable[[Staff], Any]
READS = {
    "notes": Permission.NOTES_READ,
    "medication": Permission.MEDICATION_READ,
    "observations": Permission.OBSERVATIONS_READ,
}


@pytest.fixture
def kari(world: World, work_of: WorkOf) -> UUID:
    """In Nina's ward; Unn of another ward has a task with her."""
    patient_id = world.patient()
    since = datetime.now(UTC) - timedelta(days=3)
    factories.care_relationship(world.builder, patient_id, world.unn, world.other_ward, ground="task", since=since)
    world.store()
    write(work_of, world.siri, patient_id, WARD)
    return patient_id


def close(work_of: WorkOf, by: Staff, patient_id: UUID, part: str, notes: SomeNotes | None = None) -> UUID:
    with work_of(by) as work:
        asked = AskedToClose(part, "Pasienten", local_date(work.now), everyone=True, notes=notes)
        return Restrictions(work).register(patient_id, asked)


def opens(work_of: WorkOf, by: Staff, patient_id: UUID, part: str) -> bool:
    try:
        with work_of(by) as work:
            work.open(READS[part], [patient_id])
            return True
    except Withheld:
        return False


@pytest.mark.parametrize("part", FOR_EVERYONE)
def test_a_part_is_closed_to_all_but_those_who_give_the_care(
    world: World, work_of: WorkOf, kari: UUID, part: str
) -> None:
    assert opens(work_of, world.unn, kari, part)
    close(work_of, world.nina, kari, part)

    assert opens(work_of, world.nina, kari, part) and opens(work_of, world.siri, kari, part)
    assert not opens(work_of, world.unn, kari, part)


def test_who_gives_the_care_is_who_the_rules_say(world: World, work_of: WorkOf, kari: UUID, migrator: Migrator) -> None:
    """The grounds stand in PostgreSQL too."""
    close(work_of, world.nina, kari, "notes")
    for ground in ("stay", "service", "route", "task", "referral", "general_practitioner", "patient_request"):
        migrator.execute(
            "UPDATE access.care_relationship SET ground = %s WHERE patient_id = %s AND unit_id = %s",
            (ground, kari, world.other_ward["id"]),
        )
        assert opens(work_of, world.unn, kari, "notes") == (ground in _GIVES_CARE), ground


def test_the_whole_record_is_its_parts_and_the_patient_is_found_and_taken_in(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    close(work_of, world.nina, kari, "*")

    assert not any(opens(work_of, world.unn, kari, part) for part in FOR_EVERYONE)
    with work_of(world.unn) as work:
        work.open(Permission.PATIENTS_ADMIT, [kari])
    with work_of(world.nina) as work:
        assert {row.category for row in Restrictions(work).all(kari)} == set(FOR_EVERYONE)
    assert "Noe er sperret for deg" in client_for(world.unn).get("/my-list").text
    assert "Noe er sperret for deg" not in client_for(world.nina).get("/my-list").text


@pytest.mark.parametrize("part", ["care", "patients"])
def test_what_is_needed_to_take_her_in_is_not_closed_to_everyone(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID, part: str
) -> None:
    with pytest.raises(Invalid):
        close(work_of, world.nina, kari, part)
    close(work_of, world.nina, kari, "notes")
    with pytest.raises(psycopg.errors.CheckViolation):
        migrator.execute("UPDATE access.restriction SET category = %s WHERE patient_id = %s", (part, kari))


def test_it_is_of_one_person_however_many_numbers_she_has(world: World, work_of: WorkOf, kari: UUID) -> None:
    """The stay stands in one record, and the restriction in the other."""
    other = world.patient(related=False)
    link(world.migrator, world.nina, world.siri, kari, other)
    close(work_of, world.nina, other, "notes")

    assert opens(work_of, world.siri, kari, "notes") and opens(work_of, world.siri, other, "notes")
    assert not opens(work_of, world.unn, kari, "notes")


def test_a_single_note_is_closed_to_those_who_give_the_care_too(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    entry_id = write(work_of, world.siri, kari, "Bare hennes")
    close(work_of, world.nina, kari, "notes", SomeNotes(note_id=entry_id))

    for one in (world.siri, world.nina, world.unn):
        assert "Bare hennes" not in seen(work_of, one, kari), one.actor.name
    page = client_for(world.nina).get(f"/patients/{kari}/restrictions").text
    assert "Ett notat" in page and "er sperret for alle" in page


def test_it_is_opened_on_weighty_grounds_by_whom_it_is_against_and_by_nobody_else(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    close(work_of, world.nina, kari, "notes")
    with pytest.raises(Conflict), work_of(world.siri) as work:
        Justifying(work).open_closed(kari, Reason.CLOSED_HARM)
    with work_of(world.unn) as work:
        Justifying(work).open_closed(kari, Reason.CLOSED_HARM)
    assert opens(work_of, world.unn, kari, "notes")

    entry_id = write(work_of, world.siri, kari, "Bare hennes")
    close(work_of, world.nina, kari, "notes", SomeNotes(note_id=entry_id))
    with work_of(world.siri) as work:
        Justifying(work).open_closed(kari, Reason.CLOSED_HARM)
    assert "Bare hennes" in seen(work_of, world.siri, kari) and "Bare hennes" not in seen(work_of, world.nina, kari)


def test_it_is_lifted_by_who_gives_the_care_and_by_no_other(world: World, work_of: WorkOf, kari: UUID) -> None:
    restriction = close(work_of, world.nina, kari, "notes")

    with pytest.raises(Denied), work_of(world.unn) as work:
        Restrictions(work).end(kari, restriction)
    with pytest.raises(sa.exc.DBAPIError, match="it is against whoever ends it"), work_of(world.unn) as work:
        work.open(Permission.ACCESS_RESTRICT, [kari])
        work.db.execute(
            sa.text("UPDATE access.restriction SET valid_until = now() WHERE id = :one"), {"one": restriction}
        )
    with work_of(world.nina) as work:
        Restrictions(work).end(kari, restriction)
    assert opens(work_of, world.unn, kari, "notes")


@pytest.mark.parametrize("table", ["restriction", "note_restriction"])
def test_postgresql_takes_no_row_against_nobody_or_against_two(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID, table: str
) -> None:
    close(work_of, world.nina, kari, "notes", SomeNotes(written_by=world.ward["id"]))
    close(work_of, world.nina, kari, "notes")
    for change in ("against_everyone = false", f"against_person_id = '{new_id()}'"):
        with pytest.raises(psycopg.errors.CheckViolation):
            migrator.execute(f"UPDATE access.{table} SET {change} WHERE patient_id = %s", (kari,))


def test_the_form_offers_it_and_says_to_whom_it_stays_open(world: World, client_for: ClientFor, kari: UUID) -> None:
    nina, here = client_for(world.nina), f"/patients/{kari}/restrictions"
    told = {"category": "*", "everyone": "true", "asked_by": "Kari selv", "asked_on": "01.03.2026"}
    two = nina.act(here, {**told, "person_id": str(world.unn.actor.person_id)})
    assert two.status_code == 422 and "Velg en person, en enhet eller alle." in two.text

    assert nina.act(here, told).status_code == 303
    assert nina.get(here).text.count("er sperret for alle utenom dem som gir helsehjelp") == len(FOR_EVERYONE)


def test_single_notes_are_told_apart_by_whom_they_are_not_closed_to(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    entry_id = write(work_of, world.siri, kari, "Bare hennes")
    with work_of(world.lars) as work:
        to_nina = AskedToClose(
            "notes", "Hun", local_date(work.now), world.nina.actor.person_id, notes=SomeNotes(note_id=entry_id)
        )
        Restrictions(work).register(kari, to_nina)
    here = f"/patients/{kari}/restrictions"

    assert f", {world.ward['name']}</b>" in client_for(world.lars).get(here).text
    hers = client_for(world.nina).get(here).text
    assert "<b>Ett notat</b>" in hers and f", {world.ward['name']}</b>" not in hers
    with work_of(world.lars) as work:
        work.open(Permission.ACCESS_RESTRICT, [world.patient()])
        assert not work.db.execute(
            sa.text("SELECT FROM notes.written(:ids, :entries)"), {"ids": [kari], "entries": [entry_id]}
        ).all(), "of a chart that is not open"


def test_the_simulator_says_that_some_notes_were_closed_and_to_whom(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    entry_id = write(work_of, world.siri, kari, "Bare hennes")
    rolf, address = client_for(world.rolf), f"/audit/patients/{kari}/access"
    said = "Pasienten hadde sperret noen av notatene for den ansatte."
    assert said not in rolf.act(address, {"name": "Siri"}).text
    close(work_of, world.nina, kari, "notes", SomeNotes(note_id=entry_id))

    assert said in rolf.act(address, {"name": "Siri"}).text


def test_nobody_asks_the_database_who_gives_care_to_whom(migrator: Migrator) -> None:
    signature = "access.gives_to(uuid, uuid, uuid[], timestamptz)"
    may = migrator.execute(f"SELECT has_function_privilege('journal_app', '{signature}', 'EXECUTE')").fetchone()

    assert may == (False,)


def test_a_ward_reads_its_lists_as_before(world: World, work_of: WorkOf, kari: UUID) -> None:
    with work_of(world.siri) as work:
        before = Notes(work).recent(kari)
    close(work_of, world.nina, kari, "*")
    with work_of(world.siri) as work:
        assert Notes(work).recent(kari) == before
