"""Samstemming: our list in use beside one from elsewhere, what is chosen for each row, and the signature that makes it so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from journal.medication import facts
from journal.medication.errors import AlertsFoundTogether
from journal.medication.rules.asking import Question
from journal.medication.rules.reconciling import Choice, Row
from journal.medication.rules.review import USUAL_MONTHS
from journal.medication.service.asking import Asking
from journal.medication.service.checking import Checking
from journal.medication.service.comparing import Comparing, Comparison
from journal.medication.service.judging import NO_ANSWERS, Answers
from journal.medication.service.reviewing import last_review, most_months
from journal.medication.service.sources import Source, unanswered_of
from journal.medication.service.taking_in import TakingIn, is_change
from journal.medication.sources import SOURCE_NAMES, SourceKind
from journal.medication.sources.tables import ReconciliationDraft, ReconciliationRow, SourceDocumentRow
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.service import on_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_NOTHING: Mapping[str, Any] = {}

ASK_OF_FIELD = "ask-of-"
"""Before the key of a row in the name of the field that says whom to ask: what is wrong is said there."""


@dataclass(frozen=True)
class LastReconciled:
    """When our list was last held up against another, and how many newer lists nobody has signed for.

    `signed_by` None: never. `newest_id` is the newest of those that wait. `unconfirmed_id`: a list one begins with that nobody
    has signed for. `reviewed_on` and `reviewed_by`: the last medication review, and `most_months` until the next.
    """

    signed_by: str | None
    signed_at: datetime | None
    kind: SourceKind | None
    sent_at: datetime | None
    questions: int
    waiting: int
    newest_id: UUID | None
    unconfirmed_id: UUID | None
    reviewed_on: date | None
    reviewed_by: str | None
    most_months: int


class Draft(NamedTuple):
    """What somebody has chosen so far, and the questions as she typed them; both by the key of the row."""

    choices: Mapping[str, str]
    questions: Mapping[str, Mapping[str, str]]


NOTHING_CHOSEN = Draft({}, {})


class Reconciling(TakingIn, Comparing, Asking, Checking):
    """Nothing of another's list holds before a prescriber has signed; what she signs goes the way of every other order."""

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def draft_choices(self, patient_id: UUID, document_id: UUID) -> Draft:
        """What the reader has chosen so far, and what she wants to ask, by the key of the row."""
        draft = ReconciliationDraft
        mine = draft.document_id == document_id, draft.recorded_by == self.work.actor.person_id
        kept = sa.select(draft.choices, draft.questions).where(self.work.chart(patient_id, draft), *mine)
        found = self.db.execute(kept).first()
        return Draft(found.choices, found.questions or {}) if found else NOTHING_CHOSEN

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def save_choices(
        self,
        patient_id: UUID,
        document_id: UUID,
        choices: Mapping[str, Choice],
        questions: Mapping[str, Mapping[str, str]] = _NOTHING,
    ) -> None:
        """Keeps what is chosen so far, for the one who chooses. Nothing is changed by it. Raises NotFound.

        `questions` as they are typed, finished or not.
        """
        owner = self._owner(patient_id, document_id)
        kept = {"choices": {key: choice.value for key, choice in choices.items()}, "questions": dict(questions)}
        write = insert(ReconciliationDraft).values(patient_id=owner, document_id=document_id, **kept)
        key = [ReconciliationDraft.patient_id, ReconciliationDraft.document_id, ReconciliationDraft.recorded_by]
        self.db.execute(write.on_conflict_do_update(index_elements=key, set_=kept | {"saved_at": sa.func.now()}))

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def reconcile(
        self,
        patient_id: UUID,
        document_id: UUID,
        *,
        choices: Mapping[str, Choice],
        questions: Mapping[str, Question] = _NOTHING,
        answers: Answers = NO_ANSWERS,
        reasons: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Signs what is to hold, for every row that differs: orders are stopped, changed and made here, or none of them.

        What is stopped is stopped first, so that what comes in its place is judged beside what is left. `questions`: what to
        ask, of whom, for each row of "ask"; each becomes a task. `reasons`: why she goes on, order by order, before that of
        `answers`. Raises NotFound, Invalid when a row has no choice or a question no addressee, Conflict when either list has
        changed since it was seen or a line of the list one begins with is not checked, and AlertsFoundTogether with all that
        the rules say of all the orders.
        """
        self._wait_for_other_prescribers(patient_id)
        compared = self.comparison(patient_id, document_id)
        self._must_be_checked(patient_id, compared)
        rows = {row.key: row for row in compared.to_choose}
        if choices.keys() - rows.keys():
            raise Conflict("Listen er endret etter at du åpnet siden. Se over valgene, og signer på nytt.")
        if rows.keys() - choices.keys():
            raise Invalid("Velg hva som skal gjelde for hver rad, og signer på nytt.")
        if any(choice not in rows[key].choices for key, choice in choices.items()):
            raise Invalid("Et av valgene kan ikke brukes på raden. Se over valgene.")
        if unasked := [key for key, choice in choices.items() if choice is Choice.ASK and key not in questions]:
            raise Invalid(errors={f"{ASK_OF_FIELD}{key}": ["Velg hvem som skal spørres."] for key in unasked})
        why = _why(compared.source)
        taken_in = [row for key, row in rows.items() if choices[key] is Choice.TAKE_IN]
        replaced = [row for row in taken_in if row.ours and not is_change(compared, row)]
        for row in (*(rows[key] for key, choice in choices.items() if choice is Choice.STOP), *replaced):
            self._stop_row(patient_id, compared, row, why)
        of_row = {row.key: Answers(answers.seen, reasons.get(row.key) or answers.reason) for row in taken_in}
        judged = [self._take_in(patient_id, compared, row, why, of_row[row.key]) for row in taken_in]
        told = [order for order in judged if order is not None]
        if not all(order.is_answered for order in told):
            raise AlertsFoundTogether(told)
        asked = {key: questions[key] for key, choice in choices.items() if choice is Choice.ASK}
        self._keep_signature(patient_id, compared, rows, choices, asked)
        ours = [compared.ours[r.ours.key].entry_id for r in compared.rows if r.ours and r.key not in asked]
        self._let_go(patient_id, ours)

    @on_patient(Permission.MEDICATION_READ)
    def ask_last_reconciled(self, patient_id: UUID) -> Asked[LastReconciled]:
        """When and by whom the list was last reconciled, for together(). One statement."""
        return _last_reconciled().ask(self.db, lambda rows: _last(rows[0]), ids=self.work.ids(patient_id))

    def _keep_signature(
        self,
        patient_id: UUID,
        compared: Comparison,
        rows: Mapping[str, Row],
        choices: Mapping[str, Choice],
        asked: Mapping[str, Question],
    ) -> None:
        """The signature itself, with what was seen and chosen in words, and what is to be asked from now on."""
        owner, document_id = self._owner(patient_id, compared.source.id), compared.source.id
        dropped = [each.id for each in self.questions(patient_id, document_id) if each.answer is None]
        chosen = [_chosen(rows[key], choice) for key, choice in choices.items()]
        signed = ReconciliationRow(
            patient_id=owner, id=new_id(), document_id=document_id, choices=chosen, questions=len(asked)
        )
        self.db.add(signed)
        self.db.flush()
        for key, question in asked.items():
            question_id = self._ask(owner, signed.id, _name(rows[key]), question)
            self.work.publish(facts.QuestionAsked(patient_id, question_id))
        for question_id in dropped:
            self.work.publish(facts.QuestionDropped(patient_id, question_id))
        self.work.publish(facts.ListReconciled(patient_id, document_id))


def _why(source: Source) -> str:
    """`Samstemt med utskrivningsrapport av 02.02.2018, ST OLAVS HOSPITAL HF`: kept with each order that it changed."""
    name = SOURCE_NAMES[source.kind]
    of = f"Samstemt med {name[:1].lower()}{name[1:]} av {norwegian_date(local_date(source.sent_at))}"
    return f"{of}, {source.sender}" if source.sender else of


def _name(row: Row) -> str:
    line = row.ours or row.theirs
    assert line is not None
    return line.name


def _chosen(row: Row, choice: Choice) -> dict[str, Any]:
    return {
        "row": row.key,
        "kind": row.kind.value,
        "choice": choice.value,
        "ours": f"{row.ours.name} {row.ours.said}" if row.ours else None,
        "theirs": f"{row.theirs.name} {row.theirs.said}" if row.theirs else None,
        "differences": [str(said) for said in row.differences],
    }


@cache
def _last_reconciled() -> Statement:
    signed, document = ReconciliationRow, SourceDocumentRow
    of_document = sa.and_(document.patient_id == signed.patient_id, document.id == signed.document_id)
    live = in_charts(signed), signed.in_error_at.is_(None)
    last = (
        sa.select(
            *(signed.recorded_by_name, signed.recorded_at, document.kind, document.sent_at),
            unanswered_of(signed).label("questions"),
        )
        .join(document, of_document)
        .where(*live)
        .order_by(signed.recorded_at.desc())
        .limit(1)
        .subquery()
    )
    newest = sa.select(sa.func.max(document.sent_at)).join(signed, of_document).where(*live).scalar_subquery()
    newer = sa.or_(newest.is_(None), document.sent_at > newest)
    by_date = sa.func.array_agg(aggregate_order_by(document.id, document.sent_at.desc()))
    waiting = (
        sa.select(sa.func.count().label("waiting"), by_date.label("ids"))
        .where(in_charts(document), document.in_error_at.is_(None), newer)
        .subquery()
    )
    unsigned = ~sa.exists().where(of_document, *live).correlate(document)
    begun = (
        sa.select(document.id)
        .where(in_charts(document), document.in_error_at.is_(None), document.go_live, unsigned)
        .order_by(document.recorded_at.desc())
        .limit(1)
        .scalar_subquery()
        .label("unconfirmed_id")
    )
    review = last_review().subquery()
    together = waiting.outerjoin(last, sa.true()).outerjoin(review, sa.true())
    limit = most_months().scalar_subquery().label("most_months")
    return Statement(sa.select(*last.c, *waiting.c, begun, *review.c, limit).select_from(together))


def _last(row: Any) -> LastReconciled:
    kind = SourceKind(row.kind) if row.kind else None
    signed = row.recorded_by_name, row.recorded_at, kind, row.sent_at, row.questions or 0
    waits = row.waiting, row.ids[0] if row.ids else None, row.unconfirmed_id
    return LastReconciled(*signed, *waits, row.reviewed_on, row.reviewed_by, row.most_months or USUAL_MONTHS)
