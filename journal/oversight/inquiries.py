"""What becomes of an unusual look: explained, a question to a manager, or a case with notes, an owner and a deadline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.audit import barred_from
from journal.oversight.oversight_tables import Inquiry, Step
from journal.oversight.unusual import Finding
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrases
from journal.platform.service import Service, without_patient

SHOWN = 200

STATES = phrases(
    {
        "explained": "Forklart",
        "asked": "Venter på svar fra leder",
        "answered": "Leder har svart",
        "case": "Sak",
        "closed": "Avsluttet",
    }
)
KINDS = phrases(
    {
        "explained": "Forklart",
        "asked": "Spurte leder",
        "answered": "Svar fra leder",
        "case": "Gjort til sak",
        "note": "Notat",
        "closed": "Avsluttet",
    }
)
_MANAGERS = sa.text(
    """SELECT DISTINCT p.id, p.name, u.name AS unit_name FROM municipalities.practitioner_role r
       JOIN municipalities.practitioner p ON p.id = r.practitioner_id
       JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
       WHERE r.municipality_id = :municipality AND r.role = 'unit_manager' AND (r.valid_until IS NULL OR r.valid_until > now())
       ORDER BY u.name, p.name"""
)


class NotYours(Denied):
    """Nobody judges her own looks, her manager's, or those of her family."""

    type, title = "not-yours-to-review", "Dette oppslaget må en annen vurdere"


@dataclass(frozen=True)
class Manager:
    person_id: UUID
    name: str
    unit_name: str


@dataclass(frozen=True)
class NewStep:
    """What is decided. *asked_id* and *due_on* for a question, *owner_name* and *due_on* for a case."""

    kind: str
    text: str
    asked_id: UUID | None = None
    owner_name: str | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class StepLine:
    kind: str
    text: str
    by: str
    at: datetime
    owner_name: str | None
    due_on: date | None
    asked_id: UUID | None


@dataclass(frozen=True)
class InquiryPage:
    """An inquiry and its steps, oldest first. *state*: the kind of the last step that is no note."""

    id: UUID
    actor_id: UUID
    actor_name: str
    actor_role: str
    unit_name: str
    patient_id: UUID | None
    day: date
    looks: dict[str, Any]
    rules: tuple[str, ...]
    steps: tuple[StepLine, ...]

    @property
    def state(self) -> str:
        """One of STATES."""
        return next(step.kind for step in reversed(self.steps) if step.kind != "note")

    @property
    def last(self) -> StepLine:
        """The step that says how it stands."""
        return next(step for step in reversed(self.steps) if step.kind != "note")

    def due(self, today: date) -> bool:
        """Whether the deadline of what is waited for has passed."""
        return self.last.due_on is not None and self.last.due_on < today


class Inquiries(Service):
    """For auditors. The database shows nobody her own, her manager's or her family's, and stores no step of hers in them."""

    @without_patient(Permission.AUDIT_READ)
    def open(self, finding: Finding, step: NewStep) -> UUID:
        """Takes hold of a finding with the first decision; answers with the inquiry's id.

        Raises NotYours, Conflict when somebody has taken hold of it already, and what add() does.
        """
        look = finding.look
        self.work.note(Permission.AUDIT_READ, look.patient_id)
        self._must_review(look.actor_id)
        told = {"first_at": look.first_at.isoformat(), "last_at": look.last_at.isoformat(), "looks": look.looks}
        context = {"written": look.written, "others": look.others, "refused": look.refused, "patients": look.patients}
        taken = insert(Inquiry).values(
            id=new_id(),
            actor_id=look.actor_id,
            actor_name=look.actor_name,
            actor_role=look.actor_role,
            unit_name=look.unit_name,
            patient_id=look.patient_id,
            day=look.day,
            looks={**told, **context, "grounds": list(look.grounds), "standing": list(look.standing)},
            rules=list(finding.rules),
        )
        # Of two who take hold of it in the same second, the unique index lets one.
        inquiry_id: UUID | None = self.db.scalar(taken.on_conflict_do_nothing().returning(Inquiry.id))
        if inquiry_id is None:
            raise Conflict("En annen har begynt på dette oppslaget. Se sakene.")
        self._add(inquiry_id, look.actor_id, step)
        return inquiry_id

    @without_patient(Permission.AUDIT_READ)
    def add(self, inquiry_id: UUID, step: NewStep) -> None:
        """The next step. Raises NotFound, and Invalid for a question to nobody or to one who may not answer it."""
        inquiry = self.one(inquiry_id)
        self._must_review(inquiry.actor_id)
        self._add(inquiry_id, inquiry.actor_id, step)

    @without_patient(Permission.AUDIT_READ)
    def one(self, inquiry_id: UUID) -> InquiryPage:
        """That it was read stands in the patient's log. Raises NotFound, also for one that is not this auditor's to see."""
        self.work.note(Permission.AUDIT_READ)
        found = _pages(self.db, Inquiry.id == inquiry_id)
        if not found:
            raise NotFound()
        self.work.note(Permission.AUDIT_READ, found[0].patient_id, object_id=inquiry_id)
        return found[0]

    @without_patient(Permission.AUDIT_READ)
    def every(self) -> list[InquiryPage]:
        """What is waited for first, however old it is; then what is settled."""
        self.work.note(Permission.AUDIT_READ)
        return _pages(self.db, sa.true(), settled=("explained", "closed"))

    @without_patient(Permission.AUDIT_READ)
    def taken(self) -> dict[tuple[UUID, UUID | None, date], UUID]:
        """Which finds somebody has taken hold of, and the inquiry."""
        self.work.note(Permission.AUDIT_READ)
        rows = self.db.execute(sa.select(Inquiry.actor_id, Inquiry.patient_id, Inquiry.day, Inquiry.id))
        return {(actor, patient, day): id for actor, patient, day, id in rows}

    @without_patient(Permission.AUDIT_READ)
    def managers(self, actor_id: UUID) -> list[Manager]:
        """Who may be asked about this person's looks: managers of the municipality who may judge them."""
        rows: Any = self.db.execute(_MANAGERS, {"municipality": self.work.actor.municipality_id})
        return [manager for manager in (Manager(*row) for row in rows) if not self._barred(manager.person_id, actor_id)]

    def _barred(self, reviewer: UUID, reader: UUID) -> bool:
        return reader in barred_from(self.db, reviewer, [reader])

    def _must_review(self, actor_id: UUID) -> None:
        if self._barred(self.work.actor.person_id, actor_id):
            raise NotYours(
                "Du kan ikke vurdere egne, en leders eller en nær slektnings oppslag. En annen må gjøre det."
            )

    def _add(self, inquiry_id: UUID, actor_id: UUID, step: NewStep) -> None:
        if step.kind in ("asked", "case") and (step.due_on is None or step.due_on < clock.local_date(self.work.now)):
            raise Invalid(errors={"due_on": ["Skriv en frist som ikke er passert."]})
        if step.kind == "asked" and step.asked_id not in {each.person_id for each in self.managers(actor_id)}:
            raise Invalid(errors={"asked_id": ["Velg lederen som skal svare."]})
        kept = {"owner_name": step.owner_name or self.work.actor.name} if step.kind == "case" else {}
        asked = {"asked_id": step.asked_id} if step.kind == "asked" else {}
        due = {"due_on": step.due_on} if step.kind in ("asked", "case") else {}
        self.db.add(
            Step(
                id=new_id(),
                inquiry_id=inquiry_id,
                actor_id=actor_id,
                kind=step.kind,
                text=step.text,
                **kept,
                **asked,
                **due,
            )
        )


