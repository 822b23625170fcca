"""A patient's dispenser as the service answers with it: frozen, and free of the database; and the statements it is read by."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.medication.dispenser_tables import Dispenser, DispenserEvent
from journal.medication.rules.dispenser import Heard, Need, Suitability
from journal.medication.service.prepared_shown import PreparedThing
from journal.platform.statement import Statement
from journal.platform.work import in_charts


@dataclass(frozen=True, kw_only=True)
class DispenserSaid:
    """What is written of a dispenser: the device, the judgement, the training and the next evaluation. `ends_on`: no more."""

    device: str
    serial: str
    starts_on: date
    ends_on: date | None = None
    suitability: Suitability
    assessed_by: str
    assessed_on: date
    trained_by: str | None = None
    trained_on: date | None = None
    evaluate_on: date | None = None


@dataclass(frozen=True)
class DeviceTold:
    """One thing the device told, and who wrote it down."""

    heard: Heard
    note: str
    came_at: datetime
    by_name: str


@dataclass(frozen=True)
class PatientDispenser:
    """A patient's dispenser with what lies in it and what it told the last two weeks, newest first. `needs`: the most urgent first,
    none for one that has ended."""

    patient_id: UUID
    entry_id: UUID
    version: int
    said: DispenserSaid
    written_by: str
    loads: tuple[PreparedThing, ...]
    told: tuple[DeviceTold, ...]
    needs: tuple[Need, ...]
    loaded_until: date | None

    def in_use(self, today: date) -> bool:
        """Whether it is the patient's on this day."""
        return self.said.starts_on <= today and (self.said.ends_on is None or self.said.ends_on >= today)


def said_of(row: Any) -> DispenserSaid:
    names = (name for name in DispenserSaid.__dataclass_fields__ if name != "suitability")
    return DispenserSaid(**{name: getattr(row, name) for name in names}, suitability=Suitability(row.suitability))


@cache
def newest_dispensers() -> Statement:
    """The last dispenser of each record. Takes ids."""
    row = Dispenser
    held = sa.select(*row.__table__.c).where(in_charts(row), row.in_error_at.is_(None))
    return Statement(
        held.ext(distinct_on(row.patient_id)).order_by(row.patient_id, row.recorded_at.desc(), row.version.desc())
    )


@cache
def events_since() -> Statement:
    """What was told since, newest first. Takes ids and since."""
    row = DispenserEvent
    lately = row.device_at >= sa.bindparam("since")
    held = sa.select(*row.__table__.c).where(in_charts(row), row.in_error_at.is_(None), lately)
    return Statement(held.order_by(row.device_at.desc(), row.id))
