"""The list for when the journal is away, in a real browser: with the server stopped and the network cut."""

import re
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import BaseWSGIServer, make_server

from journal.app import JournalApp
from journal.patients import NewAllergy, Patients
from journal.worker import _keep_downtime_lists
from tests.browser.conftest import _TELL_OF_VIOLATIONS
from tests.conftest import Quiet, World
from tests.factories import Staff
from tests.medication.test_sign import order

_ASKED = """async () => (await downtime.device())?.asked ? (await downtime.read("parts")).size : -1"""
_UNTOLD = """async () => (await downtime.read("events")).size"""


class Journal:
    """A server that can be stopped, and come back at the same address."""

    def __init__(self, app: JournalApp) -> None:
        self._app, self.port = app, 0
        self._server: BaseWSGIServer | None = None
        self.start()

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self.port, self._app, threaded=True, request_handler=Quiet)
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def journal(app: JournalApp) -> Iterator[Journal]:
    server = Journal(app)
    yield server
    server.stop()


@pytest.fixture
def device(chromium: Chromium, journal: Journal) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=f"http://127.0.0.1:{journal.port}", locale="nb-NO")
    context.add_init_script(_TELL_OF_VIOLATIONS)
    yield context
    context.close()


def wait_until(page: Page, asked: str, wanted: Callable[[Any], bool]) -> None:
    for _ in range(100):
        if wanted(page.evaluate(asked)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {asked}")


def test_the_list_opens_and_prints_with_the_server_stopped_and_the_network_cut(
    world: World,
    work_of: Any,
    app: JournalApp,
    journal: Journal,
    device: BrowserContext,
    sign_in: Callable[[BrowserContext, Staff], None],
) -> None:
    anna = world.patient(family_name="Myrvang", given_name="Anna")
    world.store()
    with work_of(world.nina) as work:
        Patients(work).record_allergy(anna, NewAllergy(kind="allergy", substance="<b>penicillin</b>"))
    order(world, work_of, anna)
    sign_in(device, world.nina)  # a cookie is of the host, whatever the port
    page = device.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    # Made to hold it, by somebody who is signed in: the code is shown once.
    page.goto("/downtime")
    page.get_by_label("Hva heter PC-en eller nettbrettet?").fill("PC på vaktrommet")
    page.get_by_role("button", name="Hold nødlisten her").click()
    code = page.locator(".downtime-code")
    expect(code).to_have_text(re.compile(r"^([A-Z2-9]{4}-){3}[A-Z2-9]{4}$"))
    secret = code.inner_text()
    _keep_downtime_lists(app.works)
    device.clear_cookies(name="akson")

    # Nobody is signed in: the sign-in page asks for what is new.
    page.goto("/")
    page.goto("/downtime/list/")
    page.evaluate("async () => (await navigator.serviceWorker.ready).active.postMessage('refresh')")
    wait_until(page, _ASKED, lambda parts: parts == 1)

    journal.stop()
    device.set_offline(True)
    page.goto("/downtime/list/")
    expect(page.get_by_role("heading", name="Nødliste")).to_contain_text(world.ward["name"])
    assert Axe().run(page).response["violations"] == []
    page.get_by_label("Hva heter du?").fill("Nina på natt")
    page.get_by_label("Kode fra den forseglede konvolutten").fill("ABCD-EFGH-JKLM-NPQR")
    page.get_by_role("button", name="Åpne nødlisten").click()
    expect(page.get_by_text("Koden passer ikke")).to_be_visible()
    page.get_by_label("Kode fra den forseglede konvolutten").fill(secret.lower())
    page.get_by_role("button", name="Åpne nødlisten").click()
    article = page.locator("article")
    expect(article).to_have_count(1)
    expect(article).to_contain_text("Myrvang, Anna")
    expect(article).to_contain_text("<b>penicillin</b>")
    expect(article).to_contain_text("metoprolol")
    expect(page.locator("#age")).to_contain_text("for 0 minutter siden")
    assert Axe().run(page).response["violations"] == []
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Skriv ut")).to_be_hidden()
    assert page.pdf().startswith(b"%PDF")
    page.emulate_media(media="screen")
    page.evaluate("window.print = () => {}")
    page.get_by_role("button", name="Skriv ut").click()
    wait_until(page, _UNTOLD, lambda uses: uses == 2)
    assert log_of(world, anna) == []

    # And back: what it was used for is told, once.
    journal.start()
    device.set_offline(False)
    page.goto("/downtime/list/")
    page.evaluate("async () => (await navigator.serviceWorker.ready).active.postMessage('refresh')")
    wait_until(page, _UNTOLD, lambda uses: uses == 0)
    assert log_of(world, anna) == [("Nina på natt", "downtime:opened"), ("Nina på natt", "downtime:printed")]
    expect(page.locator("article")).to_have_count(0)
    assert complaints == []


def log_of(world: World, patient_id: Any) -> list[Any]:
    query = "SELECT actor_name, action FROM audit.access_log WHERE patient_id = %s AND action LIKE 'downtime:%%' ORDER BY action"
    return world.migrator.execute(query, (patient_id,)).fetchall()
