"""The devices that are enrolled: a ward's computer, a round's tablet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base
from journal.platform.ids import new_id


class SharedDevice(Base):
    """A device of a unit, whose kind decides how long a session may idle on it. The secret is in its cookie alone."""

    __tablename__ = "device"
    __table_args__ = {"schema": "access"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID]
    name: Mapped[str]
    kind: Mapped[str]
    token_hash: Mapped[bytes]
    recorded_by_name: Mapped[str] = mapped_column(server_default=FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    ended_at: Mapped[datetime | None]
