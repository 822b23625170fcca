"""Signing a dose: once, of the order that was seen, and corrected without losing what was written."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.medication import Answers, DueDose, Medication, Medicine
from journal.medication.errors import (
    AlreadyCorrected,
    DoseAlreadySigned,
    OrderChanged,
    OrdinarySignature,
    ValueBelowLimit,
    ValueMissing,
)
from journal.medication.rules import Dosage, DoseStatus, Reason, every_hours, pulse
from journal.medication.rules.safety import Judgement
from journal.platform.errors import Denied, Invalid, NoGround, NotFound
from journal.platform.quantity import NBSP, Quantity
from journal.platform.work import Work
from tests.conftest import World

ONE = Quantity(Decimal(1), "tablett")
METOPROLOL = Medicine("metoprolol", "Selo-Zok", "depottablett", strength="50 mg", route="peroralt", atc_code="C07AB02")

WorkOf = Callable[..., Any]


def hourly() -> Dosage:
    """Due each hour from the start of the order, so that a test never depends on the time of day."""
    return every_hours(ONE, 1, strength_per_unit=Quantity(Decimal(50), "mg"))


def order(world: World, work_of: WorkOf, patient_id: UUID, **more: Any) -> UUID:
    """An order that began half an hour ago: its first dose is ready now."""
    with work_of(world.lars) as work:
        started = {"starts_at": work.now - timedelta(minutes=30), "medicine": METOPROLOL, "dosage": hourly()}
        return prescribe(work, patient_id, **(started | more))


def prescribe(work: Work, patient_id: UUID, *, medicine: Medicine, dosage: Dosage, **more: Any) -> UUID:
    """An order by a doctor who reads what she is told and goes on: one an hour is more than anybody should have."""
    judged = Medication(work).judge(patient_id, medicine=medicine, dosage=dosage)
    return Medication(work).prescribe(patient_id, medicine=medicine, dosage=dosage, answers=answers(judged), **more)


def change(work: Work, patient_id: UUID, entry_id: UUID, *, dosage: Dosage, **more: Any) -> int:
    """As prescribe, of another dosage."""
    judged = Medication(work).judge_change(patient_id, entry_id, dosage=dosage)
    return Medication(work).change(patient_id, entry_id, dosage=dosage, answers=answers(judged), **more)


def answers(judged: Judgement) -> Answers:
    return Answers({(alert.key, alert.basis) for alert in judged.alerts}, "Prøve")


def doses(world: World, work_of: WorkOf, patient_id: UUID) -> list[DueDose]:
    with work_of(world.nina) as work:
        start, end = work.now - timedelta(hours=24), work.now + timedelta(hours=24)
        due: list[DueDose] = Medication(work).doses_due([patient_id], start=start, end=end)[patient_id]
    return due


def sign(world: World, work_of: WorkOf, dose: DueDose, **more: Any) -> UUID:
    with work_of(world.nina) as work:
        signed: UUID = Medication(work).sign_given(
            dose.patient_id, dose.id, **({"request_version": dose.version} | more)
        )
    return signed


@pytest.fixture
def dose(world: World, work_of: WorkOf) -> DueDose:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    return doses(world, work_of, patient_id)[0]


def test_a_dose_is_ready_is_signed_and_then_says_who_gave_it(world: World, work_of: WorkOf, dose: DueDose) -> None:
    assert (dose.status, dose.can_sign) == (DoseStatus.READY, True)
    assert str(dose.hand).replace(NBSP, " ") == "Gi 1 tablett = 50 mg – peroralt"

    sign(world, work_of, dose)

    signed = doses(world, work_of, dose.patient_id)[0]
    assert signed.id == dose.id
    assert signed.status is DoseStatus.GIVEN
    assert signed.signed is not None
    assert signed.signed.by_name == "Nina Nordli"
    assert not signed.can_sign


def test_a_dose_is_signed_once_and_the_second_is_told_by_whom(world: World, work_of: WorkOf, dose: DueDose) -> None:
    sign(world, work_of, dose)

    with pytest.raises(DoseAlreadySigned) as refused:
        sign(world, work_of, dose)

    assert refused.value.fields["signed_by"] == "Nina Nordli"
    assert refused.value.detail.startswith("Nina Nordli signerte denne dosen kl. ")
    assert refused.value.detail.endswith("Gi den ikke en gang til.")


def test_of_many_who_sign_at_once_exactly_one_does(world: World, work_of: WorkOf, dose: DueDose) -> None:
    def attempt(_: int) -> str:
        try:
            sign(world, work_of, dose)
        except DoseAlreadySigned:
            return "told"
        return "signed"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(attempt, range(8)))

    assert answers == ["signed"] + ["told"] * 7


def test_a_dose_of_an_order_that_was_stopped_is_not_signed(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.lars) as work:
        Medication(work).stop(dose.patient_id, dose.request_entry_id, version=1, reason="Lav puls")

    with pytest.raises(OrderChanged) as refused:
        sign(world, work_of, dose)

    assert "Lars Haugen seponerte metoprolol" in refused.value.detail
    assert doses(world, work_of, dose.patient_id) == []


def test_a_dose_given_after_the_stop_is_kept_as_a_fact_beside_it(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.lars) as work:
        Medication(work).stop(dose.patient_id, dose.request_entry_id, version=1, reason="Lav puls")
    with work_of(world.nina) as work:
        Medication(work).also_given(dose.patient_id, dose.id, request_version=1)

    shown = doses(world, work_of, dose.patient_id)

    assert [(d.status, d.signed, d.also_given) for d in shown] == [(DoseStatus.STOPPED, None, ("Nina Nordli",))]


def test_a_second_who_gave_the_dose_says_so_without_signing_it(world: World, work_of: WorkOf, dose: DueDose) -> None:
    sign(world, work_of, dose)
    with work_of(world.siri) as work:
        Medication(work).also_given(dose.patient_id, dose.id, request_version=1)

    shown = doses(world, work_of, dose.patient_id)[0]

    assert shown.signed is not None
    assert (shown.signed.by_name, shown.also_given) == ("Nina Nordli", ("Siri Strand",))


def test_an_open_dose_cannot_be_also_given(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.nina) as work, pytest.raises(OrdinarySignature):
        Medication(work).also_given(dose.patient_id, dose.id, request_version=1)


def test_signing_races_with_stopping_and_one_of_them_wins(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    for _ in range(6):
        entry_id = order(world, work_of, patient_id)
        due = next(d for d in doses(world, work_of, patient_id) if d.request_entry_id == entry_id)

        def stop(entry: UUID = entry_id) -> None:
            with work_of(world.lars) as work:
                Medication(work).stop(patient_id, entry, version=1, reason="Lav puls")

        with ThreadPoolExecutor(2) as pool:
            signing, stopping = pool.submit(sign, world, work_of, due), pool.submit(stop)
        stopping.result()

        # Whoever lost was told; a signature never comes after the stop.
        stop_at, signed_at = world.migrator.execute(
            """SELECT r.recorded_at, a.recorded_at FROM medication.medication_request r
               LEFT JOIN medication.medication_administration a ON a.dose_id = %s
               WHERE r.entry_id = %s AND r.status = 'stopped'""",
            (due.id, entry_id),
        ).fetchone() or (None, None)
        assert stop_at is not None
        assert (signed_at is None) == (signing.exception() is not None)
        assert signing.exception() is None or isinstance(signing.exception(), OrderChanged)
        state = world.migrator.execute("SELECT state FROM medication.dose WHERE id = %s", (due.id,)).fetchone()
        assert state == ("open" if signed_at else "cancelled",)


def test_a_not_given_dose_says_why_and_is_counted_as_the_national_result(
    world: World, work_of: WorkOf, dose: DueDose
) -> None:
    with work_of(world.nina) as work:
        Medication(work).sign_not_given(dose.patient_id, dose.id, request_version=1, reason=Reason.REFUSED)

    shown = doses(world, work_of, dose.patient_id)[0]

    assert (shown.status, shown.status_text) == (DoseStatus.NOT_GIVEN, "ikke gitt – ville ikke")
    row = world.migrator.execute(
        "SELECT status, result, amount FROM medication.medication_administration WHERE dose_id = %s", (dose.id,)
    )
    assert row.fetchone() == ("not-done", "3", None)


def test_another_reason_needs_words(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.nina) as work, pytest.raises(Invalid) as refused:
        Medication(work).sign_not_given(dose.patient_id, dose.id, request_version=1, reason=Reason.OTHER)

    assert "reason_text" in refused.value.errors


def test_a_dose_taken_in_part_keeps_how_much(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.nina) as work:
        signed = {"request_version": 1, "reason": Reason.PARTLY, "amount": Decimal("0.5")}
        Medication(work).sign_not_given(dose.patient_id, dose.id, **signed)

    assert doses(world, work_of, dose.patient_id)[0].status is DoseStatus.PARTLY
    row = world.migrator.execute(
        "SELECT status, result, amount FROM medication.medication_administration WHERE dose_id = %s", (dose.id,)
    )
    assert row.fetchone() == ("completed", "2", Decimal("0.5"))


def test_a_dose_taken_in_part_may_be_of_an_unknown_amount_but_never_more_than_was_ordered(
    world: World, work_of: WorkOf, dose: DueDose
) -> None:
    with work_of(world.nina) as work, pytest.raises(Invalid):
        signed = {"request_version": 1, "reason": Reason.PARTLY, "amount": Decimal(2)}
        Medication(work).sign_not_given(dose.patient_id, dose.id, **signed)
    with work_of(world.nina) as work:
        Medication(work).sign_not_given(dose.patient_id, dose.id, request_version=1, reason=Reason.VOMITED_AFTER)

    row = world.migrator.execute(
        "SELECT result, amount FROM medication.medication_administration WHERE dose_id = %s", (dose.id,)
    )
    assert row.fetchone() == ("2", None)


def test_a_corrected_signature_opens_the_dose_and_both_are_kept(world: World, work_of: WorkOf, dose: DueDose) -> None:
    signed = sign(world, work_of, dose)
    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signed, reason="Angret")

    assert doses(world, work_of, dose.patient_id)[0].can_sign
    sign(world, work_of, dose)

    rows = world.migrator.execute(
        "SELECT in_error_reason FROM medication.medication_administration WHERE dose_id = %s ORDER BY recorded_at",
        (dose.id,),
    )
    assert rows.fetchall() == [("Angret",), (None,)]
    with work_of(world.nina) as work, pytest.raises(AlreadyCorrected):
        Medication(work).correct(dose.patient_id, signed, reason="Angret")


def test_another_municipality_cannot_correct_what_it_did_not_write(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    due = doses(world, work_of, patient_id)[0]
    signed = sign(world, work_of, due)
    from tests import factories

    factories.care_relationship(world.builder, patient_id, world.bodil, world.bodo_ward, since=due.due_at)
    world.store()

    with work_of(world.bodil) as work, pytest.raises(Denied):
        Medication(work).correct(patient_id, signed, reason="Angret")


def test_nothing_was_given_later_than_now(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.nina) as work, pytest.raises(Invalid) as refused:
        later = work.now + timedelta(minutes=1)
        Medication(work).sign_given(dose.patient_id, dose.id, request_version=1, given_at=later)

    assert refused.value.errors["given_at"] == ["Tidspunktet er ikke kommet ennå. Skriv når dosen ble gitt."]


def test_an_order_that_wants_the_pulse_is_signed_with_it_and_the_pulse_is_an_observation(
    world: World, work_of: WorkOf
) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id, required_value=pulse(Decimal(55)))
    due = doses(world, work_of, patient_id)[0]

    with pytest.raises(ValueMissing) as missing:
        sign(world, work_of, due)
    with pytest.raises(ValueMissing) as slipped:
        sign(world, work_of, due, value=Decimal(5))
    with pytest.raises(ValueBelowLimit) as low:
        sign(world, work_of, due, value=Decimal(54))
    sign(world, work_of, due, value=Decimal(62))

    assert missing.value.errors["value"] == ["Puls må være et tall mellom 20 og 250."] == slipped.value.errors["value"]
    assert low.value.fields["reason"] == Reason.BELOW_LIMIT
    stored = world.migrator.execute(
        """SELECT o.code, o.value FROM observations.observation o
           JOIN medication.medication_administration a ON a.observation_id = o.id WHERE a.dose_id = %s""",
        (due.id,),
    )
    assert stored.fetchall() == [("pulse", Decimal(62))]


def test_a_dose_of_another_patient_is_not_found(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.nina) as work, pytest.raises(NotFound):
        Medication(work).sign_given(world.patient(), dose.id, request_version=1)


def test_who_has_no_ground_cannot_sign(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Medication(work).sign_given(dose.patient_id, dose.id, request_version=1)


def test_a_signature_costs_two_statements_of_medication(
    world: World, work_of: WorkOf, dose: DueDose, count_queries: list[str]
) -> None:
    count_queries.clear()
    sign(world, work_of, dose)

    own = [statement for statement in count_queries if "medication." in statement]
    assert len(own) == 2
    assert len(count_queries) == 6  # who asks, standing, open_charts, lock and look, insert, outbox


def test_the_database_gives_no_dose_to_sign_of_a_chart_that_is_closed(
    dose: DueDose, as_app: psycopg.Connection[Any]
) -> None:
    asked = as_app.execute("SELECT * FROM medication.dose_to_sign(%s, %s)", ([dose.patient_id], dose.id))

    assert asked.fetchall() == []
