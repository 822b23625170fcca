"""One real PostgreSQL for the session, one database, and a municipality of its own for every test: tests commit for real."""

import base64
import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from journal.access.rule_proposals import RuleProposals
from journal.app import JournalApp, create_app
from journal.platform import database
from journal.platform.caller import Known
from journal.platform.ids import new_id
from journal.platform.line import Line
from journal.platform.postgres import EmbeddedPostgres, running
from journal.platform.settings import Settings
from tests import factories
from tests.authorities import authority
from tests.factories import Builder, Staff
from tests.reference import references  # noqa: F401  a fixture of all
from tests.side_by_side import pytest_collection_modifyitems, pytest_xdist_auto_num_workers  # noqa: F401  hooks of all

DATABASE = "journal_test"
_numbers = itertools.count(1000)


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """pytest-flask would share one request context, and so flask.g, between all requests of a test: two users became one."""


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="akson-test-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o711)
        # What PostgreSQL knows of a table is of the test that asks, and not of one before it whose figures came late.
        with running(Path(home) / "pg", fast=True, settings={"autovacuum": "off"}) as postgres:
            yield postgres


@pytest.fixture(scope="session")
def settings(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    export_key = tmp_path_factory.mktemp("keys") / "export"
    export_key.write_text(b"e".hex() * 32)
    return Settings(
        export_key=str(export_key),
        database_url=server.dsn("journal_app", DATABASE),
        migrator_url=server.dsn("journal_migrator", DATABASE),
        environment="test",
        secret_key=b"s" * 32,
        mac_key=b"m" * 32,
        log_key=b"l" * 32,
        allow_synthetic_ids=True,
        public_url="http://localhost",
    )


@pytest.fixture(scope="session")
def app(server: EmbeddedPostgres, settings: Settings) -> JournalApp:
    from journal.platform.caller import Keys

    database.make_database(server.dsn(), DATABASE)
    database.migrate(settings.migrator_url)
    database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "test")
    made = create_app(settings)
    made.testing = False  # errors are answered as they are to a user
    return made


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """The test says what it expects; a line for each request would only hide it."""


@pytest.fixture(scope="session")
def base_url(app: JournalApp) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def migrator_line(app: JournalApp, server: EmbeddedPostgres) -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """One connection for all tests: a new one knows no table yet, and to store a world takes it four times as long."""
    line: list[psycopg.Connection[Any]] = []

    def whole() -> psycopg.Connection[Any]:
        if not line or line[0].closed or line[0].info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            line[:] = [psycopg.connect(server.conninfo("journal_migrator", DATABASE), autocommit=True)]
            line[0].prepare_threshold = None
        return line[0]

    yield whole
    for connection in line:
        connection.close()


@pytest.fixture
def migrator(migrator_line: Callable[[], psycopg.Connection[Any]]) -> psycopg.Connection[Any]:
    """May look past the charts, to see what was stored."""
    return migrator_line()


