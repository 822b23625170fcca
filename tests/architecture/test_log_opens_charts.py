"""No log row, no data: each way round it, tried against the real database as the application's own role."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from journal.app import JournalApp
from journal.medication import Medication
from journal.notes import Notes
from journal.patients import Patients
from journal.platform import database
from journal.platform.errors import Conflict, Denied, NoGround
from journal.platform.postgres import EmbeddedPostgres
from journal.platform.settings import Settings
from tests.architecture.charts import CATEGORIES, Connection, Marked, link, marked_chart
from tests.architecture.test_database import SEEN_WHILE_CLOSED, chart_tables
from tests.conftest import DATABASE, Browser, World
from tests.factories import Staff
from tests.pdf_reading import words

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
Refused = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def chart(world: World, migrator: Connection) -> Marked:
    """A patient of Nina's ward, with a row in every table."""
    return marked_chart(migrator, world.nina, ward_id=world.ward["id"])


@pytest.fixture
def superuser(app: JournalApp, server: EmbeddedPostgres) -> Iterator[Connection]:
    with psycopg.connect(server.conninfo(dbname=DATABASE), autocommit=True) as connection:
        yield connection


class Asking:
    """A connection of the application's in which somebody asks, as the program would tell it to."""

    def __init__(self, app: JournalApp, connection: Connection) -> None:
        self.keys, self.connection = app.works.keys, connection

    def tell(self, staff: Staff) -> None:
        told = staff.actor.as_json()
        self.connection.execute("SELECT set_config('journal.who', %s, true)", (told + self.keys.sign(told),))

    def call(
        self, patients: Sequence[UUID], categories: Sequence[str] = CATEGORIES, outcome: str = "success", **more: Any
    ) -> str:
        now = self.connection.execute("SELECT now()").fetchone()
        assert now is not None
        listed = [{"patient_id": str(patient_id), "ground": "stay", "purpose": "TREAT"} for patient_id in patients]
        told = {"at": now[0].isoformat(), "action": "chart:read", "categories": list(categories), "outcome": outcome}
        return json.dumps({**told, "patients": listed, **more})

    def send(self, call: str, mac: str | None) -> None:
        self.connection.execute("SELECT audit.open_charts(%s, %s)", (call, mac))

    def open(self, patients: Sequence[UUID], categories: Sequence[str] = CATEGORIES, outcome: str = "success") -> None:
        call = self.call(patients, categories, outcome)
        self.send(call, self.keys.sign(call))

    def count(self, table: str) -> int:
        row = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[call-overload]
        assert row is not None
        return int(row[0])

    def shown(self, tables: Sequence[str]) -> set[str]:
        """The tables that show a row."""
        return {table for table in tables if self.count(table)}


@pytest.fixture
def asking(app: JournalApp, as_app: Connection) -> Asking:
    return Asking(app, as_app)


def tables_of(migrator: Connection, category: str | None = None) -> list[str]:
    """The chart tables of a category, without those that a unit or an author sees while charts are closed."""
    found = sorted(chart_tables(migrator) - SEEN_WHILE_CLOSED.keys())
    return [table for table in found if category is None or table.startswith(f"{category}.")]


def test_who_asks_alone_shows_nothing_and_one_log_row_shows_that_chart(
    world: World, migrator: Connection, asking: Asking, chart: Marked
) -> None:
    marked_chart(migrator, world.nina, ward_id=world.ward["id"])
    tables = tables_of(migrator)
    with asking.connection.transaction():
        asking.tell(world.nina)
        assert asking.shown(tables) == set()
        asking.open([chart.patient_id])
        assert asking.shown(tables) == set(tables) - {"patients.link"}
        found = asking.connection.execute("SELECT DISTINCT patient_id FROM notes.note").fetchall()

    assert found == [(chart.patient_id,)], "the other patient of the ward stays closed"


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_look_logged_as_one_part_of_the_chart_cannot_read_another(
    world: World, migrator: Connection, asking: Asking, chart: Marked, category: str
) -> None:
    with asking.connection.transaction():
        asking.tell(world.nina)
        asking.open([chart.patient_id], [category])
        shown = asking.shown(tables_of(migrator))

    assert shown == set(tables_of(migrator, category)) - {"patients.link"}


