"""The list a municipality begins with: not confirmed, and without a dose, until every line is checked and a doctor has signed."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.app import JournalApp
from journal.medication import Imported, Medication
from journal.medication.rules.go_live import Checked, Stage, stage, unchecked
from journal.medication.rules.reconciling import Choice
from journal.medication.service.checking import Said
from journal.medication.sources import SourceDocument, SourceKind, told_entries
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.settings import Settings
from tests import factories
from tests.conftest import Browser, World
from tests.medication import test_importing
from tests.medication.source_files import medication_list
from tests.medication.test_importing import EVERY_MORNING, take_in
from tests.medication.test_reconciling import choose, in_use, medicine
from tests.medication.test_told import tell

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
A, B = uuid4(), uuid4()


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


@pytest.mark.parametrize(
    ("lines", "checked", "signed", "expected"),
    [
        (None, 0, False, Stage.NONE),
        (3, 0, False, Stage.TO_CHECK),
        (3, 2, False, Stage.TO_CHECK),
        (3, 3, False, Stage.TO_SIGN),
        (0, 0, False, Stage.TO_SIGN),
        (3, 3, True, Stage.CONFIRMED),
    ],
)
def test_how_far_a_list_has_come(lines: int | None, checked: int, signed: bool, expected: Stage) -> None:
    assert stage(lines, checked, signed=signed) is expected


def test_a_line_that_was_matched_anew_is_not_checked() -> None:
    assert unchecked({A: 0, B: 2}, {A: 0, B: 1}) == (B,)
    assert unchecked({A: 0, B: 2}, {A: 0, B: 2}) == ()
    assert unchecked({A: 0}, {}) == (A,)


def begin(world: World, work_of: WorkOf, patient_id: UUID, lines: str) -> tuple[UUID, list[Any]]:
    """A list of the go-live, its first line matched, and its lines."""
    document_id = tell(world, work_of, patient_id, lines, whole=True, go_live=True)
    of = medicine(work_of, world, "selo-zok")
    with work_of(world.nina) as work:
        medication = Medication(work)
        first = medication.source_medicines(patient_id, document_id)[0]
        assert of.catalogue_item_id is not None
        medication.match_medicine(patient_id, first.id, version=0, item_id=of.catalogue_item_id, dosage=EVERY_MORNING)
        return document_id, medication.source_medicines(patient_id, document_id)


def check(world: World, work_of: WorkOf, patient_id: UUID, document_id: UUID, said: dict[UUID, Said]) -> None:
    with work_of(world.nina) as work:
        Medication(work).check_lines(patient_id, document_id, said)


def test_it_gives_no_dose_before_each_line_is_checked_and_a_doctor_has_signed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    document_id, (first, second) = begin(world, work_of, patient_id, "Selo-Zok, en hver morgen\nHvit pille")
    wanted = Choice.KEEP, Choice.TAKE_IN
    with pytest.raises(Conflict, match="2 linjer er ikke kontrollert"):
        choose(world, work_of, patient_id, document_id, *wanted)
    check(world, work_of, patient_id, document_id, {first.id: Said(first.version, Checked.RIGHT)})
    with pytest.raises(Conflict, match="1 linje er ikke kontrollert"):
        choose(world, work_of, patient_id, document_id, *wanted)
    listed = client_for(world.nina).get(f"/patients/{patient_id}/medication").text
    assert "Listen vi begynner med, er ikke bekreftet" in listed
    assert in_use(world, work_of, patient_id) == []

    check(world, work_of, patient_id, document_id, {second.id: Said(0, Checked.WRONG, "Brukes ikke lenger")})
    page = client_for(world.lars).get(f"/patients/{patient_id}/medication/sources/{document_id}").text
    assert "Stemmer ikke: Brukes ikke lenger." in page and "Alle linjer er kontrollert." in page
    assert doses(world, patient_id) == 0
    choose(world, work_of, patient_id, document_id, *wanted)
    assert doses(world, patient_id) >= 7
    listed = client_for(world.nina).get(f"/patients/{patient_id}/medication").text
    assert "ikke bekreftet" not in listed
    with pytest.raises(Conflict, match="alt signert"):
        check(world, work_of, patient_id, document_id, {second.id: Said(0, Checked.RIGHT)})


def doses(world: World, patient_id: UUID) -> int:
    found = world.migrator.execute(
        "SELECT count(*) FROM medication.dose WHERE patient_id = %s", (patient_id,)
    ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_line_that_is_matched_after_it_was_checked_is_checked_again(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    document_id, (line,) = begin(world, work_of, patient_id, "Selo-Zok, en hver morgen")
    with pytest.raises(Conflict, match="endret etter at du åpnet siden"):
        check(world, work_of, patient_id, document_id, {line.id: Said(0, Checked.RIGHT)})
    check(world, work_of, patient_id, document_id, {line.id: Said(1, Checked.RIGHT)})
    of = medicine(work_of, world, "paracet tab 500")
    with work_of(world.nina) as work:
        assert of.catalogue_item_id is not None
        meant = {"item_id": of.catalogue_item_id, "dosage": EVERY_MORNING}
        Medication(work).match_medicine(patient_id, line.id, version=1, **meant)

    with pytest.raises(Conflict, match="ikke kontrollert"):
        choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)


def test_a_doctor_does_not_check_what_she_signs(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    """Nor with another employment of hers: a check of one's own is none."""
    document_id, (line,) = begin(world, work_of, patient_id, "Selo-Zok, en hver morgen")
    with work_of(world.lars) as work, pytest.raises(Denied):
        Medication(work).check_lines(patient_id, document_id, {line.id: Said(1, Checked.RIGHT)})
    check(world, work_of, patient_id, document_id, {line.id: Said(1, Checked.RIGHT)})
    world.migrator.execute(
        "UPDATE medication.source_check SET recorded_by = %s WHERE patient_id = %s",
        (world.lars.actor.person_id, patient_id),
    )
    with pytest.raises(Conflict, match="ikke kontrollert"):
        choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)


