"""What goes with the patient to hospital: the list in use, and what was given of each last."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import MedicationLine, OrderStatus
from journal.medication.rules.transfer import Told, told_first
from journal.medication.service.gap import given_and_written, given_by_name
from journal.medication.service.in_use import IN_USE, newest_versions
from journal.medication.service.shown import WITNESS, condition_of, dosage_of, group_flags, line_of, unsigned
from journal.medication.service.waiting import waits_since
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.quantity import Quantity
from journal.platform.service import Service, on_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_SHOWN = (
    *("entry_id", "status", "use", "generic_name", "brand_name", "form", "strength", "route", "indication", "ends_at"),
    *("condition_text", "prescription_group", "high_risk", "atc_code", "change_reason"),
)


class SheetLine(NamedTuple):
    """A medicine in use. `last_at` and `last_by`: when it was last given, and who signed; None when nobody has.

    `waits_since`: from when its order waits to be confirmed. `paused_because`: None for one that is not paused.
    """

    request_entry_id: UUID
    line: MedicationLine
    use: str
    flags: tuple[tuple[str, str], ...]
    condition_text: str | None
    told: tuple[Told, ...]
    paused_because: str | None
    waits_since: datetime | None
    last_at: datetime | None
    last_by: str | None


class GivenAsNeeded(NamedTuple):
    """A dose as needed that was given."""

    name: str
    amount: Quantity | None
    at: datetime
    by: str


class Transfer(Service):
    """Reads for the transfer sheet: two statements."""

    @on_patient(Permission.MEDICATION_PRINT)
    def ask_sheet_lines(self, patient_id: UUID) -> Asked[list[SheetLine]]:
        """The medicines in use by name; for together()."""
        now = self.work.now
        return _lines().ask(self.db, lambda rows: [_line(r, now) for r in rows], ids=self.work.ids(patient_id), now=now)

    @on_patient(Permission.MEDICATION_PRINT)
    def ask_as_needed_lately(self, patient_id: UUID) -> Asked[list[GivenAsNeeded]]:
        """What was given as needed the last 24 hours, latest first; for together()."""
        since = self.work.now - timedelta(hours=24)
        return _lately().ask(
            self.db, lambda rows: [_given(r) for r in rows], ids=self.work.ids(patient_id), since=since
        )


@cache
def _lines() -> Statement:
    """Takes ids and now."""
    order = MedicationRequest
    columns = (order.patient_id, order.verbal_order_id, *(getattr(order, name) for name in _SHOWN))
    dosage = sa.cast(order.dosage, sa.Text).label("dosage")
    newest = newest_versions(in_charts(order), *columns, dosage).subquery("o").c
    given, version = MedicationAdministration, aliased(MedicationRequest)
    of_entry = sa.tuple_(version.patient_id, version.entry_id) == sa.tuple_(newest.patient_id, newest.entry_id)
    this = sa.tuple_(version.patient_id, version.id) == sa.tuple_(given.patient_id, given.request_id)
    last = (
        sa.select(given.effective_at.label("last_at"), given_by_name(given).label("last_by"))
        .join(version, this)
        .where(of_entry, given.in_error_at.is_(None), given.status == "completed", given.kind != WITNESS)
        .order_by(given.effective_at.desc())
        .limit(1)
        .lateral("last")
    )
    in_use = (
        sa.or_(*(newest.status == status for status in IN_USE)),
        sa.or_(newest.ends_at.is_(None), newest.ends_at > sa.bindparam("now")),
    )
    worked_out = unsigned(newest).label("unsigned"), waits_since(newest).label("waits_since")
    table = newest.entry_id.table
    return Statement(
        sa.select(*(newest[name] for name in _SHOWN), newest.dosage, *worked_out, last.c.last_at, last.c.last_by)
        .select_from(table.outerjoin(last, sa.true()))
        .where(*in_use)
        .order_by(sa.func.lower(newest.generic_name), newest.entry_id)
    )


@cache
def _lately() -> Statement:
    """Takes ids and since."""
    given, order, _dose = MedicationAdministration, MedicationRequest, Dose
    this = sa.and_(order.patient_id == given.patient_id, order.id == given.request_id)
    live = given.in_error_at.is_(None), given.status == "completed", given.dose_id.is_(None)
    return Statement(
        sa.select(
            order.generic_name,
            given.amount,
            given.unit,
            given.effective_at,
            given.recorded_by_name,
            given.performer_name,
        )
        .join(order, this)
        .where(in_charts(given), *live, given.effective_at > sa.bindparam("since"))
        .order_by(given.effective_at.desc())
    )


def _line(row: Any, now: datetime) -> SheetLine:
    dosage, today = dosage_of(row), local_date(now)
    of_medicine = {name: getattr(row, name) for name in ("atc_code", "form", "route", "prescription_group")}
    return SheetLine(
        row.entry_id,
        line_of(row, dosage, today),
        row.use,
        group_flags(row.prescription_group, row.high_risk, row.unsigned),
        condition_of(row, dosage, today),
        told_first(**of_medicine),
        row.change_reason or "" if row.status == OrderStatus.ON_HOLD else None,
        row.waits_since,
        row.last_at,
        row.last_by,
    )


def _given(row: Any) -> GivenAsNeeded:
    amount = Quantity(row.amount, row.unit) if row.amount is not None else None
    return GivenAsNeeded(row.generic_name or "", amount, row.effective_at, given_and_written(row))
