"""Fills a new installation with invented people, for `akson demo`: the same people every time, as of the day it is done."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import psycopg
import sqlalchemy as sa

from journal.medication import import_catalogue, mini_fest
from journal.medication.fest.tables import CatalogueItem
from journal.municipalities.joining import list_country
from journal.platform.clock import age, local_date
from journal.platform.settings import Settings
from tests import demo_favourites, demo_places, factories, people
from tests.builder import Builder
from tests.demo_medicines import Catalogue
from tests.demo_patients import Admission, Filler
from tests.demo_places import PIONEERS, Place, Team

SEED = 4601

_AWAY_OF_A_WARD = 25
"""One of so many residents is on leave or in hospital."""

_KNOWN_TO_TWO = 50

MOST = 100_000
"""More people than any demo has."""


def fill(settings: Settings, *, patients: int, say: Callable[[str], None]) -> None:
    """The catalogue imported, the whole country listed, and seven municipalities with staff and so many patients.

    All or nothing after the catalogue: one transaction. `say` gets lines (bokmål) on how far it has come.
    """
    _import(settings)
    engine = sa.create_engine(settings.migrator_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        now: datetime = connection.execute(sa.select(sa.func.now())).scalar_one()
        list_country(connection)
        say("Alle kommunene i landet er lagt inn.")
        catalogue = _catalogue(connection)
        say(f"Legemiddelkatalogen er hentet inn: {len(catalogue)} oppføringer.")
        World(connection, now, catalogue, say).fill(patients)
    engine.dispose()


def _import(settings: Settings) -> None:
    with tempfile.TemporaryFile() as file:
        mini_fest.write(file, fetched=datetime.now(UTC) - timedelta(days=2))
        file.seek(0)
        import_catalogue(settings.migrator_url, file)


def _catalogue(connection: sa.Connection) -> Catalogue:
    rows = connection.execute(sa.select(CatalogueItem.__table__)).all()
    return {row.fest_id: CatalogueItem(**row._mapping) for row in rows}


def made_from(random: Random) -> Callable[[], UUID]:
    """Ids of version 7 that are the same every time."""

    def made() -> UUID:
        value = random.getrandbits(128) & ~(0xF << 76) | 0x7 << 76
        return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)

    return made


class World:
    """The seven municipalities while they are being filled."""

    def __init__(
        self, connection: sa.Connection, now: datetime, catalogue: Catalogue, say: Callable[[str], None]
    ) -> None:
        self.connection, self.now, self.say = connection, now, say
        # What is random of a patient is hers alone: one dose more or less by now changes nobody else.
        self.ids, self.random = Random(SEED), Random(SEED)
        self.b = Builder(new_id=made_from(self.ids))
        self.filler = Filler(self.b, Random(SEED), now, catalogue)
        self.taken: set[str] = set()
        self.places: list[Place] = []

    def fill(self, patients: int) -> None:
        """Units and staff first, then the patients, a municipality at a time."""
        since = demo_places.since(self.now)
        hiring = demo_places.Hiring(demo_places.names(SEED, local_date(self.now), self.taken), since)
        for number, count in demo_places.share(patients).items():
            demo_places.join(self.connection, number, since)
            self.places.append(demo_places.build(self.b, self.random, number, count, hiring))
        # Last, so that the others keep their names.
        for place in self.places:
            demo_places.others(self.b, place, hiring)
        self._store()
        self.say(f"{len(PIONEERS)} kommuner er i bruk, med avdelinger, soner og ansatte.")
        filled = 0
        for nth, place in enumerate(self.places):
            self._fill(place, self.places[nth - 1])
            filled += place.patients
            if place.patients:
                self.say(f"{place.known.name}: {place.patients} pasienter ({filled} av {patients}).")

    def _fill(self, place: Place, neighbour: Place) -> None:
        for team in place.teams:
            demo_favourites.save(self.b, team.doctor, self.filler.catalogue, self.now - timedelta(days=40))
        seen: list[tuple[UUID, Admission]] = []
        for admission in self._admissions(place):
            if self.random.randrange(300) == 0 or len(seen) == 11:
                admission.confidentiality = self.random.choice(("confidential", "strictly_confidential"))
            if place.known.number == "0301" and len(seen) == 17:
                admission.died_at = self.now - timedelta(hours=30)
            for random in (self.ids, self.filler.random):
                random.seed(f"{SEED} {place.known.number} {len(seen)} {admission.team.is_ward}")
            seen.append((self.filler.patient(admission), admission))
        for patient_id, admission in seen:
            if admission.died_at is None and self.random.randrange(_KNOWN_TO_TWO) == 0:
                self._also_known_to(neighbour, patient_id)
        self._store()
        if place.known.number == "0301" and len(seen) > 5:
            self._linked_pair(*seen[5])

    def _admissions(self, place: Place) -> Iterator[Admission]:
        """Who goes where: the old to the wards."""
        for_wards, at_home = self._people(place, 1, least=67), self._people(place, 2, least=0)
        for teams, persons in ((place.wards, for_wards), (place.districts, at_home)):
            for team in teams:
                for nth in range(team.size):
                    yield Admission(place, team, next(persons), _room(team, nth), away=self._away(team))

    def _people(self, place: Place, series: int, least: int) -> Iterator[people.Person]:
        """Those who live in the municipality and are at least so old."""
        postal_code, city = demo_places.POST[place.known.number]
        today, seed = local_date(self.now), SEED * series + int(place.known.number)
        living = people.people(seed, MOST, today, postal_code=postal_code, city=city, taken=self.taken)
        return (person for person in living if age(person.birth_date, today) >= least)

    def _away(self, team: Team) -> str | None:
        if not team.is_ward or self.random.randrange(_AWAY_OF_A_WARD):
            return None
        return self.random.choice(("leave", "hospital"))

    def _also_known_to(self, place: Place, patient_id: UUID) -> None:
        """Home care in another municipality too."""
        team = self.random.choice(place.districts)
        since = self.now - timedelta(days=self.random.randrange(5, 200))
        factories.granted_service(self.b, patient_id, team.doctor, team.unit, since=since)

    def _linked_pair(self, patient_id: UUID, admission: Admission) -> None:
        """Registered once more in Bærum without a number; two nurses have seen that it is the same person."""
        other = next(place for place in self.places if place.known.number == "3201")
        double = Admission(other, other.districts[0], admission.person, None)
        double_id = self.filler.second_record(double, None)
        nurse, confirmed_by = admission.team.nurses[:2]
        reason = "Samme navn og fødselsdato. Bekreftet av pasienten selv."
        at = self.now - timedelta(days=10)
        factories.link(self.b, patient_id, double_id, nurse, confirmed_by, at=at, reason=reason)
        self._store()

    def _store(self) -> None:
        connection = self.connection.connection.driver_connection
        assert isinstance(connection, psycopg.Connection)
        self.b.store(connection)


def _room(team: Team, nth: int) -> str | None:
    """101, 102 … in the ward of that number; none at home."""
    if not team.is_ward:
        return None
    ward = str(team.unit["name"]).rsplit(" ", 1)[-1]
    return f"{ward}{nth + 1:02}"
