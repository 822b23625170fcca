"""Erasure: what was written is gone from everywhere it stood, what says so stands, and nobody does it alone."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.types.json import Jsonb

from journal.app import JournalApp
from journal.audit import Erasures
from journal.care import Care
from journal.notes import Notes, Text
from journal.patients import NewAllergy, Patients
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.work import Work
from tests import factories
from tests.architecture.charts import Connection, Marked, marked_chart, store
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
DECISION = {"paragraph": "hpl. § 43", "decision": "Vedtak 7/26 av virksomhetens leder: feilaktig og belastende."}


@pytest.fixture
def second(world: World) -> Staff:
    """Another leader of the same home, who may confirm."""
    made = factories.staff(
        world.builder, world.oslo, world.home, "Berit Bakke", "unit_manager", below=(world.ward, world.other_ward)
    )
    world.store()
    return made


@pytest.fixture
def chart(world: World, migrator: Connection) -> Marked:
    """A patient of Nina's ward, with a row in every table."""
    return marked_chart(migrator, world.nina, ward_id=world.ward["id"])


def row_of(migrator: Connection, chart: Marked, table: str) -> dict[str, Any]:
    with migrator.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute(
            f"SELECT t.*, to_jsonb(t)::text AS all_of_it FROM {table} t WHERE patient_id = %s ORDER BY id",
            (chart.patient_id,),
        ).fetchone()
    assert found is not None
    return found


def propose(work_of: WorkOf, by: Staff, chart: Marked, table: str, row_id: UUID) -> UUID:
    with work_of(by) as work:
        return Erasures(work).propose(chart.patient_id, table=table, row_id=row_id, **DECISION)


def confirm(work_of: WorkOf, by: Staff, chart: Marked, proposal_id: UUID) -> UUID:
    with work_of(by) as work:
        return Erasures(work).confirm(chart.patient_id, proposal_id)


def correct_note(work_of: WorkOf, by: Staff, chart: Marked) -> None:
    with work_of(by) as work:
        text = Text("general", f"Rettet {chart.token}", title=f"Tittel {chart.token}")
        Notes(work).correct(
            chart.patient_id, chart.ids["note_entry_id"], 1, text, reason=f"Fordi {chart.token}", draft_id=new_id()
        )


def test_a_note_is_gone_with_its_versions_its_search_words_its_drafts_and_its_facts(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, second: Staff
) -> None:
    entry_id, other_fact = chart.ids["note_entry_id"], new_id()
    correct_note(work_of, world.nina, chart)
    with work_of(world.lars) as work:
        begun = Text("general", f"Halvskrevet {chart.token}")
        Notes(work).save_draft(chart.patient_id, new_id(), begun, entry_id=entry_id, version=2, reason=chart.token)
    for fact, about in ((new_id(), entry_id), (other_fact, new_id())):
        body = Jsonb({"note_id": str(about), "patient_id": str(chart.patient_id)})
        store(migrator, "platform.outbox", id=fact, kind="Noted", patient_id=chart.patient_id, body=body)
    row_id = row_of(migrator, chart, "notes.note")["id"]

    erasure_id = confirm(work_of, second, chart, propose(work_of, world.mona, chart, "notes.note", row_id))

    versions = migrator.execute(
        "SELECT version, title, body, change_reason, search::text, erasure_id, recorded_by_name FROM notes.note"
        " WHERE entry_id = %s ORDER BY version",
        (entry_id,),
    ).fetchall()
    drafts = migrator.execute(
        "SELECT body, title, change_reason, signed_at IS NOT NULL FROM notes.draft WHERE entry_id = %s", (entry_id,)
    ).fetchall()
    facts = migrator.execute(
        "SELECT body = '{}', id = %s FROM platform.outbox WHERE patient_id = %s ORDER BY 1",
        (other_fact, chart.patient_id),
    ).fetchall()
    assert versions == [(n, None, None, None, "", erasure_id, "Nina Nordli") for n in (1, 2)]
    assert drafts and set(drafts) == {(None, None, None, True)}
    assert facts == [(False, True), (True, False)], "the fact about something else is left alone"


