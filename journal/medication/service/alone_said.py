"""What a dose that wants two signatures knows of one that stands alone, and how that falls with the signature."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.alone_tables import SignedAlone
from journal.platform.work import Work


def alone_of(order: Any, signature: Any) -> sa.ColumnElement[str | None]:
    """Why this signature stands alone; NULL where it does not. Asked of doses that want two alone."""
    alone = SignedAlone
    of = alone.patient_id == signature.patient_id, alone.administration_id == signature.id, alone.undone_at.is_(None)
    reason = sa.select(alone.reason).where(*of).correlate(signature).scalar_subquery()
    return sa.case((order.two_signatures, reason))


def undo_alone(work: Work, patient_id: UUID, administration_id: UUID) -> None:
    """The signature was a mistake: nobody is to look at it."""
    alone = SignedAlone
    live = work.chart(patient_id, alone), alone.administration_id == administration_id, alone.undone_at.is_(None)
    work.db.execute(sa.update(alone).where(*live).values(undone_at=work.now))
