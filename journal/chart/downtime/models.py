"""The devices that hold the list, and what is sealed for each. Neither is a record of a patient."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base
from journal.platform.ids import new_id

SCHEMA = {"schema": "chart"}


class DowntimeDevice(Base):
    """A ward's computer or a route's device. The private half of its key never leaves it."""

    __tablename__ = "downtime_device"
    __table_args__ = SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID]
    name: Mapped[str]
    public_key: Mapped[bytes]
    token_hash: Mapped[bytes]
    recorded_by_name: Mapped[str] = mapped_column(server_default=FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    fetched_at: Mapped[datetime | None] = mapped_column(server_default=FetchedValue())
    ended_at: Mapped[datetime | None]


class DowntimePart(Base):
    """One patient's part of a device's list: written over at each change, and empty when she has left the unit.

    *seen*: the snapshot of the database that it was built from.
    """

    __tablename__ = "downtime_part"
    __table_args__ = SCHEMA

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    built_at: Mapped[datetime]
    seen: Mapped[str]
    sealed: Mapped[str | None]
