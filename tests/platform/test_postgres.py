"""The embedded PostgreSQL: it starts for anybody, is open to nobody else, and never outlives the command that started it."""

import contextlib
import os
import select
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from journal.platform import postgres, postgres_programs
from journal.platform.postgres import EmbeddedPostgres, default_home, running
from journal.platform.postgres_programs import PostgresError

ROOT = Path(__file__).parents[2]
NOBODY = 65534
DISTRIBUTION = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's own")

HOLD = """
import sys
from pathlib import Path
from journal.platform.postgres import running
with running(Path(sys.argv[1]), fast=True) as server:
    print(server.joined, flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Not pytest's own folder: it is closed to the user that the server runs as when the tests are run by root."""
    with tempfile.TemporaryDirectory(prefix="akson-pg-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder, "home")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One cluster for the tests that start and stop it."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """For the tests of how a cluster is made."""
    with open_folder() as folder:
        yield folder


@contextlib.contextmanager
def held_by_another_process(home: Path) -> Iterator["subprocess.Popen[str]"]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, home], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "False\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def postmaster(home: Path) -> int:
    return int((home / "data/postmaster.pid").read_text().split()[0])


def ends_within(pid: int, seconds: float) -> bool:
    """Whether the process, not a child of ours, ends in time."""
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watch], [], [], seconds)[0])
    finally:
        os.close(watch)


