"""What somebody would see of a chart, by the gate's own answer; and last month's reads tried with other hours of grace."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.oversight.simulating import RoleAnswer, Simulator
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Denied, NotFound
from journal.platform.ids import new_id
from tests import factories
from tests.architecture.charts import store
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
READS = [Permission.PATIENTS_READ, Permission.MEDICATION_READ, Permission.OBSERVATIONS_READ, Permission.NOTES_READ]
NOW = datetime.now(UTC)


def close(world: World, patient_id: UUID, category: str, **against: Any) -> None:
    since = NOW - timedelta(days=2)
    told = {"category": category, "decided_by": "pasienten", "valid_from": since, **against}
    store(world.migrator, "access.restriction", patient_id=patient_id, id=new_id(), **world.nina.stamp, **told)


def asked(work_of: Any, world: World, who: Staff, patient_id: UUID, at: datetime | None = None) -> RoleAnswer:
    with work_of(world.rolf) as work:
        (answer,) = Simulator(work).ask(patient_id, who.actor.person_id, at or work.now)
    return answer


def test_the_answer_is_the_gates_own_for_every_role_and_relation(world: World, work_of: Any) -> None:
    """Hazard H285."""
    patients = {name: world.patient() for name in ("own", "notes", "whole")}
    patients["none"] = world.patient(related=False)
    patients["missing"] = new_id()
    close(world, patients["notes"], "notes", against_person_id=world.nina.actor.person_id)
    close(world, patients["whole"], "*", against_unit_id=world.ward["id"])
    differ, seen = [], set()
    for who in (world.nina, world.siri, world.lars, world.mona, world.tora, world.unn):
        for name, patient_id in patients.items():
            said = [part.open for part in asked(work_of, world, who, patient_id).parts][: len(READS)]
            did = [_opens(work_of, who, permission, patient_id) for permission in READS]
            seen.update(did)
            if said != did:
                differ.append((who.actor.name, name, said, did))
    assert not differ
    assert seen == {True, False}
    # And not alike because both are wrong.
    hers = {
        name: [part.why for part in asked(work_of, world, world.nina, chart).parts] for name, chart in patients.items()
    }
    assert hers["own"] == ["open"] * 5
    assert hers["notes"] == ["open", "open", "open", "closed", "open"]
    assert hers["whole"] == ["closed"] * 5
    assert hers["none"] == hers["missing"] == ["no-ground"] * 5


def _opens(work_of: Any, who: Staff, permission: Permission, patient_id: UUID) -> bool:
    try:
        with work_of(who) as work:
            work.open(permission, [patient_id])
            return True
    except (Denied, NotFound):
        return False


def test_a_ground_counts_at_its_own_time(world: World, work_of: Any) -> None:
    patient_id = world.patient(related=False)
    start, end = NOW - timedelta(days=20), NOW - timedelta(days=10)
    hired = start - timedelta(days=1)
    gro = factories.staff(world.builder, world.oslo, world.ward, "Gro Gran", "nurse", valid_from=hired)
    times = {"valid_until": end, "grace_until": end + timedelta(hours=12)}
    factories.care_relationship(world.builder, patient_id, world.nina, world.ward, since=start, **times)
    world.store()

    def at(moment: datetime) -> tuple[bool, str]:
        answer = asked(work_of, world, gro, patient_id, moment)
        return answer.parts[0].open, answer.grounds[0].state

    assert at(start - timedelta(hours=1)) == (False, "hadde ikke begynt")
    assert at(start + timedelta(hours=1)) == (True, "gjaldt")
    assert at(end + timedelta(hours=11)) == (True, "var avsluttet, men fortsatt åpen for etterskriving")
    assert at(end + timedelta(hours=13)) == (False, "var avsluttet")
    with work_of(world.rolf) as work:
        assert Simulator(work).ask(patient_id, gro.actor.person_id, hired - timedelta(hours=1)) == []


def test_the_page_says_why_and_the_way_in_and_the_patient_sees_that_it_was_asked(
    world: World, client_for: ClientFor, access_log: Any
) -> None:
    """Hazard H286."""
    patient_id = world.patient(family_name="Sjeldenvik", given_name="Inger")
    close(world, patient_id, "notes", against_person_id=world.siri.actor.person_id)
    rolf, address = client_for(world.rolf), f"/audit/patients/{patient_id}/access"
    before = len(access_log(patient_id))

    assert address in rolf.get(f"/audit/patients/{patient_id}").text
    stranger = rolf.act(address, {"name": "Ukjent"}).text
    restricted = rolf.act(address, {"name": "Siri"}).text

    assert "Ingen grunn gjaldt på dette tidspunktet." in stranger and "Å oppgi en grunn" in stranger
    assert "Noe i journalen er sperret for den ansatte." in restricted and "pasienten kan be om" in restricted
    assert "Sjeldenvik" not in stranger + restricted
    mine = [row.action for row in access_log(patient_id)[before:] if row.actor_id == world.rolf.actor.person_id]
    assert mine == ["audit:read"] * 3
    assert "Ingen ansatt i kommunen heter dette." in rolf.act(address, {"name": "Bodil"}).text
    assert client_for(world.tora).get(address).status_code == 403
    assert rolf.act(address, {"name": "Siri", "at": "32.01.2026 08.00"}).status_code == 422


def test_nobody_is_asked_about_while_the_log_is_not_read(world: World, work_of: Any) -> None:
    """Hazard H286."""
    patient_id = world.patient()
    role = {"ids": [patient_id], "role": world.siri.actor.role_id, "now": NOW}
    for statement in (
        "SELECT * FROM oversight.standing_then(:ids, :role, :now)",
        "SELECT * FROM oversight.grounds_then(:ids, :role, :now)",
        "SELECT * FROM oversight.notes_closed_then(:ids, :role, :now)",
        "SELECT access.notes_closed_to(:ids, :role, :ids, :now)",
        "SELECT * FROM oversight.by_grace(:now, :now, 12)",
        "SELECT * FROM oversight.without(:now, :now, 'nurse', 'notes', NULL, '{}')",
        "SELECT * FROM access.standing_of(:ids, :role, :ids, :now)",
    ):
        with (
            pytest.raises(sa.exc.ProgrammingError, match=r"permission|not being read"),
            work_of(world.nina) as work,
        ):
            work.db.execute(sa.text(statement), {k: v for k, v in role.items() if f":{k}" in statement})
    with work_of(world.rolf) as work:
        # Of another municipality's employee nothing is said, whoever reads the log.
        work.note(Permission.AUDIT_READ)
        other = {"ids": [patient_id], "role": world.bodil.actor.role_id, "now": NOW}
        statement = "SELECT * FROM oversight.standing_then(:ids, :role, :now)"
        assert work.db.execute(sa.text(statement), other).all() == []


def test_last_months_reads_are_tried_with_other_hours(
    world: World, client_for: ClientFor, migrator: psycopg.Connection[Any]
) -> None:
    """Hazard H287."""
    late, other, still = (world.patient(related=False) for _ in range(3))
    end = NOW - timedelta(hours=6)
    ended = {"valid_until": end, "grace_until": end + timedelta(hours=12)}
    for patient_id in (late, other):
        factories.care_relationship(
            world.builder, patient_id, world.nina, world.ward, since=NOW - timedelta(days=9), **ended
        )
    factories.care_relationship(world.builder, still, world.nina, world.ward, since=NOW - timedelta(days=9))
    world.store()
    nina, rolf = client_for(world.nina), client_for(world.rolf)
    for patient_id in (late, other, still):
        assert nina.get(f"/patients/{patient_id}").status_code == 200
    # There was another ground of hers all the time, as it was found out afterwards.
    factories.care_relationship(world.builder, other, world.nina, world.ward, since=NOW - timedelta(days=8))
    world.store()

    short, long = rolf.get("/audit/replay?hours=4").text, rolf.get("/audit/replay?hours=8").text

    assert "0 av " in long and "De siste som hadde vært avvist" not in long
    assert str(late) in short and str(other) not in short and str(still) not in short
    assert clock.moment(end) in short and "Nina Nordli" in short
    assert rolf.get("/audit/replay?hours=0").status_code == 422
    assert nina.get("/audit/replay?hours=4").status_code == 403


def test_last_months_reads_are_tried_with_a_role_without_a_part(
    world: World, client_for: ClientFor, access_log: Callable[[UUID], list[Any]]
) -> None:
    """Hazard H287."""
    kari = world.patient()
    siri, nina, rolf = client_for(world.siri), client_for(world.nina), client_for(world.rolf)
    for path in ("notes", "observations", ""):
        assert siri.get(f"/patients/{kari}/{path}".rstrip("/")).status_code == 200
    assert nina.get(f"/patients/{kari}/notes").status_code == 200

    told = rolf.get("/audit/replay?role=health_assistant&part=notes").text

    lines = access_log(kari)
    hers = [line.action for line in lines if line.actor_role == "health_assistant" and "notes" in line.categories]
    assert hers.count("chart:read") == 1 and len(hers) > 1
    assert f"{len(hers) - 1} av {len(lines)} oppslag hadde vært avvist." in told
    assert "1 hadde vist resten uten denne delen." in told
    assert "Siri Strand" in told and "Nina Nordli" not in told and str(kari) in told
    assert f"0 av {len(lines)} oppslag" in rolf.get("/audit/replay?role=doctor&part=notes").text
    for wrong in ("role=doctor", "part=notes", "role=king&part=notes", "role=doctor&part=*"):
        assert rolf.get(f"/audit/replay?{wrong}").status_code == 422


def test_last_months_reads_are_tried_with_a_ground_that_opens_nothing(world: World, client_for: ClientFor) -> None:
    """Hazard H287."""
    by_task, by_both = world.patient(related=False), world.patient(related=False)
    since = NOW - timedelta(days=9)
    for patient_id in (by_task, by_both):
        factories.care_relationship(world.builder, patient_id, world.nina, world.ward, ground="task", since=since)
    world.store()
    nina, rolf = client_for(world.nina), client_for(world.rolf)
    for patient_id in (by_task, by_both):
        assert nina.get(f"/patients/{patient_id}").status_code == 200
    # There was another ground all the time, as it was found out afterwards.
    factories.care_relationship(world.builder, by_both, world.nina, world.ward, ground="stay", since=since)
    world.store()

    told = rolf.get("/audit/replay?ground=task").text

    assert str(by_task) in told and str(by_both) not in told and "1 av 2 oppslag" in told
    assert "0 av 2 oppslag" in rolf.get("/audit/replay?ground=referral").text
