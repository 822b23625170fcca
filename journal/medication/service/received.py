"""What was received by word of mouth: who said it, what it made of the order, and what has become of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.models import MedicationRequest, VerbalAnswer, VerbalOrder
from journal.medication.rules import Dosage, MedicationLine, OrderStatus, dose_sentence
from journal.medication.rules.verbal import Act, AfterRefusal, after_refusal, is_overdue
from journal.medication.service.rota import stands_in
from journal.medication.service.shown import dosage_of, line_of, overridden_of
from journal.platform.clock import local_date
from journal.platform.statement import Statement
from journal.platform.work import in_charts


@dataclass(frozen=True)
class Prescriber:
    """Who gave the order: as she said it, since she may have no account here."""

    name: str
    hpr_number: str
    service: str


@dataclass(frozen=True)
class Received:
    """An order by word of mouth, as it was received, and what has become of it.

    `act` was said of it, and made its `request_version`; `before` and `said`: the dosage in words until then, empty for a new
    order, and as it was received. `why`: what was said of it, for a change.
    `version` and `status` are the order's now; `changed`: it is another than the one received. `outcome` is None while
    nobody has answered, else "signed" or "refused".
    """

    id: UUID
    patient_id: UUID
    request_entry_id: UUID
    act: Act
    request_version: int
    before: str
    said: str
    why: str
    version: int
    status: OrderStatus
    line: MedicationLine
    overridden: tuple[str, ...]
    prescriber: Prescriber
    received_by: str
    received_at: datetime
    sign_before: datetime
    overdue: bool
    stand_in: str | None
    outcome: str | None
    answered_by: str | None
    answered_at: datetime | None
    reason: str | None

    @property
    def changed(self) -> bool:
        return self.version > self.request_version

    @property
    def stopped(self) -> bool:
        return self.status not in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD)

    @property
    def after_refusal(self) -> tuple[AfterRefusal, ...]:
        return after_refusal(self.act, decided_since=self.changed)


@dataclass(frozen=True)
class Queue:
    """Orders to look at, the most urgent first, and how many more there are."""

    shown: tuple[Received, ...]
    hidden: int


def received_of(row: Any, patient_id: UUID, now: datetime) -> Received:
    """A row of these statements. `patient_id` is the id that was asked for."""
    answered = row.answered_by, row.answered_at, row.reason
    return Received(
        row.id,
        patient_id,
        row.request_entry_id,
        Act(row.act),
        row.request_version,
        dose_sentence(Dosage.from_text(row.dosage_before)) if row.dosage_before else "",
        dose_sentence(dosage_of(row)),
        row.change_reason or "",
        row.version_now,
        OrderStatus(row.status_now),
        line_of(row, dosage_of(row), local_date(now)),
        overridden_of(row),
        Prescriber(row.prescriber_name, row.prescriber_hpr, row.prescriber_service),
        row.received_by,
        row.received_at,
        row.sign_before,
        row.outcome is None and is_overdue(row.sign_before, now),
        row.stand_in_name,
        row.outcome,
        *answered,
    )


def _received_statement(condition: sa.ColumnElement[bool]) -> Statement:
    """Orders by word of mouth as they were received, with what holds now and the answer, by their limits."""
    verbal, made, answer = VerbalOrder, MedicationRequest, VerbalAnswer
    before, now = aliased(MedicationRequest), aliased(MedicationRequest)
    newest = (
        sa.select(now.version, now.status)
        .where(now.patient_id == made.patient_id, now.entry_id == made.entry_id, now.in_error_at.is_(None))
        .order_by(now.version.desc())
        .limit(1)
        .lateral("newest")
    )
    of_verbal = made.patient_id == verbal.patient_id, made.entry_id == verbal.request_entry_id
    that_one = sa.and_(*of_verbal, made.version == verbal.request_version)
    one_before = before.patient_id, before.entry_id, before.version + 1
    of_before = sa.tuple_(*one_before) == sa.tuple_(made.patient_id, made.entry_id, made.version)
    of_answer = answer.patient_id == verbal.patient_id, answer.verbal_order_id == verbal.id
    said = ("generic_name", "brand_name", "form", "strength", "route", "indication", "dosage", "detected_issues")
    own = ("patient_id", "id", "request_entry_id", "prescriber_name", "prescriber_hpr", "prescriber_service")
    return Statement(
        sa.select(
            *(getattr(verbal, name) for name in (*own, "act", "request_version", "sign_before")),
            stands_in(verbal.unit_id, verbal.sign_before).label("stand_in_name"),
            verbal.recorded_by_name.label("received_by"),
            verbal.recorded_at.label("received_at"),
            *(getattr(made, name) for name in said),
            made.change_reason,
            sa.cast(before.dosage, sa.Text).label("dosage_before"),
            newest.c.version.label("version_now"),
            newest.c.status.label("status_now"),
            *(answer.outcome, answer.reason),
            answer.recorded_by_name.label("answered_by"),
            answer.recorded_at.label("answered_at"),
        )
        .select_from(verbal)
        .join(made, that_one)
        .outerjoin(before, of_before)
        .join(newest, sa.true())
        .outerjoin(answer, sa.and_(*of_answer))
        .where(in_charts(verbal), condition)
        .order_by(verbal.sign_before, verbal.id)
    )


@cache
def of_ids() -> Statement:
    """Takes ids (every record of the patients) and wanted (ids of orders)."""
    wanted = sa.bindparam("wanted", type_=sa.ARRAY(sa.Uuid))
    return _received_statement(VerbalOrder.id == sa.any_(wanted))


@cache
def of_entry() -> Statement:
    """Takes ids (every record of the patient) and entry_id."""
    return _received_statement(VerbalOrder.request_entry_id == sa.bindparam("entry_id", type_=sa.Uuid))
