"""What the patient has closed is opened on weighty grounds: proved anew, for a while, logged, told to her and looked over."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.access import AskedToClose, Restrictions
from journal.access.justified import Justifying
from journal.access.justified_rules import Reason
from journal.access.reviewing import Reviews
from journal.notes import Notes
from journal.notes.service import Text
from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, NoGround, NotLet, Withheld
from journal.platform.ids import new_id
from tests.access.test_justified import justify
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
Log = Callable[[UUID], list[Any]]
Migrator = psycopg.Connection[Any]
CANARY = "Kanarifugl i notatet"


@pytest.fixture
def kari(world: World, work_of: WorkOf) -> UUID:
    """In Nina's ward, with a note."""
    patient_id = world.patient(family_name="Kanarisen")
    with work_of(world.siri) as work:
        Notes(work).sign(patient_id, new_id(), Text("general", CANARY))
    return patient_id


def close(world: World, work_of: WorkOf, patient_id: UUID, part: str = "notes", **against: UUID) -> None:
    """To Nina by name unless said otherwise."""
    with work_of(world.lars) as work:
        asked = AskedToClose(
            part, "Pasienten", work.now.date(), **(against or {"person_id": world.nina.actor.person_id})
        )
        Restrictions(work).register(patient_id, asked)


def weigh(work_of: WorkOf, by: Staff, patient_id: UUID, reason: Reason) -> None:
    with work_of(by) as work:
        Justifying(work).open_closed(patient_id, reason)


def reads_notes(work_of: WorkOf, by: Staff, patient_id: UUID) -> bool:
    try:
        with work_of(by) as work:
            return bool(Notes(work).recent(patient_id))
    except Withheld:
        return False


def test_it_is_opened_logged_with_the_reason_told_and_looked_over(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, access_log: Log, kari: UUID
) -> None:
    close(world, work_of, kari, unit_id=world.ward["id"])
    nina = client_for(world.nina)
    front, refused = nina.get(f"/patients/{kari}").text, nina.get(f"/patients/{kari}/notes")
    assert refused.status_code == 403 and f"/patients/{kari}/closed" in front and f"{kari}/closed" in refused.text
    shown = nina.get(f"/patients/{kari}/closed").text
    assert 'value="closed-life"' in shown and 'value="closed-harm"' in shown and CANARY not in shown

    assert nina.act(f"/patients/{kari}/closed", {"reason": "closed-harm"}).status_code == 303

    assert CANARY in nina.get(f"/patients/{kari}/notes").text
    line = access_log(kari)[-1]
    assert (line.ground, line.purpose, line.decision_ref["id"]) == ("weighty", "BTG", "closed-harm")
    assert migrator.execute("SELECT count(*) FROM access.notice WHERE patient_id = %s", (kari,)).fetchone() == (1,)
    with work_of(world.mona) as work:
        (one,) = Reviews(work).queue()
    assert (one.reason, one.waits, one.patient_id, dict(one.kinds)["notes"]) == (Reason.CLOSED_HARM, True, kari, 1)
    assert not reads_notes(work_of, world.siri, kari), "it is hers alone"


def test_it_asks_for_fresh_proof(world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    close(world, work_of, kari)
    migrator.execute(
        "UPDATE access.session SET proved_at = now() - interval '20 minutes' WHERE id = %s", (nina.session_id,)
    )

    assert nina.act(f"/patients/{kari}/closed", {"reason": "closed-life"}).status_code == 403
    assert not migrator.execute("SELECT FROM access.justified_access WHERE patient_id = %s", (kari,)).fetchall()


def test_what_is_closed_by_name_is_opened_where_life_is_in_danger_alone(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID
) -> None:
    close(world, work_of, kari)
    assert 'value="closed-harm"' not in client_for(world.nina).get(f"/patients/{kari}/closed").text
    with pytest.raises(Denied, match="ved navn"):
        weigh(work_of, world.nina, kari, Reason.CLOSED_HARM)
    # Nor together with what is closed to the unit: the database keeps each by itself.
    close(world, work_of, kari, unit_id=world.ward["id"])
    weigh(work_of, world.nina, kari, Reason.CLOSED_HARM)
    assert not reads_notes(work_of, world.nina, kari)

    weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)

    assert reads_notes(work_of, world.nina, kari)


def test_it_ends_by_itself_and_by_a_tap(world: World, work_of: WorkOf, migrator: Migrator, kari: UUID) -> None:
    close(world, work_of, kari)
    weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)
    with work_of(world.nina) as work:
        Justifying(work).end(kari)
    assert not reads_notes(work_of, world.nina, kari)
    weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)
    assert reads_notes(work_of, world.nina, kari)
    migrator.execute(
        "UPDATE access.care_relationship SET valid_from = valid_from - interval '5 hours',"
        " valid_until = valid_until - interval '5 hours' WHERE patient_id = %s AND ground = 'weighty'",
        (kari,),
    )
    assert not reads_notes(work_of, world.nina, kari)


def test_whoever_opened_it_does_not_lift_it(world: World, work_of: WorkOf, kari: UUID) -> None:
    close(world, work_of, kari)
    weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)

    with pytest.raises(NotLet), work_of(world.nina) as work:
        work.open(Permission.ACCESS_RESTRICT, [kari])


def test_it_opens_nothing_for_whoever_has_no_ground_or_is_shut_out_of_the_whole(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    with pytest.raises(NoGround):
        weigh(work_of, world.unn, kari, Reason.CLOSED_LIFE)
    with pytest.raises(NotLet):
        justify(work_of, world.unn, kari, Reason.CLOSED_LIFE)
    with pytest.raises(Conflict):
        weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)
    close(world, work_of, kari, "notes")
    weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)
    close(world, work_of, kari, "*")
    with pytest.raises(NoGround), work_of(world.nina) as work:
        Notes(work).recent(kari)


def test_a_ground_without_what_is_looked_over_opens_nothing(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID
) -> None:
    """Whoever could write a relationship of her own would open it unseen."""
    close(world, work_of, kari)
    nina = world.nina.actor.person_id
    migrator.execute(
        "INSERT INTO access.care_relationship (patient_id, id, municipality_id, recorded_by, recorded_by_name, recorded_role,"
        " practitioner_id, ground, decision_ref, valid_from, valid_until) VALUES (%s, %s, %s, %s, 'Nina', 'nurse', %s, 'weighty',"
        " '{\"id\": \"closed-life\"}', now(), now() + interval '1 hour')",
        (kari, new_id(), world.oslo["id"], nina, nina),
    )

    assert not reads_notes(work_of, world.nina, kari)


def test_lists_show_it_as_long_as_the_chart_does(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    close(world, work_of, kari, "medication")
    nina = client_for(world.nina)
    assert "Noe er sperret for deg" in nina.get("/my-list").text
    weigh(work_of, world.nina, kari, Reason.CLOSED_LIFE)

    assert "Noe er sperret for deg" not in nina.get("/my-list").text
