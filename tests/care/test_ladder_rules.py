"""What is next when nobody answers, by when, and who is told when nobody acts: tables of cases."""

from datetime import UTC, datetime, timedelta

import pytest

from journal.care.ladder_rules import (
    DONE,
    END_AFTER,
    OUTCOMES,
    TO_DO,
    USUAL_MINUTES,
    Next,
    Outcome,
    Step,
    Taken,
    clock_text,
    task_text,
    what_is_next,
)
from journal.care.raising import RAISED, TOLD, After, Told, is_told
from journal.care.rules import TASKS
from journal.permissions import Role

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
BELL, PATIENT, KIN, NURSE, KEY, NUMBER_113 = Step
NO = Outcome.NO_ANSWER


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def after(*taken: tuple[Step, Outcome]) -> Next:
    """What is next when these were taken, one each minute from the first."""
    steps = [Taken(step, outcome, at(n)) for n, (step, outcome) in enumerate(taken, 1)]
    return what_is_next(START, USUAL_MINUTES, steps)


NEXT = [
    ((), Next(PATIENT, at(0))),
    (((BELL, NO),), Next(PATIENT, at(0))),
    (((PATIENT, NO),), Next(KIN, at(10))),
    (((PATIENT, NO), (KIN, NO)), Next(NURSE, at(15))),
    (((PATIENT, NO), (KIN, Outcome.KNOWS_NOT)), Next(NURSE, at(15))),
    # Taken in another order: what nobody has done still stands.
    (((NURSE, Outcome.TOLD),), Next(PATIENT, at(0))),
    (((PATIENT, NO), (NURSE, NO)), Next(KIN, at(10))),
    (((PATIENT, NO), (KIN, NO), (NURSE, Outcome.TOLD)), Next(KEY, at(30))),
    (((PATIENT, NO), (KIN, NO), (NURSE, NO)), Next(KEY, at(30))),
    (((PATIENT, NO), (KIN, NO), (NURSE, Outcome.TOLD), (KEY, Outcome.NOBODY)), Next(NUMBER_113, at(45))),
    # Found out: it is to be ended.
    (((BELL, Outcome.ANSWERED),), Next(None, at(1) + END_AFTER)),
    (((PATIENT, Outcome.ANSWERED),), Next(None, at(1) + END_AFTER)),
    (((PATIENT, NO), (KIN, Outcome.KNOWS)), Next(None, at(2) + END_AFTER)),
    (((KEY, Outcome.SAFE),), Next(None, at(1) + END_AFTER)),
    (((NUMBER_113, Outcome.CALLED),), Next(None, at(1) + END_AFTER)),
    # What was found out stands when somebody rings once more, and 113 is called.
    (((KEY, Outcome.SAFE), (KIN, NO)), Next(None, at(1) + END_AFTER)),
    (((PATIENT, Outcome.ANSWERED), (NUMBER_113, Outcome.CALLED)), Next(None, at(2) + END_AFTER)),
    # 113 now.
    (((KEY, Outcome.HURT),), Next(NUMBER_113, at(1), at_once=True)),
    (((PATIENT, Outcome.ANSWERED), (KEY, Outcome.HURT)), Next(NUMBER_113, at(2), at_once=True)),
    (((KEY, Outcome.HURT), (NUMBER_113, Outcome.CALLED)), Next(None, at(2) + END_AFTER)),
    (((KEY, Outcome.NO_ENTRY),), Next(NUMBER_113, at(1), at_once=True)),
    (((KEY, Outcome.NO_ENTRY), (KIN, Outcome.KNOWS)), Next(None, at(2) + END_AFTER)),
    (((KEY, Outcome.NO_ENTRY), (NUMBER_113, Outcome.CALLED)), Next(None, at(2) + END_AFTER)),
]


@pytest.mark.parametrize(("taken", "following"), NEXT)
def test_what_is_next_follows_from_what_was_done(taken: tuple[tuple[Step, Outcome], ...], following: Next) -> None:
    assert after(*taken) == following


def test_the_minutes_are_the_units_own_from_the_start() -> None:
    minutes = {**USUAL_MINUTES, KIN: 4}
    assert what_is_next(START, minutes, [Taken(PATIENT, NO, at(20))]) == Next(KIN, at(4))


def test_the_steps_come_in_the_order_and_within_the_time_that_was_asked_for() -> None:
    assert list(USUAL_MINUTES.items()) == [(PATIENT, 0), (KIN, 10), (NURSE, 15), (KEY, 30), (NUMBER_113, 45)]
    assert timedelta(minutes=15) == END_AFTER
    assert set(OUTCOMES) == set(TO_DO) == set(DONE) == set(Step)


CLOCK = [
    (-3600, "60 minutter over tiden"),
    (-720, "12 minutter over tiden"),
    (-60, "1 minutt over tiden"),
    (-59, "nå"),
    (0, "nå"),
    (59, "nå"),
    (60, "om 1 minutt"),
    (360, "om 6 minutter"),
    (419, "om 6 minutter"),
]


@pytest.mark.parametrize(("seconds", "text"), CLOCK)
def test_the_clock_says_whole_minutes(seconds: int, text: str) -> None:
    assert clock_text(START + timedelta(seconds=seconds), START) == text


@pytest.mark.parametrize(
    ("following", "text"),
    [
        (Next(KIN, START), "Ingen åpner hos pasienten. Neste: ring pårørende."),
        (Next(NUMBER_113, START), "Ingen åpner hos pasienten. Neste: sykepleier avgjør: ring 113."),
        (Next(NUMBER_113, START, at_once=True), "Ingen åpner hos pasienten. Neste: ring 113 nå."),
        (Next(None, START), "Ingen åpner hos pasienten. Neste: skriv hvor pasienten ble funnet, og avslutt."),
    ],
)
def test_the_task_says_what_is_next(following: Next, text: str) -> None:
    assert task_text(following) == text


TELLS = [
    (None, ()),
    (Told.UNIT, (Role.HEALTH_ASSISTANT, Role.DOCTOR)),
    (Told.NURSE, (Role.HEALTH_ASSISTANT, Role.DOCTOR, Role.NURSE)),
    (Told.MANAGER, (Role.HEALTH_ASSISTANT, Role.DOCTOR, Role.NURSE, Role.UNIT_MANAGER)),
]


@pytest.mark.parametrize(("told", "roles"), TELLS)
def test_each_is_told_after_the_one_before_who_is_told_still(told: Told | None, roles: tuple[Role, ...]) -> None:
    asked = (Role.HEALTH_ASSISTANT, Role.DOCTOR, Role.NURSE, Role.UNIT_MANAGER)
    assert {role for role in asked if is_told(role.value, told)} == set(roles)


def test_every_kind_that_is_raised_is_a_task_and_goes_up_to_the_manager() -> None:
    assert set(RAISED) <= set(TASKS)
    assert set(TOLD) == set(Told)
    for afters in RAISED.values():
        assert [each.told for each in afters] == sorted(Told)
        assert [each.minutes for each in afters] == sorted(each.minutes for each in afters)


def test_a_patient_who_does_not_answer_is_the_managers_a_quarter_of_an_hour_after_the_limit() -> None:
    assert RAISED["no-answer"] == (After(0, Told.UNIT), After(5, Told.NURSE), After(15, Told.MANAGER))