@pytest.mark.parametrize("outcome", ["refused", "failed", "search-hit"])
def test_a_row_that_says_no_opens_nothing(
    world: World, migrator: Connection, asking: Asking, chart: Marked, outcome: str
) -> None:
    with asking.connection.transaction():
        asking.tell(world.nina)
        asking.open([chart.patient_id], outcome=outcome)

        assert asking.shown(tables_of(migrator)) == set()


def test_the_chart_is_closed_again_in_the_next_transaction(world: World, asking: Asking, chart: Marked) -> None:
    with asking.connection.transaction():
        asking.tell(world.nina)
        asking.open([chart.patient_id])
        assert asking.count("notes.note") == 1
    with asking.connection.transaction():
        asking.tell(world.nina)
        assert asking.count("notes.note") == 0
    assert asking.count("notes.note") == 0


def test_after_a_rollback_nothing_is_open(world: World, asking: Asking, chart: Marked) -> None:
    with asking.connection.transaction(force_rollback=True):
        asking.tell(world.nina)
        asking.open([chart.patient_id])
        assert asking.count("notes.note") == 1
    with asking.connection.transaction():
        asking.tell(world.nina)

        assert asking.count("notes.note") == 0


def test_a_chart_is_not_opened_inside_a_savepoint(world: World, asking: Asking, chart: Marked) -> None:
    """ROLLBACK TO would take the log row and leave what was read."""
    with asking.connection.transaction():
        asking.tell(world.nina)
        with pytest.raises(Refused, match="savepoint"), asking.connection.transaction():
            asking.open([chart.patient_id])
        assert asking.count("notes.note") == 0


def test_nor_inside_a_block_that_catches_its_own_error(world: World, asking: Asking, chart: Marked) -> None:
    with asking.connection.transaction():
        asking.tell(world.nina)
        call = asking.call([chart.patient_id])
        opens = f"PERFORM audit.open_charts({_quoted(call)}, {_quoted(asking.keys.sign(call))})"
        caught = f"DO $$ BEGIN {opens}; EXCEPTION WHEN division_by_zero THEN NULL; END $$"
        with pytest.raises(Refused, match="savepoint"), asking.connection.transaction():
            asking.connection.execute(caught)  # type: ignore[call-overload]


def test_a_savepoint_after_the_opening_is_fine(world: World, asking: Asking, chart: Marked) -> None:
    with asking.connection.transaction():
        asking.tell(world.nina)
        asking.open([chart.patient_id])
        with asking.connection.transaction(force_rollback=True):
            assert asking.count("notes.note") == 1
        assert asking.count("notes.note") == 1


@pytest.mark.parametrize("mac", ["0" * 64, "", None], ids=["another key", "empty", "NULL"])
def test_a_forged_call_opens_nothing(world: World, asking: Asking, chart: Marked, mac: str | None) -> None:
    with pytest.raises(Refused, match="forged call"), asking.connection.transaction():
        asking.tell(world.nina)
        asking.send(asking.call([chart.patient_id]), mac)


def test_a_call_that_was_changed_after_it_was_signed_opens_nothing(world: World, asking: Asking, chart: Marked) -> None:
    with pytest.raises(Refused, match="forged call"), asking.connection.transaction():
        asking.tell(world.nina)
        call = asking.call([uuid4()])
        asking.send(asking.call([chart.patient_id]), asking.keys.sign(call))


@pytest.mark.parametrize("mac", ["0" * 64, None], ids=["another key", "NULL"])
def test_a_forged_call_starts_no_session(world: World, as_app: Connection, mac: str | None) -> None:
    call = {"id": str(uuid4()), "role_id": str(world.lars.actor.role_id), "token_hash": "ab" * 32}
    with pytest.raises(Refused, match="forged call"), as_app.transaction():
        now = as_app.execute("SELECT now()").fetchone()
        assert now is not None
        as_app.execute("SELECT access.start_session(%s, %s)", (json.dumps({"at": now[0].isoformat(), **call}), mac))


def test_a_call_that_was_made_for_another_transaction_opens_nothing(
    world: World, asking: Asking, chart: Marked
) -> None:
    with asking.connection.transaction():
        asking.tell(world.nina)
        call = asking.call([chart.patient_id])
        asking.send(call, asking.keys.sign(call))
    with pytest.raises(Refused, match="another transaction"), asking.connection.transaction():
        asking.tell(world.nina)
        asking.send(call, asking.keys.sign(call))


