"""A student acts under a named supervisor: every act and line of the log shows both, and without her the role is nothing."""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.audit.seal import COLUMNS, line_of, said
from journal.permissions import Permission, permissions_of
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff], Browser]
BOTH = "Stine Student (student, veileder Nina Nordli)"


@pytest.fixture
def stine(world: World) -> Staff:
    made = factories.staff(world.builder, world.oslo, world.ward, "Stine Student", "student", supervisor=world.nina)
    world.store()
    return made


def test_what_a_student_writes_and_reads_names_her_and_her_supervisor(
    world: World, client_for: ClientFor, stine: Staff, migrator: psycopg.Connection[Any]
) -> None:
    patient, browser = world.patient(), client_for(stine)
    page = browser.get(f"/patients/{patient}/notes")
    assert page.status_code == 200 and BOTH in page.text, "who acts is always in sight"
    note = {"draft_id": str(new_id()), "kind": "general", "title": "Prøve", "body": "Frisk og opplagt."}
    assert browser.act(f"/patients/{patient}/notes/write", note).status_code == 303
    assert BOTH in client_for(world.nina).get(f"/patients/{patient}/notes").text
    lines = migrator.execute(
        "SELECT DISTINCT actor_id, actor_name, actor_role, supervised_by, supervised_by_name FROM audit.access_log"
        " WHERE patient_id = %s AND actor_id = %s",
        (patient, stine.actor.person_id),
    ).fetchall()
    nina = world.nina.actor
    assert lines == [(stine.actor.person_id, BOTH, "student", nina.person_id, "Nina Nordli")]
    others = migrator.execute(
        "SELECT count(*) FROM audit.access_log WHERE patient_id = %s AND actor_id = %s AND supervised_by IS NOT NULL",
        (patient, nina.person_id),
    ).fetchone()
    assert others == (0,)


@pytest.mark.parametrize(
    ("path", "form", "shown"),
    [
        ("observations", {"code": "pulse", "value": "72"}, "observations"),
        ("tasks", {"what": "Ring datteren"}, "tasks"),
        ("incidents/report", {"kind": "fall", "severity": "none", "text": "Falt ved sengen."}, "incidents"),
    ],
)
def test_what_else_a_student_writes_shows_both_where_it_is_read(
    world: World, client_for: ClientFor, stine: Staff, path: str, form: dict[str, str], shown: str
) -> None:
    patient = world.patient()
    done = client_for(stine).act(f"/patients/{patient}/{path}", form)
    assert done.status_code == 303, done.text
    assert BOTH in client_for(world.nina).get(f"/patients/{patient}/{shown}").text


def test_every_table_that_names_who_wrote_takes_the_name_that_has_both(migrator: psycopg.Connection[Any]) -> None:
    """From who asks, by its default or its trigger: no program writes it, so none can leave the supervisor out."""
    tables = migrator.execute(
        """SELECT c.oid::regclass::text, coalesce(pg_get_expr(d.adbin, d.adrelid), '') LIKE '%%acting_name()%%'
               OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid::regproc::text = 'audit.stamp')
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'recorded_by_name'
           LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum) WHERE c.relkind IN ('r', 'p')"""
    ).fetchall()
    assert len(tables) > 50
    assert [table for table, stamped in tables if not stamped] == []


def test_a_search_by_a_student_is_logged_with_her_supervisor_too(
    world: World, client_for: ClientFor, stine: Staff, migrator: psycopg.Connection[Any]
) -> None:
    patient = world.patient()
    assert client_for(stine).act("/search", {"text": "Nordmann"}).status_code == 200
    row = migrator.execute(
        "SELECT DISTINCT supervised_by_name FROM audit.access_log WHERE patient_id = %s AND outcome = 'search-hit'",
        (patient,),
    ).fetchall()

    assert row == [("Nina Nordli",)]


def test_a_student_neither_prescribes_nor_signs_a_medicine_alone(
    world: World, client_for: ClientFor, stine: Staff
) -> None:
    assert not permissions_of("student") & {
        Permission.MEDICATION_PRESCRIBE, Permission.MEDICATION_ADMINISTER, Permission.MEDICATION_CONFIRM,
        Permission.MEDICATION_DELEGATE, Permission.MEDICATION_KEEP, Permission.ACCESS_LEND,
    }  # fmt: skip
    browser, patient = client_for(stine), world.patient()

    assert browser.get(f"/patients/{patient}/medication").status_code == 200
    assert browser.act(f"/patients/{patient}/medication/{new_id()}/stop").status_code == 403
    for act in ("given", "not-given", "also-given"):
        assert browser.act(f"/patients/{patient}/doses/{new_id()}/{act}").status_code == 403
    for page in ("as-needed", "leave"):
        assert browser.get(f"/patients/{patient}/{page}").status_code == 403


