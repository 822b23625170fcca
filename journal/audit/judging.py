"""Whose looks somebody may judge: never her own, her leader's, or those of her family name (the database says who they are)."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

_BARRED = sa.text("SELECT r FROM unnest(CAST(:readers AS uuid[])) r WHERE oversight.barred(:reviewer, r)")


def barred_from(db: Session, reviewer: UUID, readers: Collection[UUID]) -> set[UUID]:
    """Those of these readers whose looks the reviewer may not judge."""
    return set(db.scalars(_BARRED, {"readers": list(readers), "reviewer": reviewer}))
