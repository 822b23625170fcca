"""What a dispenser has told of a dose, read with the dose: asked of those from a dispenser alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from journal.medication.rules import Supply
from journal.medication.rules.dispenser import Event, Told


def told_column(dose: Any, supply: Any) -> sa.ColumnElement[Any]:
    """What medication.told_by_dispenser says of it, as told_of takes it. `dose` and `supply`: the columns; costs nothing for a
    dose of another supply."""
    asked = sa.func.medication.told_by_dispenser(dose.patient_id, dose.request_entry_id, dose.due_at)
    told = asked.table_valued("is_right", "kind", "device_at", "outdated").alias("told")
    said = sa.func.json_build_array(told.c.is_right, told.c.kind, told.c.device_at, told.c.outdated)
    return sa.case((supply == Supply.DISPENSER.value, sa.select(said).select_from(told).scalar_subquery()))


def told_of(said: Sequence[Any] | None) -> Told | None:
    """What `told_column` answered; None for a dose that lies in no load."""
    if said is None:
        return None
    is_right, kind, at, outdated = said
    return Told(
        bool(is_right), Event(kind) if kind else None, datetime.fromisoformat(at) if at else None, bool(outdated)
    )
