"""What a patient has closed (sperring): registered, held in every way out, said without words, and ended."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.access import AskedToClose, Restrictions
from journal.care import Account, Care
from journal.medication import Medication
from journal.notes import Notes
from journal.notes.service import Text
from journal.permissions import OPENS, Permission
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, Withheld
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.dispensers import loaded
from tests.medication.test_verbal import receive

Connection = psycopg.Connection[Any]
WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
CANARY = "Kanarifugl i notatet"
PARTS = ("*", "notes", "medication", "observations", "care")


@pytest.fixture
def kari(world: World, work_of: WorkOf) -> UUID:
    """In Nina's ward, with a note that sings."""
    patient_id = world.patient(family_name="Kanarisen")
    with work_of(world.siri) as work:
        Notes(work).sign(patient_id, new_id(), Text("general", CANARY))
    return patient_id


def restrict(world: World, work_of: WorkOf, patient_id: UUID, part: str, by: Staff | None = None, **more: Any) -> UUID:
    """Against Nina unless said otherwise."""
    against = more or {"person_id": world.nina.actor.person_id}
    with work_of(by or world.lars) as work:
        asked = AskedToClose(part, "Pasienten", work.now.date(), **against)
        restriction: UUID = Restrictions(work).register(patient_id, asked)
    return restriction


# Every part, every way out


def addresses(app: Any, part: str) -> list[str]:
    """Each address of one patient, without more in it, whose page opens this part."""
    found = []
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        opens = OPENS.get(permission, ()) if permission else ()
        closed = part == "*" or part in opens
        if (
            rule.arguments == {"patient_id"}
            and "GET" in rule.methods
            and closed
            and permission != Permission.CHART_READ
        ):
            found.append(rule.rule.replace("<uuid:patient_id>", "{}"))
    return found


@pytest.mark.parametrize("part", PARTS)
def test_no_address_of_the_patient_shows_what_is_closed(
    part: str, world: World, work_of: WorkOf, client_for: ClientFor, access_log: Any, kari: UUID
) -> None:
    """A form that begins empty may be shown: it opens nothing of the part, which the log says."""
    nina = client_for(world.nina)
    asked = [address.format(kari) for address in addresses(nina.app, part)]
    assert CANARY in nina.get(f"/patients/{kari}/notes").text
    restrict(world, work_of, kari, part)
    before = len(access_log(kari))

    answers = {address: nina.get(address) for address in asked}

    assert {answer.status_code for answer in answers.values()} <= {200, 403, 404}
    assert sum(answer.status_code != 200 for answer in answers.values()) >= 2
    for address, answer in answers.items():
        assert CANARY not in answer.text and (part != "*" or "Kanarisen" not in answer.text), address
    opened = [row.categories for row in access_log(kari)[before:] if row.outcome == "success"]
    assert not opened if part == "*" else all(part not in categories for categories in opened)


@pytest.mark.parametrize("part", PARTS[1:])
def test_the_front_page_says_that_a_part_is_closed_and_reads_nothing_of_it(
    part: str, world: World, work_of: WorkOf, client_for: ClientFor, access_log: Any, kari: UUID
) -> None:
    restrict(world, work_of, kari, part)

    page = client_for(world.nina).get(f"/patients/{kari}")

    assert page.status_code == 200 and "Pasienten har sperret dette for deg." in page.text
    assert (CANARY in page.text) == (part != "notes")
    assert part not in access_log(kari)[-1].categories, "what the log did not open, row-level security shows nobody"
    assert client_for(world.siri).get(f"/patients/{kari}").text.count("sperret dette") == 0


