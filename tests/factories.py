"""Builds municipalities, staff and patients, for the tests and for `akson demo` alike.

Rows are collected in a Builder and stored as the migrator. What a test or a demo then does with them goes through the
journal like everybody else. Each row is what the journal's own services would have stored.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from journal.medication import Medicine
from journal.municipalities.joining import municipality_id, top_unit_id
from journal.municipalities.models import Municipality, Practitioner, PractitionerRole, Unit
from journal.municipalities.role_tables import Qualification
from journal.patients import name_words
from journal.patients.models import Identifier, NameWord, Patient
from journal.patients.national_id import make_synthetic
from journal.platform.caller import Actor
from journal.platform.clock import local
from tests.builder import Builder, Staff
from tests.chart_rows import (
    allergy,
    care_relationship,
    flag,
    granted_service,
    incident,
    link,
    no_known_allergies,
    note,
    observation,
    related_person,
    stay,
    task,
)
from tests.orders import (
    METOPROLOL,
    administration,
    as_needed_administration,
    doses,
    medication_request,
    next_version,
    once_a_day,
    witness,
)

if TYPE_CHECKING:
    from journal.medication.rules import ValueRequirement
    from tests.conftest import World

__all__ = [
    "METOPROLOL",
    "Builder",
    "Staff",
    "administration",
    "allergy",
    "as_needed_administration",
    "care_relationship",
    "doses",
    "due_dose",
    "flag",
    "granted_service",
    "incident",
    "link",
    "medication_request",
    "municipality",
    "municipality_id",
    "next_version",
    "no_known_allergies",
    "note",
    "observation",
    "once_a_day",
    "patient",
    "related_person",
    "staff",
    "stay",
    "task",
    "top_unit_id",
    "unit",
    "witness",
]


def municipality(
    b: Builder, number: str, name: str, county: str = "Prøvefylket", population: int = 5000
) -> dict[str, Any]:
    """A municipality that has joined, with its top unit."""
    row = b.add(
        Municipality,
        id=municipality_id(number),
        number=number,
        name=name,
        county=county,
        population=population,
        latitude=60,
        longitude=10,
        valid_from=date(2024, 1, 1),
        joined_at=datetime(2026, 1, 5, 8, tzinfo=UTC),
    )
    unit(b, row, f"{name} kommune", "municipality", id=top_unit_id(number))
    return row


def unit(
    b: Builder,
    of: dict[str, Any],
    name: str,
    kind: str,
    parent: dict[str, Any] | None = None,
    id: UUID | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A unit of the municipality *of*, below *parent* (or at the top)."""
    parent_id = parent["id"] if parent else None if kind == "municipality" else top_unit_id(of["number"])
    return b.add(Unit, municipality_id=of["id"], id=id or b.new_id(), parent_id=parent_id, name=name, kind=kind, **more)


def staff(
    b: Builder,
    of: dict[str, Any],
    at: dict[str, Any],
    name: str,
    role: str,
    below: Iterable[dict[str, Any]] = (),
    hpr: str | None = None,
    supervisor: Staff | None = None,
    **since: datetime,
) -> Staff:
    """A practitioner with one role in the unit *at*, authorised for it; *since* is valid_from, when it is not from now.

    With a *supervisor*: a student for thirty days.
    """
    answers_for = supervisor.actor if supervisor else None
    supervised: dict[str, Any] = {}
    if answers_for:
        until = datetime.now(UTC) + timedelta(days=30)
        supervised = {"source": "student", "supervisor_id": answers_for.person_id, "valid_until": until}
    person = b.add(Practitioner, id=b.new_id(), name=name, hpr_number=hpr, registered_for=of["id"])
    authorised(b, of, person["id"], role, **since)
    employment = b.add(
        PractitionerRole,
        municipality_id=of["id"],
        id=b.new_id(),
        practitioner_id=person["id"],
        unit_id=at["id"],
        role=role,
        **since,
        **supervised,
    )
    return Staff(
        Actor(
            person_id=person["id"],
            name=name,
            role=role,
            role_id=employment["id"],
            municipality_id=of["id"],
            municipality_name=of["name"],
            unit_id=at["id"],
            unit_name=at["name"],
            units=(at["id"], *(u["id"] for u in below)),
            origin="test",
            supervised_by=answers_for.person_id if answers_for else None,
            supervised_by_name=answers_for.name if answers_for else None,
        )
    )


