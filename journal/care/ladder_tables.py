"""The tables of what is done when nobody answers at a home visit (migration 0035)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record


class NoAnswer(Record, Base):
    """Nobody answered: who was there, where and why, and the minutes that held when it began. One at a time is open."""

    __tablename__ = "no_answer"
    __table_args__ = {"schema": "care"}

    administration_id: Mapped[UUID | None]
    place: Mapped[str | None]
    why: Mapped[str | None]
    minutes: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.SmallInteger))
    ended_at: Mapped[datetime | None]


class NoAnswerStep(Record, Base):
    """A step that was taken and what came of it, or how it ended (`step` is "ended"); numbered, so that two meet."""

    __tablename__ = "no_answer_step"
    __table_args__ = {"schema": "care"}

    no_answer_id: Mapped[UUID]
    number: Mapped[int]
    step: Mapped[str]
    outcome: Mapped[str]
    note: Mapped[str | None]


class NoAnswerSetting(Base):
    """What a unit has chosen: the minutes of each step, and the telephone of the nurse in charge. A change is the next version."""

    __tablename__ = "no_answer_setting"
    __table_args__ = {"schema": "care"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    minutes: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.SmallInteger))
    nurse_phone: Mapped[str | None]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class TaskRaise(Base):
    """A task that was told further up, how far, and when. Written by the worker alone."""

    __tablename__ = "task_raise"
    __table_args__ = {"schema": "care"}

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    told: Mapped[int] = mapped_column(primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
