"""The tables of where grounds come from and of who is at work (migration 0046)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base


class GraceSetting(Base):
    """How many hours a chart stays open to its unit after the end, as the municipality has chosen. A change is the next version."""

    __tablename__ = "grace_setting"
    __table_args__ = {"schema": "access"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[int]
    proposal_id: Mapped[UUID | None]
    recorded_by: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class Shift(Base):
    """Somebody is at work in a unit: what she says herself in one tap. Context for the log; no ground, and no condition."""

    __tablename__ = "shift"
    __table_args__ = {"schema": "access"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    unit_id: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    role: Mapped[str] = mapped_column(server_default=FetchedValue())
    started_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    ended_at: Mapped[datetime | None]
