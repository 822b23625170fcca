"""Who opened this chart, and what did this person open. Reading the log is itself an access, and is logged."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from journal.audit import rules
from journal.audit.selecting import records_of
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Invalid
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

# A date window lets PostgreSQL leave the other months alone.
WINDOW = timedelta(days=31)

MOST = 500

_LOG = sa.table(
    "access_log",
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("actor_id", sa.Uuid),
    sa.column("patient_id", sa.Uuid),
    sa.column("categories", sa.ARRAY(sa.Text)),
    sa.column("decision_ref", JSONB),
    *map(sa.column, ("actor_name", "actor_role", "unit_name", "action", "ground", "outcome")),
    sa.column("xid"),
    schema="audit",
)

# What the lines may be narrowed to: the names in the address, and the columns.
FILTERS = {"role": "actor_role", "unit": "unit_name", "ground": "ground", "outcome": "outcome", "kind": "action"}


_DAY = sa.cast(sa.func.timezone("Europe/Oslo", _LOG.c.at), sa.Date).label("day")


_ACTORS = sa.text(
    """
    SELECT actor_id, max(actor_name) AS name, max(actor_role) AS role, count(*) AS looks, max(at) AS last
    FROM audit.access_log WHERE at >= :since AND actor_id IS NOT NULL GROUP BY actor_id ORDER BY max(at) DESC LIMIT 200
    """
)

_WRITTEN = Statement(sa.text("SELECT * FROM audit.written_by(:asked)"))
# By chart and part of it: since when, and where.
Written = defaultdict[tuple[UUID, str], list[tuple[datetime, str]]]


@dataclass(frozen=True)
class LogLine:
    """Looks of the same person at the same patient, for the same act and ground within the hour: one line that unfolds.

    *places*: the units that had written in those parts of the chart before; none of whoever has a protected address.
    """

    first_at: datetime
    last_at: datetime
    looks: tuple[datetime, ...]
    actor_id: UUID | None
    actor_name: str
    actor_role: str
    unit_name: str
    patient_id: UUID | None
    action: str
    ground: str | None
    outcome: str
    categories: tuple[str, ...] = ()
    reason: str | None = None
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogDay:
    """A day of the timeline: how many looks there were in all, and the newest of them, folded."""

    day: date
    looks: int
    lines: tuple[LogLine, ...]


@dataclass(frozen=True)
class LogActor:
    actor_id: UUID
    name: str
    role: str
    looks: int
    last: datetime


@dataclass(frozen=True)
class LogPage:
    """The lines of these days, newest first. *more*: there are older ones that are not among them, but are counted by day.

    *choices*: for each of FILTERS, what there is to choose in the period.
    """

    first_day: str
    last_day: str
    lines: tuple[LogLine, ...]
    more: bool
    days: tuple[LogDay, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class AccessLog(Service):
    """For auditors: the rows of one's own municipality, newest first."""

    @without_patient(Permission.AUDIT_READ)
    def of_patient(
        self,
        patient_id: UUID,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Mapping[str, str] = MappingProxyType({}),
    ) -> LogPage:
        """Who opened this chart from the day of *since* to the day of *until*, both with it; the last 31 days unless said.

        *only*: by FILTERS, an empty one is none. Whoever opens the page next sees this reader in it. Raises Invalid when the
        last day comes before the first.
        """
        self.work.note(Permission.AUDIT_READ, patient_id)
        return self._page(_of_person([patient_id], records_of(self.work, patient_id)), since, until, only)

    @without_patient(Permission.AUDIT_READ)
    def of_person(
        self,
        actor_id: UUID,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Mapping[str, str] = MappingProxyType({}),
    ) -> LogPage:
        """What this person opened; the days, and what they are narrowed to, as for a patient. Whose it was stands in the log."""
        self.work.note(Permission.AUDIT_READ, object_id=actor_id)
        return self._page(_LOG.c.actor_id == actor_id, since, until, only)

    @without_patient(Permission.AUDIT_READ)
    def actors(self) -> list[LogActor]:
        """Everybody who opened something for this municipality in the last month."""
        self.work.note(Permission.AUDIT_READ)
        rows: Any = self.db.execute(_ACTORS, {"since": self.work.now - WINDOW})
        return [LogActor(*row) for row in rows]

    def _page(
        self,
        whose: sa.ColumnElement[bool],
        since: datetime | None,
        until: datetime | None,
        only: Mapping[str, str],
    ) -> LogPage:
        last = clock.local_date(until or self.work.now)
        first = clock.local_date(since) if since else last - WINDOW
        if first > last:
            raise Invalid(errors={"until": ["Siste dag kan ikke være før første dag."]})
        start, end = clock.day_bounds(first)[0], clock.day_bounds(last)[1]
        about = sa.and_(whose, _LOG.c.at >= start, _LOG.c.at < end)
        told = [_LOG.c[column] for column in FILTERS.values()]
        counted = self.db.execute(
            sa.select(_DAY, *told, sa.func.count().label("n")).where(about).group_by(_DAY, *told)
        ).all()
        chosen = {FILTERS[name]: value for name, value in only.items() if value}
        narrowed = [_LOG.c[column] == value for column, value in chosen.items()]
        newest = sa.select(_LOG).where(about, *narrowed).order_by(_LOG.c.at.desc()).limit(MOST + 1)
        rows = self.db.execute(newest).mappings().all()
        shown = tuple(_folded(rows[:MOST], self._written(rows[:MOST])))
        return LogPage(
            first_day=clock.norwegian_date(first),
            last_day=clock.norwegian_date(last),
            lines=shown,
            more=len(rows) > MOST,
            days=_days(counted, chosen, shown),
            choices={name: _choices(counted, column) for name, column in FILTERS.items()},
        )

    def _written(self, rows: Sequence[Any]) -> Written:
        """From whom each part of these charts is. One statement."""
        written: Written = defaultdict(list)
        asked = {row["patient_id"] for row in rows if row["patient_id"]}
        for found in _WRITTEN.rows(self.db, asked=list(asked)):
            written[found.patient_id, found.part].append((found.since, found.place))
        return written


