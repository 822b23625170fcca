"""What a municipality chooses of its doses: from the start of a day, for its own orders, and never twice the same dose."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.app import JournalApp
from journal.medication import Medication
from journal.medication.rules import (
    Chosen,
    Dosage,
    DoseSettings,
    OwnTolerance,
    PlannedDose,
    TimeOfDay,
    Tolerance,
    daily,
    in_force,
    own_clock_times,
    planned_doses,
    tolerance_for,
)
from journal.platform.caller import Known
from journal.platform.clock import day_bounds, instant, local, local_date
from journal.platform.errors import Conflict, Denied
from journal.worker import SYSTEM
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_sign import METOPROLOL, ONE
from tests.medication.test_sign import prescribe as judged_and_prescribed

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

EVENING = daily(ONE, [TimeOfDay.EVENING])
AT_21 = own_clock_times({TimeOfDay.EVENING: time(21)})
MONDAY = date(2026, 11, 23)


def minutes(before: int, after: int) -> Tolerance:
    return Tolerance(timedelta(minutes=before), timedelta(minutes=after))


def planned(*choices: Chosen, first: date, days: int, cut: time = time(0)) -> list[PlannedDose]:
    """The doses of these days, worked out in pieces that are cut at this clock time each day."""
    start, end = instant(first, time(0)), instant(first + timedelta(days=days), time(0))
    cuts = [instant(first + timedelta(days=n), cut) for n in range(days)]
    order: dict[str, Any] = {"order_start": start, "order_end": None, "time_critical": False}
    pieces = zip([start, *cuts], [*cuts, end], strict=True)
    return [dose for a, b in pieces for dose in planned_doses(EVENING, choices, start=a, end=b, **order)]


# As rules


def test_a_day_is_planned_by_one_choice_wherever_the_planning_is_cut() -> None:
    later = Chosen(MONDAY + timedelta(days=3), DoseSettings(AT_21))

    for hour in range(24):
        doses = planned(later, first=MONDAY, days=7, cut=time(hour, 30))

        assert [local(dose.expected.due_at).hour for dose in doses] == [20, 20, 20, 21, 21, 21, 21], hour


def test_the_last_choice_that_has_begun_holds() -> None:
    first, second = DoseSettings(ordinary=minutes(45, 45)), DoseSettings(ordinary=minutes(90, 90))
    choices = [Chosen(MONDAY, first), Chosen(MONDAY, second)]

    assert in_force(choices, MONDAY) is second
    assert in_force(choices, MONDAY - timedelta(days=1)) == DoseSettings()
    assert {dose.tolerance for dose in planned(*choices, first=MONDAY, days=2)} == {second.ordinary}


def test_what_is_time_critical_has_the_narrow_tolerance_which_is_never_the_wider() -> None:
    settings = DoseSettings(ordinary=minutes(60, 90), narrow=minutes(10, 15))
    start, end = instant(MONDAY, time(0)), instant(MONDAY + timedelta(days=1), time(0))
    period: dict[str, Any] = {"start": start, "end": end, "order_start": start, "order_end": None}

    (critical,) = planned_doses(EVENING, [Chosen(MONDAY, settings)], **period, time_critical=True)

    assert critical.tolerance == minutes(10, 15)
    with pytest.raises(ValueError, match="Tidskritiske"):
        DoseSettings(ordinary=minutes(60, 60), narrow=minutes(30, 61))


def test_a_medicine_has_its_own_tolerance_by_the_longest_code_that_fits_and_never_a_wider_one() -> None:
    own = (
        OwnTolerance("N04", minutes(20, 20)),
        OwnTolerance("N04BA", minutes(5, 10)),
        OwnTolerance("J01", minutes(45, 45)),
    )
    settings = DoseSettings(own=own)

    def of(atc: str, *, exact: bool = False) -> Tolerance:
        said: dict[str, Any] = {"ordinary": settings.ordinary, "narrow": settings.narrow, "own": settings.own}
        return tolerance_for(exact=exact, time_critical=True, atc_code=atc, **said)

    assert (of("N04BA02"), of("N04BD02"), of("B01AF02")) == (minutes(5, 10), minutes(20, 20), settings.narrow)
    assert (of("J01CA04"), of("J01CA04", exact=True)) == (minutes(45, 45), settings.narrow)
    with pytest.raises(ValueError, match="N04 kan ikke ha flere minutter"):
        DoseSettings(own=(OwnTolerance("N04", minutes(20, 61)),))


# In the journal


@pytest.fixture
def lone(world: World) -> Iterator[World]:
    """Only this test's plans run out, so that a run of the worker is about them."""
    world.migrator.execute("UPDATE medication.request_plan SET planned_until = NULL")
    yield world
    world.migrator.execute("UPDATE medication.request_plan SET planned_until = NULL")


