"""Every route is known, every form is protected, and every answer carries the headers, whatever its status."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from journal.app import JournalApp, _refuse_unsaid
from journal.permissions import permissions_of
from journal.platform.ids import new_id
from tests.architecture import routes
from tests.architecture.charts import Connection, Marked, marked_chart
from tests.architecture.routes import address
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
LINES = [line.split() for line in routes.written()]
POSTS = [
    (rule, endpoint, idempotency)
    for method, rule, endpoint, _permission, idempotency, _csrf in LINES
    if method == "POST" and idempotency != "signed"
]
# Doing the others twice is the same as once.
COMMANDS = [(rule, endpoint) for rule, endpoint, idempotency in POSTS if idempotency == "command"]
# Static files may be kept by everybody: test_a_static_file_may_be_kept_and_no_more.
ANSWERING = [line for line in LINES if line[2] != "static"]
PAGES = [rule for method, rule, endpoint, *_ in LINES if method == "GET" and endpoint not in ("static", "healthz")]

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


@pytest.fixture
def chart(world: World, migrator: Connection) -> Marked:
    return marked_chart(migrator, world.nina, ward_id=world.ward["id"])


@pytest.fixture
def nina(world: World, client_for: ClientFor) -> Browser:
    return client_for(world.nina)


def test_the_routes_are_those_that_were_read(app: JournalApp) -> None:
    """After a change: python -m tests.architecture.routes, and read what changed in routes.txt."""
    assert routes.table(app) == routes.written()


def test_a_route_that_says_no_permission_stops_the_program(app: JournalApp) -> None:
    careless = Flask("careless")
    careless.add_url_rule("/patients", "patients", lambda: "everybody")
    with pytest.raises(TypeError, match="patients is a route"):
        _refuse_unsaid(careless)


def test_only_signing_in_and_the_frame_are_open() -> None:
    is_open = {endpoint for _m, _r, endpoint, permission, *_ in LINES if permission == "open"}

    assert is_open == {
        "access.color_scheme", "access.set_language", "access.sign_in", "access.start", "access.switch_user", "chart.home",
        "lock.end_session", "lock.end_sessions", "lock.lock", "lock.locked", "lock.own_sessions", "lock.pin", "lock.set_pin",
        "lock.still_here", "lock.unlock", "lock.warning_seen",
        "lock.add_passkey", "lock.end_passkey", "lock.new_question", "lock.question",
        "downtime.held", "downtime.parts", "downtime.report_use", "downtime.worker", "healthz",
        "sign_in.again", "sign_in.begin", "sign_in.finish", "sign_in.kept_form", "sign_in.throw_away",
        "sign_in.callback", "sign_in.choose_role", "sign_in.leave", "sign_in.left", "sign_in.logged_out", "sign_in.take", "static",
    }  # fmt: skip


def test_no_page_that_is_fetched_is_a_command_and_no_address_has_a_number() -> None:
    assert all(idempotency == "none" for method, _r, _e, _p, idempotency, _c in LINES if method == "GET")
    # What another program has signed is sent by no browser: test_back_channel_logout has each of its faults.
    signed = {endpoint for _m, _r, endpoint, _p, _i, csrf in LINES if csrf == "signature"}
    assert signed == {"sign_in.logged_out"}
    assert all(csrf == "token" for method, _r, name, *_, csrf in LINES if method != "GET" and name not in signed)
    assert {kind for line in LINES for kind in re.findall(r"<(\w+):", line[1])} <= {"uuid", "path"}
    assert [line[1] for line in LINES if "<path:" in line[1]] == ["/static/<path:filename>"]


def rows_written(migrator: Connection) -> tuple[Any, ...]:
    """How much there is of everything that a form could make."""
    tables = (
        "platform.command", "notes.note", "notes.draft", "care.task", "care.stay", "medication.medication_request",
        "medication.medication_administration", "observations.observation", "patients.allergy_intolerance", "patients.patient",
        "patients.related_person", "municipalities.unit", "municipalities.practitioner_role", "access.session",
    )  # fmt: skip
    return tuple(migrator.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables)  # type: ignore[call-overload]


@pytest.mark.parametrize(("rule", "endpoint", "idempotency"), POSTS, ids=[endpoint for _r, endpoint, _i in POSTS])
def test_a_form_from_elsewhere_changes_nothing(
    world: World, migrator: Connection, client_for: ClientFor, chart: Marked, rule: str, endpoint: str, idempotency: str
) -> None:
    nina = client_for(world.tora if rule.startswith("/municipality") else world.nina)
    path, good = address(rule, chart), {"csrf_token": nina.csrf, "command_id": str(new_id())}
    before = rows_written(migrator)
    sent: dict[str, TestResponse] = {
        "without a token": nina.client.post(path, data={"command_id": str(new_id())}),
        "with another's token": nina.client.post(
            path, data={**good, "csrf_token": Browser(nina.app, None, new_id()).csrf}
        ),
        "with an empty token": nina.client.post(path, data={**good, "csrf_token": ""}),
        "from a foreign origin": nina.client.post(path, data=good, headers={"Origin": "https://elsewhere.example"}),
        "from an origin that looks like ours": nina.client.post(
            path, data=good, headers={"Origin": "http://localhost.elsewhere.example"}
        ),
        "from a foreign site": nina.client.post(path, data=good, headers={"Sec-Fetch-Site": "cross-site"}),
        "from a neighbouring site": nina.client.post(path, data=good, headers={"Sec-Fetch-Site": "same-site"}),
        "as plain text": nina.client.post(path, data="csrf_token=x", content_type="text/plain"),
    }

    assert {how: answer.status_code for how, answer in sent.items()} == dict.fromkeys(sent, 403)
    assert rows_written(migrator) == before


@pytest.mark.parametrize(("rule", "endpoint"), COMMANDS, ids=[endpoint for _r, endpoint in COMMANDS])
def test_a_command_without_its_number_is_refused(
    world: World, migrator: Connection, client_for: ClientFor, chart: Marked, rule: str, endpoint: str
) -> None:
    needed = next(permission for _m, at, name, permission, *_ in LINES if (at, name) == (rule, endpoint))
    able = (
        one
        for one in (world.lars, world.nina, world.tora, world.mona, world.rolf)
        if needed in permissions_of(one.actor.role)
    )
    somebody = client_for(next(able, world.lars))
    path, before = address(rule, chart), rows_written(migrator)
    statuses = [
        somebody.client.post(path, data={"csrf_token": somebody.csrf, **more}).status_code
        for more in ({}, {"command_id": ""}, {"command_id": "1"}, {"command_id": "1 OR 1=1"})
    ]

    # 404: the page that the form would be drawn on is of a thing that is not there.
    assert set(statuses) in ({422}, {404})
    assert rows_written(migrator) == before


@pytest.mark.parametrize("rule", sorted({rule for rule, *_ in POSTS} - set(PAGES)))
def test_what_a_form_does_no_link_does(nina: Browser, chart: Marked, rule: str) -> None:
    path = address(rule, chart)

    assert nina.get(path).status_code == 405
    assert nina.get(path, headers={"X-HTTP-Method-Override": "POST"}).status_code == 405


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_not_known(nina: Browser, chart: Marked, method: str) -> None:
    statuses = {nina.client.open(address(line[1], chart), method=method).status_code for line in LINES}

    assert statuses == {405}


def headers_missing(answer: TestResponse) -> set[str]:
    """The names of the headers that do not say what they must."""
    told = dict(part.strip().split(" ", 1) for part in answer.headers.get("Content-Security-Policy", "x y").split(";"))
    wanted = {
        "Content-Security-Policy": told == CSP and answer.headers["Content-Security-Policy"].find("unsafe") < 0,
        "X-Content-Type-Options": answer.headers.get("X-Content-Type-Options") == "nosniff",
        "Cache-Control": answer.headers.get("Cache-Control") == "no-store",
        "Referrer-Policy": answer.headers.get("Referrer-Policy") == "no-referrer",
        "Cross-Origin-Opener-Policy": answer.headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "Cross-Origin-Resource-Policy": answer.headers.get("Cross-Origin-Resource-Policy") == "same-origin",
        "charset": not answer.mimetype.startswith("text/") or answer.mimetype_params.get("charset") == "utf-8",
        "once": len(answer.headers.getlist("Content-Security-Policy")) == 1,
        "Server": "Python" not in answer.headers.get("X-Powered-By", ""),
        "Access-Control-Allow-Origin": "Access-Control-Allow-Origin" not in answer.headers,
    }
    return {name for name, right in wanted.items() if not right}


@pytest.mark.parametrize("line", ANSWERING, ids=[f"{line[0]} {line[2]}" for line in ANSWERING])
def test_every_answer_of_every_route_carries_the_headers(
    world: World, client_for: ClientFor, chart: Marked, line: list[str]
) -> None:
    method, rule, *_ = line
    path, gone = address(rule, chart), address(rule)
    answers = [
        browser.client.open(where, method=how, data=data, headers=accept)
        for browser in (client_for(None), client_for(world.nina), client_for(world.tora))
        for where, how, data, accept in (
            (path, method, None, {}),
            (gone, method, None, {}),
            (path, "DELETE", None, {}),
            (path, method, None, {"Accept": "application/json"}),
        )
    ]

    assert {(answer.status_code, name) for answer in answers for name in headers_missing(answer)} == set()


def test_the_headers_are_there_whatever_the_status(
    app: JournalApp, nina: Browser, world: World, client_for: ClientFor, chart: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_args: Any) -> str:
        raise ZeroDivisionError(chart.token)

    breaks.permission, breaks.idempotency = None, "none"  # type: ignore[attr-defined]
    here = f"/patients/{chart.patient_id}"
    answers = [
        nina.get(f"{here}/notes"),
        client_for(None).get("/my-list"),
        nina.get("/municipality"),
        nina.get("/nothing-here"),
        nina.get(f"{here}/stay/discharge"),
        nina.client.post("/search", data={"text": "x" * 1_100_000}),
        nina.act(f"{here}/tasks", {"what": ""}),
    ]
    monkeypatch.setitem(app.view_functions, "notes.overview", breaks)
    answers.append(nina.get(f"{here}/notes"))

    assert [answer.status_code for answer in answers] == [200, 303, 403, 404, 405, 413, 422, 500]
    assert {(answer.status_code, name) for answer in answers for name in headers_missing(answer)} == set()
    assert chart.token not in answers[-1].text, "an error page never repeats what the program tripped over"


def test_a_static_file_may_be_kept_and_no_more(nina: Browser) -> None:
    page = nina.get("/sign-in").text
    files = set(re.findall(r"(?:href|src)=\"(/static/[^\"?]+)", page))
    answers = {file: nina.get(file) for file in files}

    assert files
    assert {answer.status_code for answer in answers.values()} == {200}
    assert {name for answer in answers.values() for name in headers_missing(answer)} <= {"Cache-Control"}
    assert nina.get("/static/../app.py").status_code == 404
    assert nina.get("/static/%2e%2e/app.py").status_code == 404
    assert {nina.get(f"/static/{folder}").status_code for folder in ("", "vendor", "vendor/", ".", "icons/")} == {404}


def test_the_header_test_sees_a_header_that_is_gone(nina: Browser) -> None:
    answer = nina.get("/my-list")
    answer.headers["Content-Security-Policy"] += " 'unsafe-inline'"
    del answer.headers["Referrer-Policy"]

    assert headers_missing(answer) == {"Content-Security-Policy", "Referrer-Policy"}
