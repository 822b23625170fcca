"""The tables of lists from elsewhere. None of them is in use: no dose is worked out from a row here."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from journal.medication.fest.tables import CatalogueItem
from journal.platform.db import Base, Entry, Record

_DOCUMENT = ["medication.source_document.patient_id", "medication.source_document.id"]
_ENTRY = ["medication.source_entry.patient_id", "medication.source_entry.id"]
_JSON = JSONB(none_as_null=True)


class SourceDocumentRow(Record, Base):
    """A list as it came, once: `kind` is a SourceKind, `sent_at` the source's own date. Who imported it is in its stamp.

    `whole`: whether it is all that the patient takes, None where the kind says so. `go_live`: the list the municipality
    begins with.
    """

    __tablename__ = "source_document"
    __table_args__ = {"schema": "medication"}

    kind: Mapped[str]
    message_id: Mapped[str]
    sent_at: Mapped[datetime]
    sender: Mapped[str | None]
    whole: Mapped[bool | None]
    go_live: Mapped[bool] = mapped_column(server_default=sa.false())


class SourceEntryRow(Record, Base):
    """One medicine of a list, as a SourceEntry. `catalogue_item_id`: what the source's own id means in the catalogue."""

    __tablename__ = "source_entry"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "document_id", "position"),
        sa.ForeignKeyConstraint(["patient_id", "document_id"], _DOCUMENT),
        {"schema": "medication"},
    )

    document_id: Mapped[UUID]
    position: Mapped[int]
    source_entry_id: Mapped[str]
    name: Mapped[str | None]
    substance: Mapped[str | None]
    atc_code: Mapped[str | None]
    form: Mapped[str | None]
    form_code: Mapped[str | None]
    strength: Mapped[str | None]
    fest_id: Mapped[UUID | None]
    item_number: Mapped[str | None]
    catalogue_item_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    dosage_text: Mapped[str | None]
    dosage: Mapped[dict[str, Any] | None] = mapped_column(_JSON)
    use: Mapped[str | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    indication: Mapped[str | None]
    note: Mapped[str | None]
    prescriber_name: Mapped[str | None]
    prescriber_hpr: Mapped[str | None]
    changed_at: Mapped[datetime | None]
    stopped: Mapped[bool]
    stop_code: Mapped[str | None]
    multidose: Mapped[bool]


class SourceMatchRow(Entry, Base):
    """What a person understood an entry to be: `entry_id` is the source entry's id, the highest version holds."""

    __tablename__ = "source_match"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "entry_id", "version"),
        sa.ForeignKeyConstraint(["patient_id", "entry_id"], _ENTRY),
        {"schema": "medication"},
    )

    catalogue_item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    dosage: Mapped[dict[str, Any]] = mapped_column(_JSON)


class SourceCheckRow(Entry, Base):
    """What a nurse found of a line of the list one begins with: `entry_id` is the source entry's id, the highest version holds.

    `match_version`: of what it was understood to be when she looked. `outcome` is Checked.
    """

    __tablename__ = "source_check"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "entry_id", "version"),
        sa.ForeignKeyConstraint(["patient_id", "entry_id"], _ENTRY),
        {"schema": "medication"},
    )

    match_version: Mapped[int]
    outcome: Mapped[str]
    note: Mapped[str | None]


class ReconciliationRow(Record, Base):
    """A signed comparison of our list with another: what was chosen for each row, and how many wait for an answer."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id", "document_id"], _DOCUMENT),
        sa.Index("reconciliation_of_document", "patient_id", "document_id"),
        {"schema": "medication"},
    )

    document_id: Mapped[UUID]
    choices: Mapped[list[dict[str, Any]]] = mapped_column(_JSON)
    questions: Mapped[int]


class SourceQuestionRow(Record, Base):
    """Something to ask before a row can be settled: about which medicine, of whom (AskOf), and what."""

    __tablename__ = "source_question"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["patient_id", "reconciliation_id"],
            ["medication.reconciliation.patient_id", "medication.reconciliation.id"],
        ),
        sa.Index("question_of_reconciliation", "patient_id", "reconciliation_id"),
        {"schema": "medication"},
    )

    reconciliation_id: Mapped[UUID]
    medicine: Mapped[str | None]
    asked_of: Mapped[str]
    text: Mapped[str | None]


class SourceAnswerRow(Record, Base):
    """What was answered, once. Who wrote it down is in its stamp."""

    __tablename__ = "source_answer"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "question_id"),
        sa.ForeignKeyConstraint(
            ["patient_id", "question_id"], ["medication.source_question.patient_id", "medication.source_question.id"]
        ),
        {"schema": "medication"},
    )

    question_id: Mapped[UUID]
    text: Mapped[str | None]


class ConfirmedLineRow(Record, Base):
    """A line of ours that another's list has too, as a nurse took it in: that version of the order, and no other."""

    __tablename__ = "confirmed_line"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "document_id", "request_entry_id", "request_version"),
        sa.ForeignKeyConstraint(["patient_id", "document_id"], _DOCUMENT),
        sa.ForeignKeyConstraint(["patient_id", "source_entry_id"], _ENTRY),
        {"schema": "medication"},
    )

    document_id: Mapped[UUID]
    source_entry_id: Mapped[UUID]
    request_entry_id: Mapped[UUID]
    request_version: Mapped[int]


class ReconciliationDraft(Base):
    """What somebody has chosen so far, by the key of the row, with what she wants to ask; each person has her own."""

    __tablename__ = "reconciliation_draft"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id", "document_id"], _DOCUMENT),
        {"schema": "medication"},
    )

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_by: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    municipality_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    choices: Mapped[dict[str, Any]] = mapped_column(_JSON)
    questions: Mapped[dict[str, Any] | None] = mapped_column(_JSON)
    saved_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
