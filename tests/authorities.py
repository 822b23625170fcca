"""What is delegated by name, as rows."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from journal.medication.authority_tables import AuthorityVersion
from journal.medication.rules.authority import GIVING, Act
from tests.builder import Builder, Staff


def authority(
    b: Builder,
    by: Staff,
    to: Staff,
    acts: Collection[Act] = GIVING,
    *,
    patients: Collection[UUID] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Delegated in the unit that *to* acts in, for a year unless it is said; the course was 30 days before."""
    since = since or datetime.now(UTC) - timedelta(days=1)
    entry_id = b.new_id()
    row = {
        "municipality_id": to.actor.municipality_id,
        "id": entry_id,
        "unit_id": to.actor.unit_id,
        "entry_id": entry_id,
        "version": 1,
        "practitioner_id": to.actor.person_id,
        "acts": [act.value for act in acts],
        "patient_ids": list(patients) if patients is not None else None,
        "course_on": (since - timedelta(days=30)).date(),
        "tested_on": (since - timedelta(days=23)).date(),
        "valid_from": since,
        "valid_until": until or since + timedelta(days=365),
        "status": "active",
        "recorded_by": by.actor.person_id,
        "recorded_by_name": by.actor.name,
        "recorded_at": since,
    }
    return b.add(AuthorityVersion, **(row | more))
