"""What stands in a chart, row by row, as the journal's services would have stored it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from journal.access.models import CareRelationship
from journal.care.models import GrantedServiceVersion, IncidentVersion, StayRow, TaskVersion
from journal.care.rules import SERVICES, STAY_SERVICE, STAYS
from journal.notes.models import NoteVersion
from journal.notes.rules import KINDS as NOTES
from journal.observations.models import Observation
from journal.observations.rules import KINDS
from journal.patients.models import AllergyAssessment, AllergyIntolerance, Flag, Link, RelatedPerson
from journal.platform.clock import local
from tests.builder import Builder, Staff


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
    entry, text = _entry(b), SERVICES[(system, code)]
    number = f"{local(since).year}/{entry['id'].int % 90000 + 10000}"
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
        GrantedServiceVersion,
        **by.at(since),
        patient_id=patient_id,
        **entry,
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


def incident(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    kind: str,
    text: str,
    *,
    at: datetime,
    severity: str = "none",
    measures: str = "",
) -> dict[str, Any]:
    """An incident written down at this time."""
    told = {"kind": kind, "severity": severity, "text": text, "measures": measures or None, "effective_at": at}
    return b.add(IncidentVersion, **by.at(at), patient_id=patient_id, **_entry(b), **told)


def _entry(b: Builder) -> dict[str, Any]:
    entry_id = b.new_id()
    return {"id": entry_id, "entry_id": entry_id, "version": 1}
