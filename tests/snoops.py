"""A log of a month in which 40 have looked where they should not, to measure what the rules find, and how much too much.

`python -m tests.snoops 1000000` seeds a database of its own, looks for them, and says how many it found and how many it should not
have. Everybody in it is invented. What is ordinary has its oddities too: those who read without writing, common names, one who
tried the wrong chart once, a ward at night, papers after a death. Beside it is timed what an auditor waits for: the month of who
opened most, and the patient's own report of ten years as page and as paper.
"""

import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from tests import factories
from tests.builder import Builder, Staff

_COMMON = (
    "Hansen",
    "Johansen",
    "Olsen",
    "Larsen",
    "Andersen",
    "Pedersen",
    "Nilsen",
    "Kristiansen",
    "Jensen",
    "Karlsen",
)
_GIVEN = (
    "Anne",
    "Inger",
    "Kari",
    "Marit",
    "Ingrid",
    "Jan",
    "Per",
    "Bjørn",
    "Ole",
    "Lars",
    "Kjell",
    "Liv",
    "Eva",
    "Knut",
)
_ENDS = ("rud", "haug", "vik", "nes", "stad", "bakken", "moen", "lund", "dal", "seter", "heim", "land", "tveit", "åsen")
_STARTS = (
    "Svart",
    "Gran",
    "Furu",
    "Elve",
    "Berg",
    "Sand",
    "Lauv",
    "Myr",
    "Ulve",
    "Orre",
    "Rogn",
    "Selje",
    "Tyri",
    "Vetle",
)
_LINE = (
    "at, municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, patient_id, action, categories, ground, purpose,"
    " relationship_id, outcome"
)
_BEFORE = ("", "Nord", "Sør", "Øst", "Vest", "Inner", "Ytter", "Opp", "Ned", "Stor", "Litl", "Gamal", "Ny")
Key = tuple[UUID, UUID | None, date]


@dataclass
class Snooped:
    """The municipality, its auditor, the planted looks and how many lines there are. *since*, *until*: the days."""

    rolf: Staff
    since: datetime
    until: datetime
    lines: int = 0
    planted: dict[Key, str] = field(default_factory=dict)


@dataclass
class _Patient:
    id: UUID
    unit: dict[str, Any]
    relationship: UUID
    family: str
    given: str


