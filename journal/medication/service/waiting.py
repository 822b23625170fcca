"""Orders that wait at the hospital door: which they are, and how one is let go on."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.medication.errors import NotReconciled
from journal.medication.models import Dose, MedicationRequest, RequestPlan
from journal.medication.rules import OrderStatus
from journal.medication.rules.status import MISSED_AFTER
from journal.medication.service.course import count_anew, course_of
from journal.medication.service.settings import choices_of
from journal.platform.language import phrase
from journal.platform.service import Service

HELD = "held"


def waits_since(order: Any) -> sa.ColumnElement[datetime | None]:
    """From when this order waits to be confirmed; NULL for nearly all. `order`: its columns."""
    plan = RequestPlan
    of_order = sa.tuple_(plan.patient_id, plan.request_entry_id) == sa.tuple_(order.patient_id, order.entry_id)
    return sa.select(plan.unconfirmed_since).where(of_order).correlate_except(plan).scalar_subquery()


def not_reconciled(medicine: str | None) -> NotReconciled:
    """What a nurse is told who would give it."""
    return NotReconciled(
        phrase("%(medicine)s er ikke samstemt etter at pasienten kom. Samstem listen før det gis.", medicine=medicine)
    )


class Waiting(Service):
    """Lets orders go on, for those who may say so."""

    def _let_go(self, patient_id: UUID, entries: Collection[UUID], *, since: datetime | None = None) -> None:
        """These orders wait no more. Their doses from now on are to be given; from `since`, where she never was away.

        An order that somebody has paused stays so: a dose of it is held by the pause.
        """
        ids = sa.literal(list(entries), sa.ARRAY(sa.Uuid))
        plan = self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == sa.any_(ids)
        free = sa.update(RequestPlan).where(*plan).values(unconfirmed_since=None)
        self.db.execute(free.execution_options(synchronize_session=False))
        order = MedicationRequest
        follows = sa.tuple_(order.patient_id, order.id) == sa.tuple_(Dose.patient_id, Dose.request_id)
        active = sa.exists().where(follows, order.status == OrderStatus.ACTIVE.value)
        held = self.work.chart(patient_id, Dose), Dose.request_entry_id == sa.any_(ids), Dose.state == HELD, active
        back = Dose.missed_from > since if since else Dose.due_at > self.work.now
        write = sa.update(Dose).where(*held, back).values(state="open")
        self.db.execute(write.execution_options(synchronize_session=False))
        self._count(patient_id, entries)

    def _count(self, patient_id: UUID, entries: Collection[UUID]) -> None:
        """A dose that was held and is passed is made up for at the end of its course."""
        order, ids = MedicationRequest, sa.literal(list(entries), sa.ARRAY(sa.Uuid))
        newest = sa.select(order).where(
            self.work.chart(patient_id, order), order.entry_id == sa.any_(ids), order.in_error_at.is_(None)
        )
        by_entry = newest.ext(distinct_on(order.patient_id, order.entry_id))
        for counted in self.db.scalars(by_entry.order_by(order.patient_id, order.entry_id, order.version.desc())).all():
            if course_of(counted) is not None:
                of = counted.municipality_id
                choices = choices_of(self.db, [of]).get(of, ())
                count_anew(self.db, counted, choices, self.work.now, start=self.work.now)

    def _decided(self, patient_id: UUID, request_entry_id: UUID) -> None:
        """A prescriber has decided this order anew: it waits no more. What was due while it waited is not to be given late."""
        this = self.work.chart(patient_id, Dose), Dose.request_entry_id == request_entry_id
        lately = Dose.due_at <= self.work.now, Dose.due_at > self.work.now - MISSED_AFTER
        passed = sa.update(Dose).where(*this, Dose.state == HELD, *lately).values(state="cancelled")
        self.db.execute(passed.execution_options(synchronize_session=False))
        plan = self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == request_entry_id
        free = sa.update(RequestPlan).where(*plan).values(unconfirmed_since=None)
        self.db.execute(free.execution_options(synchronize_session=False))
