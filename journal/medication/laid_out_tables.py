"""Doses that lie before the patient, and of which nobody knows yet whether they are taken."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from journal.medication.models import Dose
from journal.platform.db import Base, Record


class DoseLaidOut(Record, Base):
    """Lagt fram: no signature, and nothing given. Who laid it out is who recorded it; in error when it was taken away again."""

    __tablename__ = "dose_laid_out"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id", "dose_id"], ["medication.dose.patient_id", "medication.dose.id"]),
        sa.Index(
            "one_live_laying_per_dose",
            "patient_id",
            "dose_id",
            unique=True,
            postgresql_where=sa.text("in_error_at IS NULL"),
        ),
        {"schema": "medication"},
    )

    dose_id: Mapped[UUID]
    request_id: Mapped[UUID]
    request_version: Mapped[int]


def lies_before(dose: type[Dose]) -> sa.ColumnElement[bool]:
    """Joins a dose to the row that says it lies before the patient."""
    row = DoseLaidOut
    return sa.and_(row.patient_id == dose.patient_id, row.dose_id == dose.id, row.in_error_at.is_(None))
