"""Tasks: what is to be done for the patient."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.care import rules
from journal.care.models import TaskVersion
from journal.care.service.shown import ClosedTask, task_of
from journal.medication import Medication
from journal.observations import Observations
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.entries import lock_entry, mark_in_error
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient, on_patients
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_MISSING = {
    "sedation": "Velg hvor våken pasienten er.",
    "respiration": "Tell hvor mange ganger pasienten puster i minuttet.",
}
_DONE_ELSEWHERE = {
    "no-answer": "Oppgaven er ferdig når noen har skrevet hvor pasienten ble funnet. Gjør det under «Ingen åpner».",
    "alone": "Oppgaven er ferdig når en annen har kontrollert dosen. Gjør det der dosen er signert alene.",
}
_OF_A_DOSE = ("effect_follow_up", "clearing", "paper", "next_step", "prescriber")


class Tasks(Service):
    """What is to be done for the patient, and what has been."""

    @on_patients(Permission.CARE_READ)
    def tasks(self, patient_ids: Collection[UUID]) -> dict[UUID, list[Any]]:
        """The open tasks by patient, as open_tasks has them. One statement."""
        asked = self.work.linked(patient_ids)
        found: dict[UUID, list[Any]] = {patient_id: [] for patient_id in patient_ids}
        for task in self._tasks(*patient_ids).answer():
            found[asked[task.patient_id]].append(task)
        return found

    @on_patient(Permission.CARE_READ)
    def open_tasks(self, patient_id: UUID) -> list[Any]:
        """The open tasks of one patient, first due first, those without a time last. One statement.

        Each with entry_id, kind, text, due_at, overdue (the time has passed), about_id and recorded_by_name.
        """
        return self.ask_open_tasks(patient_id).answer()

    @on_patient(Permission.CARE_READ)
    def ask_open_tasks(self, patient_id: UUID) -> Asked[list[Any]]:
        """As open_tasks, for together()."""
        return self._tasks(patient_id)

    @on_patient(Permission.CARE_READ)
    def closed_tasks(self, patient_id: UUID, *, limit: int = 50) -> list[ClosedTask]:
        """The tasks that are done, entered in error or erased by law, newest first. One statement."""
        return [task_of(row) for row in _closed_tasks().rows(self.db, ids=self.work.ids(patient_id), most=limit)]

    @on_patient(Permission.CARE_WRITE)
    def add_task(
        self,
        patient_id: UUID,
        what: str,
        *,
        due_at: datetime | None = None,
        kind: str = "general",
        unit_id: UUID | None = None,
        about_id: UUID | None = None,
    ) -> UUID:
        """Adds a task for the actor's unit, or another of the municipality; *about_id* is what it follows up."""
        if not what.strip():
            raise Invalid(errors={"what": ["Skriv hva som skal gjøres."]})
        entry_id = new_id()
        self.db.add(
            TaskVersion(
                patient_id=patient_id,
                id=new_id(),
                entry_id=entry_id,
                version=1,
                kind=kind,
                for_unit_id=unit_id or self.work.actor.unit_id,
                what=what.strip(),
                about_id=about_id,
                due_at=due_at,
            )
        )
        self.db.flush()
        return entry_id

    @on_patient(Permission.CARE_WRITE)
    def complete_task(self, patient_id: UUID, entry_id: UUID, *, outcome: str = "") -> None:
        """Signs that a task is done now, with what came of it; of a question about a medicine that is the answer.

        Raises NotFound, Conflict when somebody has done it, or it was entered in error or erased, or is done elsewhere, and
        Invalid for a question without an answer, also what a prescriber is asked and somebody else passes on.
        """
        task = self._open(patient_id, entry_id)
        _must_be_done_here(task)
        if (
            task.kind == "prescriber"
            and not outcome.strip()
            and not self.work.actor.may(Permission.MEDICATION_PRESCRIBE)
        ):
            raise Invalid(errors={"outcome": ["Skriv hvem du spurte, og hva legen svarte."]})
        if task.kind == "medicine_question" and task.about_id is not None:
            Medication(self.work).answer_question(patient_id, task.about_id, outcome)
        if task.kind == "clearing" and task.about_id is not None:
            Medication(self.work).confirm_clearing(patient_id, task.about_id)
        if task.kind == "paper" and task.about_id is not None:
            Medication(self.work).answer_paper(patient_id, task.about_id, gave=True)
        self._complete(task, outcome)

    @on_patient(Permission.CARE_WRITE)
    def ask_for_effect(self, patient_id: UUID, administration_id: UUID, given_at: datetime) -> UUID:
        """Adds the task to ask whether a medicine as needed helped; answers with its entry_id."""
        name = Medication(self.work).medicine_of(patient_id, administration_id)
        return self.add_task(
            patient_id,
            rules.effect_text(name, given_at),
            due_at=given_at + rules.EFFECT_AFTER,
            kind="effect_follow_up",
            about_id=administration_id,
        )

    @on_patient(Permission.CARE_WRITE)
    def ask_to_confirm(self, patient_id: UUID, administration_id: UUID) -> UUID:
        """Adds the task of the nurse with whom a medicine as needed was cleared; answers with its entry_id."""
        said = Medication(self.work).clearing_text(patient_id, administration_id)
        return self.add_task(patient_id, said, due_at=self.work.now, kind="clearing", about_id=administration_id)

    @on_patient(Permission.CARE_WRITE)
    def ask_giver(self, patient_id: UUID, administration_id: UUID) -> UUID:
        """Adds the task of who is said to have given a dose by the paper list; answers with its entry_id."""
        said = Medication(self.work).paper_text(patient_id, administration_id)
        return self.add_task(patient_id, said, due_at=self.work.now, kind="paper", about_id=administration_id)

    @on_patient(Permission.CARE_WRITE)
    def deny_paper(self, patient_id: UUID, entry_id: UUID) -> None:
        """She did not give it: an incident is opened, and the task is done. Raises NotFound, Conflict, and as answer_paper."""
        task = self._open(patient_id, entry_id)
        if task.kind != "paper" or task.about_id is None:
            raise NotFound("Oppgaven spør ikke om en dose.")
        Medication(self.work).answer_paper(patient_id, task.about_id, gave=False)
        self._complete(task, phrase("Nei, den ga jeg ikke"))

    @on_patient(Permission.CARE_WRITE)
    def answer_effect(
        self,
        patient_id: UUID,
        entry_id: UUID,
        *,
        score: int,
        sedation: int | None = None,
        respiration: int | None = None,
    ) -> None:
        """Signs how strong the trouble is after the medicine, 0 (none) to 10, as a measurement; the task is done with it.

        After an opioid `sedation` (rules.SEDATION) and `respiration` (breaths a minute) too, and a task at once when she is
        too sleepy or breathes too slowly. Raises NotFound, Conflict when somebody has answered, Invalid for another number
        and where an opioid lacks the two.
        """
        task = self._open(patient_id, entry_id)
        if task.kind != "effect_follow_up":
            raise NotFound("Oppgaven spør ikke etter effekt.")
        observations = Observations(self.work)
        if not self.of_opioids(patient_id, [task]):
            observations.record(patient_id, "symptom", Decimal(score))
            self._complete(task, f"{score} av 10")
            return
        if sedation is None or respiration is None:
            said = {"sedation": sedation, "respiration": respiration}
            raise Invalid(errors={name: [_MISSING[name]] for name, value in said.items() if value is None})
        measured = {"symptom": score, "sedation": sedation, "respiration": respiration}
        for code, value in measured.items():
            observations.record(patient_id, code, Decimal(value))
        self._complete(task, rules.opioid_outcome(score, sedation, respiration))
        if alarm := rules.opioid_alarm(sedation, respiration):
            self.add_task(patient_id, alarm, due_at=self.work.now)

    @on_patient(Permission.CARE_READ)
    def of_opioids(self, patient_id: UUID, tasks: Collection[Any]) -> set[UUID]:
        """Which of these tasks ask for the effect of an opioid, by entry_id. One statement, none when none asks for any."""
        asking = {task.about_id: task.entry_id for task in tasks if task.kind == "effect_follow_up" and task.about_id}
        found = Medication(self.work).opioids_among(patient_id, asking) if asking else ()
        return {asking[about_id] for about_id in found}

    @on_patient(Permission.CARE_WRITE)
    def withdraw_effect(self, patient_id: UUID, administration_id: UUID) -> None:
        """Marks the tasks as a mistake when the dose they are about was one; what somebody has answered or done stands."""
        about = sa.and_(self.work.chart(patient_id, TaskVersion), TaskVersion.about_id == administration_id)
        found = self.db.scalars(sa.select(TaskVersion).where(about, TaskVersion.in_error_at.is_(None))).all()
        for kind in _OF_A_DOSE:
            of_kind = [task for task in found if task.kind == kind]
            if len(of_kind) == 1:
                of_kind[0].in_error_reason = "Dosen er feilført."

    @on_patient(Permission.CARE_WRITE)
    def follow_up_order(
        self, patient_id: UUID, request_entry_id: UUID, kind: rules.FollowUp, due_at: datetime | None
    ) -> None:
        """Adds the task that follows up this order; None for `due_at`: nobody needs to any more.

        One of its kind that is open for the order from before is done with: the doctor has decided anew.
        """
        for task in self.open_tasks(patient_id):
            if task.about_id == request_entry_id and task.text == rules.FOLLOW_UPS[kind]:
                self.complete_task(patient_id, task.entry_id, outcome=rules.DECIDED_ANEW.get(kind, rules.DECIDED))
        if due_at is not None:
            self.add_task(patient_id, rules.FOLLOW_UPS[kind], due_at=due_at, about_id=request_entry_id)

    @on_patient(Permission.CARE_WRITE)
    def ask_about_medicine(self, patient_id: UUID, question_id: UUID) -> UUID:
        """Adds the task to ask what a reconciliation left open; answers with its entry_id."""
        question = Medication(self.work).question_text(patient_id, question_id)
        return self.add_task(patient_id, rules.question_text(question), kind="medicine_question", about_id=question_id)

    @on_patient(Permission.CARE_WRITE)
    def drop_question(self, patient_id: UUID, question_id: UUID) -> None:
        """Is done with the task of a question that nobody needs to ask any more."""
        for task in self.open_tasks(patient_id):
            if task.about_id == question_id:
                self._complete(self._open(patient_id, task.entry_id), "Legen har samstemt listen på nytt.")

    @on_patient(Permission.CARE_WRITE)
    def given_by_another(self, patient_id: UUID, restriction_id: UUID, unit_id: UUID) -> UUID:
        """Adds the task of a unit where somebody may not give the patient her medicines; answers with its entry_id."""
        text, due_at = rules.GIVEN_BY_ANOTHER, self.work.now
        return self.add_task(patient_id, text, due_at=due_at, unit_id=unit_id, about_id=restriction_id)

    @on_patient(Permission.CARE_WRITE)
    def restriction_lifted(self, patient_id: UUID, restriction_id: UUID) -> None:
        """Is done with the tasks of a restriction that somebody has ended."""
        for task in self.open_tasks(patient_id):
            if task.about_id == restriction_id:
                self._complete(self._open(patient_id, task.entry_id), rules.RESTRICTION_LIFTED)

    @on_patient(Permission.CARE_WRITE)
    def mark_task_in_error(self, patient_id: UUID, entry_id: UUID, reason: str) -> None:
        """Marks a task, every version, as wrong; it stays in the journal, and nobody is asked to do it.

        Raises NotFound, Conflict when it is marked already, Denied when another municipality answers for part of it.
        """
        versions = self._lock(patient_id, entry_id)
        _must_be_done_here(versions[0])
        mark_in_error(
            self.work,
            versions,
            reason,
            already="Oppgaven er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har skrevet i oppgaven. Be dem om å rette det.",
        )

    def _tasks(self, *patient_ids: UUID) -> Asked[list[Any]]:
        return _open_tasks().ask(self.db, list, ids=self.work.ids(*patient_ids), now=self.work.now)

    def _complete(self, task: TaskVersion, outcome: str) -> None:
        self.db.add(
            TaskVersion(
                patient_id=task.patient_id,
                id=new_id(),
                entry_id=task.entry_id,
                version=task.version + 1,
                kind=task.kind,
                # The unit is of the municipality that answers for this version: whoever did it, did it there.
                for_unit_id=self.work.actor.unit_id,
                what=task.what,
                about_id=task.about_id,
                due_at=task.due_at,
                done_at=self.work.now,
                outcome=outcome.strip() or None,
            )
        )
        self.db.flush()

    def _open(self, patient_id: UUID, entry_id: UUID) -> TaskVersion:
        """The version that holds, of a task that is still to be done. Raises NotFound and Conflict."""
        task = self._lock(patient_id, entry_id)[0]
        if task.in_error_at is not None or task.erasure_id is not None:
            raise Conflict("Oppgaven er merket som feilført eller slettet. Legg inn en ny hvis den skal gjøres.")
        if task.done_at is not None:
            raise Conflict(
                phrase(
                    "%(name)s gjorde oppgaven kl. %(time)s.", name=task.recorded_by_name, time=clock.hhmm(task.done_at)
                )
            )
        return task

    def _lock(self, patient_id: UUID, entry_id: UUID) -> Sequence[TaskVersion]:
        versions = lock_entry(self.work, patient_id, TaskVersion, entry_id)
        if not versions:
            raise NotFound("Oppgaven finnes ikke hos denne pasienten.")
        return versions


