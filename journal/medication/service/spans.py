"""What was ordered and what happened over a span of time: the dose chart of a week, and the timeline."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.laid_out_tables import DoseLaidOut, lies_before
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import (
    DoseStatus,
    MedicationLine,
    OrderStatus,
    Reason,
    Result,
    SignedState,
    Tolerance,
    dose_status,
)
from journal.medication.rules.dispenser import status_in_dispenser
from journal.medication.rules.door import waits
from journal.medication.rules.leave import ON_LEAVE
from journal.medication.rules.supply import OTHERS
from journal.medication.service.dispenser_told import told_column, told_of
from journal.medication.service.gap import given_and_written, unknown
from journal.medication.service.in_use import IN_USE
from journal.medication.service.shown import WITNESS, dosage_of, group_flags, line_of, unsigned
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.quantity import Quantity
from journal.platform.service import Service, on_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_SHOWN = (
    *("patient_id", "entry_id", "version", "status", "use", "as_needed", "given_by", "generic_name", "brand_name"),
    *("form", "strength", "route", "indication", "prescription_group", "high_risk", "change", "change_reason"),
    *("effective_at", "recorded_by_name"),
)
_FACT = (
    *("id", "dose_id", "kind", "result", "effective_at", "reason_code", "reason_text", "amount", "unit"),
    *("in_error_at", "in_error_reason", "recorded_by_name", "performer_name"),
)


class OrderSpan(NamedTuple):
    """A version of an order and the time it held: from `since` up to but not including `until` (None: it holds still).

    `changed_at`: when it was decided, which may be before it began. `planned_until`: how far its doses are worked out.
    """

    request_entry_id: UUID
    version: int
    status: OrderStatus
    use: str
    as_needed: bool
    by_patient: bool
    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    change: str
    change_reason: str | None
    changed_at: datetime
    changed_by: str
    since: datetime
    until: datetime | None
    planned_until: datetime | None

    @property
    def in_force(self) -> bool:
        return self.status.value in IN_USE


class SpanFact(NamedTuple):
    """A dose as needed, or more about the signature of a planned one. `dose_id` and `due_at` are None for one as needed.

    `in_error_because` is None for what stands.
    """

    id: UUID
    request_entry_id: UUID
    dose_id: UUID | None
    due_at: datetime | None
    state: SignedState
    amount: Quantity | None
    by_name: str
    in_error_because: str | None


class Outcome(NamedTuple):
    """What became of one planned dose. `at`: when it was signed for, else when it was due."""

    request_entry_id: UUID
    at: datetime
    due_at: datetime
    status: DoseStatus


class Spans(Service):
    """Reads over time: a statement each, whatever the length of the span."""

    @on_patient(Permission.MEDICATION_READ)
    def ask_orders_between(self, patient_id: UUID, *, start: datetime, end: datetime) -> Asked[list[OrderSpan]]:
        """The versions that held at some time from `start` up to `end`, by name and then as they came; for together().

        What stopped or was completed within the span is in it too, as a version that begins then.
        """
        return _orders().ask(
            self.db, partial(_spans, day=local_date(self.work.now)), ids=self.work.ids(patient_id), start=start, end=end
        )

    @on_patient(Permission.MEDICATION_READ)
    def ask_facts_between(self, patient_id: UUID, *, start: datetime, end: datetime) -> Asked[list[SpanFact]]:
        """Doses as needed given in the span, mistakes among them; for together().

        Of its planned doses: the signatures that were mistakes, and those of a dose taken in part, with how much.
        """
        ids = self.work.ids(patient_id)
        return _facts().ask(self.db, lambda rows: [_fact(row) for row in rows], ids=ids, start=start, end=end)

    @on_patient(Permission.MEDICATION_READ)
    def ask_outcomes_between(self, patient_id: UUID, *, start: datetime, end: datetime) -> Asked[list[Outcome]]:
        """The planned doses due from `start` up to `end` and what became of each, earliest first; for together()."""
        now, ids = self.work.now, self.work.ids(patient_id)
        return _outcomes().ask(self.db, lambda rows: [_outcome(r, now) for r in rows], ids=ids, start=start, end=end)


@cache
def _orders() -> Statement:
    """Takes ids, start and end."""
    order, plan = MedicationRequest, RequestPlan
    of_entry: Mapping[str, Any] = {"partition_by": (order.patient_id, order.entry_id), "order_by": order.version}
    first = sa.func.row_number().over(**of_entry) == 1
    next_at = sa.func.lead(order.effective_at).over(**of_entry)
    # What was taken before it was written down began when it began; a later version when it was decided.
    since = sa.case((first, order.starts_at), else_=sa.func.greatest(order.starts_at, order.effective_at))
    versions = (
        sa.select(
            *(getattr(order, name) for name in _SHOWN),
            sa.cast(order.dosage, sa.Text).label("dosage"),
            unsigned(order).label("unsigned"),
            since.label("since"),
            sa.func.least(next_at, order.ends_at).label("until"),
        )
        .where(in_charts(order), order.in_error_at.is_(None))
        .subquery("v")
    )
    v = versions.c
    held = sa.or_(v.until.is_(None), v.until > sa.bindparam("start"))
    in_use = sa.or_(*(v.status == status for status in IN_USE))
    ended_within = sa.and_(v.effective_at >= sa.bindparam("start"), v.effective_at < sa.bindparam("end"))
    of_order = sa.and_(plan.patient_id == v.patient_id, plan.request_entry_id == v.entry_id)
    return Statement(
        sa.select(versions, plan.planned_until)
        .join(plan, of_order, isouter=True)
        .where(sa.or_(sa.and_(in_use, v.since < sa.bindparam("end"), held), sa.and_(sa.not_(in_use), ended_within)))
        .order_by(v.entry_id, v.version)
    )


@cache
def _facts() -> Statement:
    """Takes ids, start and end. Two questions in one: each has an index of its own."""
    given, dose, order = MedicationAdministration, Dose, MedicationRequest
    said = [getattr(given, name) for name in _FACT]
    of_order = sa.and_(given.patient_id == order.patient_id, given.request_id == order.id)
    of_dose = sa.and_(given.patient_id == dose.patient_id, given.dose_id == dose.id)

    def within(column: Any) -> sa.ColumnElement[bool]:
        return sa.and_(column >= sa.bindparam("start"), column < sa.bindparam("end"))

    as_needed = (
        sa.select(*said, order.entry_id.label("of_entry"), sa.null().cast(sa.DateTime(timezone=True)).label("due_at"))
        .join(order, of_order)
        .where(in_charts(order), order.as_needed, given.dose_id.is_(None), within(given.effective_at))
    )
    of_doses = (
        sa.select(*said, dose.request_entry_id.label("of_entry"), dose.due_at)
        .join(dose, of_dose)
        .where(in_charts(dose), within(dose.due_at), given.kind != WITNESS)
        .where(sa.or_(given.in_error_at.is_not(None), given.result == Result.PARTLY_TAKEN.value))
    )
    both = sa.union_all(as_needed, of_doses).subquery("f")
    return Statement(sa.select(both).order_by(both.c.effective_at, both.c.id))


@cache
def _outcomes() -> Statement:
    """Takes ids, start and end. No more of each than its status needs: a quarter of a year has thousands."""
    dose, order, signature = Dose, MedicationRequest, aliased(MedicationAdministration)
    of_order = sa.and_(dose.patient_id == order.patient_id, dose.request_id == order.id)
    return Statement(
        sa.select(
            *(dose.request_entry_id, dose.due_at, dose.next_due_at, dose.ready_from, dose.late_after, dose.state),
            *(order.status, order.effective_at, signature.result, signature.effective_at.label("signed_at")),
            told_column(dose, order.supply).label("told"),
            DoseLaidOut.id.is_not(None).label("laid_out"),
            dose.given_by,
            dose.downtime_id,
        )
        .join(order, of_order)
        .outerjoin(dose.signature.of_type(signature))
        .outerjoin(DoseLaidOut, lies_before(dose))
        .where(in_charts(dose), dose.due_at >= sa.bindparam("start"), dose.due_at < sa.bindparam("end"))
        .where(sa.or_(dose.state != "cancelled", signature.id.is_not(None), unknown(dose)))
        .order_by(dose.due_at)
    )


def _outcome(row: Any, now: datetime) -> Outcome:
    signed = SignedState(Result(row.result), row.signed_at) if row.result else None
    status = dose_status(
        row.due_at,
        now,
        signed,
        order_status=OrderStatus.ACTIVE if row.state == "open" else OrderStatus(row.status),
        order_status_since=row.effective_at,
        tolerance=Tolerance(row.due_at - row.ready_from, row.late_after - row.due_at),
        next_due_at=row.next_due_at,
        unreconciled=waits(row.state, row.status),
        laid_out=row.laid_out,
        on_leave=row.given_by in ON_LEAVE,
        by_others=row.given_by in OTHERS and row.told is None,
        unknown=row.downtime_id is not None,
    )
    status = status_in_dispenser(status, told_of(row.told))
    return Outcome(row.request_entry_id, row.signed_at or row.due_at, row.due_at, status)


def _spans(rows: list[Any], *, day: date) -> list[OrderSpan]:
    spans = [_span(row, day) for row in rows]
    return sorted(spans, key=lambda span: span.line.generic.lower())


def _span(row: Any, day: date) -> OrderSpan:
    status = OrderStatus(row.status)
    return OrderSpan(
        request_entry_id=row.entry_id,
        version=row.version,
        status=status,
        use=row.use,
        as_needed=row.as_needed,
        by_patient=row.given_by == "patient",
        line=line_of(row, dosage_of(row), day),
        flags=group_flags(row.prescription_group, row.high_risk, row.unsigned),
        change=row.change,
        change_reason=row.change_reason,
        changed_at=row.effective_at,
        changed_by=row.recorded_by_name,
        since=row.since if row.status in IN_USE else row.effective_at,
        until=row.until,
        planned_until=row.planned_until,
    )


def _fact(row: Any) -> SpanFact:
    reason = Reason(row.reason_code) if row.reason_code else None
    return SpanFact(
        id=row.id,
        request_entry_id=row.of_entry,
        dose_id=row.dose_id,
        due_at=row.due_at,
        state=SignedState(Result(row.result), row.effective_at, reason, row.reason_text or ""),
        amount=Quantity(row.amount, row.unit) if row.amount is not None else None,
        by_name=given_and_written(row),
        in_error_because=(row.in_error_reason or "") if row.in_error_at else None,
    )
