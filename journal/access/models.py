"""The tables of access that the application writes itself; sessions are reached through functions of the database alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record


class CareRelationship(Record, Base):
    """Tjenstlig behov: why this unit or person may open this chart, from, until (with grace), and the decision behind it."""

    __tablename__ = "care_relationship"
    __table_args__ = {"schema": "access"}

    practitioner_id: Mapped[UUID | None]
    ground: Mapped[str]
    service_code: Mapped[str | None]
    purpose: Mapped[str] = mapped_column(server_default="TREAT")
    decision_ref: Mapped[dict[str, Any] | None]
    room: Mapped[str | None]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    grace_until: Mapped[datetime | None]
    away_from: Mapped[datetime | None]
    away_until: Mapped[datetime | None]
