"""What care answers with: frozen, and made from the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from journal.care import rules
from journal.care.models import IncidentVersion, StayRow
from journal.platform.entries import Shown, ShownEntry, shown


@dataclass(frozen=True, kw_only=True)
class GrantedService(ShownEntry):
    """A service that a decision gives the patient, and the unit that answers for it."""

    service_system: str
    service_code: str
    service_text: str
    decision_number: str | None
    decision_on: date
    provider_unit_id: UUID
    provider_name: str
    valid_from: datetime
    valid_until: datetime | None
    ended_by_name: str | None
    relationship_id: UUID

    @property
    def current(self) -> bool:
        """Neither ended nor a mistake; it may begin later."""
        return self.valid_until is None and not self.in_error


@dataclass(frozen=True, kw_only=True)
class Stay(Shown):
    """A stay at a ward (long_term, short_term), or an absence from it (leave, hospital)."""

    kind: str
    ward_id: UUID
    ward_name: str
    room: str
    place: str
    relationship_id: UUID
    valid_from: datetime
    expected_until: datetime | None
    valid_until: datetime | None
    ended_by_name: str | None


@dataclass(frozen=True)
class Whereabouts:
    """Where the patient is: the open stay, the open absence from it, and whether that has begun (else it is planned)."""

    stay: Stay | None
    absence: Stay | None
    away: bool


@dataclass(frozen=True, kw_only=True)
class ClosedTask(Shown):
    """Something that was to be done for the patient: done, a mistake, or erased by law."""

    entry_id: UUID
    version: int
    text: str
    outcome: str
    done_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Incident(ShownEntry):
    """Something that went wrong, or nearly did, and what was done about it."""

    kind: str
    severity: str
    text: str
    measures: str
    about_id: UUID | None
    effective_at: datetime


def stay_of(row: StayRow) -> Stay:
    return shown(Stay, row, room=row.room or "", place=row.place or "")


def whereabouts_of(open_periods: Iterable[Stay], now: datetime) -> Whereabouts:
    found = list(open_periods)
    stay = next((period for period in found if period.kind in rules.STAYS), None)
    absence = next((period for period in found if period.kind in rules.ABSENCES), None)
    return Whereabouts(stay, absence, absence is not None and absence.valid_from <= now)


def task_of(row: Any) -> ClosedTask:
    return shown(ClosedTask, row, text=row.what or "", outcome=row.outcome or "")


def incident_of(row: IncidentVersion) -> Incident:
    return shown(Incident, row, text=row.text or "", measures=row.measures or "")
