"""The page of the unit's tasks: over the time first, and then what is due today, later, or at no time."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for

from journal.care import rules
from journal.care.service import Care
from journal.patients import Listed, Patients
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.language import gettext as _
from journal.web import current_work, render

MOST_SHOWN = 40
"""Patients: only those that are shown are opened and logged."""


class Row(NamedTuple):
    """A task on the page. `answer_url`: where it is answered; None where a tick is enough."""

    patient: Listed
    patient_id: UUID
    room: str | None
    task: Any
    answer_url: str | None


class Group(NamedTuple):
    """Tasks that are due together."""

    key: str
    title: str
    rows: tuple[Row, ...]


def page(kind: str | None, said: str | None = None) -> str:
    """The page; of one `kind` of tasks, or of all. Opens the charts of the patients that it shows, and no more."""
    work = current_work()
    care = Care(work)
    rooms = care.patients_with_tasks()
    shown = list(rooms)[:MOST_SHOWN]
    tasks = care.tasks(shown) if shown else {}
    names = Patients(work).listed(shown) if shown else {}
    rows = [
        Row(
            names[patient_id],
            patient_id,
            rooms[patient_id],
            task,
            None if _ticked(task) else answer_url(patient_id, task),
        )
        for patient_id in shown
        for task in tasks[patient_id]
    ]
    return render(
        "care/unit_tasks.html",
        groups=grouped([row for row in rows if kind in (None, row.task.kind)], work.now),
        kinds=_kinds(rows),
        kind=kind,
        total=len(rows),
        more=len(rooms) - len(shown),
        said=said,
    )


def grouped(rows: Collection[Row], now: datetime) -> list[Group]:
    """The rows by when they are due, first due first; groups without any are left out."""
    titles = {"late": _("Over tiden"), "today": _("I dag"), "later": _("Senere"), "open": _("Uten frist")}
    placed: dict[str, list[Row]] = {key: [] for key in titles}
    for row in sorted(rows, key=lambda row: (row.task.due_at is None, row.task.due_at or now)):
        placed[_when(row.task.due_at, now)].append(row)
    return [Group(key, title, tuple(placed[key])) for key, title in titles.items() if placed[key]]


def answer_url(patient_id: UUID, task: Any) -> str:
    """Where a task is answered: in a place of its own where it has one, else among the tasks of the chart."""
    if task.kind == "no-answer":
        return url_for("no_answer.ladder", patient_id=patient_id)
    if task.kind == "alone" and current_work().actor.may(Permission.MEDICATION_ADMINISTER):
        return url_for("medication.alone_dose", patient_id=patient_id, administration_id=task.about_id)
    if task.kind == "alone":
        return url_for("medication.signed_alone")
    return url_for("care.tasks", patient_id=patient_id)


def _ticked(task: Any) -> bool:
    """A prescriber ticks her own; a nurse who has asked her writes in the chart what she said."""
    prescribes = current_work().actor.may(Permission.MEDICATION_PRESCRIBE)
    return task.kind in rules.TICKED and (task.kind != "prescriber" or prescribes)


def _when(due_at: datetime | None, now: datetime) -> str:
    if due_at is None:
        return "open"
    if due_at < now:
        return "late"
    return "today" if local_date(due_at) == local_date(now) else "later"


def _kinds(rows: Collection[Row]) -> Mapping[str, tuple[str, int]]:
    """Each kind that is there, in words, and how many."""
    counts = Counter(row.task.kind for row in rows)
    return {kind: (text, counts[kind]) for kind, text in rules.TASKS.items() if counts[kind]}
