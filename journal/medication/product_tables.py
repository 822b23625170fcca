"""From which pack a dose was given."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.medication.fest.tables import CatalogueItem
from journal.platform.db import Base, Record


class ProductUsed(Record, Base):
    """The pack of one administration, by its item in the catalogue and both names; of FHIR's MedicationDispense and the report
    to the drug registry. `said` is what the hand did, as it stood on the card.

    `exchange` is an Exchange; `second`: another person was to control it.
    """

    __tablename__ = "product_used"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "administration_id"),
        sa.ForeignKeyConstraint(
            ["patient_id", "administration_id"],
            ["medication.medication_administration.patient_id", "medication.medication_administration.id"],
        ),
        {"schema": "medication"},
    )

    administration_id: Mapped[UUID]
    catalogue_item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    exchange: Mapped[int] = mapped_column(sa.SmallInteger)
    ordered_name: Mapped[str | None]
    given_name: Mapped[str | None]
    said: Mapped[str | None]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    unit: Mapped[str]
    batch: Mapped[str | None]
    expires_on: Mapped[date | None]
    second: Mapped[bool]
