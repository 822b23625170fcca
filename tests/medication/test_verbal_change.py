"""A change, a pause or a stop by word of mouth: effective at once, and what stood before is never lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care, FollowUp
from journal.care.rules import FOLLOW_UPS
from journal.medication import Medication, Medicine
from journal.medication.errors import AlertsFound, OrderChanged, VerbalOrderAnswered
from journal.medication.rules import Dosage, OrderStatus, Reason, dose_sentence, every_hours, when_needed
from journal.medication.rules.pausing import Replacement
from journal.medication.rules.verbal import Act, AfterRefusal, after_refusal
from journal.medication.service import Answers, Pause
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Denied, Invalid, NotFound
from journal.platform.quantity import Quantity
from tests.conftest import World
from tests.factories import Staff
from tests.medication.test_pausing import PENICILLIN
from tests.medication.test_sign import ONE, answers, change, doses, hourly, order, sign
from tests.medication.test_verbal import NEEDED, ON_CALL, answer, flags, queue, receive, waiting

WorkOf = Callable[..., Any]

PARACETAMOL = Medicine("paracetamol", form="tablett", strength="500 mg", route="peroralt", atc_code="N02BE01")
TWO_HOURLY = every_hours(ONE, 2)
SAID = {"prescriber": ON_CALL, "read_back": True, "version": 1, "reason": "Lav puls"}
R, S, L = AfterRefusal.RESTORE, AfterRefusal.STOP, AfterRefusal.LEAVE


@pytest.mark.parametrize(
    ("act", "decided_since", "choices"),
    [
        (Act.PRESCRIBE, False, (S,)),
        (Act.PRESCRIBE, True, (S,)),
        (Act.CHANGE, False, (R, S)),
        (Act.HOLD, False, (R, S)),
        (Act.RESUME, False, (R, S)),
        (Act.STOP, False, (R, L)),
        (Act.CHANGE, True, (L,)),
        (Act.HOLD, True, (L,)),
        (Act.STOP, True, (L,)),
    ],
)
def test_a_refused_dose_never_goes_on_by_itself(
    act: Act, decided_since: bool, choices: tuple[AfterRefusal, ...]
) -> None:
    assert after_refusal(act, decided_since=decided_since) == choices


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


@pytest.fixture
def entry_id(world: World, work_of: WorkOf, patient_id: UUID) -> UUID:
    return order(world, work_of, patient_id)


def say(
    world: World,
    work_of: WorkOf,
    patient_id: UUID,
    entry_id: UUID,
    act: Act,
    *,
    by: Staff | None = None,
    dosage: Dosage = TWO_HOURLY,
    **more: Any,
) -> int:
    """A nurse receives it, and says to the alerts what the prescriber said."""
    with work_of(by or world.nina) as work:
        medication = Medication(work)
        if act is Act.HOLD:
            return medication.receive_hold(patient_id, entry_id, **(SAID | more))
        if act is Act.RESUME:
            return medication.receive_resume(patient_id, entry_id, **(SAID | more))
        if act is Act.STOP:
            return medication.receive_stop(patient_id, entry_id, **(SAID | more))
        judged = medication.judge_verbal_change(patient_id, entry_id, dosage=dosage)
        said = SAID | {"answers": answers(judged)} | more
        return medication.receive_change(patient_id, entry_id, dosage=dosage, **said)


def refuse(world: World, work_of: WorkOf, patient_id: UUID, after: AfterRefusal, *, version: int = 2) -> None:
    one = waiting(world, work_of)
    with work_of(world.lars) as work:
        medication = Medication(work)
        judged = medication.judge_change(patient_id, one.request_entry_id, dosage=hourly())
        said = {"version": version, "reason": "Aldri sagt", "after": after, "answers": answers(judged)}
        medication.refuse_change(patient_id, one.id, **said)


def now(world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID) -> Any:
    with work_of(world.lars) as work:
        return Medication(work).history(patient_id, entry_id)[0]


@pytest.mark.parametrize(
    ("act", "status"),
    [(Act.CHANGE, OrderStatus.ACTIVE), (Act.HOLD, OrderStatus.ON_HOLD), (Act.STOP, OrderStatus.STOPPED)],
)
def test_it_holds_at_once_says_who_said_it_and_waits_for_a_signature(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID, act: Act, status: OrderStatus
) -> None:
    say(world, work_of, patient_id, entry_id, act)

    newest, one = now(world, work_of, patient_id, entry_id), waiting(world, work_of)

    assert (newest.version, newest.status) == (2, status)
    assert newest.change_reason == "Muntlig fra Lise Vakt: Lav puls"
    assert (one.act, one.request_version, one.before) == (act, 2, dose_sentence(hourly()))
    assert (one.prescriber, one.received_by, one.changed) == (ON_CALL, "Nina Nordli", False)
    assert one.sign_before - one.received_at == timedelta(hours=24)
    if act is not Act.STOP:
        assert True in flags(world, work_of, patient_id)
    answer(world, work_of, one)
    assert True not in flags(world, work_of, patient_id)
    assert queue(world, work_of) == ()


def test_a_dose_of_what_was_before_is_not_signed_when_it_was_changed_by_word_of_mouth(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    seen = doses(world, work_of, patient_id)[0]
    say(world, work_of, patient_id, entry_id, Act.HOLD)

    with pytest.raises(OrderChanged):
        sign(world, work_of, seen)


def test_each_thing_that_was_said_asks_for_its_own_signature(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    """A signed change does not make the order it changes a signed one."""
    entry_id = receive(world, work_of, patient_id)
    say(world, work_of, patient_id, entry_id, Act.CHANGE)
    first, second = queue(world, work_of)
    assert {first.act, second.act} == {Act.PRESCRIBE, Act.CHANGE}

    answer(world, work_of, next(one for one in (first, second) if one.act is Act.CHANGE))

    assert True in flags(world, work_of, patient_id)
    answer(world, work_of, waiting(world, work_of))
    assert True not in flags(world, work_of, patient_id)


@pytest.mark.parametrize("act", [Act.CHANGE, Act.HOLD, Act.STOP])
def test_what_was_not_read_back_or_was_decided_of_another_version_is_not_received(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID, act: Act
) -> None:
    with pytest.raises(Invalid) as refused:
        say(world, work_of, patient_id, entry_id, act, read_back=False)
    assert list(refused.value.errors) == ["read_back"]
    with work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=1, dosage=TWO_HOURLY, reason="Mer")
    with pytest.raises(OrderChanged):
        say(world, work_of, patient_id, entry_id, act, dosage=every_hours(ONE, 3))
    assert queue(world, work_of) == ()


def test_the_safety_rules_judge_a_change_by_word_of_mouth_and_nobody_but_a_nurse_receives_one(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    seldom, often = (every_hours(ONE, n, strength_per_unit=Quantity(Decimal(500), "mg")) for n in (8, 1))
    paracetamol = order(world, work_of, patient_id, medicine=PARACETAMOL, dosage=seldom)
    with pytest.raises(AlertsFound):
        say(world, work_of, patient_id, paracetamol, Act.CHANGE, dosage=often, answers=Answers())
    for who in (world.siri, world.lars, world.mona):
        for act in (Act.HOLD, Act.STOP):
            with pytest.raises(Denied):
                say(world, work_of, patient_id, entry_id, act, by=who)
    assert now(world, work_of, patient_id, entry_id).version == 1


@pytest.mark.parametrize("act", [Act.CHANGE, Act.HOLD, Act.STOP])
def test_refused_what_stood_before_is_put_before_the_doctor_and_holds_again(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID, act: Act
) -> None:
    before = doses(world, work_of, patient_id)
    say(world, work_of, patient_id, entry_id, act)

    refuse(world, work_of, patient_id, R)

    newest = now(world, work_of, patient_id, entry_id)
    assert (newest.version, newest.status) == (3, OrderStatus.ACTIVE)
    assert dose_sentence(newest.dosage) == dose_sentence(hourly())
    assert "Aldri sagt" in newest.change_reason
    ahead = [dose.due_at for dose in before if dose.due_at > newest.changed_at]
    assert [dose.due_at for dose in doses(world, work_of, patient_id) if dose.can_sign][-len(ahead) :] == ahead
    assert queue(world, work_of) == ()
    with work_of(world.nina) as work:
        (mine,) = Medication(work).received_by_me().shown
    assert (mine.outcome, mine.reason) == ("refused", "Aldri sagt")


def test_a_refused_stop_of_a_medicine_as_needed_does_not_forget_what_was_given_of_it(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """In a new order the day's doses would be counted from none."""
    entry_id = order(world, work_of, patient_id, dosage=NEEDED, use="3")
    with work_of(world.nina) as work:
        Medication(work).sign_as_needed(patient_id, entry_id, request_version=1)
    say(world, work_of, patient_id, entry_id, Act.STOP)
    one = waiting(world, work_of)
    with work_of(world.lars) as work:
        judged = Medication(work).judge_change(patient_id, entry_id, dosage=NEEDED)
        said = {"version": 2, "reason": "Feil pasient", "after": R, "answers": answers(judged)}
        Medication(work).refuse_change(patient_id, one.id, **said)

    with work_of(world.nina) as work:
        (medicine,) = Medication(work).as_needed(patient_id)

    assert (medicine.request_entry_id, len(medicine.given)) == (entry_id, 1)


