"""A national id stands in no address, header, log line, title or error text, and in no table but its own.

Where it may stand, exactly: on a page that shows a chart to somebody with a ground for it, as the banner's fact and in
the list of the person's numbers; and in the field of a form, given back to whoever typed it there. Everything else that
leaves the program is searched here.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import html
from werkzeug.test import TestResponse

from journal.app import JournalApp
from journal.platform.errors import Invalid
from journal.platform.ids import new_id
from journal.platform.log import without_persons
from journal.platform.postgres import EmbeddedPostgres
from journal.web import current_work
from tests.architecture import charts, routes
from tests.architecture.charts import Connection, Marked, marked_chart
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.pdf_reading import words

ClientFor = Callable[[Staff | None], Browser]
LINES = [line.split() for line in routes.written()]


def says(text: str, number: str) -> bool:
    """Whether the number stands in the text, however it is parted."""
    return re.search(r"(?:%20|&nbsp;|[\s.+-]){0,2}".join(number), text) is not None


def outside_its_places(answer: TestResponse, number: str) -> str:
    """The page without the banner and the numbers of an opened chart, and without what is typed in the fields of its forms.

    On paper the banner is the line of who it is.
    """
    if answer.mimetype == "application/pdf":
        return re.sub(r"Fnr \d{6} \d{5}", "", words(answer))
    if "html" not in (answer.content_type or "") or not answer.text.strip():
        return answer.text
    page = html.fromstring(answer.text)
    for field in page.iter("input"):
        if field.get("type", "text") in ("text", "search"):
            field.attrib.pop("value", None)
    for field in page.iter("textarea"):
        field.text = ""
    for place in page.xpath("//div[@role='region'][@aria-label='Pasient'] | //ul[@id='numbers']/li/b"):
        place.drop_tree()
    return str(html.tostring(page, encoding="unicode"))


def found(answer: TestResponse, number: str) -> list[str]:
    """The places of an answer where the number stands and must not."""
    where = [name for name, value in answer.headers if says(value, number)]
    where += ["address"] if says(answer.request.url, number) and answer.request.method != "GET" else []
    return where + (["page"] if says(outside_its_places(answer, number), number) else [])


@pytest.fixture
def chart(world: World, migrator: Connection) -> Marked:
    return marked_chart(migrator, world.nina, ward_id=world.ward["id"])


@pytest.fixture
def foreign(world: World, migrator: Connection) -> Marked:
    return marked_chart(migrator, world.bodil, ward_id=world.bodo_ward["id"])


Sweep = Callable[[], list[tuple[str, TestResponse]]]


@pytest.fixture
def sweep(world: World, client_for: ClientFor, chart: Marked, foreign: Marked) -> Sweep:
    """What a day brings, and what goes wrong: pages, searches by right and wrong numbers, forms with a number in every field."""

    def ask() -> list[tuple[str, TestResponse]]:
        nina, unn, nobody = client_for(world.nina), client_for(world.unn), client_for(None)
        answers = []
        for number in (chart.national_id, foreign.national_id, charts.national_id(), _wrong(chart.national_id)):
            parted = f"{number[:6]} {number[6:]}"
            answers += [
                (number, who.act("/search", {"text": typed}))
                for who in (nina, unn)
                for typed in (number, parted, f"x{number}", number[:-1])
            ]
            person = {"family_name": "Nordmann", "given_name": "Kari", "sex": "female", "national_id": number}
            answers.append((number, nina.act("/patients/new", person)))
            here = f"/patients/{chart.patient_id}"
            answers += [
                (number, nina.act(f"{here}/personal/numbers", {"national_id": number})),
                (number, nina.act(f"{here}/links", {"number": number, "reason": "samme person"})),
                (number, nina.get(f"{here}/personal")),
            ]
            answers += [
                (number, nina.act("/search", {"text": "Kari", "national_id": number})),
                (number, nobody.act("/search", {"text": number})),
            ]
            addresses = (
                f"/patients/{number}",
                f"/patients/{number}/notes",
                f"/search?text={number}",
                f"/round?patient={number}",
                f"/{number}",
            )
            answers += [(number, nina.get(address)) for address in addresses]
            answers += [(number, nina.get(address, headers={"Accept": "application/json"})) for address in addresses]
            answers.append((number, nina.client.post("/search", data={"text": number})))
            answers.append((number, nina.act("/search", {"text": number}, headers={"Accept": "application/json"})))
        for marked in (chart, foreign):
            for method, rule, *_ in LINES:
                if "<uuid:patient_id>" in rule:
                    path = routes.address(rule, marked)
                    form = {"text": marked.national_id, "what": "", "reason": ""}
                    answers += [
                        (marked.national_id, who.get(path) if method == "GET" else who.act(path, form))
                        for who in (nina, unn)
                    ]
        return answers

    return ask


def _wrong(number: str) -> str:
    """The same number with a check digit that does not fit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def test_no_answer_shows_a_number_but_in_its_places(sweep: Sweep, world: World, chart: Marked) -> None:
    answers = sweep()
    leaks = {
        f"{answer.request.method} {answer.request.path}: {answer.status_code} {place}"
        for number, answer in answers
        for place in found(answer, number)
    }

    assert {answer.status_code for _number, answer in answers} >= {200, 303, 403, 404, 422}
    assert any(says(words(answer), chart.national_id) for _number, answer in answers), "the banner does show it"
    assert leaks == set()


