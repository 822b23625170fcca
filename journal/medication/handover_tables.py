"""Doses that were handed on at the end of a shift."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from journal.platform.db import Base, Record


class DoseHandover(Record, Base):
    """An unsigned dose that a colleague took over by name: who handed it on is who recorded it. The newest of a dose holds."""

    __tablename__ = "dose_handover"
    __table_args__ = {"schema": "medication"}

    dose_id: Mapped[UUID]
    to_person_id: Mapped[UUID]
    to_name: Mapped[str]
    note: Mapped[str | None]
