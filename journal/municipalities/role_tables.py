"""What roles rest on: authorisations, the people agreed on for shifts, and what two persons decide."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from journal.municipalities.models import SCHEMA
from journal.platform.db import Base
from journal.platform.ids import new_id


class Qualification(Base):
    """Autorisasjon or licence (Volven 9060, approval by 7704), as an employer found it in HPR; ended, never removed."""

    __tablename__ = "qualification"
    __table_args__ = SCHEMA

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    practitioner_id: Mapped[UUID]
    code: Mapped[str]
    approval: Mapped[str] = mapped_column(server_default=FetchedValue())
    valid_from: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    valid_until: Mapped[datetime | None]
    recorded_for: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    recorded_by: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    ended_by: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())


class ShiftPerson(Base):
    """Somebody a manager has named for a unit: a nurse who leads shifts, or a substitute whom a leader may call in."""

    __tablename__ = "shift_person"
    __table_args__ = SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID]
    kind: Mapped[str]
    practitioner_id: Mapped[UUID]
    name: Mapped[str]
    role: Mapped[str]
    agency: Mapped[str | None]
    valid_from: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    valid_until: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    recorded_by: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=FetchedValue())
    ended_by: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())


class RoleProposal(Base):
    """A role that takes two persons, as one administrator proposed it. With an approver: a named one of another municipality."""

    __tablename__ = "role_proposal"
    __table_args__ = SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    practitioner_id: Mapped[UUID]
    practitioner_name: Mapped[str]
    role: Mapped[str]
    unit_id: Mapped[UUID]
    unit_name: Mapped[str]
    reason: Mapped[str]
    approver_id: Mapped[UUID | None]
    approver_name: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    recorded_by: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=FetchedValue())


class RoleAnswer(Base):
    """What the second person said. Written by municipalities.answer_proposal alone."""

    __tablename__ = "role_answer"
    __table_args__ = SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    note: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    recorded_by_name: Mapped[str]
