"""The tables of prepared things: what lies in a dosett or a multidose roll, as it was laid in or packed."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Entry, Record

_PREPARED = ["medication.prepared.patient_id", "medication.prepared.id"]


class Prepared(Entry, Base):
    """A dosett or a roll, from the first day to the last one; FHIR's MedicationDispense. A correction is a new version.

    `prepared_by`: who laid it in, or the pharmacy that packed it. Who wrote it down is who recorded it.
    """

    __tablename__ = "prepared"
    __table_args__ = (sa.UniqueConstraint("patient_id", "entry_id", "version"), {"schema": "medication"})

    kind: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    prepared_by: Mapped[str]


class PreparedLine(Record, Base):
    """One medicine in one compartment or bag, and the version of the order it was made from; None for one that matched none."""

    __tablename__ = "prepared_line"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id", "prepared_id"], _PREPARED),
        sa.UniqueConstraint("patient_id", "prepared_id", "due_at", "request_entry_id"),
        sa.Index("prepared_line_due", "patient_id", "due_at"),
        {"schema": "medication"},
    )

    prepared_id: Mapped[UUID]
    due_at: Mapped[datetime]
    medicine: Mapped[str | None]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    unit: Mapped[str]
    request_entry_id: Mapped[UUID | None]
    request_version: Mapped[int | None]


class PreparedCheck(Record, Base):
    """A dosett controlled by another, or a roll accepted against the list or sent back. Once for a version."""

    __tablename__ = "prepared_check"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "prepared_id"),
        sa.ForeignKeyConstraint(["patient_id", "prepared_id"], _PREPARED),
        {"schema": "medication"},
    )

    prepared_id: Mapped[UUID]
    outcome: Mapped[str]
    reason: Mapped[str | None]


class PreparedTakeOut(Record, Base):
    """A line that was taken out of its bag; without a line, a bag that was given up, and why."""

    __tablename__ = "prepared_take_out"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "line_id"),
        sa.ForeignKeyConstraint(["patient_id", "prepared_id"], _PREPARED),
        sa.ForeignKeyConstraint(
            ["patient_id", "line_id"], ["medication.prepared_line.patient_id", "medication.prepared_line.id"]
        ),
        sa.Index(
            "bag_given_up_once",
            "patient_id",
            "prepared_id",
            "due_at",
            unique=True,
            postgresql_where=sa.text("line_id IS NULL"),
        ),
        {"schema": "medication"},
    )

    prepared_id: Mapped[UUID]
    due_at: Mapped[datetime]
    line_id: Mapped[UUID | None]
    reason: Mapped[str | None]