ALONE = {
    "care.incident", "care.task", "medication.medication_administration", "medication.medication_request",
    "medication.source_document", "notes.note", "observations.observation", "patients.allergy_intolerance", "patients.flag",
    "patients.related_person",
}  # fmt: skip
# What an erased row of these takes with it.
WITH_IT = {
    "medication.medication_request": {"medication.verbal_order", "medication.verbal_answer"},
    "medication.source_document": {
        f"medication.{name}"
        for name in (
            *("source_entry", "source_match", "source_check", "reconciliation", "reconciliation_draft"),
            *("source_question", "source_answer"),
        )
    },
    "medication.crossing": {"medication.crossing_act"},
    "medication.medication_administration": {"medication.product_used"},
    "notes.note": {"notes.draft"},
}


def everything(migrator: Connection, chart: Marked) -> dict[str, list[str]]:
    """Each row that stands in the chart, as text, by the tables that erasures reach."""
    tables = migrator.execute("SELECT table_name FROM audit.erasable ORDER BY 1").fetchall()
    query = "SELECT to_jsonb(t)::text FROM {} t WHERE patient_id = %s ORDER BY 1"
    return {
        table: [row for (row,) in migrator.execute(query.format(table), (chart.patient_id,))]  # type: ignore[arg-type]
        for (table,) in tables
    }


@pytest.mark.parametrize("table", sorted(ALONE))
def test_what_was_written_is_gone_with_all_that_belongs_to_it_and_the_rows_stand(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, second: Staff, table: str
) -> None:
    fill_with_the_token(migrator, chart)
    before, all_before = row_of(migrator, chart, table), everything(migrator, chart)
    erasure_id = confirm(work_of, second, chart, propose(work_of, world.mona, chart, table, before["id"]))
    after, all_after = row_of(migrator, chart, table), everything(migrator, chart)

    changed = {name for name in before if before[name] != after[name]} - {"all_of_it", "search", "erasure_id"}
    assert changed and all(after[name] is None for name in changed)
    assert after["erasure_id"] == erasure_id
    assert after["in_error_at"] is None, "erased is not the same as entered in error"
    assert (after["recorded_by_name"], after["recorded_at"]) == ("Nina Nordli", before["recorded_at"])
    reached = {name for name in all_before if all_before[name] != all_after[name]}
    assert reached == {table} | WITH_IT.get(table, set())
    assert [(name, row) for name in reached for row in all_after[name] if chart.token in row] == []
    assert {name: len(rows) for name, rows in all_after.items()} == {n: len(rows) for n, rows in all_before.items()}


def fill_with_the_token(migrator: Connection, chart: Marked) -> None:
    """Every column of words that erasures empty says the token, where its checks let it; the order is at an end."""
    whose = {"told": chart.token, "whose": chart.patient_id, "note": chart.ids["note_entry_id"]}
    for change in (
        "medication.medication_request SET status = 'stopped'",
        "medication.verbal_answer SET outcome = 'refused', reason = 'x'",
        "notes.draft SET entry_id = %(note)s, version = 1",
    ):
        migrator.execute(f"UPDATE {change} WHERE patient_id = %(whose)s", whose)  # type: ignore[arg-type]
    columns = migrator.execute(
        """SELECT a.attrelid::regclass::text, quote_ident(c), a.atttypid = 'jsonb'::regtype
           FROM audit.erasable e, unnest(e.columns) c, pg_attribute a
           WHERE a.attrelid = e.table_name::regclass AND a.attname = c AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype)"""
    ).fetchall()
    filled = 0
    for table, column, structured in columns:
        said = f"CASE jsonb_typeof({column}) WHEN 'array' THEN jsonb_build_array(%(told)s::text)" if structured else ""
        said += " ELSE jsonb_build_object('said', %(told)s::text) END" if structured else "%(told)s"
        with suppress(psycopg.errors.CheckViolation):
            migrator.execute(f"UPDATE {table} SET {column} = {said} WHERE patient_id = %(whose)s", whose)  # type: ignore[arg-type]
            filled += 1
    assert filled > 2 * len(columns) // 3


