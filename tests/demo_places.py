"""The seven municipalities of the demo: nursing homes with wards, home care with districts, and who works there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from journal.medication.rules.authority import USUAL_CHANGES, Act, end_of_last_shift
from journal.municipalities.directory import KnownMunicipality, municipalities
from journal.platform.clock import local_date
from tests import factories, people
from tests.authorities import authority
from tests.builder import Builder, Staff
from tests.demo_texts import DISTRICTS, NURSING_HOMES

PIONEERS = ("4601", "0301", "1103", "4204", "3201", "1804", "4036")
"""Bergen, Oslo, Stavanger, Kristiansand, Bærum, Bodø, Vinje."""

POST = {
    "4601": ("5003", "Bergen"),
    "0301": ("0170", "Oslo"),
    "1103": ("4006", "Stavanger"),
    "4204": ("4611", "Kristiansand"),
    "3201": ("1337", "Sandvika"),
    "1804": ("8006", "Bodø"),
    "4036": ("3890", "Vinje"),
}
LEAST = 26
"""So many patients has the smallest municipality, if there are enough: one ward."""

A_WARD, A_DISTRICT = 26, 40

SINCE_DAYS = 900

_USUAL = (Act.READY, Act.PACK, Act.AS_NEEDED)
_DELEGATED = (_USUAL, (*_USUAL, Act.CONTROL, Act.INSULIN, Act.CONTROLLED, Act.PATCH))


@dataclass
class Team:
    """A ward or a district with those who work there. `size` is how many patients it is to have."""

    unit: dict[str, Any]
    is_ward: bool
    size: int
    nurses: list[Staff]
    assistants: list[Staff]
    doctor: Staff


@dataclass
class Place:
    """A municipality of the demo."""

    known: KnownMunicipality
    row: dict[str, Any]
    patients: int
    wards: list[Team] = field(default_factory=list)
    districts: list[Team] = field(default_factory=list)

    @property
    def teams(self) -> list[Team]:
        return [*self.wards, *self.districts]


def share(patients: int) -> dict[str, int]:
    """How many patients each of the seven has: a ward each as far as they reach, the rest by population."""
    known = {m.number: m for m in municipalities()}
    with_patients = PIONEERS[: max(1, min(len(PIONEERS), patients // LEAST))]
    least = min(LEAST, patients)
    rest = patients - least * len(with_patients)
    people_in = sum(known[number].population for number in with_patients)
    shares = {number: least + rest * known[number].population // people_in for number in with_patients}
    shares[with_patients[0]] += patients - sum(shares.values())
    return {number: shares.get(number, 0) for number in PIONEERS}


def join(connection: sa.Connection, number: str, at: datetime) -> None:
    """The municipality has used the journal since this day."""
    joined = sa.text("UPDATE municipalities.municipality SET joined_at = :at WHERE number = :number")
    connection.execute(joined, {"at": at, "number": number})


def names(seed: int, today: date, taken: set[str]) -> Iterator[tuple[str, str | None]]:
    """Names of staff, no two alike, with their HPR numbers."""
    used: set[str] = set()
    for member in people.staff(seed, 20_000, today, taken=taken):
        name = f"{member.given_name} {member.family_name}"
        if name not in used and member.hpr_number:
            used.add(name)
            yield name, member.hpr_number


def build(b: Builder, random: Random, number: str, patients: int, hire: "Hiring") -> Place:
    """Units and staff of one municipality that has so many patients."""
    known = next(m for m in municipalities() if m.number == number)
    row = {"id": factories.municipality_id(number), "number": number, "name": known.name}
    top = factories.unit(
        b, row, f"{known.name} kommune", "municipality", id=factories.top_unit_id(number), valid_from=hire.since
    )
    place = Place(known, row, patients)
    hire.staff(b, row, top, "tenant_administrator")
    hire.staff(b, row, top, "auditor")
    ward_sizes, district_sizes = _sizes(random, patients)
    homes = random.sample(NURSING_HOMES, k=len(NURSING_HOMES))
    for nth, start in enumerate(range(0, len(ward_sizes), 3)):
        name = homes[nth % len(homes)]
        home = factories.unit(b, row, name, "nursing_home", valid_from=hire.since)
        sizes = ward_sizes[start : start + 3]
        wards = [
            factories.unit(b, row, f"Avdeling {n}", "ward", home, valid_from=hire.since)
            for n in range(1, len(sizes) + 1)
        ]
        doctor = hire.staff(b, row, home, "doctor", wards)
        manager = hire.staff(b, row, home, "unit_manager", wards)
        place.wards += [hire.team(b, row, ward, size, doctor, manager) for ward, size in zip(wards, sizes, strict=True)]
    care = factories.unit(b, row, "Hjemmetjenesten", "home_care", valid_from=hire.since)
    districts = [
        factories.unit(b, row, _district(n), "district", care, valid_from=hire.since)
        for n in range(len(district_sizes))
    ]
    doctor = hire.staff(b, row, care, "doctor", districts)
    manager = hire.staff(b, row, care, "unit_manager", districts)
    place.districts = [hire.team(b, row, *one, doctor, manager) for one in zip(districts, district_sizes, strict=True)]
    return place


_WITHOUT_NUMBER = ("tenant_administrator", "auditor", "assistant", "kitchen", "case_officer", "student")


@dataclass
class Hiring:
    """Takes people on: each name once in the whole country."""

    names: Iterator[tuple[str, str | None]]
    since: datetime

    def staff(
        self,
        b: Builder,
        of: dict[str, Any],
        at: dict[str, Any],
        role: str,
        below: list[dict[str, Any]] | None = None,
        supervisor: Staff | None = None,
    ) -> Staff:
        name, hpr = next(self.names)
        hpr = None if role in _WITHOUT_NUMBER else hpr
        return factories.staff(b, of, at, name, role, below or (), hpr, supervisor, valid_from=self.since)

    def team(
        self, b: Builder, of: dict[str, Any], at: dict[str, Any], size: int, doctor: Staff, manager: Staff
    ) -> Team:
        """The first assistant may give what lies ready or in a pack; the second more, for some weeks yet."""
        nurses = [self.staff(b, of, at, "nurse") for _ in range(3)]
        assistants = [self.staff(b, of, at, "health_assistant") for _ in range(2)]
        for assistant, acts, days in zip(assistants, _DELEGATED, (200, 20), strict=True):
            until = end_of_last_shift(local_date(self.since) + timedelta(days=SINCE_DAYS + days), USUAL_CHANGES)
            authority(b, manager, assistant, acts, since=until - timedelta(days=365), until=until)
        return Team(at, at["kind"] == "ward", size, nurses, assistants, doctor)


def others(b: Builder, place: Place, hire: Hiring) -> None:
    """Those whose roles rest on no authorisation: assistants, a kitchen, the office that decides on services, a student with the
    nurse who answers for her; and the second administrator, without whom no access rule is changed."""
    for team in (*place.wards[:1], *place.districts[:1]):
        hire.staff(b, place.row, team.unit, "assistant")
    for team in place.wards[:1]:
        hire.staff(b, place.row, team.unit, "kitchen")
        hire.staff(b, place.row, team.unit, "student", supervisor=team.nurses[0])
    office = factories.unit(b, place.row, "Tildelingskontoret", "office", valid_from=hire.since)
    hire.staff(b, place.row, office, "case_officer")
    top = {"id": factories.top_unit_id(place.known.number), "name": f"{place.known.name} kommune"}
    hire.staff(b, place.row, top, "tenant_administrator")


def _district(nth: int) -> str:
    return DISTRICTS[nth] if nth < len(DISTRICTS) else f"Sone {nth + 1}"


def _sizes(random: Random, patients: int) -> tuple[list[int], list[int]]:
    """Wards of about 26, more than half of the patients; the others in districts of about 40."""
    wards = max(1, round(patients * 0.55 / A_WARD))
    in_wards = (
        patients if patients <= A_WARD + 4 else min(A_WARD * wards + random.randrange(-wards, wards + 1), patients)
    )
    districts = max(1, round((patients - in_wards) / A_DISTRICT))
    return _even(in_wards, wards), _even(patients - in_wards, districts)


def _even(total: int, parts: int) -> list[int]:
    return [total // parts + (n < total % parts) for n in range(parts)]


def since(now: datetime) -> datetime:
    """When the seven began."""
    return now - timedelta(days=SINCE_DAYS)
