"""Nobody answers at a home visit: it begins by itself, is done step by step by whoever is there, and ends by somebody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.care.ladder_rules import IN_HOSPITAL, IN_HOUSE, NOT_AT_HOME, ON_LEAVE, USUAL_MINUTES, Ending, Outcome, Step
from journal.medication import Medication
from journal.medication.rules import Reason
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from tests.care.helpers import admitted
from tests.care.test_granting import granted
from tests.conftest import World
from tests.medication.test_concurrency import at_once, sends, statuses
from tests.medication.test_sign import METOPROLOL, doses, order

WorkOf = Callable[..., Any]


def at_home(world: World, work_of: WorkOf) -> UUID:
    """Somebody whom Nina's unit gives health care at home."""
    return granted(world, work_of, world.ward)[0]


def begun(world: World, work_of: WorkOf, patient_id: UUID) -> UUID:
    with work_of(world.siri) as work:
        ladder_id: UUID = Care(work).start_ladder(patient_id)
    return ladder_id


def absent(world: World, work_of: WorkOf, patient_id: UUID) -> UUID:
    """A dose that Siri signs as not given, since nobody was there; answers with its signature."""
    return not_given(world, work_of, patient_id, Reason.ABSENT)


def not_given(world: World, work_of: WorkOf, patient_id: UUID, reason: Reason) -> UUID:
    order(world, work_of, patient_id)
    dose = next(dose for dose in doses(world, work_of, patient_id) if dose.can_sign)
    with work_of(world.siri) as work:
        signed: UUID = Medication(work).sign_not_given(patient_id, dose.id, request_version=dose.version, reason=reason)
    return signed


def take(
    world: World, work_of: WorkOf, patient_id: UUID, ladder_id: UUID, step: Step, outcome: Outcome, n: int
) -> None:
    with work_of(world.nina) as work:
        Care(work).take_step(patient_id, ladder_id, step=step, outcome=outcome, seen=n)


def ladders(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.nina) as work:
        return list(Care(work).ladders(patient_id))


def tasks(world: World, work_of: WorkOf, patient_id: UUID, kind: str = "no-answer") -> list[Any]:
    with work_of(world.nina) as work:
        return [task for task in Care(work).open_tasks(patient_id) if task.kind == kind]


def on_list(work_of: WorkOf, who: Any, patient_id: UUID) -> Any:
    with work_of(who) as work:
        since, until = work.now - timedelta(hours=12), work.now + timedelta(hours=12)
        return next(row for row in Medication(work).worklist(start=since, end=until) if row.patient_id == patient_id)


