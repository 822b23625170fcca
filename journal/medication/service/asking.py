"""What a reconciliation left to ask: each question is somebody's task until its answer is written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.rules.asking import AskOf, Question, asked
from journal.medication.service.sources import Sources
from journal.medication.sources.tables import ReconciliationRow, SourceAnswerRow, SourceQuestionRow
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import on_patient


@dataclass(frozen=True)
class AskedQuestion:
    """A question in words, with who asked; `answer` is None while nobody has answered."""

    id: UUID
    text: str
    asked_by: str
    asked_at: datetime
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


class Asking(Sources):
    """Whoever gets the answer writes it down; a prescriber decides by it when she reconciles anew."""

    @on_patient(Permission.MEDICATION_READ)
    def questions(self, patient_id: UUID, document_id: UUID) -> list[AskedQuestion]:
        """What the newest signature of this list left to ask, with the answers. One statement."""
        signed, question, answer = ReconciliationRow, SourceQuestionRow, SourceAnswerRow
        newest = (
            sa.select(signed.id)
            .where(self.work.chart(patient_id, signed), signed.document_id == document_id, signed.in_error_at.is_(None))
            .order_by(signed.recorded_at.desc())
            .limit(1)
        )
        query = (
            sa.select(question, answer.text, answer.recorded_by_name, answer.recorded_at)
            .outerjoin(answer, sa.and_(answer.patient_id == question.patient_id, answer.question_id == question.id))
            .where(self.work.chart(patient_id, question), question.reconciliation_id == newest.scalar_subquery())
            .order_by(question.medicine, question.id)
        )
        return [_asked(*row) for row in self.db.execute(query)]

    @on_patient(Permission.MEDICATION_READ)
    def question_text(self, patient_id: UUID, question_id: UUID) -> str:
        """The question in words. Raises NotFound."""
        return _text(self._question(patient_id, question_id))

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def answer_question(self, patient_id: UUID, question_id: UUID, text: str) -> None:
        """Writes down what was answered, once. Raises NotFound, Invalid without an answer, Conflict when there is one."""
        if not text.strip():
            raise Invalid(errors={"outcome": ["Skriv hva svaret var."]})
        question = self._question(patient_id, question_id)
        row = {"patient_id": question.patient_id, "id": new_id(), "question_id": question_id, "text": text.strip()}
        write = insert(SourceAnswerRow).values(row).on_conflict_do_nothing().returning(SourceAnswerRow.id)
        if self.db.scalar(write) is None:
            raise Conflict("En annen har skrevet svaret. Se det under samstemmingen.")

    def _ask(self, patient_id: UUID, reconciliation_id: UUID, medicine: str, question: Question) -> UUID:
        question_id = new_id()
        said = {"medicine": medicine[:200], "asked_of": question.asked_of.value, "text": question.text or None}
        row = {"patient_id": patient_id, "id": question_id, "reconciliation_id": reconciliation_id}
        self.db.add(SourceQuestionRow(**row, **said))
        return question_id

    def _question(self, patient_id: UUID, question_id: UUID) -> SourceQuestionRow:
        of_chart = self.work.chart(patient_id, SourceQuestionRow), SourceQuestionRow.id == question_id
        if (found := self.db.scalar(sa.select(SourceQuestionRow).where(*of_chart))) is None:
            raise NotFound("Spørsmålet finnes ikke hos denne pasienten.")
        return found


def _text(row: SourceQuestionRow) -> str:
    return asked(row.medicine or "", Question(AskOf(row.asked_of), row.text or ""))


def _asked(row: SourceQuestionRow, *answer: Any) -> AskedQuestion:
    return AskedQuestion(row.id, _text(row), row.recorded_by_name, row.recorded_at, *answer)
