"""The two servers and the database under measurement, and what they cost: processor time, statements, blocks."""

import http.client
import os
import secrets
import select
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from journal import serving
from journal.bench import limit
from journal.bench.jobs import JOURNAL, LIMIT, Ask
from journal.bench.world import LIMIT_ROLE, MUNICIPALITY
from journal.platform.postgres import EmbeddedPostgres

# As a small server in production: the pages that are used are in memory. PostgreSQL itself counts statements and blocks.
POSTGRES = {
    "shared_preload_libraries": "pg_stat_statements",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "off",
}
ROLES = {JOURNAL: "journal_app", LIMIT: LIMIT_ROLE}
APPLICATIONS = {JOURNAL: "journal.serving:application", LIMIT: "journal.bench.limit:application"}
PATIENCE_SECONDS = 60.0


class WrongAnswerError(Exception):
    """A contestant answered with something else than was asked for: what it took says nothing."""


@dataclass
class Contestant:
    """A web server on a port of its own, the role it is in PostgreSQL, and one client that keeps its connection."""

    who: str
    port: int
    process: "subprocess.Popen[bytes]"
    server: EmbeddedPostgres

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def answer(self, ask: Ask) -> float:
        """Seconds until the whole answer was here. Raises WrongAnswerError."""
        headers = {"Cookie": ask.cookie} if ask.cookie else {}
        if ask.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._leave_what_was_closed()
        began = time.perf_counter()
        self._connection.request(ask.method, ask.path, ask.body, headers)
        response = self._connection.getresponse()
        body = response.read()
        took = time.perf_counter() - began
        wrong = [part for part in ask.holds if part not in body]
        if response.status != ask.status or wrong or response.headers.get("Location", "").endswith("/sign-in"):
            raise WrongAnswerError(f"{self.who}: {ask.method} {ask.path} ga {response.status}, uten {wrong[:3]}")
        return took

    def _leave_what_was_closed(self) -> None:
        """A server lets go of a connection that nobody has used for half a minute: the next request opens another."""
        if self._connection.sock is not None and select.select([self._connection.sock], [], [], 0)[0]:
            self._connection.close()

    def processor_seconds(self) -> float:
        """What the web server and its server processes in PostgreSQL have used until now."""
        pids = [self.process.pid, *_children(self.process.pid)]
        postmaster = int((self.server.data / "postmaster.pid").read_text().split("\n", 1)[0])
        mark = f"postgres: {ROLES[self.who]} "
        pids += [pid for pid in _children(postmaster) if _command_line(pid).startswith(mark)]
        return sum(map(used_seconds, pids))


@contextmanager
def contestants(server: EmbeddedPostgres, environment: Mapping[str, str], database: str) -> Iterator[list[Contestant]]:
    """Both web servers, started alike, until the block ends."""
    own = {limit.ADDRESS: server.conninfo(LIMIT_ROLE, database), limit.MUNICIPALITY: str(MUNICIPALITY)}
    started: list[Contestant] = []
    try:
        started += (_start(who, server, {**environment, **own}) for who in (JOURNAL, LIMIT))
        for contestant in started:
            _wait_for(contestant)
        yield started
    finally:
        for contestant in started:
            contestant.process.terminate()
            try:
                contestant.process.wait(10)
            except subprocess.TimeoutExpired:
                contestant.process.kill()


def _start(who: str, server: EmbeddedPostgres, environment: Mapping[str, str]) -> Contestant:
    port = _free_port()
    command = serving.command("127.0.0.1", port, 2)
    command[command.index("journal.serving:application")] = APPLICATIONS[who]
    process = subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True)
    return Contestant(who, port, process, server)


def _wait_for(contestant: Contestant) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and contestant.process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", contestant.port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"{contestant.who} startet ikke")


def reset_counts(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Begins to count anew."""
    connection.execute("SELECT pg_stat_statements_reset()")


def counts(connection: psycopg.Connection[tuple[int, int, int]], who: str) -> tuple[int, int]:
    """Statements (all but the transaction's own) and blocks touched since the last reset, of this contestant's role."""
    row = connection.execute(
        """SELECT coalesce(sum(calls) FILTER (WHERE query NOT IN ('BEGIN', 'COMMIT', 'ROLLBACK')), 0)::bigint,
               coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint
           FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = %s""",
        (ROLES[who],),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def bench_environment(server: EmbeddedPostgres, database: str) -> dict[str, str]:
    """The journal's environment for a measurement, with keys of its own."""
    return {
        "AKSON_ENVIRONMENT": "demo",
        "AKSON_DATABASE_URL": server.dsn("journal_app", database),
        "AKSON_MIGRATOR_URL": server.dsn("journal_migrator", database),
        "AKSON_SECRET_KEY": secrets.token_hex(32),
        "AKSON_MAC_KEY": secrets.token_hex(32),
        "AKSON_LOG_KEY": secrets.token_hex(32),
        "AKSON_ALLOW_SYNTHETIC_IDS": "1",
        "AKSON_PUBLIC_URL": "http://localhost:8000",
        "AKSON_SESSION_IDLE_MINUTES": "60",
    }


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return []


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""


def used_seconds(pid: int) -> float:
    """Seconds of processor time of a process, by its threads."""
    seconds = 0.0
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
    return seconds


def ended_seconds(server: EmbeddedPostgres) -> float:
    """Seconds of processor time of the server processes of PostgreSQL that have ended."""
    postmaster = (server.data / "postmaster.pid").read_text().split("\n", 1)[0]
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
