"""The tables of the account of controlled drugs. Those of a unit say no patient; what the database holds is in migration 0027."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.medication.fest.tables import CatalogueItem
from journal.platform.db import Base
from journal.platform.ids import new_id

_HERE = {"schema": "medication"}


class OfUnit:
    """Of the unit that keeps. PostgreSQL says which, who wrote it and when."""

    municipality_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    unit_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class KeepingPlace(OfUnit, Base):
    """Where a unit keeps controlled drugs. `kind` is a rules.ledger.PlaceKind; a patient's own medicines have no name."""

    __tablename__ = "keeping_place"
    __table_args__ = _HERE

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    name: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class Ledger(OfUnit, Base):
    """One product strength in one place, as the catalogue had it. `unit` is what is counted: tablett, ml."""

    __tablename__ = "ledger"
    __table_args__ = _HERE

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    place_id: Mapped[UUID] = mapped_column(sa.ForeignKey(KeepingPlace.id))
    catalogue_item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    atc_code: Mapped[str | None]
    generic_name: Mapped[str]
    brand_name: Mapped[str | None]
    form: Mapped[str | None]
    form_code: Mapped[str | None]
    strength: Mapped[str | None]
    prescription_group: Mapped[str | None]
    unit: Mapped[str]


class LedgerEntry(OfUnit, Base):
    """How a balance moved, and why. `prepared_id`: the dosett or load that it was laid in. `number` (without holes in its place),
    `balance` after it, and the `amount` of a count or a correction are PostgreSQL's; it refuses what would be less than
    nothing, and every change of a row."""

    __tablename__ = "ledger_entry"
    __table_args__ = _HERE

    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, server_default=sa.FetchedValue(), autoincrement=False)
    ledger_id: Mapped[UUID]
    kind: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric, server_default=sa.FetchedValue())
    balance: Mapped[Decimal] = mapped_column(sa.Numeric, server_default=sa.FetchedValue())
    counted: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    administration_id: Mapped[UUID | None]
    prepared_id: Mapped[UUID | None]
    corrects: Mapped[int | None]
    reason: Mapped[str | None]


class LedgerWitness(OfUnit, Base):
    """The second who saw what was wasted or destroyed. `entry_by` is the first, and another person."""

    __tablename__ = "ledger_witness"
    __table_args__ = _HERE

    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_by: Mapped[UUID]


class LedgerExplanation(OfUnit, Base):
    """Why a count differed from the account. `cause` is a rules.ledger.Cause."""

    __tablename__ = "ledger_explanation"
    __table_args__ = _HERE

    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cause: Mapped[str]


class OfChart:
    """Of a patient, seen by the unit while her chart is closed: ids and times."""

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    municipality_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    unit_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class PatientHolding(OfChart, Base):
    """A place that holds a patient's own controlled drugs."""

    __tablename__ = "patient_holding"
    __table_args__ = _HERE

    place_id: Mapped[UUID] = mapped_column(primary_key=True)


class ControlledDose(OfChart, Base):
    """A dose that was to be taken from what the unit keeps, whether it was or not.

    `unordered`: of what nobody had ordered (administration_id is then of a GivenWithoutOrder).
    `closed_as`: undone (the signature was a mistake), or outside (it was taken from what the unit does not keep).
    """

    __tablename__ = "controlled_dose"
    __table_args__ = _HERE

    administration_id: Mapped[UUID] = mapped_column(primary_key=True)
    unordered: Mapped[bool] = mapped_column(server_default=sa.false())
    closed_as: Mapped[str | None]


class LedgerSetting(Base):
    """What a municipality has chosen of the account: the newest version holds."""

    __tablename__ = "ledger_setting"
    __table_args__ = _HERE

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    group_b: Mapped[bool]
    show_expected: Mapped[bool]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
