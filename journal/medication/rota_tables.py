"""The hours of the week that a unit has given to a doctor who stands in."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base


class StandInWindow(Base):
    """One window of a version of SigningSetting: from a minute of the week (0 is Monday 00.00 in Oslo), for some minutes."""

    __tablename__ = "stand_in_window"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    starts: Mapped[int] = mapped_column(primary_key=True)
    minutes: Mapped[int]
    stand_in_id: Mapped[UUID]
