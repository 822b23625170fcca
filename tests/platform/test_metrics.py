"""What an operator watches: right over several worker processes, on no address of the users', and about nobody."""

import contextlib
import dataclasses
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from journal import cli, metrics, worker
from journal.app import JournalApp, create_app
from journal.platform.db import connect
from journal.platform.postgres import EmbeddedPostgres
from journal.platform.settings import Settings
from tests.architecture import routes
from tests.conftest import Browser, World
from tests.crash.processes import children

ROOT = Path(__file__).parents[2]
SERVE = "import sys; from journal.cli import main; raise SystemExit(main(sys.argv[1:]))"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(port: int, path: str, **headers: str) -> tuple[int, str]:
    """Status and body."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=10
        ) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def figures(text: str) -> dict[str, float]:
    """Each sample by its name and labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


@dataclass
class Served:
    """A journal that is served as in production."""

    process: "subprocess.Popen[bytes]"
    port: int
    metrics_port: int

    def figures(self) -> dict[str, float]:
        return figures(fetch(self.metrics_port, "/metrics")[1])

    def workers(self) -> list[int]:
        """The web workers: grandchildren, beside whatever helper the server has."""
        return [
            pid
            for parent in children(self.process.pid)
            for pid in children(parent)
            if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]


@pytest.fixture(scope="module")
def environment(settings: Settings) -> dict[str, str]:
    """The tests' own database, for processes of their own."""
    return {
        "AKSON_ENVIRONMENT": "test",
        "AKSON_DATABASE_URL": settings.database_url,
        "AKSON_MIGRATOR_URL": settings.migrator_url,
        "AKSON_SECRET_KEY": os.urandom(32).hex(),
        "AKSON_MAC_KEY": os.urandom(32).hex(),
    }


@pytest.fixture(scope="module")
def served(app: JournalApp, environment: dict[str, str]) -> Iterator[Served]:
    port, metrics_port = free_port(), free_port()
    env = {**os.environ, **environment, "AKSON_METRICS_ADDRESS": f"127.0.0.1:{metrics_port}"}
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(port), "--workers", "2"]
    with subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True) as process:
        made = Served(process, port, metrics_port)
        try:
            until(lambda: answers(made))
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) is not None


def answers(served: Served) -> bool:
    assert served.process.poll() is None
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        return fetch(served.port, "/healthz")[0] == 200
    return False


def until(happened: Callable[[], bool]) -> None:
    """Waits for what takes its time in another process; the test's own limit ends it."""
    while not happened():
        time.sleep(0.05)


def test_requests_are_counted_once_whichever_worker_answered(served: Served) -> None:
    name = 'akson_request_seconds_count{method="GET",route="/sign-in",status="2xx"}'
    # One of the two may be up long before the other on a machine with much else to do.
    until(lambda: fetch(served.port, "/healthz") and served.figures().get("akson_pool_most") == 32)
    before = served.figures().get(name, 0)

    for _ in range(60):
        assert fetch(served.port, "/sign-in", Connection="close")[0] == 200

    assert served.figures()[name] - before == 60
    assert served.figures()["akson_pool_in_use"] == 0
    assert served.figures()["akson_pool_most"] == 32, "two workers, sixteen connections each"


def test_a_worker_that_is_killed_takes_its_connections_with_it_and_leaves_its_count(served: Served) -> None:
    name = 'akson_request_seconds_count{method="GET",route="/healthz",status="2xx"}'
    fetch(served.port, "/healthz")
    before = served.figures()[name]
    gone, *_ = served.workers()

    os.kill(gone, signal.SIGKILL)
    until(lambda: gone not in served.workers())
    assert served.figures()[name] == before

    # It has a successor, and only then are its own connections told from the successor's.
    until(lambda: len(served.workers()) == 2 and answers(served) and served.figures()["akson_pool_most"] >= 32)
    for _ in range(40):
        assert fetch(served.port, "/healthz", Connection="close")[0] == 200
    assert served.figures()["akson_pool_most"] == 32


def test_users_do_not_reach_the_figures(served: Served, client_for: Callable[..., Browser], world: World) -> None:
    assert fetch(served.port, "/metrics")[0] == 404
    assert client_for(world.tora).get("/metrics").status_code == 404
    assert not [line for line in routes.written() if "metrics" in line]