def test_the_doctor_sees_what_was_given_meanwhile_and_what_was_not(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    say(world, work_of, patient_id, entry_id, Act.CHANGE, dosage=every_hours(ONE, 1, strength_per_unit=None))
    given = next(dose for dose in doses(world, work_of, patient_id) if dose.can_sign)
    sign(world, work_of, given)
    answer(world, work_of, waiting(world, work_of))
    say(world, work_of, patient_id, entry_id, Act.HOLD, version=2)
    one = waiting(world, work_of)
    world.migrator.execute(
        "UPDATE medication.verbal_order SET recorded_at = recorded_at - interval '1 hour' WHERE id = %s", (one.id,)
    )

    with work_of(world.lars) as work:
        shown = Medication(work).refusable(patient_id, one.id)

    assert [(g.by, str(g.said)[:5], g.amount) for g in shown.given] == [("Nina Nordli", "gitt ", ONE)]
    assert all(due <= shown.received.received_at + timedelta(hours=13) for due in shown.not_given)


def test_a_refused_change_may_be_stopped_and_a_refused_stop_may_stand(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    say(world, work_of, patient_id, entry_id, Act.CHANGE)
    with pytest.raises(Invalid):
        refuse(world, work_of, patient_id, L)
    refuse(world, work_of, patient_id, S)
    other = world.patient()
    stopped = order(world, work_of, other)
    say(world, work_of, other, stopped, Act.STOP)
    refuse(world, work_of, other, L)

    assert now(world, work_of, patient_id, entry_id).status is OrderStatus.STOPPED
    assert (now(world, work_of, other, stopped).status, now(world, work_of, other, stopped).version) == (
        OrderStatus.STOPPED,
        2,
    )


def test_a_pause_of_an_antibiotic_holds_at_once_and_a_prescriber_is_asked_what_replaces_it(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)
    say(world, work_of, patient_id, entry_id, Act.HOLD)

    with work_of(world.nina) as work:
        asked = {task.text for task in Care(work).open_tasks(patient_id)}
    assert now(world, work_of, patient_id, entry_id).status is OrderStatus.ON_HOLD
    assert asked == {FOLLOW_UPS[FollowUp.PAUSE], FOLLOW_UPS[FollowUp.REPLACEMENT]}

    refuse(world, work_of, patient_id, next(iter(AfterRefusal)))

    with work_of(world.nina) as work:
        assert Care(work).open_tasks(patient_id) == []


def test_a_pause_ends_by_word_of_mouth_from_the_next_dose_and_waits_for_a_signature(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Kvalme")
    with pytest.raises(Invalid):
        say(world, work_of, patient_id, entry_id, Act.RESUME, version=2, read_back=False)
    with pytest.raises(Denied):
        say(world, work_of, patient_id, entry_id, Act.RESUME, version=2, by=world.siri)

    say(world, work_of, patient_id, entry_id, Act.RESUME, version=2)

    newest, one = now(world, work_of, patient_id, entry_id), waiting(world, work_of)
    assert (newest.version, newest.status, one.act) == (3, OrderStatus.ACTIVE, Act.RESUME)
    assert newest.change_reason == "Muntlig fra Lise Vakt: Lav puls"
    assert True in flags(world, work_of, patient_id)
    given = [dose for dose in doses(world, work_of, patient_id) if dose.can_sign]
    assert given and min(dose.due_at for dose in given) > newest.changed_at
    answer(world, work_of, one)
    assert True not in flags(world, work_of, patient_id)
    with pytest.raises(OrderChanged):
        say(world, work_of, patient_id, entry_id, Act.RESUME, version=3)


def test_a_refused_end_of_a_pause_pauses_it_again_with_what_is_given_instead(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """Of an antibiotic: what was given instead, and when somebody looks at it, are as they were."""
    instead = order(world, work_of, patient_id)
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)
    day = local_date(datetime.now(UTC)) + timedelta(days=3)
    pause = Pause(until=day, replacement=Replacement.ORDER, replaced_by=instead)
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Utslett", pause=pause)
    say(world, work_of, patient_id, entry_id, Act.RESUME, version=2)

    refuse(world, work_of, patient_id, R, version=3)

    newest = now(world, work_of, patient_id, entry_id)
    assert (newest.version, newest.status) == (4, OrderStatus.ON_HOLD)
    assert "I stedet gis metoprolol" in newest.change_reason
    assert norwegian_date(day) in newest.change_reason
    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, instead, version=1, reason="Feil")
    say(world, work_of, patient_id, entry_id, Act.RESUME, version=4)
    refuse(world, work_of, patient_id, R, version=5)
    assert now(world, work_of, patient_id, entry_id).status is OrderStatus.ON_HOLD
    with work_of(world.nina) as work:
        assert FOLLOW_UPS[FollowUp.REPLACEMENT] in {task.text for task in Care(work).open_tasks(patient_id)}


def test_what_was_decided_since_is_not_undone_by_a_refusal(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    say(world, work_of, patient_id, entry_id, Act.CHANGE)
    with work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=2, dosage=every_hours(ONE, 4), reason="Mindre")

    with pytest.raises(OrderChanged):
        refuse(world, work_of, patient_id, R)
    with pytest.raises(Invalid):
        refuse(world, work_of, patient_id, R, version=3)
    refuse(world, work_of, patient_id, L, version=3)

    assert now(world, work_of, patient_id, entry_id).version == 3


def test_a_change_is_answered_once_on_its_own_page_and_by_no_nurse(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    say(world, work_of, patient_id, entry_id, Act.HOLD)
    one = waiting(world, work_of)
    said = {"version": 2, "reason": "Nei", "after": R}
    with pytest.raises(Denied), work_of(world.nina) as work:
        Medication(work).refuse_change(patient_id, one.id, **said)
    with pytest.raises(NotFound), work_of(world.lars) as work:
        Medication(work).refuse_change(world.patient(), one.id, **said)
    with pytest.raises(Invalid):
        answer(world, work_of, one, refuse="Uten å se")
    answer(world, work_of, one)
    with pytest.raises(VerbalOrderAnswered), work_of(world.lars) as work:
        Medication(work).refuse_change(patient_id, one.id, **said)


def test_a_course_that_has_ended_meanwhile_does_not_begin_again(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    with work_of(world.lars) as work:
        end = work.now + timedelta(hours=5)
    entry_id = order(world, work_of, patient_id, ends_at=end)
    say(world, work_of, patient_id, entry_id, Act.STOP)
    world.migrator.execute(
        "UPDATE medication.medication_request SET starts_at = starts_at - interval '9 hours',"
        " ends_at = ends_at - interval '9 hours' WHERE patient_id = %s", (patient_id,),
    )  # fmt: skip

    with pytest.raises(Invalid) as refused:
        refuse(world, work_of, patient_id, R)

    assert list(refused.value.errors) == ["after"]


def test_old_and_new_are_shown_until_the_next_dose_is_given(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID
) -> None:
    def shown() -> list[bool]:
        with work_of(world.nina) as work:
            (listed,) = Medication(work).list_with_strip(patient_id).regular
        texts = [listed.changed_text, *(dose.condition_text or "" for dose in doses(world, work_of, patient_id)[-2:])]
        return [f"Ny dosering. Før: {dose_sentence(hourly())}" in text for text in texts]

    assert shown() == [False] * 3
    with work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=1, dosage=TWO_HOURLY, reason="Mindre")
    assert shown() == [True] * 3
    with work_of(world.nina) as work:
        next_dose = next(dose for dose in doses(world, work_of, patient_id) if dose.can_sign)
        Medication(work).sign_not_given(
            patient_id, next_dose.id, request_version=2, reason=Reason.REFUSED, text="", amount=None
        )
    assert shown() == [True] * 3
    early = next(dose for dose in doses(world, work_of, patient_id) if dose.can_sign)
    sign(world, work_of, early, confirmed=list(early.cautions))

    assert shown() == [False] * 3


def test_old_and_new_stand_on_the_sheet_of_a_medicine_as_needed_too(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, dosage=NEEDED, use="3")
    say(world, work_of, patient_id, entry_id, Act.CHANGE, dosage=when_needed(ONE, max_doses=2))

    with work_of(world.nina) as work:
        (medicine,) = Medication(work).as_needed(patient_id)

    assert medicine.changed == f"Ny dosering. Før: {dose_sentence(NEEDED)}"
