"""The auditor's one field: whom it finds, what it logs, and what stands in no address."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.notes import Notes, Text
from journal.platform.clock import local_date
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
Migrator = psycopg.Connection[Any]
OfPatient = Callable[[UUID], list[Any]]


def number_of(migrator: Migrator, patient_id: UUID) -> str:
    found = migrator.execute("SELECT value FROM patients.identifier WHERE patient_id = %s", (patient_id,)).fetchone()
    assert found is not None
    return str(found[0])


@pytest.fixture
def read(world: World, client_for: ClientFor) -> UUID:
    """A patient whose chart Nina has opened."""
    patient_id = world.patient(family_name="Loggvik", given_name="Inger")
    client_for(world.nina).get(f"/patients/{patient_id}")
    return patient_id


@pytest.mark.parametrize("text", ["{number}", "Navnløs Loggvik 14.03.1938"])
def test_a_patient_is_found_by_number_or_by_name_and_birth_date(
    world: World, client_for: ClientFor, migrator: Migrator, access_log: OfPatient, text: str
) -> None:
    given_name = "Navnløs" if "Navnløs" in text else "Nummerert"
    read = world.patient(family_name="Loggvik", given_name=given_name, birth_date=date(1938, 3, 14))
    client_for(world.nina).get(f"/patients/{read}")
    number, rolf = number_of(migrator, read), client_for(world.rolf)

    answer = rolf.act("/audit/search", {"text": text.format(number=number)})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/audit/patients/{read}")
    page = rolf.get(answer.headers["Location"]).text
    assert "Nina Nordli" in page
    assert number not in page and "Loggvik" not in page
    of_rolf = [(row.action, row.outcome) for row in access_log(read) if row.actor_id == world.rolf.actor.person_id]
    assert of_rolf == [("patients:find", "search-hit"), ("audit:read", "success")]


def test_an_employee_is_found_by_the_beginnings_of_her_name(world: World, client_for: ClientFor, read: UUID) -> None:
    rolf = client_for(world.rolf)

    answer = rolf.act("/audit/search", {"text": "nord nin", "since": "01.01.2026", "until": ""})

    assert answer.headers["Location"] == f"/audit/people/{world.nina.actor.person_id}?since=01.01.2026"
    assert str(read)[:8] in rolf.get(answer.headers["Location"]).text


def test_one_who_has_left_is_found_and_one_of_another_municipality_is_not(
    world: World, client_for: ClientFor, migrator: Migrator
) -> None:
    migrator.execute(
        "UPDATE municipalities.practitioner_role SET valid_until = now() WHERE id = %s", (world.siri.actor.role_id,)
    )
    rolf = client_for(world.rolf)

    assert rolf.act("/audit/search", {"text": "Siri"}).status_code == 303
    assert "Vi fant ingen" in rolf.act("/audit/search", {"text": "Bodil"}).text


def test_several_employees_are_told_apart_by_role_and_unit(world: World, client_for: ClientFor) -> None:
    other = factories.staff(world.builder, world.oslo, world.other_ward, "Nina Nordmo", "health_assistant")
    world.store()

    page = client_for(world.rolf).act("/audit/search", {"text": "nina", "until": "31.10.2026"}).text

    for staff, role in ((world.nina, "sykepleier"), (other, "helsefagarbeider")):
        assert f"/audit/people/{staff.actor.person_id}?until=31.10.2026" in page
        assert role in page and staff.actor.unit_name in page


def test_two_patients_of_the_same_name_and_day_are_both_logged_and_none_is_told(
    world: World, client_for: ClientFor, access_log: OfPatient
) -> None:
    name = {"family_name": "Loggtvilling", "given_name": "Ola", "birth_date": date(1938, 3, 14)}
    both = [world.patient(**name) for _ in range(2)]

    page = client_for(world.rolf).act("/audit/search", {"text": "Ola Loggtvilling 14.03.1938"}).text

    assert "Flere pasienter har dette navnet" in page
    assert [access_log(patient_id)[-1].outcome for patient_id in both] == ["search-hit"] * 2
    assert not any(str(patient_id) in page for patient_id in both)


def test_what_cannot_be_looked_for_stays_in_the_field_with_a_sentence(world: World, client_for: ClientFor) -> None:
    answer = client_for(world.rolf).act("/audit/search", {"text": "nina 4", "since": "01.11.2026"})

    assert answer.status_code == 422
    assert 'value="nina 4"' in answer.text and 'value="01.11.2026"' in answer.text
    assert "ds-validation-message" in answer.text


def test_the_search_itself_stands_in_the_log(world: World, client_for: ClientFor, migrator: Migrator) -> None:
    client_for(world.rolf).act("/audit/search", {"text": "Ingen Slik"})

    logged = migrator.execute(
        "SELECT action, patient_id FROM audit.access_log WHERE actor_id = %s", (world.rolf.actor.person_id,)
    ).fetchall()
    assert logged == [("audit:read", None)]


def test_the_days_bound_what_is_shown_and_the_last_day_is_with(
    world: World, client_for: ClientFor, migrator: Migrator, read: UUID
) -> None:
    today = local_date(datetime.now(UTC))
    days = [f"{today - timedelta(days=back):%d.%m.%Y}" for back in range(3)]
    page, rolf = f"/audit/patients/{read}", client_for(world.rolf)

    assert "Nina Nordli" in rolf.get(f"{page}?since={days[1]}&until={days[0]}").text
    assert "Nina Nordli" not in rolf.get(f"{page}?since={days[2]}&until={days[2]}").text


@pytest.mark.parametrize("days", ["since=02.11.2026&until=01.11.2026", "until=31.02.2026", "since=i+fjor"])
def test_days_that_cannot_be_are_kept_as_typed_with_a_sentence(
    world: World, client_for: ClientFor, read: UUID, days: str
) -> None:
    answer = client_for(world.rolf).get(f"/audit/patients/{read}?{days}")

    assert answer.status_code == 422
    assert "ds-validation-message" in answer.text
    assert f'value="{days.split("=")[-1].replace("+", " ")}"' in answer.text


@pytest.mark.parametrize("who", ["nina", "tora"])
def test_only_an_auditor_searches_the_log(world: World, client_for: ClientFor, who: str) -> None:
    assert client_for(getattr(world, who)).act("/audit/search", {"text": "Nina"}).status_code == 403


@pytest.mark.parametrize("confidentiality", ["none", "confidential"])
def test_a_line_says_from_whom_what_was_read_is_but_of_whoever_has_a_protected_address(
    world: World, client_for: ClientFor, work_of: Callable[[Staff], Any], confidentiality: str
) -> None:
    patient_id = world.patient(confidentiality=confidentiality)
    nina, rolf = client_for(world.nina), client_for(world.rolf)
    nina.get(f"/patients/{patient_id}/notes")
    with work_of(world.nina) as work:
        Notes(work).sign(patient_id, new_id(), Text("general", "Har sovet godt."))
    pages = (f"/audit/patients/{patient_id}", f"/audit/people/{world.nina.actor.person_id}")
    for path in pages:
        assert "Skrevet ved" not in rolf.get(path).text, "nobody had written when she looked"
    nina.get(f"/patients/{patient_id}/notes")
    for path in pages:
        page = rolf.get(path).text
        assert ("Skrevet ved: Avdeling 2" in page) == (confidentiality == "none")
        assert "sovet" not in page
