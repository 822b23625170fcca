"""The demo is filled with what the journal itself could have stored."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
import pytest

from journal.medication import Medication
from journal.medication.rules import Dosage, DoseStatus, expected_times, pulse
from journal.patients.national_id import classify
from journal.platform import database
from journal.platform.caller import Keys
from journal.platform.postgres import EmbeddedPostgres
from journal.platform.settings import Settings
from tests import demo_places, factories, people
from tests.builder import Builder
from tests.conftest import World
from tests.demo_world import fill, made_from

DATABASE, PATIENTS = "journal_demo", 60


@pytest.fixture(scope="module")
def demo(server: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """A database of its own, filled with sixty patients."""
    settings = Settings(
        database_url=server.dsn("journal_app", DATABASE),
        migrator_url=server.dsn("journal_migrator", DATABASE),
        environment="test",
        secret_key=b"s" * 32,
        mac_key=b"m" * 32,
        allow_synthetic_ids=True,
    )
    database.make_database(server.dsn(), DATABASE)
    database.migrate(settings.migrator_url)
    database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "test")
    said: list[str] = []
    fill(settings, patients=PATIENTS, say=said.append)
    assert said[-1].endswith(f"({PATIENTS} av {PATIENTS}).")
    with psycopg.connect(server.conninfo("journal_migrator", DATABASE), autocommit=True) as connection:
        yield connection


def ask(connection: psycopg.Connection[Any], query: Any) -> list[Any]:
    return connection.execute(query).fetchall()


def test_the_whole_country_is_listed_and_the_seven_pioneers_have_joined(demo: psycopg.Connection[Any]) -> None:
    listed = ask(
        demo, "SELECT number, joined_at IS NOT NULL FROM municipalities.municipality WHERE valid_until IS NULL"
    )
    assert len(listed) == 357
    assert {number for number, joined in listed if joined} == set(demo_places.PIONEERS)


def test_every_national_id_is_synthetic_and_valid_and_nobody_shares_one(demo: psycopg.Connection[Any]) -> None:
    numbers = [number for (number,) in ask(demo, "SELECT value FROM patients.identifier")]
    assert len(numbers) == len(set(numbers)) == PATIENTS
    assert all(classify(number, synthetic_allowed=True).synthetic for number in numbers)


def test_a_ward_has_from_20_to_30_patients_each_in_a_room_of_her_own(demo: psycopg.Connection[Any]) -> None:
    wards = ask(
        demo,
        "SELECT count(*), count(DISTINCT room) FROM care.stay WHERE part_of_id IS NULL AND valid_until IS NULL GROUP BY ward_id",
    )
    assert wards
    assert all(20 <= stays <= 30 and stays == rooms for stays, rooms in wards)


def test_every_dose_is_one_the_rules_expect_of_its_order(demo: psycopg.Connection[Any]) -> None:
    doses = ask(
        demo,
        "SELECT d.due_at, d.amount, d.unit, r.dosage, r.starts_at, r.ends_at FROM medication.dose d"
        " JOIN medication.medication_request r ON (r.patient_id, r.id) = (d.patient_id, d.request_id)",
    )
    assert len(doses) > PATIENTS * 30
    for due_at, amount, unit, document, starts_at, ends_at in doses[:: len(doses) // 400]:
        dosage, until = Dosage.from_json(document), due_at + timedelta(seconds=1)
        (dose,) = expected_times(dosage, start=due_at, end=until, order_start=starts_at, order_end=ends_at)
        assert (dose.amount.value, dose.amount.unit) == (amount, unit)


def test_nothing_is_signed_before_the_dose_is_ready_or_before_the_order_and_nothing_later_than_now(
    demo: psycopg.Connection[Any],
) -> None:
    ((signed, too_early, ahead),) = ask(
        demo,
        "SELECT count(*), count(*) FILTER (WHERE a.effective_at < d.ready_from OR a.effective_at < r.starts_at),"
        " count(*) FILTER (WHERE a.recorded_at > now())"
        " FROM medication.medication_administration a JOIN medication.dose d ON (d.patient_id, d.id) = (a.patient_id, a.dose_id)"
        " JOIN medication.medication_request r ON (r.patient_id, r.id) = (a.patient_id, a.request_id)",
    )
    assert signed > PATIENTS * 5
    assert (too_early, ahead) == (0, 0)


def test_no_dose_is_given_at_a_value_below_the_limit_of_its_order(demo: psycopg.Connection[Any]) -> None:
    ((below,),) = ask(
        demo,
        "SELECT count(*) FROM medication.medication_administration a"
        " JOIN medication.medication_request r ON (r.patient_id, r.id) = (a.patient_id, a.request_id)"
        " JOIN observations.observation o ON (o.patient_id, o.id) = (a.patient_id, a.observation_id)"
        " WHERE a.result = '1' AND o.value < (r.required_value ->> 'minimum')::numeric",
    )
    assert below == 0


def test_nobody_is_given_what_she_is_allergic_to(demo: psycopg.Connection[Any]) -> None:
    allergic = ask(
        demo,
        "SELECT count(*) FROM medication.medication_request r JOIN patients.allergy_intolerance a USING (patient_id)"
        " WHERE a.substance = 'Penicillin' AND r.atc_code >= 'J01C' AND r.atc_code < 'J01D'",
    )
    assert allergic == [(0,)]


def test_the_same_seed_gives_the_same_units_staff_and_people() -> None:
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)

    def rows() -> dict[Any, Any]:
        b, taken = Builder(new_id=made_from(Random(1))), set[str]()
        hiring = demo_places.Hiring(demo_places.names(1, now.date(), taken), demo_places.since(now))
        team = demo_places.build(b, Random(1), "4036", 70, hiring).teams[0]
        for person in people.people(1, 5, now.date(), taken=taken):
            factories.patient(b, team.nurses[0], national_id=person.national_id, family_name=person.family_name)
        return dict(b.rows)

    assert rows() == rows()


def test_a_dose_that_is_due_can_be_signed_by_the_nurse(world: World, work_of: Callable[..., Any]) -> None:
    patient_id, dose_id = factories.due_dose(world, required_value=pulse(Decimal(55)))
    with work_of(world.nina) as work:
        journal = Medication(work)
        journal.sign_given(patient_id, dose_id, request_version=1, value=Decimal(62))
        window = {"start": work.now - timedelta(days=1), "end": work.now + timedelta(days=1)}
        (dose,) = journal.doses_due([patient_id], **window)[patient_id]
    assert (dose.id, dose.status) == (dose_id, DoseStatus.GIVEN)
