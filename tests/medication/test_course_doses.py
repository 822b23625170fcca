"""Courses that end by the doses given: so many are given, whatever is refused, missed, taken back or signed late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.app import JournalApp
from journal.medication import DueDose, Medication
from journal.medication.errors import CourseComplete
from journal.medication.rules import (
    AmountRange,
    Caution,
    Course,
    Dosage,
    DoseStatus,
    InvalidDosage,
    Reason,
    Slot,
    dose_sentence,
    every_hours,
    is_made_up,
    number_text,
    reusable,
    so_far,
    so_far_text,
    when_needed,
)
from journal.medication.rules.dosage import daily
from journal.platform.caller import Known
from journal.platform.errors import Invalid
from journal.worker import SYSTEM
from tests.conftest import Browser, World
from tests.medication.test_pausing import nothing_instead
from tests.medication.test_renewing import PENICILLIN
from tests.medication.test_sign import ONE, doses, prescribe, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


# The rule


def slot(hours: int, *, given: int = 0, signed: bool = False, open: bool = True) -> Slot:
    """A dose due so many hours from noon, missed six hours after."""
    due_at = NOON + hours * HOUR
    return Slot(due_at, given, signed, open, due_at + 6 * HOUR)


@pytest.mark.parametrize(
    ("slots", "stands"),
    [
        ([], (0, 0, 0, 5)),
        ([slot(-12, given=1, signed=True), slot(-1)], (1, 0, 1, 3)),
        ([slot(-12, signed=True), slot(-6)], (0, 2, 0, 5)),
        ([slot(-12, given=2, signed=True)], (2, 0, 0, 3)),
        ([slot(-12, open=False), slot(-1, open=False)], (0, 0, 0, 5)),
        ([slot(-12 - n, given=1, signed=True) for n in range(5)] + [slot(-1)], (5, 0, 0, 0)),
        ([slot(-12 - n, given=2, signed=True) for n in range(3)], (6, 0, 0, 0)),
    ],
)
def test_what_is_given_and_waits_and_is_to_come_makes_the_course(
    slots: list[Slot], stands: tuple[int, int, int, int]
) -> None:
    found = so_far(5, slots, now=NOON, start=NOON)
    assert (found.given, found.not_given, len(found.waiting), found.ahead) == stands


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 1), st.booleans(), st.booleans()), max_size=30),
    st.integers(-40, 0),
)
def test_no_course_is_longer_or_shorter_than_was_ordered(
    of: int, happened: list[tuple[int, bool, bool]], late: int
) -> None:
    slots = [
        slot(-n, given=times, signed=signed or bool(times), open=open)
        for n, (times, signed, open) in enumerate(happened)
    ]
    found = so_far(of, slots, now=NOON, start=NOON + late * HOUR)
    assert found.given + len(found.waiting) + found.ahead == max(of, found.given)


def test_it_is_said_what_is_given_and_what_the_course_is_longer_by() -> None:
    assert so_far_text(12, 28, 0) == "12 av 28 doser gitt"
    assert so_far_text(12, 28, 2) == "12 av 28 doser gitt · 2 ble ikke gitt og tas igjen til slutt"
    assert so_far_text(28, 28, 2) == "28 av 28 doser gitt, kuren er ferdig"
    assert number_text(13, 28) == "Dose 13 av 28"
    assert number_text(28, 28) == "Siste dose i kuren (28 av 28)"
    assert is_made_up(DoseStatus.MISSED) and is_made_up(DoseStatus.NOT_GIVEN)
    assert not any(map(is_made_up, (DoseStatus.GIVEN, DoseStatus.PARTLY, DoseStatus.LATE, DoseStatus.PLANNED)))


def test_the_sentence_says_how_many_and_the_document_keeps_it() -> None:
    dosage = daily(ONE, [time(8), time(20)], course=Course(doses=10))
    assert (
        dose_sentence(dosage)
        == "1\N{NO-BREAK SPACE}tablett kl.\N{NO-BREAK SPACE}08 og 20, til 10\N{NO-BREAK SPACE}doser er gitt i alt"
    )
    assert Dosage.from_json(dosage.to_json()) == dosage
    saved = reusable(dosage, NOON.date())
    assert saved
    assert (saved.dosage, saved.course_days) == (dosage, None)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Course(doses=0),
        lambda: Course(doses=501),
        lambda: Course(ends_at=NOON, doses=3),
        lambda: when_needed(AmountRange(ONE, ONE + ONE), max_doses=4, course=Course(doses=10)),
        lambda: daily({time(8): ONE, time(20): ONE + ONE}, course=Course(doses=10)),
    ],
)
def test_a_count_that_says_nothing_or_two_things_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidDosage):
        wrong()


# The plan. Due each hour, so that no test depends on the time of day; the first an hour and a half before it was ordered.


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def course(world: World, work_of: WorkOf, patient_id: UUID, of: int = 4, *, ago: int = 30, every: int = 1) -> UUID:
    with work_of(world.lars) as work:
        dosage = every_hours(ONE, every, course=Course(doses=of))
        started = work.now - timedelta(minutes=ago)
        return prescribe(work, patient_id, medicine=PENICILLIN, dosage=dosage, starts_at=started, use="2")


def refuse(world: World, work_of: WorkOf, dose: DueDose, reason: Reason = Reason.REFUSED) -> UUID:
    with work_of(world.nina) as work:
        refused: UUID = Medication(work).sign_not_given(
            dose.patient_id, dose.id, request_version=dose.version, reason=reason
        )
    return refused


def undo(world: World, work_of: WorkOf, patient_id: UUID, signed: UUID) -> None:
    with work_of(world.nina) as work:
        Medication(work).correct(patient_id, signed, reason="Feil pasient")


def said(world: World, work_of: WorkOf, patient_id: UUID) -> list[str | None]:
    return [dose.condition_text for dose in doses(world, work_of, patient_id)]


def in_list(world: World, work_of: WorkOf, patient_id: UUID) -> str | None:
    with work_of(world.nina) as work:
        (medicine,) = Medication(work).list_with_strip(patient_id).courses
        return medicine.condition_text


def earlier(world: World, entry_id: UUID, hours: int) -> None:
    """As if the order had been planned, and was to be counted again, so many hours ago."""
    # A dose at a time, the first of them first: two of an order may not be due at once, also not on the way.
    doses = "SELECT id FROM medication.dose WHERE request_entry_id = %s ORDER BY due_at"
    moved = ("due_at", "next_due_at", "ready_from", "late_after", "missed_from")
    to = ", ".join(f"{column} = {column} - make_interval(hours => {hours})" for column in moved)
    for (dose_id,) in world.migrator.execute(doses, (entry_id,)).fetchall():
        world.migrator.execute(f"UPDATE medication.dose SET {to} WHERE id = %s", (dose_id,))
    again = f"UPDATE medication.request_plan SET count_again_at = count_again_at - make_interval(hours => {hours})"
    world.migrator.execute(f"{again} WHERE request_entry_id = %s", (entry_id,))


def test_so_many_doses_are_planned_and_each_says_which_it_is(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    course(world, work_of, patient_id)
    assert said(world, work_of, patient_id) == [
        "Dose 1 av 4",
        "Dose 2 av 4",
        "Dose 3 av 4",
        "Siste dose i kuren (4 av 4)",
    ]
    assert in_list(world, work_of, patient_id) == "0 av 4 doser gitt"


def test_a_refused_dose_is_made_up_at_the_end_and_it_is_said(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    course(world, work_of, patient_id)
    first, *_rest, last = doses(world, work_of, patient_id)

    refused = refuse(world, work_of, first)

    now_planned = doses(world, work_of, patient_id)
    assert [dose.made_up for dose in now_planned] == [True, False, False, False, False]
    page = client_for(world.nina).get(f"/round?patient={patient_id}").text
    assert page.count("tas igjen til slutt i kuren") == 1
    assert in_list(world, work_of, patient_id) in client_for(world.nina).get(f"/patients/{patient_id}/medication").text
    assert now_planned[-1].due_at == last.due_at + HOUR
    assert [dose.condition_text for dose in now_planned] == [
        "Dose 1 av 4",
        "Dose 1 av 4",
        "Dose 2 av 4",
        "Dose 3 av 4",
        "Siste dose i kuren (4 av 4)",
    ]
    assert in_list(world, work_of, patient_id) == "0 av 4 doser gitt · 1 ble ikke gitt og tas igjen til slutt"

    undo(world, work_of, patient_id, refused)

    assert [dose.due_at for dose in doses(world, work_of, patient_id)][-1] == last.due_at
    assert in_list(world, work_of, patient_id) == "0 av 4 doser gitt"


def test_two_who_refuse_at_once_have_both_doses_made_up(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    course(world, work_of, patient_id)
    first, second, *_rest, last = doses(world, work_of, patient_id)

    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda dose: refuse(world, work_of, dose), (first, second)))

    planned = doses(world, work_of, patient_id)
    assert planned[-1].due_at == last.due_at + 2 * HOUR
    assert [dose.condition_text for dose in planned[2:]] == [
        "Dose 1 av 4",
        "Dose 2 av 4",
        "Dose 3 av 4",
        "Siste dose i kuren (4 av 4)",
    ]


def test_what_was_taken_in_part_is_not_given_anew(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    course(world, work_of, patient_id)
    refuse(world, work_of, doses(world, work_of, patient_id)[0], Reason.VOMITED_AFTER)
    assert len(doses(world, work_of, patient_id)) == 4
    assert in_list(world, work_of, patient_id) == "1 av 4 doser gitt"


def test_a_given_dose_that_was_a_mistake_is_to_be_given(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    course(world, work_of, patient_id, of=1)
    signed = sign(world, work_of, doses(world, work_of, patient_id)[0])
    assert in_list(world, work_of, patient_id) == "1 av 1 doser gitt, kuren er ferdig"

    undo(world, work_of, patient_id, signed)

    (dose,) = doses(world, work_of, patient_id)
    assert dose.can_sign
    assert in_list(world, work_of, patient_id) == "0 av 1 doser gitt"


def test_the_worker_makes_up_for_a_missed_dose_at_the_end(
    app: JournalApp, world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = course(world, work_of, patient_id, of=2)
    earlier(world, entry_id, 2)  # due two and a half hours and one and a half hours ago: both missed

    with app.works.open(Known(SYSTEM)) as work:
        medication = Medication(work)
        assert patient_id in (waiting := medication.plans_running_out())
        assert medication.extend_horizon(waiting)[patient_id] == 1
        assert patient_id not in medication.plans_running_out()

    planned = doses(world, work_of, patient_id)
    statuses = [dose.status for dose in planned]
    assert statuses[:2] == [DoseStatus.MISSED, DoseStatus.MISSED]
    assert [dose.condition_text for dose in planned[2:]] == ["Dose 1 av 2", "Siste dose i kuren (2 av 2)"]
    assert in_list(world, work_of, patient_id) == "0 av 2 doser gitt · 2 ble ikke gitt og tas igjen til slutt"


def test_a_missed_dose_that_was_given_after_all_takes_the_made_up_one_away(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = course(world, work_of, patient_id, of=2)
    earlier(world, entry_id, 2)
    with work_of(world.nina) as work:
        Medication(work).extend_horizon([patient_id])
        missed = doses(world, work_of, patient_id)[0]

    sign(world, work_of, missed, given_at=missed.due_at)

    assert [dose.condition_text for dose in doses(world, work_of, patient_id)][2:] == ["Siste dose i kuren (2 av 2)"]


def test_nobody_gives_a_missed_dose_of_a_course_that_is_over_and_who_did_can_say_so(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = course(world, work_of, patient_id, of=2)
    earlier(world, entry_id, 2)
    with work_of(world.nina) as work:
        Medication(work).extend_horizon([patient_id])
    first_missed, second_missed, *made_up = doses(world, work_of, patient_id)
    with work_of(world.nina) as work:
        half_an_hour_ago = work.now - timedelta(minutes=31)
    for dose, given_at in zip(made_up, (half_an_hour_ago, None), strict=True):
        sign(world, work_of, dose, given_at=given_at, confirmed=[Caution.EARLY])

    for refused in (
        lambda: sign(world, work_of, first_missed, given_at=first_missed.due_at),
        lambda: refuse(world, work_of, second_missed, Reason.VOMITED_AFTER),
    ):
        with pytest.raises(CourseComplete, match="Ikke gi flere"):
            refused()
    refuse(world, work_of, second_missed)

    with work_of(world.nina) as work:
        Medication(work).also_given(patient_id, first_missed.id, request_version=1)
    told = world.migrator.execute(
        "SELECT kind FROM medication.medication_administration WHERE dose_id = %s", (first_missed.id,)
    ).fetchall()
    assert told == [("given_after_stop",)]


def test_a_dose_given_twice_shortens_the_course(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    course(world, work_of, patient_id)
    first = doses(world, work_of, patient_id)[0]
    sign(world, work_of, first)
    with work_of(world.nina) as work:
        Medication(work).also_given(patient_id, first.id, request_version=1)
    assert [dose.condition_text for dose in doses(world, work_of, patient_id)][1:] == [
        "Dose 3 av 4",
        "Siste dose i kuren (4 av 4)",
    ]


def test_a_pause_moves_the_end_and_takes_no_dose(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = course(world, work_of, patient_id, of=3)
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Kvalme", pause=nothing_instead())
    assert {dose.status for dose in doses(world, work_of, patient_id)} == {DoseStatus.HELD}
    earlier(world, entry_id, 2)
    with work_of(world.lars) as work:
        Medication(work).resume(patient_id, entry_id, version=2, reason="Bedre")

    *paused, first, second, third = doses(world, work_of, patient_id)
    ahead = (first, second, third)

    assert [dose.can_sign for dose in paused] == [False] * 3
    assert [dose.condition_text for dose in ahead] == ["Dose 1 av 3", "Dose 2 av 3", "Siste dose i kuren (3 av 3)"]


def test_a_change_counts_what_was_given_and_must_be_longer_than_that(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = course(world, work_of, patient_id)
    sign(world, work_of, doses(world, work_of, patient_id)[0])

    def change(of: int) -> None:
        with work_of(world.lars) as work:
            dosage = every_hours(ONE, 1, course=Course(doses=of))
            Medication(work).change(patient_id, entry_id, version=1, dosage=dosage, reason="Kortere kur")

    with pytest.raises(Invalid) as refused:
        change(1)
    assert refused.value.errors["doses"] == ["1 av dosene er gitt allerede. Skriv hvor mange det skal bli i alt."]
    change(2)
    assert [dose.condition_text for dose in doses(world, work_of, patient_id)][1:] == [
        "Ny dosering. Før: 1\xa0tablett hver time, til 4\xa0doser er gitt i alt · Siste dose i kuren (2 av 2)"
    ]


@pytest.mark.parametrize("first", [sign, refuse])
def test_a_mistake_that_is_found_after_a_change_is_counted_in_the_changed_course(
    world: World, work_of: WorkOf, patient_id: UUID, first: Callable[..., UUID]
) -> None:
    entry_id = course(world, work_of, patient_id)
    signed = first(world, work_of, doses(world, work_of, patient_id)[0])
    with work_of(world.lars) as work:
        dosage = every_hours(ONE, 1, course=Course(doses=3))
        Medication(work).change(patient_id, entry_id, version=1, dosage=dosage, reason="Kortere kur")

    undo(world, work_of, patient_id, signed)

    left = doses(world, work_of, patient_id)
    assert [dose.can_sign for dose in left] == [True] * 3
    assert [(dose.condition_text or "").rpartition(" · ")[2] for dose in left] == [
        "Dose 1 av 3",
        "Dose 2 av 3",
        "Siste dose i kuren (3 av 3)",
    ]


def test_a_course_that_is_over_is_none_that_a_new_order_doubles(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    course(world, work_of, patient_id, of=1)

    def doubled() -> bool:
        with work_of(world.lars) as work:
            judged = Medication(work).judge(patient_id, medicine=PENICILLIN, dosage=daily(ONE, [time(8)]))
            return any("duplicate" in alert.rule for alert in judged.alerts)

    assert doubled()
    sign(world, work_of, doses(world, work_of, patient_id)[0])
    assert not doubled()
