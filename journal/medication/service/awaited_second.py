"""The doses as needed that want a second signature and have one: they stand on the sheet until another signs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.models import MedicationAdministration, MedicationRequest
from journal.medication.product_tables import ProductUsed
from journal.medication.service.alone_said import alone_of
from journal.medication.service.shown import WITNESS
from journal.medication.service.signing import LIVE

_SHOWN_FOR = timedelta(days=7)


class AwaitsSecond(NamedTuple):
    """A dose that one has signed: by whom, and when it was given."""

    administration_id: UUID
    by: UUID
    by_name: str
    at: datetime


def awaiting_second(order: Any, now: datetime) -> sa.ScalarSelect[list[Mapping[str, str]] | None]:
    """Those of the last week of this order, for `read_awaiting`; NULL for nearly all."""
    given, version, second, used = (
        MedicationAdministration,
        aliased(MedicationRequest),
        aliased(MedicationAdministration),
        ProductUsed,
    )
    this = sa.tuple_(given.patient_id, given.id)
    of_entry = sa.tuple_(version.patient_id, version.entry_id) == sa.tuple_(order.patient_id, order.entry_id)
    controlled = sa.exists().where(sa.tuple_(used.patient_id, used.administration_id) == this, used.second)
    signed = sa.exists().where(
        sa.tuple_(second.patient_id, second.witness_of_id) == this,
        second.kind == WITNESS,
        second.in_error_at.is_(None),
    )
    said = ("id", given.id), ("by", given.recorded_by), ("name", given.recorded_by_name), ("at", given.effective_at)
    return (
        sa.select(sa.func.json_agg(sa.func.json_build_object(*(part for pair in said for part in pair))))
        .select_from(given)
        .join(version, sa.tuple_(version.patient_id, version.id) == sa.tuple_(given.patient_id, given.request_id))
        .where(of_entry, given.dose_id.is_(None), given.kind == LIVE, given.status == "completed")
        .where(given.in_error_at.is_(None), given.effective_at > now - _SHOWN_FOR)
        .where(sa.or_(version.two_signatures, controlled), ~signed, alone_of(version, given).is_(None))
        .correlate(order)
        .scalar_subquery()
    )


def read_awaiting(rows: list[Mapping[str, str]] | None) -> tuple[AwaitsSecond, ...]:
    """Oldest first."""
    found = (
        AwaitsSecond(UUID(row["id"]), UUID(row["by"]), row["name"], datetime.fromisoformat(row["at"]))
        for row in rows or ()
    )
    return tuple(sorted(found, key=lambda each: each.at))
