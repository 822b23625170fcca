"""Across the hospital door, as care sees it: who is told, who answers for the list afterwards, and until when."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access import CareRelationships
from journal.care import rules
from journal.care.models import GrantedServiceVersion
from journal.care.service.places import Places
from journal.care.service.tasks import Tasks
from journal.medication import Crossing, Medication
from journal.permissions import Permission
from journal.platform.errors import Conflict
from journal.platform.service import on_patient


class Door(Tasks, Places):
    """No order goes on by itself: each crossing makes the list wait, and gives somebody the task."""

    @on_patient(Permission.CARE_WRITE)
    def list_taken_over(self, patient_id: UUID, crossing_id: UUID) -> None:
        """The task to reconcile the list is the actor's from now on, with the same limit."""
        for task in self._about(patient_id, crossing_id):
            self.complete_task(patient_id, task.entry_id, outcome=rules.taken_over_text(self.work.actor.name))
            self._ask_to_reconcile(patient_id, crossing_id, task.due_at)

    @on_patient(Permission.CARE_WRITE)
    def door_passed(self, patient_id: UUID, crossing_id: UUID) -> None:
        """The list is reconciled, or the crossing never was: nobody is asked any more."""
        for task in self._about(patient_id, crossing_id):
            self.complete_task(patient_id, task.entry_id, outcome=rules.DONE_AT_DOOR)

    def _cross(
        self, patient_id: UUID, kind: Crossing, since: datetime, stay_id: UUID | None = None, place: str = ""
    ) -> None:
        """Makes the list wait from then on, and tells whom it concerns: the unit, by a task with its limit and its owner."""
        crossing_id, before = Medication(self.work).cross_door(
            patient_id, kind, since=since, stay_id=stay_id, place=place
        )
        if kind is Crossing.HOSPITAL:
            self.add_task(patient_id, rules.hospital_text(place), about_id=crossing_id)
        else:
            self._ask_to_reconcile(patient_id, crossing_id, before)

    def _ask_to_reconcile(self, patient_id: UUID, crossing_id: UUID, before: datetime | None) -> None:
        what = rules.reconcile_text(self.work.actor.name)
        self.add_task(patient_id, what, due_at=before, about_id=crossing_id)

    def _about(self, patient_id: UUID, crossing_id: UUID) -> list[Any]:
        return [task for task in self.open_tasks(patient_id) if task.about_id == crossing_id]

    def _set_services_away(self, patient_id: UUID, away_from: datetime | None) -> None:
        """Who is cared for at home has no stay: it is her services that expect no dose until she is back."""
        service = GrantedServiceVersion
        open_ones = service.valid_until.is_(None), service.in_error_at.is_(None)
        mine = service.municipality_id == self.work.actor.municipality_id
        found = sa.select(service.relationship_id).where(self.work.chart(patient_id, service), *open_ones, mine)
        for relationship_id in self.db.scalars(found):
            CareRelationships(self.work).set_away(patient_id, relationship_id, away_from, None)

    def _leave_home(self, patient_id: UUID, begins: datetime, place: str) -> None:
        """To hospital from where she lives by herself. Raises Conflict when she is there already."""
        after = Medication(self.work).list_after_crossing(patient_id)
        if after is not None and after.away:
            raise Conflict("Pasienten er alt registrert som innlagt på sykehus. Registrer retur først.")
        self._cross(patient_id, Crossing.HOSPITAL, begins, place=place)
        self._set_services_away(patient_id, begins)

    def _come_home(self, patient_id: UUID) -> None:
        """Back where she lives by herself. Raises Conflict when she is in no hospital."""
        after = Medication(self.work).list_after_crossing(patient_id)
        if after is None or not after.away:
            raise Conflict("Pasienten er ikke registrert på sykehus. Last siden på nytt for å se hva som er gjort.")
        self._cross(patient_id, Crossing.RETURN, self.work.now)
        self._set_services_away(patient_id, None)
