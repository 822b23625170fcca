"""What is done when nobody answers at a home visit: begun, step by step, and ended by somebody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.care import ladder_rules as rules
from journal.care.ladder_rules import Ending, Next, Outcome, Step, Taken
from journal.care.ladder_tables import NoAnswer, NoAnswerStep
from journal.care.models import TaskVersion
from journal.care.service.granting import Granting
from journal.care.service.ladder_setting import LadderSettings
from journal.care.service.residence import Residence
from journal.medication import Medication
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import Phrase, as_phrase, phrase
from journal.platform.service import on_patient

ENDED = "ended"
TASK = "no-answer"


@dataclass(frozen=True)
class LadderStep:
    """A step that was taken, or how it ended, in words."""

    step: str
    outcome: str
    text: Phrase
    outcome_text: Phrase
    note: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Ladder:
    """Nobody answered: who was there and when, what was done, and what is next while it runs."""

    id: UUID
    started_at: datetime
    started_by: str
    of_dose: bool
    place: str
    why: str
    steps: tuple[LadderStep, ...]
    ended_at: datetime | None
    next: Next

    @property
    def running(self) -> bool:
        """Nobody has ended it."""
        return self.ended_at is None


class Ladders(Granting, Residence, LadderSettings):
    """One at a time for a patient; each step moves its task, and nothing ends but by somebody who says where she was."""

    @on_patient(Permission.CARE_READ)
    def ladders(self, patient_id: UUID, *, limit: int = 10) -> list[Ladder]:
        """The one that runs first, then those that have ended, newest first. Two statements."""
        order = NoAnswer.ended_at.is_(None).desc(), NoAnswer.recorded_at.desc()
        found = sa.select(NoAnswer).where(self.work.chart(patient_id, NoAnswer), NoAnswer.in_error_at.is_(None))
        rows = self.db.scalars(found.order_by(*order).limit(limit)).all()
        steps = self._steps(patient_id, [row.id for row in rows])
        return [_shown(row, [step for step in steps if step.no_answer_id == row.id]) for row in rows]

    @on_patient(Permission.CARE_READ)
    def not_waited_for(self, patient_id: UUID) -> Phrase | None:
        """Why a visit to her home needs no following up; None where she is cared for at home, and is expected there."""
        if self.whereabouts([patient_id])[patient_id].stay is not None:
            return rules.IN_HOUSE
        services = self.services(patient_id)
        now, at_home = self.work.now, rules.AT_HOME
        if not any(
            s.current and s.valid_from <= now and (s.service_system, s.service_code) in at_home for s in services
        ):
            return rules.NOT_AT_HOME
        after = Medication(self.work).list_after_crossing(patient_id)
        return rules.IN_HOSPITAL if after is not None and after.away else None

    @on_patient(Permission.CARE_WRITE)
    def start_ladder(
        self, patient_id: UUID, *, place: str = "", why: str = "", administration_id: UUID | None = None
    ) -> UUID:
        """Begins it now, by whoever stands there: `place` when that is not her home, `why` anybody should worry.

        Raises Invalid where no visit is to be followed up (not_waited_for), Conflict when one runs already.
        """
        if said := self.not_waited_for(patient_id):
            raise Invalid(said)
        if (ladder_id := self._start(patient_id, place, why, administration_id)) is not None:
            return ladder_id
        running = self._running(patient_id)
        raise Conflict(
            phrase(
                "%(name)s har alt startet dette kl. %(time)s. Fortsett der.",
                name=running.recorded_by_name if running else "",
                time=clock.hhmm(running.recorded_at if running else self.work.now),
            )
        )

    @on_patient(Permission.CARE_WRITE)
    def patient_absent(self, patient_id: UUID, administration_id: UUID) -> None:
        """A dose was not given because she was not there: at home that begins it, once; in an institution somebody is asked
        whether she is on leave. Nothing where she is expected nowhere, and none of it ends with the dose.
        """
        if self._running(patient_id) is not None:
            return
        if self.not_waited_for(patient_id) is None:
            # Where another began it in the same moment it runs, and no signature is refused for that.
            self._start(patient_id, administration_id=administration_id)
            return
        where = self.whereabouts([patient_id])[patient_id]
        asked = any(task.text == rules.ON_LEAVE for task in self.open_tasks(patient_id))
        if where.stay is not None and where.absence is None and not asked:
            self.add_task(patient_id, rules.ON_LEAVE, due_at=self.work.now)

    @on_patient(Permission.CARE_WRITE)
    def take_step(
        self, patient_id: UUID, ladder_id: UUID, *, step: Step, outcome: Outcome, seen: int, note: str = ""
    ) -> None:
        """Stores a step that was taken now and what came of it; the task is of the next. `seen`: how many steps the page showed.

        Raises NotFound, Conflict when somebody took another step meanwhile or ended it, Invalid for an outcome of another step.
        """
        if outcome not in rules.OUTCOMES[step]:
            raise Invalid(errors={"outcome": ["Velg hva som kom ut av det."]})
        row, steps = self._hold(patient_id, ladder_id, seen)
        self._store_step(row, len(steps) + 1, step, outcome, note)
        taken = [*_taken(steps), Taken(step, outcome, self.work.now)]
        following = rules.what_is_next(row.recorded_at, _minutes_of(row), taken)
        self._move_task(row, rules.task_text(following), following.due_at)

    @on_patient(Permission.CARE_WRITE)
    def end_ladder(self, patient_id: UUID, ladder_id: UUID, *, ending: Ending, note: str, seen: int) -> None:
        """Ends it: how, and where the patient was found (`note`). A dose that was not given keeps its own next step.

        Raises NotFound, Conflict when somebody took another step meanwhile or ended it, Invalid without a note.
        """
        if not note.strip():
            raise Invalid(errors={"note": ["Skriv hvor pasienten ble funnet."]})
        row, steps = self._hold(patient_id, ladder_id, seen)
        self._store_step(row, len(steps) + 1, ENDED, ending, note)
        row.ended_at = self.work.now
        if (task := self._task_of(row)) is not None:
            self._complete(task, f"{rules.ENDINGS[ending]}. {note.strip()}")

    def _start(
        self, patient_id: UUID, place: str = "", why: str = "", administration_id: UUID | None = None
    ) -> UUID | None:
        """Begins it with its task; None when one runs already. Two who begin at once meet in the unique index."""
        if self._running(patient_id) is not None:
            return None
        ladder_id, minutes = new_id(), self._minutes()
        key = {"patient_id": patient_id, "id": ladder_id, "administration_id": administration_id}
        new = insert(NoAnswer).values(**key, place=place or None, why=why or None, minutes=list(minutes.values()))
        if self.db.scalar(new.on_conflict_do_nothing().returning(NoAnswer.id)) is None:
            return None
        following = rules.what_is_next(self.work.now, minutes, [])
        self.add_task(patient_id, rules.task_text(following), due_at=following.due_at, kind=TASK, about_id=ladder_id)
        return ladder_id

    def _store_step(self, row: NoAnswer, number: int, step: str, outcome: str, note: str) -> None:
        key = {"patient_id": row.patient_id, "id": new_id(), "no_answer_id": row.id, "number": number}
        self.db.add(NoAnswerStep(**key, step=step, outcome=outcome, note=note.strip() or None))
        self.db.flush()

    def _running(self, patient_id: UUID) -> NoAnswer | None:
        live = NoAnswer.ended_at.is_(None), NoAnswer.in_error_at.is_(None)
        return self.db.scalar(sa.select(NoAnswer).where(self.work.chart(patient_id, NoAnswer), *live).limit(1))

    def _steps(self, patient_id: UUID, ladder_ids: list[UUID]) -> list[NoAnswerStep]:
        step = NoAnswerStep
        of_them = self.work.chart(patient_id, step), step.no_answer_id.in_(ladder_ids), step.in_error_at.is_(None)
        return list(self.db.scalars(sa.select(step).where(*of_them).order_by(step.number)))

    def _hold(self, patient_id: UUID, ladder_id: UUID, seen: int) -> tuple[NoAnswer, list[NoAnswerStep]]:
        """The one that runs, held until commit, with its steps: who takes a step at the same time waits, and is told."""
        this = sa.and_(self.work.chart(patient_id, NoAnswer), NoAnswer.id == ladder_id, NoAnswer.in_error_at.is_(None))
        row = self.db.scalar(sa.select(NoAnswer).where(this).with_for_update(key_share=True))
        if row is None:
            raise NotFound("Dette finnes ikke hos denne pasienten. Last siden på nytt.")
        steps = self._steps(patient_id, [ladder_id])
        if row.ended_at is None and len(steps) == seen:
            return row, steps
        last = _step_shown(steps[-1])
        raise Conflict(
            phrase(
                "%(name)s registrerte dette kl. %(time)s: %(step)s – %(outcome)s. Se hva som er neste nå.",
                name=last.by,
                time=clock.hhmm(last.at),
                step=last.text,
                outcome=last.outcome_text.in_a_sentence(),
            )
        )

    def _task_of(self, row: NoAnswer) -> TaskVersion | None:
        for task in self.open_tasks(row.patient_id):
            if task.kind == TASK and task.about_id == row.id:
                return self._open(row.patient_id, task.entry_id)
        return None

    def _move_task(self, row: NoAnswer, what: str, due_at: datetime) -> None:
        """The same task, of the next step: nobody has less to do before it is ended."""
        task = self._task_of(row)
        if task is None:
            self.add_task(row.patient_id, what, due_at=due_at, kind=TASK, about_id=row.id)
            return
        kept: dict[str, Any] = {name: getattr(task, name) for name in ("patient_id", "entry_id", "kind", "about_id")}
        version, unit_id = task.version + 1, self.work.actor.unit_id
        self.db.add(TaskVersion(**kept, id=new_id(), version=version, for_unit_id=unit_id, what=what, due_at=due_at))
        self.db.flush()


def _minutes_of(row: NoAnswer) -> dict[Step, int]:
    return dict(zip(rules.USUAL_MINUTES, row.minutes, strict=True))


def _taken(steps: list[NoAnswerStep]) -> list[Taken]:
    return [Taken(Step(one.step), Outcome(one.outcome), one.recorded_at) for one in steps if one.step != ENDED]


def _step_shown(row: NoAnswerStep) -> LadderStep:
    if row.step == ENDED:
        text, outcome = phrase("Avsluttet"), as_phrase(rules.ENDINGS[Ending(row.outcome)])
    else:
        text = as_phrase(rules.DONE[Step(row.step)])
        outcome = rules.OUTCOMES[Step(row.step)][Outcome(row.outcome)]
    return LadderStep(row.step, row.outcome, text, outcome, row.note or "", row.recorded_at, row.recorded_by_name)


def _shown(row: NoAnswer, steps: list[NoAnswerStep]) -> Ladder:
    return Ladder(
        id=row.id,
        started_at=row.recorded_at,
        started_by=row.recorded_by_name,
        of_dose=row.administration_id is not None,
        place=row.place or "",
        why=row.why or "",
        steps=tuple(map(_step_shown, steps)),
        ended_at=row.ended_at,
        next=rules.what_is_next(row.recorded_at, _minutes_of(row), _taken(steps)),
    )
