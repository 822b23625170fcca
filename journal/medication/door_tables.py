"""The tables of the hospital door. None of them says what she takes: that is her orders', which wait or go on."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record


class CrossingRow(Record, Base):
    """She went or came, at `since`; who says so is who recorded it. `reconcile_before`: the clock, None while she is in hospital.

    `stand_in_name`: whose business it is too when the limit has passed, by the ground `relationship_id`.
    """

    __tablename__ = "crossing"
    __table_args__ = {"schema": "medication"}

    kind: Mapped[str]
    stay_id: Mapped[UUID | None]
    place: Mapped[str | None]
    since: Mapped[datetime]
    reconcile_before: Mapped[datetime | None]
    stand_in_name: Mapped[str | None]
    relationship_id: Mapped[UUID | None]


class CrossingAct(Record, Base):
    """What somebody did with the list afterwards: `act` is taken_over, confirmed or reconciled.

    Of what was confirmed: the lines as they were seen, and by which list or whose word.
    """

    __tablename__ = "crossing_act"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["patient_id", "document_id"], ["medication.source_document.patient_id", "medication.source_document.id"]
        ),
        sa.Index(
            "reconciled_once",
            "patient_id",
            "crossing_id",
            unique=True,
            postgresql_where=sa.text("act = 'reconciled' AND in_error_at IS NULL"),
        ),
        {"schema": "medication"},
    )

    crossing_id: Mapped[UUID]
    act: Mapped[str]
    said_by: Mapped[str | None]
    document_id: Mapped[UUID | None]
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))


class DoorSetting(Base):
    """Within how many hours a municipality wants a list reconciled: the newest version holds."""

    __tablename__ = "door_setting"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    within_hours: Mapped[int]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