def test_the_tasks_that_were_raised_about_it_go_with_it_and_no_others(
    world: World, migrator: Connection, work_of: WorkOf, client_for: Any, chart: Marked, second: Staff
) -> None:
    dose = row_of(migrator, chart, "medication.medication_administration")["id"]
    with work_of(world.nina) as work:
        raised = Care(work).add_task(chart.patient_id, f"Ring legen: {chart.token} er ikke gitt", about_id=dose)
        done = Care(work).add_task(chart.patient_id, f"Effekt av {chart.token}?", about_id=dose)
        other = Care(work).add_task(chart.patient_id, "Bestill transport", about_id=new_id())
        Care(work).complete_task(chart.patient_id, done, outcome=f"{chart.token} hjalp")

    confirm(work_of, second, chart, propose(work_of, world.mona, chart, "medication.medication_administration", dose))

    told = migrator.execute(
        "SELECT entry_id, what, outcome FROM care.task WHERE entry_id = ANY (%s)", ([raised, done, other],)
    ).fetchall()
    assert {(entry, what, outcome) for entry, what, outcome in told} == {
        *((entry, None, None) for entry in (raised, done)),
        (other, "Bestill transport", None),
    }
    page = client_for(world.nina).get(f"/patients/{chart.patient_id}/tasks")
    assert page.status_code == 200 and "Ring legen" not in page.text and "Bestill transport" in page.text


def test_an_order_in_use_is_not_erased_until_it_is_stopped(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, second: Staff
) -> None:
    order = row_of(migrator, chart, "medication.medication_request")
    with pytest.raises(Conflict, match="i bruk"):
        propose(work_of, world.mona, chart, "medication.medication_request", order["id"])

    migrator.execute("UPDATE medication.medication_request SET status = 'stopped' WHERE id = %s", (order["id"],))
    proposal_id = propose(work_of, world.mona, chart, "medication.medication_request", order["id"])
    migrator.execute("UPDATE medication.medication_request SET status = 'active' WHERE id = %s", (order["id"],))
    with pytest.raises(Conflict, match="i bruk"):
        confirm(work_of, second, chart, proposal_id)


def test_the_reason_of_a_mistake_goes_too_and_the_mark_stays(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, second: Staff
) -> None:
    with work_of(world.nina) as work:
        Notes(work).mark_entered_in_error(chart.patient_id, chart.ids["note_entry_id"], f"Gjaldt {chart.token}")
    before = row_of(migrator, chart, "notes.note")

    confirm(work_of, second, chart, propose(work_of, world.mona, chart, "notes.note", before["id"]))

    after = row_of(migrator, chart, "notes.note")
    assert (before["in_error_reason"], after["in_error_reason"]) == (f"Gjaldt {chart.token}", None)
    assert (after["in_error_at"], after["in_error_by"]) == (before["in_error_at"], world.nina.actor.person_id)


def test_the_protocol_says_what_when_by_whom_and_by_which_paragraph(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, second: Staff
) -> None:
    row_id = chart.ids["observation_id"]
    proposal_id = propose(work_of, world.mona, chart, "observations.observation", row_id)
    standing = migrator.execute("SELECT value FROM observations.observation WHERE id = %s", (row_id,)).fetchone()
    erasure_id = confirm(work_of, second, chart, proposal_id)

    said = migrator.execute(
        "SELECT patient_id, table_name, row_id, paragraph, decision, municipality_id, decided_by, decided_by_name, confirmed_by,"
        " confirmed_by_name, now() - at < interval '1 minute' FROM audit.erasure WHERE id = %s",
        (erasure_id,),
    ).fetchone()
    assert standing and standing[0] == 72, "a proposal erases nothing"
    assert said == (
        chart.patient_id, "observations.observation", row_id, *DECISION.values(), world.oslo["id"],
        world.mona.actor.person_id, "Mona Moe", second.actor.person_id, "Berit Bakke", True,
    )  # fmt: skip
    with pytest.raises(Conflict):
        confirm(work_of, second, chart, proposal_id)


def test_the_access_log_is_as_it_was_with_the_erasure_added(
    world: World,
    work_of: WorkOf,
    access_log: Callable[[UUID], list[Any]],
    migrator: Connection,
    chart: Marked,
    second: Staff,
) -> None:
    correct_note(work_of, world.nina, chart)
    before = access_log(chart.patient_id)
    row_id = row_of(migrator, chart, "notes.note")["id"]
    confirm(work_of, second, chart, propose(work_of, world.mona, chart, "notes.note", row_id))
    after = access_log(chart.patient_id)

    assert after[: len(before)] == before and before
    assert [(line.actor_name, line.action) for line in after[len(before) :]] == [
        ("Mona Moe", "records:erase"),
        ("Berit Bakke", "records:erase"),
    ]


