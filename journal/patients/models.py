"""The tables of the schema patients. What must hold always is constraints in their migration."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Entry, Record, Stamped

SCHEMA = {"schema": "patients"}


class Patient(Stamped, Base):
    """Who the patient is. Its only key is patient_id, so a read is a logged look; old values: PatientHistory."""

    __tablename__ = "patient"
    __table_args__ = SCHEMA

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    family_name: Mapped[str]
    given_name: Mapped[str]
    sort_key: Mapped[str] = mapped_column(sa.Computed("in the database", persisted=True))
    birth_date: Mapped[date | None]
    birth_date_precision: Mapped[str]
    sex: Mapped[str]
    died_at: Mapped[datetime | None]
    address_line_1: Mapped[str | None]
    address_line_2: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    home_municipality_number: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str | None]
    confidentiality: Mapped[str]
    general_practitioner_name: Mapped[str | None]


class PatientHistory(Record, Base):
    """What stood in Patient before a change, by column; recorded_at and recorded_by are the change's. Its trigger writes it."""

    __tablename__ = "patient_history"
    __table_args__ = SCHEMA

    was: Mapped[dict[str, Any] | None]


class Identifier(Record, Base):
    """A national or local number of the person; one that was replaced keeps its row and is still found."""

    __tablename__ = "identifier"
    __table_args__ = SCHEMA

    kind: Mapped[str]
    value: Mapped[str | None]
    issuer: Mapped[str | None]
    valid_from: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
    valid_until: Mapped[datetime | None]


class NameWord(Base):
    """A projection of the name for the finder: one folded word (rules.name_words)."""

    __tablename__ = "name_word"
    __table_args__ = SCHEMA

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    live: Mapped[bool]


class Link(Record, Base):
    """Two records of one person, of which patient_id leads. It counts from the moment a second person confirms it."""

    __tablename__ = "link"
    __table_args__ = SCHEMA

    linked_patient_id: Mapped[UUID]
    reason: Mapped[str | None]
    valid_from: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
    confirmed_at: Mapped[datetime | None] = mapped_column(server_default=sa.FetchedValue())
    confirmed_by: Mapped[UUID | None] = mapped_column(server_default=sa.FetchedValue())
    confirmed_by_name: Mapped[str | None] = mapped_column(server_default=sa.FetchedValue())
    valid_until: Mapped[datetime | None] = mapped_column(server_default=sa.FetchedValue())
    ended_by: Mapped[UUID | None] = mapped_column(server_default=sa.FetchedValue())
    ended_by_name: Mapped[str | None] = mapped_column(server_default=sa.FetchedValue())
    ended_reason: Mapped[str | None]


class RelatedPerson(Entry, Base):
    """Pårørende or verge. Next of kin (nærmeste pårørende) is a legal role, not a relation."""

    __tablename__ = "related_person"
    __table_args__ = SCHEMA

    role: Mapped[str]
    name: Mapped[str | None]
    relation: Mapped[str | None]
    phone: Mapped[str | None]
    is_next_of_kin: Mapped[bool]


class AllergyIntolerance(Entry, Base):
    """An allergy or intolerance (kritisk informasjon); one that proved wrong is a new version with status refuted."""

    __tablename__ = "allergy_intolerance"
    __table_args__ = SCHEMA

    kind: Mapped[str]
    substance: Mapped[str | None]
    code_system: Mapped[str | None]
    code: Mapped[str | None]
    reaction: Mapped[str | None]
    reaction_code: Mapped[str | None]
    source_code: Mapped[str | None]
    severity: Mapped[str | None]
    criticality: Mapped[str | None]
    verification_status: Mapped[str]
    refuted_reason: Mapped[str | None]


class AllergyAssessment(Record, Base):
    """Somebody asked, and the answer was that no allergy is known."""

    __tablename__ = "allergy_assessment"
    __table_args__ = SCHEMA

    result: Mapped[str]
    source_code: Mapped[str | None]


class Flag(Entry, Base):
    """What everybody must see before they act: resuscitation status, blood thinner, swallowing, infection."""

    __tablename__ = "flag"
    __table_args__ = SCHEMA

    kind: Mapped[str]
    text: Mapped[str | None]
    sub: Mapped[str | None]
    decided_by_name: Mapped[str | None]
    status: Mapped[str]
    ended_reason: Mapped[str | None]
