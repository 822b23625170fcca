"""The doses that an order leads to: worked out, and written in one statement."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.medication.models import MedicationRequest
from journal.medication.rules import Chosen, OrderStatus, missed_at, planned_doses, slot_of
from journal.medication.service.shown import dosage_of
from journal.platform.clock import day_bounds, local_date
from journal.platform.ids import new_id
from journal.platform.statement import Statement

HORIZON = timedelta(days=7)
"""How far ahead doses are worked out, and then to the end of that day: a day is planned whole, by one choice of clock times."""

_SEEN_AHEAD = timedelta(days=35)
"""How far past the horizon the next dose is looked for, since it decides when the last one is missed."""

_ARRAYS: dict[str, Any] = {
    "patient_id": sa.Uuid(),
    "id": sa.Uuid(),
    "request_entry_id": sa.Uuid(),
    "request_id": sa.Uuid(),
    "request_version": sa.Integer(),
    "due_at": sa.DateTime(timezone=True),
    "next_due_at": sa.DateTime(timezone=True),
    "ready_from": sa.DateTime(timezone=True),
    "late_after": sa.DateTime(timezone=True),
    "missed_from": sa.DateTime(timezone=True),
    "amount": sa.Numeric(),
    "unit": sa.Text(),
    "slot": sa.Text(),
    "given_by": sa.Text(),
    "state": sa.Text(),
    "course_number": sa.Integer(),
    "course_of": sa.Integer(),
}

_IDENTITY = {"patient_id", "id", "request_entry_id", "due_at"}

# A signed dose stays as it was signed; a cancelled one comes to life when the order wants it again.
_WRITE = Statement(
    sa.text(
        """
    INSERT INTO medication.dose AS d
        (patient_id, id, request_entry_id, request_id, request_version, due_at, next_due_at, ready_from, late_after, missed_from,
         amount, unit, slot, given_by, state, course_number, course_of)
    SELECT * FROM unnest(:patient_id, :id, :request_entry_id, :request_id, :request_version, :due_at, :next_due_at, :ready_from,
        :late_after, :missed_from, :amount, :unit, :slot, :given_by, :state, :course_number, :course_of)
    ON CONFLICT (patient_id, request_entry_id, due_at) DO UPDATE SET
        request_id = excluded.request_id, request_version = excluded.request_version, next_due_at = excluded.next_due_at,
        ready_from = excluded.ready_from, late_after = excluded.late_after, missed_from = excluded.missed_from,
        amount = excluded.amount, unit = excluded.unit, slot = excluded.slot, given_by = excluded.given_by, state = excluded.state,
        course_number = excluded.course_number, course_of = excluded.course_of
    WHERE NOT EXISTS (
        SELECT FROM medication.medication_administration a
        WHERE (a.patient_id, a.dose_id) = (d.patient_id, d.id) AND a.in_error_at IS NULL AND a.kind = 'signature')
    """
    ).bindparams(*(sa.bindparam(column, type_=sa.ARRAY(kind)) for column, kind in _ARRAYS.items()))
)


class Expansion(NamedTuple):
    """Doses to work out for one version of an order: from, up to but not including until, and the past ones to keep.

    `choices`: those of the municipality that answers for the order. `held_from`: from when it waits at the hospital door.
    """

    order: MedicationRequest
    start: datetime
    until: datetime
    choices: Sequence[Chosen]
    carried: frozenset[datetime] = frozenset()
    held_from: datetime | None = None


def horizon(now: datetime) -> datetime:
    """Until when doses are worked out at `now`: the end of a day in Oslo."""
    return day_bounds(local_date(now + HORIZON))[1]


def write_doses(db: Session, expansions: Iterable[Expansion]) -> None:
    """All the doses of all these orders in one statement; none when there are none."""
    write_rows(db, [row for expansion in expansions for row in rows_of(expansion)])


def write_rows(db: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """These doses, each by its columns; one that is signed stays as it was signed."""
    if rows:
        _WRITE.run(db, **{column: [row[column] for row in rows] for column in _ARRAYS})


def dose_at(order: MedicationRequest, due_at: datetime, choices: Sequence[Chosen]) -> dict[str, Any] | None:
    """The dose that this version of an order has at this very time, but for what makes a row that row; None for none."""
    found = next(rows_of(Expansion(order, due_at, due_at + timedelta(microseconds=1), choices)), None)
    return found and {column: value for column, value in found.items() if column not in _IDENTITY}


def rows_of(expansion: Expansion) -> Iterator[dict[str, Any]]:
    """The doses of an order, each as its columns, earliest first."""
    order, start, until, choices, carried, held_from = expansion
    doses = [
        *planned_doses(
            dosage_of(order),
            choices,
            start=min((start, *carried)),
            end=until + _SEEN_AHEAD,
            order_start=order.starts_at,
            order_end=order.ends_at,
            time_critical=order.time_critical,
            atc_code=order.atc_code,
        )
    ]
    for (dose, tolerance), following in zip_longest(doses, doses[1:]):
        if dose.due_at >= until:
            return
        if dose.due_at < start and dose.due_at not in carried:
            continue
        next_due_at = following.expected.due_at if following else None
        yield {
            "patient_id": order.patient_id,
            "id": new_id(),
            "request_entry_id": order.entry_id,
            "request_id": order.id,
            "request_version": order.version,
            "due_at": dose.due_at,
            "next_due_at": next_due_at,
            "ready_from": dose.due_at - tolerance.before,
            "late_after": dose.due_at + tolerance.after,
            "missed_from": missed_at(dose.due_at, next_due_at),
            "amount": dose.amount.value,
            "unit": dose.amount.unit,
            "slot": slot_of(dose.due_at),
            "given_by": order.given_by,
            "state": "held"
            if order.status == OrderStatus.ON_HOLD or (held_from and dose.due_at >= held_from)
            else "open",
            "course_number": None,
            "course_of": None,
        }
