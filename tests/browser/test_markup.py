"""Markup typed into every text field of every form, and the pages that show it, in a real browser: none of it is markup there.

`make markup` types all sixty of attacks.RUNS; the suite types one that breaks out of most places.
"""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page

from tests.architecture import attacks
from tests.architecture.charts import Connection
from tests.architecture.test_attacks import targets
from tests.architecture.test_authorisation_matrix import FORMS, Country, Who, form_of, settle
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
SignIn = Callable[[BrowserContext, Staff], None]
TabOf = Callable[["Who"], "Tab"]
ONE = f"\"'></textarea></title></script><img id={attacks.MARK} src=x onerror=alert(1)>"
PAYLOADS = attacks.RUNS if os.environ.get("AKSON_ATTACKS") else (ONE,)
_RAN = f"document.querySelectorAll('[id={attacks.MARK}], {attacks.MARK}').length"


class Tab:
    """A tab of one person's, and what it complained of: a dialog, or what the policy had to stop."""

    def __init__(self, page: Page) -> None:
        self._page, self._heard = page, list[str]()
        page.on("dialog", self._dialog)
        page.on("console", self._console)

    def ran(self, path: str) -> list[str]:
        """What the browser made of the markup on this page; nothing when it is text."""
        self._heard.clear()
        self._page.goto(path, wait_until="load")
        elements = self._page.evaluate(_RAN)
        return [*self._heard, *([f"{elements} elements"] if elements else [])]

    def _dialog(self, dialog: Dialog) -> None:
        self._heard.append("dialog")
        dialog.dismiss()

    def _console(self, line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            self._heard.append(line.text)


@pytest.fixture
def tab_of(chromium: Chromium, base_url: str, sign_in: SignIn) -> Iterator[TabOf]:
    """`tab_of(nurse)`: hers, the same each time."""
    contexts: dict[str, BrowserContext] = {}
    tabs: dict[str, Tab] = {}

    def tab(who: Who) -> Tab:
        if who.name not in tabs:
            contexts[who.name] = chromium.new_context(base_url=base_url, reduced_motion="reduce")
            if who.staff is not None:
                sign_in(contexts[who.name], who.staff)
            tabs[who.name] = Tab(contexts[who.name].new_page())
        return tabs[who.name]

    yield tab
    for context in contexts.values():
        context.close()


def typed(country: Country, payload: str) -> int:
    """Types it into one field of a form at a time; answers how many forms took it."""
    taken = 0
    for endpoint, who, path in targets(country, "POST"):
        for field in FORMS.get(endpoint, {}):
            answer = who.browser.act(path, {**form_of(endpoint, who.staff, country), field: payload})
            taken += answer.status_code == 303
    return taken


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_that_is_stored_is_text_on_every_page_that_shows_it(
    world: World, migrator: Connection, client_for: ClientFor, tab_of: TabOf, payload: str
) -> None:
    country = settle(world, migrator, client_for, ("own",))
    taken, shown, wrong = typed(country, payload), 0, list[str]()
    for endpoint, who, path in targets(country, "GET"):
        answer = who.browser.get(path)
        if answer.mimetype != "text/html" or attacks.MARK not in answer.text:
            continue
        shown += 1
        wrong += [f"{endpoint}: {found}" for found in tab_of(who).ran(path)]
    print(f"\n{payload!r}: taken by {taken} forms, shown by {shown} pages")  # noqa: T201
    assert shown and not wrong, "\n".join(wrong)
