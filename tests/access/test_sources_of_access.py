"""What feeds a municipality's grounds, how they end by themselves, the hours of grace, and the check that finds what is amiss."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal import cli, metrics, worker
from journal.access import Amiss, CareRelationships, Sources
from journal.access import grounds_rules as rules
from journal.care import Care
from journal.municipalities import Municipalities
from journal.permissions import Permission
from journal.platform.caller import Known
from journal.platform.db import connect
from journal.platform.errors import NoGround
from tests import factories
from tests.care.helpers import admitted, relationships
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


def entrusted(world: World, work_of: WorkOf, to: Staff, *, asked_by: Staff | None = None) -> UUID:
    """A patient with whom somebody has a task of her own."""
    patient_id = world.patient()
    with work_of(asked_by or world.nina) as work:
        CareRelationships(work).entrust(patient_id, to.actor.person_id, valid_from=work.now)
    return patient_id


def may_read(work_of: WorkOf, who: Staff, patient_id: UUID) -> bool:
    try:
        with work_of(who) as work:
            work.open(Permission.CHART_READ, [patient_id])
    except NoGround:
        return False
    return True


def amiss_in(world: World, work_of: WorkOf, by: Staff | None = None) -> list[Amiss]:
    with work_of(by or world.tora) as work:
        return Sources(work).amiss()


def end_role(world: World, work_of: WorkOf, of: Staff) -> None:
    with work_of(world.tora) as work:
        Municipalities(work).end_role(of.actor.role_id)


def change(work_of: WorkOf, by: Staff, patient_id: UUID, column: str, value: Any) -> None:
    """As whoever has the chart open would, so that the old value is kept."""
    with work_of(by) as work:
        work.open(Permission.PATIENTS_WRITE, [patient_id])
        work.db.execute(
            sa.text(f"UPDATE patients.patient SET {column} = :v WHERE patient_id = :p"), {"v": value, "p": patient_id}
        )


def nightly(app: Any) -> int:
    """Of the whole database, which other tests use too: what is counted is looked at by municipality."""
    with app.works.open(Known(worker.SYSTEM)) as work:
        return Sources(work).end_and_check()


def test_a_leaver_has_an_open_ground_until_the_worker_ends_it(world: World, work_of: WorkOf, app: Any) -> None:
    kari = entrusted(world, work_of, world.unn)
    assert may_read(work_of, world.unn, kari) and amiss_in(world, work_of) == []

    end_role(world, work_of, world.unn)
    (found,) = amiss_in(world, work_of)
    assert (found.kind, found.ground, found.patient_id) == ("left", "task", None), "an administrator sees no patient"
    assert str(found.text).startswith("Ukjent Unn har sluttet")

    nightly(app)
    assert amiss_in(world, work_of) == []
    assert not may_read(work_of, world.unn, kari), "without a minute of grace"


def test_who_leaves_one_employment_and_keeps_another_keeps_her_task(
    world: World, work_of: WorkOf, app: Any, migrator: Any
) -> None:
    kari = entrusted(world, work_of, world.unn)
    again = Staff(replace(world.unn.actor, role_id=UUID(int=world.unn.actor.role_id.int + 1)))
    migrator.execute(
        "INSERT INTO municipalities.practitioner_role (municipality_id, id, practitioner_id, unit_id, role)"
        " SELECT municipality_id, %s, practitioner_id, unit_id, role FROM municipalities.practitioner_role WHERE id = %s",
        (again.actor.role_id, world.unn.actor.role_id),
    )
    end_role(world, work_of, world.unn)
    nightly(app)
    assert amiss_in(world, work_of) == [] and may_read(work_of, again, kari)


def test_an_employment_in_another_municipality_keeps_no_ground_alive(
    world: World, work_of: WorkOf, app: Any, migrator: Any
) -> None:
    kari = entrusted(world, work_of, world.unn)
    migrator.execute(
        "INSERT INTO municipalities.practitioner_role (municipality_id, id, practitioner_id, unit_id, role)"
        " VALUES (%s, gen_random_uuid(), %s, %s, 'nurse')",
        (world.bodo["id"], world.unn.actor.person_id, world.bodo_ward["id"]),
    )
    end_role(world, work_of, world.unn)
    nightly(app)
    in_bodo = Staff(replace(world.bodil.actor, person_id=world.unn.actor.person_id))
    assert not may_read(work_of, in_bodo, kari)


def test_the_dead_keep_the_wards_ground_and_lose_the_personal_ones(
    world: World, work_of: WorkOf, app: Any, migrator: Any
) -> None:
    kari = entrusted(world, work_of, world.unn)
    change(work_of, world.nina, kari, "died_at", datetime.now(UTC) - timedelta(days=1))
    nightly(app)
    by_ground = {row["ground"]: row for row in relationships(migrator, kari)}
    assert by_ground["stay"]["valid_until"] is None, (
        "a death that is recorded by mistake must take nobody off the round"
    )
    assert by_ground["task"]["grace_until"] - by_ground["task"]["valid_until"] == timedelta(hours=12)
    assert amiss_in(world, work_of) == []

    change(work_of, world.nina, kari, "died_at", datetime.now(UTC) - timedelta(days=4))
    (found,) = amiss_in(world, work_of, world.mona)
    assert (found.kind, found.patient_id) == ("dead", kari) and "Avdeling 2" in found.text


def test_who_moves_away_takes_with_her_what_was_personal_and_the_unit_decides_the_rest(
    world: World, work_of: WorkOf, app: Any, migrator: Any
) -> None:
    kari = entrusted(world, work_of, world.unn)
    change(work_of, world.nina, kari, "home_municipality_number", world.oslo["number"])
    nightly(app)
    assert may_read(work_of, world.unn, kari), "she has come, not gone"
    change(work_of, world.nina, kari, "home_municipality_number", "9998")
    nightly(app)
    by_ground = {row["ground"]: row for row in relationships(migrator, kari)}
    assert by_ground["task"]["grace_until"] - by_ground["task"]["valid_until"] == timedelta(hours=12)
    assert by_ground["stay"]["valid_until"] is None, "she may live at a home of ours"
    with work_of(world.nina) as work:
        CareRelationships(work).entrust(kari, world.unn.actor.person_id, valid_from=work.now)
    nightly(app)
    assert {row["valid_until"] for row in relationships(migrator, kari) if row["ground"] == "task"} >= {None}, (
        "it goes on anew"
    )


def test_what_stands_open_after_its_unit_its_source_or_the_patients_move_is_found(
    world: World, work_of: WorkOf, migrator: Any
) -> None:
    since = datetime.now(UTC) - timedelta(days=10)
    closed = factories.unit(world.builder, world.oslo, "Nedlagt sone", "district", valid_until=datetime.now(UTC))
    in_closed = world.patient(at=closed)
    moved, discharged = world.patient(related=False), admitted(world, work_of)
    factories.granted_service(world.builder, moved, world.nina, world.ward, since=since)
    world.store()
    change(work_of, world.nina, moved, "home_municipality_number", world.oslo["number"])
    assert [one.kind for one in amiss_in(world, work_of, world.mona)] == ["closed_unit"], "she has come, not gone"
    change(work_of, world.nina, moved, "home_municipality_number", "9998")
    migrator.execute(
        "UPDATE care.stay SET valid_until = now(), ended_by_name = 'Feil' WHERE patient_id = %s", (discharged,)
    )

    found = {one.kind: one.patient_id for one in amiss_in(world, work_of, world.mona)}
    assert found == {"closed_unit": None, "moved": moved, "source_ended": discharged}, (
        f"{in_closed} is of no unit of hers"
    )


def test_another_municipality_sees_nothing_of_it(world: World, work_of: WorkOf) -> None:
    entrusted(world, work_of, world.unn)
    end_role(world, work_of, world.unn)
    manager = factories.staff(world.builder, world.bodo, world.bodo_ward, "Mia Bodø", "unit_manager")
    world.store()
    assert amiss_in(world, work_of, manager) == []


def test_nobody_but_the_journal_itself_ends_grounds(world: World, work_of: WorkOf) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="the worker ends grounds"), work_of(world.tora) as work:
        Sources(work).end_and_check()


def test_every_source_is_shown_with_how_many_and_how_fresh(
    world: World, client_for: ClientFor, work_of: WorkOf
) -> None:
    entrusted(world, work_of, world.unn)
    with work_of(world.tora) as work:
        sources = {one.ground: one for one in Sources(work).sources()}
    assert list(sources) == list(rules.SOURCES)
    assert (sources["task"].open_now, sources["stay"].open_now) == (1, 1)
    assert sources["task"].last_begun_at is not None and sources["referral"].last_begun_at is None
    page = client_for(world.tora).get("/access/sources").text
    assert "Fastlegelisten" in page and "akson import gp-list" in page and "Nordmann" not in page


def test_the_hours_of_grace_are_the_municipalitys_choice_within_limits(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Any, approve: Callable[[], None]
) -> None:
    tora = client_for(world.tora)
    for wrong in ("0", "73", "1.000"):
        answer = tora.act("/access/grace", {"hours": wrong, "version": "0", "reason": "vedtatt"})
        assert answer.status_code == 422 and f'value="{wrong}"' in answer.text
    assert tora.act("/access/grace", {"hours": "24", "version": "0", "reason": "vedtatt"}).status_code == 303
    approve()
    late = {"hours": "48", "version": "0", "reason": "vedtatt"}
    assert tora.act("/access/grace", late).status_code == 409, "somebody chose since"
    assert client_for(world.mona).act("/access/grace", {**late, "version": "1"}).status_code == 403

    kari = admitted(world, work_of)
    with work_of(world.nina) as work:
        Care(work).discharge(kari)
    (ended,) = relationships(migrator, kari)
    assert ended["grace_until"] - ended["valid_until"] == timedelta(hours=24)
    assert may_read(work_of, world.nina, kari), "what was done is written down"
    back = "valid_until = valid_until - %s, grace_until = grace_until - %s, valid_from = valid_from - %s"
    day = timedelta(hours=24)
    migrator.execute(f"UPDATE access.care_relationship SET {back} WHERE patient_id = %s", (day, day, day, kari))
    assert not may_read(work_of, world.nina, kari), "and then it is closed"


def test_the_command_says_what_is_amiss_and_the_figures_how_many(
    world: World, work_of: WorkOf, app: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    entrusted(world, work_of, world.unn)
    end_role(world, work_of, world.unn)
    monkeypatch.setattr(cli, "_installation", lambda _home: contextlib.nullcontext(settings))
    assert cli.main(["access", "check"]) == 1
    assert "Osloprøven: Ukjent Unn har sluttet" in capsys.readouterr().out
    found = nightly(app)
    told = {one.name: one.samples[0].value for one in metrics.Background(connect(settings.database_url)).collect()}
    assert told["akson_grounds_amiss"] == found and told["akson_grounds_checked_seconds"] < 60


@pytest.mark.parametrize("kind", rules.AMISS)
def test_what_is_amiss_says_what_to_do(kind: str) -> None:
    said = rules.amiss_text(kind, "Avdeling 2", "Unn")
    assert ("Avdeling 2" in said or "Unn" in said) and said.endswith(".")