def test_the_whole_record_is_in_no_list_no_count_and_no_search(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    world.patient(family_name="Synlig")
    restrict(world, work_of, kari, "*")
    nina, siri = client_for(world.nina), client_for(world.siri)

    for address in ("/my-list", "/round", "/patients?q=Kanarisen"):
        assert "Kanarisen" not in nina.get(address).text.replace('value="Kanarisen"', ""), address
    assert "Synlig" in nina.get("/my-list").text and "1 pasient" in nina.get("/my-list").text
    assert "Kanarisen" in siri.get("/my-list").text and "2 pasienter" in siri.get("/my-list").text


@pytest.mark.parametrize("part", ["*", "care"])
def test_a_closed_patient_does_not_take_the_units_tasks_away(
    part: str, world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    other = world.patient(family_name="Synlig")
    for patient_id in (kari, other):
        with work_of(world.siri) as work:
            Care(work).add_task(patient_id, "Mål blodtrykk")
    restrict(world, work_of, kari, part)

    shown = client_for(world.nina).get("/tasks")

    assert shown.status_code == 200 and "Synlig" in shown.text and "Kanarisen" not in shown.text
    assert "Kanarisen" in client_for(world.siri).get("/tasks").text


@pytest.mark.parametrize("part", ["medication", "observations"])
def test_a_task_or_an_incident_that_names_a_medicine_is_closed_with_the_medicines(
    part: str, world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    """What came of a dose is written in words of its own: who may not read the medicines would read it among the tasks."""
    given = new_id()
    with work_of(world.siri) as work:
        care = Care(work)
        care.add_task(kari, "Effekt av metoprolol?", kind="effect_follow_up", about_id=given)
        care.add_task(kari, "Se om metoprolol er tatt", about_id=given)
        care.add_task(kari, "Klipp negler")
        care.report_incident(kari, Account("other", "Metoprolol er gitt to ganger.", "mild"), about_id=given)
        care.report_incident(kari, Account("medication", "Feil metoprolol.", "mild"))
        care.report_incident(kari, Account("fall", "Falt på badet.", "mild"))
    pages = ("/tasks", f"/patients/{kari}", f"/patients/{kari}/tasks", f"/patients/{kari}/incidents")
    restriction = restrict(world, work_of, kari, part)

    closed = " ".join(client_for(world.nina).get(page).text for page in pages)

    assert "metoprolol" not in closed.lower() and "Klipp negler" in closed and "Falt på badet" in closed
    with work_of(world.lars) as work:
        Restrictions(work).end(kari, restriction)
    for page in pages:
        assert "metoprolol" in client_for(world.nina).get(page).text.lower(), page


LISTS = (
    "SELECT patient_id FROM medication.verbal_orders()",
    "SELECT patient_id FROM medication.orders_ending(now() + interval '7 days')",
    "SELECT patient_id FROM medication.reviews_due(current_date)",
    "SELECT patient_id FROM medication.go_live_lists()",
    "SELECT patient_id FROM medication.patients_with_dispenser()",
)


def test_what_waits_about_a_medicine_waits_also_for_whom_something_else_is_closed_to(
    world: World, work_of: WorkOf, migrator: Connection
) -> None:
    """An order by telephone that nobody signs, since the patient has closed her notes to the doctor, is nobody's."""
    at = loaded(world, work_of)
    receive(world, work_of, at.patient_id)
    ends = "UPDATE medication.medication_request SET ends_at = now() + interval '3 days' WHERE patient_id = %s"
    migrator.execute(ends, (at.patient_id,))
    both = world.patient(), at.patient_id

    def lists() -> list[str]:
        with work_of(world.lars) as work:
            return [each for each in LISTS if not set(both).isdisjoint(work.db.scalars(sa.text(each)))]

    against = {"by": world.nina, "person_id": world.lars.actor.person_id}
    for patient_id in both:
        restrict(world, work_of, patient_id, "notes", **against)
        restrict(world, work_of, patient_id, "care", **against)
    shown = lists()
    for patient_id in both:
        restrict(world, work_of, patient_id, "medication", **against)

    assert shown == list(LISTS)
    assert lists() == []


def test_a_round_says_that_a_colleague_must_give_what_is_closed(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    """Left out without a word, she would believe that the round is done."""
    patient_id, _dose_id = factories.due_dose(world)
    assert "Sperret for deg" not in client_for(world.nina).get("/round").text
    restrict(world, work_of, patient_id, "medication")

    shown = client_for(world.nina).get("/round").text

    assert "Sperret for deg: 1 pasient (rom 204)" in shown and "Gis av annen." in shown
    assert "Nordmann" not in shown and "Sperret for deg" not in client_for(world.siri).get("/round").text


@pytest.mark.parametrize(("part", "said"), [("medication", True), ("care", True), ("notes", False)])
def test_a_list_says_that_doses_or_tasks_are_closed(
    part: str, said: bool, world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    """The list holds nothing of notes, so it withholds nothing of them."""
    restrict(world, work_of, kari, part)

    assert ("Noe er sperret for deg" in client_for(world.nina).get("/my-list").text) is said
    assert "Noe er sperret for deg" not in client_for(world.siri).get("/my-list").text


def test_a_round_goes_on_past_a_patient_whose_medicines_are_closed(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    kari, _ = factories.due_dose(world, family_name="Kanarisen")
    nina, siri = client_for(world.nina), client_for(world.siri)
    assert "Kanarisen" in nina.get("/round").text
    restrict(world, work_of, kari, "medication")

    assert nina.get("/round").status_code == 200 and "Kanarisen" not in nina.get("/round").text
    assert "Kanarisen" in siri.get("/round").text


# A check sees all that it judges by, or is not made


@pytest.mark.parametrize("part", ["*", "medication", "observations"])
def test_nobody_prescribes_beside_what_she_cannot_see(world: World, work_of: WorkOf, kari: UUID, part: str) -> None:
    """The interactions of a part would say that all is well. A list without what she sees is no answer."""
    restrict(world, work_of, kari, part, by=world.nina, person_id=world.lars.actor.person_id)

    with pytest.raises(Denied), work_of(world.lars) as work:
        Medication(work).alerts_before_choice(kari, [])
    with pytest.raises(Denied), work_of(world.lars) as work:
        work.open(Permission.MEDICATION_PRESCRIBE, [kari])


@pytest.mark.parametrize("part", ["notes", "care"])
def test_what_no_check_asks_about_stops_no_prescriber(world: World, work_of: WorkOf, kari: UUID, part: str) -> None:
    restrict(world, work_of, kari, part, by=world.nina, person_id=world.lars.actor.person_id)

    with work_of(world.lars) as work:
        assert Medication(work).alerts_before_choice(kari, []) == []


# Who is told of it


def test_a_part_is_told_to_whoever_has_a_ground_and_the_whole_to_nobody(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    restrict(world, work_of, kari, "notes")
    with pytest.raises(Withheld), work_of(world.nina) as work:
        Notes(work).recent(kari)
    restrict(world, work_of, kari, "*")
    with pytest.raises(NoGround), work_of(world.nina) as work:
        Notes(work).recent(kari)


def test_taking_her_in_is_no_way_around_it(world: World, work_of: WorkOf) -> None:
    elsewhere = world.patient(related=False)
    world.migrator.execute(
        "INSERT INTO access.restriction (patient_id, id, municipality_id, recorded_by, recorded_by_name, recorded_role,"
        " category, against_person_id, decided_by, valid_from) VALUES (%s, %s, %s, %s, 'N', 'nurse', 'care', %s, 'N', now())",
        (elsewhere, new_id(), world.oslo["id"], world.lars.actor.person_id, world.nina.actor.person_id),
    )
    with pytest.raises(NoGround), work_of(world.nina) as work:
        work.open(Permission.PATIENTS_ADMIT, [elsewhere])


# Somebody else gives


def task_of_giving(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.siri) as work:
        return [task for task in Care(work).open_tasks(patient_id) if task.text.startswith("Gis av annen")]


@pytest.mark.parametrize("part", ["*", "medication"])
def test_who_is_shut_out_of_giving_makes_a_task_of_her_unit_until_it_is_lifted(
    world: World, work_of: WorkOf, kari: UUID, part: str
) -> None:
    restriction = restrict(world, work_of, kari, part)

    (task,) = task_of_giving(world, work_of, kari)
    assert task.about_id == restriction and world.nina.actor.name not in task.text
    units = world.migrator.execute("SELECT for_unit_id FROM care.task WHERE about_id = %s", (restriction,)).fetchall()
    assert units == [(world.ward["id"],)]

    with work_of(world.lars) as work:
        Restrictions(work).end(kari, restriction)
    assert not task_of_giving(world, work_of, kari)


def test_what_keeps_nobody_from_giving_makes_no_task(world: World, work_of: WorkOf, kari: UUID) -> None:
    restrict(world, work_of, kari, "notes")
    restrict(world, work_of, kari, "medication", unit_id=world.other_ward["id"])
    for elsewhere_or_leading in (world.unn, world.mona):
        restrict(world, work_of, kari, "medication", person_id=elsewhere_or_leading.actor.person_id)

    assert not task_of_giving(world, work_of, kari)


# To whom it may be closed, and who ends it


@pytest.mark.parametrize("part", ["*", "medication", "observations", "care"])
def test_what_a_unit_gives_care_by_is_not_closed_to_it(world: World, work_of: WorkOf, kari: UUID, part: str) -> None:
    with pytest.raises(Invalid) as refused:
        restrict(world, work_of, kari, part, unit_id=world.ward["id"])

    assert refused.value.errors["unit_id"][0].startswith("Enheten gir pasienten helsehjelp")
    assert restrict(world, work_of, kari, part, unit_id=world.other_ward["id"])


def test_notes_may_be_closed_to_the_unit_that_gives(world: World, work_of: WorkOf, kari: UUID) -> None:
    restrict(world, work_of, kari, "notes", unit_id=world.ward["id"])

    with pytest.raises(Withheld), work_of(world.siri) as work:
        Notes(work).recent(kari)


def test_whoever_it_is_against_does_not_end_it(world: World, work_of: WorkOf, kari: UUID) -> None:
    restriction = restrict(world, work_of, kari, "notes")

    with pytest.raises(Denied), work_of(world.nina) as work:
        Restrictions(work).end(kari, restriction)
    with pytest.raises(sa.exc.DBAPIError, match="it is against whoever ends it"), work_of(world.nina) as work:
        work.open(Permission.ACCESS_RESTRICT, [kari])
        work.db.execute(
            sa.text("UPDATE access.restriction SET valid_until = now() WHERE id = :one"), {"one": restriction}
        )


def test_what_another_municipality_has_registered_is_lifted_there(world: World, work_of: WorkOf, kari: UUID) -> None:
    """PostgreSQL lets nobody else, and whoever asks is told whom to ask."""
    restriction = restrict(world, work_of, kari, "notes")
    since = datetime.now(UTC) - timedelta(days=1)
    factories.care_relationship(world.builder, kari, world.bodil, world.bodo_ward, ground="referral", since=since)
    world.store()

    with pytest.raises(Denied, match="En annen kommune"), work_of(world.bodil) as work:
        Restrictions(work).end(kari, restriction)


def test_it_is_ended_once_and_the_database_says_by_whom(world: World, work_of: WorkOf, kari: UUID) -> None:
    restriction = restrict(world, work_of, kari, "notes")
    with work_of(world.lars) as work:
        Restrictions(work).end(kari, restriction)

    with work_of(world.nina) as work:
        assert Notes(work).recent(kari)
        (row,) = Restrictions(work).all(kari)
        assert (row.ended_by_name, row.asked_by) == (world.lars.actor.name, "Pasienten")
    with pytest.raises(Conflict), work_of(world.lars) as work:
        Restrictions(work).end(kari, restriction)


def test_the_page_registers_and_lifts_and_keeps_what_was_typed(world: World, client_for: ClientFor, kari: UUID) -> None:
    lars, nina = client_for(world.lars), client_for(world.nina)
    page = f"/patients/{kari}/restrictions"
    form = {
        "category": "notes",
        "person_id": "",
        "unit_id": "",
        "asked_by": "Kari selv",
        "asked_on": "01.03.2026",
        "until": "",
    }
    refused = lars.act(page, form)
    assert (
        refused.status_code == 422
        and "Velg en person, en enhet eller alle." in refused.text
        and "Kari selv" in refused.text
    )

    assert lars.act(page, {**form, "person_id": str(world.nina.actor.person_id)}).status_code == 303
    assert nina.get(f"/patients/{kari}/notes").status_code == 403
    shown = lars.get(page).text
    assert "Nina Nordli" in shown and "Kari selv ba om det" in shown
    (end,) = re.findall(r'action="([^"]+/end)"', shown)
    assert nina.act(end).status_code == 403 and lars.act(end).status_code == 303
    assert nina.get(f"/patients/{kari}/notes").status_code == 200


def test_nobody_asks_the_database_what_is_closed_to_another(migrator: Connection) -> None:
    may = migrator.execute(
        "SELECT has_function_privilege('journal_app', 'access.closed_to(uuid, uuid[], text[])', 'EXECUTE')"
    ).fetchone()

    assert may == (False,)


def test_an_ordinary_front_page_and_list_ask_nothing_more(
    world: World, work_of: WorkOf, client_for: ClientFor, count_queries: list[str], kari: UUID
) -> None:
    siri, costs = client_for(world.siri), []
    siri.get(f"/patients/{kari}"), siri.get("/my-list")
    for _ in range(2):
        del count_queries[:]
        siri.get(f"/patients/{kari}"), siri.get("/my-list")
        costs.append(len(count_queries))
        restrict(world, work_of, kari, "notes")

    assert costs[0] == costs[1]
