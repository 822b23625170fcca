"""A question to one line of the log («Hvorfor leste X?»), with an owner, a deadline and an answer in plain words."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.audit.judging import barred_from
from journal.audit.report_rules import ANSWER_WITHIN, reason_of
from journal.audit.rules import ACTIONS
from journal.audit.selecting import records_of
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Denied, NotFound
from journal.platform.ids import new_id
from journal.platform.language import joined, phrase
from journal.platform.service import Service, without_patient

LONGEST_QUESTION, LONGEST_ANSWER = 1000, 4000

# All of them, or the one with this id.
_QUESTIONS = sa.text(
    """
    SELECT q.id, q.patient_id, q.look_at, q.look_id, q.reader_id, q.reader_name, q.reader_role, q.unit_name, q.action, q.ground,
        q.question, q.deadline, q.owner_name, q.recorded_at, a.text, a.version, a.recorded_by_name, a.recorded_at AS answered_at
    FROM audit.log_question q
    LEFT JOIN LATERAL (SELECT * FROM audit.log_answer a WHERE a.question_id = q.id ORDER BY a.version DESC LIMIT 1) a ON true
    WHERE q.id = coalesce(CAST(:id AS uuid), q.id)
    ORDER BY a.version IS NOT NULL, q.deadline, q.id LIMIT 200
    """
)
_LOOK = sa.text(
    """
    SELECT at, id, actor_id, coalesce(actor_name, '') AS name, coalesce(actor_role, '') AS role, coalesce(unit_name, '') AS unit,
        action, ground FROM audit.access_log WHERE patient_id = ANY (:records) AND at = :at AND id = :id
    """
)
_ASK = sa.text(
    """
    INSERT INTO audit.log_question
        (id, patient_id, look_at, look_id, reader_id, reader_name, reader_role, unit_name, action, ground, question, deadline)
    VALUES (:id, :patient, :at, :look, :reader, :name, :role, :unit, :action, :ground, :question, :deadline)
    """
)
_ANSWER = sa.text("INSERT INTO audit.log_answer (question_id, version, text) VALUES (:id, :version, :text)")


@dataclass(frozen=True)
class Look:
    """One line of the log, as it is asked about."""

    at: datetime
    id: UUID
    actor_id: UUID | None
    name: str
    role: str
    unit: str
    action: str
    ground: str | None


@dataclass(frozen=True)
class Question:
    """*version*: of the newest answer; None while it waits."""

    id: UUID
    patient_id: UUID
    look_at: datetime
    look_id: UUID
    reader_id: UUID | None
    reader_name: str
    reader_role: str
    unit_name: str
    action: str
    ground: str | None
    question: str
    deadline: date
    owner_name: str
    recorded_at: datetime
    answer: str | None
    version: int | None
    answered_by: str | None
    answered_at: datetime | None
    today: date

    @property
    def late(self) -> bool:
        """Whether it waits, and its deadline is over."""
        return self.answer is None and self.deadline < self.today

    def why(self) -> str:
        """What the log itself says of it, to begin an answer with."""
        done, at = ACTIONS.get(self.action, self.action), clock.moment(self.look_at)
        said = phrase(
            "%(name)s, %(unit)s, %(done)s %(at)s.", name=self.reader_name, unit=self.unit_name, done=done, at=at
        )
        return joined(" ", (said, reason_of(self.ground)))


class LogQuestions(Service):
    """Of one's own municipality. Nobody answers for her own reading, her leader's or her family's."""

    @without_patient(Permission.AUDIT_READ)
    def look(self, patient_id: UUID, at: datetime, look_id: UUID) -> Look:
        """The line that is asked about. Raises NotFound."""
        self.work.note(Permission.AUDIT_READ, patient_id)
        row: Any = self.db.execute(
            _LOOK, {"records": records_of(self.work, patient_id), "at": at, "id": look_id}
        ).one_or_none()
        if row is None:
            raise NotFound("Denne linjen finnes ikke i loggen.")
        return Look(*row)

    @without_patient(Permission.AUDIT_READ)
    def ask(self, patient_id: UUID, at: datetime, look_id: UUID, question: str) -> UUID:
        """Writes down the patient's question, to be answered within 30 days by whoever wrote it down; answers with its id."""
        look = self.look(patient_id, at, look_id)
        question_id = new_id()
        told = {"id": question_id, "patient": patient_id, "at": look.at, "look": look.id, "question": question}
        reader = {"reader": look.actor_id, "name": look.name, "role": look.role, "unit": look.unit}
        reader |= {"action": look.action, "ground": look.ground}
        deadline = clock.local_date(self.work.now + ANSWER_WITHIN)
        self.db.execute(_ASK, told | reader | {"deadline": deadline})
        return question_id

    @without_patient(Permission.AUDIT_READ)
    def all(self) -> list[Question]:
        """Those that wait, the most urgent first, and then the answered ones."""
        self.work.note(Permission.AUDIT_READ)
        return [self._question(row) for row in self.db.execute(_QUESTIONS, {"id": None})]

    @without_patient(Permission.AUDIT_READ)
    def one(self, question_id: UUID) -> Question:
        """That it was read stands in the patient's log. Raises NotFound."""
        return self._one(question_id)

    @without_patient(Permission.AUDIT_READ)
    def answer(self, question_id: UUID, text: str) -> None:
        """Answers, or answers anew: what was said before stands. Raises Denied for who may not judge it, NotFound."""
        question = self._one(question_id)
        if question.reader_id and barred_from(self.db, self.work.actor.person_id, [question.reader_id]):
            raise Denied(
                "Spørsmålet gjelder deg selv, en leder eller en nær slektning. En annen revisor må svare på det."
            )
        self.db.execute(_ANSWER, {"id": question_id, "version": (question.version or 0) + 1, "text": text})

    def _one(self, question_id: UUID) -> Question:
        self.work.note(Permission.AUDIT_READ)
        row = self.db.execute(_QUESTIONS, {"id": question_id}).one_or_none()
        if row is None:
            raise NotFound("Dette spørsmålet finnes ikke.")
        self.work.note(Permission.AUDIT_READ, row.patient_id, object_id=question_id)
        return self._question(row)

    def _question(self, row: Any) -> Question:
        return Question(*(*row, clock.local_date(self.work.now)))
