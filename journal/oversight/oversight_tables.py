"""What an auditor looked into, step by step, and which rules her municipality uses. Nothing here is ever changed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base
from journal.platform.ids import new_id


class _Written:
    """Filled by the database, from who asks."""

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class RuleChoice(_Written, Base):
    """Whether a rule is used, and with which threshold; the newest of a rule counts."""

    __tablename__ = "rule_choice"
    __table_args__ = {"schema": "oversight"}

    rule: Mapped[str]
    active: Mapped[bool]
    threshold: Mapped[int]


class MarkedRecord(_Written, Base):
    """A chart whose readers are to be looked at (a well-known patient); the newest counts."""

    __tablename__ = "marked_record"
    __table_args__ = {"schema": "oversight"}

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    marked: Mapped[bool]


class Inquiry(_Written, Base):
    """One person's looks in one chart in one day, and the rules that found them, as they were when somebody took hold of it."""

    __tablename__ = "inquiry"
    __table_args__ = {"schema": "oversight"}

    actor_id: Mapped[UUID]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    unit_name: Mapped[str]
    patient_id: Mapped[UUID | None]
    day: Mapped[date]
    looks: Mapped[dict[str, Any]]
    rules: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))


class Step(_Written, Base):
    """What was decided, asked, answered or noted; the last that is no note says how it stands."""

    __tablename__ = "step"
    __table_args__ = {"schema": "oversight"}

    inquiry_id: Mapped[UUID]
    actor_id: Mapped[UUID]
    kind: Mapped[str]
    text: Mapped[str]
    asked_id: Mapped[UUID | None]
    owner_name: Mapped[str | None]
    due_on: Mapped[date | None]


class _Stamped:
    """Filled by the database, from who asks."""

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class PatientRequest(_Stamped, Base):
    """What a patient, or somebody for her, asked for. *checked*: how whoever wrote it down knew who asked and with what right."""

    __tablename__ = "request"
    __table_args__ = {"schema": "oversight"}

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    received_on: Mapped[date]
    due_on: Mapped[date]
    asker: Mapped[str]
    asker_name: Mapped[str]
    checked: Mapped[str]
    text: Mapped[str]


class RequestStep(_Stamped, Base):
    """What was done with a request; the last that is no note says how it stands. *language*: of a letter. *due_on*: the new
    deadline, of one that was put off."""

    __tablename__ = "request_step"
    __table_args__ = {"schema": "oversight"}

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    text: Mapped[str]
    language: Mapped[str | None]
    due_on: Mapped[date | None]
