"""The catalogue is found by the start of words, and is renewed whole or not at all."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from journal.app import JournalApp
from journal.medication import Medication, import_catalogue, mini_fest
from journal.medication.fest import BrokenCatalogue
from journal.medication.service.catalogue import words
from journal.platform.settings import Settings
from tests.conftest import Browser, World

WorkOf = Callable[..., Any]


def a_file() -> io.BytesIO:
    out = io.BytesIO()
    mini_fest.write(out)
    out.seek(0)
    return out


@pytest.fixture(scope="module")
def engine(app: JournalApp, settings: Settings) -> Iterator[sa.Engine]:
    """The migrator's, with the catalogue in place."""
    made = sa.create_engine(settings.migrator_url)
    with made.begin() as connection:
        import_catalogue(connection, a_file())
    yield made
    made.dispose()


def active(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text("SELECT count(*) FROM medication.catalogue_item WHERE active")).scalar_one())


def found(world: World, work_of: WorkOf, text: str, **more: Any) -> Any:
    with work_of(world.lars) as work:
        return Medication(work).search_catalogue(text, **more)


def test_words_are_folded_the_same_when_stored_and_when_sought() -> None:
    assert words("Paracet TAB 500 mg") == ["paracet", "500", "tab", "mg"]
    assert words("2.5 mg") == words("2,5 MG")
    assert words(" ,;% ") == []


def test_the_start_of_a_generic_name_finds_it_and_every_word_narrows(
    world: World, work_of: WorkOf, engine: sa.Engine
) -> None:
    hits = found(world, work_of, "metop")
    narrowed = found(world, work_of, "metop 50")

    assert hits.hits
    assert {hit.medicine.generic_name.lower() for hit in hits.hits} == {"metoprolol"}
    assert narrowed.hits
    assert all("50" in hit.name for hit in narrowed.hits)
    assert len(narrowed.hits) < len(found(world, work_of, "metop", everything=True).hits)


def test_the_middle_of_a_word_finds_nothing(world: World, work_of: WorkOf, engine: sa.Engine) -> None:
    assert found(world, work_of, "etoprolol").hits == ()
    assert found(world, work_of, "").hits == ()


def test_the_list_is_short_and_says_when_there_is_more(world: World, work_of: WorkOf, engine: sa.Engine) -> None:
    short, whole = found(world, work_of, "mg"), found(world, work_of, "mg", everything=True)

    assert (len(short.hits), short.more) == (10, True)
    assert len(whole.hits) > 10


def test_a_hit_knows_what_one_unit_holds_and_which_unit_the_hand_gives(
    world: World, work_of: WorkOf, engine: sa.Engine
) -> None:
    hit = found(world, work_of, "metop 50").hits[0]

    assert (hit.dose_unit, hit.strength_value, hit.strength_unit) == ("tablett", 50, "mg")


def test_insulin_is_high_risk_and_time_critical(world: World, work_of: WorkOf, engine: sa.Engine) -> None:
    hits = found(world, work_of, "insulin", everything=True).hits

    assert hits
    assert all(hit.medicine.high_risk and hit.medicine.time_critical for hit in hits)


def test_the_same_file_again_changes_nothing(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        before = active(connection)
        again = import_catalogue(connection, a_file())
        assert (again.withdrawn, active(connection)) == (0, before)
        connection.rollback()


def test_a_truncated_file_leaves_the_old_set(engine: sa.Engine) -> None:
    whole = a_file().getvalue()
    with engine.connect() as connection:
        before = active(connection)
        with pytest.raises(BrokenCatalogue):
            import_catalogue(connection, io.BytesIO(whole[: len(whole) // 2]))
        assert active(connection) == before
        connection.rollback()


def test_what_is_not_in_the_file_any_more_is_withdrawn_and_kept(engine: sa.Engine) -> None:
    empty = io.BytesIO(
        b'<FEST xmlns="http://www.kith.no/xmlstds/eresept/m30/2014-12-01"><HentetDato>2026-11-01T06:00:00</HentetDato></FEST>'
    )
    with engine.connect() as connection:
        before = active(connection)
        led_to = import_catalogue(connection, empty)
        kept = connection.execute(
            sa.text("SELECT count(*) FROM medication.catalogue_item WHERE withdrawn_at IS NOT NULL")
        ).scalar_one()
        assert (led_to.active, led_to.withdrawn, active(connection), kept) == (0, before, 0, before)
        connection.rollback()


def test_a_doctor_searches_chooses_and_signs(
    world: World, work_of: WorkOf, client_for: Callable[..., Browser], engine: sa.Engine
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