@pytest.mark.parametrize("gone", ["left", "authorisation"])
def test_without_her_supervisor_a_student_is_nobody_from_the_next_request(
    world: World, client_for: ClientFor, stine: Staff, migrator: psycopg.Connection[Any], gone: str
) -> None:
    patient, browser = world.patient(), client_for(stine)
    assert browser.get(f"/patients/{patient}/notes").status_code == 200
    table, key, id = {
        "left": ("practitioner_role", "id", world.nina.actor.role_id),
        "authorisation": ("qualification", "practitioner_id", world.nina.actor.person_id),
    }[gone]
    migrator.execute(f"UPDATE municipalities.{table} SET valid_until = now() WHERE {key} = %s", (id,))

    assert browser.get(f"/patients/{patient}/notes").headers["Location"].startswith("/sign-in")
    assert (
        "veilederen er ikke lenger ansatt" in client_for(world.mona).get(f"/who-sees-what?unit={world.ward['id']}").text
    )


def test_a_manager_takes_a_student_in_under_somebody_who_works_there(
    world: World, client_for: ClientFor, migrator: psycopg.Connection[Any]
) -> None:
    from tests.municipalities.test_roles import TODAY

    mona, ward = client_for(world.mona), {"unit_id": str(world.ward["id"]), "last_day": TODAY, "name": "Sander Student"}
    for wrong in (world.unn, world.mona, world.bodil):
        refused = mona.act("/who-sees-what/students", {**ward, "supervisor_id": str(wrong.actor.person_id)})
        assert refused.status_code == 422 and "Sander Student" in refused.text
    taken = mona.act("/who-sees-what/students", {**ward, "supervisor_id": str(world.nina.actor.person_id)})
    assert taken.status_code == 303
    assert "Student, veileder Nina Nordli" in mona.get(f"/who-sees-what?unit={world.ward['id']}").text


def test_the_supervisor_is_sealed_and_a_line_without_one_has_the_bytes_it_always_had() -> None:
    old: dict[str, Any] = dict.fromkeys(COLUMNS)
    supervised = {**old, "supervised_by": UUID(int=7), "supervised_by_name": "Nina Nordli"}

    assert said(line_of({**old, "supervised_by": None, "supervised_by_name": None})) == said(line_of(old))
    assert "supervised_by" not in line_of(old)
    assert line_of(supervised) == line_of(old) | {
        "supervised_by": str(UUID(int=7)),
        "supervised_by_name": "Nina Nordli",
    }


def test_whatever_a_student_did_in_a_chart_names_both_in_each_row_and_in_all_that_the_log_says(
    world: World, client_for: ClientFor, stine: Staff, migrator: psycopg.Connection[Any]
) -> None:
    patient, browser = world.patient(), client_for(stine)
    note, new = {"kind": "general", "title": "Prøve", "body": "Frisk."}, lambda: str(new_id())
    chart = f"/patients/{patient}"
    for path, form in (
        ("notes/write", {**note, "draft_id": new()}),
        ("observations", {"code": "pulse", "value": "72"}),
        ("tasks", {"what": "Ring datteren"}),
        ("incidents/report", {"kind": "fall", "severity": "none", "text": "Falt ved sengen."}),
    ):
        assert browser.act(f"{chart}/{path}", form).status_code == 303, path
    rows = {
        table: migrator.execute(
            f"SELECT entry_id FROM {table} WHERE recorded_by = %s", (stine.actor.person_id,)
        ).fetchone()
        for table in ("notes.note", "care.task", "care.incident")
    }
    ids = {table: row[0] for table, row in rows.items() if row}
    for path, form in (
        (f"notes/{ids['notes.note']}/correct", {**note, "draft_id": new(), "version": "1", "reason": "Skrivefeil"}),
        (f"tasks/{ids['care.task']}/complete", {"outcome": "Gjort"}),
        (f"incidents/{ids['care.incident']}/in-error", {"reason": "Feil pasient"}),
    ):
        done = browser.act(f"{chart}/{path}", form)
        assert done.status_code == 303, (path, done.text)
    tables = migrator.execute(
        """SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND 2 = (
               SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('recorded_by', 'recorded_by_name'))"""
    ).fetchall()
    written = {
        (table, *row)
        for (table,) in tables
        for row in migrator.execute(
            f"SELECT recorded_by_name FROM {table} WHERE recorded_by = %s", (stine.actor.person_id,)
        )
    }
    assert {name for _table, name in written} == {BOTH} and len(written) == 4

    rolf = client_for(world.rolf)
    for page in (
        f"/audit/patients/{patient}",
        f"/audit/people/{stine.actor.person_id}",
        f"/audit/patients/{patient}/report",
    ):
        assert BOTH in rolf.get(page).text, page
    with zipfile.ZipFile(io.BytesIO(rolf.get(f"/audit/patients/{patient}/export").data)) as package:
        for name in ("innsyn.csv", "innsyn.fhir.json"):
            assert BOTH in package.read(name).decode("utf-8-sig"), name
