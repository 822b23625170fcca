"""A journal of its own to be rough with: a durable database, made as `akson demo` makes it."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from journal.cli import DATABASE, _embedded_environment
from journal.platform import database
from journal.platform.caller import Keys
from journal.platform.postgres import EmbeddedPostgres, running
from journal.platform.settings import Settings


@dataclass(frozen=True)
class Place:
    """The database server, and what the web server must be told to use it."""

    server: EmbeddedPostgres
    environment: dict[str, str]
    settings: Settings
    folder: Path
    """For logs; gone when the test is."""

    def conninfo(self, role: str = "journal_migrator") -> str:
        return self.server.conninfo(role, DATABASE)


@contextmanager
def place(settings: Mapping[str, str] | None = None, *, home: Path | None = None) -> Iterator[Place]:
    """Until the block ends; call it from the main thread, since the database dies with the thread that started it."""
    with tempfile.TemporaryDirectory(prefix="akson-crash-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o711)
        home = home or folder / "home"
        subprocess.run(["cp", "-a", _pattern().name + "/home", home], check=True)
        with running(home, settings=settings) as server:
            environment = _embedded_environment(server, home, 8000)
            yield Place(server, environment, Settings.from_environment(environment), folder)


@cache
def _pattern() -> "tempfile.TemporaryDirectory[str]":
    """The home that all places are copies of, empty of patients; gone when the process is. Made in haste, run durably."""
    made = tempfile.TemporaryDirectory(prefix="akson-crash-", ignore_cleanup_errors=True)
    Path(made.name).chmod(0o711)
    home = Path(made.name, "home")
    with running(home, fast=True) as server:
        told = Settings.from_environment(_embedded_environment(server, home, 8000))
        database.make_database(server.dsn(), DATABASE)
        database.migrate(told.migrator_url)
        database.hand_over_key(told.migrator_url, Keys(told.mac_key), "demo")
    return made


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
