"""Who stands in at which hour: asked for an instant of the database, and for a whole week of the rule."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication.rules.rota import (
    Rota,
    Row,
    Span,
    Window,
    in_words,
    named_twice,
    open_hours,
    week_of,
    windows_of,
)
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.language import phrase
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

_AT = Statement(sa.text("SELECT s.id, s.name FROM medication.stand_in_at(:unit_id, :at) s"))
# The unit, those above it and those below it, each with what it has chosen last.
_UNITS = Statement(
    sa.text(
        """
    WITH RECURSIVE up AS (
        SELECT u.id, u.parent_id, u.name FROM municipalities.unit u WHERE u.id = :unit_id
        UNION ALL
        SELECT u.id, u.parent_id, u.name FROM municipalities.unit u JOIN up ON u.id = up.parent_id),
    down AS (
        SELECT u.id, u.parent_id, u.name FROM municipalities.unit u WHERE u.id = :unit_id
        UNION ALL
        SELECT u.id, u.parent_id, u.name FROM municipalities.unit u JOIN down ON u.parent_id = down.id
        WHERE u.valid_until IS NULL OR u.valid_until > now()),
    units AS (
        SELECT down.*, true AS below FROM down
        UNION ALL
        SELECT up.*, false FROM up WHERE up.id <> :unit_id)
    SELECT units.*, s.version IS NOT NULL AS chosen, s.stand_in_id,
        (SELECT coalesce(json_agg(json_build_array(w.starts, w.minutes, w.stand_in_id)), '[]')
         FROM medication.stand_in_window w WHERE (w.unit_id, w.version) = (s.unit_id, s.version)) AS windows
    FROM units
    LEFT JOIN LATERAL (
        SELECT s.* FROM medication.signing_setting s WHERE s.unit_id = units.id ORDER BY s.version DESC LIMIT 1) s ON true
    ORDER BY units.name
    """
    )
)
# Those who work here as doctors now, and whoever else is named.
PEOPLE = Statement(
    sa.text(
        """
    SELECT p.id, p.name, d.id IS NOT NULL AS works FROM municipalities.practitioner p
    LEFT JOIN LATERAL (
        SELECT r.id FROM municipalities.practitioner_role r
        WHERE r.practitioner_id = p.id AND r.role = 'doctor' AND r.valid_from <= now()
          AND (r.valid_until IS NULL OR r.valid_until > now()) LIMIT 1) d ON true
    WHERE d.id IS NOT NULL OR p.id = ANY (:named) ORDER BY p.name, p.id
    """
    ).bindparams(sa.bindparam("named", type_=sa.ARRAY(sa.Uuid)))
)


class StandIn(NamedTuple):
    """Whoever stands in."""

    id: UUID
    name: str


@dataclass(frozen=True)
class WeekOfStandIns:
    """The rota of a unit: `rotas` are its own (empty, where it has not chosen) and those of the units above it that have chosen,
    the nearest first. `names`: of all who are named or may be; `working`: of them, those who are doctors here now.
    """

    rotas: tuple[Rota, ...]
    names: dict[UUID, str]
    working: frozenset[UUID]

    @property
    def spans(self) -> tuple[Span, ...]:
        return week_of(self.rotas, self.working)

    @property
    def open(self) -> tuple[Span, ...]:
        return open_hours(self.rotas, self.working)

    @property
    def left(self) -> tuple[str, ...]:
        """Whom the unit itself names, and who is no doctor here any more."""
        return tuple(sorted(self.names[each] for each in self.rotas[0].people() - self.working))


class Gap(NamedTuple):
    """A unit where somebody must be named: the hours when nobody stands in, and those named who have left."""

    unit: str
    hours: tuple[Span, ...]
    left: tuple[str, ...]


class Rotas(Service):
    """By the unit's own rota, and at the hours it leaves open by the nearest above it."""

    @without_patient(Permission.MEDICATION_APPOINT)
    def doctors(self) -> list[tuple[UUID, str]]:
        """Those who may be named: who works in the municipality as a doctor, by name."""
        return [(row.id, row.name) for row in PEOPLE.rows(self.db, named=[]) if row.works]

    @without_patient(Permission.MEDICATION_APPOINT)
    def week_of_stand_ins(self) -> WeekOfStandIns:
        """Who stands in for the unit one acts in, all week."""
        return next(iter(self._weeks().values()))

    @without_patient(Permission.MEDICATION_APPOINT)
    def stand_in_gaps(self) -> list[Gap]:
        """Of the unit one acts in, and those below it that have chosen: where nobody stands in at some hour, or one who is named
        has left. By name."""
        weeks = [Gap(week.rotas[0].unit_name, week.open, week.left) for week in self._weeks().values()]
        return sorted((gap for gap in weeks if gap.hours or gap.left), key=lambda gap: gap.unit)

    def _stand_in_at(self, at: datetime) -> StandIn | None:
        """Who stands in for the unit one acts in at this instant; None: nobody is named."""
        for row in _AT.rows(self.db, unit_id=self.work.actor.unit_id, at=at):
            return StandIn(row.id, row.name)
        return None

    def _windows(self, rows: Collection[Row], otherwise: UUID | None) -> tuple[Window, ...]:
        """What is to be stored of these lines. Raises Invalid as choose_signing_rule."""
        week = self.week_of_stand_ins()
        windows = tuple(window for row in rows for window in windows_of(row))
        if otherwise is not None and otherwise not in week.working:
            raise Invalid(errors={"stand_in_id": ["Velg en lege som arbeider i kommunen."]})
        if any(window.stand_in_id not in week.working for window in windows):
            raise Invalid(errors={"windows": ["Velg en lege som arbeider i kommunen."]})
        if (twice := named_twice(windows)) is not None:
            said = phrase("To er satt opp %(hours)s. Velg én av dem.", hours=in_words([twice]))
            raise Invalid(errors={"windows": [said]})
        own = Rota(week.rotas[0].unit_name, windows, otherwise)
        if left_open := open_hours((own, *week.rotas[1:]), week.working):
            said = phrase(
                "Ingen er stedfortreder %(hours)s. Skriv timene i vaktplanen, eller velg hvem som er stedfortreder ellers.",
                hours=in_words(left_open),
            )
            raise Invalid(errors={"stand_in_id": [said]})
        return windows

    def _weeks(self) -> dict[UUID, WeekOfStandIns]:
        """By unit: the one one acts in, first, and those below it that have chosen. Two statements."""
        acting = self.work.actor.unit_id
        units = {row.id: row for row in _UNITS.rows(self.db, unit_id=acting)}
        rotas = {id: _rota(row) for id, row in units.items() if row.chosen}
        named = set().union(*(rota.people() for rota in rotas.values()))
        people = PEOPLE.rows(self.db, named=list(named))
        names = {row.id: row.name for row in people}
        working = frozenset(row.id for row in people if row.works)
        own = [acting, *(id for id, row in units.items() if row.below and row.chosen and id != acting)]
        return {id: WeekOfStandIns(_chain(id, units, rotas), names, working) for id in own}


def stands_in(unit_id: Any, limit: Any) -> sa.ScalarSelect[Any]:
    """The name of who has what waits in this unit since its limit passed, or will have it then."""
    at = sa.func.greatest(limit, sa.func.now())
    found = sa.func.medication.stand_in_at(unit_id, at).table_valued(sa.column("id"), sa.column("name", sa.Text))
    return sa.select(found.c.name).scalar_subquery()


def _rota(row: Any) -> Rota:
    windows = tuple(Window(starts, minutes, UUID(who)) for starts, minutes, who in row.windows)
    return Rota(row.name, windows, row.stand_in_id)


def _chain(unit_id: UUID, units: dict[UUID, Any], rotas: dict[UUID, Rota]) -> tuple[Rota, ...]:
    chain = [rotas.get(unit_id, Rota(units[unit_id].name))]
    above = units[unit_id].parent_id
    while above in units:
        if above in rotas:
            chain.append(rotas[above])
        above = units[above].parent_id
    return tuple(chain)
