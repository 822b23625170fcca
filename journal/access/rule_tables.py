"""The table of access rules that two persons change (migration 0083)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from journal.platform.db import Base
from journal.platform.ids import new_id


class RuleProposal(Base):
    """A change of a rule, as one proposed it: from what, to what, of which version. With an approver: one of another municipality.

    What the other said is written by access.answer_rule alone.
    """

    __tablename__ = "rule_proposal"
    __table_args__ = {"schema": "access"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    value: Mapped[dict[str, Any]] = mapped_column(JSONB)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int]
    reason: Mapped[str]
    approver_id: Mapped[UUID | None]
    approver_name: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
