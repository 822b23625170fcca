"""A dose that was not given has a next step: another try, a nurse, a doctor; and what goes on is the prescriber's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.medication import DueDose, Medication, Medicine
from journal.medication.rules import DoseStatus, Reason, every_hours
from journal.medication.rules.next_step import (
    CRITICAL,
    LATER,
    SOON,
    Critical,
    Next,
    NextStep,
    critical_group,
    next_step,
    refused_for_days,
    worth_a_try,
)
from journal.platform.clock import local
from journal.platform.errors import Conflict
from tests import factories
from tests.conftest import World
from tests.medication.test_sign import METOPROLOL, ONE, doses, order, sign

WorkOf = Callable[..., Any]
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
DUE = NOW - timedelta(minutes=30)
TRY, NURSE, DOCTOR, NOTHING = NextStep.TRY_AGAIN, NextStep.TELL_NURSE, NextStep.CALL_DOCTOR, NextStep.NONE
LEVODOPA = replace(METOPROLOL, generic_name="levodopa", brand_name="Madopar", atc_code="N04BA02")

# What comes of each reason: of an ordinary medicine, and of one whose gap harms.
STEPS = [
    (Reason.REFUSED, TRY, TRY),
    (Reason.ASLEEP, TRY, TRY),
    (Reason.ABSENT, TRY, TRY),
    (Reason.PARTLY, NOTHING, NURSE),
    (Reason.LAID_OUT, NOTHING, NURSE),
    (Reason.ADMITTED, NOTHING, NURSE),
    (Reason.NAUSEA, TRY, DOCTOR),
    (Reason.VOMITED_AFTER, NURSE, DOCTOR),
    (Reason.OUT_OF_STOCK, NURSE, DOCTOR),
    (Reason.FASTING, NOTHING, DOCTOR),
    (Reason.CLINICAL, NOTHING, NURSE),
    (Reason.BELOW_LIMIT, DOCTOR, DOCTOR),
    (Reason.ABOVE_LIMIT, DOCTOR, DOCTOR),
    (Reason.OTHER, NURSE, NURSE),
]

# Source: ATC, WHO Collaborating Centre.
GROUPS = [
    ("A10AB05", Critical.INSULIN),
    ("A10BA02", None),  # metformin
    ("B01AA03", Critical.ANTICOAGULANT),
    ("B01AF01", Critical.ANTICOAGULANT),
    ("B01AC06", None),  # acetylsalicylic acid, for platelets
    ("N03AG01", Critical.ANTIEPILEPTIC),
    ("N04BA02", Critical.PARKINSON),
    ("N02AA01", Critical.OPIOID),
    ("N07BC01", Critical.OPIOID),
    ("N02BE01", None),  # paracetamol
    ("J01CE02", Critical.ANTIBIOTIC),
    ("P01AB01", Critical.ANTIBIOTIC),
    ("C07AB02", None),
    (None, None),
]


def step(reason: Reason, group: Critical | None, **more: Any) -> Next:
    return next_step(reason, group, **({"now": NOW, "due_at": DUE, "next_due_at": DUE + timedelta(hours=12)} | more))


@pytest.mark.parametrize(("reason", "ordinary", "critical"), STEPS)
def test_each_reason_has_its_step(reason: Reason, ordinary: NextStep, critical: NextStep) -> None:
    assert (step(reason, None).step, step(reason, Critical.PARKINSON).step) == (ordinary, critical)


def test_the_table_has_every_reason_and_a_critical_medicine_never_ends_with_nothing() -> None:
    assert {reason for reason, *_ in STEPS} == set(Reason)
    for group in Critical:
        for reason in Reason:
            for again in (True, False):
                for may_retry in (True, False):
                    assert step(reason, group, again=again, may_retry=may_retry).step is not NOTHING


@pytest.mark.parametrize(("atc_code", "group"), GROUPS)
def test_which_medicines_are_critical(atc_code: str | None, group: Critical | None) -> None:
    assert critical_group(atc_code) is group


def test_a_municipality_adds_and_takes_nothing_away() -> None:
    assert critical_group("H02AB06", ["H02AB"]) is Critical.CHOSEN
    assert critical_group("B01AA03", ["H02AB"]) is Critical.ANTICOAGULANT
    assert critical_group(None, ["H02AB"]) is None
    assert set(CRITICAL) == set(Critical) - {Critical.CHOSEN}


def test_sleep_after_an_opioid_or_insulin_is_looked_at_and_not_waited_for() -> None:
    assert step(Reason.ASLEEP, Critical.OPIOID) == Next(NURSE)
    assert step(Reason.ASLEEP, Critical.INSULIN) == Next(NURSE)


def test_another_try_is_soon_and_never_nearer_the_next_dose_than_half_the_time_between_them() -> None:
    assert step(Reason.REFUSED, None) == Next(TRY, NOW + SOON)
    assert step(Reason.ASLEEP, None) == Next(TRY, NOW + LATER)
    assert step(Reason.ASLEEP, Critical.PARKINSON) == Next(TRY, NOW + SOON)
    assert step(Reason.REFUSED, None, next_due_at=None) == Next(TRY, NOW + SOON)
    exactly = NOW + SOON - DUE
    assert step(Reason.REFUSED, None, next_due_at=DUE + 2 * exactly).step is TRY
    too_near = DUE + 2 * exactly - timedelta(minutes=1)
    assert step(Reason.REFUSED, None, next_due_at=too_near) == Next(NOTHING)
    assert step(Reason.REFUSED, Critical.PARKINSON, next_due_at=too_near) == Next(DOCTOR)
    assert step(Reason.REFUSED, None, due_at=NOW - timedelta(hours=12), next_due_at=None) == Next(NOTHING), "missed"


def test_nobody_is_woken_for_a_sleeping_tablet() -> None:
    assert not worth_a_try(Reason.ASLEEP, "N05CH01")
    assert worth_a_try(Reason.REFUSED, "N05CH01")
    assert worth_a_try(Reason.ASLEEP, "N04BA02")


def test_three_days_running_end_today() -> None:
    today = date(2026, 11, 22)
    days = [today - timedelta(days=back) for back in range(4)]
    assert refused_for_days(days[:3], today)
    assert not refused_for_days(days[:2], today)
    assert not refused_for_days(days[1:], today), "not today"
    assert not refused_for_days([days[0], days[1], days[3]], today), "not running"


def refuse(world: World, work_of: WorkOf, dose: DueDose, reason: Reason = Reason.REFUSED) -> UUID:
    with work_of(world.nina) as work:
        signed: UUID = Medication(work).sign_not_given(
            dose.patient_id, dose.id, request_version=dose.version, reason=reason
        )
    return signed


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[tuple[str, str]]:
    with work_of(world.siri) as work:
        return [(task.kind, str(task.text)) for task in Care(work).open_tasks(patient_id)]


def a_dose(world: World, work_of: WorkOf, medicine: Medicine = METOPROLOL) -> DueDose:
    """Each eighth hour, the first half an hour ago."""
    patient_id = world.patient()
    order(world, work_of, patient_id, medicine=medicine, dosage=every_hours(ONE, 8))
    return doses(world, work_of, patient_id)[0]


def undo(world: World, work_of: WorkOf, dose: DueDose, signature: UUID) -> None:
    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signature, reason="Angret")


def tries(world: World, work_of: WorkOf, dose: DueDose) -> list[DueDose]:
    return [each for each in doses(world, work_of, dose.patient_id) if each.is_retry]


def test_another_try_is_a_dose_of_its_own_and_the_refusal_stands(world: World, work_of: WorkOf) -> None:
    dose = a_dose(world, work_of)
    refuse(world, work_of, dose)

    first, again = doses(world, work_of, dose.patient_id)[:2]
    assert (first.id, first.status, first.next_step, first.try_at) == (dose.id, DoseStatus.NOT_GIVEN, TRY, again.due_at)
    assert (again.is_retry, again.status, again.amount, again.can_sign) == (True, DoseStatus.READY, dose.amount, True)
    assert tasks(world, work_of, dose.patient_id) == []

    sign(world, work_of, again)
    statuses = [each.status for each in doses(world, work_of, dose.patient_id)[:2]]
    assert statuses == [DoseStatus.NOT_GIVEN, DoseStatus.GIVEN]


def test_a_try_that_fails_of_a_critical_medicine_goes_to_the_doctor_and_of_others_ends(
    world: World, work_of: WorkOf
) -> None:
    for medicine, kinds in ((METOPROLOL, []), (LEVODOPA, ["next_step"])):
        dose = a_dose(world, work_of, medicine)
        refuse(world, work_of, dose)
        (again,) = tries(world, work_of, dose)
        refuse(world, work_of, again)

        assert len(tries(world, work_of, dose)) == 1
        assert [kind for kind, _ in tasks(world, work_of, dose.patient_id)] == kinds
    (said,) = tasks(world, work_of, dose.patient_id)
    assert said[1].startswith("Ring lege nå: levodopa, planlagt kl. ")
    assert said[1].endswith("er ikke gitt (ville ikke).")


def test_an_undone_refusal_calls_its_try_off_but_not_one_that_is_signed(world: World, work_of: WorkOf) -> None:
    dose = a_dose(world, work_of)
    refusal = refuse(world, work_of, dose)
    undo(world, work_of, dose, refusal)
    shown = doses(world, work_of, dose.patient_id)
    assert [each.status for each in shown[:1]] == [DoseStatus.READY]
    assert not any(each.is_retry for each in shown), "one dose to give, and not two"

    second = refuse(world, work_of, dose)
    (again,) = tries(world, work_of, dose)
    sign(world, work_of, again)
    with pytest.raises(Conflict, match="prøvd igjen"):
        undo(world, work_of, dose, second)


def test_a_dose_that_a_colleague_gave_all_the_same_is_not_tried_again(world: World, work_of: WorkOf) -> None:
    dose = a_dose(world, work_of)
    refuse(world, work_of, dose)

    with work_of(world.siri) as work:
        Medication(work).also_given(dose.patient_id, dose.id, request_version=1)

    assert tries(world, work_of, dose) == []


def test_a_nurse_or_a_doctor_has_a_task_that_falls_with_the_signature(world: World, work_of: WorkOf) -> None:
    dose = a_dose(world, work_of)
    signature = refuse(world, work_of, dose, Reason.OUT_OF_STOCK)
    ((kind, text),) = tasks(world, work_of, dose.patient_id)
    assert kind == "next_step"
    assert text.startswith("Si fra til sykepleier: metoprolol, planlagt kl. ")
    assert doses(world, work_of, dose.patient_id)[0].next_step is NURSE

    undo(world, work_of, dose, signature)

    assert tasks(world, work_of, dose.patient_id) == []


def history(world: World, medicine: Medicine, *reasons: Reason | None, signed: bool = True) -> tuple[UUID, UUID]:
    """A dose a day, due now and the days before: those before were not given for these reasons (None: given), the latest last."""
    due_at = datetime.now(UTC).replace(second=0, microsecond=0)
    dosage, days = factories.once_a_day(local(due_at).time()), len(reasons)
    patient_id = world.patient()
    b = world.builder
    request = factories.medication_request(
        b,
        patient_id,
        world.lars,
        medicine,
        dosage=dosage,
        starts_at=due_at - timedelta(days=days, hours=1),
        planned_until=due_at + timedelta(days=1),
    )
    start = due_at - timedelta(days=days, minutes=1)
    planned = factories.doses(b, request, dosage, start, due_at + timedelta(minutes=1))
    for dose, reason in zip(planned, reasons, strict=False):
        if signed:
            factories.administration(b, dose, world.nina, at=dose["due_at"], reason=reason)
    world.store()
    return patient_id, planned[-1]["id"]


def say_no(world: World, work_of: WorkOf, patient_id: UUID, dose_id: UUID, reason: Reason) -> None:
    with work_of(world.nina) as work:
        Medication(work).sign_not_given(patient_id, dose_id, request_version=1, reason=reason)


REFUSED = Reason.REFUSED


def test_refused_three_days_running_is_the_prescribers_once(world: World, work_of: WorkOf) -> None:
    patient_id, dose_id = history(world, METOPROLOL, REFUSED, REFUSED)
    say_no(world, work_of, patient_id, dose_id, REFUSED)
    assert [kind for kind, _ in tasks(world, work_of, patient_id)] == ["prescriber"]

    (again,) = [each for each in doses(world, work_of, patient_id) if each.is_retry]
    refuse(world, work_of, again)

    assert [kind for kind, _ in tasks(world, work_of, patient_id)] == ["prescriber"], "once, and not at each refusal"


@pytest.mark.parametrize("before", [(REFUSED, Reason.ASLEEP), (None, REFUSED)])
def test_two_days_are_not_three(world: World, work_of: WorkOf, before: tuple[Reason | None, ...]) -> None:
    patient_id, dose_id = history(world, METOPROLOL, *before)
    say_no(world, work_of, patient_id, dose_id, REFUSED)

    assert tasks(world, work_of, patient_id) == []


@pytest.mark.parametrize(
    ("medicine", "before", "signed", "told"),
    [
        (LEVODOPA, (Reason.ADMITTED,), True, True),
        (LEVODOPA, (None,), True, False),  # the dose before was given
        (LEVODOPA, (Reason.ADMITTED,), False, True),  # nobody signed it at all
        (METOPROLOL, (Reason.ADMITTED,), True, False),
    ],
)
def test_two_critical_doses_running_that_were_not_given_are_the_prescribers(
    world: World, work_of: WorkOf, medicine: Medicine, before: tuple[Reason | None, ...], signed: bool, told: bool
) -> None:
    patient_id, dose_id = history(world, medicine, *before, signed=signed)
    say_no(world, work_of, patient_id, dose_id, Reason.CLINICAL)

    assert ("prescriber" in [kind for kind, _ in tasks(world, work_of, patient_id)]) is told


def test_what_the_municipality_adds_is_critical_there(world: World, work_of: WorkOf) -> None:
    with work_of(world.tora) as work:
        Medication(work).choose_critical(["C07AB"], version=0)
    dose = a_dose(world, work_of)
    refuse(world, work_of, dose, Reason.FASTING)

    ((kind, text),) = tasks(world, work_of, dose.patient_id)
    assert (kind, text[:12]) == ("next_step", "Ring lege nå")
