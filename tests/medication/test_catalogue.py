"""The catalogue is found by the start of words."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from journal.app import JournalApp
from journal.medication import Medication, import_catalogue, mini_fest
from journal.medication.fest.words import words
from journal.platform.settings import Settings
from tests.conftest import Browser, World

WorkOf = Callable[..., Any]


def a_file() -> io.BytesIO:
    out = io.BytesIO()
    mini_fest.write(out)
    out.seek(0)
    return out


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> None:
    import_catalogue(settings.migrator_url, a_file(), replace=True)


def found(world: World, work_of: WorkOf, text: str, **more: Any) -> Any:
    with work_of(world.lars) as work:
        return Medication(work).search_catalogue(text, **more)


def test_words_are_folded_the_same_when_stored_and_when_sought() -> None:
    assert words("Paracet TAB 500 mg") == ["paracet", "500", "tab", "mg"]
    assert words("2.5 mg") == words("2,5 MG")
    assert words(" ,;% ") == []


def test_the_start_of_a_generic_name_finds_it_and_every_word_narrows(
    world: World, work_of: WorkOf, catalogue: None
) -> None:
    hits = found(world, work_of, "metop")
    narrowed = found(world, work_of, "metop 50")

    assert hits.hits
    assert {hit.medicine.generic_name.lower() for hit in hits.hits} == {"metoprolol"}
    assert narrowed.hits
    assert all("50" in hit.name for hit in narrowed.hits)
    assert len(narrowed.hits) < len(found(world, work_of, "metop", everything=True).hits)


def test_the_middle_of_a_word_finds_nothing(world: World, work_of: WorkOf, catalogue: None) -> None:
    assert found(world, work_of, "etoprolol").hits == ()
    assert found(world, work_of, "").hits == ()


def test_the_list_is_short_and_says_when_there_is_more(world: World, work_of: WorkOf, catalogue: None) -> None:
    short, whole = found(world, work_of, "mg"), found(world, work_of, "mg", everything=True)

    assert (len(short.hits), short.more) == (10, True)
    assert len(whole.hits) > 10


def test_a_hit_knows_what_one_unit_holds_and_which_unit_the_hand_gives(
    world: World, work_of: WorkOf, catalogue: None
) -> None:
    hit = found(world, work_of, "metop 50").hits[0]

    assert (hit.dose_unit, hit.strength_value, hit.strength_unit) == ("tablett", 50, "mg")


@pytest.mark.parametrize(
    ("sought", "unit", "holds"),
    [("timolol", "dråpe", None), ("levolac", "ml", Decimal(670))],
)
def test_what_a_strength_is_of_is_what_the_hand_gives_or_it_is_not_counted_with(
    world: World, work_of: WorkOf, catalogue: None, sought: str, unit: str, holds: Decimal | None
) -> None:
    """5 mg/ml of eye drops was said to be "1 dråpe = 5 mg"."""
    hit = found(world, work_of, sought).hits[0]
    assert (hit.dose_unit, hit.strength_value) == (unit, holds)


def test_insulin_is_high_risk_and_time_critical(world: World, work_of: WorkOf, catalogue: None) -> None:
    hits = found(world, work_of, "insulin", everything=True).hits

    assert hits
    assert all(hit.medicine.high_risk and hit.medicine.time_critical for hit in hits)


def test_a_doctor_searches_chooses_and_signs(
    world: World, work_of: WorkOf, client_for: Callable[..., Browser], catalogue: None
) -> None:
    patient_id, lars = world.patient(), client_for(world.lars)
    url = f"/patients/{patient_id}/medication/prescribe"
    hit = found(world, work_of, "metop 50").hits[0]

    assert str(hit.id) in lars.get(f"{url}?q=metop+50").get_data(as_text=True)
    assert "Signer forskrivning" in lars.get(f"{url}?item={hit.id}").get_data(as_text=True)
    sent = {
        "item": str(hit.id),
        "amount": "1",
        "unit": "tablett",
        "pattern": "daily",
        "times": "8 20",
        "indication": "atrieflimmer",
    }
    wrong = lars.act(url, sent | {"times": ""})
    right = lars.act(url, sent)

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert "atrieflimmer" in wrong.get_data(as_text=True)
    page = lars.get(right.location).get_data(as_text=True)
    assert "atrieflimmer" in page
    assert "kl.\N{NO-BREAK SPACE}08 og 20" in page
