"""A protected address: whoever does not give the care is told neither where she is nor by whom, on any page, print or export."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from journal.access.justified import Justifying
from journal.access.justified_rules import Reason
from journal.audit import LogLines
from journal.notes import Notes
from journal.notes.service import Text as NoteText
from journal.patients import Contact, Patients, PersonIdentity
from journal.platform.ids import new_id
from journal.platform.shielding import HIDDEN, without
from tests import factories
from tests.architecture import routes
from tests.architecture.charts import Marked, marked_chart
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.pdf_reading import words

ClientFor = Callable[[Staff | None], Browser]
Migrator = psycopg.Connection[Any]
WorkOf = Callable[[Staff], Any]

OF_PATIENT = [line.split()[1] for line in routes.written() if line.startswith("GET ") and "/<uuid:patient_id>" in line]
# The lists, queues and settings of whoever is signed in: pages about nobody alone.
ELSEWHERE = [
    line.split()[1]
    for line in routes.written()
    if line.startswith("GET ") and "<" not in line and line.split()[3] != "open"
]
PLACES = {"address_line_1": "Skjulveien 7", "postal_code": "8006", "city": "Skjulestad", "phone": "91827364"}


@pytest.fixture
def carer(world: World) -> Staff:
    """Works for a whole home in Bodø; those of its ward look after the patient beside her."""
    home = factories.unit(world.builder, world.bodo, "Skjulheimen", "nursing_home")
    ward = factories.unit(world.builder, world.bodo, "Fløy under Skjulheimen", "ward", home)
    made = factories.staff(world.builder, world.bodo, home, "Vera Vokter", "nurse", below=(ward,))
    world.store()
    return made


@pytest.fixture
def hidden(migrator: Migrator, carer: Staff) -> Marked:
    """Cared for in the ward, and written about in every table by somebody who works above it and is not in the log."""
    return cared_for(migrator, carer, "strictly_confidential")


def cared_for(migrator: Migrator, carer: Staff, confidentiality: str) -> Marked:
    told = {**PLACES, "confidentiality": confidentiality}
    return marked_chart(migrator, carer, ward_id=carer.actor.units[1], **told)


def doctor_of(world: World, *made: Marked) -> Staff:
    """The general practitioner, in another municipality: he reads most of all, and gives no care in the unit."""
    since = datetime.now(UTC) - timedelta(days=2)
    for one in made:
        factories.care_relationship(
            world.builder, one.patient_id, world.lars, world.ward, ground="general_practitioner", since=since
        )
    world.store()
    return world.lars


@pytest.fixture
def doctor(world: World, hidden: Marked) -> Staff:
    return doctor_of(world, hidden)


def told(answer: Any) -> str:
    return words(answer) if answer.mimetype == "application/pdf" else answer.get_data(as_text=True)


def secrets(world: World) -> tuple[str, ...]:
    return ("Vera Vokter", "Skjulheimen", world.bodo["name"], *PLACES.values())


def read(browser: Browser, chart: Marked) -> Iterator[tuple[str, int, str]]:
    for rule in (*OF_PATIENT, *ELSEWHERE):
        answer = browser.get(routes.address(rule, chart))
        yield rule, answer.status_code, told(answer)


def leaks(pages: list[tuple[str, int, str]], world: World) -> set[tuple[str, str]]:
    """A word of its own: four digits may stand in an id of the page."""
    words = {secret: re.compile(rf"(?<![\w-]){re.escape(secret)}(?![\w-])") for secret in secrets(world)}
    return {(rule, secret) for rule, _status, text in pages for secret, word in words.items() if word.search(text)}


def test_no_page_print_or_export_tells_a_reader_who_does_not_give_the_care_where_she_is(
    world: World, client_for: ClientFor, migrator: Migrator, carer: Staff, hidden: Marked, doctor: Staff
) -> None:
    browser, known = client_for(doctor), cared_for(migrator, carer, "none")
    doctor_of(world, known)
    open_to_all = list(read(browser, known))
    pages = list(read(browser, hidden))

    assert {status for _rule, status, _text in pages} <= {200, 303, 403, 404, 422}
    assert sum(status == 200 for _rule, status, _text in pages) > 25
    assert len({rule for rule, _secret in leaks(open_to_all, world)}) > 5, "there is something to hide"
    assert leaks(pages, world) == set()
    assert any(HIDDEN in text and hidden.token in text for _rule, _status, text in pages), (
        "what she is treated for stands"
    )


def test_where_she_has_gone_and_who_ordered_from_there_is_not_told(
    client_for: ClientFor, work_of: WorkOf, migrator: Migrator, carer: Staff, hidden: Marked, doctor: Staff
) -> None:
    """A leave, a hospital, who ordered by telephone and who sent a list are free words, and tell where as an address does."""
    gone = {
        "medication.crossing.place": "Skjulsykehuset",
        "care.no_answer.place": "Skjulsenteret",
        "medication.verbal_order.prescriber_name": "Skjalg Vakt",
        "medication.verbal_order.prescriber_service": "Skjulvakten",
        "medication.medication_request.prescriber_name": "Skjalg Lege",
        "medication.source_document.sender": "Skjulklinikken",
        "medication.source_entry.prescriber_name": "Skjalg Spesialist",
        "medication.prepared.prepared_by": "Skjulapoteket",
        "care.stay.place": "Hytta i Skjulvik",
    }
    away = "kind = 'leave', part_of_id = id, room = NULL, valid_from = now() - interval '1 hour'"
    migrator.execute(f"UPDATE care.stay SET {away} WHERE patient_id = %s", (hidden.patient_id,))
    for column, word in gone.items():
        table, name = column.rsplit(".", 1)
        migrator.execute(f"UPDATE {table} SET {name} = %s WHERE patient_id = %s", (word, hidden.patient_id))

    with work_of(doctor) as work:
        Patients(work).banner(hidden.patient_id)
        sent = {column for column, word in gone.items() if word in work.shield(f"Hun er hos {word} nå.")}
    stay, inside = f"/patients/{hidden.patient_id}/stay", client_for(carer)

    assert sent == set()
    assert "Hytta i Skjulvik" in inside.get(stay).text and "Hytta" not in client_for(doctor).get(stay).text


def test_an_error_does_not_tell_who_was_first(
    client_for: ClientFor, migrator: Migrator, hidden: Marked, doctor: Staff
) -> None:
    """It is answered in a transaction of its own, which opens no chart."""
    answered = "UPDATE medication.verbal_answer SET recorded_by_name = 'Vera Vokter' WHERE patient_id = %s"
    migrator.execute(answered, (hidden.patient_id,))
    browser, order = client_for(doctor), f"/patients/{hidden.patient_id}/verbal-orders/{hidden.ids['verbal_order_id']}"
    sent = {"X-CSRF-Token": browser.csrf, "Idempotency-Key": str(new_id()), "Accept": "application/json"}
    refused = browser.client.post(f"{order}/sign", json={"version": 1}, headers=sent)

    assert refused.status_code == 409 and HIDDEN in refused.text and "Vera Vokter" not in refused.text


def test_who_opens_it_with_a_reason_is_not_told_either(
    world: World, client_for: ClientFor, work_of: WorkOf, hidden: Marked
) -> None:
    with work_of(world.unn) as work:
        Justifying(work).open(hidden.patient_id, Reason.EMERGENCY, "")
    browser = client_for(world.unn)
    pages = [(rule, *_got(browser, routes.address(rule, hidden))) for rule in OF_PATIENT[:12]]

    assert any(hidden.token in text for _rule, _status, text in pages)
    assert leaks(pages, world) == set()


def test_who_gives_the_care_sees_whom_to_call_and_pays_no_question(
    client_for: ClientFor, carer: Staff, hidden: Marked, count_queries: list[str]
) -> None:
    browser = client_for(carer)
    count_queries.clear()
    page = browser.get(f"/patients/{hidden.patient_id}/notes")

    assert "Vera Vokter" in page.text and HIDDEN not in page.text
    assert not any("words_of_protected" in statement for statement in count_queries)


def test_what_was_taken_out_is_not_saved_in_the_place_of_the_word(
    client_for: ClientFor, hidden: Marked, doctor: Staff
) -> None:
    browser = client_for(doctor)
    note = {"kind": "general", "title": "Samtale", "body": f"Ringte {HIDDEN} i dag.", "draft_id": str(new_id())}
    refused = browser.act(f"/patients/{hidden.patient_id}/notes/write", note)
    written = browser.act(f"/patients/{hidden.patient_id}/notes/write", note | {"body": "Ringte i dag."})

    assert (refused.status_code, written.status_code) == (422, 303)


def test_nobody_is_told_the_words_of_a_chart_that_is_not_opened(
    world: World, work_of: WorkOf, hidden: Marked, doctor: Staff
) -> None:
    with work_of(doctor) as work:
        found = work.db.execute(
            sa.text("SELECT access.words_of_protected(:ids), audit.shielded(:ids)"), {"ids": [hidden.patient_id]}
        ).all()
    assert found == []


def test_from_the_moment_she_is_protected_old_and_new_places_are_gone_for_others(
    world: World, client_for: ClientFor, work_of: WorkOf
) -> None:
    """Whoever sets it, a person today and a register later, writes one column: nothing is emptied, and nothing waits for a job."""
    place = {"address_line_1": "Gammelveien 3", "city": "Gammelstad", "phone": "91827364"}
    patient_id = world.patient(at=world.bodo_ward, by=world.bodil, **place)
    since = datetime.now(UTC) - timedelta(days=2)
    gp = {"ground": "general_practitioner", "since": since}
    factories.care_relationship(world.builder, patient_id, world.lars, world.ward, **gp)
    world.store()
    who = {"family_name": "Nordmann", "given_name": "Kari", "birth_date": date(1938, 3, 14), "sex": "female"}
    with work_of(world.bodil) as work:
        moved = Contact(address_line_1="Nyveien 4", city="Nystad", phone="91827365")
        Patients(work).update_contact(patient_id, moved, version=1)
        body = "Flyttet fra Gammelveien 3 til Nyveien 4, ring 91827365. Bodil Berg følger opp."
        Notes(work).sign(patient_id, new_id(), NoteText("general", body))
    browser = client_for(world.lars)
    before = browser.get(f"/patients/{patient_id}/notes").text
    with work_of(world.bodil) as work:
        protected = PersonIdentity(confidentiality="strictly_confidential", **who)
        Patients(work).correct_identity(patient_id, protected, version=2)
    after = browser.get(f"/patients/{patient_id}/notes").text
    found = browser.act("/search", {"text": "Kari Nordmann"}).text

    gone = ("Gammelveien 3", "Nyveien 4", "91827365", "Bodil Berg")
    assert [word for word in gone if word in before] == list(gone)
    assert [word for word in gone if word in after] == [] and "Flyttet fra" in after
    assert str(patient_id) not in found


def test_what_leaves_the_house_of_the_log_names_who_looked_and_not_where(
    world: World, client_for: ClientFor, work_of: WorkOf
) -> None:
    patient_id, known = world.patient(confidentiality="confidential"), world.patient()
    for one in (patient_id, known):
        client_for(world.nina).get(f"/patients/{one}")
    rolf = client_for(world.rolf)
    made = rolf.act(f"/audit/patients/{patient_id}/report", {"language": "nb"})
    paper = words(rolf.get(made.headers["Location"]))
    with work_of(world.rolf) as work:
        end = work.now + timedelta(minutes=1)
        lines = LogLines(work).between(end - timedelta(days=1), end, actor_id=world.nina.actor.person_id)
    said = {(line["patient_id"], line["unit_name"], line["actor_name"]) for line in lines if line["patient_id"]}

    assert "Nina Nordli" in paper and "Avdeling 2" not in paper
    assert said == {(patient_id, HIDDEN, "Nina Nordli"), (known, "Avdeling 2", "Nina Nordli")}


def test_a_word_is_whole_and_a_dose_is_no_place() -> None:
    taken = {"Moss", "A", "5000", "91827364", "Per & Co", "Bjørn Ås", "Solbakken"}
    text = 'Moss, Mosseveien, moss, A, 5000 mg, tlf 91827364, Per &amp; Co, "Bj\\u00f8rn \\u00c5s", Solbakken sykehjem'

    assert without(text, taken, ["Solbakken sykehjem"]) == (
        f'{HIDDEN}, Mosseveien, moss, A, 5000 mg, tlf {HIDDEN}, {HIDDEN}, "{HIDDEN}", Solbakken sykehjem'
    )


def _got(browser: Browser, path: str) -> tuple[int, str]:
    answer = browser.get(path)
    return answer.status_code, told(answer)