def test_a_signed_call_without_a_time_opens_nothing(world: World, asking: Asking, chart: Marked) -> None:
    with pytest.raises(Refused, match="another transaction"), asking.connection.transaction():
        asking.tell(world.nina)
        call = asking.call([chart.patient_id], at=None)
        asking.send(call, asking.keys.sign(call))


def test_a_signed_call_of_nobody_opens_nothing(asking: Asking, chart: Marked) -> None:
    with pytest.raises(Refused, match="another transaction"), asking.connection.transaction():
        asking.open([chart.patient_id])


@pytest.mark.parametrize(
    "forge",
    [
        lambda told, _mac: told + "0" * 64,
        lambda told, mac: told.replace("nurse", "owner") + mac,
        lambda told, _mac: told,
    ],
)
def test_a_forged_identity_is_an_error(world: World, asking: Asking, forge: Callable[[str, str], str]) -> None:
    told = world.nina.actor.as_json()
    with pytest.raises(Refused, match="forged identity"), asking.connection.transaction():
        asking.connection.execute("SELECT set_config('journal.who', %s, true)", (forge(told, asking.keys.sign(told)),))
        asking.count("municipalities.unit")


def test_without_the_key_in_the_database_every_identity_is_forged(world: World, superuser: Connection) -> None:
    """A database that was restored without its key must say no, not yes."""
    with pytest.raises(Refused, match="forged identity"), superuser.transaction(force_rollback=True):
        superuser.execute("DELETE FROM audit.mac_key")
        superuser.execute("SELECT set_config('journal.who', %s, true)", (world.nina.actor.as_json() + "0" * 64,))
        superuser.execute("SET LOCAL ROLE journal_app")
        superuser.execute("SELECT audit.who()")


@pytest.mark.parametrize("batches", [(501,), (300, 201)], ids=["at once", "bit by bit"])
def test_at_most_five_hundred_charts_are_opened_in_a_transaction(
    world: World, asking: Asking, batches: tuple[int, ...]
) -> None:
    with pytest.raises(psycopg.errors.ProgramLimitExceeded), asking.connection.transaction():
        asking.tell(world.nina)
        for size in batches:
            asking.open([uuid4() for _ in range(size)])


def test_five_hundred_charts_are_opened(world: World, asking: Asking) -> None:
    with asking.connection.transaction(force_rollback=True):
        asking.tell(world.nina)
        asking.open([uuid4() for _ in range(500)])


@pytest.mark.parametrize("table", ["access.care_relationship", "access.restriction"])
def test_nobody_gives_herself_a_ground_in_a_chart_that_is_not_open(
    world: World, migrator: Connection, asking: Asking, table: str
) -> None:
    """An injected INSERT would open the chart at the next request, and the log would call it a stay."""
    closed = marked_chart(migrator, world.bodil, ward_id=world.bodo_ward["id"])
    told = "'stay', now()" if table.endswith("relationship") else "'*', now(), 'pasienten'"
    columns = "ground, valid_from" if table.endswith("relationship") else "category, valid_from, decided_by"
    with pytest.raises(Refused, match="row-level security"), asking.connection.transaction():
        asking.tell(world.nina)
        asking.connection.execute(
            f"INSERT INTO {table} (patient_id, id, {columns}) VALUES (%s, %s, {told})", (closed.patient_id, uuid4())
        )  # type: ignore[call-overload]