class Seeder:
    """Draws the same place each time for a number of lines."""

    def __init__(self, connection: psycopg.Connection[Any], number: str, lines: int, until: datetime) -> None:
        self.connection, self.lines, self.random = connection, lines, random.Random(20261123)
        self.until = until.replace(hour=0, minute=0, second=0, microsecond=0)
        self.days = 28
        self.b = Builder()
        self.oslo = factories.municipality(self.b, number, "Lesvikprøven", population=30000)
        self.rows: list[tuple[Any, ...]] = []
        self.made: Snooped

    def seed(self) -> Snooped:
        """Stores the people and the log."""
        top = {"id": factories.top_unit_id(self.oslo["number"]), "name": "Lesvikprøven kommune"}
        self.made = Snooped(
            factories.staff(self.b, self.oslo, top, "Rolf Revisorseter", "auditor"),
            self.until - timedelta(days=self.days),
            self.until,
        )
        wards = max(2, self.lines // 8000)
        self.units = [factories.unit(self.b, self.oslo, f"Avdeling {n}", "ward") for n in range(wards)]
        self.office = factories.unit(self.b, self.oslo, "Legekontoret", "doctors")
        self.staff = {u["id"]: [self._staff(u) for _ in range(12)] for u in self.units}
        self.staff[self.office["id"]] = [self._staff(self.office, "doctor") for _ in range(4)]
        self.patients = {u["id"]: [self._patient(u) for _ in range(20)] for u in self.units}
        self._plant()
        self._ordinary()
        self.b.store(self.connection)
        copy = f"COPY audit.access_log ({_LINE}) FROM STDIN"
        with self.connection.cursor() as cursor, cursor.copy(copy) as out:
            for row in self.rows:
                out.write_row(row)
        wrote = [(row[4], row[0]) for row in self.rows if not row[8].endswith(":read")]
        with self.connection.cursor() as cursor:
            copy = "COPY platform.command (person_id, at, id, body_hash) FROM STDIN"
            with cursor.copy(copy) as out:
                for nr, (person_id, at) in enumerate(wrote):
                    out.write_row((person_id, at, UUID(int=nr), ""))
        self.connection.execute("ANALYZE audit.access_log, platform.command")
        self.made.lines = len(self.rows)
        return self.made

    def _family(self) -> str:
        r = self.random
        return (
            r.choice(_COMMON)
            if r.random() < 0.35
            else f"{r.choice(_BEFORE)}{r.choice(_STARTS)}{r.choice(_ENDS)}".capitalize()
        )

    def _staff(self, unit: dict[str, Any], role: str = "nurse", family: str | None = None) -> Staff:
        name = f"{self.random.choice(_GIVEN)} {family or self._family()}"
        return factories.staff(self.b, self.oslo, unit, name, role)

    def _patient(
        self, unit: dict[str, Any], family: str | None = None, *, ended: datetime | None = None, **more: Any
    ) -> _Patient:
        by = self.staff[unit["id"]][0]
        family, given = family or self._family(), more.pop("given_name", self.random.choice(_GIVEN))
        said = {"birth_date": date(self.random.randrange(1926, 1948), 3, 14), "national_id": None, **more}
        id = factories.patient(self.b, by, family_name=family, given_name=given, **said)
        since = self.until - timedelta(days=400)
        related = factories.care_relationship(
            self.b, id, by, unit, since=since, valid_until=ended, grace_until=ended and ended + timedelta(days=3)
        )
        return _Patient(id, unit, related["id"], family, given)

    def _at(self, day: int | None = None, hour: int | None = None) -> datetime:
        r = self.random
        day = r.randrange(self.days) if day is None else day
        # Noon stands in the middle of the day in any zone of ours; the hours are UTC.
        hour = r.choice((6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20)) if hour is None else hour
        return self.made.since + timedelta(days=day, hours=hour, minutes=r.randrange(60), seconds=r.randrange(60))

    def _look(self, who: Staff, patient: _Patient, at: datetime, action: str = "medication:read", **more: Any) -> None:
        told = {"ground": "stay", "relationship": patient.relationship, "outcome": "success", **more}
        a = who.actor
        self.rows.append(
            (at, a.municipality_id, a.unit_id, a.unit_name, a.person_id, a.name, a.role, patient.id, action, ["medication"],
             told["ground"], told["ground"] and "TREAT", told["relationship"], told["outcome"])
        )  # fmt: skip

    def _ordinary(self) -> None:
        r, planned = self.random, len(self.rows)
        while len(self.rows) < self.lines - planned:
            unit = r.choice(self.units)
            who, patient, at = r.choice(self.staff[unit["id"]]), r.choice(self.patients[unit["id"]]), self._at()
            if r.random() < 0.08:
                at = self._at(hour=r.choice((21, 22, 23, 0, 1, 2, 3, 4, 5)))
            for n in range(r.randrange(2, 9)):
                self._look(who, patient, at + timedelta(seconds=40 * n), r.choice(("chart:read", "medication:read")))
            if r.random() < 0.7:
                self._look(who, patient, at + timedelta(minutes=7), "medication:administer")
        for _ in range(self.lines // 2000):
            doctor, unit = r.choice(self.staff[self.office["id"]]), r.choice(self.units)
            self._look(doctor, r.choice(self.patients[unit["id"]]), self._at(hour=r.randrange(7, 15)), **_REFUSED)
        for _ in range(max(600, self.lines // 100)):
            doctor, patient = r.choice(self.staff[self.office["id"]]), r.choice(self.office_patients)
            self._look(doctor, patient, self._at(hour=r.randrange(7, 15)), "medication:prescribe")
        for _ in range(self.lines // 10000):
            unit = r.choice(self.units)
            day = r.randrange(3, self.days)
            left = self._patient(unit, ended=self.made.since + timedelta(days=day, hours=-8))
            self._look(r.choice(self.staff[unit["id"]]), left, self._at(day, 12), "notes:write")

    def _plant(self) -> None:
        """Forty, three of most kinds and four of one, in the places of others' ordinary work."""
        self.office_patients = [self._patient(self.office) for _ in range(30)]
        kinds = (self._relative, self._neighbour, self._next_of_kin, self._self, self._colleague, self._expired, self._moved,
                 self._dead, self._night, self._refused, self._groundless, self._famous, self._crowd)  # fmt: skip
        for n in range(40):
            kinds[n % len(kinds)](n)

    def _caught(self, kind: str, who: Staff, patient: _Patient, at: datetime, **more: Any) -> None:
        for n in range(3):
            self._look(who, patient, at + timedelta(seconds=50 * n), **more)
        self.made.planted[who.actor.person_id, patient.id, _day(at)] = kind

    def _who(self, n: int, family: str | None = None) -> tuple[dict[str, Any], Staff]:
        unit = self.units[n % len(self.units)]
        return unit, self._staff(unit, family=family or f"Lesar{'abcdefghijklmnopqrstuvwxyzæøåüöäéABCDEFGHIJK'[n]}stad")

    def _relative(self, n: int) -> None:
        unit, who = self._who(n)
        self._caught("surname", who, self._patient(unit, who.actor.name.split()[-1]), self._at(hour=10))

    def _neighbour(self, n: int) -> None:
        unit, who = self._who(n)
        given, family = who.actor.name.split()
        home = {"address_line_1": f"Grendevegen {n}", "postal_code": "2665"}
        own = self._patient(unit, family, given_name=given, birth_date=date(1985, 3, 14), **home)
        # Her own chart is opened by another, in her work.
        at = self._at(hour=10)
        self._look(self.staff[unit["id"]][1], own, at, "medication:administer")
        self._caught("address", who, self._patient(unit, f"Granne{n}", **home), at)

    def _next_of_kin(self, n: int) -> None:
        unit, who = self._who(n)
        patient = self._patient(unit)
        factories.related_person(self.b, patient.id, self.staff[unit["id"]][0], who.actor.name)
        self._caught("kin", who, patient, self._at(hour=11))

    def _self(self, n: int) -> None:
        unit, who = self._who(n)
        given, family = who.actor.name.split()
        self._caught(
            "oneself", who, self._patient(unit, family, given_name=given, birth_date=date(1980, 3, 14)), self._at()
        )

    def _colleague(self, n: int) -> None:
        unit, who = self._who(n)
        other = self._staff(unit, family=f"Kollega{n}rud")
        given, family = other.actor.name.split()
        self._caught(
            "colleague", who, self._patient(unit, family, given_name=given, birth_date=date(1979, 3, 14)), self._at()
        )

    def _expired(self, n: int) -> None:
        unit, who = self._who(n)
        left = self._patient(unit, ended=self.made.since + timedelta(days=9))
        self._caught("expired", who, left, self._at(11, 12))

    def _moved(self, n: int) -> None:
        unit, who = self._who(n)
        left = self._patient(unit, ended=self.made.since - timedelta(days=20))
        self._caught("moved_out", who, left, self._at(11, 12), ground="referral", relationship=None)

    def _dead(self, n: int) -> None:
        unit, who = self._who(n)
        gone = self._patient(unit, died_at=self.made.since - timedelta(days=30))
        self._caught("dead", who, gone, self._at(5, 12))

    def _night(self, n: int) -> None:
        who = self._staff(self.office, "doctor", family=f"Nattlesar{n}")
        self._caught("hours", who, self.random.choice(self.office_patients), self._at(hour=(23, 1, 3)[n % 3]))

    def _refused(self, n: int) -> None:
        _unit, who = self._who(n)
        self._caught("refused", who, self._patient(self.units[n % len(self.units) - 1]), self._at(hour=9), **_REFUSED)

    def _groundless(self, n: int) -> None:
        unit, who = self._who(n)
        self._caught("no_ground", who, self._patient(unit), self._at(hour=9), relationship=None)

    def _famous(self, n: int) -> None:
        unit, who = self._who(n)
        self._caught("marked", who, self._patient(unit, confidentiality="confidential"), self._at(hour=9))

    def _crowd(self, n: int) -> None:
        unit, who = self._who(n)
        at = self.made.since + timedelta(days=n % self.days, hours=10)
        everybody = [*self.patients.values(), [self._patient(unit) for _ in range(300 - 20 * min(15, len(self.units)))]]
        for k, patient in enumerate([p for some in everybody for p in some][:300]):
            self._look(who, patient, at + timedelta(seconds=10 * k))
            self._look(who, patient, at + timedelta(seconds=10 * k + 4), "medication:administer")
        self.made.planted[who.actor.person_id, None, _day(at)] = "volume"


_REFUSED = {"outcome": "refused", "ground": None, "relationship": None}


def _day(at: datetime) -> date:
    from journal.platform import clock

    return clock.local_date(at)


def seed(connection: psycopg.Connection[Any], number: str, lines: int, until: datetime) -> Snooped:
    """So many lines of the 28 days before *until*, with 40 among them that must be found."""
    return Seeder(connection, number, lines, until).seed()


def measured(made: Snooped, found: Any) -> dict[str, Any]:
    """What was found of the planted, which kinds were not, and how many lines were shown that should not have been."""
    got = {(f.look.actor_id, f.look.patient_id, f.look.day): f for f in found}
    crowds = {(actor, day) for actor, patient, day in made.planted if patient is None}
    missed = [kind for key, kind in made.planted.items() if key not in got or kind not in got[key].rules]
    false = [f for key, f in got.items() if key not in made.planted and (f.look.actor_id, f.look.day) not in crowds]
    kinds: dict[str, int] = {}
    for each in false:
        for code in each.rules:
            kinds[code] = kinds.get(code, 0) + 1
    wrong = sum(each.look.looks for each in false)
    return {
        "lines": made.lines, "planted": len(made.planted), "found": len(made.planted) - len(missed), "missed": missed,
        "false_findings": len(false), "false_lines": wrong, "false_share": round(wrong / made.lines, 6), "false_by_rule": kinds,
    }  # fmt: skip


def main(lines: int) -> int:
    """Seeds, looks and says; answers 1 when too few are found, or too many."""
    from journal.app import create_app
    from journal.oversight.unusual import UnusualAccess
    from journal.platform import database
    from journal.platform.caller import Keys, Known
    from journal.platform.postgres import running
    from journal.platform.settings import Settings

    with tempfile.TemporaryDirectory(prefix="akson-snoops-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o711)
        with running(Path(home) / "pg", fast=True) as server:
            name = "journal_snoops"
            settings = Settings(
                database_url=server.dsn("journal_app", name), migrator_url=server.dsn("journal_migrator", name),
                environment="test", secret_key=b"s" * 32, mac_key=b"m" * 32, allow_synthetic_ids=True,
                public_url="http://localhost",
            )  # fmt: skip
            database.make_database(server.dsn(), name)
            database.migrate(settings.migrator_url)
            database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "test")
            app = create_app(settings)
            with psycopg.connect(server.conninfo("journal_migrator", name), autocommit=True) as connection:
                made = seed(connection, "1001", lines, datetime.now(UTC))
                began = time.perf_counter()
                with app.works.open(Known(made.rolf.actor)) as work:
                    found = UnusualAccess(work).found(made.since, made.until)
                took = time.perf_counter() - began
                rolf = _signed_in(app, connection, made.rolf)
                told = measured(made, found) | {"seconds_for_28_days": round(took, 2)}
                told |= _busiest(rolf, connection) | _ten_years(rolf, connection, made)
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return int(told["found"] < 38 or told["false_share"] > 0.001)


def _signed_in(app: Any, connection: psycopg.Connection[Any], who: Staff) -> Any:
    from tests.conftest import Browser

    session = connection.execute(
        """INSERT INTO access.session (token_hash, id, person_id, role_id)
           VALUES (sha256(%s), gen_random_uuid(), %s, %s) RETURNING id""",
        (b"t" * 32, who.actor.person_id, who.actor.role_id),
    ).fetchone()
    return Browser(app, b"t" * 32, session and session[0])


def _busiest(rolf: Any, connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """The month of who opened most: its lines, and the milliseconds of her page, five times."""
    (actor, n) = connection.execute(
        "SELECT actor_id, count(*) FROM audit.access_log GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
    ).fetchone() or (None, 0)
    took = []
    for _ in range(6):
        began = time.perf_counter()
        assert rolf.get(f"/audit/people/{actor}").status_code == 200
        took.append(round(1000 * (time.perf_counter() - began)))
    return {"busiest": n, "page_ms": took[1:]}


def _ten_years(rolf: Any, connection: psycopg.Connection[Any], made: Snooped) -> dict[str, Any]:
    """The report of somebody whose chart twenty people, others each year, opened sixty times a day: its lines, and the seconds."""
    patient, until = UUID(int=10), datetime.now(UTC)
    lines = connection.execute(
        """INSERT INTO audit.access_log (at, municipality_id, unit_name, actor_id, actor_name, actor_role, patient_id, action,
               ground, outcome)
           SELECT %(until)s::timestamptz - n * interval '24 minutes', %(municipality)s, 'Avdeling 2',
               md5(n / 21900 || ' ' || n %% 20)::uuid, 'Ansatt ' || n / 21900 || ' ' || n %% 20, 'nurse', %(patient)s,
               (ARRAY['chart:read', 'medication:administer', 'notes:read'])[1 + n %% 3], 'stay', 'success'
           FROM generate_series(1, 219000) n""",
        {"until": until, "municipality": made.rolf.actor.municipality_id, "patient": patient},
    ).rowcount
    period = {"since": f"{until - timedelta(days=3650):%d.%m.%Y}", "until": f"{until:%d.%m.%Y}", "language": "nb"}
    began = time.perf_counter()
    assert rolf.get(f"/audit/patients/{patient}/report", query_string=period).status_code == 200
    shown = time.perf_counter()
    paper = rolf.get(rolf.act(f"/audit/patients/{patient}/report", period).headers["Location"])
    assert paper.mimetype == "application/pdf", paper.status_code
    times = {"page_s": round(shown - began, 2), "paper_s": round(time.perf_counter() - shown, 2)}
    return {"ten_years": {"lines": lines, **times, "paper_mb": round(len(paper.data) / 1e6, 1)}}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
