"""The dose chart of a week: a row for each order, a cell for each day, and in the cell what was to be and what was."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules import (
    DoseStatus,
    MedicationLine,
    OrderStatus,
    Week,
    day_heading,
    dose_status,
    said_in_column,
    say,
)
from journal.medication.rules.alone import alone_text
from journal.medication.service import DueDose, OrderSpan, SpanFact
from journal.platform.clock import day_bounds, hhmm, local_date, norwegian_date
from journal.platform.language import gettext as _
from journal.platform.language import joined, phrase, phrases

GROUPS = phrases({"1": "Fast", "2": "Kur", "3": "Ved behov"})
_EVENTS = phrases(
    {
        "prescribe": "Startet %(time)s av %(name)s",
        "change": "Endret %(time)s av %(name)s",
        "hold": "Pauset %(time)s av %(name)s",
        "resume": "Gjenopptatt %(time)s av %(name)s",
        "stop": "Seponert %(time)s av %(name)s",
        "complete": "Avsluttet %(time)s av %(name)s",
    }
)


class Shown(NamedTuple):
    """One thing in a cell. `mark` is the status its symbol is drawn by, None for what was decided of the order.

    `also`: what more must be known of the dose: who gave it too, that it was corrected.
    """

    at: datetime
    time: str
    mark: str | None
    amount: str
    text: str
    by: str
    also: tuple[str, ...] = ()


class Cell(NamedTuple):
    """A day of a row. `unplanned`: doses may come that have not been worked out yet, so an empty cell says nothing."""

    day: date
    heading: str
    shown: tuple[Shown, ...]
    unplanned: bool


class Heading(NamedTuple):
    """A line that held in the week; `since` in words for one that began within it."""

    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    since: str


class ChartRow(NamedTuple):
    """An order of the chart."""

    request_entry_id: UUID
    headings: tuple[Heading, ...]
    cells: tuple[Cell, ...]


def week_rows(
    week: Week, orders: Sequence[OrderSpan], doses: Sequence[DueDose], facts: Sequence[SpanFact], now: datetime
) -> tuple[tuple[str, tuple[ChartRow, ...]], ...]:
    """The rows by group (fast, kur, ved behov), each with its title; a group without rows is left out."""
    shown: dict[tuple[UUID, date], list[Shown]] = defaultdict(list)
    for entry_id, day, one in [*_doses(doses, facts, now), *_facts(facts), *_events(orders, week)]:
        shown[entry_id, day].append(one)
    versions: dict[UUID, list[OrderSpan]] = defaultdict(list)
    for order in orders:
        versions[order.request_entry_id].append(order)
    rows = [(of[-1].use, _row(week, of, shown)) for of in versions.values()]
    groups = [(title, tuple(row for of, row in rows if of == use)) for use, title in GROUPS.items()]
    return tuple(group for group in groups if group[1])


def week_heading(week: Week) -> str:
    """`Uke 47: 16.11.2026–22.11.2026`."""
    first, last = norwegian_date(week.monday), norwegian_date(week.days[-1])
    return _("Uke %(number)s: %(first)s–%(last)s", number=week.number, first=first, last=last)


def _row(week: Week, versions: Sequence[OrderSpan], shown: dict[tuple[UUID, date], list[Shown]]) -> ChartRow:
    entry_id = versions[0].request_entry_id
    return ChartRow(
        entry_id,
        tuple(_headings(week, versions)),
        tuple(
            Cell(
                day,
                day_heading(day),
                tuple(sorted(shown[entry_id, day], key=lambda one: one.at)),
                _unplanned(day, versions[-1]),
            )
            for day in week.days
        ),
    )


def _headings(week: Week, versions: Sequence[OrderSpan]) -> Iterator[Heading]:
    """Each line once, with when it began where it did within the week: last month's dose is never under today's."""
    said: MedicationLine | None = None
    for version in versions:
        if version.line == said and version.in_force:
            continue
        began = version.since > week.start
        since = _("fra %(time)s", time=_at(version.since)) if began and said is not None and version.in_force else ""
        if version.in_force or said is None:
            flags = (*version.flags, ("neutral", _("tar selv"))) if version.by_patient else version.flags
            yield Heading(version.line, flags, since)
            said = version.line


def _unplanned(day: date, newest: OrderSpan) -> bool:
    """Whether doses of this day may be missing because nobody has worked them out yet."""
    start, end = day_bounds(day)
    if newest.as_needed or not newest.in_force or newest.planned_until is None:
        return False
    return newest.planned_until < end and (newest.until is None or newest.until > start)


def _doses(doses: Iterable[DueDose], facts: Sequence[SpanFact], now: datetime) -> Iterator[tuple[UUID, date, Shown]]:
    of_dose: dict[UUID, list[SpanFact]] = defaultdict(list)
    for fact in facts:
        if fact.dose_id is not None:
            of_dose[fact.dose_id].append(fact)
    for dose in doses:
        day, signed = local_date(dose.due_at), dose.signed
        yield (
            dose.request_entry_id,
            day,
            Shown(
                dose.due_at,
                hhmm(dose.due_at),
                dose.status.value,
                say(dose.amount),
                _said(dose, day, now),
                signed.by_name if signed else "",
                (*_also(dose), *(_more(fact) for fact in of_dose[dose.id])),
            ),
        )


def _said(dose: DueDose, day: date, now: datetime) -> str:
    """What a dispenser has told of it stands as it is: nobody has signed that."""
    if dose.status in (DoseStatus.IN_DISPENSER, DoseStatus.TAKEN_OUT):
        return dose.status_text
    return said_in_column(dose.status, dose.due_at, dose.signed.state if dose.signed else None, day=day, now=now)


def _also(dose: DueDose) -> Iterator[str]:
    if dose.awaits_witness:
        yield _("Venter på en signatur til")
    if dose.alone:
        yield alone_text(dose.alone)
    if dose.witnessed_by:
        yield _("Kontrollert av %(name)s", name=dose.witnessed_by)
    for name in dose.also_given:
        yield _("Også gitt av %(name)s", name=name)


def _more(fact: SpanFact) -> str:
    if fact.in_error_because is None:
        return _("Tok %(amount)s", amount=say(fact.amount)) if fact.amount else _("Ukjent hvor mye")
    return _corrected(fact)


def _corrected(fact: SpanFact) -> str:
    """The reason is a mistake's own words; one that the law has erased is gone."""
    said = _(
        "Rettet: signaturen til %(name)s kl. %(time)s var feil", name=fact.by_name, time=hhmm(fact.state.effective_at)
    )
    return f"{said} ({fact.in_error_because})" if fact.in_error_because else said


