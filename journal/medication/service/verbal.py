"""Orders by word of mouth: received and effective at once, then signed or refused by somebody who may prescribe."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from journal.access import CareRelationships
from journal.medication.errors import VerbalOrderAnswered
from journal.medication.models import MedicationRequest, VerbalAnswer, VerbalOrder
from journal.medication.rules import Dosage, GivenBy, MedicationLine, OrderStatus, Supply, ValueRequirement
from journal.medication.rules.verbal import is_overdue, may_answer, sign_before
from journal.medication.service.judging import Answers, Judging
from journal.medication.service.medicine import Medicine
from journal.medication.service.prescribing import Prescribing
from journal.medication.service.shown import dosage_of, line_of, overridden_of
from journal.medication.service.stand_in import UNANSWERED, StandIns
from journal.permissions import Permission
from journal.platform.clock import local_date, spoken
from journal.platform.errors import Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient, on_patients, without_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

MOST_SHOWN = 40
"""Only the orders that are shown are opened and logged."""

_OWN_NUMBER = Statement(sa.text("SELECT hpr_number FROM municipalities.practitioner WHERE id = :id"))


@dataclass(frozen=True)
class Prescriber:
    """Who gave the order: as she said it, since she may have no account here."""

    name: str
    hpr_number: str
    service: str


@dataclass(frozen=True)
class Received:
    """An order by word of mouth, as it was received, and what has become of it.

    `version` and `status` are the order's now; `changed`: it is another than the one received. `outcome` is None while
    nobody has answered, else "signed" or "refused".
    """

    id: UUID
    patient_id: UUID
    request_entry_id: UUID
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
        return self.version > 1

    @property
    def stopped(self) -> bool:
        return self.status not in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD)


@dataclass(frozen=True)
class Queue:
    """Orders to look at, the most urgent first, and how many more there are."""

    shown: tuple[Received, ...]
    hidden: int


class Verbal(Prescribing, StandIns):
    """The nurse receives, the doctor answers; each order is answered once."""

    judge_verbal = on_patient(Permission.MEDICATION_RECEIVE)(Judging._judge)

    @on_patient(Permission.MEDICATION_RECEIVE)
    def receive(
        self,
        patient_id: UUID,
        *,
        prescriber: Prescriber,
        read_back: bool,
        medicine: Medicine,
        dosage: Dosage,
        use: str,
        indication: str | None = None,
        instruction: str | None = None,
        required_value: ValueRequirement | None = None,
        supply: Supply | None = None,
        given_by: GivenBy = GivenBy.UNIT,
        answers: Answers,
    ) -> UUID:
        """An order by word of mouth, effective at once; answers with its entry_id.

        It is judged as any order is; `answers` are what the prescriber said to the alerts. The named stand-in has a ground
        from when the limit passes. Raises Invalid when it was not read back, and as prescribe.
        """
        if not read_back:
            raise Invalid(errors={"read_back": ["Les ordinasjonen tilbake, og kryss av når legen har bekreftet den."]})
        rule, verbal_order_id = self._signing_rule(), new_id()
        limit = sign_before(self.work.now, rule.within_hours)
        relationship_id = None
        if rule.stand_in_id is not None:
            entrust = CareRelationships(self.work).entrust
            relationship_id = entrust(patient_id, rule.stand_in_id, valid_from=limit)
        received = VerbalOrder(
            patient_id=patient_id,
            id=verbal_order_id,
            request_entry_id=new_id(),
            prescriber_name=prescriber.name,
            prescriber_hpr=prescriber.hpr_number,
            prescriber_service=prescriber.service,
            read_back=True,
            sign_before=limit,
            stand_in_name=rule.stand_in_name,
            relationship_id=relationship_id,
        )
        self.db.add(received)
        self.db.flush()
        return self._order(
            patient_id,
            entry_id=received.request_entry_id,
            medicine=medicine,
            dosage=dosage,
            use=use,
            indication=indication,
            instruction=instruction,
            required_value=required_value,
            supply=supply,
            given_by=given_by,
            prescriber_name=prescriber.name,
            verbal_order_id=verbal_order_id,
            answers=answers,
        )

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def sign_verbal(self, patient_id: UUID, verbal_order_id: UUID) -> None:
        """Signs what was received. Raises NotFound, VerbalOrderAnswered, and Denied for who neither said it nor treats her."""
        self._answer(self._unanswered(patient_id, verbal_order_id), "signed", None)

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def refuse_verbal(self, patient_id: UUID, verbal_order_id: UUID, *, version: int, reason: str) -> None:
        """Refuses what was received: the order is stopped with this reason, if nobody has stopped it.

        `version` is the order's that was seen. Raises as sign_verbal, and OrderChanged.
        """
        received = self._unanswered(patient_id, verbal_order_id)
        self._answer(received, "refused", reason)
        order = MedicationRequest
        of_entry = self.work.chart(patient_id, order), order.entry_id == received.request_entry_id
        newest = sa.select(order.status).where(*of_entry, order.in_error_at.is_(None)).order_by(order.version.desc())
        if self.db.scalar(newest.limit(1)) in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD):
            self.stop(patient_id, received.request_entry_id, version=version, reason=reason, code="X")

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def unsigned(self) -> Queue:
        """What awaits a signature, of the patients of the unit one acts in and those one stands in for, overdue first."""
        return self._queue([row for row in UNANSWERED.rows(self.db) if row.answered_at is None], self.verbal_orders)

    @without_patient(Permission.MEDICATION_RECEIVE)
    def received_by_me(self) -> Queue:
        """What one has received that awaits an answer, or had one the last seven days: refused first, then unanswered."""
        mine = [row for row in UNANSWERED.rows(self.db) if row.received_by == self.work.actor.person_id]
        queue = self._queue(mine, self.my_verbal_orders)
        rank = {"refused": 0, None: 1, "signed": 2}
        return Queue(tuple(sorted(queue.shown, key=lambda one: rank[one.outcome])), queue.hidden)

    @on_patients(Permission.MEDICATION_PRESCRIBE)
    def verbal_orders(self, patient_ids: Collection[UUID], ids: Sequence[UUID]) -> list[Received]:
        """These orders, of these patients, in the order of their limits. One statement."""
        return self._verbal_orders(patient_ids, ids)

    @on_patients(Permission.MEDICATION_RECEIVE)
    def my_verbal_orders(self, patient_ids: Collection[UUID], ids: Sequence[UUID]) -> list[Received]:
        """As verbal_orders, for whoever receives them."""
        return self._verbal_orders(patient_ids, ids)

    @on_patient(Permission.MEDICATION_READ)
    def verbal_order_of(self, patient_id: UUID, request_entry_id: UUID) -> Received | None:
        """How this order was received, if that was by word of mouth."""
        found = _of_entry().rows(self.db, ids=self.work.ids(patient_id), entry_id=request_entry_id)
        return self._received(found[0], patient_id) if found else None

    def _queue(self, rows: list[Any], read: Any) -> Queue:
        shown = rows[:MOST_SHOWN]
        if not shown:
            return Queue((), 0)
        found = read(list(dict.fromkeys(row.patient_id for row in shown)), [row.id for row in shown])
        return Queue(tuple(found), len(rows) - len(shown))

    def _verbal_orders(self, patient_ids: Collection[UUID], ids: Sequence[UUID]) -> list[Received]:
        linked = self.work.linked(patient_ids)
        rows = _of_ids().rows(self.db, ids=list(linked), wanted=list(ids))
        return [self._received(row, linked[row.patient_id]) for row in rows]

    def _received(self, row: Any, patient_id: UUID) -> Received:
        answered = row.answered_by, row.answered_at, row.reason
        return Received(
            row.id,
            patient_id,
            row.request_entry_id,
            row.version_now,
            OrderStatus(row.status_now),
            line_of(row, dosage_of(row), local_date(self.work.now)),
            overridden_of(row),
            Prescriber(row.prescriber_name, row.prescriber_hpr, row.prescriber_service),
            row.received_by,
            row.received_at,
            row.sign_before,
            row.outcome is None and is_overdue(row.sign_before, self.work.now),
            row.stand_in_name,
            row.outcome,
            *answered,
        )

    def _unanswered(self, patient_id: UUID, verbal_order_id: UUID) -> VerbalOrder:
        """The order, for whoever may answer it. That nobody else does in the meantime is the unique key's to say."""
        verbal = sa.select(VerbalOrder).where(
            self.work.chart(patient_id, VerbalOrder), VerbalOrder.id == verbal_order_id
        )
        if (received := self.db.scalar(verbal)) is None:
            raise NotFound("Den muntlige ordinasjonen finnes ikke hos denne pasienten.")
        if received.recorded_by == self.work.actor.person_id:
            raise Denied("Du har selv tatt imot ordinasjonen. En lege må signere den.")
        own = _OWN_NUMBER.one(self.db, id=self.work.actor.person_id).hpr_number
        ground = self.work.ground(patient_id).code
        if not may_answer(ground=ground, own_number=own, prescriber_number=received.prescriber_hpr):
            raise Denied("Ordinasjonen signeres av den som ga den, eller av en lege som behandler pasienten.")
        return received

    def _answer(self, received: VerbalOrder, outcome: str, reason: str | None) -> None:
        said = {"verbal_order_id": received.id, "outcome": outcome, "reason": reason}
        write = insert(VerbalAnswer).values(patient_id=received.patient_id, id=new_id(), **said)
        once = write.on_conflict_do_nothing(index_elements=["patient_id", "verbal_order_id"]).returning(VerbalAnswer.id)
        if self.db.scalar(once) is None:
            raise self._answered(received)
        if received.relationship_id is not None:
            end = max(self.work.now, received.sign_before)
            CareRelationships(self.work).end(received.patient_id, received.relationship_id, end)

    def _answered(self, received: VerbalOrder) -> VerbalOrderAnswered:
        answer = VerbalAnswer
        of_order = self.work.chart(received.patient_id, answer), answer.verbal_order_id == received.id
        found = self.db.scalars(sa.select(answer).where(*of_order)).one()
        who, at = found.recorded_by_name, spoken(found.recorded_at, self.work.now)
        if found.outcome == "signed":
            return VerbalOrderAnswered(phrase("%(name)s signerte ordinasjonen %(time)s.", name=who, time=at))
        return VerbalOrderAnswered(phrase("%(name)s avviste ordinasjonen %(time)s.", name=who, time=at))


