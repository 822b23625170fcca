"""The times when the journal was away: said by a manager, confirmed or not, and the doses that are unknown after each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from journal.medication.downtime_tables import DowntimeRow
from journal.medication.rules import DoseStatus
from journal.medication.rules.downtime import LOOKS_BACK, Known
from journal.medication.service.due import Due
from journal.medication.service.shown import DueDose
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import on_patients, without_patient

_MARK = sa.text("SELECT medication.mark_downtime(:entry_id)")
_PROPOSE = sa.text("SELECT medication.propose_downtime(:began, :ended, :most)")
_DECLARE = sa.text("SELECT medication.declare_downtime(:number, :ends, :why)")
_AHEAD = timedelta(hours=12)


@dataclass(frozen=True)
class DowntimeEntry:
    """A time when the journal was away. `unit_id`: None for the whole municipality; `ended_at`: None while it lasts."""

    entry_id: UUID
    version: int
    unit_id: UUID | None
    status: Known
    began_at: datetime
    ended_at: datetime | None
    why: str
    recorded_by_name: str
    recorded_at: datetime


class Downtimes(Due):
    """Never decided silently: what the journal has found itself is asked about, and its doses are unknown meanwhile."""

    @without_patient(Permission.MEDICATION_DOWNTIME)
    def downtimes(self) -> list[DowntimeEntry]:
        """Those of the last 30 days that one may see from where one acts, the latest first."""
        row = DowntimeRow
        here = sa.or_(row.unit_id.is_(None), row.unit_id.in_(self.work.actor.units))
        mine = sa.select(row).where(row.municipality_id == self.work.actor.municipality_id, here)
        newest = mine.ext(distinct_on(row.entry_id)).order_by(row.entry_id, row.version.desc())
        found = [_entry(each) for each in self.db.scalars(newest)]
        lately = [each for each in found if each.began_at > self.work.now - timedelta(days=30)]
        return sorted(lately, key=lambda each: each.began_at, reverse=True)

    @without_patient(Permission.MEDICATION_DOWNTIME)
    def say_downtime(self, *, unit_id: UUID | None, began_at: datetime, ended_at: datetime, why: str) -> int:
        """The journal was away then; answers with how many doses are unknown by it. Raises Invalid for a time that cannot be, or a
        unit that is not hers."""
        self._may_be(unit_id, began_at, ended_at)
        entry_id = new_id()
        said = {"entry_id": entry_id, "unit_id": unit_id, "status": Known.CONFIRMED.value, "why": why}
        self.db.add(DowntimeRow(**said, began_at=began_at, ended_at=ended_at))
        return self._mark(entry_id)

    @without_patient(Permission.MEDICATION_DOWNTIME)
    def answer_downtime(
        self, entry_id: UUID, *, version: int, status: Known, began_at: datetime, ended_at: datetime, why: str = ""
    ) -> int:
        """Says of one whether it was so, and from when until when; the doses follow. Answers with how many are unknown by it.

        Raises NotFound, Invalid as say_downtime, and Conflict when another answered since.
        """
        was = next((each for each in self.downtimes() if each.entry_id == entry_id), None)
        if was is None:
            raise NotFound("Nedetiden finnes ikke.")
        self._may_be(was.unit_id, began_at, ended_at)
        said = {"entry_id": entry_id, "version": version + 1, "unit_id": was.unit_id, "status": status.value}
        times = {"began_at": began_at, "ended_at": ended_at, "why": why or was.why or None}
        write = insert(DowntimeRow).values(**said, **times).on_conflict_do_nothing().returning(DowntimeRow.version)
        if self.db.scalar(write) is None:
            raise Conflict("En annen har svart om denne nedetiden etter at du åpnet siden. Se hva som gjelder nå.")
        return self._mark(entry_id)

    @without_patient(Permission.CHART_PREPARE)
    def propose_downtime(self, began_at: datetime, ended_at: datetime, most: int) -> int:
        """The journal has found itself that it was away: asks each municipality where nobody has said so, so many at most.
        Answers with how many were asked. For the worker alone."""
        proposed: int = self.db.execute(_PROPOSE, {"began": began_at, "ended": ended_at, "most": most}).scalar_one()
        return proposed

    @without_patient(Permission.CHART_PREPARE)
    def declare_downtime(self, municipality_number: str, *, ends: bool, why: str = "") -> bool:
        """Whoever runs the journal says that it goes away, or is back; False where that cannot be. For the command alone."""
        said = {"number": municipality_number, "ends": ends, "why": why}
        declared: bool = self.db.execute(_DECLARE, said).scalar_one()
        return declared

    @without_patient(Permission.CHART_LIST)
    def patients_after_downtime(self) -> dict[UUID, int]:
        """The unit's patients with doses of the last seven days that nobody knows of, by room, and how many."""
        now = self.work.now
        rows = self.worklist(start=now - LOOKS_BACK, end=now + _AHEAD)
        return {row.patient_id: row.unknown for row in rows if row.unknown}

    @on_patients(Permission.MEDICATION_READ)
    def after_downtime(self, patient_ids: Collection[UUID]) -> dict[UUID, list[DueDose]]:
        """The doses that nobody knows of, by patient, in the order of the paper list: earliest first."""
        now = self.work.now
        due = self.doses_due(patient_ids, start=now - LOOKS_BACK, end=now + _AHEAD)
        return {id: [dose for dose in doses if dose.status is DoseStatus.UNKNOWN] for id, doses in due.items()}

    def _may_be(self, unit_id: UUID | None, began_at: datetime, ended_at: datetime) -> None:
        if not began_at < ended_at <= self.work.now:
            raise Invalid(errors={"ended_at": ["Nedetiden må være over, og slutte etter at den begynte."]})
        if unit_id is not None and unit_id not in self.work.actor.units:
            raise Invalid(errors={"unit_id": ["Velg en enhet du leder."]})

    def _mark(self, entry_id: UUID) -> int:
        self.db.flush()
        marked: int = self.db.execute(_MARK, {"entry_id": entry_id}).scalar_one()
        return marked


def _entry(row: DowntimeRow) -> DowntimeEntry:
    said = row.entry_id, row.version, row.unit_id, Known(row.status), row.began_at, row.ended_at
    return DowntimeEntry(*said, row.why or "", row.recorded_by_name, row.recorded_at)
