"""Medicines that go with the patient on leave, and what is told of them when she is back."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record


class Leave(Record, Base):
    """Who handed out is who recorded it. `returned_at`: she is back; `settled_at`: it is told what was taken."""

    __tablename__ = "leave"
    __table_args__ = {"schema": "medication"}

    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    handed_to: Mapped[str]
    note: Mapped[str | None]
    returned_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class SentAlong(Record, Base):
    """A medicine of a leave: `sent` with her, or what she has at home. `amount` is all of it, in `unit`; `doses` how many are due.

    `ledger_id`: the account that a controlled drug was taken from.
    """

    __tablename__ = "sent_along"
    __table_args__ = {"schema": "medication"}

    leave_id: Mapped[UUID]
    request_entry_id: Mapped[UUID]
    request_id: Mapped[UUID]
    request_version: Mapped[int]
    sent: Mapped[bool]
    as_needed: Mapped[bool]
    doses: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    unit: Mapped[str]
    place_id: Mapped[UUID | None]
    ledger_id: Mapped[UUID | None]


class LeaveTold(Record, Base):
    """What was told of a medicine afterwards, and how much of it came back. No signature: nobody here saw it taken."""

    __tablename__ = "leave_told"
    __table_args__ = {"schema": "medication"}

    sent_along_id: Mapped[UUID]
    outcome: Mapped[str]
    came_back: Mapped[Decimal] = mapped_column(sa.Numeric)