def test_nothing_listens_when_no_address_is_set(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(metrics, "start_http_server")
    with metrics.published(settings) as environment:
        assert environment == {}


def test_no_label_tells_who_or_what_however_somebody_asks(
    app: JournalApp, world: World, client_for: Callable[..., Browser]
) -> None:
    patient_id, nina = world.patient(), client_for(world.nina)
    nina.get(f"/patients/{patient_id}?name=Nordmann")
    nina.get(f"/no/such/{patient_id}")
    nina.client.open("/search", method="NORDMANN")

    (family,) = metrics.REQUESTS.collect()

    rules = {rule.rule for rule in app.url_map.iter_rules()} | {"none"}
    labels = [sample.labels for sample in family.samples]
    assert {name for label in labels for name in label} == {"route", "method", "status", "le"}
    assert {label["route"] for label in labels} <= rules
    assert {label["method"] for label in labels} <= {"GET", "POST", "other"}
    assert all(re.fullmatch("[1-5]xx", label["status"]) for label in labels)
    assert "other" in {label["method"] for label in labels}


def background(app: JournalApp) -> dict[str, float]:
    found = metrics.Background(app.works.sessions).collect()
    return {sample.name: sample.value for family in found for sample in family.samples}


def one_round(settings: Settings) -> None:
    """A worker does what waits, in a thread of its own: this one may have an event loop of the browser's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(worker.run, settings, once=True).result()


def test_what_waits_in_the_outbox_is_counted_and_how_old_it_is(
    app: JournalApp, migrator: psycopg.Connection[Any], settings: Settings
) -> None:
    (began,) = migrator.execute("SELECT clock_timestamp()").fetchone() or ()
    one_round(settings)
    old = migrator.execute("SELECT FROM platform.outbox WHERE sent_at IS NULL AND at < %s", (began,))
    assert old.rowcount == 0
    # What the round itself told, of tasks that it passed on, waits for the next.
    before = background(app)["akson_outbox_waiting"]

    migrator.execute(
        """INSERT INTO platform.outbox (id, at, kind, body)
           SELECT gen_random_uuid(), now() - n * interval '1 hour', 'Prøve', '{}' FROM generate_series(1, 3) n"""
    )
    found = background(app)
    migrator.execute("DELETE FROM platform.outbox WHERE kind = 'Prøve'")

    assert found["akson_outbox_waiting"] == before + 3
    assert 3 * 3600 <= found["akson_outbox_oldest_seconds"] < 3 * 3600 + 60


def test_a_horizon_that_the_worker_did_not_keep_is_seen(
    app: JournalApp, world: World, migrator: psycopg.Connection[Any]
) -> None:
    patient_id = world.patient()
    migrator.execute(
        """INSERT INTO medication.request_plan (patient_id, request_entry_id, municipality_id, planned_until)
           VALUES (%s, gen_random_uuid(), %s, now() - interval '2 days')""",
        (patient_id, world.oslo["id"]),
    )
    found = background(app)
    migrator.execute("DELETE FROM medication.request_plan WHERE patient_id = %s", (patient_id,))

    assert found["akson_dose_horizon_seconds"] <= -2 * 86400


def test_a_worker_that_lives_has_a_heart_that_beats(
    app: JournalApp,
    migrator: psycopg.Connection[Any],
    settings: Settings,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    migrator.execute("DELETE FROM platform.heartbeat")
    assert cli.main(["worker", "--check"]) == 1
    assert "Ingen arbeider" in capsys.readouterr().out

    one_round(settings)
    assert cli.main(["worker", "--check"]) == 0
    assert background(app)["akson_worker_heartbeat_seconds"] < 60

    migrator.execute("UPDATE platform.heartbeat SET at = now() - interval '10 minutes'")
    assert cli.main(["worker", "--check"]) == 1
    assert background(app)["akson_worker_heartbeat_seconds"] >= 600


def test_how_far_behind_the_sealer_is_is_the_age_of_the_oldest_line_that_is_not_sealed(
    app: JournalApp, migrator: psycopg.Connection[Any]
) -> None:
    migrator.execute("TRUNCATE audit.log_seal, audit.log_seal_part")
    migrator.execute(
        "INSERT INTO audit.access_log (at, xid, action, outcome)"
        " VALUES (now() - interval '10 minutes', '1', 'chart:read', 'refused')"
    )
    assert 600 <= background(app)["akson_seal_lag_seconds"] < 700
    migrator.execute(
        """INSERT INTO audit.log_seal SELECT 1, 1, '0', 1, pg_current_xact_id(), 1, sha256(''), sha256('a'), now(), repeat('0', 16),
               NULL, repeat('s', 64)::bytea"""
    )
    assert background(app)["akson_seal_lag_seconds"] == 0
    migrator.execute("TRUNCATE audit.log_seal, audit.log_seal_part")


def test_a_connection_that_hung_up_and_got_no_successor_was_not_in_use(
    app: JournalApp, settings: Settings, server: EmbeddedPostgres
) -> None:
    another = create_app(settings)
    before = in_use()
    with another.works.sessions() as db:
        pid = db.scalar(sa.text("SELECT pg_backend_pid()"))
    with psycopg.connect(server.conninfo()) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    def nobody_answers(*_args: Any) -> None:
        raise psycopg.OperationalError("nobody answers")

    sa.event.listen(another.works.sessions.kw["bind"], "do_connect", nobody_answers)
    assert another.test_client().get("/healthz").status_code == 503
    assert in_use() == before


def in_use() -> float:
    (family,) = metrics.POOL_IN_USE.collect()
    return family.samples[0].value


def test_the_figures_say_that_the_database_is_away(settings: Settings) -> None:
    nowhere = dataclasses.replace(settings, database_url="postgresql+psycopg://journal_app@127.0.0.1:1/akson")
    collector = metrics.Background(connect(nowhere.database_url))

    assert [(family.name, family.samples[0].value) for family in collector.collect()] == [("akson_database_up", 0)]
