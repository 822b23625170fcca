"""A ward with thousands of doses that are due, and nurses who are signed in."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from journal.platform.ids import new_id
from journal.platform.settings import Settings
from tests import factories
from tests.crash import acts
from tests.crash.acts import HOURLY, Act, Person
from tests.factories import Builder, Staff

DOSES_PER_PATIENT = 48
SHARES = 8
"""Of each other kind there is one for so many ordinary doses."""


@dataclass(frozen=True)
class OpenDose:
    """A dose that nobody has signed."""

    patient_id: UUID
    id: UUID
    due_at: datetime

    @property
    def form(self) -> dict[str, Any]:
        """What is sent for it: given when it was due, an hour from the next."""
        return {"request_version": "1"} | acts.said_at(self.due_at)

    @property
    def path(self) -> str:
        return f"/patients/{self.patient_id}/doses/{self.id}/given"

    @property
    def act(self) -> Act:
        return Act("dose", self.path, self.form, (self.id,))


Nurse = Person
"""A nurse who is signed in."""


@dataclass(frozen=True)
class Ward:
    doses: tuple[OpenDose, ...]
    """As many for each order, one order after the other."""
    orders: tuple[tuple[UUID, UUID], ...]
    """Patient, and entry of her order."""
    nurses: tuple[Nurse, ...]
    doctors: tuple[Nurse, ...] = ()
    acts: tuple[Act, ...] = ()
    """All that is to be done, mixed."""
    device: Person | None = None


def make_ward(
    connection: psycopg.Connection[Any],
    settings: Settings,
    *,
    doses: int,
    nurses: int,
    role: str = "nurse",
    doctors: int = 0,
    doses_per_patient: int = DOSES_PER_PATIENT,
    everything: bool = False,
) -> Ward:
    """Stores a ward with at least this many open doses, and this many people with the role and a session; and some doctors.

    `everything`: with bags, second signatures, controlled doses and reports of the offline list among its acts too.
    """
    b = Builder()
    town = factories.municipality(b, "4901", "Krasjprøven")
    unit = factories.unit(b, town, "Avdeling 1", "ward")
    staff = [factories.staff(b, town, unit, f"Ansatt {number}", role) for number in range(nurses)]
    also = [factories.staff(b, town, unit, f"Lege {number}", "doctor") for number in range(doctors)]
    now = datetime.now(UTC)
    patients = [_patient(b, unit, staff[0], now, doses_per_patient) for _ in range(-(-doses // doses_per_patient))]
    mixed, device = [[dose.act for _, due in patients for dose in due]], None
    by = factories.staff(b, town, unit, "Ansatt før", role)
    b.store(connection)
    if everything:
        device_id, device = acts.device(connection, settings, by)
        mixed += _rest(b, unit, by, device_id, [patient_id for (patient_id, _), _ in patients], doses)
        b.store(connection)
    signed_in, of_doctors = (tuple(_sign_in(connection, settings, one) for one in people) for people in (staff, also))
    open_doses = tuple(dose for _, due in patients for dose in due)
    return Ward(open_doses, tuple(order for order, _ in patients), signed_in, of_doctors, tuple(_mixed(mixed)), device)


def _rest(
    b: Builder, unit: dict[str, Any], by: Staff, device_id: UUID, patients: Sequence[UUID], doses: int
) -> list[list[Act]]:
    """What is not one dose at a time, a share of each kind. `by`: who did what was done before, none of the ward's nurses."""
    acts.cabinet(b, by)
    share = -(-doses // SHARES // DOSES_PER_PATIENT)
    made = [[act for _ in range(share) for act in make(b, unit, by, DOSES_PER_PATIENT)] for make in acts.MAKERS]
    return [*made, acts.reports(b, patients[:100], device_id, share * DOSES_PER_PATIENT)]


def _mixed(kinds: Sequence[Sequence[Act]]) -> Iterator[Act]:
    """The first kind is half of all while there are others."""
    ordinary, others = iter(kinds[0]), [iter(kind) for kind in kinds[1:]]
    while others:
        for other in [*others]:
            if (act := next(other, None)) is None:
                others.remove(other)
                continue
            yield act
            if (dose := next(ordinary, None)) is not None:
                yield dose
    yield from ordinary


def _patient(
    b: Builder, unit: dict[str, Any], by: Staff, now: datetime, doses: int
) -> tuple[tuple[UUID, UUID], list[OpenDose]]:
    patient_id = factories.patient(b, by)
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=doses)
    factories.care_relationship(b, patient_id, by, unit, since=since)
    order = factories.medication_request(b, patient_id, by, dosage=HOURLY, starts_at=since, planned_until=now)
    due = factories.doses(b, order, HOURLY, since, now)
    return (patient_id, order["entry_id"]), [OpenDose(patient_id, dose["id"], dose["due_at"]) for dose in due]


def _sign_in(connection: psycopg.Connection[Any], settings: Settings, person: Staff) -> Nurse:
    token, session_id = new_id().bytes * 2, new_id()
    connection.execute(
        "INSERT INTO access.session (token_hash, id, person_id, role_id) VALUES (sha256(%s), %s, %s, %s)",
        (token, session_id, person.actor.person_id, person.actor.role_id),
    )
    csrf = hmac.new(settings.secret_key, f"csrf:{session_id}".encode(), hashlib.sha256).hexdigest()
    return Nurse(f"akson={base64.urlsafe_b64encode(token).decode()}", csrf)
