"""The page that erases by decision: one leader proposes, another confirms, and what stood there is gone."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from journal.audit import RECORDS
from tests import factories
from tests.architecture.charts import Connection, Marked, marked_chart
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
DECISION = {"paragraph": "hpl. § 43", "decision": "Vedtak 7/26 av virksomhetens leder."}


@pytest.fixture
def second(world: World) -> Staff:
    """Another leader of the same home."""
    made = factories.staff(
        world.builder, world.oslo, world.home, "Berit Bakke", "unit_manager", below=(world.ward, world.other_ward)
    )
    world.store()
    return made


@pytest.fixture
def chart(world: World, migrator: Connection) -> Marked:
    """A patient of Nina's ward, with a row in every table."""
    return marked_chart(migrator, world.nina, ward_id=world.ward["id"])


def note_of(migrator: psycopg.Connection[Any], chart: Marked) -> Any:
    query = "SELECT id, body, erasure_id FROM notes.note WHERE patient_id = %s AND sensitive IS NULL ORDER BY version LIMIT 1"
    return migrator.execute(query, (chart.patient_id,)).fetchone()


def test_what_one_leader_proposes_another_erases(
    world: World, client_for: ClientFor, migrator: Connection, chart: Marked, second: Staff
) -> None:
    mona, berit = client_for(world.mona), client_for(second)
    url, row_id = f"/patients/{chart.patient_id}/erasures", note_of(migrator, chart)[0]

    listed = mona.get(f"{url}?table=notes.note").text
    assert f'value="{row_id}"' in listed and "Nina Nordli" in listed and chart.token not in listed.split("h-new")[1]
    assert mona.act(url, {"table": "notes.note", "row_id": row_id} | DECISION).status_code == 303
    hers, other = mona.get(url).text, berit.get(url).text
    assert "En annen leder må bekrefte det" in hers and "Bekreft og slett for godt" not in hers
    assert "Vedtak 7/26" in other and "Bekreft og slett for godt" in other
    (proposal_id,) = migrator.execute("SELECT id FROM audit.erasure_proposal WHERE row_id = %s", (row_id,)).fetchone()  # type: ignore[misc]
    assert mona.act(f"{url}/{proposal_id}/confirm").status_code == 403
    assert berit.act(f"{url}/{proposal_id}/confirm").status_code == 303

    _id, body, erasure_id = note_of(migrator, chart)
    assert (body, erasure_id is not None) == (None, True)
    after = berit.get(url).text
    assert "Ingenting venter" in after and "Slettet" in after
    assert berit.act(f"{url}/{proposal_id}/confirm").status_code == 409
    assert f'value="{row_id}"' not in mona.get(f"{url}?table=notes.note").text


def test_what_is_left_out_is_said_at_its_field_and_nothing_is_lost(
    world: World, client_for: ClientFor, migrator: Connection, chart: Marked
) -> None:
    mona, url = client_for(world.mona), f"/patients/{chart.patient_id}/erasures"
    before = migrator.execute("SELECT count(*) FROM audit.erasure_proposal").fetchall()

    refused = mona.act(url, {"table": "notes.note", "decision": DECISION["decision"]})

    assert refused.status_code == 422
    assert "Velg hva som skal slettes." in refused.text and "Vedtak 7/26" in refused.text
    assert migrator.execute("SELECT count(*) FROM audit.erasure_proposal").fetchall() == before
    assert client_for(world.nina).get(url).status_code == 403


def test_all_that_the_database_can_erase_by_itself_has_a_name_and_a_list(
    world: World, client_for: ClientFor, migrator: Connection, chart: Marked
) -> None:
    mona, url = client_for(world.mona), f"/patients/{chart.patient_id}/erasures"
    alone = migrator.execute("SELECT table_name FROM audit.erasable WHERE within IS NULL").fetchall()

    assert {row[0] for row in alone} == RECORDS.keys()
    assert all(mona.get(f"{url}?table={table}").status_code == 200 for table in RECORDS)
