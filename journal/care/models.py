"""The tables of care, and the constraints that hold always (migration 0005)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from journal.platform.db import Base, Entry, Record


class GrantedServiceVersion(Entry, Base):
    """Tildelt tjeneste: a decision under administrative law, and the care relationship that follows from it.

    A change (another unit, another decision) is the next version, with its reason.
    """

    __tablename__ = "granted_service"
    __table_args__ = {"schema": "care"}

    service_system: Mapped[str]
    service_code: Mapped[str]
    service_text: Mapped[str]
    decision_number: Mapped[str | None]
    decision_on: Mapped[date]
    provider_unit_id: Mapped[UUID]
    provider_name: Mapped[str]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    ended_by_name: Mapped[str | None]
    relationship_id: Mapped[UUID]
    change_reason: Mapped[str | None]


class StayRow(Record, Base):
    """Opphold at a ward, or an absence (*part_of_id*) from it: leave or hospital. Of each, one at a time is open."""

    __tablename__ = "stay"
    __table_args__ = {"schema": "care"}

    kind: Mapped[str]
    part_of_id: Mapped[UUID | None]
    ward_id: Mapped[UUID]
    ward_name: Mapped[str]
    room: Mapped[str | None]
    place: Mapped[str | None]
    relationship_id: Mapped[UUID]
    valid_from: Mapped[datetime]
    expected_until: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    ended_by_name: Mapped[str | None]


class TaskVersion(Entry, Base):
    """Oppgave. Done is a new version: who recorded it, did it."""

    __tablename__ = "task"
    __table_args__ = {"schema": "care"}

    kind: Mapped[str]
    for_unit_id: Mapped[UUID]
    what: Mapped[str | None]
    outcome: Mapped[str | None]
    about_id: Mapped[UUID | None]
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class IncidentVersion(Entry, Base):
    """Avvik: what went wrong, or nearly did, with this patient. A correction is the next version, with its reason (hpl. § 42)."""

    __tablename__ = "incident"
    __table_args__ = {"schema": "care"}

    kind: Mapped[str]
    severity: Mapped[str]
    text: Mapped[str | None]
    measures: Mapped[str | None]
    about_id: Mapped[UUID | None]
    effective_at: Mapped[datetime]
    change_reason: Mapped[str | None]
