"""The plugin that runs the tests anew for each guard, with one database for all of them."""

import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from _pytest.runner import runtestprotocol

from tests.conftest import DATABASE
from tests.guards.guards import Guard, all_guards

_MOST_FILES = 4


class Trying:
    def __init__(self, only: str, limit: int, results: Path, tried: dict[str, str | None]) -> None:
        self.only, self.limit, self.results, self.tried = only, limit, results, tried
        self.broken: list[str] = []
        self.now: list[str] = []
        self._wrong: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Without what starts servers and browsers of its own: they see another database."""
        items[:] = [i for i in items if not {"tests/browser", "tests/crash", "tests/bench"} & set(_folders(i))]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        found: dict[str, Any] = {}
        first = next(i for i in session.items if "app" in getattr(i, "fixturenames", ()))

        class Taking:
            @pytest.hookimpl(wrapper=True)
            def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
                made = yield
                if fixturedef.argname in ("app", "server"):
                    found.setdefault(fixturedef.argname, made)
                return made  # type: ignore[return-value]

        session.config.pluginmanager.register(Taking())
        if not _passes(first):
            self.broken.append(first.nodeid)
            return True
        with psycopg.connect(found["server"].conninfo(dbname=DATABASE), autocommit=True) as superuser:
            guards = [g for g in all_guards(superuser, found["app"]) if self.only in g.name]
            self.now = [guard.name for guard in guards]
            for guard in [g for g in guards if g.name not in self.tried][: self.limit]:
                begun = time.monotonic()
                self.tried[guard.name] = self._noticed_by(guard, session.items)
                self.results.write_text(json.dumps(self.tried, indent=1))
                took = f"{time.monotonic() - begun:.1f} s"
                print(f"{took:>8}  {guard.name}: {self.tried[guard.name] or 'SURVIVED'}", flush=True)  # noqa: T201
        return True

    def _noticed_by(self, guard: Guard, items: list[pytest.Item]) -> str | None:
        """The first test that fails without the guard and passes with it."""
        for item in _about(guard, items):
            if item.nodeid in self._wrong:
                continue
            with guard.without():
                passed = _passes(item)
            if passed:
                continue
            if _passes(item):
                return item.nodeid
            self._wrong.add(item.nodeid)
            self.broken.append(f"{item.nodeid} fails with its guards too")
        return None

    def survivors(self) -> list[str]:
        return [name for name in self.now if name in self.tried and self.tried[name] is None]

    def told(self) -> str:
        tried = [name for name in self.now if name in self.tried]
        return f"{len(self.now)} guards, {len(tried)} tried, {len(self.survivors())} survived: {self.survivors()}"


def _passes(item: pytest.Item) -> bool:
    """Runs one test; what belongs to the session is kept for the next."""
    reports = runtestprotocol(item, log=False, nextitem=item.session)  # type: ignore[arg-type]
    return not any(report.failed for report in reports)


def _about(guard: Guard, items: list[pytest.Item]) -> list[pytest.Item]:
    """How the guards of the database are written is looked at in a second, what they do takes longer."""
    asked = [item for name in guard.files for item in items if item.path.name == name]
    if guard.about is None:
        return asked
    naming = [path for path in sorted({item.path for item in items}) if guard.about in _text(path)]
    files = [path for path in naming if path.name not in guard.files][:_MOST_FILES]
    return [*asked, *(item for path in files for item in items if item.path == path)]


@cache
def _text(path: Path) -> str:
    return path.read_text()


def _folders(item: pytest.Item) -> list[str]:
    root = item.config.rootpath
    return [str(folder.relative_to(root)) for folder in item.path.parents if folder.is_relative_to(root)]
