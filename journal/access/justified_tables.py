"""Charts opened with a reason. What a unit sees while they are closed is ids, times and codes; the words are in the chart."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record
from journal.platform.ids import new_id

_HERE = {"schema": "access"}


def _filled() -> Any:
    return mapped_column(server_default=sa.FetchedValue())


class _OfChart:
    """Who wrote a row, and where: stamped by PostgreSQL. It is never corrected, so it has no mark of a mistake."""

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    municipality_id: Mapped[UUID] = _filled()
    unit_id: Mapped[UUID] = _filled()
    recorded_by: Mapped[UUID] = _filled()
    recorded_by_name: Mapped[str] = _filled()
    recorded_as: Mapped[UUID] = _filled()
    recorded_role: Mapped[str] = _filled()
    recorded_at: Mapped[datetime] = _filled()


class JustifiedAccess(_OfChart, Base):
    """Somebody opened a chart, or a drawer of it, with a reason (justified_rules.Reason), by the relationship it began or is
    within. `in_an_hour`: which of hers it was in the last hour; `too_many`: more than the municipality wants."""

    __tablename__ = "justified_access"
    __table_args__ = _HERE

    relationship_id: Mapped[UUID]
    reason: Mapped[str]
    valid_until: Mapped[datetime]
    review_before: Mapped[datetime]
    in_an_hour: Mapped[int]
    too_many: Mapped[bool]


class DrawerOpening(_OfChart, Base):
    """Somebody opened a drawer of a chart that she has a ground for (drawer_rules.Why), for the rest of a shift."""

    __tablename__ = "drawer_opening"
    __table_args__ = _HERE

    reason: Mapped[str]
    valid_until: Mapped[datetime]


class AddressReader(_OfChart, Base):
    """Somebody who may see the patient's protected address until `valid_until`; `seat`: one of the few there are."""

    __tablename__ = "address_reader"
    __table_args__ = _HERE

    practitioner_id: Mapped[UUID]
    seat: Mapped[int]
    valid_until: Mapped[datetime | None]


class JustifiedWords(Record, Base):
    """What was written of why, where no reason of the list says it: seen with the chart alone."""

    __tablename__ = "justified_words"
    __table_args__ = _HERE

    access_id: Mapped[UUID]
    text: Mapped[str | None]


class Notice(_OfChart, Base):
    """What the patient is to be told; how (justified_rules.TOLD), when and by whom she was. PostgreSQL says the two last."""

    __tablename__ = "notice"
    __table_args__ = _HERE

    access_id: Mapped[UUID]
    told_how: Mapped[str | None] = _filled()
    told_at: Mapped[datetime | None] = _filled()
    told_by: Mapped[UUID | None] = _filled()
    told_by_name: Mapped[str | None] = _filled()


class JustifiedReview(Base):
    """What another than `reader_id` came to (justified_rules.Outcome), in versions: the newest holds."""

    __tablename__ = "justified_review"
    __table_args__ = _HERE

    access_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[UUID]
    outcome: Mapped[str]
    recorded_by: Mapped[UUID] = _filled()
    recorded_by_name: Mapped[str] = _filled()
    recorded_role: Mapped[str] = _filled()
    recorded_at: Mapped[datetime] = _filled()
