"""The doses that an order leads to: worked out, written in one statement, and kept a week ahead."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import Chosen, OrderStatus, missed_at, planned_doses, slot_of
from journal.medication.service.settings import choices_of
from journal.medication.service.shown import dosage_of
from journal.permissions import Permission
from journal.platform.clock import day_bounds, local_date
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patients, without_patient
from journal.platform.statement import Statement

HORIZON = timedelta(days=7)
"""How far ahead doses are worked out, and then to the end of that day: a day is planned whole, by one choice of clock times."""

MOST_CHARTS = 500
"""What a transaction may open (audit.open_charts)."""

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
}

_IDENTITY = {"patient_id", "id", "request_entry_id", "due_at"}

# A signed dose stays as it was signed; a cancelled one comes to life when the order wants it again.
_WRITE = Statement(
    sa.text(
        """
    INSERT INTO medication.dose AS d
        (patient_id, id, request_entry_id, request_id, request_version, due_at, next_due_at, ready_from, late_after, missed_from,
         amount, unit, slot, given_by, state)
    SELECT * FROM unnest(:patient_id, :id, :request_entry_id, :request_id, :request_version, :due_at, :next_due_at, :ready_from,
        :late_after, :missed_from, :amount, :unit, :slot, :given_by, :state)
    ON CONFLICT (patient_id, request_entry_id, due_at) DO UPDATE SET
        request_id = excluded.request_id, request_version = excluded.request_version, next_due_at = excluded.next_due_at,
        ready_from = excluded.ready_from, late_after = excluded.late_after, missed_from = excluded.missed_from,
        amount = excluded.amount, unit = excluded.unit, slot = excluded.slot, given_by = excluded.given_by, state = excluded.state
    WHERE NOT EXISTS (
        SELECT FROM medication.medication_administration a
        WHERE (a.patient_id, a.dose_id) = (d.patient_id, d.id) AND a.in_error_at IS NULL AND a.kind = 'signature')
    """
    ).bindparams(*(sa.bindparam(column, type_=sa.ARRAY(kind)) for column, kind in _ARRAYS.items()))
)


class Expansion(NamedTuple):
    """Doses to work out for one version of an order: from, up to but not including until, and the past ones to keep.

    `choices`: those of the municipality that answers for the order.
    """

    order: MedicationRequest
    start: datetime
    until: datetime
    choices: Sequence[Chosen]
    carried: frozenset[datetime] = frozenset()


class Expected(Service):
    """Keeps the doses of every order worked out to the horizon."""

    @without_patient(Permission.MEDICATION_READ)
    def plans_running_out(self, *, most: int = MOST_CHARTS) -> list[UUID]:
        """Patients with an order whose doses end within the horizon, the most urgent first. For the worker alone.

        A day's slack, so that a chart is opened once a day and not at every run.
        """
        before = self.work.now + HORIZON - timedelta(days=1)
        ask = sa.text("SELECT patient_id FROM medication.plans_running_out(:before, :most)")
        return list(self.db.scalars(ask, {"before": before, "most": most}))

    @on_patients(Permission.MEDICATION_READ)
    def extend_horizon(self, patient_ids: Collection[UUID]) -> dict[UUID, int]:
        """Works out the doses of these patients to the horizon; the number of orders extended, by patient.

        At most 500 patients in a transaction. An order that somebody is changing right now is left for the next run.
        """
        until = horizon(self.work.now)
        due = sa.and_(self.work.charts(patient_ids, RequestPlan), RequestPlan.planned_until < until)
        plans = self.db.scalars(sa.select(RequestPlan).where(due).with_for_update(skip_locked=True)).all()
        kept = self._take_back(patient_ids, plans)
        current = {(order.patient_id, order.entry_id): order for order in self._current(patient_ids)}
        choices = choices_of(self.db, {order.municipality_id for order in current.values()})
        expansions = []
        for plan in plans:
            order = current.get((plan.patient_id, plan.request_entry_id))
            if order is None or order.status not in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD):
                plan.planned_until = None
                continue
            assert plan.planned_until is not None
            start = kept.get(plan.request_entry_id, plan.planned_until)
            expansions.append(Expansion(order, start, until, choices.get(order.municipality_id, ())))
            plan.planned_until = until
        write_doses(self.db, expansions)
        return _counted(expansions, self.work.linked(patient_ids))

    def _take_back(self, patient_ids: Collection[UUID], plans: Sequence[RequestPlan]) -> dict[UUID, datetime]:
        """Cancels the doses past the end of these plans: there are some when the municipality has moved its clock times.

        A day with a signed dose stays as it was, so that nobody gets the same dose twice. Answers with the end of the
        last such day, for the orders that have one. Locks first and looks after: a nurse who signs is let finish.
        """
        entries = sa.literal([plan.request_entry_id for plan in plans], sa.ARRAY(sa.Uuid))
        of_plan = (RequestPlan.patient_id == Dose.patient_id, RequestPlan.request_entry_id == Dose.request_entry_id)
        past = (Dose.request_entry_id == sa.any_(entries), Dose.due_at >= RequestPlan.planned_until)
        ahead = sa.select(Dose).join(RequestPlan, sa.and_(*of_plan)).where(self.work.charts(patient_ids, Dose), *past)
        lock = ahead.order_by(Dose.patient_id, Dose.due_at).with_for_update(of=Dose, key_share=True)
        if not (doses := self.db.scalars(lock).all()):
            return {}
        signature, ids = MedicationAdministration, sa.literal([dose.id for dose in doses], sa.ARRAY(sa.Uuid))
        live = (signature.dose_id == sa.any_(ids), signature.in_error_at.is_(None), signature.kind == "signature")
        found = sa.select(signature.dose_id).where(self.work.charts(patient_ids, signature), *live)
        signed = set(self.db.scalars(found))
        kept = {d.request_entry_id: day_bounds(local_date(d.due_at))[1] for d in doses if d.id in signed}
        for dose in doses:
            if dose.request_entry_id not in kept or dose.due_at >= kept[dose.request_entry_id]:
                dose.state = "cancelled"
        return kept

    def _current(self, patient_ids: Collection[UUID]) -> Iterable[MedicationRequest]:
        order = MedicationRequest
        live = sa.and_(self.work.charts(patient_ids, order), order.in_error_at.is_(None))
        newest = sa.select(order).where(live).ext(distinct_on(order.patient_id, order.entry_id))
        return self.db.scalars(newest.order_by(order.patient_id, order.entry_id, order.version.desc()))


def horizon(now: datetime) -> datetime:
    """Until when doses are worked out at `now`: the end of a day in Oslo."""
    return day_bounds(local_date(now + HORIZON))[1]


def write_doses(db: Session, expansions: Iterable[Expansion]) -> None:
    """All the doses of all these orders in one statement; none when there are none."""
    rows = [row for expansion in expansions for row in _rows(expansion)]
    if rows:
        _WRITE.run(db, **{column: [row[column] for row in rows] for column in _ARRAYS})


def dose_at(order: MedicationRequest, due_at: datetime, choices: Sequence[Chosen]) -> dict[str, Any] | None:
    """The dose that this version of an order has at this very time, but for what makes a row that row; None for none."""
    found = next(_rows(Expansion(order, due_at, due_at + timedelta(microseconds=1), choices)), None)
    return found and {column: value for column, value in found.items() if column not in _IDENTITY}


def _rows(expansion: Expansion) -> Iterator[dict[str, Any]]:
    order, start, until, choices, carried = expansion
    doses = [
        *planned_doses(
            dosage_of(order),
            choices,
            start=min((start, *carried)),
            end=until + _SEEN_AHEAD,
            order_start=order.starts_at,
            order_end=order.ends_at,
            time_critical=order.time_critical,
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
            "state": "held" if order.status == OrderStatus.ON_HOLD else "open",
        }


def _counted(expansions: Iterable[Expansion], linked: dict[UUID, UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for expansion in expansions:
        asked = linked[expansion.order.patient_id]
        counts[asked] = counts.get(asked, 0) + 1
    return counts
