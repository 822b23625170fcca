"""Which medicines a municipality counts as critical besides those of the rule."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base


class CriticalSetting(Base):
    """ATC groups that are never left out in silence: a whole list for each version, and the newest holds."""

    __tablename__ = "critical_setting"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    atc_codes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