def test_another_list_is_not_checked_line_by_line_and_what_is_wrong_says_what(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    other = take_in(world, work_of, patient_id, medication_list())
    with pytest.raises(NotFound):
        check(world, work_of, patient_id, other, {A: Said(0, Checked.RIGHT)})
    document_id, (line,) = begin(world, work_of, patient_id, "Selo-Zok, en hver morgen")
    for said in ({}, {line.id: Said(1, Checked.WRONG)}):
        with pytest.raises(Invalid):
            check(world, work_of, patient_id, document_id, said)


def test_the_nurse_checks_on_a_page_that_keeps_what_is_typed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    document_id, (first, second) = begin(world, work_of, patient_id, "Selo-Zok, en hver morgen\nHvit pille")
    url, nina = f"/patients/{patient_id}/medication/sources/{document_id}/check", client_for(world.nina)
    form = {f"version-{first.id}": "1", f"check-{first.id}": "wrong", f"note-{first.id}": ""}
    form |= {f"version-{second.id}": "0", f"note-{second.id}": "kanskje"}
    assert "Forstått som: metoprolol" in nina.get(url).text
    silent = nina.act(url, form)
    assert (
        silent.status_code == 422 and "Skriv hva som ikke stemmer." in silent.text and 'value="kanskje"' in silent.text
    )
    done = nina.act(url, form | {f"note-{first.id}": "Tar to om morgenen"})
    assert done.status_code == 303, "the line without a word waits"
    assert "1 linje er ikke kontrollert av en sykepleier." in nina.get(done.location).text
    assert "Stemmer ikke: Tar to om morgenen." in nina.get(url).text


def test_how_many_are_confirmed_stands_ward_by_ward_and_who_waits_is_named(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    """Of the unit one acts in and those below it; another ward sees none of it."""
    b = world.builder
    ward = factories.unit(b, world.oslo, "Utprøvingen", "ward", parent=world.ward)
    nurse = factories.staff(b, world.oslo, ward, "Siv Prøve", "nurse")
    doctor = factories.staff(b, world.oslo, ward, "Per Prøve", "doctor")
    elsewhere = factories.staff(b, world.oslo, factories.unit(b, world.oslo, "Nabo", "ward"), "Ola Nabo", "nurse")
    patients = [world.patient(at=ward, by=nurse, family_name=f"Begynner{n}", none_known=True) for n in range(3)]
    signed, checked, without = patients
    for made in (signed, checked):
        with work_of(nurse) as work:
            told = tell_go_live(work, made)
            (line,) = Medication(work).source_medicines(made, told)
            Medication(work).check_lines(made, told, {line.id: Said(0, Checked.RIGHT)})
        if made == signed:
            with work_of(doctor) as work:
                (row,) = Medication(work).comparison(made, told).to_choose
                Medication(work).reconcile(made, told, choices={row.key: Choice.KEEP})

    with work_of(nurse) as work:
        found = {each.patient_id: (each.stage, each.unit_name) for each in Medication(work).go_live_progress()}
    assert found == {
        signed: (Stage.CONFIRMED, "Utprøvingen"),
        checked: (Stage.TO_SIGN, "Utprøvingen"),
        without: (Stage.NONE, "Utprøvingen"),
    }
    page = client_for(nurse).get("/medication/overview").text
    assert "1 av 3 pasienter" in page and "Begynner1" in page and "Begynner0" not in page
    assert "Begynner" not in client_for(elsewhere).get("/medication/overview").text


def tell_go_live(work: Any, patient_id: UUID) -> UUID:
    lines = told_entries("Noe hvitt")
    document = SourceDocument(
        SourceKind.TRANSCRIBED, f"told:{uuid4()}", work.now, "Hjemmetjenesten", lines, frozenset(), whole=True
    )
    stored: UUID = Medication(work).record_told(patient_id, document, go_live=True)
    return stored