@pytest.fixture
def as_app(app: JournalApp, server: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """The application's own role with nobody signed in: what an injected query would have."""
    with psycopg.connect(server.conninfo("journal_app", DATABASE), autocommit=True) as connection:
        yield connection


@dataclass
class Browser:
    """A signed-in person's browser. act() sends a form as the page would: with its token and a fresh command id."""

    app: JournalApp
    token: bytes | None
    session_id: UUID | None
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        if self.token is not None:
            self.client.set_cookie("akson", base64.urlsafe_b64encode(self.token).decode())

    def get(self, path: str, **more: Any) -> TestResponse:
        answer: TestResponse = self.client.get(path, **more)
        return answer

    def act(
        self, path: str, form: dict[str, Any] | None = None, *, command_id: UUID | None = None, **more: Any
    ) -> TestResponse:
        sent = {"csrf_token": self.csrf, "command_id": str(command_id or new_id()), **(form or {})}
        answer: TestResponse = self.client.post(path, data=sent, **more)
        return answer

    @property
    def csrf(self) -> str:
        import hmac

        key = f"csrf:{self.session_id or 'nobody'}".encode()
        return hmac.new(self.app.settings.secret_key, key, hashlib.sha256).hexdigest()


@dataclass
class World:
    """Two municipalities of this test alone, and the people in them."""

    builder: Builder
    oslo: dict[str, Any]
    bodo: dict[str, Any]
    home: dict[str, Any]
    ward: dict[str, Any]
    other_ward: dict[str, Any]
    bodo_ward: dict[str, Any]
    nina: Staff
    siri: Staff
    lars: Staff
    mona: Staff
    tora: Staff
    rolf: Staff
    unn: Staff
    bodil: Staff
    migrator: psycopg.Connection[Any]

    def administrator(self, name: str, of: dict[str, Any] | None = None) -> Staff:
        """Somebody more who administers Oslo, or another municipality."""
        of = of or self.oslo
        top = {"id": factories.top_unit_id(of["number"]), "name": of["name"]}
        made = factories.staff(self.builder, of, top, name, "tenant_administrator")
        self.store()
        return made

    def store(self) -> None:
        self.builder.store(self.migrator)

    def patient(
        self, *, at: dict[str, Any] | None = None, by: Staff | None = None, related: bool = True, **person: Any
    ) -> UUID:
        """A patient; in Nina's ward with a ground for it, unless said otherwise."""
        patient_id = factories.patient(self.builder, by or self.nina, **person)
        if related:
            since = datetime.now(UTC) - timedelta(days=30)
            factories.care_relationship(
                self.builder, patient_id, by or self.nina, at or self.ward, room="204", since=since
            )
        self.store()
        return patient_id


@pytest.fixture
def world(migrator: psycopg.Connection[Any]) -> World:
    b = Builder()
    oslo = factories.municipality(b, str(next(_numbers)), "Osloprøven")
    bodo = factories.municipality(b, str(next(_numbers)), "Bodøprøven")
    home = factories.unit(b, oslo, "Solbakken sykehjem", "nursing_home")
    ward, other_ward = (factories.unit(b, oslo, name, "ward", home) for name in ("Avdeling 2", "Avdeling 3"))
    bodo_ward = factories.unit(b, bodo, "Vågan avdeling 1", "ward")
    made = World(
        b,
        oslo,
        bodo,
        home,
        ward,
        other_ward,
        bodo_ward,
        nina=factories.staff(b, oslo, ward, "Nina Nordli", "nurse"),
        siri=factories.staff(b, oslo, ward, "Siri Strand", "health_assistant"),
        lars=factories.staff(b, oslo, ward, "Lars Haugen", "doctor"),
        mona=factories.staff(b, oslo, home, "Mona Moe", "unit_manager", below=(ward, other_ward)),
        tora=factories.staff(
            b,
            oslo,
            {"id": factories.top_unit_id(oslo["number"]), "name": "Osloprøven kommune"},
            "Tora Tveit",
            "tenant_administrator",
        ),
        rolf=factories.staff(
            b,
            oslo,
            {"id": factories.top_unit_id(oslo["number"]), "name": "Osloprøven kommune"},
            "Rolf Revisor",
            "auditor",
        ),
        unn=factories.staff(b, oslo, other_ward, "Ukjent Unn", "nurse"),
        bodil=factories.staff(b, bodo, bodo_ward, "Bodil Berg", "nurse"),
        migrator=migrator,
    )
    # All that is delegated to her: what she may not is told by the test of that.
    authority(b, made.mona, made.siri)
    made.store()
    return made


@pytest.fixture
def client_for(app: JournalApp, migrator: psycopg.Connection[Any]) -> Callable[[Staff | None], Browser]:
    """A browser in which this person has signed in; None for somebody who has not."""

    def sign_in(staff: Staff | None) -> Browser:
        if staff is None:
            return Browser(app, None, None)
        token, session_id = new_id().bytes * 2, new_id()
        migrator.execute(
            "INSERT INTO access.session (token_hash, id, person_id, role_id) VALUES (sha256(%s), %s, %s, %s)",
            (token, session_id, staff.actor.person_id, staff.actor.role_id),
        )
        return Browser(app, token, session_id)

    return sign_in


@pytest.fixture
def work_of(app: JournalApp) -> Callable[[Staff], Any]:
    """`with work_of(nina) as work:` — the services without the web."""
    return lambda staff: app.works.open(Known(staff.actor))


@pytest.fixture
def second(world: World) -> Staff:
    """Another administrator of Oslo, without whom no access rule is changed."""
    return world.administrator("Trine To")


@pytest.fixture
def approve(second: Staff, work_of: Callable[[Staff], Any]) -> Callable[[], None]:
    """She approves every change of an access rule that waits."""

    def approving() -> None:
        with work_of(second) as work:
            proposals = RuleProposals(work)
            for waiting in [one for one in proposals.changes() if one.mine]:
                proposals.answer(waiting.id, outcome="approved")

    return approving


@pytest.fixture
def access_log(migrator: psycopg.Connection[Any]) -> Callable[..., list[Any]]:
    """The log rows of a patient, oldest first."""

    def rows(patient_id: UUID) -> list[Any]:
        with migrator.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
            return cursor.execute(
                "SELECT * FROM audit.access_log WHERE patient_id = %s ORDER BY at, id", (patient_id,)
            ).fetchall()

    return rows


@pytest.fixture
def count_queries(app: JournalApp, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement of the application that reaches PostgreSQL, but for BEGIN and COMMIT."""
    statements: list[str] = []
    # The first connection asks PostgreSQL what it is: that is no page's.
    with app.works.sessions() as db:
        db.connection()

    def noted(run: Callable[..., Any]) -> Callable[..., Any]:
        def note(self: Any, query: Any, *more: Any, **options: Any) -> Any:
            if self.connection.info.user == "journal_app":
                statements.append(query.decode() if isinstance(query, bytes) else str(query))
            return run(self, query, *more, **options)

        return note

    def say(self: Line, sql: bytes, *more: Any, **options: Any) -> Any:
        statements.append(sql.decode())
        return said(self, sql, *more, **options)

    for name in ("execute", "executemany"):
        monkeypatch.setattr(psycopg.Cursor, name, noted(getattr(psycopg.Cursor, name)))
    said = Line.say
    monkeypatch.setattr(Line, "say", say)
    return statements
