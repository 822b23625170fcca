"""An order by word of mouth: effective at once, marked until somebody who may has signed it, and never forgotten."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.access.justified_rules import Reason, decision_ref
from journal.medication import Medication, Medicine
from journal.medication.errors import AlertsFound, OrderChanged, VerbalOrderAnswered
from journal.medication.rules import Dosage, DoseStatus, OrderStatus, every_hours, when_needed
from journal.medication.rules.verbal import is_overdue, may_answer, sign_before
from journal.medication.service import Answers, Prescriber, Received
from journal.municipalities.models import PractitionerRole
from journal.platform.clock import instant
from journal.platform.errors import Denied, Invalid, NoGround, NotFound
from tests import factories
from tests.conftest import World
from tests.factories import Staff
from tests.medication.test_sign import METOPROLOL, ONE, answers, change, doses, hourly, order, sign

WorkOf = Callable[..., Any]

ON_CALL = Prescriber("Lise Vakt", "7654321", "Legevakten")
UNSIGNED = ("warning", "muntlig, ikke signert")
NEEDED = when_needed(ONE, max_doses=4)


# The rules


@pytest.mark.parametrize(
    ("ground", "own", "may"),
    [
        ("stay", None, True),
        ("service", "1111111", True),
        ("task", "1111111", True),
        ("general_practitioner", "1111111", True),
        ("emergency", "1111111", False),
        ("referral", None, False),
        ("registration", "1111111", False),
        ("emergency", "7654321", True),
    ],
)
def test_the_prescriber_and_those_who_treat_the_patient_may_answer(ground: str, own: str | None, may: bool) -> None:
    assert may_answer(ground=ground, own_number=own, prescriber_number="7654321") is may


def test_the_limit_is_hours_that_pass_also_in_the_night_the_clocks_change() -> None:
    received = instant(datetime(2026, 10, 24, tzinfo=UTC).date(), datetime(2026, 1, 1, 22).time())

    limit = sign_before(received, 24)

    assert limit - received == timedelta(hours=24)
    assert (is_overdue(limit, limit - timedelta(seconds=1)), is_overdue(limit, limit)) == (False, True)


# The service


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def receive(
    world: World,
    work_of: WorkOf,
    patient_id: UUID,
    *,
    by: Staff | None = None,
    medicine: Medicine = METOPROLOL,
    dosage: Dosage | None = None,
    **more: Any,
) -> UUID:
    """A nurse receives an order, and says to the alerts what the prescriber said."""
    dosage = dosage or hourly()
    with work_of(by or world.nina) as work:
        medication = Medication(work)
        judged = medication.judge_verbal(patient_id, medicine=medicine, dosage=dosage)
        told = {"prescriber": ON_CALL, "read_back": True, "answers": answers(judged), "use": "1"}
        if dosage.as_needed is not None:
            told["use"] = "3"
        return medication.receive(patient_id, medicine=medicine, dosage=dosage, **(told | more))


def queue(world: World, work_of: WorkOf, by: Staff | None = None) -> tuple[Received, ...]:
    with work_of(by or world.lars) as work:
        return Medication(work).unsigned().shown


def waiting(world: World, work_of: WorkOf, by: Staff | None = None) -> Received:
    (one,) = queue(world, work_of, by)
    return one


def answer(world: World, work_of: WorkOf, one: Received, *, by: Staff | None = None, refuse: str = "") -> None:
    with work_of(by or world.lars) as work:
        if refuse:
            Medication(work).refuse_verbal(one.patient_id, one.id, version=one.version, reason=refuse)
        else:
            Medication(work).sign_verbal(one.patient_id, one.id)


def make_overdue(world: World, *, hours: int = 48) -> None:
    """All that was received was so two days ago."""
    back = timedelta(hours=hours)
    world.migrator.execute(
        "UPDATE medication.verbal_order SET recorded_at = recorded_at - %s, sign_before = sign_before - %s",
        (back, back),
    )
    world.migrator.execute(
        "UPDATE access.care_relationship SET valid_from = valid_from - %s, valid_until = valid_until - %s,"
        " grace_until = grace_until - %s WHERE practitioner_id IS NOT NULL",
        (back, back, back),
    )


def flags(world: World, work_of: WorkOf, patient_id: UUID) -> list[bool]:
    """Whether the list, and each card, says that it is unsigned."""
    with work_of(world.nina) as work:
        listed = Medication(work).list_with_strip(patient_id)
    said = [UNSIGNED in medicine.flags for medicine in (*listed.regular, *listed.as_needed)]
    return said + [dose.unsigned for dose in doses(world, work_of, patient_id)[:2]]


def test_an_order_by_word_of_mouth_is_effective_at_once_and_says_that_it_is_unsigned(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = receive(world, work_of, patient_id)

    due = doses(world, work_of, patient_id)
    one = waiting(world, work_of)

    assert due and all(dose.request_entry_id == entry_id for dose in due)
    assert set(flags(world, work_of, patient_id)) == {True}
    assert (one.prescriber, one.received_by) == (ON_CALL, "Nina Nordli")
    assert (one.outcome, one.overdue, one.status) == (None, False, OrderStatus.ACTIVE)
    assert one.sign_before - one.received_at == timedelta(hours=24)


def test_an_ordinary_order_is_not_marked(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    order(world, work_of, patient_id)

    assert set(flags(world, work_of, patient_id)) == {False}
    assert queue(world, work_of) == ()


def test_a_medicine_as_needed_by_word_of_mouth_is_marked_too(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    receive(world, work_of, patient_id, dosage=NEEDED)

    with work_of(world.nina) as work:
        (medicine,) = Medication(work).as_needed(patient_id)

    assert UNSIGNED in medicine.flags


def test_the_mark_goes_when_the_doctor_signs_and_a_dose_can_still_be_signed(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)
    answer(world, work_of, waiting(world, work_of))

    assert set(flags(world, work_of, patient_id)) == {False}
    assert queue(world, work_of) == ()


def test_a_signature_does_not_stop_the_nurse_who_has_the_card_open(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """To sign is no new version: what she saw on the card is what holds."""
    receive(world, work_of, patient_id)
    seen = doses(world, work_of, patient_id)[0]
    answer(world, work_of, waiting(world, work_of))

    sign(world, work_of, seen)

    assert doses(world, work_of, patient_id)[0].signed is not None


def test_what_was_not_read_back_is_not_received(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with pytest.raises(Invalid) as refused:
        receive(world, work_of, patient_id, read_back=False)

    assert list(refused.value.errors) == ["read_back"]
    assert doses(world, work_of, patient_id) == []


def test_the_rules_of_prescribing_stop_an_order_by_word_of_mouth_too(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)

    with pytest.raises(AlertsFound):
        receive(world, work_of, patient_id, answers=Answers())


def test_the_same_call_written_down_on_two_devices_is_told_of_the_second_time(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """Two nurses by the same telephone: the second waits for the first, and is told that the patient has the medicine."""

    nurses = [factories.staff(world.builder, world.oslo, world.ward, f"Nora Nes {n}", "nurse") for n in range(4)]
    world.store()
    together = Barrier(len(nurses))
    said = {"prescriber": ON_CALL, "read_back": True, "answers": Answers(), "use": "3"}

    def attempt(by: Staff) -> str:
        try:
            with work_of(by) as work:
                together.wait()
                Medication(work).receive(patient_id, medicine=METOPROLOL, dosage=NEEDED, **said)
        except AlertsFound as found:
            return found.judgement.alerts[0].rule.value
        return "received"

    with ThreadPoolExecutor(len(nurses)) as pool:
        assert sorted(pool.map(attempt, nurses)) == ["duplicate-group"] * 3 + ["received"]


@pytest.mark.parametrize("who", ["siri", "lars", "mona"])
def test_nobody_but_a_nurse_receives(world: World, work_of: WorkOf, patient_id: UUID, who: str) -> None:
    with pytest.raises(Denied):
        receive(world, work_of, patient_id, by=getattr(world, who))


def test_a_nurse_of_another_ward_receives_nothing_for_the_patient(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    with pytest.raises(NoGround):
        receive(world, work_of, patient_id, by=world.unn)


@pytest.mark.parametrize("who", ["nina", "siri", "mona"])
def test_nobody_but_a_doctor_signs_or_refuses(world: World, work_of: WorkOf, patient_id: UUID, who: str) -> None:
    receive(world, work_of, patient_id)
    one = waiting(world, work_of)

    for refuse in ("", "Feil"):
        with pytest.raises(Denied):
            answer(world, work_of, one, by=getattr(world, who), refuse=refuse)
    assert waiting(world, work_of).outcome is None


def test_a_doctor_who_only_looked_in_an_emergency_does_not_sign_what_another_said(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)
    one = waiting(world, work_of)
    b = world.builder
    looking = factories.staff(b, world.oslo, world.other_ward, "Åse Innom", "doctor", hpr="1234567")
    said_it = factories.staff(b, world.oslo, world.other_ward, "Lise Vakt", "doctor", hpr=ON_CALL.hpr_number)
    since = datetime.now(UTC) - timedelta(minutes=5)
    until = since + timedelta(hours=4)
    factories.care_relationship(
        b, patient_id, world.nina, world.other_ward, ground="emergency", since=since, valid_until=until,
        decision_ref=decision_ref(Reason.EMERGENCY),
    )  # fmt: skip
    world.store()

    with pytest.raises(Denied):
        answer(world, work_of, one, by=looking)
    answer(world, work_of, one, by=said_it)

    assert queue(world, work_of) == ()


def test_whoever_received_it_signs_it_in_no_other_role(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    receive(world, work_of, patient_id)
    one = waiting(world, work_of)
    b, person = world.builder, world.nina.actor
    factories.authorised(b, world.oslo, person.person_id, "doctor")
    b.add(
        PractitionerRole, municipality_id=world.oslo["id"], id=b.new_id(), practitioner_id=person.person_id,
        unit_id=world.ward["id"], role="doctor",
    )  # fmt: skip
    world.store()
    with pytest.raises(Denied):
        answer(world, work_of, one, by=Staff(replace(person, role="doctor")))
    with pytest.raises(psycopg.errors.CheckViolation):
        world.migrator.execute(
            "INSERT INTO medication.verbal_answer (patient_id, id, municipality_id, recorded_by, recorded_by_name,"
            " recorded_role, verbal_order_id, outcome) VALUES (%s, gen_random_uuid(), %s, %s, 'N', 'doctor', %s, 'signed')",
            (patient_id, person.municipality_id, person.person_id, one.id),
        )


def test_an_order_is_answered_once_however_many_answer_at_once(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    receive(world, work_of, patient_id)
    one = waiting(world, work_of)

    def attempt(n: int) -> str:
        try:
            answer(world, work_of, one, refuse="Feil pasient" if n % 2 else "")
        except VerbalOrderAnswered as told:
            return str(told.detail).split(" ordinasjonen")[0]
        return "answered"

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(attempt, range(4)))

    assert told[-1] == "answered"
    assert set(told[:-1]) <= {"Lars Haugen signerte", "Lars Haugen avviste"}


def test_a_refused_order_is_stopped_with_the_reason_and_its_receiver_sees_it(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = receive(world, work_of, patient_id)
    answer(world, work_of, waiting(world, work_of), refuse="Sa 25 mg, ikke 50")

    with work_of(world.nina) as work:
        (mine,) = Medication(work).received_by_me().shown
        history = Medication(work).history(patient_id, entry_id)

    assert (mine.outcome, mine.reason, mine.answered_by) == ("refused", "Sa 25 mg, ikke 50", "Lars Haugen")
    assert (history[0].status, history[0].change_reason) == (OrderStatus.STOPPED, "Sa 25 mg, ikke 50")
    assert doses(world, work_of, patient_id) == [] or {d.status for d in doses(world, work_of, patient_id)} == {
        DoseStatus.STOPPED
    }


def test_another_nurse_does_not_see_what_she_did_not_receive(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    receive(world, work_of, patient_id)
    other = factories.staff(world.builder, world.oslo, world.ward, "Nora Nes", "nurse")
    world.store()

    with work_of(other) as work:
        assert Medication(work).received_by_me().shown == ()


def test_an_order_that_was_changed_since_is_not_stopped_unseen(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = receive(world, work_of, patient_id)
    seen = waiting(world, work_of)
    with work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=1, dosage=every_hours(ONE, 2), reason="Mer")

    with pytest.raises(OrderChanged):
        answer(world, work_of, seen, refuse="Feil")

    now = waiting(world, work_of)
    assert (now.version, now.changed, now.outcome) == (2, True, None)


def test_an_order_that_was_stopped_is_still_to_be_signed(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    """What was given of it was given on somebody's word."""
    entry_id = receive(world, work_of, patient_id)
    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, entry_id, version=1, reason="Ikke nødvendig", code="A")

    one = waiting(world, work_of)
    assert one.stopped
    answer(world, work_of, one, refuse="Aldri sagt")
    assert queue(world, work_of) == ()


def test_an_order_of_another_patient_is_not_found(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    receive(world, work_of, patient_id)
    one, other = waiting(world, work_of), world.patient()

    with pytest.raises(NotFound), work_of(world.lars) as work:
        Medication(work).sign_verbal(other, one.id)
