"""A page that counts what its user does, so that the budgets for clicks are numbers and not opinions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response

PATIENCE_MS = 20_000
"""How long anything may take before a test fails. Generous: it is a limit for a busy machine, not a goal."""

_FAILED_FETCH = "Failed to load resource"


@dataclass
class Counts:
    """Taps, keys that are not content, and full page loads. What is typed as content is not counted."""

    taps: int = 0
    keys: int = 0
    loads: int = 0


@dataclass
class Counting:
    """One tab of a signed-in person. Act through tap(), press() and write(), and nothing is missed."""

    page: Page
    counts: Counts = field(default_factory=Counts)
    refusals: set[int] = field(default_factory=set)
    """Statuses from 400 up that the test expects; any other is a complaint."""
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("response", self._answered)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    @classmethod
    def in_context(cls, context: BrowserContext) -> "Counting":
        """A new tab of this browser."""
        context.set_default_timeout(PATIENCE_MS)
        return cls(context.new_page())

    def open(self, path: str) -> None:
        """An address typed by the test itself."""
        self.page.goto(path)

    def tap(self, what: str | Locator) -> None:
        """One tap on a thing that can be seen and reached."""
        self.counts.taps += 1
        self._find(what).click()

    def press(self, key: str) -> None:
        """One key (or a combination held at once) that is not content."""
        self.counts.keys += 1
        self.page.keyboard.press(key)

    def write(self, what: str | Locator, text: str) -> None:
        """Content, typed key by key into a field."""
        self._find(what).press_sequentially(text)

    def find(self, what: str) -> Locator:
        """Where something is, without acting."""
        return self.page.locator(what)

    def sign_in_as(self, role_id: UUID) -> None:
        """From the sign-in page. There all tests' people stand under one name, so she may have to be unfolded first."""
        person = self.find(f"button[name=role_id][value='{role_id}']")
        if not person.is_visible():
            self.tap(self.find(".towns form").filter(has=person).locator("summary"))
        self.tap(person)

    @contextmanager
    def counted(self) -> Iterator[Counts]:
        """What is done within, counted from nothing; the page loads too, once the page is at rest."""
        self.counts = Counts()
        yield self.counts
        self.page.wait_for_load_state("load")

    def _find(self, what: str | Locator) -> Locator:
        return self.page.locator(what) if isinstance(what, str) else what

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")
        whole = response.request.is_navigation_request() and response.frame == self.page.main_frame
        if whole and not 300 <= response.status < 400:
            self.counts.loads += 1

    def _said(self, message: ConsoleMessage) -> None:
        # A refusal is told of above, with its status; whatever else is an error is one, and so is what the policy stopped.
        policy = "Content Security Policy" in message.text
        if (message.type == "error" and not message.text.startswith(_FAILED_FETCH)) or policy:
            self.complaints.append(f"{self.page.url}: {message.text}")
