"""What the patient, her next of kin or a list on paper says: kept word by word, matched by people, reconciled as the others."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.app import JournalApp
from journal.medication import Imported, Medication
from journal.medication.rules.reconciling import Choice, Kind
from journal.medication.sources import SourceDocument, SourceKind, told_entries
from journal.platform.errors import Invalid
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication import test_importing
from tests.medication.test_importing import EVERY_MORNING
from tests.medication.test_reconciling import choose, in_use, medicine, ours

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def tell(
    world: World,
    work_of: WorkOf,
    patient_id: UUID,
    lines: str,
    *,
    whole: bool = False,
    kind: SourceKind = SourceKind.TOLD_BY_PATIENT,
    go_live: bool = False,
) -> UUID:
    with work_of(world.nina) as work:
        told = SourceDocument(kind, f"told:{lines}", work.now, "", told_entries(lines), frozenset(), whole)
        stored: UUID = Medication(work).record_told(patient_id, told, go_live=go_live)
        return stored


def test_what_is_told_is_kept_word_by_word_and_no_word_of_it_is_guessed(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """Selo-Zok 50 is in the catalogue, and is found by nobody but a person."""
    document_id = tell(world, work_of, patient_id, "Selo-Zok  50 mg, en hver morgen\n\n en hvit pille mot trykk \n")

    with work_of(world.nina) as work:
        found = Medication(work).source_medicines(patient_id, document_id)
        rows = Medication(work).comparison(patient_id, document_id).rows
    assert [each.said.name for each in found] == ["Selo-Zok 50 mg, en hver morgen", "en hvit pille mot trykk"]
    assert all(each.medicine is None and each.dosage is None for each in found)
    assert {row.kind for row in rows} == {Kind.UNMATCHED}
    assert all(Choice.TAKE_IN not in row.choices for row in rows)


def test_a_line_that_a_person_has_matched_is_reconciled_as_any_other(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    of = medicine(work_of, world, "selo-zok")
    document_id = tell(world, work_of, patient_id, "Selo-Zok, en om morgenen", kind=SourceKind.TOLD_BY_KIN)
    with work_of(world.nina) as work:
        (entry,) = Medication(work).source_medicines(patient_id, document_id)
        assert of.catalogue_item_id is not None
        Medication(work).match_medicine(
            patient_id, entry.id, version=0, item_id=of.catalogue_item_id, dosage=EVERY_MORNING
        )
    assert in_use(world, work_of, patient_id) == []
    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    assert in_use(world, work_of, patient_id) == ["metoprolol 25 mg morgen"]
    with work_of(world.lars) as work:
        (order,) = Medication(work).source_medicines(patient_id, document_id)
        assert order.matched_by == world.nina.actor.name
        assert Medication(work).source(patient_id, document_id).is_settled


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_not_told_says_something_only_when_it_was_all(
    world: World, work_of: WorkOf, patient_id: UUID, whole: bool
) -> None:
    ours(world, work_of, patient_id, medicine(work_of, world, "selo-zok"))
    document_id = tell(world, work_of, patient_id, "Bare Paracet av og til", whole=whole)

    with work_of(world.lars) as work:
        kinds = [row.kind for row in Medication(work).comparison(patient_id, document_id).rows]
    assert (Kind.ONLY_OURS in kinds) is whole


def test_it_is_typed_on_a_page_that_keeps_what_is_typed_until_it_can_be_stored(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    nina, url = client_for(world.nina), f"/patients/{patient_id}/medication/sources/told"
    typed = {"kind": "told_by_kin", "lines": "Paracet ved behov", "told_at": ""}
    assert "Skriv ned en liste" in nina.get(url).text
    nameless = nina.act(url, typed)
    assert nameless.status_code == 422 and "Skriv hvem som fortalte" in nameless.text
    assert "Paracet ved behov</textarea>" in nameless.text
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%d.%m.%Y} 12.00"
    ahead = nina.act(url, typed | {"sender": "Kari Nes, datter", "told_at": tomorrow})
    assert ahead.status_code == 422 and "Tidspunktet er ikke ennå" in ahead.text

    stored = nina.act(url, typed | {"sender": "Kari Nes, datter"})
    assert stored.status_code == 303
    page = nina.get(stored.location).text
    assert "Liste fra pårørende av" in page and "Kari Nes, datter" in page and "Paracet ved behov" in page
    assert "1 liste er ikke samstemt" in nina.get(f"/patients/{patient_id}/medication").text


@pytest.mark.parametrize("lines", [" \n ", "x" * 201, "Paracet\n" * 61])
def test_a_list_that_nobody_has_told_is_refused(lines: str) -> None:
    with pytest.raises(Invalid):
        told_entries(lines)
