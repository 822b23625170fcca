"""The register of who may do what, as a table of people and acts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from journal.medication.rules.authority import ACTS, EXPIRES_SOON, GIVING, Act
from journal.medication.service import Held, Member
from journal.platform.clock import hhmm, local_date, norwegian_date, short_date
from journal.platform.language import gettext as _
from journal.platform.language import ngettext
from journal.web.shell import role_text

_YEAR = timedelta(days=365)


class Cell(NamedTuple):
    """Whether somebody may do an act: `kind` is role, delegated, named, later or none, with what is said of it."""

    kind: str
    short: str
    text: str


class Row(NamedTuple):
    """One person: her name and role, a cell for each act, and what is delegated to her."""

    id: UUID
    name: str
    role: str
    cells: tuple[Cell, ...]
    held: tuple["HeldText", ...]


class HeldText(NamedTuple):
    """One delegation in words. `ends_soon`: within 30 days."""

    entry_id: UUID
    version: int
    acts: str
    details: tuple[str, ...]
    ends: str
    ends_soon: bool


class Ending(NamedTuple):
    """One that ends within 30 days."""

    person_id: UUID
    entry_id: UUID
    name: str
    acts: str
    ends: str


def columns() -> list[str]:
    """The acts, as the heads of the table."""
    return [ACTS[act] for act in Act]


def register_rows(members: Sequence[Member], now: datetime) -> list[Row]:
    """The people of the unit, by name."""
    return [
        Row(
            member.id,
            member.name,
            role_text(member.role),
            tuple(_cell(member, act, now) for act in Act),
            tuple(_held_text(held, now) for held in member.held),
        )
        for member in members
    ]


def endings(members: Sequence[Member], now: datetime) -> list[Ending]:
    """Those that end within 30 days, the first first."""
    soon = sorted(
        ((held.valid_until, member, held) for member in members for held in member.held if _soon(held, now)),
        key=lambda one: (one[0], one[1].name),
    )
    return [
        Ending(member.id, held.entry_id, member.name, _acts_text(held.acts), _end(held.valid_until))
        for _until, member, held in soon
    ]


def typed_of(held: Held | None, now: datetime) -> dict[str, Any]:
    """The form as it stands before anything is typed: what is changed, or a new one for a year. No act is chosen beforehand."""
    last_day = norwegian_date(local_date(now + _YEAR))
    if held is None:
        return {"acts[]": [], "last_day": last_day, "version": 0}
    return {
        "acts[]": [act.value for act in held.acts],
        "patients[]": [str(id) for id in held.patient_ids or ()],
        "course_on": norwegian_date(held.course_on),
        "tested_on": norwegian_date(held.tested_on) if held.tested_on else "",
        "first_day": norwegian_date(local_date(held.valid_from)) if held.valid_from > now else "",
        "last_day": last_day,
        "version": held.version,
    }


def choices(*, may_let_delegate: bool) -> list[tuple[str, str]]:
    """The acts that may be ticked."""
    return [(act.value, ACTS[act]) for act in (Act if may_let_delegate else GIVING)]


def _cell(member: Member, act: Act, now: datetime) -> Cell:
    if act in member.carried:
        return Cell("role", _("rolle"), _("Ja, følger av rollen"))
    held = [held for held in member.held if act in held.acts]
    if not held:
        return Cell("none", "–", _("Nei"))
    begun = [one for one in held if one.valid_from <= now]
    if not begun:
        return Cell("later", _("fra %(day)s", day=_day(held[0].valid_from)), _("Nei, ikke ennå"))
    best = max(begun, key=lambda one: (one.patient_ids is None, one.valid_until))
    until = _("til %(day)s", day=_day(best.valid_until))
    if best.patient_ids is None:
        return Cell("delegated", until, _("Ja, fullmakt for alle pasientene"))
    count = ngettext("%(num)s pasient", "%(num)s pasienter", len(best.patient_ids))
    return Cell("named", f"{count}, {until}", _("Ja, fullmakt for noen pasienter"))


def _held_text(held: Held, now: datetime) -> HeldText:
    tested = _("prøve %(day)s", day=norwegian_date(held.tested_on)) if held.tested_on else _("ingen prøve")
    whom = (
        _("alle pasientene i enheten")
        if held.patient_ids is None
        else ngettext("%(num)s pasient", "%(num)s pasienter", len(held.patient_ids))
    )
    details = (
        whom,
        _("kurs %(day)s", day=norwegian_date(held.course_on)),
        tested,
        _("gitt av %(name)s %(day)s", name=held.delegated_by, day=norwegian_date(local_date(held.delegated_at))),
    )
    return HeldText(
        held.entry_id, held.version, _acts_text(held.acts), details, _end(held.valid_until), _soon(held, now)
    )


def _acts_text(acts: Sequence[Act]) -> str:
    first, *rest = (ACTS[act] for act in acts)
    return ", ".join([str(first), *(str(each.in_a_sentence()) for each in rest)])


def _soon(held: Held, now: datetime) -> bool:
    return held.valid_until <= now + EXPIRES_SOON


def _end(until: datetime) -> str:
    return str(_("%(day)s kl. %(time)s", day=norwegian_date(local_date(until)), time=hhmm(until)))


def _day(at: datetime) -> str:
    return f"{short_date(local_date(at))}{local_date(at).year % 100:02}"
