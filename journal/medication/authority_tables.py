"""The tables of who may give: what is delegated by name, and what municipality and unit have chosen. No content of a patient."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record

_SCHEMA = {"schema": "medication"}


class AuthorityVersion(Base):
    """Acts delegated to one person in one unit; `patient_ids` None: for all its patients. A change is the next version.

    `valid_until` is the end of a shift. Withdrawn is a version too, with its reason. `recorded_by` is who delegated.
    """

    __tablename__ = "authority"
    __table_args__ = _SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID]
    entry_id: Mapped[UUID]
    version: Mapped[int]
    practitioner_id: Mapped[UUID]
    acts: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    patient_ids: Mapped[list[UUID] | None] = mapped_column(sa.ARRAY(sa.Uuid))
    course_on: Mapped[date]
    tested_on: Mapped[date | None]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    status: Mapped[str]
    reason: Mapped[str | None]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class AuthoritySetting(Base):
    """Which acts each role carries by itself in the municipality: codes of acts by role."""

    __tablename__ = "authority_setting"
    __table_args__ = _SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    carried: Mapped[dict[str, Any]] = mapped_column(JSONB(none_as_null=True))
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class UnitSetting(Base):
    """When shifts change in a unit (Oslo), and whether a medicine as needed is cleared with a nurse first."""

    __tablename__ = "unit_setting"
    __table_args__ = _SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    shift_changes: Mapped[list[time]] = mapped_column(sa.ARRAY(sa.Time))
    cleared_with_nurse: Mapped[bool]
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class Clearing(Record, Base):
    """A dose as needed was cleared with this nurse at `cleared_at`; of hers, who confirms it herself, `confirms_id` is that row."""

    __tablename__ = "clearing"
    __table_args__ = _SCHEMA

    administration_id: Mapped[UUID]
    nurse_id: Mapped[UUID]
    nurse_name: Mapped[str]
    cleared_at: Mapped[datetime]
    confirms_id: Mapped[UUID | None]
