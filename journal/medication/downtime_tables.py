"""The times when the journal was away, and what the giver says of a dose that another wrote in from paper."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record
from journal.platform.ids import new_id


class DowntimeRow(Base):
    """One version of a downtime of a municipality, or of a unit and those below it. The newest version of an entry holds.

    `status` is a rules.downtime.Known; `ended_at` is None while it lasts.
    """

    __tablename__ = "downtime"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    entry_id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(primary_key=True, default=1)
    unit_id: Mapped[UUID | None]
    status: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    why: Mapped[str | None]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class PaperAnswer(Record, Base):
    """What she who is said to have given a dose says herself, once: `outcome` is confirmed or denied."""

    __tablename__ = "paper_answer"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "administration_id"),
        sa.ForeignKeyConstraint(
            ["patient_id", "administration_id"],
            ["medication.medication_administration.patient_id", "medication.medication_administration.id"],
        ),
        {"schema": "medication"},
    )

    administration_id: Mapped[UUID]
    outcome: Mapped[str]
