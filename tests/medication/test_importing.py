"""Taking in a list: for the person it is about, once, as it is; and out of use until somebody has signed."""

import io
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from werkzeug.test import TestResponse

from journal.app import JournalApp
from journal.medication import Imported, Medication, import_catalogue, mini_fest
from journal.medication.rules import TimeOfDay, daily
from journal.medication.sources import BrokenSource, read
from journal.platform.errors import Denied, NotFound
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication.source_files import (
    MORNING,
    OTHER_NUMBER,
    about,
    dose,
    listed,
    medication_list,
    prescription,
    refused_files,
    sample,
)
from tests.medication.test_fest import m30
from tests.medication.test_sign import ONE
from tests.reference import needs_reference

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
Connection = psycopg.Connection[Any]
EVERY_MORNING = daily(ONE, [TimeOfDay.MORNING])


def demo_catalogue(settings: Settings) -> Iterator[Imported]:
    """The demo's catalogue; afterwards other tests find none."""
    file = io.BytesIO()
    mini_fest.write(file)
    file.seek(0)
    yield import_catalogue(settings.migrator_url, file, replace=True)
    import_catalogue(settings.migrator_url, m30(), replace=True)


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from demo_catalogue(settings)


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def number_of(migrator: Connection, patient_id: UUID) -> str:
    found = migrator.execute("SELECT value FROM patients.identifier WHERE patient_id = %s", (patient_id,)).fetchone()
    assert found is not None
    return str(found[0])


def rows(migrator: Connection) -> list[int]:
    tables = ("source_document", "source_entry", "source_match", "medication_request", "dose")
    counts = (migrator.execute(f"SELECT count(*) FROM medication.{table}").fetchone() for table in tables)  # type: ignore[call-overload]
    return [row[0] for row in counts if row is not None]


def send(browser: Browser, patient_id: UUID, content: bytes) -> TestResponse:
    form = {"csrf_token": browser.csrf, "file": (io.BytesIO(content), "liste.xml")}
    answer: TestResponse = browser.client.post(f"/patients/{patient_id}/medication/sources", data=form)
    return answer


def take_in(world: World, work_of: WorkOf, patient_id: UUID, content: bytes) -> UUID:
    document = read(about(content, OTHER_NUMBER, number_of(world.migrator, patient_id)))
    with work_of(world.nina) as work:
        return Medication(work).import_source(patient_id, document)


@needs_reference
def test_a_real_list_is_taken_in_by_a_nurse_with_where_it_came_from(
    world: World, client_for: ClientFor, patient_id: UUID
) -> None:
    nina = client_for(world.nina)
    content = about(sample("Utskrivningsrapport_v1-5_Ny.xml"), "15076500565", number_of(world.migrator, patient_id))
    answer = send(nina, patient_id, content)
    assert answer.status_code == 303

    shown = nina.get(answer.location).text
    assert "Utskrivningsrapport av 02.02.2018" in shown
    assert "ST OLAVS HOSPITAL HF, Ortopedisk kirurgi" in shown and "Lest inn av Nina Nordli" in shown
    assert "2 tabl kl 08 og 1 tabl kl 13" in shown, "as it was written"
    stamped = world.migrator.execute(
        "SELECT municipality_id, unit_id, recorded_by FROM medication.source_document WHERE patient_id = %s",
        (patient_id,),
    ).fetchall()
    assert stamped == [(world.oslo["id"], world.ward["id"], world.nina.actor.person_id)]
    assert "Utskrivningsrapport av 02.02.2018" in nina.get(f"/patients/{patient_id}/medication/sources").text


