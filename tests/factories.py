"""Builds municipalities, staff and patients, for the tests and for `akson demo` alike.

Rows are collected in a Builder and stored as the migrator. What a test or a demo then does with them goes through the
journal like everybody else. Each row is what the journal's own services would have stored.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from journal.access.models import CareRelationship
from journal.care.models import GrantedServiceRow, StayRow, TaskVersion
from journal.care.rules import SERVICES, STAY_SERVICE, STAYS
from journal.municipalities.joining import municipality_id, top_unit_id
from journal.municipalities.models import Municipality, Practitioner, PractitionerRole, Unit
from journal.notes.models import NoteVersion
from journal.notes.rules import KINDS as NOTES
from journal.observations.models import Observation
from journal.observations.rules import KINDS
from journal.patients import name_words
from journal.patients.models import (
    AllergyAssessment,
    AllergyIntolerance,
    Flag,
    Identifier,
    Link,
    NameWord,
    Patient,
    RelatedPerson,
)
from journal.patients.national_id import make_synthetic
from journal.platform.clock import local
from journal.platform.work import Actor
from tests.builder import Builder, Staff
from tests.orders import administration, as_needed_administration, doses, medication_request, once_a_day

if TYPE_CHECKING:
    from journal.medication.rules import ValueRequirement
    from tests.conftest import World

__all__ = [
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
    "link",
    "medication_request",
    "municipality",
    "municipality_id",
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
    **since: datetime,
) -> Staff:
    """A practitioner with one role in the unit *at*; *since* is valid_from, when it is not from now."""
    person = b.add(Practitioner, id=b.new_id(), name=name, hpr_number=hpr, registered_for=of["id"])
    employment = b.add(
        PractitionerRole,
        municipality_id=of["id"],
        id=b.new_id(),
        practitioner_id=person["id"],
        unit_id=at["id"],
        role=role,
        **since,
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
        )
    )


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


def allergy(
    b: Builder, patient_id: UUID, by: Staff, substance: str, *, recorded_at: datetime | None = None, **more: Any
) -> dict[str, Any]:
    """An allergy (or, with kind="intolerance", an intolerance)."""
    row = {"kind": "allergy", "verification_status": "confirmed", "reaction": None, "criticality": None, **more}
    return b.add(
        AllergyIntolerance, **by.at(recorded_at), patient_id=patient_id, **_entry(b), substance=substance, **row
    )


def no_known_allergies(b: Builder, patient_id: UUID, by: Staff, *, recorded_at: datetime | None = None) -> None:
    """Somebody asked, and the answer was none."""
    b.add(
        AllergyAssessment,
        **by.at(recorded_at),
        patient_id=patient_id,
        id=b.new_id(),
        result="none-known",
        source_code="3",
    )


def flag(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    kind: str,
    text: str,
    *,
    sub: str | None = None,
    decided_by_name: str | None = None,
    recorded_at: datetime | None = None,
) -> dict[str, Any]:
    """What everybody must see: *kind* is cpr, anticoagulant, swallowing, infection or other."""
    return b.add(
        Flag,
        **by.at(recorded_at),
        patient_id=patient_id,
        **_entry(b),
        kind=kind,
        text=text,
        sub=sub,
        decided_by_name=decided_by_name,
        status="active",
    )


def related_person(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    name: str,
    *,
    relation: str | None = None,
    phone: str | None = None,
    is_next_of_kin: bool = True,
    role: str = "relative",
    recorded_at: datetime | None = None,
) -> dict[str, Any]:
    """A relative or guardian."""
    return b.add(
        RelatedPerson,
        **by.at(recorded_at),
        patient_id=patient_id,
        **_entry(b),
        role=role,
        name=name,
        relation=relation,
        phone=phone,
        is_next_of_kin=is_next_of_kin,
    )


def link(
    b: Builder, patient_id: UUID, linked_patient_id: UUID, by: Staff, confirmed_by: Staff, *, at: datetime, reason: str
) -> dict[str, Any]:
    """Two records of one person, proposed and confirmed; *patient_id* leads."""
    return b.add(
        Link,
        **by.at(at),
        patient_id=patient_id,
        id=b.new_id(),
        linked_patient_id=linked_patient_id,
        reason=reason,
        valid_from=at,
        confirmed_at=at,
        confirmed_by=confirmed_by.actor.person_id,
    )


def care_relationship(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    at: dict[str, Any],
    *,
    ground: str = "stay",
    room: str | None = None,
    since: datetime,
    **more: Any,
) -> dict[str, Any]:
    """A ground for the unit *at* to open this chart."""
    return b.add(
        CareRelationship,
        **{**by.stamp, "unit_id": at["id"]},
        patient_id=patient_id,
        id=b.new_id(),
        ground=ground,
        purpose="TREAT",
        room=room,
        valid_from=since,
        **more,
    )


def stay(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    ward: dict[str, Any],
    *,
    since: datetime,
    room: str | None = None,
    kind: str = "long_term",
    away: str | None = None,
    away_from: datetime | None = None,
    away_until: datetime | None = None,
    place: str | None = None,
) -> dict[str, Any]:
    """A stay at the ward with the ground it gives; *away* is leave or hospital, from *away_from* on. Answers with the stay."""
    stay_id = b.new_id()
    reference = {"id": str(stay_id), "description": f"{STAYS[kind]}, {ward['name']}", "user_selected": False}
    relationship = care_relationship(
        b,
        patient_id,
        by,
        ward,
        room=room,
        since=since,
        service_code=STAY_SERVICE[kind],
        decision_ref=reference,
        recorded_at=since,
        away_from=away_from,
        away_until=away_until,
    )
    lives = {"patient_id": patient_id, "ward_id": ward["id"], "ward_name": ward["name"]}
    lives["relationship_id"] = relationship["id"]
    row = b.add(
        StayRow,
        **by.at(since),
        **lives,
        id=stay_id,
        kind=kind,
        part_of_id=None,
        room=room,
        place=None,
        valid_from=since,
        expected_until=None,
    )
    if away is not None:
        gone = {"id": b.new_id(), "kind": away, "part_of_id": stay_id, "room": None, "place": place}
        b.add(StayRow, **by.at(away_from), **lives, **gone, valid_from=away_from, expected_until=away_until)
    return row


def granted_service(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    at: dict[str, Any],
    *,
    system: str = "9151",
    code: str = "15",
    since: datetime,
) -> dict[str, Any]:
    """A decision on a service, and the ground it gives the unit *at*."""
    service_id, text = b.new_id(), SERVICES[(system, code)]
    number = f"{local(since).year}/{service_id.int % 90000 + 10000}"
    reference = {"id": number, "description": text, "user_selected": False}
    relationship = care_relationship(
        b,
        patient_id,
        by,
        at,
        ground="service",
        since=since,
        service_code=code,
        decision_ref=reference,
        recorded_at=since,
    )
    return b.add(
        GrantedServiceRow,
        **by.at(since),
        patient_id=patient_id,
        id=service_id,
        service_system=system,
        service_code=code,
        service_text=text,
        decision_number=number,
        decision_on=local(since).date(),
        provider_unit_id=at["id"],
        provider_name=at["name"],
        valid_from=since,
        relationship_id=relationship["id"],
    )


def observation(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    code: str,
    value: Decimal,
    *,
    at: datetime,
    value2: Decimal | None = None,
    dose_id: UUID | None = None,
) -> dict[str, Any]:
    """A measurement made and written down at this time, in the unit of its kind."""
    kind = KINDS[code]
    return b.add(
        Observation,
        **by.at(at),
        patient_id=patient_id,
        id=b.new_id(),
        code=code,
        loinc=kind.loinc,
        display=kind.text,
        value=value,
        value2=value2,
        unit=kind.ucum,
        effective_at=at,
        dose_id=dose_id,
    )


def note(
    b: Builder, patient_id: UUID, by: Staff, body: str, *, at: datetime, kind: str = "general", title: str = ""
) -> dict[str, Any]:
    """A signed note; without a title it has the name of its kind."""
    return b.add(
        NoteVersion,
        **by.at(at),
        patient_id=patient_id,
        **_entry(b),
        kind=kind,
        title=title or NOTES[kind],
        body=body,
        effective_at=at,
    )


def task(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    for_unit: dict[str, Any],
    what: str,
    *,
    kind: str = "general",
    due_at: datetime | None = None,
    about_id: UUID | None = None,
    recorded_at: datetime | None = None,
) -> dict[str, Any]:
    """An open task of a unit."""
    stamp = by.at(recorded_at)
    about = {"kind": kind, "for_unit_id": for_unit["id"], "what": what, "about_id": about_id, "due_at": due_at}
    return b.add(TaskVersion, **stamp, patient_id=patient_id, **_entry(b), **about)


def due_dose(
    world: "World",
    *,
    due_at: datetime | None = None,
    required_value: "ValueRequirement | None" = None,
    **person: Any,
) -> tuple[UUID, UUID]:
    """A stored patient with one open dose, metoprolol due now (or at *due_at*); answers with the ids of both.

    *person* as for World.patient. The order is Lars', version 1.
    """
    b, due_at = world.builder, due_at or datetime.now(UTC).replace(second=0, microsecond=0)
    patient_id = world.patient(**person)
    dosage = once_a_day(local(due_at).time())
    request = medication_request(
        b,
        patient_id,
        world.lars,
        dosage=dosage,
        starts_at=due_at - timedelta(days=3),
        planned_until=due_at + timedelta(days=1),
        required_value=required_value,
    )
    (dose,) = doses(b, request, dosage, due_at, due_at + timedelta(minutes=1))
    world.store()
    return patient_id, dose["id"]


def _entry(b: Builder) -> dict[str, Any]:
    entry_id = b.new_id()
    return {"id": entry_id, "entry_id": entry_id, "version": 1}
