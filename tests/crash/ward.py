"""A ward with thousands of doses that are due, and nurses who are signed in."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from journal.medication.rules import every_hours
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from journal.platform.settings import Settings
from tests import factories
from tests.factories import Builder, Staff

DOSES_PER_PATIENT = 48
HOURLY = every_hours(Quantity(Decimal(1), "tablett"), 1)
# What is sent for a dose: the earlier ones count as missed by now, which she has seen.
GIVEN = {"request_version": "1", "confirmed[]": "missed"}


@dataclass(frozen=True)
class OpenDose:
    """A dose that nobody has signed."""

    patient_id: UUID
    id: UUID

    @property
    def path(self) -> str:
        return f"/patients/{self.patient_id}/doses/{self.id}/given"


@dataclass(frozen=True)
class Nurse:
    """A nurse who is signed in: her cookie, and the token of her forms."""

    cookie: str
    csrf_token: str


@dataclass(frozen=True)
class Ward:
    doses: tuple[OpenDose, ...]
    """As many for each order, one order after the other."""
    orders: tuple[tuple[UUID, UUID], ...]
    """Patient, and entry of her order."""
    nurses: tuple[Nurse, ...]


def make_ward(
    connection: psycopg.Connection[Any],
    settings: Settings,
    *,
    doses: int,
    nurses: int,
    role: str = "nurse",
    doses_per_patient: int = DOSES_PER_PATIENT,
) -> Ward:
    """Stores a ward with at least this many open doses, and this many people with the role and a session."""
    b = Builder()
    town = factories.municipality(b, "4901", "Krasjprøven")
    unit = factories.unit(b, town, "Avdeling 1", "ward")
    staff = [factories.staff(b, town, unit, f"Ansatt {number}", role) for number in range(nurses)]
    now = datetime.now(UTC)
    patients = [_patient(b, unit, staff[0], now, doses_per_patient) for _ in range(-(-doses // doses_per_patient))]
    b.store(connection)
    signed_in = tuple(_sign_in(connection, settings, person) for person in staff)
    open_doses = tuple(dose for _, due in patients for dose in due)
    return Ward(open_doses, tuple(order for order, _ in patients), signed_in)


def _patient(
    b: Builder, unit: dict[str, Any], by: Staff, now: datetime, doses: int
) -> tuple[tuple[UUID, UUID], list[OpenDose]]:
    patient_id = factories.patient(b, by)
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=doses)
    factories.care_relationship(b, patient_id, by, unit, since=since)
    order = factories.medication_request(b, patient_id, by, dosage=HOURLY, starts_at=since, planned_until=now)
    due = factories.doses(b, order, HOURLY, since, now)
    return (patient_id, order["entry_id"]), [OpenDose(patient_id, dose["id"]) for dose in due]


def _sign_in(connection: psycopg.Connection[Any], settings: Settings, person: Staff) -> Nurse:
    token, session_id = new_id().bytes * 2, new_id()
    connection.execute(
        "INSERT INTO access.session (token_hash, id, person_id, role_id) VALUES (sha256(%s), %s, %s, %s)",
        (token, session_id, person.actor.person_id, person.actor.role_id),
    )
    csrf = hmac.new(settings.secret_key, f"csrf:{session_id}".encode(), hashlib.sha256).hexdigest()
    return Nurse(f"akson={base64.urlsafe_b64encode(token).decode()}", csrf)
