"""A dosett or a roll as the physical box looks: a column for each day, a row for each time, and what lies in each compartment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules import day_heading
from journal.medication.rules.prepared import KINDS, LAID_IN, Outcome, PreparedKind, count_text
from journal.medication.rules.words import say
from journal.medication.service import PreparedThing, ToLayIn
from journal.platform.clock import hhmm, local_date, norwegian_date, spoken
from journal.platform.language import gettext as _
from journal.platform.language import joined, phrase
from journal.platform.quantity import Quantity

NEW, CHANGED = "new", "changed"
_MARKS = {NEW: phrase("ny"), CHANGED: phrase("endret")}


class Content(NamedTuple):
    """One medicine of a compartment. `mark`: a word where it is not as last week, or not as it should be; `gone`: taken out."""

    medicine: str
    amount: str
    mark: str
    gone: bool


class Compartment(NamedTuple):
    """The compartment of a day and time; empty where nothing lies."""

    day: date
    heading: str
    content: tuple[Content, ...]


class Row(NamedTuple):
    """A time of the days."""

    time: str
    compartments: tuple[Compartment, ...]


class Box(NamedTuple):
    """The box: the days in words, and its rows."""

    days: tuple[str, ...]
    rows: tuple[Row, ...]


class Pick(NamedTuple):
    """One medicine to be picked for the week: how much in all, and which order and version it is of."""

    key: str
    order: UUID
    medicine: str
    amount: str


class Ready(NamedTuple):
    """A dosett or a roll on the page. `outdated`: what must be taken out of how many of its unused bags, in sentences."""

    id: UUID
    kind: PreparedKind
    title: str
    state: str
    color: str
    text: str
    may_control: bool
    waits: bool
    outdated: tuple[str, ...]
    box: Box
    over: bool


class Changes(NamedTuple):
    """What differs from last week: marks by time and order, and what is there no more."""

    marks: Mapping[tuple[datetime, UUID], str]
    dropped: tuple[str, ...]
    compared: bool


NOT_COMPARED = Changes({}, (), compared=False)


def changes_since(lines: Sequence[ToLayIn], before: PreparedThing | None) -> Changes:
    """The lines of a week beside the dosett before it, weekday by weekday; nothing is marked where there was none."""
    if before is None:
        return NOT_COMPARED
    then = {
        (local_date(bag.due_at).isoweekday(), hhmm(bag.due_at), line.request_entry_id): line
        for bag in before.bags
        for line in bag.lines
    }
    marks: dict[tuple[datetime, UUID], str] = {}
    for line in lines:
        old = then.get((local_date(line.due_at).isoweekday(), hhmm(line.due_at), line.request_entry_id))
        if old is None:
            marks[line.due_at, line.request_entry_id] = NEW
        elif (old.amount, old.medicine) != (line.amount, line.medicine):
            marks[line.due_at, line.request_entry_id] = CHANGED
    still = {line.request_entry_id for line in lines}
    dropped = {line.medicine for line in then.values() if line.request_entry_id not in still}
    return Changes(marks, tuple(sorted(dropped)), compared=True)


def box_to_lay(lines: Sequence[ToLayIn], changes: Changes, starts_on: date, days: int = 7) -> Box:
    """The box as it is to be."""
    content: dict[tuple[date, str], list[Content]] = {}
    for line in lines:
        mark = changes.marks.get((line.due_at, line.request_entry_id), "")
        one = Content(line.medicine, say(line.amount), str(_MARKS[mark]) if mark else "", gone=False)
        content.setdefault((local_date(line.due_at), hhmm(line.due_at)), []).append(one)
    return _box(content, starts_on, days)


def picks(lines: Iterable[ToLayIn]) -> tuple[Pick, ...]:
    """What to fetch, medicine by medicine, with the count for all the days."""
    amounts: dict[tuple[UUID, int, str], list[Quantity]] = {}
    for line in lines:
        amounts.setdefault((line.request_entry_id, line.request_version, line.medicine), []).append(line.amount)
    return tuple(
        Pick(f"{order}.{version}", order, medicine, count_text(of))
        for (order, version, medicine), of in sorted(amounts.items(), key=lambda one: one[0][2])
    )


def ready(thing: PreparedThing, person_id: UUID, now: datetime) -> Ready:
    """A thing as the page shows it to this person."""
    state, color = _state(thing)
    content: dict[tuple[date, str], list[Content]] = {}
    for bag in thing.bags:
        for line in bag.lines:
            marks = ((line.used, _("gitt")), (line.taken_out_by, _("tatt ut")), (line.why, _("skal tas ut")))
            mark = next((text for holds, text in marks if holds), "")
            one = Content(line.medicine, say(line.amount), mark, bool(line.taken_out_by or line.why))
            content.setdefault((local_date(bag.due_at), hhmm(bag.due_at)), []).append(one)
    waits = thing.outcome is None
    own = thing.recorded_by == person_id
    return Ready(
        id=thing.id,
        kind=thing.kind,
        title=phrase(
            "%(kind)s %(first)s–%(last)s",
            kind=KINDS[thing.kind],
            first=norwegian_date(thing.starts_on),
            last=norwegian_date(thing.ends_on),
        ),
        state=state,
        color=color,
        text=_text(thing, now),
        may_control=waits and thing.kind in LAID_IN and not own,
        waits=waits,
        outdated=() if thing.outcome is Outcome.SENT_BACK else _outdated(thing, now),
        box=_box(content, thing.starts_on, (thing.ends_on - thing.starts_on).days + 1),
        over=thing.ends_on < local_date(now),
    )


def _state(thing: PreparedThing) -> tuple[str, str]:
    if thing.outcome is None and thing.kind in LAID_IN:
        return phrase("ikke kontrollert"), "warning"
    if thing.outcome is None:
        return phrase("ikke sammenlignet med listen"), "danger"
    said = {
        Outcome.CONTROLLED: (phrase("kontrollert"), "success"),
        Outcome.ACCEPTED: (phrase("godtatt"), "success"),
        Outcome.SENT_BACK: (phrase("sendt tilbake"), "neutral"),
    }
    return said[thing.outcome]


def _text(thing: PreparedThing, now: datetime) -> str:
    made = phrase("Gjort klar av %(name)s", name=thing.prepared_by)
    written = phrase("skrevet av %(name)s %(time)s", name=thing.recorded_by_name, time=spoken(thing.recorded_at, now))
    checked = phrase("%(state)s av %(name)s", state=_state(thing)[0], name=thing.checked_by) if thing.checked_by else ""
    return joined(": ", (joined(", ", (made, written, checked)), thing.reason or ""))


def _outdated(thing: PreparedThing, now: datetime) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for bag in thing.bags:
        for line in bag.outdated:
            if bag.due_at > now - timedelta(hours=12):
                counts[line.take_out] = counts.get(line.take_out, 0) + 1
    return tuple(
        phrase("%(what)s. Gjelder %(count)s rom eller poser.", what=what, count=count) for what, count in counts.items()
    )


def _box(content: Mapping[tuple[date, str], Sequence[Content]], starts_on: date, days: int) -> Box:
    dates = [starts_on + timedelta(days=n) for n in range(days)]
    times = sorted({time for _day, time in content})
    rows = (
        Row(time, tuple(Compartment(day, day_heading(day), tuple(content.get((day, time), ()))) for day in dates))
        for time in times
    )
    return Box(tuple(day_heading(day) for day in dates), tuple(rows))
