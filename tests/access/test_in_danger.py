"""Whose life is in danger is found by her number and opened, also where she has closed the whole record to who asks."""

from uuid import UUID

import pytest

from journal.access.justified_rules import Reason
from journal.access.reviewing import Reviews
from journal.permissions import Permission
from journal.platform.errors import NoGround, NotLet
from tests.access.test_weighty_grounds import CANARY, ClientFor, Log, Migrator, WorkOf, close, kari, reads_notes, weigh
from tests.architecture.charts import national_id
from tests.conftest import World

__all__ = ["kari"]


@pytest.fixture
def number(migrator: Migrator, kari: UUID) -> str:
    found = migrator.execute("SELECT value FROM patients.identifier WHERE patient_id = %s", (kari,)).fetchone()
    assert found is not None
    return str(found[0])


def test_the_whole_record_is_opened_for_a_while_logged_told_and_looked_over(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, access_log: Log, kari: UUID, number: str
) -> None:
    close(world, work_of, kari, "*")
    nina = client_for(world.nina)
    assert number not in nina.act("/search", {"text": number}).text.split('id="hits"')[1]
    assert nina.get(f"/patients/{kari}").status_code == 403 and f"{kari}" not in nina.get("/my-list").text

    opened = nina.act("/danger", {"text": number})

    assert (opened.status_code, opened.headers["Location"]) == (303, f"/patients/{kari}")
    assert CANARY in nina.get(f"/patients/{kari}/notes").text and f"{kari}" in nina.get("/my-list").text
    line = access_log(kari)[-1]
    assert (line.ground, line.purpose, line.decision_ref["id"]) == ("weighty", "BTG", "closed-all")
    assert [row.action for row in access_log(kari) if row.action.startswith("access:")] == [
        "access:restrict",
        "access:rescue",
    ]
    assert migrator.execute("SELECT count(*) FROM access.notice WHERE patient_id = %s", (kari,)).fetchone() == (1,)
    with work_of(world.mona) as work:
        (one,) = Reviews(work).queue()
    assert (one.reason, one.waits, one.patient_id) == (Reason.CLOSED_ALL, True, kari)
    with pytest.raises(NotLet), work_of(world.nina) as work:
        work.open(Permission.ACCESS_RESTRICT, [kari])


def test_it_ends_by_itself(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID, number: str
) -> None:
    close(world, work_of, kari, "*")
    nina = client_for(world.nina)
    nina.act("/danger", {"text": number})
    earlier = "valid_from = valid_from - interval '5 hours', valid_until = valid_until - interval '5 hours'"
    migrator.execute(
        f"UPDATE access.care_relationship SET {earlier} WHERE patient_id = %s AND ground = 'weighty'", (kari,)
    )

    assert nina.get(f"/patients/{kari}").status_code == 403


def test_of_a_part_it_opens_nothing_of_the_whole(world: World, work_of: WorkOf, kari: UUID) -> None:
    """Who opened a part because life was in danger is shut out when all is closed to her afterwards."""
    close(world, work_of, kari, "notes")
    weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)
    assert reads_notes(work_of, world.nina, kari)
    close(world, work_of, kari, "*")

    with pytest.raises(NoGround):
        reads_notes(work_of, world.nina, kari)


def test_whoever_is_not_shut_out_opens_as_in_any_emergency(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID, number: str
) -> None:
    unn = client_for(world.unn)

    assert unn.act("/danger", {"text": number}).status_code == 303

    assert CANARY in unn.get(f"/patients/{kari}/notes").text
    with work_of(world.mona) as work:
        assert [one.reason for one in Reviews(work).queue()] in ([], [Reason.EMERGENCY])


@pytest.mark.parametrize(("typed", "said"), [("Kari Nordmann", "11 siffer"), ("12345678901", "nummer")])
def test_what_is_nobodys_number_opens_nothing_and_stays_in_the_form(
    world: World, client_for: ClientFor, typed: str, said: str
) -> None:
    answer = client_for(world.nina).act("/danger", {"text": typed})

    assert answer.status_code == 422 and said in answer.text and typed in answer.text


def test_that_somebody_said_so_is_logged_also_where_there_is_nobody(
    world: World, client_for: ClientFor, migrator: Migrator
) -> None:
    answer = client_for(world.nina).act("/danger", {"text": national_id()})

    assert answer.status_code == 422 and "Vi fant ingen" in answer.text
    said = (
        "SELECT count(*) FROM audit.access_log WHERE action = 'access:rescue' AND actor_id = %s AND patient_id IS NULL"
    )
    assert migrator.execute(said, (world.nina.actor.person_id,)).fetchone() == (1,)


def test_it_asks_for_fresh_proof(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID, number: str
) -> None:
    nina = client_for(world.nina)
    migrator.execute(
        "UPDATE access.session SET proved_at = now() - interval '20 minutes' WHERE id = %s", (nina.session_id,)
    )

    assert nina.act("/danger", {"text": number}).status_code == 403
    assert not migrator.execute("SELECT FROM access.justified_access WHERE patient_id = %s", (kari,)).fetchall()
