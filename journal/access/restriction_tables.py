"""The tables of the patient's restrictions, as the application writes them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record


class RestrictionRow(Record, Base):
    """A part of the record (`*`: all of it) closed to a person, a unit or everyone. Who ended it the database says."""

    __tablename__ = "restriction"
    __table_args__ = {"schema": "access"}

    category: Mapped[str]
    against_unit_id: Mapped[UUID | None]
    against_person_id: Mapped[UUID | None]
    against_everyone: Mapped[bool]
    decided_by: Mapped[str]
    asked_by: Mapped[str | None]
    asked_on: Mapped[date | None]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(server_default=FetchedValue())
    ended_by_name: Mapped[str | None] = mapped_column(server_default=FetchedValue())


class NoteRestriction(Record, Base):
    """Some notes that the patient has closed to a person, a unit or everyone: one, or those of a unit, of a time, or both."""

    __tablename__ = "note_restriction"
    __table_args__ = {"schema": "access"}

    against_unit_id: Mapped[UUID | None]
    against_person_id: Mapped[UUID | None]
    against_everyone: Mapped[bool]
    note_id: Mapped[UUID | None]
    written_by: Mapped[UUID | None]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    decided_by: Mapped[str]
    asked_by: Mapped[str]
    asked_on: Mapped[date]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(server_default=FetchedValue())
    ended_by_name: Mapped[str | None] = mapped_column(server_default=FetchedValue())

    category = "notes"
