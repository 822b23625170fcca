"""An assistant and a case officer: each begins somewhere, and sees what her work needs of a chart and no more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.access import Justifying, Reason, purpose
from journal.medication.errors import NoAuthority
from journal.notes import Notes, Text
from journal.platform.ids import new_id
from tests import factories
from tests.authorities import authority
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_authority import DueDose, dose, give

ClientFor = Callable[[Staff | None], Browser]
WorkOf = Callable[[Staff], Any]
__all__ = ["dose"]
CANARY = "Kanarifugl i notatet"


@pytest.fixture
def arne(world: World) -> Staff:
    made = factories.staff(world.builder, world.oslo, world.ward, "Arne Assistent", "assistant")
    world.store()
    return made


@pytest.fixture
def signe(world: World) -> Staff:
    """At the office that decides on services."""
    office = factories.unit(world.builder, world.oslo, "Tildelingskontoret", "office")
    made = factories.staff(world.builder, world.oslo, office, "Signe Saksbehandler", "case_officer")
    world.store()
    return made


@pytest.fixture
def kari(world: World, work_of: WorkOf) -> UUID:
    patient_id = world.patient(family_name="Nordmann")
    with work_of(world.nina) as work:
        Notes(work).sign(patient_id, new_id(), Text("general", CANARY))
    return patient_id


def test_an_assistant_has_her_list_and_the_notes_lie_in_a_drawer_that_a_reason_opens(
    world: World, client_for: ClientFor, work_of: WorkOf, arne: Staff, kari: UUID
) -> None:
    browser = client_for(arne)
    assert "Nordmann" in browser.get("/my-list").text
    page = browser.get(f"/patients/{kari}").text
    assert "Notatene ligger i en skuff." in page and "Notater i skuffen" in page and CANARY not in page
    notes = browser.get(f"/patients/{kari}/notes").text
    assert CANARY not in notes and "Ingen notater utenom dem i skuffen." in notes
    assert browser.get(f"/patients/{kari}/notes/new").status_code in (403, 404)

    with work_of(arne) as work:
        Justifying(work).open_rest(kari, Reason.REST_CARE)
    assert CANARY in browser.get(f"/patients/{kari}/notes").text


def test_an_assistant_gives_what_is_delegated_to_her_by_name_and_nothing_else(
    world: World, work_of: WorkOf, arne: Staff, dose: DueDose
) -> None:
    with pytest.raises(NoAuthority):
        give(work_of, arne, dose)
    authority(world.builder, world.mona, arne)
    world.store()
    give(work_of, arne, dose)


def test_a_case_officer_sees_services_and_tasks_by_a_referral_and_neither_medicines_nor_notes(
    world: World, client_for: ClientFor, signe: Staff, kari: UUID
) -> None:
    browser, chart = client_for(signe), f"/patients/{kari}"
    assert browser.get("/").headers["Location"].endswith("/search")
    assert browser.get(f"{chart}/services").status_code == 403
    since = datetime.now(UTC) - timedelta(days=1)
    factories.care_relationship(world.builder, kari, signe, {"id": signe.actor.unit_id}, ground="referral", since=since)
    world.store()

    assert browser.get(f"{chart}/services").status_code == 200
    found = browser.act("/search", {"text": "Nordm"}).text
    assert f"{chart}/services" in found
    for closed in ("", "/notes", "/medication", "/observations"):
        assert browser.get(f"{chart}{closed}").status_code == 403, closed
    tasks = browser.get(f"{chart}/tasks").text
    assert "Legg til oppgave" not in tasks and CANARY not in tasks
    told = {"service": "9151-15", "provider_unit_id": str(world.other_ward["id"])}
    assert browser.act(f"{chart}/services/grant", told).status_code == 303


def test_what_each_ground_opens_is_told_to_whoever_answers_for_it(world: World, client_for: ClientFor) -> None:
    mona = client_for(world.mona)
    assert "/who-sees-what/purposes" in mona.get("/who-sees-what").text
    page = mona.get("/who-sees-what/purposes").text

    assert page.count("<li><b>") == len(purpose.MAP)
    assert "assistent" in page and "Uansett grunn" in page and "Notatene ligger i en skuff." in page
    assert client_for(world.siri).get("/who-sees-what/purposes").status_code == 403