def test_what_is_not_reconciled_is_not_in_use_and_gives_no_dose(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    take_in(world, work_of, patient_id, medication_list(listed("e-1", prescription(doses=dose(MORNING)))))
    page = client_for(world.nina).get(f"/patients/{patient_id}/medication").text

    assert "Selo-Zok" not in page and "metoprolol" not in page and "Ingen legemidler i bruk." in page
    assert "1 liste er ikke samstemt" in page, "nobody has to go looking for it"
    of_patient = world.migrator.execute("SELECT count(*) FROM medication.dose WHERE patient_id = %s", (patient_id,))
    assert of_patient.fetchone() == (0,)


def test_a_list_about_somebody_else_is_refused_and_nobody_learns_who(
    world: World, client_for: ClientFor, patient_id: UUID
) -> None:
    nina, other = client_for(world.nina), world.patient(family_name="Hemmeligsen")
    number, before = number_of(world.migrator, other), rows(world.migrator)
    file = medication_list(listed("e-1", prescription()), number=number)
    of_other, of_nobody = send(nina, patient_id, file), send(nina, patient_id, about(file, number, OTHER_NUMBER))

    assert (of_other.status_code, of_nobody.status_code) == (422, 422)
    assert "Filen gjelder ikke denne pasienten." in of_other.text
    assert not any(word in of_other.text for word in (number, "Hemmeligsen", "Prøve"))
    assert rows(world.migrator) == before


def test_two_numbers_of_which_one_is_anothers_are_refused(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    number = number_of(world.migrator, patient_id)
    file = medication_list(listed("e-1", prescription()), number=number)
    second = b"<Ident><Id>" + OTHER_NUMBER.encode() + b'</Id><TypeId V="FNR"/></Ident></Patient>'

    with work_of(world.nina) as work, pytest.raises(BrokenSource):
        Medication(work).import_source(patient_id, read(file.replace(b"</Patient>", second)))


@pytest.mark.parametrize("what", refused_files())
def test_a_file_that_is_no_list_is_refused_in_a_sentence_and_nothing_is_stored(
    world: World, client_for: ClientFor, patient_id: UUID, what: str
) -> None:
    nina, before = client_for(world.nina), rows(world.migrator)
    content = refused_files()[what]
    answer = send(nina, patient_id, content)

    assert answer.status_code == (413 if len(content) > 1_000_000 else 422)
    assert ("Det du sendte, er for stort" if len(content) > 1_000_000 else 'id="f-file-error"') in answer.text
    assert rows(world.migrator) == before


def test_no_file_at_all_is_said_so(world: World, client_for: ClientFor, patient_id: UUID) -> None:
    nina = client_for(world.nina)

    assert "Velg filen du vil lese inn." in nina.act(f"/patients/{patient_id}/medication/sources").text


def test_the_same_message_twice_is_one_list(world: World, client_for: ClientFor, patient_id: UUID) -> None:
    nina = client_for(world.nina)
    content = medication_list(listed("e-1", prescription()), number=number_of(world.migrator, patient_id))
    first, second = send(nina, patient_id, content), send(nina, patient_id, content)

    assert first.location == second.location
    found = world.migrator.execute(
        "SELECT count(*), (SELECT count(*) FROM medication.source_entry WHERE patient_id = %s) "
        "FROM medication.source_document WHERE patient_id = %s",
        (patient_id, patient_id),
    ).fetchone()
    assert found == (1, 1)


def test_an_assistant_cannot_take_in_a_list_nor_match_one(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    siri = client_for(world.siri)

    assert send(siri, patient_id, b"x").status_code == 403
    assert 'type="file"' not in siri.get(f"/patients/{patient_id}/medication/sources").text
    with pytest.raises(Denied), work_of(world.siri) as work:
        Medication(work).match_medicine(patient_id, patient_id, version=0, item_id=patient_id, dosage=EVERY_MORNING)


@pytest.mark.usefixtures("catalogue")
def test_the_sources_own_id_counts_only_where_its_atc_code_says_the_same(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """The real sample has one item number on both furosemid and penicillin: a mistyped number must match nothing."""
    number, atc, name = world.migrator.execute(
        """SELECT p.item_number, p.atc_code, b.generic_name FROM medication.catalogue_item p
           JOIN medication.catalogue_reference r ON r.fest_id = p.fest_id AND r.kind = 'brand'
           JOIN medication.catalogue_item b ON b.fest_id = r.target_id AND b.prescribable
           WHERE p.item_number IS NOT NULL AND p.atc_code = 'C07AB02' AND p.active LIMIT 1"""
    ).fetchone() or ("", "", "")
    right, wrong = (prescription(atc=code, item_number=number) for code in (atc, "J01CE02"))
    document_id = take_in(world, work_of, patient_id, medication_list(listed("e-1", right), listed("e-2", wrong)))

    with work_of(world.nina) as work:
        found = Medication(work).source_medicines(patient_id, document_id)
    assert [of.medicine and of.medicine.generic_name for of in found] == [name, None]
    assert [of.matched_by for of in found] == [None, None]


@pytest.mark.usefixtures("catalogue")
def test_free_text_is_matched_by_a_person_and_still_not_in_use(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    nina = client_for(world.nina)
    file = medication_list(listed("e-1", prescription("Metoprolol 50", item_number="1")))
    document_id = take_in(world, work_of, patient_id, file)
    with work_of(world.nina) as work:
        (entry,) = Medication(work).source_medicines(patient_id, document_id)
    assert entry.medicine is None, "never guessed"

    url = f"/patients/{patient_id}/medication/sources/{document_id}/{entry.id}"
    assert "Slik står det i kilden" in nina.get(url).text
    with work_of(world.nina) as work:
        hit = Medication(work).search_catalogue("metoprolol").hits[0]
    assert str(hit.id) in nina.get(f"{url}?q=metoprolol").text
    form = {
        "item": str(hit.id),
        "version": "0",
        "amount": "1",
        "unit": "tablett",
        "pattern": "daily",
        "times_of_day[]": "1",
    }
    empty = nina.act(url, form | {"amount": "en halv"})
    assert (empty.status_code, "en halv" in empty.text) == (422, True), "what was typed is not lost"
    assert nina.act(url, form).status_code == 303

    with work_of(world.nina) as work:
        (matched,) = Medication(work).source_medicines(patient_id, document_id)
        assert Medication(work).list_with_strip(patient_id).regular == ()
    assert matched.medicine == hit.medicine and matched.matched_by == "Nina Nordli"
    assert matched.dosage is not None and matched.dosage.times_of_day == (TimeOfDay.MORNING,)
    again = nina.act(url, form)
    assert (again.status_code, "En annen har koblet legemidlet" in again.text) == (409, True)


def test_a_list_of_another_patient_is_not_found(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    document_id = take_in(world, work_of, patient_id, medication_list(listed("e-1", prescription())))
    other = world.patient()

    with work_of(world.nina) as work:
        assert Medication(work).sources(other) == []
        assert Medication(work).source_medicines(other, document_id) == []
        with pytest.raises(NotFound):
            Medication(work).comparison(other, document_id)


def test_what_is_in_no_list_cannot_be_matched(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with work_of(world.nina) as work, pytest.raises(NotFound):
        Medication(work).match_medicine(patient_id, patient_id, version=0, item_id=patient_id, dosage=EVERY_MORNING)


def test_a_list_that_should_not_be_here_is_marked_and_waits_no_more(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    file = medication_list(listed("e-1", prescription()))
    document_id, nina = take_in(world, work_of, patient_id, file), client_for(world.nina)
    url = f"/patients/{patient_id}/medication/sources"
    silent = nina.act(f"{url}/{document_id}/in-error", {"reason": ""})
    assert (silent.status_code, "Fyll ut feltet." in silent.text or "f-reason-error" in silent.text) == (422, True)
    assert nina.act(f"{url}/{document_id}/in-error", {"reason": "Trukket tilbake"}).status_code == 303

    assert "Ingen lister er lest inn." in nina.get(url).text
    assert nina.get(f"{url}/{document_id}").status_code == 404
    assert "ikke samstemt</a>" not in nina.get(f"/patients/{patient_id}/medication").text
    again = nina.act(f"{url}/{document_id}/in-error", {"reason": "Trukket tilbake"})
    assert (again.status_code, "alt merket som feilført" in again.text) == (409, True)
    kept = world.migrator.execute(
        "SELECT in_error_reason, in_error_by FROM medication.source_document WHERE id = %s", (document_id,)
    ).fetchone()
    assert kept == ("Trukket tilbake", world.nina.actor.person_id)
    assert take_in(world, work_of, patient_id, file) != document_id, "taken in by mistake once, it may come rightly"
