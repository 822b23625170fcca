"""The tables of notes, and the constraints that hold always (migration 0005)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Entry

# Never fetched: words are searched within the patient, and the vector is as long as the note.
SEARCH = "to_tsvector('pg_catalog.norwegian', coalesce(title, '') || ' ' || coalesce(body, ''))"


class NoteVersion(Entry, Base):
    """Journalnotat, one version of it. A correction is the next version, with its reason (hpl. § 42).

    `sensitive` (rules.SENSITIVE): it lies in the drawer. PostgreSQL holds the mark for all versions of the entry.
    """

    __tablename__ = "note"
    __table_args__ = {"schema": "notes"}

    kind: Mapped[str]
    title: Mapped[str | None]
    body: Mapped[str | None]
    effective_at: Mapped[datetime]
    change_reason: Mapped[str | None]
    sensitive: Mapped[str | None]
    search: Mapped[Any] = mapped_column(TSVECTOR, sa.Computed(SEARCH, persisted=True), nullable=True, deferred=True)


class DraftRow(Base):
    """What somebody has begun to write: seen by nobody else. When it is signed, its words move into the note.

    *entry_id* and *version* name the note, and the version of it that its author saw, when the draft is a correction.
    """

    __tablename__ = "draft"
    __table_args__ = {"schema": "notes"}

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    municipality_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    unit_id: Mapped[UUID | None] = mapped_column(server_default=sa.FetchedValue())
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
    entry_id: Mapped[UUID | None]
    version: Mapped[int | None]
    kind: Mapped[str | None]
    title: Mapped[str | None]
    body: Mapped[str | None]
    effective_at: Mapped[datetime | None]
    change_reason: Mapped[str | None]
    sensitive: Mapped[str | None]
    saved_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
    signed_at: Mapped[datetime | None]
