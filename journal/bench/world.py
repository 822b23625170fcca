"""The people of the measurement: made in PostgreSQL by data.sql, and drawn from here."""

import base64
import hashlib
import hmac
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

WARD_SIZE = 30
WARDS_VISITED = 100
LIMIT_ROLE = "bench_limit"
_DUE_NOW = (11, 111, 211, 311, 411, 611)  # medicine * 100 + today * 10 + first time of the day: see data.sql
IN_BOX = _DUE_NOW[:4]
"""Of those who have a dosett, the doses that lie in the compartment of this hour."""


def made_id(kind: int, n: int, k: int = 0) -> UUID:
    """The id of row *n* (and *k*) of a kind, as bench.id makes it."""
    return UUID(f"0190{kind:04x}{k:04x}70008000{n:012x}")


MUNICIPALITY = made_id(1, 0)


@dataclass(frozen=True)
class Patient:
    """One who may be drawn, and her names as the finder has them."""

    n: int
    words: tuple[str, ...]

    @property
    def id(self) -> UUID:
        return made_id(6, self.n)

    @property
    def has_box(self) -> bool:
        """Whether she has a dosett."""
        return self.n % 3 == 1


@dataclass(frozen=True)
class SignedIn:
    """Somebody's session, as her browser has it."""

    cookie: str
    csrf_token: str


@dataclass(frozen=True)
class Ward:
    """Thirty patients, and the nurse and the doctor who are signed in there."""

    id: UUID
    patients: tuple[Patient, ...]
    nurse: SignedIn
    doctor: SignedIn


@dataclass(frozen=True)
class World:
    """The wards that are visited, the same however many there are. `item` is what is prescribed, where there is a catalogue.

    `hour`: the one that it was made in, when the doses of the round are due.
    """

    wards: tuple[Ward, ...]
    hour: datetime
    item: UUID | None = None

    def with_box(self, chance: random.Random) -> Iterator[tuple[Ward, Patient]]:
        """Every patient who has a dosett, each once, in no order."""
        found = [(ward, patient) for ward in self.wards for patient in ward.patients if patient.has_box]
        chance.shuffle(found)
        return iter(found)

    def to_prescribe_for(self, chance: random.Random) -> Iterator[tuple[Ward, Patient]]:
        """Every patient, each once, in no order: a second order of the same would be refused."""
        found = [(ward, patient) for ward in self.wards for patient in ward.patients]
        chance.shuffle(found)
        return iter(found)

    def doses(self, chance: random.Random) -> Iterator[tuple[Ward, Patient, UUID]]:
        """Every dose that is due now and lies in no compartment, each once, in no order."""
        everybody = [(ward, patient) for ward in self.wards for patient in ward.patients]
        found = [(w, p, k) for w, p in everybody for k in _DUE_NOW if not (p.has_box and k in IN_BOX)]
        chance.shuffle(found)
        return ((ward, patient, made_id(11, patient.n, k)) for ward, patient, k in found)


def make_world(conninfo: str, secret_key: bytes, patients: int) -> World:
    """Fills a migrated, empty database and signs the nurses in. As the superuser: foreign keys are not looked up row by row."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        _make_limit_role(connection)
        connection.execute(_data().replace(":patients", str(int(patients))))
        _let_limit_read(connection)
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
        (hour,) = connection.execute("SELECT hour FROM bench.clock").fetchone() or ()
        return World(tuple(_wards(connection, secret_key)), hour, _item(connection))


def _make_limit_role(connection: psycopg.Connection[Any]) -> None:
    if connection.execute("SELECT to_regrole(%s)", (LIMIT_ROLE,)).fetchone() == (None,):
        connection.execute("CREATE ROLE bench_limit LOGIN")
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO bench_limit").format(sql.Identifier(connection.info.dbname))
    )


def _let_limit_read(connection: psycopg.Connection[Any]) -> None:
    """The simplest policy there is, for the limit's role alone: the rows of the municipality."""
    tables = connection.execute(
        """SELECT n.nspname, c.relname, EXISTS (SELECT FROM pg_attribute a
               WHERE a.attrelid = c.oid AND a.attname = 'municipality_id') FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT c.relispartition
             AND n.nspname IN ('patients', 'medication', 'observations', 'notes', 'care', 'access', 'audit')"""
    ).fetchall()
    own = "municipality_id = (SELECT current_setting('bench.municipality')::uuid)"
    for schema, table, of_municipality in tables:
        policy = sql.SQL("CREATE POLICY bench_limit ON {} TO bench_limit USING ({})").format(
            sql.Identifier(schema, table), sql.SQL(own if of_municipality else "true")
        )
        connection.execute(policy)


def _wards(connection: psycopg.Connection[Any], secret_key: bytes) -> Iterator[Ward]:
    names = "SELECT n, lower(family_name), lower(given_name) FROM bench.person WHERE n < %s ORDER BY n"
    people = [Patient(n, words) for n, *words in connection.execute(names, (WARD_SIZE * WARDS_VISITED,))]
    for number in range(len(people) // WARD_SIZE):
        nurse = _sign_in(connection, secret_key, made_id(16, number), made_id(4, number), made_id(5, number))
        doctor = _sign_in(connection, secret_key, made_id(19, number), made_id(17, number), made_id(18, number))
        ward = people[number * WARD_SIZE : (number + 1) * WARD_SIZE]
        yield Ward(made_id(3, number), tuple(ward), nurse, doctor)


def _sign_in(
    connection: psycopg.Connection[Any], secret_key: bytes, session_id: UUID, person_id: UUID, role_id: UUID
) -> SignedIn:
    token = hashlib.sha256(session_id.bytes).digest()
    connection.execute(
        "INSERT INTO access.session (token_hash, id, person_id, role_id) VALUES (sha256(%s), %s, %s, %s)",
        (token, session_id, person_id, role_id),
    )
    csrf = hmac.new(secret_key, f"csrf:{session_id}".encode(), hashlib.sha256).hexdigest()
    return SignedIn(f"akson={base64.urlsafe_b64encode(token).decode()}", csrf)


def _item(connection: psycopg.Connection[Any]) -> UUID | None:
    """A product that no patient has anything like."""
    query = "SELECT id FROM medication.catalogue_item WHERE prescribable AND active AND atc_code LIKE 'G%' ORDER BY fest_id LIMIT 1"
    found = connection.execute(query).fetchone()
    return found[0] if found else None


def generic_names() -> tuple[bytes, ...]:
    """The medicines of every patient: what a page about her medication must hold."""
    return tuple(
        name.encode() for name in re.findall(r"^    \(\d, '(\w+)', '\w+', '\w+', '\d+ m", _data(), re.MULTILINE)
    )


def _data() -> str:
    return files("journal.bench").joinpath("data.sql").read_text()
