"""Who is at work, in one tap and never a condition; and a visit that a colleague of a neighbouring unit takes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.access.at_work import AtWork, Visit
from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, NoGround
from journal.platform.ids import new_id
from tests import factories
from tests.architecture.charts import store
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@dataclass
class Zones:
    """Two neighbouring zones of home care with a nurse each, and a patient of the first with a dose that is due now."""

    east: dict[str, Any]
    west: dict[str, Any]
    eva: Staff
    vera: Staff
    kari: UUID


@pytest.fixture
def zones(world: World) -> Zones:
    b = world.builder
    service = factories.unit(b, world.oslo, "Hjemmetjenesten", "home_care")
    east, west = (factories.unit(b, world.oslo, name, "district", service) for name in ("Sone Øst", "Sone Vest"))
    eva, vera = (
        factories.staff(b, world.oslo, at, name, "nurse") for at, name in ((east, "Eva Øst"), (west, "Vera Vest"))
    )
    kari, _dose = factories.due_dose(world, related=False, family_name="Hemmelig", postal_code="0586")
    zones = Zones(east, west, eva, vera, kari)
    gives_service(world, zones, kari)
    return zones


def gives_service(world: World, zones: Zones, patient_id: UUID, **more: Any) -> None:
    since = datetime.now(UTC) - timedelta(days=9)
    factories.care_relationship(world.builder, patient_id, zones.eva, zones.east, ground="service", since=since, **more)
    world.store()


def seen(work_of: WorkOf, by: Staff) -> list[Visit]:
    with work_of(by) as work:
        return AtWork(work).visits_to_take()


def told(work_of: WorkOf, by: Staff) -> int:
    """How many visits of her unit she is told that others took."""
    with work_of(by) as work:
        return len(AtWork(work).visits_taken())


def take(work_of: WorkOf, by: Staff, visit: Visit) -> UUID:
    with work_of(by) as work:
        return AtWork(work).take_visit(visit.relationship_id)


def test_a_colleague_takes_the_visit_in_one_tap_and_may_read_the_chart(
    world: World, zones: Zones, work_of: WorkOf, client_for: ClientFor, access_log: Any, migrator: Any
) -> None:
    vera = client_for(zones.vera)
    page = vera.get("/at-work")
    assert "Sone Øst" in page.text and "0586" in page.text
    assert "Hemmelig" not in page.text and str(zones.kari) not in page.text and access_log(zones.kari) == []
    assert vera.get(f"/patients/{zones.kari}").status_code == 403

    (visit,) = seen(work_of, zones.vera)
    answer = vera.act(f"/at-work/visits/{visit.relationship_id}/take")

    assert answer.headers["Location"] == f"/patients/{zones.kari}"
    chart = vera.get(answer.headers["Location"])
    assert chart.status_code == 200 and "pasienten står på ruten din" in chart.text
    row = access_log(zones.kari)[-1]
    assert (row.actor_name, row.ground, row.decision_ref["user_selected"]) == ("Vera Vest", "route", True)
    ends, grace = migrator.execute(
        "SELECT valid_until - now(), grace_until - valid_until FROM access.care_relationship WHERE ground = 'route'"
        " AND patient_id = %s",
        (zones.kari,),
    ).fetchone()
    assert timedelta(0) < ends <= timedelta(hours=26) and grace == timedelta(hours=12)
    assert "Vera Vest" in client_for(zones.eva).get("/at-work").text, "the unit that owned it sees who took it"
    assert client_for(zones.eva).get(f"/patients/{zones.kari}").status_code == 200, "and keeps its own ground"


def test_it_is_taken_once_also_by_two_at_the_same_moment(
    zones: Zones, work_of: WorkOf, world: World, client_for: ClientFor
) -> None:
    also = factories.staff(world.builder, world.oslo, zones.west, "Vilde Vest", "nurse")
    world.store()
    (visit,) = seen(work_of, zones.vera)
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with ThreadPoolExecutor(1) as pool:
        with work_of(zones.vera) as work:
            AtWork(work).take_visit(visit.relationship_id)
            second = pool.submit(take, work_of, also, visit)
            while not second.done() and world.migrator.execute(waits).fetchone() == (0,):
                pass
        with pytest.raises(Conflict):
            second.result()
    assert seen(work_of, also) == []
    late = client_for(also).act(f"/at-work/visits/{visit.relationship_id}/take")
    assert late.status_code == 409 and "alt tatt eller gjort" in late.text


# What keeps a visit off the list, in the chart of the patient it is about.
_OFF = {
    "protected": "UPDATE patients.patient SET confidentiality = 'confidential' WHERE patient_id = :p",
    "dead": "UPDATE patients.patient SET died_at = now() WHERE patient_id = :p",
    "away": "UPDATE access.care_relationship SET away_from = now() - interval '1 hour' WHERE patient_id = :p",
    "ended": "UPDATE access.care_relationship SET valid_until = now() WHERE patient_id = :p",
    "not due": "UPDATE medication.dose SET state = 'cancelled' WHERE patient_id = :p",
}


def test_a_visit_that_is_not_to_be_taken_is_on_no_list(world: World, zones: Zones, work_of: WorkOf) -> None:
    (visit,) = seen(work_of, zones.vera)
    for why in (*_OFF, "closed to her", "closed to everyone"):
        patient_id, _dose = factories.due_dose(world, related=False)
        gives_service(world, zones, patient_id)
        other = next(one for one in seen(work_of, zones.vera) if one != visit)
        if why in _OFF:
            with work_of(zones.eva) as work:
                work.open(Permission.CHART_READ, [patient_id])
                changed: Any = work.db.execute(sa.text(_OFF[why]), {"p": patient_id})
                assert changed.rowcount == 1
        else:
            hers = why == "closed to her"
            against = {"against_person_id": zones.vera.actor.person_id} if hers else {"against_everyone": True}
            against |= {"category": "notes", "decided_by": "pasienten"}
            store(
                world.migrator,
                "access.restriction",
                patient_id=patient_id,
                id=new_id(),
                **zones.eva.stamp,
                **against,
                valid_from=datetime.now(UTC) - timedelta(days=1),
            )
        assert seen(work_of, zones.vera) == [visit], why
        with pytest.raises(Conflict):
            take(work_of, zones.vera, other)
    assert seen(work_of, zones.eva) == [], "her own unit's are on her list"
    assert seen(work_of, world.bodil) == [], "and another municipality's are not hers to take"
    with pytest.raises(Conflict):
        take(work_of, world.bodil, visit)


def test_a_visit_of_whom_it_is_closed_to_is_told_on_none_of_her_records(
    world: World, zones: Zones, work_of: WorkOf, migrator: Any
) -> None:
    (visit,) = seen(work_of, zones.vera)
    other, since = world.patient(by=zones.eva), datetime.now(UTC) - timedelta(days=1)
    linked = {"linked_patient_id": other, "reason": "Samme person", "valid_from": since}
    confirmed = {"confirmed_at": since, "confirmed_by": new_id(), "confirmed_by_name": "Siri"}
    store(migrator, "patients.link", patient_id=zones.kari, id=new_id(), **zones.eva.stamp, **linked, **confirmed)
    take(work_of, zones.vera, visit)
    assert told(work_of, zones.eva) == 1 and seen(work_of, zones.vera) == []
    over = "UPDATE access.care_relationship SET valid_until = now() WHERE patient_id = %s AND ground = 'route'"
    migrator.execute(over, (zones.kari,))
    assert len(seen(work_of, zones.vera)) == 1

    for who in (zones.eva, zones.vera):
        against = {"against_person_id": who.actor.person_id, "category": "*", "decided_by": "pasienten"}
        store(
            migrator,
            "access.restriction",
            patient_id=other,
            id=new_id(),
            **zones.eva.stamp,
            **against,
            valid_from=since,
        )

    assert told(work_of, zones.eva) == 0 and seen(work_of, zones.vera) == []


def test_who_lives_in_a_ward_gets_no_visit(world: World, zones: Zones, work_of: WorkOf) -> None:
    in_ward, _dose = factories.due_dose(world)
    assert [one.area for one in seen(work_of, zones.vera)] == ["0586"], f"{in_ward} lives in a ward"


def test_who_gives_no_care_takes_no_visit(world: World, zones: Zones, work_of: WorkOf) -> None:
    for who in (world.mona, world.tora, world.rolf):
        with pytest.raises(Denied):
            seen(work_of, who)


def test_it_is_over_when_the_day_is(world: World, zones: Zones, work_of: WorkOf) -> None:
    (visit,) = seen(work_of, zones.vera)
    kari = take(work_of, zones.vera, visit)
    world.migrator.execute(
        "UPDATE access.care_relationship SET valid_from = valid_from - interval '3 days', valid_until = valid_until - interval"
        " '3 days', grace_until = grace_until - interval '3 days' WHERE ground = 'route' AND patient_id = %s",
        (kari,),
    )
    with pytest.raises(NoGround), work_of(zones.vera) as work:
        work.open(Permission.CHART_READ, [kari])
    assert len(seen(work_of, zones.vera)) == 1, "and tomorrow's visit can be taken anew"


def test_at_work_in_one_tap_and_in_one_place_at_a_time(world: World, client_for: ClientFor, work_of: WorkOf) -> None:
    nina = client_for(world.nina)
    assert "Begynn på jobb" in nina.get("/at-work").text
    for _twice in range(2):
        nina.act("/at-work/begin")
    page = client_for(world.siri).get("/at-work").text
    assert page.count("Nina Nordli") == 1 and "Ukjent" not in page
    with work_of(world.mona) as work:
        assert [one.name for one in AtWork(work).at_work()] == ["Nina Nordli"], "above the ward too"
    with work_of(world.unn) as work:
        assert AtWork(work).at_work() == [], "the other ward has nobody"
    nina.act("/at-work/end")
    assert "Nina Nordli</b> <span" not in client_for(world.siri).get("/at-work").text


def test_a_shift_that_nobody_ended_is_over_and_a_new_one_begins(world: World, work_of: WorkOf, migrator: Any) -> None:
    with work_of(world.nina) as work:
        AtWork(work).begin_work()
    migrator.execute(
        "UPDATE access.shift SET started_at = now() - interval '17 hours' WHERE practitioner_id = %s",
        (world.nina.actor.person_id,),
    )
    with work_of(world.nina) as work:
        at_work = AtWork(work)
        assert at_work.at_work() == []
        at_work.begin_work()
        assert [one.name for one in at_work.at_work()] == ["Nina Nordli"]


def test_whether_somebody_is_at_work_is_no_condition_for_reading(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    kari = world.patient()
    nina = client_for(world.nina)
    for act in ("begin", "end"):
        assert nina.get(f"/patients/{kari}").status_code == 200
        nina.act(f"/at-work/{act}")
    assert nina.get(f"/patients/{kari}").status_code == 200


def test_nobody_says_that_another_is_at_work(world: World, work_of: WorkOf, migrator: Any) -> None:
    with work_of(world.siri) as work:
        AtWork(work).begin_work()
    with work_of(world.nina) as work:
        touched: Any = work.db.execute(sa.text("UPDATE access.shift SET ended_at = now()"))
        assert touched.rowcount == 0
