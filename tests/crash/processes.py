"""Kills processes as a power cut, the kernel or an operator would, and starts them again. Only what the harness started."""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from journal import serving
from journal.platform.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0


class WebServer:
    """The real web server on a port of its own, with as many workers as in production's smallest machine."""

    def __init__(self, environment: Mapping[str, str], port: int, log: Path, application: str | None = None) -> None:
        self.port, self.log = port, log
        self._environment = {**os.environ, **environment}
        self._command = serving.command("127.0.0.1", port, 2)
        if application is not None:
            self._command[self._command.index("journal.serving:application")] = application
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and does not wait: clients wait as users do."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def mend(self) -> None:
        """Starts it anew when it gave up by itself, as a service manager would."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def kill_worker(self, chance: random.Random) -> bool:
        """One of the workers; False when none is there to kill."""
        workers = self._workers()
        return bool(workers) and _killed([chance.choice(workers)])

    def kill(self) -> bool:
        """All of it at once, the parent held still so that nothing is started meanwhile; and a new one is started."""
        if self._process is None or self._process.poll() is not None:
            return False
        self.stop()
        self.start()
        return True

    def stop(self) -> None:
        """At once: what had to be stored is stored."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGSTOP)
            _killed([*children(self._process.pid), self._process.pid])
            self._process.wait()

    def _workers(self) -> list[int]:
        if self._process is None or self._process.poll() is not None:
            return []
        return [pid for pid in children(self._process.pid) if "granian" in _command_line(pid)]


def kill_backend(server: EmbeddedPostgres, chance: random.Random) -> bool:
    """One server process of the application; PostgreSQL then restarts itself. False when there is none."""
    backends = [pid for pid in children(_postmaster(server)) if "journal_app" in _command_line(pid)]
    return bool(backends) and _killed([chance.choice(backends)])


def kill_postgres(server: EmbeddedPostgres) -> bool:
    """The whole database server, and starts it again.

    The postmaster is stopped before its children are listed, else one of them could be born unseen and hold the shared
    memory; it is waited for, else a dead one stays in postmaster.pid. Call it from the main thread.
    """
    postmaster = _postmaster(server)
    os.kill(postmaster, signal.SIGSTOP)
    _killed([*children(postmaster), postmaster])
    server.stop()
    server.start()
    return True


def mend_postgres(server: EmbeddedPostgres) -> None:
    """Starts the database server anew when it gave up by itself, as a service manager would. From the main thread."""
    with contextlib.suppress(FileNotFoundError):
        if (state := _state(_postmaster(server))) and state[0] != "Z":
            return
    server.stop()
    server.start()


def children(pid: int) -> list[int]:
    """The processes that this one started, and that have not ended."""
    everybody = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return [found for found in everybody if (state := _state(found)) and state[1] == pid and state[0] != "Z"]


def _state(pid: int) -> tuple[str, int] | None:
    """State letter and parent; None when it is gone."""
    with contextlib.suppress(OSError):
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        return state, int(parent)
    return None


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""


def _postmaster(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])


def _killed(pids: Iterable[int]) -> bool:
    """SIGKILL to each, children before parents; returns when they have ended."""
    wanted = list(pids)
    for pid in wanted:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE_SECONDS
    while any((state := _state(pid)) and state[0] != "Z" for pid in wanted):
        if time.monotonic() > end:
            raise TimeoutError(f"processes {wanted} do not end")
        time.sleep(0.005)
    return True
