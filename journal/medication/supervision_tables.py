"""What a supervisor has said that she stands beside a student for. What the database holds of it is in migration 0079."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base, Record


class Supervision(Record, Base):
    """The doses of one patient that stood on the student's screen, each with the version of its order (`versions`), for her in
    that session and no longer than `until`. Who recorded it is the supervisor.
    """

    __tablename__ = "supervision"
    __table_args__ = {"schema": "medication"}

    student_id: Mapped[UUID]
    student_role_id: Mapped[UUID]
    student_session_id: Mapped[UUID]
    dose_ids: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid))
    versions: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer))
    until: Mapped[datetime]