class Questions(Service):
    """For managers: what an auditor asks of them about one look, and nothing else of the log."""

    @without_patient(Permission.AUDIT_ANSWER)
    def mine(self) -> list[InquiryPage]:
        """The looks one is asked about, unanswered first, with one's own question and answer alone."""
        self.work.note(Permission.AUDIT_ANSWER)
        asked = sa.select(Step.inquiry_id).where(Step.asked_id == self.work.actor.person_id)
        return _pages(self.db, Inquiry.id.in_(asked), settled=("answered",))

    @without_patient(Permission.AUDIT_ANSWER)
    def answer(self, inquiry_id: UUID, text: str) -> None:
        """Answers. Raises NotFound for what one is not asked about, Conflict when it is answered."""
        inquiry = next((each for each in self.mine() if each.id == inquiry_id), None)
        if inquiry is None:
            raise NotFound()
        if inquiry.state == "answered":
            raise Conflict("Du har svart på dette spørsmålet.")
        self.db.add(Step(id=new_id(), inquiry_id=inquiry_id, actor_id=inquiry.actor_id, kind="answered", text=text))


def _pages(db: Any, which: sa.ColumnElement[bool], settled: tuple[str, ...] = ()) -> list[InquiryPage]:
    """The newest, and before them those that do not stand at one of the *settled* steps."""
    of = sa.select(Step.kind).where(Step.inquiry_id == Inquiry.id, Step.kind != "note")
    last = of.order_by(Step.recorded_at.desc(), Step.id.desc()).limit(1).scalar_subquery()
    first = (last.in_(settled),) if settled else ()
    chosen_first = sa.select(Inquiry).where(which).order_by(*first, Inquiry.recorded_at.desc()).limit(SHOWN)
    inquiries = db.scalars(chosen_first).all()
    steps: dict[UUID, list[StepLine]] = {inquiry.id: [] for inquiry in inquiries}
    chosen = sa.select(Step).where(Step.inquiry_id.in_(steps)).order_by(Step.recorded_at, Step.id)
    for step in db.scalars(chosen):
        steps[step.inquiry_id].append(_step(step))
    return [_page(inquiry, steps[inquiry.id]) for inquiry in inquiries]


def _step(step: Step) -> StepLine:
    return StepLine(
        step.kind, step.text, step.recorded_by_name, step.recorded_at, step.owner_name, step.due_on, step.asked_id
    )


def _page(inquiry: Inquiry, steps: Iterable[StepLine]) -> InquiryPage:
    return InquiryPage(
        id=inquiry.id,
        actor_id=inquiry.actor_id,
        actor_name=inquiry.actor_name,
        actor_role=inquiry.actor_role,
        unit_name=inquiry.unit_name,
        patient_id=inquiry.patient_id,
        day=inquiry.day,
        looks=inquiry.looks,
        rules=tuple(inquiry.rules),
        steps=tuple(steps),
    )