def test_nobody_confirms_what_she_has_proposed(
    world: World, migrator: Connection, app: JournalApp, work_of: WorkOf, chart: Marked
) -> None:
    row_id = chart.ids["observation_id"]
    proposal_id = propose(work_of, world.mona, chart, "observations.observation", row_id)

    with pytest.raises(Denied, match="En annen leder"):
        confirm(work_of, world.mona, chart, proposal_id)
    with pytest.raises(sa.exc.DBAPIError, match="may not confirm"), work_of(world.mona) as work:
        _erase(work, proposal_id)
    assert row_of(migrator, chart, "observations.observation")["value"] == 72


@pytest.mark.parametrize("who", ["nina", "lars", "tora", "rolf"])
def test_only_a_leader_proposes(world: World, work_of: WorkOf, chart: Marked, who: str) -> None:
    with pytest.raises(Denied):
        propose(work_of, getattr(world, who), chart, "observations.observation", chart.ids["observation_id"])


def test_a_leader_of_another_municipality_sees_no_proposal_and_confirms_none(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked
) -> None:
    """She has a ground of her own for the chart, and still does not answer for what was written here."""
    leader = factories.staff(world.builder, world.bodo, world.bodo_ward, "Bente Bodø", "unit_manager")
    since = datetime.now(UTC) - timedelta(days=1)
    factories.care_relationship(world.builder, chart.patient_id, leader, world.bodo_ward, room=None, since=since)
    world.store()
    row_id = chart.ids["observation_id"]
    proposal_id = propose(work_of, world.mona, chart, "observations.observation", row_id)

    with pytest.raises(NotFound):
        confirm(work_of, leader, chart, proposal_id)
    with pytest.raises(Denied, match="annen kommune"):
        propose(work_of, leader, chart, "observations.observation", row_id)
    with pytest.raises(sa.exc.DBAPIError, match="another municipality"), work_of(leader) as work:
        Erasures(work).work.open(Erasures.confirm.permission, [chart.patient_id])  # type: ignore[attr-defined]
        _erase(work, proposal_id)
    assert row_of(migrator, chart, "observations.observation")["value"] == 72


def test_an_entry_that_two_municipalities_have_written_in_is_erased_by_neither_alone(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked
) -> None:
    told = {"entry_id": chart.ids["note_entry_id"], "version": 2, "kind": "general", "title": "T", "body": "Bodøs ord"}
    more = {"effective_at": datetime.now(UTC) - timedelta(hours=1), "change_reason": "rettet", **world.bodil.stamp}
    store(migrator, "notes.note", patient_id=chart.patient_id, id=new_id(), **told, **more)

    with pytest.raises(Denied, match="annen kommune"):
        propose(work_of, world.mona, chart, "notes.note", row_of(migrator, chart, "notes.note")["id"])


@pytest.mark.parametrize("table", ["patients.identifier", "audit.access_log", "notes.note; --", ""])
def test_what_is_not_on_the_list_is_not_erased(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, table: str
) -> None:
    with pytest.raises(Invalid):
        propose(work_of, world.mona, chart, table, chart.patient_id)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        _stored(migrator, world, chart, table)


def test_the_eraser_empties_the_listed_columns_reads_none_of_them_and_touches_no_other(migrator: Connection) -> None:
    may = migrator.execute(
        """SELECT a.attrelid::regclass::text, a.attname::text,
               has_column_privilege('journal_eraser', a.attrelid, a.attnum, 'SELECT')
           FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
           JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_'
           WHERE a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege('journal_eraser', a.attrelid, a.attnum, 'UPDATE')"""
    ).fetchall()
    removes = migrator.execute(
        """SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text
           IN ('audit', 'access', 'notes', 'care', 'patients', 'medication', 'observations', 'platform')
           AND has_table_privilege('journal_eraser', c.oid, 'DELETE, TRUNCATE')"""
    ).fetchall()

    assert {column for _table, column, read in may if read} == {"erasure_id", "body", "signed_at", "settled_at"}
    assert {table for table, column, read in may if read and column == "body"} == {"platform.outbox"}
    assert not {"id", "patient_id", "municipality_id", "recorded_by", "recorded_at"} & {
        column for _t, column, _r in may
    }
    assert removes == []


