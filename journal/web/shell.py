"""What the frame around a page shows: who is signed in, where, the menu, the colour scheme."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from flask import g, request, url_for

from journal.permissions import Permission, permissions_of
from journal.platform.language import LANGUAGES, current, phrases
from journal.platform.language import gettext as _
from journal.platform.settings import Settings
from journal.platform.work import Work
from journal.web import security
from journal.web.pages import Pages

# In the addresses that are made once; the patient's own id takes its place.
_NOBODY = UUID(int=0)


class MenuEntry(NamedTuple):
    """An entry that a context lends to the menu. *seldom*: what is set up and followed up, not what is done in a shift."""

    endpoint: str
    icon: str
    text: str
    permission: Permission
    seldom: bool = False


class Tab(NamedTuple):
    """A page of a patient's chart that a context lends to the row of tabs."""

    endpoint: str
    text: str
    permission: Permission


class TabLink(NamedTuple):
    url: str
    text: str
    current: bool


class MenuLink(NamedTuple):
    url: str
    icon_name: str
    text: str
    current: bool


class Menu(NamedTuple):
    """What always stands in the menu, and what stands under "Mer"."""

    first: tuple[MenuLink, ...]
    more: tuple[MenuLink, ...]

    @property
    def more_is_current(self) -> bool:
        return any(link.current for link in self.more)


_FEW = 8
"""So many entries are all shown, seldom or not."""

_ROLES = phrases(
    {
        "nurse": "sykepleier",
        "health_assistant": "helsefagarbeider",
        "assistant": "assistent",
        "student": "student",
        "doctor": "lege",
        "unit_manager": "avdelingsleder",
        "case_officer": "saksbehandler",
        "kitchen": "kjøkken",
        "tenant_administrator": "kommuneadministrator",
        "auditor": "revisor",
        # Only the access log knows these.
        "system": "journalen selv",
        "downtime_list": "brukte nødlisten",
    }
)


def role_text(role: str) -> str:
    """The role in Norwegian."""
    return _ROLES.get(role, role)


def front(role: str) -> str:
    """The endpoint where a role begins in a chart: the overview, or what it has instead."""
    return "chart.front_page" if Permission.CHART_READ in permissions_of(role) else "care.services"


def assets(folder: Path, address: str) -> Callable[[str], str]:
    """Addresses of the build's files, marked with their content: a browser keeps one for long, and never mixes old with new."""

    @cache
    def asset(name: str) -> str:
        mark = hashlib.sha256(Path(folder, name).read_bytes()).hexdigest()[:8]
        return f"{address}/{name}?{mark}"

    return asset


@cache
def _menu(entries: Sequence[MenuEntry], role: str, endpoint: str | None, _language: str) -> Menu:
    """Made once for each role, page and language."""
    rights = permissions_of(role)
    held = [e for e in entries if e.permission in rights]

    def links(seldom: bool) -> tuple[MenuLink, ...]:
        chosen = (e for e in held if (e.seldom and len(held) > _FEW) == seldom)
        return tuple(MenuLink(url_for(e.endpoint), e.icon, _(e.text), endpoint == e.endpoint) for e in chosen)

    return Menu(links(False), links(True))


@cache
def _tabs(tabs: Sequence[Tab], role: str, endpoint: str | None, _language: str) -> tuple[TabLink, ...]:
    """As the menu; the addresses are those of nobody's chart."""
    rights = permissions_of(role)
    return tuple(
        TabLink(url_for(tab.endpoint, patient_id=_NOBODY), _(tab.text), endpoint == tab.endpoint)
        for tab in tabs
        if tab.permission in rights
    )


def chart_tabs(pages: Pages, tabs: Sequence[Tab]) -> Callable[[UUID], str]:
    """Writes the row of tabs: the pages of a chart that the role may see; the one that is shown is current."""
    links = pages.macro("macros/tabs.html", "links")

    def written(patient_id: UUID) -> str:
        work: Work | None = g.get("work")
        role = work.actor.role if work is not None and work.signed_in else ""
        return links(_tabs(tabs, role, request.endpoint, current())).replace(str(_NOBODY), str(patient_id))

    return written


class Shell:
    """The frame's own data; reads nothing but who is signed in."""

    def __init__(self, settings: Settings, work: Work | None, menu: Sequence[MenuEntry]) -> None:
        self._settings, self._work, self._entries = settings, work, menu
        actor = work.actor if work is not None and work.signed_in else None
        self.signed_in = actor is not None
        self.person_name = actor.name if actor else ""
        self.role = actor.role if actor else ""
        self.place = (actor.parent_unit_name or actor.municipality_name) if actor else ""
        self.unit = actor.unit_name if actor else ""
        self.languages, self.language = LANGUAGES, current()
        self.color_scheme = actor.color_scheme if actor else "auto"
        self.demo = settings.environment == "demo"
        self.shared_device = actor is not None and actor.device_id is not None
        self.idle_seconds = actor.idle_seconds if actor else 0
        self.warned_at = actor.warned_at if actor else None

    @cached_property
    def csrf_token(self) -> str:
        return security.csrf_token(self._settings, self._work) if self._work is not None else ""

    @property
    def role_text(self) -> str:
        return role_text(self.role)

    @property
    def menu(self) -> Menu:
        """The entries this role may use."""
        return _menu(self._entries, self.role, request.endpoint, self.language)

    @property
    def scheme_url(self) -> str:
        """The way back is this page, so that a nurse who dims the screen stays where she is.

        Only the path of a known page: what somebody typed into an address is never written out again.
        """
        return url_for("access.color_scheme", back=self._here)

    @property
    def language_url(self) -> str:
        """As for the colours; who has not signed in chooses in the address of the sign-in page."""
        return url_for("access.set_language", back=self._here)

    @property
    def lock_url(self) -> str:
        """Unlocked, one comes back to this page."""
        return url_for("lock.lock", back=self._here)

    @property
    def switch_url(self) -> str:
        """As for the lock."""
        return url_for("access.switch_user", back=self._here)

    @property
    def _here(self) -> str:
        return request.path if request.method == "GET" and request.url_rule is not None else "/"

    @property
    def search_url(self) -> str | None:
        """None for whoever may not search for people."""
        return url_for("patients.search") if Permission.PATIENTS_FIND in permissions_of(self.role) else None
