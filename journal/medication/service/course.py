"""Courses that end by the doses given: how many are given, and the doses ahead as many as are left.

Whatever moves such an order, or signs a dose of it, has it counted before it commits; what was missed, the worker counts. All of
them hold the order's plan, so nobody counts what another is about to change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import Chosen, OrderStatus, Slot, SoFar, so_far
from journal.medication.service.planning import Expansion, horizon, rows_of, write_rows
from journal.medication.service.shown import WITNESS, dosage_of

_KEPT = (
    *("patient_id", "id", "request_entry_id", "request_id", "request_version", "due_at", "next_due_at", "ready_from"),
    *("late_after", "missed_from", "amount", "unit", "slot", "given_by", "state"),
)
_COUNTED = {OrderStatus.ACTIVE.value, OrderStatus.ON_HOLD.value}


def course_of(order: Any) -> int | None:
    """The number of doses that the course of this order ends by; None for an order that does not count."""
    course = dosage_of(order).course
    return course.doses if course else None


def standing(db: Session, patient_id: UUID, request_entry_id: UUID, doses: int, now: datetime) -> SoFar:
    """Where the course of so many doses stands now. `patient_id` is the order's own."""
    slots = [_slot(row) for row in _happened(db, patient_id, request_entry_id)]
    return so_far(doses, slots, now=now, start=now)


def count_anew(
    db: Session,
    order: MedicationRequest,
    choices: Sequence[Chosen],
    now: datetime,
    *,
    start: datetime | None = None,
) -> None:
    """Plans the doses of a course that counts, as many as are left; nothing for an order that does not, or is over.

    `choices`: those of the municipality that answers for the order. `start`: from when on they are planned anew: now, else when
    the dose that nobody signed was missed, so that the one made up for it comes as if nobody had waited with counting.
    """
    doses = course_of(order)
    if doses is None or order.status not in _COUNTED:
        return
    plan = _of(RequestPlan, order.patient_id, order.entry_id)
    locked = sa.select(RequestPlan.count_again_at, RequestPlan.unconfirmed_since).where(plan)
    again, held_from = db.execute(locked.with_for_update(key_share=True)).one_or_none() or (None, None)
    start = start or min(now, again or now)
    happened = _happened(db, order.patient_id, order.entry_id)
    stands = so_far(doses, map(_slot, happened), now=now, start=start)
    signed = {row.due_at for row in happened if row.signed}
    until = horizon(now)
    ahead = (
        row
        for row in rows_of(Expansion(order, max(start, order.starts_at), until, choices, held_from=held_from))
        if row["due_at"] not in signed and row["missed_from"] > now
    )
    waiting = [_as_planned(row) for row in happened if row.due_at in stands.waiting]
    rows = list(chain(waiting, islice(ahead, stands.ahead)))
    for number, row in enumerate(rows, start=stands.given + 1):
        row |= {"course_number": number, "course_of": doses}
    kept = {row["due_at"] for row in rows}
    # What was missed stays missed, and what was paused stays paused.
    to_come = [r for r in happened if r.missed_from > now and (r.state == "open" or r.due_at >= start)]
    beyond = [r.due_at for r in to_come if not r.signed and r.state != "cancelled" and r.due_at not in kept]
    _take_back(db, order, beyond)
    write_rows(db, rows)
    again_at = min((row["missed_from"] for row in rows), default=None)
    ended_at = max((row.last_given for row in happened if row.last_given), default=None)
    found = {
        "planned_until": until,
        "count_again_at": again_at if order.status == OrderStatus.ACTIVE else None,
        "ended_at": ended_at if stands.given >= doses else None,
    }
    db.execute(sa.update(RequestPlan).where(plan).values(found).execution_options(synchronize_session=False))


def _happened(db: Session, patient_id: UUID, request_entry_id: UUID) -> Sequence[Any]:
    """The doses of the order, earliest first, each with whether it is signed, how many times it was given, and when last."""
    db.flush()
    given = MedicationAdministration
    same = sa.tuple_(given.patient_id, given.dose_id) == sa.tuple_(Dose.patient_id, Dose.id)
    of_dose = sa.and_(same, given.in_error_at.is_(None))
    taken = sa.and_(given.status == "completed", given.kind != WITNESS)
    return db.execute(
        sa.select(
            *(getattr(Dose, name) for name in _KEPT),
            (sa.func.count(given.id).filter(given.kind == "signature") > 0).label("signed"),
            sa.func.count(given.id).filter(taken).label("given"),
            sa.func.max(given.effective_at).filter(taken).label("last_given"),
        )
        .outerjoin(given, of_dose)
        .where(_of(Dose, patient_id, request_entry_id))
        .group_by(Dose.patient_id, Dose.id)
        .order_by(Dose.due_at)
    ).all()


def _of(table: type[Dose] | type[RequestPlan], patient_id: UUID, request_entry_id: UUID) -> sa.ColumnElement[bool]:
    """The rows of an order that was read from an open chart, by both its keys."""
    key = sa.tuple_(table.patient_id, table.request_entry_id)
    return key == sa.tuple_(sa.literal(patient_id, sa.Uuid), sa.literal(request_entry_id, sa.Uuid))


def _slot(row: Any) -> Slot:
    return Slot(row.due_at, row.given, row.signed, row.state == "open", row.missed_from)


def _as_planned(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _KEPT}


def _take_back(db: Session, order: MedicationRequest, beyond: Sequence[datetime]) -> None:
    """Cancels these doses of the order: they may still be given, and are more than is left of the course."""
    if beyond:
        these = (_of(Dose, order.patient_id, order.entry_id), Dose.due_at.in_(beyond))
        moved: Mapping[str, Any] = {"state": "cancelled", "request_id": order.id, "request_version": order.version}
        db.execute(sa.update(Dose).where(*these).values(moved).execution_options(synchronize_session=False))