def test_a_row_for_another_municipality_is_refused_by_the_policy(
    world: World, superuser: Connection, app: JournalApp, chart: Marked
) -> None:
    """The application may not name the column at all; were it allowed to, the policy would still say no."""
    asking = Asking(app, superuser)
    with pytest.raises(Refused, match="row-level security"), superuser.transaction(force_rollback=True):
        superuser.execute("GRANT INSERT (municipality_id) ON notes.note TO journal_app")
        superuser.execute("SET LOCAL ROLE journal_app")
        asking.tell(world.nina)
        asking.open([chart.patient_id])
        values = (chart.patient_id, uuid4(), uuid4(), world.bodo["id"])
        columns = "patient_id, id, entry_id, municipality_id, kind, title, body, effective_at"
        superuser.execute(
            f"INSERT INTO notes.note ({columns}) VALUES (%s, %s, %s, %s, 'general', 't', 'b', now())", values
        )  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "table",
    [
        "municipalities.unit",
        "municipalities.practitioner_role",
        "municipalities.practitioner",
        "medication.dose_setting",
    ],
)
def test_a_municipalitys_own_rows_are_seen_by_nobody_else(
    world: World, migrator: Connection, asking: Asking, table: str
) -> None:
    """Below the conditions of the services: a query that forgot the municipality still shows one's own alone."""
    owner = "registered_for" if table == "municipalities.practitioner" else "municipality_id"
    for of in (world.oslo, world.bodo):
        migrator.execute(
            """INSERT INTO medication.dose_setting VALUES
               (%s, 1, now(), '8:00', '10:00', '12:00', '16:00', '20:00', '22:00', 60, 60, 30, 30, %s, 'Prøve')""",
            (of["id"], world.tora.actor.person_id),
        )
    for asks in (world.nina, world.tora, world.bodil):
        with asking.connection.transaction():
            asking.tell(asks)
            shown = asking.connection.execute(f"SELECT DISTINCT {owner} FROM {table}").fetchall()  # type: ignore[call-overload]
        assert shown == [(asks.actor.municipality_id,)]


def test_a_mistake_in_what_another_municipality_wrote_cannot_be_marked(
    world: World, migrator: Connection, asking: Asking
) -> None:
    oslos = marked_chart(migrator, world.nina, ward_id=world.bodo_ward["id"])
    with pytest.raises(Refused, match="row-level security"), asking.connection.transaction():
        asking.tell(world.bodil)
        asking.open([oslos.patient_id])
        asking.connection.execute("UPDATE notes.note SET in_error_reason = 'feil pasient'")


def test_work_that_fails_leaves_its_looks_in_the_log(
    world: World, work_of: WorkOf, access_log: Any, chart: Marked
) -> None:
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Notes(work).entries(chart.patient_id)
        raise Conflict()

    assert [(row.outcome, row.actor_name) for row in access_log(chart.patient_id)] == [("failed", "Nina Nordli")]


def test_a_refusal_leaves_a_row_that_says_so(world: World, work_of: WorkOf, access_log: Any, chart: Marked) -> None:
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Notes(work).entries(chart.patient_id)

    assert [(row.outcome, row.actor_name, row.ground) for row in access_log(chart.patient_id)] == [
        ("refused", "Ukjent Unn", None)
    ]


def test_refused_once_is_refused_again_in_the_same_work(world: World, work_of: WorkOf, chart: Marked) -> None:
    with pytest.raises(Denied), work_of(world.unn) as work:
        with pytest.raises(NoGround):
            Notes(work).entries(chart.patient_id)
        Notes(work).entries(chart.patient_id)


def test_a_look_is_logged_with_who_where_why_and_what(
    world: World, work_of: WorkOf, access_log: Any, chart: Marked
) -> None:
    with work_of(world.nina) as work:
        Notes(work).entries(chart.patient_id)

    (row,) = access_log(chart.patient_id)
    assert (row.actor_name, row.actor_role, row.unit_name, row.municipality_id) == (
        "Nina Nordli",
        "nurse",
        "Avdeling 2",
        world.oslo["id"],
    )
    assert (row.action, row.categories, row.ground, row.purpose, row.outcome) == (
        "notes:read",
        ["patients", "notes"],
        "stay",
        "TREAT",
        "success",
    )
    assert row.request_id


AT_ONCE = "CREATE TRIGGER full_disk BEFORE INSERT ON audit.access_log"
AT_COMMIT = "CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON audit.access_log INITIALLY DEFERRED"


@contextmanager
def broken_log(superuser: Connection, when: str = AT_ONCE) -> Iterator[None]:
    superuser.execute(
        "CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
    )
    superuser.execute(f"{when} FOR EACH ROW EXECUTE FUNCTION public.full_disk()")
    try:
        yield
    finally:
        superuser.execute("DROP TRIGGER full_disk ON audit.access_log")
        superuser.execute("DROP FUNCTION public.full_disk()")


