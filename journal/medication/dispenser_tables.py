"""The tables of electronic dispensers: who has one and whether it suits her, and what its device has told.

What lies in it is a prepared thing of the kind "dispenser" (prepared_tables.py).
"""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from journal.platform.db import Base, Entry, Record


class Dispenser(Entry, Base):
    """A patient's dispenser, and the judgement that it suits her. A new judgement, or its end, is a new version with its reason."""

    __tablename__ = "dispenser"
    __table_args__ = (sa.UniqueConstraint("patient_id", "entry_id", "version"), {"schema": "medication"})

    device: Mapped[str | None]
    serial: Mapped[str | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    suitability: Mapped[str]
    assessed_by: Mapped[str]
    assessed_on: Mapped[date]
    trained_by: Mapped[str | None]
    trained_on: Mapped[date | None]
    evaluate_on: Mapped[date | None]
    change_reason: Mapped[str | None]


class DispenserEvent(Record, Base):
    """What the device told, when by its own clock (`device_at`) and when that came here (`recorded_at`).

    It is no administration: nobody has seen what was taken out be swallowed. `due_at`: the compartment it is about.
    """

    __tablename__ = "dispenser_event"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "dispenser_entry_id", "event_id"),
        sa.Index("dispenser_event_due", "patient_id", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index("dispenser_event_at", "patient_id", "device_at"),
        {"schema": "medication"},
    )

    dispenser_entry_id: Mapped[UUID]
    event_id: Mapped[str]
    kind: Mapped[str]
    device_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    note: Mapped[str | None]
