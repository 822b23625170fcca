"""The tables of the ward's stock. They are the unit's and say no patient; what the database holds is in migration 0038."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.medication.fest.tables import CatalogueItem
from journal.medication.ledger_tables import OfUnit
from journal.platform.db import Base
from journal.platform.ids import new_id

_HERE = {"schema": "medication"}


class StockItem(OfUnit, Base):
    """A product that the unit has in stock, as the catalogue had it. `unit` is what is counted: tablett, ml."""

    __tablename__ = "stock_item"
    __table_args__ = _HERE

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    catalogue_item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    atc_code: Mapped[str | None]
    generic_name: Mapped[str]
    brand_name: Mapped[str | None]
    form: Mapped[str | None]
    strength: Mapped[str | None]
    unit: Mapped[str]


class StockLevel(OfUnit, Base):
    """The least of it that is wanted; the newest version holds."""

    __tablename__ = "stock_level"
    __table_args__ = _HERE

    item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(StockItem.id), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    lowest: Mapped[Decimal] = mapped_column(sa.Numeric)


class StockRow(OfUnit, Base):
    """How the stock moved. What is on hand is the sum of the amounts; that of a count is PostgreSQL's. `kind` is a StockKind."""

    __tablename__ = "stock_row"
    __table_args__ = _HERE

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(StockItem.id))
    kind: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric, server_default=sa.FetchedValue())
    counted: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    batch: Mapped[str | None]
    expires_on: Mapped[date | None]
    administration_id: Mapped[UUID | None]