@pytest.mark.parametrize("when", [AT_ONCE, AT_COMMIT], ids=["at once", "at commit"])
@pytest.mark.parametrize("page", ["", "/notes", "/allergies", "/tasks", "/observations", "/medication/print"])
def test_when_the_log_cannot_be_written_no_page_shows_a_patient(
    world: World, superuser: Connection, client_for: ClientFor, chart: Marked, page: str, when: str
) -> None:
    nina = client_for(world.nina)
    with broken_log(superuser, when):
        answer = nina.get(f"/patients/{chart.patient_id}{page}")
    after = nina.get(f"/patients/{chart.patient_id}{page}")

    assert answer.status_code == 503
    assert chart.token not in answer.text
    assert after.status_code == 200 and chart.token in words(after), "the page does show her when the log is well"


@pytest.mark.parametrize("when", [AT_ONCE, AT_COMMIT], ids=["at once", "at commit"])
def test_when_the_log_cannot_be_written_a_search_finds_nobody(
    world: World, superuser: Connection, client_for: ClientFor, chart: Marked, when: str
) -> None:
    nina = client_for(world.nina)
    with broken_log(superuser, when):
        answer = nina.act("/search", {"text": chart.national_id})

    assert answer.status_code == 503
    assert str(chart.patient_id) not in answer.text


def test_a_page_that_fails_after_the_chart_was_read_is_in_the_log_as_any_other(
    world: World,
    client_for: ClientFor,
    chart: Marked,
    monkeypatch: pytest.MonkeyPatch,
    access_log: Callable[[UUID], list[Any]],
) -> None:
    nina, page = client_for(world.nina), f"/patients/{chart.patient_id}/notes"
    nina.get(page)
    shown = Counter((row.action, row.outcome) for row in access_log(chart.patient_id))
    monkeypatch.setattr("journal.web.render_template", lambda *_, **__: 1 / 0)

    answer = nina.get(page)

    assert answer.status_code == 500
    both = Counter((row.action, row.outcome) for row in access_log(chart.patient_id))
    assert both == shown + shown, "and not once more as failed"


def test_nothing_more_can_be_asked_when_the_commit_is_on_its_way(world: World, work_of: WorkOf, chart: Marked) -> None:
    with pytest.raises(RuntimeError), work_of(world.nina) as work:
        Notes(work).recent(chart.patient_id)
        work.conclude()
        Notes(work).recent(chart.patient_id)


def test_a_nurse_in_bodo_signs_a_dose_that_oslo_planned_and_bodo_answers_for_it(
    world: World, work_of: WorkOf, migrator: Connection
) -> None:
    moved = marked_chart(migrator, world.nina, ward_id=world.bodo_ward["id"])
    with work_of(world.bodil) as work:
        signed = Medication(work).sign_given(moved.patient_id, moved.ids["dose_id"], request_version=1)
    row = migrator.execute(
        "SELECT municipality_id, recorded_by_name, unit_id FROM medication.medication_administration WHERE id = %s",
        (signed,),
    ).fetchone()
    planned = migrator.execute(
        "SELECT municipality_id FROM medication.dose WHERE id = %s", (moved.ids["dose_id"],)
    ).fetchone()

    assert row == (world.bodo["id"], "Bodil Berg", world.bodo_ward["id"])
    assert planned == (world.oslo["id"],)


def test_two_linked_records_show_the_allergies_of_both(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Connection, access_log: Any, chart: Marked
) -> None:
    other = marked_chart(migrator, world.bodil, ward_id=None)
    link(migrator, world.nina, world.lars, chart.patient_id, other.patient_id)
    for asked in (chart, other):
        with work_of(world.nina) as work:
            shown = str(Patients(work).alerts(asked.patient_id))
            notes = str(Notes(work).entries(asked.patient_id))
        page = client_for(world.nina).get(f"/patients/{asked.patient_id}/allergies").text
        for record in (chart, other):
            assert f"stoff{record.token}" in shown and f"stoff{record.token}" in page
            assert f"Notat {record.token}" in notes
    assert {row.outcome for row in access_log(other.patient_id)} == {"success"}, (
        "both records were opened, and the log says so"
    )


