"""What was given without an order."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.medication.fest.tables import CatalogueItem
from journal.platform.db import Base, Record


class GivenWithoutOrder(Record, Base):
    """One dose of what nobody had ordered for this patient. FHIR's MedicationAdministration without a request.

    `cause` is a Cause; `medicine` the catalogue's name of it, or as it was written; `unit` is as in UNITS, and `reason` why.
    """

    __tablename__ = "given_without_order"
    __table_args__ = {"schema": "medication"}

    cause: Mapped[str]
    catalogue_item_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    atc_code: Mapped[str | None]
    medicine: Mapped[str | None]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    unit: Mapped[str | None]
    reason: Mapped[str | None]
    effective_at: Mapped[datetime]
