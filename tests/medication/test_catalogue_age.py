"""How old the catalogue is: said where one prescribes, by the municipality's own limit, at the terminal and to who watches."""

import io
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journal import cli, metrics
from journal.app import JournalApp
from journal.medication import Medication, import_catalogue, mini_fest
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Conflict, Denied
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication.test_fest import m30

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]
NOW = datetime.now(UTC)


def fetched(days_ago: int) -> io.BytesIO:
    """The small catalogue, taken from FEST so long ago."""
    out = io.BytesIO()
    mini_fest.write(out, fetched=NOW - timedelta(days=days_ago))
    out.seek(0)
    return out


def day(days_ago: int) -> str:
    return norwegian_date(local_date(NOW - timedelta(days=days_ago)))


@pytest.fixture(scope="module")
def _old(app: JournalApp, settings: Settings) -> Iterator[None]:
    """A catalogue that is 31 days old."""
    import_catalogue(settings.migrator_url, fetched(31), replace=True)
    yield
    import_catalogue(settings.migrator_url, m30(), replace=True)


def page(world: World, client_for: ClientFor) -> str:
    return client_for(world.lars).get(f"/patients/{world.patient()}/medication/prescribe?q=metop").text


@pytest.mark.usefixtures("_old")
def test_the_page_says_which_catalogue_it_searches_and_when_it_is_too_old_what_to_do(
    world: World, client_for: ClientFor
) -> None:
    shown = page(world, client_for)

    assert f"Katalog fra FEST, hentet {day(31)}, sist sjekket {day(0)}" in shown
    assert f"Legemiddelkatalogen er fra {day(31)}." in shown and "Kommunen godtar at den er 30 dager gammel." in shown
    assert "be den som drifter journalen, om å hente en ny katalog" in shown


@pytest.mark.usefixtures("_old")
def test_a_municipality_chooses_for_itself_how_old_the_catalogue_may_be(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    tora = client_for(world.tora)
    assert tora.act("/municipality/medication/catalogue", {"version": "0", "most_days": "60"}).status_code == 303

    assert "om å hente en ny katalog" not in page(world, client_for)
    assert 'value="60"' in tora.get("/municipality/medication").text
    with work_of(world.tora) as work:
        medication = Medication(work)
        medication.choose_catalogue_age(20, version=1)
        assert (medication.catalogue_age().most_days, medication.catalogue_age().version) == (20, 2)
        assert medication.catalogue_age().chosen_by == "Tora Tveit"
    with work_of(world.bodil) as work:
        assert Medication(work).catalogue_version().most_days == 30


def test_of_two_who_choose_at_once_the_second_is_told(world: World, work_of: WorkOf, client_for: ClientFor) -> None:
    with work_of(world.tora) as work:
        Medication(work).choose_catalogue_age(45, version=0)
    with work_of(world.tora) as work, pytest.raises(Conflict):
        Medication(work).choose_catalogue_age(60, version=0)

    answer = client_for(world.tora).act("/municipality/medication/catalogue", {"version": "0", "most_days": "60"})
    assert (answer.status_code, "En annen har endret innstillingene" in answer.text) == (409, True)


@pytest.mark.parametrize("days", ["0", "366", "ti", "", "1.5"])
def test_what_is_no_number_of_days_is_kept_and_said(world: World, client_for: ClientFor, days: str) -> None:
    answer = client_for(world.tora).act("/municipality/medication/catalogue", {"version": "0", "most_days": days})

    assert answer.status_code == 422
    assert f'value="{days}"' in answer.text or not days


def test_only_the_administrator_chooses(world: World, work_of: WorkOf) -> None:
    with work_of(world.lars) as work, pytest.raises(Denied):
        Medication(work).choose_catalogue_age(60, version=0)


@pytest.mark.usefixtures("_old")
def test_a_catalogue_that_does_not_say_its_age_is_old(
    world: World, client_for: ClientFor, migrator: psycopg.Connection[Any]
) -> None:
    migrator.execute(
        """INSERT INTO medication.catalogue_import (id, source_hash, active_count, withdrawn_count)
           VALUES (gen_random_uuid(), 'from the version before', 1, 0)"""
    )
    try:
        assert "Vi vet ikke hvor gammel legemiddelkatalogen er." in page(world, client_for)
    finally:
        migrator.execute("DELETE FROM medication.catalogue_import WHERE source_hash = 'from the version before'")


@pytest.mark.usefixtures("_old")
def test_who_watches_sees_its_age(app: JournalApp) -> None:
    found = metrics.Background(app.works.sessions).collect()
    age = {sample.name: sample.value for family in found for sample in family.samples}["akson_catalogue_age_seconds"]

    assert 31 * 86400 - 60 <= age < 31 * 86400 + 3600


@pytest.mark.usefixtures("_old")
def test_what_the_catalogue_says_of_the_chosen_medicine_is_shown(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    with work_of(world.lars) as work:
        (hit, *_) = Medication(work).search_catalogue("methotrexate orion").hits

    shown = client_for(world.lars).get(f"/patients/{world.patient()}/medication/prescribe?item={hit.id}").text

    assert "Skal ikke knuses" in shown
    assert "Sikkerhetsinformasjon: Tas én gang i uken, aldri hver dag" in shown


@pytest.fixture
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {name: secrets.token_hex(32) for name in ("AKSON_SECRET_KEY", "AKSON_MAC_KEY")}
    urls = {"AKSON_DATABASE_URL": settings.database_url, "AKSON_MIGRATOR_URL": settings.migrator_url}
    told = {"AKSON_ENVIRONMENT": "test", "AKSON_PUBLIC_URL": settings.public_url, "AKSON_ALLOW_SYNTHETIC_IDS": "1"}
    for name, text in {**keys, **urls, **told}.items():
        monkeypatch.setenv(name, text)


@pytest.mark.usefixtures("_old", "installation")
def test_the_command_says_how_far_it_has_come_what_it_led_to_and_what_was_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fest.xml"
    file.write_bytes(fetched(3).getvalue())
    command = ["import", "fest", str(file)]

    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "Leser filen: 50 %, 0 oppføringer" in said and "Leser filen: 100 %" in said
    assert f"Tar katalogen i bruk …\nKatalogen fra FEST, hentet {day(3)}, er tatt i bruk." in said
    assert f"{len(mini_fest.interactions())} interaksjoner." in said

    assert cli.main(command) == 0
    assert "fra den samme filen" in capsys.readouterr().out

    file.write_bytes(fetched(2).getvalue()[:-9])
    assert cli.main(command) == 2
    assert "Filen er ikke hel" in capsys.readouterr().err