def _facts(facts: Iterable[SpanFact]) -> Iterator[tuple[UUID, date, Shown]]:
    """Doses as needed. One that was a mistake was not given: it stands as corrected, without the mark of a given dose."""
    for fact in facts:
        if fact.dose_id is not None:
            continue
        at = fact.state.effective_at
        mistaken = fact.in_error_because is not None
        status = dose_status(at, at, fact.state)
        text = _corrected(fact) if mistaken else said_in_column(status, at, fact.state, day=local_date(at), now=at)
        mark = None if mistaken else "prn" if status is DoseStatus.GIVEN else status.value
        amount = "" if mistaken or fact.amount is None else say(fact.amount)
        yield (
            fact.request_entry_id,
            local_date(at),
            Shown(at, hhmm(at), mark, amount, text, "" if mistaken else fact.by_name),
        )


def _events(orders: Iterable[OrderSpan], week: Week) -> Iterator[tuple[UUID, date, Shown]]:
    """What was decided of an order within the week, on the day it was decided; and a pause that is on at its start."""
    for order in orders:
        if not week.start <= order.changed_at < week.end:
            if order.status is OrderStatus.ON_HOLD and order.since <= week.start:
                said = _("Pauset siden %(time)s av %(name)s", time=_at(order.changed_at), name=order.changed_by)
                shown = Shown(week.start, "", None, "", joined(": ", (said, order.change_reason or "")), "")
                yield order.request_entry_id, week.monday, shown
            continue
        shown = Shown(order.changed_at, "", None, "", decided(order, hhmm(order.changed_at)), "")
        yield order.request_entry_id, local_date(order.changed_at), shown


def decided(order: OrderSpan, at: str) -> str:
    """`Endret 14.00 av Lars Haugen: Lav puls`, with the time as it is said."""
    said = phrase(_EVENTS.get(order.change, _EVENTS["change"]), time=at, name=order.changed_by)
    return joined(": ", (said, order.change_reason or ""))


def _at(at: datetime) -> str:
    """`onsdag 18.11. kl. 14.00`."""
    return _("%(day)s kl. %(time)s", day=day_heading(local_date(at)), time=hhmm(at))
