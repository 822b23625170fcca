"""Unusual access: the looks that a municipality's rules find, and the rules themselves, tried before they are used."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.access import Reason, RuleChange, RuleKind, propose_rule, rule_changes
from journal.municipalities import Asked
from journal.oversight import rules
from journal.oversight.oversight_tables import MarkedRecord, RuleChoice
from journal.oversight.rules import Choice, Choices, Look, reasons
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Invalid, NotFound
from journal.platform.service import Service, without_patient

WEEK = timedelta(days=7)
MONTH = timedelta(days=31)

_LOOKS = sa.text("SELECT * FROM oversight.looks(:since, :until, (:usual)::jsonb)")
_HOURS = sa.text("SELECT * FROM oversight.hours(:since, :until)")
_CROWDS = sa.text("SELECT * FROM oversight.crowds(:since, :until, :fewest)")
_WARNED = sa.text("SELECT * FROM oversight.warned(:since, :until)")
_COUNT = sa.text("SELECT count(*) FROM audit.access_log WHERE at >= :since AND patient_id IS NOT NULL")
_POPULATION = sa.text("SELECT population FROM municipalities.municipality WHERE id = :id")
_FIELDS = frozenset(field.name for field in fields(Look))
_LEAST_CROWD = 10
# With fewer lines than this in a month, a unit has no usual hours.
_LINES_TO_SAY = 500


@dataclass(frozen=True)
class Finding:
    """A look and the codes of the rules that found it."""

    look: Look
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """What a rule would have found of the last month's looks. *looks* is how many there were."""

    found: int
    looks: int


