"""A patient moves between wards of her municipality: stay, ground, list, round and doses; and stays that never were."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.medication import Medication
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, NotFound
from journal.platform.ids import new_id
from tests import factories
from tests.care.helpers import admitted, relationships
from tests.medication.test_sign import order


def on_round(work_of: Any, who: Any) -> dict[UUID, int]:
    """The patients of somebody's round, with the doses of the day."""
    with work_of(who) as work:
        rows = Medication(work).worklist(start=work.now - timedelta(hours=12), end=work.now + timedelta(hours=12))
    return {row.patient_id: row.total for row in rows}


def stay_of(world: Any, work_of: Any, kari: UUID) -> Any:
    with work_of(world.mona) as work:
        return Care(work).whereabouts([kari])[kari].stay


def test_a_transfer_ends_one_stay_and_begins_the_next_of_the_same_kind(world: Any, work_of: Any, migrator: Any) -> None:
    kari = world.patient(related=False)
    with work_of(world.nina) as work:
        expected = work.now + timedelta(days=9)
        Care(work).admit(
            kari, world.ward["id"], kind="short_term", valid_from=work.now - timedelta(days=2), expected_until=expected
        )
    with work_of(world.nina) as work:
        moved = work.now - timedelta(hours=1)
        Care(work).transfer(kari, world.other_ward["id"], room="301", at=moved)
    with work_of(world.mona) as work:
        new, old = Care(work).stays(kari)
    assert (new.ward_name, new.room, new.kind, new.valid_from, new.expected_until) == (
        "Avdeling 3",
        "301",
        "short_term",
        moved,
        expected,
    )
    assert (old.ward_name, old.valid_until, old.ended_by_name) == ("Avdeling 2", moved, "Nina Nordli")
    by_id = {r["id"]: r for r in relationships(migrator, kari)}
    left, begun = by_id[old.relationship_id], by_id[new.relationship_id]
    assert (left["valid_until"], left["grace_until"]) == (moved, moved + timedelta(hours=12))
    assert (begun["unit_id"], begun["valid_from"], begun["room"], begun["ground"]) == (
        world.other_ward["id"],
        moved,
        "301",
        "stay",
    )


def test_the_doses_follow_to_the_new_wards_list_and_round_and_leave_the_old_ones(
    world: Any, work_of: Any, client_for: Any
) -> None:
    kari = world.patient(related=False)
    with work_of(world.nina) as work:
        Care(work).admit(kari, world.ward["id"])
    # After she came: what she had before waits at the door.
    order(world, work_of, kari)
    doses = on_round(work_of, world.nina)[kari]
    assert doses > 1 and kari not in on_round(work_of, world.unn)
    with work_of(world.nina) as work:
        Care(work).transfer(kari, world.other_ward["id"], room="301")
    assert kari not in on_round(work_of, world.nina) and on_round(work_of, world.unn)[kari] == doses
    nina, unn = client_for(world.nina), client_for(world.unn)
    for page in ("/my-list", "/round"):
        assert str(kari) not in nina.get(page).text and str(kari) in unn.get(page).text, page
    assert nina.get(f"/patients/{kari}").status_code == 200, "the days of grace"
    with work_of(world.unn) as work:
        due, *_more = Medication(work).doses_due(
            [kari], start=work.now - timedelta(hours=12), end=work.now + timedelta(hours=12)
        )[kari]
        Medication(work).sign_given(kari, due.id, request_version=due.version)


def test_the_new_ward_cannot_fetch_her_by_itself(world: Any, work_of: Any, client_for: Any) -> None:
    kari = admitted(world, work_of)
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Care(work).transfer(kari, world.other_ward["id"])
    assert client_for(world.unn).get(f"/patients/{kari}/stay/transfer").status_code == 403
    with pytest.raises(Denied), work_of(world.siri) as work:
        Care(work).transfer(kari, world.other_ward["id"])


@pytest.mark.parametrize("where", ["ward", "home", "bodo_ward"])
def test_she_moves_to_another_ward_of_the_municipality_and_nowhere_else(world: Any, work_of: Any, where: str) -> None:
    kari = admitted(world, work_of)
    with pytest.raises(Invalid) as refusal, work_of(world.nina) as work:
        Care(work).transfer(kari, getattr(world, where)["id"])
    assert set(refusal.value.errors) == {"unit_id"}
    assert stay_of(world, work_of, kari).ward_name == "Avdeling 2"


def test_a_transfer_is_not_before_the_stay_or_tomorrow(world: Any, work_of: Any) -> None:
    kari = admitted(world, work_of)
    for away in (timedelta(days=-3), timedelta(days=1)):
        with pytest.raises(Invalid) as refusal, work_of(world.nina) as work:
            Care(work).transfer(kari, world.other_ward["id"], at=work.now + away)
        assert set(refusal.value.errors) == {"at"}