def test_a_call_that_is_forged_or_of_another_transaction_is_refused(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, second: Staff
) -> None:
    proposal_id = propose(work_of, world.mona, chart, "observations.observation", chart.ids["observation_id"])
    with pytest.raises(sa.exc.DBAPIError, match="forged call"), work_of(second) as work:
        _open(work, chart)
        _erase(work, proposal_id, mac="0" * 64)
    with pytest.raises(sa.exc.DBAPIError, match="forged call"), work_of(second) as work:
        _open(work, chart)
        _erase(work, proposal_id, mac=None)
    with pytest.raises(sa.exc.DBAPIError, match="another transaction"), work_of(second) as work:
        _open(work, chart)
        _erase(work, proposal_id, at=work.now - timedelta(seconds=1))
    with pytest.raises(sa.exc.DBAPIError, match="chart is not open"), work_of(second) as work:
        _erase(work, proposal_id)

    assert row_of(migrator, chart, "observations.observation")["value"] == 72


def test_the_application_erases_nothing_past_the_door(as_app: Connection) -> None:
    for statement in (
        "UPDATE notes.note SET body = NULL",
        "UPDATE notes.note SET erasure_id = gen_random_uuid()",
        "UPDATE audit.erasure_proposal SET settled_at = now()",
        "INSERT INTO audit.erasure_proposal (proposed_by) VALUES (gen_random_uuid())",
        "SELECT FROM audit.erasure",
        "SELECT audit.carry_out(p) FROM audit.erasure_proposal p",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(statement)


def test_the_pages_of_the_chart_still_draw_and_say_what_became_of_it(
    world: World,
    migrator: Connection,
    work_of: WorkOf,
    client_for: Callable[[Staff], Browser],
    chart: Marked,
    second: Staff,
) -> None:
    fill_with_the_token(migrator, chart)
    for table in sorted(ALONE):
        confirm(
            work_of, second, chart, propose(work_of, world.mona, chart, table, row_of(migrator, chart, table)["id"])
        )
    nina = client_for(world.nina)
    notes = nina.get(f"/patients/{chart.patient_id}/notes")

    assert notes.status_code == 200
    assert "Slettet etter vedtak" in notes.text
    assert f"Notat {chart.token}" not in notes.text
    pages = "observations allergies related-persons tasks stay services incidents medication as-needed"
    for path in ("", *(f"/{page}" for page in pages.split())):
        shown = nina.get(f"/patients/{chart.patient_id}{path}", follow_redirects=True)
        assert shown.status_code == 200, path
        assert ">None<" not in shown.text, path
        assert str(chart.ids["request_entry_id"]) not in shown.text, path
    assert nina.get(f"/patients/{chart.patient_id}/medication/{chart.ids['request_entry_id']}").status_code == 404


def _open(work: Work, chart: Marked) -> None:
    work.open(Erasures.confirm.permission, [chart.patient_id])  # type: ignore[attr-defined]


def _erase(work: Work, proposal_id: UUID, *, mac: str | None = "", at: datetime | None = None) -> None:
    """The function itself, past the service."""
    call = json.dumps({"at": (at or work.now).isoformat(), "proposal_id": str(proposal_id)})
    signed = work.keys.sign(call) if mac == "" else mac
    work.db.execute(sa.text("SELECT audit.erase(:call, :mac)"), {"call": call, "mac": signed})


def _stored(migrator: Connection, world: World, chart: Marked, table: str) -> None:
    stamp = {"municipality_id": world.oslo["id"], "proposed_by": world.mona.actor.person_id, "proposed_by_name": "M"}
    store(
        migrator, "audit.erasure_proposal", id=new_id(), patient_id=chart.patient_id, table_name=table,
        row_id=chart.patient_id, **DECISION, **stamp,
    )  # fmt: skip


def test_an_erased_allergy_leaves_the_question_open_and_not_answered_with_no(
    world: World, work_of: WorkOf, second: Staff, migrator: Connection
) -> None:
    """ "None known" was said before the allergy: after the erasure nobody knows, and the patient is asked anew."""
    patient_id = world.patient(none_known=True)
    with work_of(world.nina) as work:
        entry_id = Patients(work).record_allergy(patient_id, NewAllergy(kind="allergy", substance="Penicillin"))
    found = migrator.execute("SELECT id FROM patients.allergy_intolerance WHERE entry_id = %s", (entry_id,)).fetchone()
    with work_of(world.mona) as work:
        proposal = Erasures(work).propose(patient_id, table="patients.allergy_intolerance", row_id=found[0], **DECISION)
    with work_of(second) as work:
        Erasures(work).confirm(patient_id, proposal)

    with work_of(world.nina) as work:
        assert Patients(work).banner(patient_id).allergy_state == "not-asked"