def test_nobody_without_a_ground_gets_the_number_back_unless_she_typed_it(sweep: Sweep, foreign: Marked) -> None:
    pages = [
        answer
        for _number, answer in sweep()
        if answer.request.method == "GET" and str(foreign.patient_id) in answer.request.path
    ]

    assert len(pages) > 10
    assert [answer.request.path for answer in pages if says(words(answer), foreign.national_id)] == []


def test_nothing_that_is_written_beside_the_chart_holds_a_number(
    sweep: Sweep, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, migrator: Connection,
    server: EmbeddedPostgres, chart: Marked, foreign: Marked,
) -> None:  # fmt: skip
    """Standard error, the log, PostgreSQL's own log, and every table but the one where numbers stand."""
    capfd.readouterr()
    typed = {number for number, _answer in sweep()}
    out, err = capfd.readouterr()
    written = {
        "standard output": out,
        "standard error": err,
        "log": caplog.text,
        **_of_postgres(server),
        **_tables(migrator),
    }

    assert len(typed) == 4
    assert {where for where, text in written.items() for number in typed if says(text, number)} == set()


def _of_postgres(server: EmbeddedPostgres) -> dict[str, str]:
    return {file.name: file.read_text(errors="replace") for file in Path(server.home).glob("**/*.log")}


def _tables(migrator: Connection) -> dict[str, str]:
    names = (
        "platform.command",
        "platform.outbox",
        "audit.access_log",
        "access.session",
        "patients.search_attempt",
        "notes.draft",
    )
    return {name: str(migrator.execute(f"SELECT array_agg(t::text) FROM {name} t").fetchone()) for name in names}  # type: ignore[call-overload]


def in_the_program(number: str) -> Callable[..., str]:
    def view(**_args: Any) -> str:
        raise ZeroDivisionError(f"cannot divide {number}")

    view.permission, view.idempotency = None, "none"  # type: ignore[attr-defined]
    return view


def in_its_error_page(number: str) -> Callable[..., str]:
    def view(**_args: Any) -> str:
        raise Invalid(errors={"number": [number]})

    view.permission, view.idempotency = None, "none"  # type: ignore[attr-defined]
    return view


def in_the_database(number: str) -> Callable[..., str]:
    def view(**_args: Any) -> str:
        current_work().db.execute(sa.text("SELECT CAST(:number AS uuid)"), {"number": number})
        return ""

    view.permission, view.idempotency = None, "none"  # type: ignore[attr-defined]
    return view


@pytest.fixture
def broken_page(app: JournalApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[..., str]], None]]:
    yield lambda view: monkeypatch.setitem(app.view_functions, "notes.overview", view)


@pytest.mark.parametrize("broken", [in_the_program, in_the_database])
def test_a_fault_in_the_program_tells_neither_the_reader_nor_the_log_what_it_tripped_over(
    broken: Callable[[str], Callable[..., str]], broken_page: Callable[[Any], None], world: World, client_for: ClientFor,
    chart: Marked, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    broken_page(broken(chart.national_id))
    nina = client_for(world.nina)
    answers = [
        nina.get(f"/patients/{chart.patient_id}/notes", headers={"Accept": kind})
        for kind in ("text/html", "application/json")
    ]
    out, err = capfd.readouterr()

    assert {answer.status_code for answer in answers} == {500}
    assert not any(
        says(text, chart.national_id) for text in (*(words(answer) for answer in answers), out, err, caplog.text)
    )


def test_nor_does_a_fault_in_the_page_that_should_show_the_fault(
    broken_page: Callable[[Any], None], world: World, client_for: ClientFor, chart: Marked, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def trips(*_args: Any, **_more: Any) -> str:
        raise ZeroDivisionError(f"cannot divide {chart.national_id}")

    broken_page(in_its_error_page(chart.national_id))
    monkeypatch.setattr("journal.notes.web._list", trips)
    answer = client_for(world.nina).get(f"/patients/{chart.patient_id}/notes")
    out, err = capfd.readouterr()

    assert answer.status_code == 500
    assert not any(says(text, chart.national_id) for text in (answer.text, out, err, caplog.text))


@pytest.mark.parametrize("written", ["{n}", "{a} {b}", "{a}-{b}", "{a}.{b}", "x{n}y", "nummer={n}", "{a}\u00a0{b}"])
def test_the_log_blanks_a_number_however_it_is_written(written: str) -> None:
    number = charts.national_id()
    line = written.format(n=number, a=number[:6], b=number[6:])
    event = without_persons(
        None, "info", {"event": line, "path": f"/patients/{line}", "national_id": number, "name": "Kari", "count": 3}
    )

    assert not says(" ".join(map(str, event.values())), number)
    assert "name" not in event and event["count"] == 3


def test_the_sweep_sees_a_number_that_leaks(world: World, client_for: ClientFor, chart: Marked) -> None:
    """A page with the number in its title, and a header that has it parted."""
    answer = client_for(world.nina).get("/my-list")
    answer.set_data(answer.get_data(as_text=True).replace("<title>", f"<title>{chart.national_id} "))
    answer.headers["Location"] = f"/patients?n={chart.national_id[:6]}%20{chart.national_id[6:]}"

    assert found(answer, chart.national_id) == ["Location", "page"]
    assert not says(str(new_id()), chart.national_id)
