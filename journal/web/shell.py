"""What the frame around a page shows: who is signed in, where, the menu, the colour scheme."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from flask import request, url_for

from journal.permissions import Permission
from journal.platform.language import LANGUAGES, current
from journal.platform.language import gettext as _
from journal.platform.settings import Settings
from journal.platform.work import Work
from journal.web import security


class MenuEntry(NamedTuple):
    """An entry that a context lends to the menu."""

    endpoint: str
    icon: str
    text: str
    permission: Permission


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
    waiting: int | None


def role_text(role: str) -> str:
    """The role in Norwegian."""
    texts: dict[str, str] = {
        "nurse": _("sykepleier"),
        "health_assistant": _("helsefagarbeider"),
        "doctor": _("lege"),
        "unit_manager": _("avdelingsleder"),
        "tenant_administrator": _("kommuneadministrator"),
        "auditor": _("revisor"),
    }
    return texts.get(role, role)


def assets(folder: Path, address: str) -> Callable[[str], str]:
    """Addresses of the build's files, marked with their content: a browser keeps one for long, and never mixes old with new."""

    @cache
    def asset(name: str) -> str:
        mark = hashlib.sha256(Path(folder, name).read_bytes()).hexdigest()[:8]
        return f"{address}/{name}?{mark}"

    return asset


class Shell:
    """The frame's own data; reads nothing but who is signed in."""

    def __init__(self, settings: Settings, work: Work | None, menu: Sequence[MenuEntry], tabs: Sequence[Tab]) -> None:
        self._settings, self._work, self._menu, self._tabs = settings, work, menu, tabs
        actor = work.actor if work is not None and work.signed_in else None
        self.signed_in = actor is not None
        self.person_name = actor.name if actor else ""
        self.role_text = role_text(actor.role) if actor else ""
        self.place = (actor.parent_unit_name or actor.municipality_name) if actor else ""
        self.unit = actor.unit_name if actor else ""
        self.languages, self.language = LANGUAGES, current()
        self.color_scheme = actor.color_scheme if actor else "auto"
        self.demo = settings.environment == "demo"
        self.flash = None

    @property
    def csrf_token(self) -> str:
        return security.csrf_token(self._settings, self._work) if self._work is not None else ""

    @property
    def menu(self) -> list[MenuLink]:
        """The entries this role may use."""
        if self._work is None or not self._work.signed_in:
            return []
        return [
            MenuLink(url_for(e.endpoint), e.icon, _(e.text), request.endpoint == e.endpoint, None)
            for e in self._menu
            if self._work.actor.may(e.permission)
        ]

    def tabs(self, patient_id: UUID) -> list[TabLink]:
        """The pages of this chart that the role may see; the one that is shown is current, and so is its context's."""
        actor = self._work.actor if self._work is not None and self._work.signed_in else None
        return [
            TabLink(url_for(tab.endpoint, patient_id=patient_id), _(tab.text), request.endpoint == tab.endpoint)
            for tab in self._tabs
            if actor is not None and actor.may(tab.permission)
        ]

    @property
    def switch_user_url(self) -> str:
        return url_for("access.switch_user")

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
    def _here(self) -> str:
        return request.path if request.method == "GET" and request.url_rule is not None else "/"

    @property
    def search_url(self) -> str | None:
        """None for whoever may not search for people."""
        may = self._work is not None and self._work.signed_in and self._work.actor.may(Permission.PATIENTS_FIND)
        return url_for("patients.search") if may else None