def test_a_link_that_only_one_has_confirmed_joins_nothing(
    world: World, work_of: WorkOf, migrator: Connection, chart: Marked
) -> None:
    other = marked_chart(migrator, world.bodil, ward_id=None)
    link(migrator, world.nina, None, chart.patient_id, other.patient_id)
    with work_of(world.nina) as work:
        assert other.token not in str(Patients(work).alerts(chart.patient_id))


@pytest.mark.parametrize("role", ["journal_owner", "journal_app", "postgres"])
def test_a_migration_is_refused_for_anybody_but_the_migrator(
    app: JournalApp, server: EmbeddedPostgres, role: str
) -> None:
    """As the owner, under FORCE, an UPDATE of a migration would touch no row and say nothing."""
    url = server.dsn(dbname=DATABASE)
    with pytest.raises(SystemExit, match=role):
        database.migrate(f"{url}{'&' if '?' in url else '?'}options=-crole%3D{role}")


def test_the_migrator_finds_an_orphan_where_the_owner_would_not(migrator: Connection) -> None:
    add = "ALTER TABLE notes.child ADD FOREIGN KEY (patient_id, parent_id) REFERENCES notes.parent (patient_id, id)"

    def with_an_orphan() -> None:
        migrator.execute("CREATE TABLE notes.parent (patient_id uuid, id uuid, PRIMARY KEY (patient_id, id))")
        migrator.execute("CREATE TABLE notes.child (patient_id uuid, parent_id uuid)")
        migrator.execute("INSERT INTO notes.child VALUES (gen_random_uuid(), gen_random_uuid())")
        for table in ("notes.parent", "notes.child"):
            migrator.execute(f"ALTER TABLE {table} OWNER TO journal_owner")  # type: ignore[call-overload]
            migrator.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")  # type: ignore[call-overload]
            migrator.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # type: ignore[call-overload]

    with pytest.raises(psycopg.errors.ForeignKeyViolation), migrator.transaction(force_rollback=True):
        with_an_orphan()
        migrator.execute(add)
    with migrator.transaction(force_rollback=True):
        with_an_orphan()
        migrator.execute("SET LOCAL ROLE journal_owner")
        migrator.execute(add)
        found = migrator.execute(
            "SELECT convalidated FROM pg_constraint WHERE conrelid = 'notes.child'::regclass AND contype = 'f'"
        ).fetchone()
    assert found == (True,), "validated over an orphan: why nobody but the migrator migrates"


def test_a_pooled_connection_forgets_who_asked_and_what_was_open(
    app: JournalApp,
    settings: Settings,
    world: World,
    client_for: ClientFor,
    migrator: Connection,
    chart: Marked,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """200 requests of three people, some of which fail, over one connection."""
    bodos = marked_chart(migrator, world.bodil, ward_id=world.bodo_ward["id"])
    engine = sa.create_engine(settings.database_url, pool_size=1, max_overflow=0, pool_timeout=30)
    monkeypatch.setattr(app, "works", replace(app.works, sessions=sessionmaker(engine, expire_on_commit=False)))
    nina, bodil, nobody = client_for(world.nina), client_for(world.bodil), client_for(None)

    def ask(turn: int) -> tuple[str, int, str]:
        browser, name = ((nina, "nina"), (bodil, "bodil"), (nobody, "nobody"))[turn % 3]
        paths = (
            f"/patients/{chart.patient_id}/notes",
            f"/patients/{bodos.patient_id}/notes",
            "/my-list",
            f"/patients/{uuid4()}",
            "/nothing",
        )
        return name, turn, Browser(app, browser.token, browser.session_id).get(paths[turn % len(paths)]).text

    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(ask, range(200)))
    leaks = [
        (name, turn)
        for name, turn, text in answers
        if (chart.token in text and name != "nina") or (bodos.token in text and name != "bodil")
    ]
    with engine.connect() as connection:
        left = connection.execute(
            sa.text("SELECT current_setting('journal.who', true), (SELECT count(*) FROM notes.note)")
        ).one()
    engine.dispose()

    assert leaks == []
    assert sum(chart.token in text for _name, _turn, text in answers) > 10, "Nina did see her patient"
    assert tuple(left) in (("", 0), (None, 0))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
