"""What each municipality has chosen of its doses: asked by whoever plans them, and made by its administrator."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from journal.medication.models import DoseSetting
from journal.medication.rules import (
    Chosen,
    ClockTimes,
    DoseSettings,
    OwnTolerance,
    TimeOfDay,
    Tolerance,
    in_force,
    own_clock_times,
)
from journal.permissions import Permission
from journal.platform.clock import instant, local_date
from journal.platform.errors import Conflict
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

_COLUMNS = {at: at.name.lower() for at in TimeOfDay}


@dataclass(frozen=True)
class Choice:
    """A version of the municipality's choice: what, from which day, by whom and when."""

    version: int
    since: date
    settings: DoseSettings
    chosen_by: str
    chosen_at: datetime


class MunicipalSettings(Service):
    """A municipality's own settings for doses."""

    @without_patient(Permission.MUNICIPALITIES_READ)
    def dose_settings(self) -> list[Choice]:
        """What one's own municipality has chosen, newest first; empty while the default holds."""
        return [
            Choice(row.version, row.since, _settings(row), row.recorded_by_name, row.recorded_at)
            for row in reversed(_rows(self.db, [self.work.actor.municipality_id]))
        ]

    @without_patient(Permission.MUNICIPALITIES_READ)
    def clock_times(self) -> ClockTimes:
        """The clock time of each time of day, for a dose that is ordered now: as it is from tomorrow."""
        mine = self.work.actor.municipality_id
        return in_force(choices_of(self.db, [mine]).get(mine, ()), self._tomorrow()).clock_times

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def choose_dose_settings(self, settings: DoseSettings, *, version: int) -> date:
        """A new choice, from tomorrow; answers with that day. The worker plans the unsigned doses from then on anew.

        `version` is the newest that was seen, 0 for none. Raises Conflict when another has chosen since.
        """
        since = self._tomorrow()
        columns = {column: settings.clock_times[at] for at, column in _COLUMNS.items()} | {
            "ready_minutes": _minutes(settings.ordinary.before),
            "late_minutes": _minutes(settings.ordinary.after),
            "critical_ready_minutes": _minutes(settings.narrow.before),
            "critical_late_minutes": _minutes(settings.narrow.after),
            "own": {each.atc: [*map(_minutes, each.tolerance)] for each in settings.own},
        }
        write = insert(DoseSetting).values(version=version + 1, since=since, **columns).on_conflict_do_nothing()
        if self.db.scalar(write.returning(DoseSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")
        self.db.execute(sa.text("SELECT medication.plan_anew_from(:start)"), {"start": instant(since, time.min)})
        return since

    def _tomorrow(self) -> date:
        return local_date(self.work.now) + timedelta(days=1)


def choices_of(db: Session, municipality_ids: Collection[UUID]) -> dict[UUID, list[Chosen]]:
    """The choices of these municipalities in the order they were made, as far as the actor may see them (her own; the
    worker every one)."""
    chosen: dict[UUID, list[Chosen]] = {}
    for row in _rows(db, municipality_ids):
        chosen.setdefault(row.municipality_id, []).append(Chosen(row.since, _settings(row)))
    return chosen


def _rows(db: Session, municipality_ids: Collection[UUID]) -> list[Any]:
    return _chosen().rows(db, ids=list(municipality_ids))


@cache
def _chosen() -> Statement:
    of_these = DoseSetting.municipality_id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))
    return Statement(sa.select(*DoseSetting.__table__.columns).where(of_these).order_by(DoseSetting.version))


def _settings(row: Any) -> DoseSettings:
    return DoseSettings(
        own_clock_times({at: getattr(row, column) for at, column in _COLUMNS.items()}),
        _tolerance(row.ready_minutes, row.late_minutes),
        _tolerance(row.critical_ready_minutes, row.critical_late_minutes),
        tuple(OwnTolerance(atc, _tolerance(*minutes)) for atc, minutes in sorted(row.own.items())),
    )


def _tolerance(before: int, after: int) -> Tolerance:
    return Tolerance(timedelta(minutes=before), timedelta(minutes=after))


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)