_AUTHORISATIONS = {"nurse": "SP", "doctor": "LE", "health_assistant": "HF"}


def authorised(b: Builder, of: dict[str, Any], person_id: UUID, role: str, **since: datetime) -> None:
    """The authorisation that the role needs, as the municipality *of* found it in HPR; nothing for one that needs none."""
    table: Any = Qualification.__table__
    b.rows.setdefault(table, [])  # stored before the role that rests on it, whoever's comes first
    if code := _AUTHORISATIONS.get(role):
        b.add(Qualification, id=b.new_id(), practitioner_id=person_id, code=code, recorded_for=of["id"], **since)


_numbers = count()


def _unused_number(birth_date: date) -> str:
    """A synthetic number nobody else in this database has; downwards from 999, since other tests count upwards."""
    while True:
        days, step = divmod(next(_numbers), 900)
        if number := make_synthetic(birth_date.replace(day=1) + timedelta(days=days % 28), 999 - step):
            return number


def patient(
    b: Builder,
    by: Staff,
    *,
    family_name: str = "Nordmann",
    given_name: str = "Kari",
    birth_date: date | None = date(1938, 3, 14),
    sex: str = "female",
    national_id: str | None = "",
    confidentiality: str = "none",
    allergies: Iterable[str] = (),
    none_known: bool = False,
    patient_id: UUID | None = None,
    recorded_at: datetime | None = None,
    **more: Any,
) -> UUID:
    """A person with her number, and the words she is found by; answers with her id.

    *national_id*: one nobody has unless it is said; None for somebody without. *allergies* are substances; *none_known*
    is the statement that there are none; with neither, nobody has asked.
    """
    patient_id = patient_id or b.new_id()
    stamp = by.at(recorded_at)
    b.add(
        Patient,
        **stamp,
        patient_id=patient_id,
        family_name=family_name,
        given_name=given_name,
        birth_date=birth_date,
        birth_date_precision="exact" if birth_date else "unknown",
        sex=sex,
        confidentiality=confidentiality,
        **more,
    )
    number = _unused_number(birth_date or date(1938, 3, 1)) if national_id == "" else national_id
    if number is not None:
        since = {"valid_from": recorded_at} if recorded_at else {}
        b.add(Identifier, **stamp, patient_id=patient_id, id=b.new_id(), kind="FNR", value=number, **since)
    for word in name_words(family_name, given_name):
        b.add(NameWord, patient_id=patient_id, word=word)
    for substance in allergies:
        allergy(b, patient_id, by, substance, recorded_at=recorded_at)
    if none_known:
        no_known_allergies(b, patient_id, by, recorded_at=recorded_at)
    return patient_id


def due_dose(
    world: "World",
    *,
    due_at: datetime | None = None,
    medicine: Medicine = METOPROLOL,
    required_value: "ValueRequirement | None" = None,
    two_signatures: bool = False,
    **person: Any,
) -> tuple[UUID, UUID]:
    """A stored patient with one open dose, metoprolol due now unless said otherwise; answers with the ids of both.

    *person* as for World.patient. The order is Lars', version 1.
    """
    b, due_at = world.builder, due_at or datetime.now(UTC).replace(second=0, microsecond=0)
    patient_id = world.patient(**person)
    dosage = once_a_day(local(due_at).time())
    request = medication_request(
        b,
        patient_id,
        world.lars,
        medicine,
        dosage=dosage,
        starts_at=due_at - timedelta(days=3),
        planned_until=due_at + timedelta(days=1),
        required_value=required_value,
        two_signatures=two_signatures,
    )
    (dose,) = doses(b, request, dosage, due_at, due_at + timedelta(minutes=1))
    world.store()
    return patient_id, dose["id"]