def _of_person(asked: list[UUID], records: list[UUID]) -> sa.ColumnElement[bool]:
    """The lines of all her records. A look into linked ones is a line of each, and is told once: of the one that is *asked* for."""
    told = _LOG.alias("told")
    same = (told.c.at == _LOG.c.at, told.c.xid == _LOG.c.xid, told.c.action == _LOG.c.action)
    again = sa.select(told.c.at).where(told.c.patient_id.in_(asked), *same).exists()
    others, mine = set(records).difference(asked), _LOG.c.patient_id.in_(asked)
    return sa.or_(mine, sa.and_(_LOG.c.patient_id.in_(others), ~again)) if others else mine


def _days(counted: Sequence[Any], chosen: Mapping[str, str], lines: Sequence[LogLine]) -> tuple[LogDay, ...]:
    looks: Counter[date] = Counter()
    for row in counted:
        if all(getattr(row, column) == value for column, value in chosen.items()):
            looks[row.day] += row.n
    shown: dict[date, list[LogLine]] = defaultdict(list)
    for line in lines:
        shown[clock.local_date(line.last_at)].append(line)
    return tuple(LogDay(day, looks[day], tuple(shown[day])) for day in sorted(looks, reverse=True))


def _choices(counted: Sequence[Any], column: str) -> tuple[str, ...]:
    return tuple(sorted({value for row in counted if (value := getattr(row, column))}))


def _folded(rows: Iterable[Any], written: Written) -> Iterable[LogLine]:
    for _key, together in groupby(
        rows, key=lambda row: (rules.fold_key(row), clock.local(row["at"]).replace(minute=0, second=0, microsecond=0))
    ):
        looks = list(together)
        row = looks[0]
        categories = tuple(sorted({category for look in looks for category in look["categories"]}))
        opened = {category.partition(":")[0] for category in categories}
        by_then = (place for part in opened for since, place in written[row["patient_id"], part] if since < row["at"])
        yield LogLine(
            first_at=looks[-1]["at"],
            last_at=row["at"],
            looks=tuple(look["at"] for look in looks),
            actor_id=row["actor_id"],
            actor_name=row["actor_name"] or "",
            actor_role=row["actor_role"] or "",
            unit_name=row["unit_name"] or "",
            patient_id=row["patient_id"],
            action=row["action"],
            ground=row["ground"],
            outcome=row["outcome"],
            categories=categories,
            reason=(row["decision_ref"] or {}).get("description"),
            places=tuple(sorted(set(by_then))) if row["outcome"] == "success" else (),
        )
