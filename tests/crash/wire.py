"""The wire between the journal and PostgreSQL, as a process in between that can cut it at any byte.

It listens on a socket in a folder of its own, which nobody else on the machine can enter.
"""

import contextlib
import random
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from journal.platform.postgres import PORT, EmbeddedPostgres

SOCKET = f".s.PGSQL.{PORT}"
PATIENCE_SECONDS = 5.0
ANYWHERE_BYTES = 6000  # about what a signature sends
_AT_ONCE = 1 << 16

Cut = Callable[[bool, bytes], int | None]
"""Asked of all that passes (whether to the server, and what): how many bytes of it get through before the end, None for all."""


def before_commit(chance: random.Random) -> Cut:
    """The server gets a part of the COMMIT, or nothing of it: nothing was done."""
    return lambda to_server, part: chance.randrange(len(part)) if to_server and b"COMMIT" in part else None


def after_commit(chance: random.Random) -> Cut:
    """The server gets the COMMIT, and the journal a part of the answer, or nothing of it: everything was done."""
    sent = threading.Event()

    def cut(to_server: bool, part: bytes) -> int | None:
        if to_server:
            if b"COMMIT" in part:
                sent.set()
            return None
        return chance.randrange(len(part)) if sent.is_set() else None

    return cut


def anywhere(chance: random.Random) -> Cut:
    """After some bytes more, one way or the other."""
    which_way, left = chance.random() < 0.5, chance.randrange(ANYWHERE_BYTES)

    def cut(to_server: bool, part: bytes) -> int | None:
        nonlocal left
        if to_server is not which_way:
            return None
        left -= len(part)
        return len(part) + left if left < 0 else None

    return cut


class _Line:
    """One connection: what comes in at one end goes out at the other, until it is cut."""

    def __init__(self, journal: socket.socket, server: socket.socket) -> None:
        self._ends = journal, server
        self._cut: Cut | None = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        self.has_ended = False

    def start(self) -> None:
        journal, server = self._ends
        for source, target, to_server in ((journal, server, True), (server, journal, False)):
            threading.Thread(target=self._pass_on, args=(source, target, to_server), daemon=True).start()

    def cut(self, cut: Cut | None, done: threading.Event) -> None:
        """From now on what passes is asked about; `done` is set by the first line that is cut, and then no other is."""
        with self._lock:
            self._cut, self._done = cut, done

    def _pass_on(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(_AT_ONCE):
                with self._lock:
                    through = self._cut(to_server, part) if self._cut and not self._done.is_set() else None
                    if through is not None:
                        self._done.set()
                target.sendall(part[:through])
                if through is not None:
                    break
        self.end()

    def end(self) -> None:
        self.has_ended = True
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Wire:
    """All the connections from the journal."""

    def __init__(self, server: EmbeddedPostgres, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.folder = folder
        self._target = str(server.socket_dir / SOCKET)
        self._lines: list[_Line] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def dsn(self, user: str, dbname: str) -> str:
        """The address for SQLAlchemy, by way of here."""
        return f"postgresql+psycopg://{user}@/{dbname}?host={self.folder}&port={PORT}"

    def cut(self, make: Callable[[random.Random], Cut], chance: random.Random) -> bool:
        """Cuts the first line on which it comes to that; False when it came to it on none within a while."""
        done = threading.Event()
        self._lines = [line for line in self._lines if not line.has_ended]
        for line in self._lines:
            line.cut(make(chance), done)
        happened = done.wait(PATIENCE_SECONDS)
        for line in self._lines:
            line.cut(None, done)
        return happened

    def close(self) -> None:
        self._listener.close()
        for line in self._lines:
            line.end()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                journal, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._target)
                except OSError:
                    journal.close()
                    continue
                line = _Line(journal, server)
                self._lines.append(line)
                line.start()
