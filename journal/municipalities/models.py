"""The tenants' tables."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base
from journal.platform.ids import new_id

SCHEMA = {"schema": "municipalities"}


class Municipality(Base):
    """Kommune: the tenant. Municipalities merge and split, so a number holds from a day until a day and may have a successor."""

    __tablename__ = "municipality"
    __table_args__ = SCHEMA

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    name: Mapped[str]
    county: Mapped[str]
    population: Mapped[int]
    latitude: Mapped[Decimal]
    longitude: Mapped[Decimal]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    successor_id: Mapped[UUID | None]
    joined_at: Mapped[datetime | None]


class Unit(Base):
    """Virksomhet, avdeling, sone: a tree below the municipality. `sensitive`: that it knows somebody tells what is the matter."""

    __tablename__ = "unit"
    __table_args__ = SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    kind: Mapped[str]
    organisation_number: Mapped[str | None]
    sensitive: Mapped[bool] = mapped_column(server_default=FetchedValue())
    valid_from: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    valid_until: Mapped[datetime | None]


class Practitioner(Base):
    """Helsepersonell: one human is one practitioner in the whole journal, with as many roles as she has employments."""

    __tablename__ = "practitioner"
    __table_args__ = SCHEMA

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    hpr_number: Mapped[str | None]
    registered_for: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    registered_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class PractitionerRole(Base):
    """Stilling, ansettelse: what one acts in. Ended, never removed, so that one can see who had access on a day last year."""

    __tablename__ = "practitioner_role"
    __table_args__ = SCHEMA

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    practitioner_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    role: Mapped[str]
    valid_from: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    valid_until: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    recorded_by: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    ended_by: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(server_default=FetchedValue())
    supervisor_id: Mapped[UUID | None]
    proposal_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
