"""Orders by word of mouth: received and effective at once, then signed or refused by somebody who may prescribe."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.access import CareRelationships
from journal.medication.errors import VerbalOrderAnswered
from journal.medication.models import MedicationRequest, VerbalAnswer, VerbalOrder
from journal.medication.rules import Dosage, GivenBy, OrderStatus, Supply, ValueRequirement
from journal.medication.rules.verbal import Act, may_answer, sign_before
from journal.medication.service.judging import Answers, Judging
from journal.medication.service.medicine import Medicine
from journal.medication.service.prescribing import Prescribing
from journal.medication.service.received import Prescriber, Queue, Received, of_entry, of_ids, received_of
from journal.medication.service.stand_in import UNANSWERED, StandIns
from journal.permissions import Permission
from journal.platform.clock import spoken
from journal.platform.errors import Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient, on_patients, without_patient
from journal.platform.statement import Statement

MOST_SHOWN = 40
"""Only the orders that are shown are opened and logged."""

_OWN_NUMBER = Statement(sa.text("SELECT hpr_number FROM municipalities.practitioner WHERE id = :id"))


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

        It is judged as any order is; `answers` are what the prescriber said to the alerts. Whoever stands in at the limit
        has a ground from then. Raises Invalid when it was not read back, and as prescribe.
        """
        received = self._write_down(patient_id, prescriber, read_back=read_back)
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
            verbal_order_id=received.id,
            answers=answers,
        )

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def sign_verbal(self, patient_id: UUID, verbal_order_id: UUID) -> None:
        """Signs what was received. Raises NotFound, VerbalOrderAnswered, and Denied for who neither said it nor treats her."""
        self._answer(self._unanswered(patient_id, verbal_order_id), "signed", None)

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def refuse_verbal(self, patient_id: UUID, verbal_order_id: UUID, *, version: int, reason: str) -> None:
        """Refuses a new order that was received: it is stopped with this reason, if nobody has stopped it.

        `version` is the order's that was seen. Raises as sign_verbal, OrderChanged, and Invalid for a change of an order.
        """
        received = self._unanswered(patient_id, verbal_order_id)
        if received.act != Act.PRESCRIBE:
            raise Invalid("Se hva som gjaldt før, og velg hva som skal gjelde nå.")
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
    def verbal_orders_of(self, patient_id: UUID, request_entry_id: UUID) -> list[Received]:
        """What was received by word of mouth of this order, itself and its changes, the newest first."""
        found = of_entry().rows(self.db, ids=self.work.ids(patient_id), entry_id=request_entry_id)
        received = [received_of(row, patient_id, self.work.now) for row in found]
        return sorted(received, key=lambda one: one.request_version, reverse=True)

    def _write_down(
        self,
        patient_id: UUID,
        prescriber: Prescriber,
        *,
        read_back: bool,
        act: Act = Act.PRESCRIBE,
        request_entry_id: UUID | None = None,
        request_version: int = 1,
    ) -> VerbalOrder:
        """What was said, of a new order or to be the version `request_version` of one in use. Raises Invalid."""
        if not read_back:
            raise Invalid(errors={"read_back": ["Les ordinasjonen tilbake, og kryss av når legen har bekreftet den."]})
        rule = self._signing_rule()
        limit = sign_before(self.work.now, rule.within_hours)
        relationship_id, stand_in = None, self._stand_in_at(limit)
        if stand_in is not None:
            relationship_id = CareRelationships(self.work).entrust(patient_id, stand_in.id, valid_from=limit)
        received = VerbalOrder(
            patient_id=patient_id,
            id=new_id(),
            request_entry_id=request_entry_id or new_id(),
            act=act.value,
            request_version=request_version,
            prescriber_name=prescriber.name,
            prescriber_hpr=prescriber.hpr_number,
            prescriber_service=prescriber.service,
            read_back=True,
            sign_before=limit,
            stand_in_name=stand_in.name if stand_in else None,
            relationship_id=relationship_id,
        )
        self.db.add(received)
        self.db.flush()
        return received

    def _queue(self, rows: list[Any], read: Any) -> Queue:
        shown = rows[:MOST_SHOWN]
        if not shown:
            return Queue((), 0)
        found = read(list(dict.fromkeys(row.patient_id for row in shown)), [row.id for row in shown])
        return Queue(tuple(found), len(rows) - len(shown))

    def _verbal_orders(self, patient_ids: Collection[UUID], ids: Sequence[UUID]) -> list[Received]:
        linked = self.work.linked(patient_ids)
        rows = of_ids().rows(self.db, ids=list(linked), wanted=list(ids))
        return [received_of(row, linked[row.patient_id], self.work.now) for row in rows]

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
        of_order = received.patient_id, received.relationship_id, received.sign_before
        self._end_stand_ins(*of_order, verbal_order_id=received.id)

    def _answered(self, received: VerbalOrder) -> VerbalOrderAnswered:
        answer = VerbalAnswer
        of_order = self.work.chart(received.patient_id, answer), answer.verbal_order_id == received.id
        found = self.db.scalars(sa.select(answer).where(*of_order)).one()
        who, at = found.recorded_by_name, spoken(found.recorded_at, self.work.now)
        if found.outcome == "signed":
            return VerbalOrderAnswered(phrase("%(name)s signerte ordinasjonen %(time)s.", name=who, time=at))
        return VerbalOrderAnswered(phrase("%(name)s avviste ordinasjonen %(time)s.", name=who, time=at))
