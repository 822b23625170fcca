"""What care answers with: frozen, and made from the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from journal.care import rules
from journal.care.models import GrantedServiceRow, IncidentRow, StayRow, TaskVersion


@dataclass(frozen=True)
class GrantedService:
    """A service that a decision gives the patient, and the unit that gives it."""

    id: UUID
    service_system: str
    service_code: str
    service_text: str
    decision_number: str | None
    decision_on: date
    provider_name: str
    valid_from: datetime
    valid_until: datetime | None
    relationship_id: UUID


@dataclass(frozen=True)
class Stay:
    """A stay at a ward (long_term, short_term), or an absence from it (leave, hospital)."""

    patient_id: UUID
    id: UUID
    kind: str
    ward_id: UUID
    ward_name: str
    room: str
    place: str
    relationship_id: UUID
    valid_from: datetime
    expected_until: datetime | None
    valid_until: datetime | None
    recorded_by_name: str
    ended_by_name: str | None


@dataclass(frozen=True)
class Whereabouts:
    """Where the patient is: the open stay, the open absence from it, and whether that has begun (else it is planned)."""

    stay: Stay | None
    absence: Stay | None
    away: bool


@dataclass(frozen=True)
class Task:
    """Something to do for the patient; *overdue* when the time has passed and it is not done."""

    patient_id: UUID
    entry_id: UUID
    version: int
    kind: str
    text: str
    outcome: str
    for_unit_id: UUID
    about_id: UUID | None
    due_at: datetime | None
    done_at: datetime | None
    recorded_by_name: str
    recorded_role: str
    overdue: bool


@dataclass(frozen=True)
class Incident:
    """Something that went wrong, or nearly did."""

    id: UUID
    kind: str
    severity: str
    text: str
    about_id: UUID | None
    effective_at: datetime
    recorded_by_name: str


def service_of(row: GrantedServiceRow) -> GrantedService:
    return GrantedService(
        id=row.id,
        service_system=row.service_system,
        service_code=row.service_code,
        service_text=row.service_text,
        decision_number=row.decision_number,
        decision_on=row.decision_on,
        provider_name=row.provider_name,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        relationship_id=row.relationship_id,
    )


def stay_of(row: StayRow) -> Stay:
    return Stay(
        patient_id=row.patient_id,
        id=row.id,
        kind=row.kind,
        ward_id=row.ward_id,
        ward_name=row.ward_name,
        room=row.room or "",
        place=row.place or "",
        relationship_id=row.relationship_id,
        valid_from=row.valid_from,
        expected_until=row.expected_until,
        valid_until=row.valid_until,
        recorded_by_name=row.recorded_by_name,
        ended_by_name=row.ended_by_name,
    )


def whereabouts_of(open_periods: Iterable[Stay], now: datetime) -> Whereabouts:
    found = list(open_periods)
    stay = next((period for period in found if period.kind in rules.STAYS), None)
    absence = next((period for period in found if period.kind in rules.ABSENCES), None)
    return Whereabouts(stay, absence, absence is not None and absence.valid_from <= now)


def task_of(row: TaskVersion, now: datetime) -> Task:
    return Task(
        patient_id=row.patient_id,
        entry_id=row.entry_id,
        version=row.version,
        kind=row.kind,
        text=row.what or "",
        outcome=row.outcome or "",
        for_unit_id=row.for_unit_id,
        about_id=row.about_id,
        due_at=row.due_at,
        done_at=row.done_at,
        recorded_by_name=row.recorded_by_name,
        recorded_role=row.recorded_role,
        overdue=row.done_at is None and row.due_at is not None and row.due_at < now,
    )


def incident_of(row: IncidentRow) -> Incident:
    return Incident(
        id=row.id,
        kind=row.kind,
        severity=row.severity,
        text=row.text or "",
        about_id=row.about_id,
        effective_at=row.effective_at,
        recorded_by_name=row.recorded_by_name,
    )
