"""The tables of a signature that stood alone. What the unit sees while charts are closed is ids, times and codes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from journal.medication.ledger_tables import OfChart
from journal.platform.db import Base, Record

_HERE = {"schema": "medication"}


class SignedAlone(OfChart, Base):
    """A dose that wants two signatures, and had nobody else. `reason` is a rules.alone.AloneReason; `undone_at`: the signature
    was a mistake."""

    __tablename__ = "signed_alone"
    __table_args__ = _HERE

    administration_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    undone_at: Mapped[datetime | None]


class AloneWords(Record, Base):
    """What was written of it, where no code says it: seen with the chart alone."""

    __tablename__ = "alone_words"
    __table_args__ = _HERE

    administration_id: Mapped[UUID]
    text: Mapped[str | None]


class AloneCheck(OfChart, Base):
    """Another person than `signed_by` has looked the dose over, or counted the account (`place_id` and `number`: of the count)."""

    __tablename__ = "alone_check"
    __table_args__ = _HERE

    administration_id: Mapped[UUID] = mapped_column(primary_key=True)
    signed_by: Mapped[UUID]
    place_id: Mapped[UUID | None]
    number: Mapped[int | None]