def _received_statement(condition: sa.ColumnElement[bool]) -> Statement:
    """Orders by word of mouth as they were received, with what holds now and the answer, by their limits."""
    verbal, first, now, answer = VerbalOrder, MedicationRequest, aliased(MedicationRequest), VerbalAnswer
    newest = (
        sa.select(now.version, now.status)
        .where(now.patient_id == first.patient_id, now.entry_id == first.entry_id, now.in_error_at.is_(None))
        .order_by(now.version.desc())
        .limit(1)
        .lateral("newest")
    )
    of_verbal = first.patient_id == verbal.patient_id, first.entry_id == verbal.request_entry_id, first.version == 1
    of_answer = answer.patient_id == verbal.patient_id, answer.verbal_order_id == verbal.id
    said = ("generic_name", "brand_name", "form", "strength", "route", "indication", "dosage", "detected_issues")
    own = ("patient_id", "id", "request_entry_id", "prescriber_name", "prescriber_hpr", "prescriber_service")
    return Statement(
        sa.select(
            *(getattr(verbal, name) for name in (*own, "sign_before", "stand_in_name")),
            verbal.recorded_by_name.label("received_by"),
            verbal.recorded_at.label("received_at"),
            *(getattr(first, name) for name in said),
            newest.c.version.label("version_now"),
            newest.c.status.label("status_now"),
            *(answer.outcome, answer.reason),
            answer.recorded_by_name.label("answered_by"),
            answer.recorded_at.label("answered_at"),
        )
        .select_from(verbal)
        .join(first, sa.and_(*of_verbal))
        .join(newest, sa.true())
        .outerjoin(answer, sa.and_(*of_answer))
        .where(in_charts(verbal), condition)
        .order_by(verbal.sign_before, verbal.id)
    )


@cache
def _of_ids() -> Statement:
    """Takes ids (every record of the patients) and wanted (ids of orders)."""
    wanted = sa.bindparam("wanted", type_=sa.ARRAY(sa.Uuid))
    return _received_statement(VerbalOrder.id == sa.any_(wanted))


@cache
def _of_entry() -> Statement:
    """Takes ids (every record of the patient) and entry_id."""
    return _received_statement(VerbalOrder.request_entry_id == sa.bindparam("entry_id", type_=sa.Uuid))
