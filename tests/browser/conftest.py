"""A real Chromium against the journal over HTTP. Each test ends by looking at what the browser complained about."""

import base64
import io
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, expect, sync_playwright

from journal.app import JournalApp
from journal.medication import Medication, import_catalogue, mini_fest
from journal.medication.rules import daily
from journal.platform.quantity import Quantity
from journal.platform.settings import Settings
from tests import factories
from tests.browser.counting import PATIENCE_MS, Counting
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_fest import m30

_PROGRAM = os.environ.get("AKSON_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What the policy stops is said aloud, also where the browser itself would keep quiet.
_TELL_OF_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("Content Security Policy: " + event.violatedDirective + " " + event.blockedURI));"""

OpenAs = Callable[..., Counting]
WorkOf = Callable[..., Any]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    if not _PROGRAM:
        give_up: Callable[[str], Any] = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("no Chromium here (AKSON_CHROMIUM, chromium or google-chrome): the browser tests cannot run")
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=_PROGRAM, args=flags)
        yield made
        made.close()


@pytest.fixture
def sign_in(client_for: Callable[[Staff | None], Browser], base_url: str) -> Callable[[BrowserContext, Staff], None]:
    """Gives a browser the session of this person, as if she had signed in a moment ago."""

    def with_session(context: BrowserContext, staff: Staff) -> None:
        token = client_for(staff).token
        assert token is not None
        context.add_cookies([{"name": "akson", "value": base64.urlsafe_b64encode(token).decode(), "url": base_url}])

    return with_session


@pytest.fixture
def open_as(chromium: Chromium, base_url: str, sign_in: Callable[[BrowserContext, Staff], None]) -> Iterator[OpenAs]:
    """`open_as(nina, "/round")`: a browser of her own. At the end none of them may have complained of anything."""
    contexts: list[BrowserContext] = []
    tabs: list[Counting] = []

    def opened(staff: Staff | None, path: str, *, javascript: bool = True, width: int = 1180) -> Counting:
        context = chromium.new_context(
            base_url=base_url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 900},
            locale="nb-NO",
            reduced_motion="reduce",
        )
        contexts.append(context)
        if javascript:
            context.add_init_script(_TELL_OF_VIOLATIONS)
        if staff is not None:
            sign_in(context, staff)
        tab = Counting.in_context(context)
        tabs.append(tab)
        tab.open(path)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert [complaint for tab in tabs for complaint in tab.complaints] == []


@pytest.fixture
def usual_dose(app: JournalApp, settings: Settings, world: World, work_of: WorkOf) -> Iterator[UUID]:
    """A patient who was asked about allergies, in a ward that has saved how it gives paracetamol."""
    file = io.BytesIO()
    mini_fest.write(file)
    file.seek(0)
    import_catalogue(settings.migrator_url, file, replace=True)
    patient_id, another = world.patient(), world.patient()
    factories.no_known_allergies(world.builder, patient_id, world.nina)
    world.store()
    strength = Quantity(Decimal(500), "mg")
    dosage = daily(Quantity(Decimal(2), "tablett"), [time(8), time(20)], strength_per_unit=strength)
    with work_of(world.lars) as work:
        medication = Medication(work)
        medicine = medication.search_catalogue("paracet tab 500").hits[0].medicine
        order = medication.prescribe(another, medicine=medicine, dosage=dosage, indication="smerter")
        medication.keep_favourite(another, order)
    yield patient_id
    import_catalogue(settings.migrator_url, m30(), replace=True)
