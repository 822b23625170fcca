"""Tasks and incidents: what is to be done, and what went wrong."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects.postgresql import distinct_on

from journal.care import rules
from journal.care.models import IncidentRow, TaskVersion
from journal.care.service.shown import Incident, Task, incident_of, task_of
from journal.medication import Medication
from journal.observations import Observations
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient, on_patients
from journal.platform.work import in_charts


class Tasks(Service):
    """What is to be done for the patient, and what went wrong."""

    @on_patients(Permission.CARE_READ)
    def tasks(self, patient_ids: Collection[UUID]) -> dict[UUID, list[Task]]:
        """The open tasks by patient, first due first. One statement."""
        asked = self.work.linked(patient_ids)
        found: dict[UUID, list[Task]] = {patient_id: [] for patient_id in patient_ids}
        for task in self._tasks(*patient_ids):
            found[asked[task.patient_id]].append(task)
        return found

    @on_patient(Permission.CARE_READ)
    def open_tasks(self, patient_id: UUID) -> list[Task]:
        """The open tasks of one patient, first due first, those without a time last. One statement."""
        return self._tasks(patient_id)

    @on_patient(Permission.CARE_READ)
    def done_tasks(self, patient_id: UUID, *, days: int = 7) -> list[Task]:
        """The tasks done in the last *days*, newest first. One statement."""
        since = self.work.now - timedelta(days=days)
        return self._tasks(patient_id, done_since=since)[::-1]

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
        """Signs that a task is done now, with what came of it. Raises NotFound, or Conflict when somebody has done it."""
        self._complete(self._open(patient_id, entry_id), outcome)

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
    def answer_effect(self, patient_id: UUID, entry_id: UUID, *, score: int) -> None:
        """Signs how strong the trouble is after the medicine, 0 (none) to 10, as a measurement; the task is done with it.

        Raises NotFound, Conflict when somebody has answered, Invalid for another number.
        """
        task = self._open(patient_id, entry_id)
        if task.kind != "effect_follow_up":
            raise NotFound("Oppgaven spør ikke etter effekt.")
        Observations(self.work).record(patient_id, "symptom", Decimal(score))
        self._complete(task, f"{score} av 10")

    @on_patient(Permission.CARE_WRITE)
    def withdraw_effect(self, patient_id: UUID, administration_id: UUID) -> None:
        """Marks the task as a mistake when the dose it asks about was one; what somebody has answered stands."""
        about = sa.and_(self.work.chart(patient_id, TaskVersion), TaskVersion.about_id == administration_id)
        found = self.db.scalars(sa.select(TaskVersion).where(about, TaskVersion.in_error_at.is_(None))).all()
        if len(found) == 1 and found[0].kind == "effect_follow_up":
            found[0].in_error_reason = "Dosen er feilført."

    @on_patient(Permission.CARE_WRITE)
    def report_incident(
        self,
        patient_id: UUID,
        kind: str,
        text: str,
        *,
        severity: str = "mild",
        effective_at: datetime | None = None,
        about_id: UUID | None = None,
    ) -> UUID:
        """Reports what went wrong (rules.INCIDENTS; severity in FHIR's words); answers with its id."""
        errors: dict[str, list[str]] = {}
        if kind not in rules.INCIDENTS or severity not in rules.SEVERITIES:
            errors["kind"] = ["Velg hva slags avvik det er, og hvor alvorlig."]
        if not text.strip():
            errors["text"] = ["Skriv hva som skjedde."]
        if effective_at is not None and effective_at > self.work.now:
            errors["effective_at"] = ["Tidspunktet er fram i tid. Skriv når det skjedde."]
        if errors:
            raise Invalid(errors=errors)
        row = IncidentRow(
            patient_id=patient_id,
            id=new_id(),
            kind=kind,
            severity=severity,
            text=text.strip(),
            about_id=about_id,
            effective_at=effective_at or self.work.now,
        )
        self.db.add(row)
        self.db.flush()
        return row.id

    @on_patient(Permission.CARE_READ)
    def incidents(self, patient_id: UUID) -> list[Incident]:
        """What has been reported, newest first. One statement."""
        query = sa.select(IncidentRow).where(
            self.work.chart(patient_id, IncidentRow), IncidentRow.in_error_at.is_(None)
        )
        return [incident_of(row) for row in self.db.scalars(query.order_by(IncidentRow.effective_at.desc()))]

    def _tasks(self, *patient_ids: UUID, done_since: datetime | None = None) -> list[Task]:
        """The tasks whose highest version is open, or was done since then; first due first, without a time last."""
        rows = self.db.scalars(
            _read(done=done_since is not None), {"ids": self.work.ids(*patient_ids), "since": done_since}
        )
        return [task_of(row, self.work.now) for row in rows]

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
        """The version that holds, of a task that is not done. Raises NotFound and Conflict.

        Lock first, look after: a look in the same statement would not see what we waited for.
        """
        of_entry = sa.select(TaskVersion).where(
            self.work.chart(patient_id, TaskVersion), TaskVersion.entry_id == entry_id
        )
        first = of_entry.with_only_columns(TaskVersion.id).where(TaskVersion.version == 1)
        self.db.scalar(first.with_for_update(key_share=True))
        holds = of_entry.where(TaskVersion.in_error_at.is_(None)).order_by(TaskVersion.version.desc()).limit(1)
        task = self.db.scalar(holds)
        if task is None:
            raise NotFound("Oppgaven finnes ikke hos denne pasienten.")
        if task.done_at is not None:
            raise Conflict(
                phrase(
                    "%(name)s gjorde oppgaven kl. %(time)s.", name=task.recorded_by_name, time=clock.hhmm(task.done_at)
                )
            )
        return task


@cache
def _read(*, done: bool) -> sa.Select[TaskVersion]:
    """The statement of the open tasks, or of those done. Takes ids and since."""
    newest = (
        sa.select(TaskVersion)
        .ext(distinct_on(TaskVersion.entry_id))
        .where(in_charts(TaskVersion), TaskVersion.in_error_at.is_(None))
        .order_by(TaskVersion.entry_id, TaskVersion.version.desc())
    )
    row = orm.aliased(TaskVersion, newest.subquery())
    wanted = row.done_at >= sa.bindparam("since") if done else row.done_at.is_(None)
    return sa.select(row).where(wanted).order_by(row.done_at, row.due_at.nulls_last(), row.entry_id)
