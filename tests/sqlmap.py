"""`make sqlmap`: a program made to get into databases tries every parameter of every page and every field of every form.

First it must find a hole that is made for it: what finds nothing anywhere proves nothing. It takes hours: AKSON_SQLMAP_MINUTES
ends it earlier, and what was tried stands in the file AKSON_SQLMAP_RESULTS and is not tried again. An id in an address is not
tried: the address of a route takes nothing that is not one, and is answered before there is a question.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import urlencode

import psycopg
import pytest
from flask import Flask, request
from psycopg import sql
from werkzeug.serving import make_server

from journal.app import JournalApp
from journal.platform.ids import new_id
from journal.platform.postgres import EmbeddedPostgres
from tests.architecture.charts import Connection
from tests.architecture.test_attacks import asked, targets
from tests.architecture.test_authorisation_matrix import FORMS, Country, form_of, settle
from tests.conftest import DATABASE, Browser, World
from tests.factories import Staff

RESULTS = Path(os.environ.get("AKSON_SQLMAP_RESULTS") or Path(tempfile.gettempdir(), "akson-sqlmap.json"))
MINUTES = float(os.environ.get("AKSON_SQLMAP_MINUTES") or 600)
_SIDE_BY_SIDE = 2
_LONGEST_S = 900
_HOLE, _WHOLE = "identified the following injection point", "all tested parameters do not appear to be injectable"
# Each try is an act of its own: one with an id that was used before would be answered from what is kept of the first.
_FRESH = "import uuid; command_id = str(uuid.uuid4())"

ClientFor = Callable[[Staff | None], Browser]


class Target(NamedTuple):
    """An address as somebody with this cookie asks it; *form* is None for a page. Every name in *tried* is tried."""

    name: str
    url: str
    cookie: str
    tried: tuple[str, ...]
    form: dict[str, str] | None


def sqlmap(target: Target) -> str:
    """What it found: `hole`, `whole` or `untried`, with its own words when it found a hole or could not try."""
    with tempfile.TemporaryDirectory(prefix="akson-sqlmap-") as folder:
        command = [
            str(Path(sys.executable).with_name("sqlmap")),
            "-u",
            target.url,
            "-p",
            ",".join(target.tried),
            "--batch",
        ]
        command += ["--level", "3", "--risk", "1", "--dbms", "PostgreSQL", "--technique", "BEU", "--threads", "2"]
        command += ["--ignore-code", "*", "--ignore-redirects", "--disable-coloring", "--output-dir", folder]
        command += ["--cookie", target.cookie, "--param-exclude", "akson"]
        if target.form is not None:
            command += ["--method", "POST", "--data", urlencode(target.form), "--eval", _FRESH]
        try:
            environment = {
                **os.environ,
                "SQLMAP_UNSAFE_EVAL": "1",
            }  # it runs _FRESH, and nothing that it finds in a file
            done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, env=environment)
        except subprocess.TimeoutExpired:
            return f"untried: longer than {_LONGEST_S} s"
    if _HOLE in done.stdout:
        return "hole: " + done.stdout[-2000:]
    return "whole" if _WHOLE in done.stdout else "untried: " + (done.stdout + done.stderr)[-600:]


@pytest.fixture
def hole(server: EmbeddedPostgres, app: JournalApp) -> Iterator[str]:
    """A page that sorts by what it is told to."""
    leaking = Flask("leaking")

    @leaking.get("/")
    def page() -> str:
        with psycopg.connect(server.conninfo("journal_app", DATABASE)) as connection:
            asked_for = sql.SQL(f"SELECT relname FROM pg_class ORDER BY {request.args['sort']} LIMIT 20")  # type: ignore[arg-type]
            return "\n".join(name for (name,) in connection.execute(asked_for))

    listening = make_server("127.0.0.1", 0, leaking, threaded=True)
    thread = Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}/?sort=relname"
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_it_finds_the_hole_that_is_made_for_it(hole: str) -> None:
    assert sqlmap(Target("hole", hole, "akson=none", ("sort",), None)).startswith("hole")


def test_it_finds_no_way_into_the_journal(
    app: JournalApp, base_url: str, world: World, migrator: Connection, client_for: ClientFor
) -> None:
    country = settle(world, migrator, client_for, ("own",))
    found: dict[str, str] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    begun = time.monotonic()
    every = [*_pages(app, base_url, country, client_for), *_forms(base_url, country, client_for)]
    left = [target for target in every if found.get(target.name) != "whole"]

    def ask(target: Target) -> None:
        if time.monotonic() - begun < MINUTES * 60:
            found[target.name] = sqlmap(target)
            RESULTS.write_text(json.dumps(found, indent=1))

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as asking:
        list(asking.map(ask, left))
    said = [(target, found.get(target.name, "untried: no time")) for target in every]
    told = {how: sum(len(t.tried) for t, was in said if was.startswith(how)) for how in ("whole", "untried")}
    print(f"\nparameters without a way in: {told['whole']}, not tried: {told['untried']}")  # noqa: T201
    print("\n".join(f"{target.name} {was[-300:]}" for target, was in said if was.startswith("untried")))  # noqa: T201
    assert not [f"{target.name}: {was}" for target, was in said if was.startswith("hole")]


def _pages(app: JournalApp, base_url: str, country: Country, client_for: ClientFor) -> Iterator[Target]:
    for endpoint, who, path in targets(country, "GET"):
        names = tuple(sorted(asked(app.view_functions[endpoint])))
        asks = urlencode(dict.fromkeys(names, "1"))
        yield Target(f"GET {endpoint}", f"{base_url}{path}?{asks}", _cookie(client_for(who.staff)), names, None)


def _forms(base_url: str, country: Country, client_for: ClientFor) -> Iterator[Target]:
    """Each with a session of its own, since some of them end it."""
    for endpoint, who, path in targets(country, "POST"):
        if not FORMS.get(endpoint):
            continue
        browser, sent = client_for(who.staff), form_of(endpoint, who.staff, country)
        form = {**sent, "csrf_token": browser.csrf, "command_id": str(new_id())}
        yield Target(f"POST {endpoint}", base_url + path, _cookie(browser), tuple(sent), form)


def _cookie(browser: Browser) -> str:
    return f"akson={base64.urlsafe_b64encode(browser.token).decode()}" if browser.token else "akson=none"