def prescribe(
    world: World, work_of: WorkOf, patient_id: UUID, *, by: Staff | None = None, dosage: Dosage = EVENING
) -> UUID:
    with work_of(by or world.lars) as work:
        return judged_and_prescribed(work, patient_id, medicine=METOPROLOL, dosage=dosage, starts_at=midnight())


def midnight(days: int = 0) -> datetime:
    """The start of today in Oslo, or of a day ahead."""
    return day_bounds(local_date(datetime.now(UTC)) + timedelta(days=days))[0]


def doses_of(world: World, entry_id: UUID, *, state: str = "open") -> list[Any]:
    asked = """SELECT due_at, ready_from, late_after, municipality_id, id FROM medication.dose
               WHERE request_entry_id = %s AND state = %s AND due_at >= %s ORDER BY due_at"""
    with world.migrator.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
        return cursor.execute(asked, (entry_id, state, midnight())).fetchall()


def hours(doses: list[Any]) -> list[int]:
    return [local(dose.due_at).hour for dose in doses]


def choose(world: World, work_of: WorkOf, settings: DoseSettings, *, version: int = 0, by: Staff | None = None) -> date:
    with work_of(by or world.tora) as work:
        since: date = Medication(work).choose_dose_settings(settings, version=version)
    return since


def worker_plans(app: JournalApp) -> None:
    """What the worker does each minute."""
    with app.works.open(Known(SYSTEM)) as work:
        medication = Medication(work)
        medication.extend_horizon(medication.plans_running_out())