def _must_be_done_here(task: TaskVersion) -> None:
    """Some tasks follow what is done about them in its own place, and are neither done nor taken away before that."""
    if task.kind in _DONE_ELSEWHERE and task.done_at is None:
        raise Conflict(_DONE_ELSEWHERE[task.kind])


@cache
def _open_tasks() -> Statement:
    """What open_tasks answers with, and patient_id. Takes ids and now."""
    task = _newest()
    overdue = sa.func.coalesce(task.due_at < sa.bindparam("now"), sa.false()).label("overdue")
    said = task.entry_id, task.kind, task.what.label("text"), task.due_at, task.about_id, task.recorded_by_name
    query = sa.select(task.patient_id, *said, overdue).where(_is_open(task))
    return Statement(query.order_by(task.due_at.nulls_last(), task.entry_id))


@cache
def _closed_tasks() -> Statement:
    """Done, entered in error or erased, newest first. Takes ids and most."""
    task = _newest()
    closed = sa.select(*task).where(sa.not_(_is_open(task))).order_by(task.recorded_at.desc(), task.id.desc())
    return Statement(closed.limit(sa.bindparam("most", type_=sa.Integer)))


def _newest() -> Any:
    """The columns of each task's version that holds, or of an erroneous one's highest."""
    newest = (
        sa.select(TaskVersion)
        .ext(distinct_on(TaskVersion.entry_id))
        .where(in_charts(TaskVersion))
        .order_by(TaskVersion.entry_id, TaskVersion.in_error_at.is_not(None), TaskVersion.version.desc())
    )
    return newest.subquery().c


def _is_open(task: Any) -> sa.ColumnElement[bool]:
    return sa.and_(task.done_at.is_(None), task.in_error_at.is_(None), task.erasure_id.is_(None))
