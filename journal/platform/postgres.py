"""The PostgreSQL that comes with Akson: real, local, reached by a socket that nobody else on the machine can open.

It serves demonstrations, tests and development. A site in production runs its own PostgreSQL (AKSON_DATABASE_URL).
The server lives no longer than the command that started it: it closes in good order even when that command is killed.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from journal.platform.postgres_programs import (
    Account,
    PostgresError,
    clean_env,
    major_version,
    programs_for,
    run_as,
    server_account,
)

SUPERUSER = "postgres"
PORT = 5432  # only a part of the socket's name: the server listens on no network address
PATIENCE_SECONDS = 60.0
LONGEST_SOCKET_PATH = 100  # bytes; the kernels stop at 104 (macOS) and 108 (Linux)
PR_SET_PDEATHSIG = 1

# What the server logs must not hold what the rows hold: no statements, no parameters, no DETAIL lines.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # looked up before the fork, where it would be unsafe


def default_home(env: Mapping[str, str] = os.environ) -> Path:
    """Where Akson keeps its data: AKSON_HOME, else /var/lib/akson for root, else the user's own data folder."""
    if home := env.get("AKSON_HOME"):
        return Path(home)
    if os.geteuid() == 0:
        return Path("/var/lib/akson")
    return Path(env.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "akson"


@contextlib.contextmanager
def running(
    home: Path, *, fast: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator["EmbeddedPostgres"]:
    """A running server in `home`: joined when another command runs it already, else started, and stopped at the end.

    `fast` gives up durability and is for tests alone; `settings` are further PostgreSQL parameters for a server
    that is started here. Raises PostgresError.
    """
    server = EmbeddedPostgres(home, fast=fast, settings=settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class EmbeddedPostgres:
    """One server with its data under `home`. `running` is the usual way in."""

    def __init__(self, home: Path, *, fast: bool = False, settings: Mapping[str, str] | None = None) -> None:
        self.home = home.absolute()
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.settings = {**SETTINGS, **(FAST if fast else {}), **(settings or {})}
        self.fast = fast
        self.socket_dir = _socket_dir(self.home)
        self.joined = False  # whether somebody else started the server, and will stop it
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    def conninfo(self, user: str = SUPERUSER, dbname: str = "postgres") -> str:
        """The address for libpq and psycopg."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.socket_dir), port=PORT, user=user, dbname=dbname, connect_timeout=10
        )

    def dsn(self, user: str = SUPERUSER, dbname: str = "postgres") -> str:
        """The address for SQLAlchemy."""
        return f"postgresql+psycopg://{quote(user)}@/{quote(dbname)}?host={quote(str(self.socket_dir))}&port={PORT}"

    def start(self) -> None:
        """Start the server, or find the one that runs; returns when it answers. Raises PostgresError."""
        self._make_home()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._take_lock():
            if self._answers():
                self.joined = True
                return
            if time.monotonic() > deadline:
                raise PostgresError(f"En annen Akson-kommando holder på med {self.home}, men databasen svarer ikke.")
            time.sleep(0.05)
        try:
            self._start_own()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close the server in good order if it was started here. Raises PostgresError when it does not end."""
        process, self._process = self._process, None
        try:
            if process is not None:
                process.send_signal(signal.SIGINT)
                process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise PostgresError(f"Databasen i {self.home} lot seg ikke stoppe.") from error
        finally:
            if process is not None and self.home not in self.socket_dir.parents:
                with contextlib.suppress(OSError):
                    self.socket_dir.rmdir()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _start_own(self) -> None:
        self._end_orphan()
        account = server_account(self.data)
        programs = programs_for(self.home, copy=account.is_another)
        _private_dir(self.socket_dir, account)
        if account.is_another:
            _require_reachable(self.home, account)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster(programs, account)
        self._launch(programs, account)

    def _make_home(self) -> None:
        """As root the server is another user, who must be able to pass through to his own folders, and see no others."""
        try:
            self.home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise PostgresError(
                f"Får ikke laget mappen {self.home}: {error.strerror}. Velg en annen med --home."
            ) from error

    def _take_lock(self) -> bool:
        try:
            lock = os.open(self.home / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        except PermissionError as error:
            raise PostgresError(f"{self.home} tilhører en annen bruker. Velg en annen mappe med --home.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.conninfo()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end_orphan(self) -> None:
        """Whoever held the lock is gone; a server it left (killed a moment ago, or no death signal here) must end first."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (pid := self._live_postmaster()) is not None:
            if time.monotonic() > deadline:
                raise PostgresError(f"Prosess {pid} bruker fortsatt {self.data} og vil ikke stoppe.")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)

    def _live_postmaster(self) -> int | None:
        """The process id in postmaster.pid, if that process is really a server on this very data folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            arguments = _command_line(pid)
        except (FileNotFoundError, ValueError):
            return None
        return pid if str(self.data) in arguments else None

    def _make_cluster(self, programs: Path, account: Account) -> None:
        """Made beside its place and then moved there, so that a cluster is either whole or not there."""
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        _private_dir(unfinished, account)
        options = (
            f"-U {SUPERUSER} -E UTF8 --locale=C.UTF-8 --data-checksums --auth-local=trust --auth-host=reject".split()
        )
        options += ["--locale-provider=builtin"] if major_version(programs) >= 17 else []
        options += ["--no-sync"] if self.fast else []
        command = [str(programs / "initdb"), "-D", str(unfinished), *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=clean_env(), **run_as(account))
        if done.returncode != 0:
            raise PostgresError(f"Databasen lot seg ikke opprette i {self.home}:\n{done.stderr.strip()}")
        unfinished.rename(self.data)

    def _launch(self, programs: Path, account: Account) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise PostgresError("Databasen må startes fra hovedtråden: den dør sammen med tråden som startet den.")
        quoted = str(self.socket_dir).replace('"', '""')
        settings = {**self.settings, "unix_socket_directories": f'"{quoted}"'}
        command: list[str | Path] = [programs / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with contextlib.suppress(FileNotFoundError):
            self.log.replace(self.log.with_name("postgres.log.1"))
        with open(os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=clean_env(),
                start_new_session=True,  # Ctrl-C is for us: the server stops after us, not before
                preexec_fn=end_with(os.getpid()),
                **run_as(account),
            )
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            if process.poll() is not None:
                self._process = None
                raise PostgresError(
                    f"Databasen i {self.home} startet ikke:\n{self.log.read_text(errors='replace')[-2000:]}"
                )
            if time.monotonic() > deadline:
                raise PostgresError(f"Databasen i {self.home} svarer ikke etter {PATIENCE_SECONDS:.0f} sekunder.")
            time.sleep(0.02)


def end_with(parent: int) -> Callable[[], None] | None:
    """What the child does before it becomes the server: ask the kernel for SIGINT (a clean stop) when we are gone."""
    libc = _libc
    if libc is None:
        return None

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:  # gone between the fork and the request
            os._exit(1)

    return ask


def _socket_dir(home: Path) -> Path:
    """Under `home`, or in a private folder named after it where a path would be too long for a socket (or for libpq)."""
    usual = home / "run"
    fits = len(os.fsencode(usual)) + len(f"/.s.PGSQL.{PORT}.lock") <= LONGEST_SOCKET_PATH
    if fits and "," not in str(usual):
        return usual
    return Path(tempfile.gettempdir(), f"akson-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}")


def _private_dir(folder: Path, account: Account) -> None:
    """Make `folder` the account's own, closed to all others; refuses one that somebody else made."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != account.uid or found.st_mode & 0o077:
        raise PostgresError(
            f"{folder} er ikke databasens egen, lukkede mappe. Slett den, eller velg en annen med --home."
        )


def _require_reachable(home: Path, account: Account) -> None:
    probe = subprocess.run(["/bin/sh", "-c", 'cd "$1"', "sh", home], capture_output=True, cwd="/", **run_as(account))
    if probe.returncode != 0:
        name = pwd.getpwuid(account.uid).pw_name
        raise PostgresError(
            f"Databasen kjører som brukeren «{name}», som ikke slipper inn i {home}. Velg en annen mappe med --home."
        )


def _command_line(pid: int) -> str:
    """How the process was started; empty when it is gone."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
