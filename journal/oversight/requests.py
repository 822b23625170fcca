"""What patients ask of the municipality about their record: one queue, with who asked, a deadline, a decision and an appeal."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.audit import ANSWER_WITHIN, LogQuestions
from journal.oversight.oversight_tables import PatientRequest, RequestStep
from journal.oversight.request_rules import (
    ASKERS,
    DECISIONS,
    ERASURE,
    EXPLANATION,
    EXTENDED,
    IN_A_LANGUAGE,
    KINDS,
    WITHOUT_WORDS,
    next_steps,
    state_of,
    waits,
    why_not_longer,
)
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import Service, without_patient

SHOWN = 200
_ERASED = sa.text("SELECT audit.erased_since(:patient, :since)")


@dataclass(frozen=True)
class NewRequest:
    """What is written down when somebody asks. *asker_name*: empty when it is the patient herself."""

    kind: str
    received_on: date
    asker: str
    asker_name: str
    checked: str
    text: str


@dataclass(frozen=True)
class StepDone:
    kind: str
    text: str
    language: str | None
    by: str
    at: datetime
    due_on: date | None = None


@dataclass(frozen=True)
class RequestPage:
    """A request and its steps, oldest first. *due_on*: as it was put off to, where it was. *erased*: of one to erase, how many
    records two leaders have erased in the chart since it came.
    """

    id: UUID
    patient_id: UUID
    kind: str
    received_on: date
    due_on: date
    asker: str
    asker_name: str
    checked: str
    text: str
    by: str
    at: datetime
    steps: tuple[StepDone, ...]
    today: date
    erased: int = 0

    @property
    def state(self) -> str:
        """One of STATES."""
        return state_of([step.kind for step in self.steps])

    @property
    def next(self) -> tuple[str, ...]:
        """What may be done now."""
        return next_steps([step.kind for step in self.steps])

    @property
    def owner(self) -> str | None:
        """Whoever took it last."""
        return next((step.by for step in reversed(self.steps) if step.kind == "taken"), None)

    @property
    def waits(self) -> bool:
        """Whether the patient has no answer yet."""
        return waits(self.state)

    @property
    def late(self) -> bool:
        """Whether she waits, and the deadline is over."""
        return self.waits and self.due_on < self.today

    @property
    def extension(self) -> StepDone | None:
        """When and why the deadline was put off; None when it was not."""
        return next((step for step in self.steps if step.kind == EXTENDED), None)

    @property
    def letter(self) -> tuple[StepDone, StepDone] | None:
        """The newest letter and the decision that it tells; None before there is one."""
        kinds = [step.kind for step in self.steps]
        if "letter" not in kinds:
            return None
        made = len(kinds) - 1 - kinds[::-1].index("letter")
        return self.steps[made], next(step for step in reversed(self.steps[:made]) if step.kind in DECISIONS)


@dataclass(frozen=True)
class Waiting:
    """A line of the queue. *state*: one of STATES. *question*: it is to one line of the log, and has a page of its own."""

    id: UUID
    kind: str
    text: str
    due_on: date
    owner: str | None
    state: str
    waits: bool
    late: bool
    question: bool = False


class Requests(Service):
    """Of one's own municipality. Nothing is changed or taken away: each step is added to those before it."""

    @without_patient(Permission.AUDIT_READ)
    def queue(self) -> list[Waiting]:
        """Those without an answer first, by deadline, and then the answered; questions to a line of the log among them."""
        self.work.note(Permission.AUDIT_READ)
        steps = sa.select(RequestStep.kind).where(
            RequestStep.request_id == PatientRequest.id, RequestStep.kind.not_in(("note", EXTENDED))
        )
        last = sa.func.coalesce(steps.order_by(RequestStep.number.desc()).limit(1).scalar_subquery(), "")
        open_first = (
            sa.select(PatientRequest).order_by(last == "closed", PatientRequest.recorded_at.desc()).limit(SHOWN)
        )
        lines = [_line(page) for page in self._pages(open_first)]
        for asked in LogQuestions(self.work).all():
            state = "received" if asked.answer is None else "closed"
            told = (EXPLANATION, asked.question, asked.deadline, asked.owner_name, state, asked.answer is None)
            lines.append(Waiting(asked.id, *told, asked.late, question=True))
        return sorted(lines, key=lambda line: (not line.waits, line.due_on, line.id))

    @without_patient(Permission.AUDIT_READ)
    def one(self, request_id: UUID) -> RequestPage:
        """That it was read stands in the patient's log. Raises NotFound, also for another municipality's."""
        request = self._one(request_id)
        if request.kind != ERASURE:
            return request
        asked = {"patient": request.patient_id, "since": clock.day_bounds(request.received_on)[0]}
        return replace(request, erased=self.db.scalar(_ERASED, asked) or 0)

    @without_patient(Permission.AUDIT_READ)
    def receive(self, patient_id: UUID, new: NewRequest) -> UUID:
        """Writes down what was asked, to be answered within 30 days of the day it came (personvernforordningen art. 12 nr. 3).

        Raises Invalid for a day that has not come, and when it is not said who asks for the patient.
        """
        self.work.note(Permission.AUDIT_READ, patient_id)
        errors: dict[str, list[str]] = {}
        if new.kind not in KINDS or new.asker not in ASKERS:
            raise Invalid()
        if new.received_on > clock.local_date(self.work.now):
            errors["received_on"] = ["Dagen har ikke vært ennå."]
        if (new.asker == "patient") == bool(new.asker_name):
            errors["asker_name"] = ["Skriv navnet på den som ber for pasienten, og bare da."]
        if errors:
            raise Invalid(errors=errors)
        due_on = new.received_on + ANSWER_WITHIN
        request = PatientRequest(id=new_id(), patient_id=patient_id, due_on=due_on, **vars(new))
        self.db.add(request)
        self.db.flush()
        return request.id

    @without_patient(Permission.AUDIT_READ)
    def add(self, request_id: UUID, kind: str, text: str, language: str, due_on: date | None = None) -> None:
        """The next step. *due_on*: the new deadline, of one that puts it off.

        Raises NotFound, Conflict for what does not follow from how it stands, and Invalid without words or for a deadline that
        cannot be.
        """
        request = self._one(request_id)
        if kind not in request.next:
            raise Conflict("Saken står et annet sted nå. Se hva som er gjort, og velg på nytt.")
        if not text and kind not in WITHOUT_WORDS:
            raise Invalid(errors={"text": ["Skriv hvorfor. Begrunnelsen for et vedtak kommer med i brevet."]})
        if kind == EXTENDED and (wrong := why_not_longer(due_on, request.due_on, request.today)):
            raise Invalid(errors={"due_on": [wrong]})
        told: dict[str, Any] = {"kind": kind, "text": text, "language": language if kind in IN_A_LANGUAGE else None}
        told["due_on"] = due_on if kind == EXTENDED else None
        step = insert(RequestStep).values(request_id=request_id, number=len(request.steps) + 1, **told)
        if self.db.scalar(step.on_conflict_do_nothing().returning(RequestStep.number)) is None:
            raise Conflict("En annen gjorde noe med saken samtidig. Se hva som er gjort, og velg på nytt.")

    def _one(self, request_id: UUID) -> RequestPage:
        self.work.note(Permission.AUDIT_READ)
        found = self._pages(sa.select(PatientRequest).where(PatientRequest.id == request_id))
        if not found:
            raise NotFound("Denne henvendelsen finnes ikke.")
        self.work.note(Permission.AUDIT_READ, found[0].patient_id, object_id=request_id)
        return found[0]

    def _pages(self, of: sa.Select[PatientRequest]) -> list[RequestPage]:
        requests = self.db.scalars(of).all()
        steps: dict[UUID, list[StepDone]] = {request.id: [] for request in requests}
        chosen = sa.select(RequestStep).where(RequestStep.request_id.in_(steps)).order_by(RequestStep.number)
        for step in self.db.scalars(chosen):
            done = StepDone(step.kind, step.text, step.language, step.recorded_by_name, step.recorded_at, step.due_on)
            steps[step.request_id].append(done)
        today = clock.local_date(self.work.now)
        return [_page(request, steps[request.id], today) for request in requests]


def _page(request: PatientRequest, steps: list[StepDone], today: date) -> RequestPage:
    told: Any = {
        name: getattr(request, name)
        for name in ("id", "patient_id", "kind", "received_on", "asker", "asker_name", "checked", "text")
    }
    told["due_on"] = next((step.due_on for step in steps if step.due_on), request.due_on)
    return RequestPage(**told, by=request.recorded_by_name, at=request.recorded_at, steps=tuple(steps), today=today)


def _line(page: RequestPage) -> Waiting:
    return Waiting(page.id, page.kind, page.text, page.due_on, page.owner, page.state, page.waits, page.late)