def test_who_is_away_or_lives_nowhere_is_not_moved(world: Any, work_of: Any) -> None:
    kari, ola = admitted(world, work_of), world.patient()
    with work_of(world.siri) as work:
        Care(work).leave(kari, kind="hospital")
    with pytest.raises(Conflict, match="borte"), work_of(world.nina) as work:
        Care(work).transfer(kari, world.other_ward["id"])
    with pytest.raises(Conflict, match="ikke noe opphold"), work_of(world.nina) as work:
        Care(work).transfer(ola, world.other_ward["id"])


def test_two_who_move_her_at_once_move_her_once(world: Any, work_of: Any) -> None:
    kari = admitted(world, work_of)

    def attempt(who: Any) -> str:
        try:
            with work_of(who) as work:
                Care(work).transfer(kari, world.other_ward["id"])
        except (Conflict, Invalid):
            return "refused"
        return "moved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, (world.nina, world.lars))) == ["moved", "refused"]


def test_the_stay_of_another_municipality_is_not_ours_to_move_or_mark(world: Any, work_of: Any) -> None:
    kari = admitted(world, work_of)
    stay = stay_of(world, work_of, kari)
    factories.care_relationship(
        world.builder, kari, world.bodil, world.bodo_ward, since=datetime.now(UTC) - timedelta(days=1)
    )
    world.store()
    for attempt in (
        lambda care: care.transfer(kari, world.bodo_ward["id"]),
        lambda care: care.mark_stay_in_error(kari, stay.id, "x"),
    ):
        with pytest.raises(Denied, match="En annen kommune"), work_of(world.bodil) as work:
            attempt(Care(work))


def test_a_stay_in_error_takes_its_absences_and_its_ground_with_it(world: Any, work_of: Any, migrator: Any) -> None:
    kari = admitted(world, work_of)
    stay = stay_of(world, work_of, kari)
    with work_of(world.siri) as work:
        Care(work).leave(kari, place="Datteren")
    with work_of(world.nina) as work:
        Care(work).mark_stay_in_error(kari, stay.id, "Feil pasient")
    with work_of(world.nina) as work:
        assert Care(work).whereabouts([kari])[kari].stay is None
        stays = Care(work).stays(kari)
    assert [(one.in_error, one.in_error_reason) for one in stays] == [(True, "Feil pasient")] * 2
    ended = next(r for r in relationships(migrator, kari) if r["id"] == stay.relationship_id)
    assert ended["grace_until"] - ended["valid_until"] == timedelta(hours=12)
    assert kari not in on_round(work_of, world.nina)
    with pytest.raises(Conflict, match="alt merket"), work_of(world.nina) as work:
        Care(work).mark_stay_in_error(kari, stay.id, "igjen")
    with work_of(world.nina) as work:
        Care(work).admit(kari, world.ward["id"])


def test_an_absence_in_error_brings_her_back(world: Any, work_of: Any, migrator: Any) -> None:
    kari = admitted(world, work_of)
    with work_of(world.siri) as work:
        absence = Care(work).leave(kari)
    with work_of(world.nina) as work:
        Care(work).mark_stay_in_error(kari, absence, "Det var naboen som dro")
    with work_of(world.nina) as work:
        where = Care(work).whereabouts([kari])[kari]
    assert where.stay is not None and where.absence is None
    row = next(r for r in relationships(migrator, kari) if r["id"] == where.stay.relationship_id)
    assert (row["away_from"], row["away_until"], row["valid_until"]) == (None, None, None)


def test_a_stay_that_nobody_has_is_not_marked(world: Any, work_of: Any) -> None:
    kari = admitted(world, work_of)
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Care(work).mark_stay_in_error(kari, new_id(), "x")


def test_the_page_says_what_a_move_does_and_moves(world: Any, work_of: Any, client_for: Any) -> None:
    kari, nina = admitted(world, work_of), client_for(world.nina)
    address = f"/patients/{kari}/stay"
    assert f"{address}/transfer" in nina.get(address).text
    page = nina.get(f"{address}/transfer").text
    assert "Solbakken sykehjem · Avdeling 3" in page and "Solbakken sykehjem · Avdeling 2" not in page
    assert "Doser som ikke er signert, og åpne oppgaver følger med." in page
    form = {"unit_id": str(world.other_ward["id"]), "room": "301", "at": "i kveld"}
    refused = nina.act(f"{address}/transfer", form)
    assert refused.status_code == 422 and 'value="301"' in refused.text and 'value="i kveld"' in refused.text
    assert nina.act(f"{address}/transfer", form | {"at": ""}).headers["Location"] == address
    moved = nina.get(address).text
    assert "<b>Avdeling 3</b>, rom 301" in moved
    assert nina.act(f"{address}/transfer", form | {"unit_id": ""}).status_code == 422
    stay = stay_of(world, work_of, kari)
    assert nina.act(f"{address}/{stay.id}/in-error", {"reason": ""}).status_code == 422
    assert nina.act(f"{address}/{stay.id}/in-error", {"reason": "Ble ikke noe av"}).status_code == 303
    assert "Feilført: Ble ikke noe av" in nina.get(address).text