class UnusualAccess(Service):
    """For auditors. That they look for this stands in the log, like all their reading."""

    @without_patient(Permission.AUDIT_READ)
    def found(self, since: datetime, until: datetime) -> list[Finding]:
        """What the rules find from *since* to before *until*, the newest first; nothing of oneself, one's managers or near kin.

        Raises Invalid for more than 31 days.
        """
        if until - since > MONTH + timedelta(hours=2):
            raise Invalid(errors={"since": ["Velg høyst 31 dager."]})
        self.work.note(Permission.AUDIT_READ)
        choices = self._choices()
        held = ((look, reasons(look, choices)) for look in self._looks(since, until))
        found = [Finding(look, codes) for look, codes in held if codes]
        return sorted(found, key=lambda each: each.look.last_at, reverse=True)

    @without_patient(Permission.AUDIT_READ)
    def look(self, actor_id: UUID, patient_id: UUID | None, day: date) -> Finding:
        """One of them, with its context. Raises NotFound when no rule finds it, or it is none of this auditor's."""
        self.work.note(Permission.AUDIT_READ, patient_id)
        choices, (start, end) = self._choices(), clock.day_bounds(day)
        for look in self._looks(start, end):
            same = (look.actor_id, look.patient_id, look.day) == (actor_id, patient_id, day)
            if same and (codes := reasons(look, choices)):
                return Finding(look, codes)
        raise NotFound("Ingen regel finner dette oppslaget nå.")

    @without_patient(Permission.AUDIT_READ)
    def choices(self) -> Choices:
        """Every rule, with what the municipality has chosen for it, else what fits its size."""
        self.work.note(Permission.AUDIT_READ)
        return self._choices()

    @without_patient(Permission.AUDIT_READ)
    def tried(self, trying: dict[str, int]) -> dict[str, Trial]:
        """What each of these rules would have found in the last 31 days with this threshold, switched on or not."""
        self.work.note(Permission.AUDIT_READ)
        since = clock.day_bounds(clock.local_date(self.work.now) - MONTH)[0]
        looks = self.db.scalar(_COUNT, {"since": since}) or 0
        found = dict.fromkeys(trying, 0)
        for look in self._looks(since, self.work.now):
            for code, threshold in trying.items():
                found[code] += rules.RULES[code].holds(look, threshold)
        return {code: Trial(n, looks) for code, n in found.items()}

    @without_patient(Permission.AUDIT_READ)
    def changes(self) -> list[RuleChange]:
        """What is proposed of the rules, and answered."""
        self.work.note(Permission.AUDIT_READ)
        return rule_changes(self, RuleKind.UNUSUAL)

    @without_patient(Permission.AUDIT_READ)
    def propose(self, rule: str, *, active: bool, threshold: int, asked: Asked) -> None:
        """Asks for a rule to be used with this threshold, or no longer; approved by an administrator, it holds from then on.

        Raises NotFound for a rule that is none.
        """
        if rule not in rules.RULES:
            raise NotFound()
        self.work.note(Permission.AUDIT_READ)
        held = self._choices()[rule]
        value, before = (
            {"rule": rule, "active": choice.active, "threshold": choice.threshold}
            for choice in (Choice(active, threshold), held)
        )
        propose_rule(self, RuleKind.UNUSUAL, value, before, asked)

    @without_patient(Permission.AUDIT_READ)
    def mark(self, patient_id: UUID, *, marked: bool) -> None:
        """Marks a chart, so that every reader who wrote nothing in it is shown; or no longer."""
        self.work.note(Permission.AUDIT_READ, patient_id)
        self.db.add(MarkedRecord(patient_id=patient_id, marked=marked))

    def _choices(self) -> dict[str, Choice]:
        newest = (
            sa.select(RuleChoice.rule, RuleChoice.active, RuleChoice.threshold)
            .ext(distinct_on(RuleChoice.rule))
            .order_by(RuleChoice.rule, RuleChoice.recorded_at.desc(), RuleChoice.id.desc())
        )
        chosen = {row.rule: Choice(row.active, row.threshold) for row in self.db.execute(newest)}
        population = self.db.scalar(_POPULATION, {"id": self.work.actor.municipality_id}) or 0
        return {code: chosen.get(code, choice) for code, choice in rules.defaults(population).items()}

    def _looks(self, since: datetime, until: datetime) -> Iterator[Look]:
        """Each day by itself, whichever days are asked for: a trial, the list and the page of one look find the same."""
        usual: dict[date, str] = {}
        for day in _days(since, until):
            last = _month_to(day, clock.local_date(self.work.now))
            if last not in usual:
                usual[last] = json.dumps(self._usual_hours(last))
            start, end = clock.day_bounds(day)
            asked: dict[str, Any] = {"since": max(start, since), "until": min(end, until)}
            warned = {(w.actor_id, w.patient_id, w.day): Reason(w.reason) for w in self.db.execute(_WARNED, asked)}
            for row in self.db.execute(_LOOKS, asked | {"usual": usual[last]}).mappings():
                yield _look({**row, "warned": warned.get((row["actor_id"], row["patient_id"], row["day"]))})
            for row in self.db.execute(_CROWDS, asked | {"fewest": _LEAST_CROWD}).mappings():
                yield _look({"patient_id": None, **row})

    def _usual_hours(self, last: date) -> list[tuple[str, int, int]]:
        """Unit, hour of the day, and how many different people of the unit read in it in the month to this day."""
        readers: dict[tuple[UUID, int], set[UUID]] = {}
        lines: Counter[UUID] = Counter()
        # A week at a time, so that it is answered in time also where a million lines are written a month.
        for first, end in parts(clock.day_bounds(last - MONTH)[0], clock.day_bounds(last)[1], WEEK):
            for row in self.db.execute(_HOURS, {"since": first, "until": end}):
                readers.setdefault((row.unit_id, row.hour), set()).update(row.readers)
                lines[row.unit_id] += row.lines
        return [(str(u), hour, len(who)) for (u, hour), who in readers.items() if lines[u] >= _LINES_TO_SAY]


def parts(since: datetime, until: datetime, long: timedelta) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        yield since, min(since + long, until)
        since += long


def _month_to(day: date, today: date) -> date:
    """The last day of the month whose hours a look is held against: the one to today, or that of the calendar for an older look."""
    if day >= today - MONTH:
        return today
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _days(since: datetime, until: datetime) -> Iterator[date]:
    day = clock.local_date(since)
    while clock.day_bounds(day)[0] < until:
        yield day
        day += timedelta(days=1)


def _look(row: Any) -> Look:
    lists = {name: tuple(row[name]) for name in ("grounds", "standing") if name in row}
    return Look(**{name: value for name, value in row.items() if name in _FIELDS} | lists)
