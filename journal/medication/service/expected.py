"""The doses of every order, kept a week ahead."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import OrderStatus
from journal.medication.service.course import count_anew, course_of
from journal.medication.service.planning import HORIZON, Expansion, horizon, write_doses
from journal.medication.service.settings import choices_of
from journal.permissions import Permission
from journal.platform.clock import day_bounds, local_date
from journal.platform.service import Service, on_patients, without_patient

MOST_CHARTS = 500
"""What a transaction may open (audit.open_charts)."""


class Expected(Service):
    """Keeps the doses of every order worked out to the horizon."""

    @without_patient(Permission.MEDICATION_READ)
    def plans_running_out(self, *, most: int = MOST_CHARTS) -> list[UUID]:
        """Patients with an order whose doses end within the horizon, the most urgent first. For the worker alone.

        A day's slack, so that a chart is opened once a day and not at every run; and those with a dose that was missed of a
        course that ends by the doses given.
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
        ends = sa.or_(RequestPlan.planned_until < until, RequestPlan.count_again_at <= self.work.now)
        due = sa.and_(self.work.charts(patient_ids, RequestPlan), ends)
        plans = self.db.scalars(sa.select(RequestPlan).where(due).with_for_update(skip_locked=True)).all()
        kept = self._take_back(patient_ids, plans)
        current = {(order.patient_id, order.entry_id): order for order in self._current(patient_ids)}
        choices = choices_of(self.db, {order.municipality_id for order in current.values()})
        expansions = []
        for plan in plans:
            order = current.get((plan.patient_id, plan.request_entry_id))
            if order is None or order.status not in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD):
                plan.planned_until = plan.count_again_at = None
                continue
            assert plan.planned_until is not None
            start = kept.get(plan.request_entry_id, plan.planned_until)
            chosen = choices.get(order.municipality_id, ())
            expansions.append(Expansion(order, start, until, chosen, held_from=plan.unconfirmed_since))
            plan.planned_until = until
        write_doses(self.db, [each for each in expansions if course_of(each.order) is None])
        for each in expansions:
            count_anew(self.db, each.order, each.choices, self.work.now, start=kept.get(each.order.entry_id))
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


def _counted(expansions: Iterable[Expansion], linked: dict[UUID, UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for expansion in expansions:
        asked = linked[expansion.order.patient_id]
        counts[asked] = counts.get(asked, 0) + 1
    return counts