def answer(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def test_a_server_starts_keeps_its_data_and_stops(home: Path) -> None:
    with running(home, fast=True) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS it")
        pid = postmaster(home)
    assert not Path(f"/proc/{pid}").exists()

    with running(home, fast=True) as server:
        assert answer(server, "SELECT it FROM kept") == 42


def test_the_cluster_is_utf8_with_checksums_and_knows_norwegian_letters(home: Path) -> None:
    with running(home, fast=True) as server:
        assert answer(server, "SHOW server_encoding") == "UTF8"
        assert answer(server, "SHOW data_checksums") == "on"
        assert answer(server, "SELECT lower('ÆØÅ')") == "æøå"
        assert answer(server, "SELECT string_agg(w, '' ORDER BY w) FROM unnest('{å,a,ø,z}'::text[]) w") == "azåø"


def test_only_a_server_for_tests_gives_up_durability(home: Path) -> None:
    durable = ("fsync", "full_page_writes", "synchronous_commit")
    with running(home) as server:
        assert [answer(server, f"SHOW {name}") for name in durable] == ["on", "on", "on"]
    with running(home, fast=True) as server:
        assert [answer(server, f"SHOW {name}") for name in durable] == ["off", "off", "off"]


def test_extra_settings_reach_the_server(home: Path) -> None:
    with running(home, fast=True, settings={"max_connections": "17"}) as server:
        assert answer(server, "SHOW max_connections") == "17"


def test_nobody_else_on_the_machine_can_reach_the_server_or_its_files(home: Path) -> None:
    with running(home, fast=True) as server:
        assert answer(server, "SHOW listen_addresses") == ""
        for folder in (server.socket_dir, server.data):
            assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
        assert stat.S_IMODE(server.log.stat().st_mode) == 0o600
        assert stat.S_IMODE((home / "lock").stat().st_mode) == 0o600


def test_the_log_holds_neither_statements_nor_values(home: Path) -> None:
    with running(home, fast=True) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE TABLE patient (name text PRIMARY KEY)")
            connection.execute("INSERT INTO patient VALUES ('Kari Prøve')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO patient VALUES (%s)", ("Kari Prøve",))
            with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                connection.execute("SELECT 'Kari Prøve'::int")
        log = server.log.read_text()

    assert "starting PostgreSQL" in log
    assert "Kari" not in log


def test_a_second_command_joins_the_server_and_leaves_it_running(home: Path) -> None:
    with running(home, fast=True) as first:
        with running(home, fast=True) as second:
            assert (first.joined, second.joined) == (False, True)
            assert answer(second, "SELECT 1") == 1
        assert answer(first, "SELECT 1") == 1


def test_a_command_joins_the_server_of_another_process(home: Path) -> None:
    with held_by_another_process(home), running(home, fast=True) as server:
        assert server.joined
        assert answer(server, "SELECT 1") == 1


@on_linux
def test_the_server_stops_cleanly_when_the_command_is_killed(home: Path) -> None:
    with held_by_another_process(home) as holder:
        pid = postmaster(home)
        holder.send_signal(signal.SIGKILL)
        assert ends_within(pid, 20)

    assert "database system is shut down" in (home / "postgres.log").read_text()


def test_a_command_takes_over_straight_after_the_last_one_was_killed(home: Path) -> None:
    with held_by_another_process(home) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with running(home, fast=True) as server:
            assert not server.joined
            assert answer(server, "SELECT 1") == 1


def test_a_stale_process_number_of_somebody_else_is_left_alone(home: Path) -> None:
    with running(home, fast=True):
        pass
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        (home / "data/postmaster.pid").write_text(f"{bystander.pid}\n{home}/data\n")
        with contextlib.suppress(PostgresError), running(home, fast=True):
            pass
        assert bystander.poll() is None
        bystander.kill()


def test_an_interrupted_creation_is_begun_anew(fresh_home: Path) -> None:
    fresh_home.mkdir(mode=0o711)
    (fresh_home / "data.new").mkdir()
    (fresh_home / "data.new/PG_VERSION").write_text("half")

    with running(fresh_home, fast=True) as server:
        assert answer(server, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why_and_lets_go(home: Path) -> None:
    with (
        pytest.raises(PostgresError, match="max_connections"),
        running(home, fast=True, settings={"max_connections": "mange"}),
    ):
        pass

    with running(home, fast=True) as server:
        assert not server.joined


def test_a_long_path_gets_its_socket_elsewhere_and_is_still_joined(fresh_home: Path) -> None:
    deep = fresh_home / ("x" * 90)
    with running(deep, fast=True) as first:
        assert len(os.fsencode(first.socket_dir)) < postgres.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(first.socket_dir.stat().st_mode) == 0o700
        with running(deep, fast=True) as second:
            assert second.joined
    assert not first.socket_dir.exists()


def test_a_socket_folder_that_somebody_else_made_is_refused(fresh_home: Path) -> None:
    fresh_home.mkdir(mode=0o711)
    (fresh_home / "run").mkdir(mode=0o777)

    with pytest.raises(PostgresError, match="lukkede mappe"), running(fresh_home, fast=True):
        pass


def test_sqlalchemy_takes_the_address(fresh_home: Path) -> None:
    with running(fresh_home / "med mellomrom & æøå", fast=True) as server:
        with sqlalchemy.create_engine(server.dsn("postgres", "postgres")).connect() as connection:
            assert connection.exec_driver_sql("SELECT current_user").scalar() == "postgres"


@as_root
def test_root_runs_the_server_as_another_user(home: Path) -> None:
    with running(home, fast=True):
        assert Path(f"/proc/{postmaster(home)}").stat().st_uid != 0
        assert "AKSON_PG_BIN" in os.environ or (home / "pg").stat().st_uid == 0


@as_root
def test_root_is_told_when_the_servers_user_cannot_enter_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(PostgresError, match="slipper inn"), running(tmp_path / "home", fast=True):
        pass


@as_root
def test_a_plain_user_runs_the_server_as_himself(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a fork, with a copy of the programs: a plain user may be kept out of root's, though he has Python in memory."""
    programs = postgres_programs.programs_for(fresh_home.parent / "programs", copy=True)
    monkeypatch.setenv("AKSON_PG_BIN", str(programs))
    fresh_home.parent.chmod(0o777)
    if (child := os.fork()) == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with running(fresh_home, fast=True):
                status = 0 if Path(f"/proc/{postmaster(fresh_home)}").stat().st_uid == NOBODY else 2
        finally:
            os._exit(status)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert fresh_home.stat().st_uid == NOBODY
    assert stat.S_IMODE(fresh_home.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "programs", [initdb.parent for initdb in DISTRIBUTION] or [None], ids=lambda p: str(p and p.parent.name)
)
def test_a_site_can_use_its_own_programs(
    fresh_home: Path, programs: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if programs is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no PostgreSQL of the distribution here")
    monkeypatch.setenv("AKSON_PG_BIN", str(programs))

    with running(fresh_home, fast=True) as server:
        assert str(answer(server, "SHOW server_version")).startswith(programs.parent.name)
        assert answer(server, "SELECT lower('ÆØÅ')") == "æøå"
        assert not (fresh_home / "pg").exists()


def test_the_data_lies_where_the_user_says_else_where_the_system_keeps_such() -> None:
    assert default_home({"AKSON_HOME": "/srv/akson"}) == Path("/srv/akson")
    if os.geteuid() == 0:
        assert default_home({}) == Path("/var/lib/akson")
    else:
        assert default_home({"XDG_DATA_HOME": "/home/kari/data"}) == Path("/home/kari/data/akson")
