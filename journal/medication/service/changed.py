"""What is changed of a patient's orders since whoever asks was last at work here."""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.models import MedicationRequest
from journal.medication.rules import MedicationLine, OrderStatus, dose_sentence
from journal.medication.rules.since import LONGEST, Changed, what_changed
from journal.medication.service.in_use import newest_versions
from journal.medication.service.shown import dosage_of, line_of
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.service import Service, on_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_OF_ORDER = (
    *("entry_id", "status", "change", "change_reason", "recorded_at", "recorded_by_name"),
    *("generic_name", "brand_name", "form", "strength", "route", "indication"),
)


class ChangedOrder(NamedTuple):
    """An order, what happened to it last, who decided and why; `was`: how it was given when she was last here, if otherwise."""

    request_entry_id: UUID
    line: MedicationLine
    what: Changed
    by_name: str
    at: datetime
    reason: str
    was: str


class SinceLast(NamedTuple):
    """When whoever asks was last here (None: never), and what is changed since, the latest first."""

    last_here: datetime | None
    orders: tuple[ChangedOrder, ...]


class ChangedSince(Service):
    """Reads what a shift begins with."""

    @on_patient(Permission.MEDICATION_READ)
    def changed_since_last(self, patient_id: UUID) -> SinceLast:
        """Every order that was begun, changed, paused, resumed, stopped or completed since. One statement."""
        return self.ask_changed_since_last(patient_id).answer()

    @on_patient(Permission.MEDICATION_READ)
    def ask_changed_since_last(self, patient_id: UUID) -> Asked[SinceLast]:
        """As changed_since_last, for together()."""
        today = local_date(self.work.now)

        def read(rows: list[Any]) -> SinceLast:
            return SinceLast(rows[0].last_here, tuple(_changed(row, today) for row in rows if row.entry_id))

        return _since().ask(self.db, read, ids=self.work.ids(patient_id), earliest=self.work.now - LONGEST)


def _changed(row: Any, today: Any) -> ChangedOrder:
    dosage, was = dosage_of(row), row.was
    before = dose_sentence(type(dosage).from_text(was)) if was and was != row.dosage else ""
    what = what_changed(OrderStatus(row.status), was_there=was is not None, resumed=row.change == "resume")
    line = line_of(row, dosage, today)
    return ChangedOrder(
        row.entry_id, line, what, row.recorded_by_name, row.recorded_at, row.change_reason or "", before
    )


@cache
def _since() -> Statement:
    """One row at least, with when she was last here: beside it each order that is another now. Takes ids and earliest."""
    order, before = MedicationRequest, aliased(MedicationRequest)
    here = sa.select(sa.func.access.last_here().label("last_here")).cte("here").prefix_with("MATERIALIZED")
    limit = sa.select(sa.func.greatest(here.c.last_here, sa.bindparam("earliest"))).scalar_subquery()
    columns = [getattr(order, name) for name in _OF_ORDER]
    dosage = sa.cast(order.dosage, sa.Text).label("dosage")
    newest = newest_versions(in_charts(order), *columns, order.version, dosage).subquery()
    was = (
        sa.select(sa.cast(before.dosage, sa.Text))
        .where(in_charts(before), before.entry_id == newest.c.entry_id)
        .where(before.recorded_at <= limit, before.in_error_at.is_(None))
        .order_by(before.version.desc())
        .limit(1)
        .correlate(newest)
        .scalar_subquery()
    )
    is_new = sa.and_(here.c.last_here.is_not(None), newest.c.recorded_at > limit)
    return Statement(
        sa.select(here.c.last_here, *(newest.c[name] for name in _OF_ORDER), newest.c.dosage, was.label("was"))
        .select_from(here.outerjoin(newest, is_new))
        .order_by(newest.c.recorded_at.desc())
    )