def test_a_dose_not_given_because_nobody_is_there_begins_it_without_a_tap_more(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    absent(world, work_of, kari)

    (ladder,) = ladders(world, work_of, kari)
    assert (ladder.started_by, ladder.of_dose, ladder.running) == ("Siri Strand", True, True)
    assert (ladder.next.step, ladder.next.due_at) == (Step.CALL_PATIENT, ladder.started_at)
    (task,) = tasks(world, work_of, kari)
    assert (task.text, task.about_id) == ("Ingen åpner hos pasienten. Neste: ring pasienten.", ladder.id)
    for who in (world.siri, world.nina, world.lars, world.mona):
        assert on_list(work_of, who, kari).no_answer_since == ladder.started_at


def test_a_second_dose_of_the_same_visit_begins_nothing_more(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    absent(world, work_of, kari)
    absent(world, work_of, kari)

    assert len(ladders(world, work_of, kari)) == len(tasks(world, work_of, kari)) == 1


def test_two_who_find_nobody_in_the_same_moment_both_sign_and_it_begins_once(
    world: World, work_of: WorkOf, client_for: Any
) -> None:
    kari = at_home(world, work_of)
    order(world, work_of, kari)
    order(world, work_of, kari, medicine=replace(METOPROLOL, generic_name="paracetamol", atc_code="N02BE01"))
    ready = [dose for dose in doses(world, work_of, kari) if dose.can_sign]
    first = {dose.request_entry_id: dose for dose in reversed(ready)}.values()
    form = {"reason": "absent", "request_version": "1"}
    answers = at_once(
        sends(client_for(who), f"/patients/{kari}/doses/{dose.id}/not-given", **form)
        for who, dose in zip((world.nina, world.siri), first, strict=True)
    )

    assert statuses(answers) == {303: 2}
    assert len(ladders(world, work_of, kari)) == len(tasks(world, work_of, kari)) == 1


def test_another_reason_begins_nothing(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    not_given(world, work_of, kari, Reason.ASLEEP)

    assert ladders(world, work_of, kari) == []
    assert on_list(work_of, world.nina, kari).no_answer_since is None


def test_a_signature_that_was_a_mistake_ends_nothing_and_the_dose_has_its_own_next_step(
    world: World, work_of: WorkOf
) -> None:
    kari = at_home(world, work_of)
    signed = absent(world, work_of, kari)
    with work_of(world.nina) as work:
        said = Medication(work).not_given_dose(kari, signed)
    assert said.why == "ikke til stede"
    with work_of(world.siri) as work:
        Medication(work).correct(kari, signed, reason="Angret")

    assert ladders(world, work_of, kari)[0].running
    assert len(tasks(world, work_of, kari)) == 1


def test_in_a_nursing_home_somebody_is_asked_once_whether_she_is_on_leave(world: World, work_of: WorkOf) -> None:
    kari = admitted(world, work_of)
    absent(world, work_of, kari)
    absent(world, work_of, kari)

    assert ladders(world, work_of, kari) == []
    assert [task.text for task in tasks(world, work_of, kari, "general") if task.text == ON_LEAVE] == [ON_LEAVE]


def test_without_health_care_at_home_there_is_no_visit_to_follow_up(world: World, work_of: WorkOf) -> None:
    physiotherapy = {"system": "8663", "code": "KR01"}
    kari, _entry = granted(world, work_of, world.ward, **physiotherapy)
    absent(world, work_of, kari)

    assert ladders(world, work_of, kari) == []
    with pytest.raises(Invalid) as refusal, work_of(world.siri) as work:
        Care(work).start_ladder(kari)
    assert refusal.value.detail == NOT_AT_HOME


def test_a_service_that_has_ended_is_none(world: World, work_of: WorkOf) -> None:
    kari, entry_id = granted(world, work_of, world.ward)
    with work_of(world.nina) as work:
        Care(work).end_service(kari, entry_id)
        assert Care(work).not_waited_for(kari) == NOT_AT_HOME


def test_who_lives_in_an_institution_or_is_in_hospital_is_not_waited_for_at_home(world: World, work_of: WorkOf) -> None:
    in_house, in_hospital = at_home(world, work_of), at_home(world, work_of)
    with work_of(world.nina) as work:
        Care(work).admit(in_house, world.ward["id"])
        Care(work).send_to_hospital(in_hospital)
    with work_of(world.nina) as work:
        care = Care(work)
        assert [care.not_waited_for(p) for p in (in_house, in_hospital)] == [IN_HOUSE, IN_HOSPITAL]
    with pytest.raises(Invalid), work_of(world.siri) as work:
        Care(work).start_ladder(in_hospital)


def test_it_begins_without_a_dose_too_and_never_twice_at_once(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    with work_of(world.siri) as work:
        Care(work).start_ladder(kari, place="Dagsenteret", why="Svimmel i går")
    with pytest.raises(Conflict, match="Siri Strand har alt startet dette"), work_of(world.nina) as work:
        Care(work).start_ladder(kari)

    (ladder,) = ladders(world, work_of, kari)
    assert (ladder.place, ladder.why, ladder.of_dose) == ("Dagsenteret", "Svimmel i går", False)


def test_each_step_says_who_and_when_and_moves_the_one_task(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    take(world, work_of, kari, ladder_id, Step.CALL_PATIENT, Outcome.NO_ANSWER, 0)

    (ladder,) = ladders(world, work_of, kari)
    (step,) = ladder.steps
    assert (step.text, step.outcome_text, step.by) == ("Ringte pasienten", "Svarte ikke", "Nina Nordli")
    assert step.at >= ladder.started_at
    (task,) = tasks(world, work_of, kari)
    assert task.text == "Ingen åpner hos pasienten. Neste: ring pårørende."
    assert task.due_at == ladder.started_at + timedelta(minutes=10)


def test_an_outcome_of_another_step_is_refused(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    with pytest.raises(Invalid):
        take(world, work_of, kari, ladder_id, Step.CALL_PATIENT, Outcome.SAFE, 0)


def test_of_two_who_take_a_step_at_once_one_is_told_what_the_other_did(
    world: World, work_of: WorkOf, client_for: Any
) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    path = f"/patients/{kari}/no-answer/{ladder_id}/step"
    calls = {"did": "call-patient.no-answer", "seen": "0"}
    answers = at_once([sends(client_for(who), path, **calls) for who in (world.nina, world.siri)])

    assert statuses(answers) == {303: 1, 409: 1}
    (ladder,) = ladders(world, work_of, kari)
    assert len(ladder.steps) == 1
    with pytest.raises(Conflict, match=r"registrerte dette kl\. .*: Ringte pasienten – svarte ikke"):
        take(world, work_of, kari, ladder_id, Step.CALL_PATIENT, Outcome.ANSWERED, 0)


def test_of_many_who_begin_at_once_one_does(world: World, work_of: WorkOf, client_for: Any) -> None:
    kari = at_home(world, work_of)
    people = [world.nina, world.siri, world.lars] * 2
    answers = at_once([sends(client_for(who), f"/patients/{kari}/no-answer") for who in people])

    assert statuses(answers) == {303: 1, 409: 5}
    assert len(ladders(world, work_of, kari)) == len(tasks(world, work_of, kari)) == 1


def test_whoever_ends_it_says_where_she_was_found_and_the_task_goes_with_it(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    with pytest.raises(Invalid), work_of(world.nina) as work:
        Care(work).end_ladder(kari, ladder_id, ending=Ending.SAFE, note=" ", seen=0)
    with work_of(world.nina) as work:
        Care(work).end_ladder(kari, ladder_id, ending=Ending.ELSEWHERE, note="Hos datteren", seen=0)

    (ladder,) = ladders(world, work_of, kari)
    last = ladder.steps[-1]
    assert not ladder.running
    assert (last.text, last.outcome_text, last.note, last.by) == (
        "Avsluttet", "På sykehus eller et annet sted", "Hos datteren", "Nina Nordli",
    )  # fmt: skip
    assert tasks(world, work_of, kari) == []
    assert on_list(work_of, world.nina, kari).no_answer_since is None
    with pytest.raises(Conflict, match="Nina Nordli registrerte dette"):
        take(world, work_of, kari, ladder_id, Step.BELL, Outcome.NO_ANSWER, 1)
    begun(world, work_of, kari)  # another day it begins anew


def test_nothing_but_its_end_is_the_end_of_its_task(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    begun(world, work_of, kari)
    (task,) = tasks(world, work_of, kari)
    with pytest.raises(Conflict, match="hvor pasienten ble funnet"), work_of(world.nina) as work:
        Care(work).complete_task(kari, task.entry_id)
    with pytest.raises(Conflict, match="hvor pasienten ble funnet"), work_of(world.nina) as work:
        Care(work).mark_task_in_error(kari, task.entry_id, "feil")

    assert len(tasks(world, work_of, kari)) == 1


def test_sent_to_hospital_meanwhile_it_runs_until_somebody_says_so(
    world: World, work_of: WorkOf, client_for: Any
) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    with work_of(world.nina) as work:
        Care(work).send_to_hospital(kari, place="Ullevål")

    assert ladders(world, work_of, kari)[0].running
    page = client_for(world.nina).get(f"/patients/{kari}/no-answer").text
    assert IN_HOSPITAL in page
    assert "Dette avsluttes ikke av seg selv" in page
    with work_of(world.nina) as work:
        Care(work).end_ladder(kari, ladder_id, ending=Ending.ELSEWHERE, note="Ullevål", seen=0)


def test_whoever_has_no_ground_takes_no_step(world: World, work_of: WorkOf) -> None:
    kari = at_home(world, work_of)
    ladder_id = begun(world, work_of, kari)
    with pytest.raises(Denied), work_of(world.unn) as work:
        Care(work).take_step(kari, ladder_id, step=Step.BELL, outcome=Outcome.NO_ANSWER, seen=0)
    with pytest.raises(NotFound):
        take(world, work_of, kari, new_id(), Step.BELL, Outcome.NO_ANSWER, 0)


def test_the_unit_chooses_its_own_minutes_and_what_has_begun_keeps_its_own(world: World, work_of: WorkOf) -> None:
    before, after = at_home(world, work_of), at_home(world, work_of)
    first = begun(world, work_of, before)
    minutes = dict(zip(USUAL_MINUTES, (1, 2, 3, 4, 5), strict=True))
    with work_of(world.mona) as work:  # the manager of the house: what she chooses holds in its wards
        Care(work).choose_ladder(minutes, nurse_phone="22 00 00 00", version=0)
    second = begun(world, work_of, after)
    for patient_id, ladder_id in ((before, first), (after, second)):
        take(world, work_of, patient_id, ladder_id, Step.CALL_PATIENT, Outcome.NO_ANSWER, 0)

    waits = [ladders(world, work_of, p)[0] for p in (before, after)]
    assert [one.next.due_at - one.started_at for one in waits] == [timedelta(minutes=10), timedelta(minutes=2)]
    with work_of(world.nina) as work:
        choice = Care(work).ladder_choice()
    assert (choice.nurse_phone, choice.version, choice.chosen_by) == ("22 00 00 00", 0, "Mona Moe")


def test_settings_in_the_wrong_order_by_another_or_chosen_meanwhile_are_refused(world: World, work_of: WorkOf) -> None:
    with pytest.raises(Invalid) as refusal, work_of(world.mona) as work:
        Care(work).choose_ladder({**USUAL_MINUTES, Step.KEY: 3}, nurse_phone="", version=0)
    assert set(refusal.value.errors) == {"key"}
    with pytest.raises(Denied), work_of(world.nina) as work:
        Care(work).choose_ladder(dict(USUAL_MINUTES), nurse_phone="", version=0)
    with work_of(world.mona) as work:
        Care(work).choose_ladder(dict(USUAL_MINUTES), nurse_phone="", version=0)
    with pytest.raises(Conflict), work_of(world.mona) as work:
        Care(work).choose_ladder(dict(USUAL_MINUTES), nurse_phone="", version=0)