def test_without_a_choice_everything_is_as_a_small_municipality_wants_it(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id = world.patient()
    doses = doses_of(world, prescribe(world, work_of, patient_id))

    assert set(hours(doses)) == {20}
    assert {(dose.due_at - dose.ready_from, dose.late_after - dose.due_at) for dose in doses} == {
        (timedelta(hours=1), timedelta(hours=1))
    }
    page = client_for(world.tora).get("/municipality/medication").text
    assert "Ingen har endret innstillingene" in page


def test_a_new_order_has_the_clock_times_and_the_tolerance_from_the_day_they_hold(
    world: World, work_of: WorkOf
) -> None:
    assert choose(world, work_of, DoseSettings(AT_21, minutes(30, 90), minutes(5, 10))) == local_date(midnight(1))

    doses = doses_of(world, prescribe(world, work_of, world.patient()))

    assert hours(doses) == [20] + [21] * 7
    assert [(d.due_at - d.ready_from, d.late_after - d.due_at) for d in doses[1:]] == [
        (timedelta(minutes=30), timedelta(minutes=90))
    ] * 7


def test_planned_doses_move_tomorrow_and_not_today(lone: World, work_of: WorkOf, app: JournalApp) -> None:
    entry_id = prescribe(lone, work_of, lone.patient())
    before = doses_of(lone, entry_id)
    choose(lone, work_of, DoseSettings(AT_21))

    worker_plans(app)

    after = doses_of(lone, entry_id)
    assert (hours(before), hours(after)) == ([20] * 8, [20] + [21] * 7)
    assert after[0].id == before[0].id
    assert {local_date(d.due_at) for d in after} == {local_date(d.due_at) for d in before}, "one a day, each day"


def test_a_day_with_a_signed_dose_keeps_its_clock_times(lone: World, work_of: WorkOf, app: JournalApp) -> None:
    """Tomorrow's dose was given early: at its new time it would be due a second time."""
    patient_id = lone.patient()
    entry_id = prescribe(lone, work_of, patient_id)
    tomorrow = doses_of(lone, entry_id)[1]
    with work_of(lone.nina) as work:
        due = Medication(work).dose(patient_id, tomorrow.id)
        row = {"patient_id": patient_id, "id": tomorrow.id, "request_id": None, "request_version": due.version}
        row |= {"amount": ONE.value, "unit": ONE.unit}
    found = lone.migrator.execute("SELECT request_id FROM medication.dose WHERE id = %s", (tomorrow.id,)).fetchone()
    assert found is not None
    factories.administration(
        lone.builder, row | {"request_id": found[0]}, lone.nina, at=datetime.now(UTC) - timedelta(minutes=1)
    )
    lone.store()
    choose(lone, work_of, DoseSettings(AT_21))

    worker_plans(app)

    after = doses_of(lone, entry_id)
    assert hours(after) == [20, 20] + [21] * 6
    assert after[1].id == tomorrow.id


def test_a_paused_order_is_planned_anew_and_stays_paused(lone: World, work_of: WorkOf, app: JournalApp) -> None:
    patient_id = lone.patient()
    entry_id = prescribe(lone, work_of, patient_id)
    with work_of(lone.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Kalium 5,6")
    choose(lone, work_of, DoseSettings(AT_21))

    worker_plans(app)

    assert set(hours(doses_of(lone, entry_id, state="held"))[1:]) == {21}
    assert doses_of(lone, entry_id) == []


def test_tolerances_move_the_limits_of_the_planned_doses_and_leave_their_times(
    lone: World, work_of: WorkOf, app: JournalApp
) -> None:
    entry_id = prescribe(lone, work_of, lone.patient())
    before = doses_of(lone, entry_id)
    choose(lone, work_of, DoseSettings(ordinary=minutes(45, 120)))

    worker_plans(app)

    after = doses_of(lone, entry_id)
    assert [dose.id for dose in after] == [dose.id for dose in before]
    assert {dose.late_after - dose.due_at for dose in after[1:]} == {timedelta(minutes=120)}
    assert after[0].late_after - after[0].due_at == timedelta(minutes=60)


def test_a_choice_is_for_ones_own_municipality(lone: World, work_of: WorkOf, app: JournalApp) -> None:
    bodo = lone.builder
    doctor = factories.staff(bodo, lone.bodo, lone.bodo_ward, "Dag Dal", "doctor")
    there = lone.patient(at=lone.bodo_ward, by=lone.bodil)
    entry_id = prescribe(lone, work_of, there, by=doctor)
    plan = "SELECT planned_until FROM medication.request_plan WHERE request_entry_id = %s"
    until = lone.migrator.execute(plan, (entry_id,)).fetchone()
    choose(lone, work_of, DoseSettings(AT_21))

    assert lone.migrator.execute(plan, (entry_id,)).fetchone() == until
    worker_plans(app)

    assert set(hours(doses_of(lone, entry_id))) == {20}
    with work_of(doctor) as work:
        assert Medication(work).dose_settings() == []


@pytest.mark.parametrize("days", [0, 5])
def test_the_doses_are_the_business_of_the_municipality_that_answers_for_the_order(
    lone: World, work_of: WorkOf, app: JournalApp, days: int
) -> None:
    """Whether the doctor's own transaction makes them or the worker, which acts for no municipality."""
    entry_id = prescribe(lone, work_of, lone.patient())
    if days:
        lone.migrator.execute("DELETE FROM medication.dose WHERE due_at >= %s", (midnight(8 - days),))
        lone.migrator.execute(
            "UPDATE medication.request_plan SET planned_until = %s WHERE request_entry_id = %s",
            (midnight(8 - days), entry_id),
        )
        worker_plans(app)

    doses = doses_of(lone, entry_id)

    assert len(doses) == 8
    assert {dose.municipality_id for dose in doses} == {lone.oslo["id"]}


def test_the_doses_go_over_to_the_municipality_that_takes_the_order_over(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    entry_id = prescribe(world, work_of, patient_id)
    doctor = factories.staff(world.builder, world.bodo, world.bodo_ward, "Dag Dal", "doctor")
    since = datetime.now(UTC) - timedelta(days=1)
    factories.care_relationship(world.builder, patient_id, world.bodil, world.bodo_ward, room="1", since=since)
    world.store()
    with work_of(doctor) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Kalium 5,6")

    ahead = [dose for dose in doses_of(world, entry_id, state="held") if dose.due_at > datetime.now(UTC)]

    assert ahead
    assert {dose.municipality_id for dose in ahead} == {world.bodo["id"]}


# Who may choose, and how it is kept


def test_of_two_administrators_who_choose_at_once_one_is_told(world: World, work_of: WorkOf) -> None:
    choose(world, work_of, DoseSettings(AT_21))

    with pytest.raises(Conflict, match="En annen har endret"):
        choose(world, work_of, DoseSettings())


@pytest.mark.parametrize("who", ["nina", "lars", "rolf", "mona"])
def test_nobody_but_the_administrator_chooses(world: World, work_of: WorkOf, client_for: ClientFor, who: str) -> None:
    staff = getattr(world, who)
    with pytest.raises(Denied):
        choose(world, work_of, DoseSettings(AT_21), by=staff)

    assert client_for(staff).get("/municipality/medication").status_code == 403
    with pytest.raises(sa.exc.DBAPIError, match="for the administrator alone"), work_of(staff) as work:
        work.db.execute(sa.text("SELECT medication.plan_anew_from(now())"))


def test_a_choice_is_never_edited_and_postgresql_keeps_the_times_in_order(world: World, work_of: WorkOf) -> None:
    choose(world, work_of, DoseSettings(AT_21))

    for change in ("evening = '22:30'", "late_minutes = 30"):
        with pytest.raises(sa.exc.DBAPIError, match="permission denied"), work_of(world.tora) as work:
            work.db.execute(sa.text(f"UPDATE medication.dose_setting SET {change}"))
    for change in ("evening = '22:30'", "critical_late_minutes = 90"):
        with pytest.raises(psycopg.errors.CheckViolation):
            world.migrator.execute(
                f"UPDATE medication.dose_setting SET {change} WHERE municipality_id = %s",
                (world.oslo["id"],),
            )


# On the page

CLOCKS = {
    "morning": "7.30",
    "forenoon": "10",
    "midday": "12",
    "afternoon": "1600",
    "evening": "20.30",
    "night": "22:15",
}
MINUTES = {
    "ready_minutes": "45",
    "late_minutes": "90",
    "critical_ready_minutes": "15",
    "critical_late_minutes": "20",
}
FORM = {"version": "0"} | CLOCKS | MINUTES


def value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_an_administrator_chooses_on_the_page_and_it_says_who_and_from_when(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    tora = client_for(world.tora)
    assert tora.act("/municipality/medication", FORM | {"own": "j01 30 30\r\n c07ab02  10 20\r\n"}).status_code == 303

    page = tora.get("/municipality/medication").text

    shown = [value(page, name) for name in (*CLOCKS, *MINUTES)]
    assert shown == ["07.30", "10.00", "12.00", "16.00", "20.30", "22.15", "45", "90", "15", "20"]
    assert value(page, "version") == "1"
    assert f"Gjelder fra {local(midnight(1)):%d.%m.%Y}" in page
    assert "Tora Tveit" in page[page.index("Historikk") :]
    patient_id = world.patient()
    doses = doses_of(world, prescribe(world, work_of, patient_id, dosage=daily(ONE, [TimeOfDay.MORNING])))
    assert {f"{local(dose.due_at):%H.%M}" for dose in doses[1:]} == {"07.30"}
    assert "Egne frister: C07AB02 10 20, J01 30 30." in page
    assert {(d.due_at - d.ready_from, d.late_after - d.due_at) for d in doses[1:]} == {minutes(10, 20)}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"evening": "15"}, "rekkefølge fra morgen til natt"),
        ({"evening": "25"}, "Skriv et klokkeslett mellom 00.00 og 23.59"),
        ({"morning": ""}, "for eksempel 08.15"),
        ({"late_minutes": "181"}, "180 eller mindre"),
        ({"late_minutes": "en time"}, "Skriv et helt tall"),
        ({"critical_late_minutes": "91"}, "Tidskritiske legemidler kan ikke ha flere minutter"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_typed_is_lost(
    world: World, work_of: WorkOf, client_for: ClientFor, wrong: dict[str, str], said: str
) -> None:
    answer = client_for(world.tora).act("/municipality/medication", FORM | wrong)

    assert answer.status_code == 422
    assert said in answer.text
    assert all(value(answer.text, name) == text for name, text in (FORM | wrong).items() if name != "version")
    with work_of(world.tora) as work:
        assert Medication(work).dose_settings() == []


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("N04BA 15", "Vi forsto ikke «N04BA 15»"),
        ("Levodopa 15 15", "Vi forsto ikke"),
        ("N04BA 15 15\nN04BA 10 10", "Samme ATC-kode"),
        ("N04BA 15 91", "N04BA kan ikke ha flere minutter"),
    ],
)
def test_a_tolerance_of_ones_own_that_cannot_be_is_refused_with_what_was_typed(
    world: World, client_for: ClientFor, own: str, said: str
) -> None:
    answer = client_for(world.tora).act("/municipality/medication", FORM | {"own": own})

    assert answer.status_code == 422
    assert said in answer.text and own in answer.text


def test_an_administrator_who_comes_second_sees_what_was_chosen_and_keeps_what_she_typed(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    choose(world, work_of, DoseSettings(AT_21))

    answer = client_for(world.tora).act("/municipality/medication", FORM)

    assert answer.status_code == 409
    assert "En annen har endret innstillingene" in answer.text
    assert (value(answer.text, "evening"), value(answer.text, "version")) == ("20.30", "1")
