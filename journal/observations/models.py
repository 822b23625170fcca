"""The table of observations, and the constraints that hold always (migration 0005)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Mapped

from journal.platform.db import Base, Record


class Observation(Record, Base):
    """One measurement at one time. Blood pressure is one row: systolic in *value*, diastolic in *value2*.

    Code, text and unit are copied into the row as they stood that day. *dose_id* names the dose it was measured for.
    """

    __tablename__ = "observation"
    __table_args__ = {"schema": "observations"}

    code: Mapped[str]
    loinc: Mapped[str]
    display: Mapped[str]
    value: Mapped[Decimal | None]
    value2: Mapped[Decimal | None]
    unit: Mapped[str]
    effective_at: Mapped[datetime]
    dose_id: Mapped[UUID | None]
