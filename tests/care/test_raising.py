"""Tasks that pass up when nobody acts, by the worker's own round; and the page of a visit that nobody answers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal import worker
from journal.care import Care
from journal.care.ladder_rules import Ending, Outcome, Step
from journal.care.raising import RAISED, Told
from journal.chart.service import Chart
from journal.patients import NewRelative, Patients
from journal.platform.caller import Known
from journal.platform.errors import Denied
from tests.care.test_ladder import at_home, begun, take, tasks
from tests.conftest import World


def move_clock(world: World, patient_id: UUID, minutes: int) -> None:
    """So many minutes later: what was written of her is so much older."""
    for table, columns in {
        "care.task": ("due_at", "recorded_at"),
        "care.no_answer": ("recorded_at",),
        "care.no_answer_step": ("recorded_at",),
    }.items():
        moved = ", ".join(f"{column} = {column} - make_interval(mins => {minutes})" for column in columns)
        world.migrator.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
        world.migrator.execute(f"UPDATE {table} SET {moved} WHERE patient_id = %s", (patient_id,))  # type: ignore[arg-type]
        world.migrator.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")  # type: ignore[arg-type]


def told(world: World, patient_id: UUID) -> list[int]:
    query = "SELECT told FROM care.task_raise WHERE patient_id = %s ORDER BY raised_at, told"
    return [row[0] for row in world.migrator.execute(query, (patient_id,)).fetchall()]


def listed(work_of: Any, who: Any, patient_id: UUID) -> Any:
    with work_of(who) as work:
        return next(row for row in Chart(work).my_list().rows if row.due.patient_id == patient_id)


@pytest.mark.parametrize(
    ("minutes", "so_far"),
    [(9, []), (11, [1]), (14, [1]), (16, [1, 2]), (24, [1, 2]), (26, [1, 2, 3]), (300, [1, 2, 3])],
)
def test_a_step_that_nobody_takes_in_time_is_told_further_up(
    app: Any, world: World, work_of: Any, minutes: int, so_far: list[int]
) -> None:
    kari = at_home(world, work_of)
    take(world, work_of, kari, begun(world, work_of, kari), Step.CALL_PATIENT, Outcome.NO_ANSWER, 0)
    move_clock(world, kari, minutes)
    worker._raise_tasks(app.works)
    worker._raise_tasks(app.works)

    assert told(world, kari) == so_far


def test_each_who_is_told_has_it_first_on_her_list(app: Any, world: World, work_of: Any, client_for: Any) -> None:
    kari = at_home(world, work_of)
    world.patient()
    begun(world, work_of, kari)
    for minutes, hears in ((1, {"siri"}), (5, {"siri", "nina"}), (10, {"siri", "nina", "mona"})):
        move_clock(world, kari, minutes)
        worker._raise_tasks(app.works)
        rows = {name: listed(work_of, getattr(world, name), kari) for name in ("siri", "nina", "mona")}
        assert {name for name, row in rows.items() if row.told} == hears
        assert all(row.due.no_answer_since for row in rows.values())
    page = client_for(world.mona).get("/my-list").text
    assert "1 pasient har en oppgave som ingen har gjort i tide, og som er sendt til deg." in page
    assert "sendt til lederen" in page
    with work_of(world.mona) as work:
        assert Chart(work).my_list().rows[0].due.patient_id == kari


def test_a_step_begins_the_next_clock_and_an_end_takes_it_off_every_list(app: Any, world: World, work_of: Any) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    move_clock(world, kari, 5)
    worker._raise_tasks(app.works)
    assert listed(work_of, world.nina, kari).due.told == Told.NURSE

    take(world, work_of, kari, ladder_id, Step.CALL_PATIENT, Outcome.NO_ANSWER, 0)
    worker._raise_tasks(app.works)
    assert listed(work_of, world.nina, kari).due.told is None
    move_clock(world, kari, 10)
    worker._raise_tasks(app.works)
    assert listed(work_of, world.nina, kari).due.told == Told.NURSE
    with work_of(world.nina) as work:
        Care(work).end_ladder(kari, ladder_id, ending=Ending.SAFE, note="Hjemme", seen=1)
    worker._raise_tasks(app.works)
    assert listed(work_of, world.nina, kari).due.told is None


def test_more_than_a_batch_is_told_of_in_one_round_and_each_once(
    app: Any, world: World, work_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RAISE_BATCH", 2)
    patients = [at_home(world, work_of) for _ in range(3)]
    for kari in patients:
        begun(world, work_of, kari)
        move_clock(world, kari, 60)
    worker._raise_tasks(app.works)
    worker._raise_tasks(app.works)

    assert [told(world, kari) for kari in patients] == [[1, 2, 3]] * 3


def test_the_worker_tells_it_as_a_fact_and_looks_into_no_chart(
    app: Any, world: World, work_of: Any, access_log: Any
) -> None:
    kari = at_home(world, work_of)
    begun(world, work_of, kari)
    move_clock(world, kari, 1)
    before = len(access_log(kari))
    worker._raise_tasks(app.works)

    facts = world.migrator.execute(
        "SELECT body ->> 'told' FROM platform.outbox WHERE kind = 'TaskRaised' AND patient_id = %s", (kari,)
    ).fetchall()
    assert facts == [("1",)]
    assert len(access_log(kari)) == before


def test_a_kind_that_is_not_named_is_raised_to_nobody(app: Any, world: World, work_of: Any) -> None:
    assert "general" not in RAISED
    kari = at_home(world, work_of)
    with work_of(world.nina) as work:
        Care(work).add_task(kari, "Ring fastlegen", due_at=work.now - timedelta(hours=2))
    worker._raise_tasks(app.works)

    assert told(world, kari) == []


def test_nobody_but_the_worker_raises(world: World, work_of: Any) -> None:
    with pytest.raises(Denied), work_of(world.nina) as work:
        Care(work).raise_overdue(1)
    with pytest.raises(sa.exc.DBAPIError, match="the worker alone"), work_of(world.nina) as work:
        work.db.connection().exec_driver_sql("SELECT * FROM care.raise_overdue('[]', 1)")


def test_the_worker_as_it_runs_raises_tasks_too() -> None:
    assert "_raise_tasks" in worker._work.__code__.co_names
    assert Known(worker.SYSTEM)


PHONE = "90 00 00 01"


def test_the_page_has_one_next_action_the_numbers_and_what_was_done(
    world: World, work_of: Any, client_for: Any
) -> None:
    kari = at_home(world, work_of)
    with work_of(world.nina) as work:
        Patients(work).add_related_person(
            kari, NewRelative(name="Dina Datter", relation="datter", phone=PHONE, is_next_of_kin=True)
        )
    ladder_id = begun(world, work_of, kari)
    take(world, work_of, kari, ladder_id, Step.CALL_PATIENT, Outcome.NO_ANSWER, 0)
    move_clock(world, kari, 4)
    nina = client_for(world.nina)
    page = nina.get(f"/patients/{kari}/no-answer").text

    assert '<p class="na-what">Ring pårørende</p>' in page
    assert 'href="tel:90000001"' in page
    assert "Dina Datter, datter" in page
    assert "om 5 minutter" in page or "om 6 minutter" in page
    assert "Ringte pasienten</b>: Svarte ikke" in page
    assert "Siri Strand" in page
    assert PHONE not in nina.get("/my-list").text + nina.get(f"/patients/{kari}/tasks").text

    move_clock(world, kari, 18)
    worker_page = nina.get(f"/patients/{kari}/no-answer").text
    assert "12 minutter over tiden" in worker_page


def test_one_tap_takes_a_step_and_what_was_typed_at_the_end_is_kept(
    world: World, work_of: Any, client_for: Any
) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    nina = client_for(world.nina)
    path = f"/patients/{kari}/no-answer/{ladder_id}"
    assert nina.act(f"{path}/step", {"did": "key.safe", "seen": "0"}).status_code == 303
    page = nina.get(f"/patients/{kari}/no-answer").text
    assert "Skriv hvor pasienten ble funnet, og avslutt" in page

    answer = nina.act(f"{path}/end", {"ending": "safe", "note": "I hagen", "seen": "0"})
    assert (answer.status_code, "I hagen" in answer.text) == (409, True)
    assert nina.act(f"{path}/end", {"ending": "safe", "note": "", "seen": "1"}).status_code == 422
    assert nina.act(f"{path}/end", {"ending": "safe", "note": "I hagen", "seen": "1"}).status_code == 303
    assert tasks(world, work_of, kari) == []
    assert "I hagen" in nina.get(f"/patients/{kari}/no-answer").text


def test_everybody_who_has_her_sees_it_in_the_round_the_list_and_the_chart(
    world: World, work_of: Any, client_for: Any
) -> None:
    kari = at_home(world, work_of)
    nina, address = client_for(world.nina), f"/patients/{kari}/no-answer"
    for page in ("/my-list", f"/round?patient={kari}"):
        assert f'href="{address}"' not in nina.get(page).text
    begun(world, work_of, kari)
    for page in ("/my-list", f"/round?patient={kari}", "/tasks", f"/patients/{kari}", f"/patients/{kari}/tasks"):
        assert f'href="{address}"' in nina.get(page).text, page


def test_the_manager_chooses_the_minutes_on_her_page(world: World, client_for: Any) -> None:
    mona = client_for(world.mona)
    said = {"call-patient": "0", "call-kin": "5", "call-nurse": "10", "key": "20", "call-113": "30", "version": "0"}
    assert mona.act("/no-answer/settings", {**said, "nurse_phone": "ring"}).status_code == 422
    wrong = mona.act("/no-answer/settings", {**said, "key": "1"})
    assert (wrong.status_code, "Steget kan ikke komme før det over." in wrong.text) == (422, True)
    assert mona.act("/no-answer/settings", {**said, "nurse_phone": "22 00 00 00"}).status_code == 303
    page = mona.get("/no-answer/settings").text
    assert 'value="22 00 00 00"' in page
    assert "Valgt for Solbakken sykehjem av Mona Moe" in page
