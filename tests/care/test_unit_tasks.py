"""The unit's tasks over all its patients: whose they are, in what order, and done there."""

import html
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.care import Care
from journal.care.rules import TASKS
from journal.care.unit_tasks import Row, grouped
from tests import factories
from tests.conftest import Browser, World

ClientFor = Callable[..., Browser]


def task(world: World, work_of: Any, patient_id: UUID, what: str, hours: float | None = None, **more: Any) -> UUID:
    with work_of(world.nina) as work:
        due = work.now + timedelta(hours=hours) if hours is not None else None
        added: UUID = Care(work).add_task(patient_id, what, due_at=due, **more)
    return added


def test_the_units_tasks_stand_on_one_page_and_what_is_over_the_time_is_first(
    world: World, work_of: Any, client_for: ClientFor, count_queries: list[str]
) -> None:
    kari, ola, done = (world.patient(family_name=name) for name in ("Karisen", "Olsen", "Ferdig"))
    task(world, work_of, kari, "Når som helst")
    task(world, work_of, kari, "Om en måned", 24 * 30)
    task(world, work_of, ola, "For en time siden", -1, kind="prescriber")
    entry_id = task(world, work_of, done, "Er gjort alt")
    with work_of(world.nina) as work:
        Care(work).complete_task(done, entry_id)
    nina = client_for(world.nina)
    count_queries.clear()

    shown = html.unescape(nina.get("/tasks").text)

    assert len(count_queries) <= 6, "\n".join(count_queries)
    places = [shown.index(text) for text in ("Over tiden (1)", "For en time siden", "Senere (1)", "Om en måned")]
    assert [*places, shown.index("Når som helst")] == sorted([*places, shown.index("Når som helst")])
    assert "Karisen" in shown and "Olsen" in shown and "Ferdig" not in shown
    of_doctors = html.unescape(nina.get("/tasks?kind=prescriber").text)
    assert "For en time siden" in of_doctors and "Om en måned" not in of_doctors


def test_only_charts_that_are_shown_are_opened_and_each_is_logged(
    world: World, work_of: Any, client_for: ClientFor
) -> None:
    waits, nothing = world.patient(), world.patient()
    task(world, work_of, waits, "Mål blodtrykk")
    client_for(world.nina).get("/tasks")

    looks = world.migrator.execute(
        "SELECT DISTINCT patient_id FROM audit.access_log WHERE patient_id = ANY (%s) AND action = 'care:read'",
        ([waits, nothing],),
    ).fetchall()

    assert looks == [(waits,)]


@pytest.mark.parametrize("who", ["other_ward", "bodil", "tora", "rolf"])
def test_nobody_of_another_unit_or_without_the_right_sees_them(
    world: World, work_of: Any, client_for: ClientFor, who: str
) -> None:
    kari = world.patient(family_name="Kanarisen")
    task(world, work_of, kari, "Hemmelig oppgave")
    other = (
        factories.staff(world.builder, world.oslo, world.other_ward, "Olga Berg", "nurse")
        if who == "other_ward"
        else getattr(world, who)
    )
    world.store()

    shown = client_for(other).get("/tasks").text

    assert "Kanarisen" not in shown and "Hemmelig oppgave" not in shown


def test_a_task_is_done_from_the_list_once_and_one_that_wants_an_answer_is_answered_in_the_chart(
    world: World, work_of: Any, client_for: ClientFor
) -> None:
    kari = world.patient()
    entry_id = task(world, work_of, kari, "Mål blodtrykk")
    task(world, work_of, kari, "Spør om hun fikk hjelp", 1, kind="effect_follow_up")
    nina = client_for(world.nina)
    shown = nina.get("/tasks").text
    assert f"/patients/{kari}/tasks" in shown and shown.count("/done") == 1

    assert nina.act(f"/patients/{kari}/tasks/{entry_id}/done", {}).status_code == 303
    again = nina.act(f"/patients/{kari}/tasks/{entry_id}/done", {})

    assert again.status_code == 409 and "gjorde oppgaven" in again.text
    assert "Mål blodtrykk" not in nina.get("/tasks").text
    with work_of(world.nina) as work:
        (closed,) = Care(work).closed_tasks(kari)
    assert closed.recorded_by_name == "Nina Nordli"


def test_what_a_doctor_is_asked_is_ticked_by_doctors_and_others_write_the_answer(
    world: World, client_for: ClientFor, work_of: Any
) -> None:
    kari = world.patient()
    entry_id = task(world, work_of, kari, "Tar ikke tablettene", kind="prescriber")
    nina, lars = client_for(world.nina), client_for(world.lars)
    assert "/done" not in nina.get("/tasks").text and "/done" in lars.get("/tasks").text

    silent = nina.act(f"/patients/{kari}/tasks/{entry_id}/done", {})
    assert silent.status_code == 422
    again = nina.act(f"/patients/{kari}/tasks/{entry_id}/complete", {"outcome": " "})
    assert again.status_code == 422 and "hva legen svarte" in html.unescape(again.text)
    said = nina.act(f"/patients/{kari}/tasks/{entry_id}/complete", {"outcome": "Ringte Haugen: sett den på pause"})
    assert said.status_code == 303

    other = task(world, work_of, kari, "Tar ikke dråpene", kind="prescriber")
    assert lars.act(f"/patients/{kari}/tasks/{other}/done", {}).status_code == 303


@pytest.mark.parametrize("kind", sorted(TASKS))
def test_only_named_kinds_are_ticked_on_the_list(world: World, client_for: ClientFor, work_of: Any, kind: str) -> None:
    kari = world.patient()
    task(world, work_of, kari, "Se til henne", kind=kind, about_id=uuid4())
    shown = client_for(world.lars).get("/tasks").text
    assert ("/done" in shown) == (kind in {"general", "next_step", "dispenser", "prescriber"})


def test_an_empty_list_says_what_will_come_here(world: World, client_for: ClientFor) -> None:
    world.patient()
    assert "kommer hit av seg selv" in client_for(world.nina).get("/tasks").text


def test_what_is_due_this_minute_is_of_today_and_not_over_the_time() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    due = (
        now - timedelta(minutes=1),
        now,
        datetime(2026, 3, 2, 22, 59, tzinfo=UTC),
        datetime(2026, 3, 2, 23, tzinfo=UTC),
        None,
    )
    rows: list[Any] = [Row(None, None, None, _Task(at), None) for at in due]  # type: ignore[arg-type]

    assert [(group.key, [row.task.due_at for row in group.rows]) for group in grouped(rows, now)] == [
        ("late", [due[0]]), ("today", [due[1], due[2]]), ("later", [due[3]]), ("open", [None])
    ]  # fmt: skip


class _Task:
    def __init__(self, due_at: datetime | None) -> None:
        self.due_at = due_at
