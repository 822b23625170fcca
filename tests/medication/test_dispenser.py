"""An electronic dispenser: what its device tells is stored beside the dose and signs nothing, and somebody sees to the rest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from journal.medication import Medication
from journal.medication.errors import ConfirmationMissing, DispenserChanged, NotFromBag
from journal.medication.rules import DoseStatus, GivenBy, Supply
from journal.medication.rules.dispenser import Event, Need, Suitability
from journal.platform.clock import day_bounds, hhmm, local_date
from journal.platform.errors import Denied, Invalid, NotFound
from journal.platform.quantity import NBSP
from tests.conftest import World
from tests.medication.dispensers import (
    Loaded,
    administrations,
    due,
    lay_in,
    loaded,
    of_time,
    set_dispenser,
    shown,
    tasks,
    tells,
)
from tests.medication.dosetts import act, bags, pentoxifyllin, sign_bag
from tests.medication.test_sign import METOPROLOL, change, order

WorkOf = Callable[..., Any]


@pytest.fixture
def at(world: World, work_of: WorkOf) -> Loaded:
    return loaded(world, work_of)


def said_of(world: World, work_of: WorkOf, at: Loaded) -> set[tuple[str, str]]:
    return {(one.status.value, one.status_text.replace(NBSP, " ")) for one in of_time(world, work_of, at)}


def expected_on_the_round(world: World, work_of: WorkOf, at: Loaded) -> int:
    """How many doses the worklist waits for."""
    with work_of(world.nina) as work:
        rows = Medication(work).worklist(start=work.now - timedelta(hours=12), end=work.now + timedelta(hours=12))
    return next(row.total - row.signed for row in rows if row.patient_id == at.patient_id)


def test_what_lies_in_a_dispenser_is_expected_of_nobodys_hands_and_is_visible(
    world: World, work_of: WorkOf, at: Loaded
) -> None:
    assert said_of(world, work_of, at) == {("in_dispenser", "i dispenseren")}
    # The two that were due before anything was laid in.
    assert expected_on_the_round(world, work_of, at) == 2
    assert all(one.can_sign for one in of_time(world, work_of, at))


def test_what_lies_in_no_load_is_late_whatever_it_is_ordered_from(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id, supply=Supply.DISPENSER)
    past = [one for one in due(world, work_of, patient_id) if one.status is not DoseStatus.PLANNED]

    assert {one.status for one in past} <= {DoseStatus.READY, DoseStatus.LATE}
    assert past


def test_tatt_ut_is_a_state_of_its_own_and_signs_nothing(world: World, work_of: WorkOf, at: Loaded) -> None:
    tells(world, work_of, at, Event.TAKEN_OUT)

    taken = hhmm(at.due_at + timedelta(minutes=4))
    assert {(status, text.split("kl. ")[1]) for status, text in said_of(world, work_of, at)} == {("taken_out", taken)}
    assert all(text.startswith("tatt ut ") and "gitt" not in text for _, text in said_of(world, work_of, at))
    assert administrations(world, at.patient_id) == 0
    assert expected_on_the_round(world, work_of, at) == 2
    assert tasks(world, work_of, at.patient_id)[0].kind == "dispenser"


def test_a_nurse_signs_for_herself_what_she_has_seen_and_it_stands_beside_what_the_device_told(
    world: World, work_of: WorkOf, at: Loaded
) -> None:
    tells(world, work_of, at, Event.TAKEN_OUT)
    dose = of_time(world, work_of, at)[0]

    def sign(**more: Any) -> None:
        with work_of(world.siri) as work:
            Medication(work).sign_given(at.patient_id, dose.id, request_version=dose.version, **more)

    with pytest.raises(ConfirmationMissing, match="tatt ut der"):
        sign()
    sign(confirmed={code.value for code in dose.cautions})

    signed = next(one for one in of_time(world, work_of, at) if one.id == dose.id)
    assert signed.status in (DoseStatus.GIVEN, DoseStatus.GIVEN_LATE)
    assert signed.signed is not None and signed.signed.by_name == "Siri Strand"
    assert " – tatt ut " in signed.status_text


def test_what_is_told_again_is_the_same_and_asks_nobody_twice(world: World, work_of: WorkOf, at: Loaded) -> None:
    first = tells(world, work_of, at, Event.NOT_TAKEN, event_id="e-77")
    again = tells(world, work_of, at, Event.NOT_TAKEN, event_id="e-77", late=timedelta(minutes=9))
    by_telephone = tells(world, work_of, at, Event.FAULT)

    assert again == first
    assert tells(world, work_of, at, Event.FAULT) == by_telephone
    assert len(shown(world, work_of, at.patient_id).told) == 2
    # Another number, of the same dose: the task is open already.
    tells(world, work_of, at, Event.NOT_TAKEN, event_id="e-78")
    kinds = [task.kind for task in tasks(world, work_of, at.patient_id)]
    assert sorted(kinds) == ["dispenser", "dispenser", "dispenser-fault", "dispenser-not-taken"]


@pytest.mark.parametrize(
    ("kind", "task", "minutes"),
    [
        (Event.NOT_TAKEN, "dispenser-not-taken", 60),
        (Event.NO_CONTACT, "dispenser-no-contact", 240),
        (Event.FAULT, "dispenser-fault", 120),
    ],
)
def test_what_must_be_answered_is_a_task_of_its_kind_with_a_limit(
    world: World, work_of: WorkOf, at: Loaded, kind: Event, task: str, minutes: int
) -> None:
    with work_of(world.nina) as work:
        before = work.now
    tells(world, work_of, at, kind)

    [found] = [one for one in tasks(world, work_of, at.patient_id) if one.kind == task]
    left = found.due_at - before
    assert timedelta(minutes=minutes) <= left < timedelta(minutes=minutes + 2)
    assert found.about_id == at.dispenser_id


def test_a_critical_medicine_is_answered_sooner(world: World, work_of: WorkOf) -> None:
    at = loaded(world, work_of, medicine=replace(METOPROLOL, generic_name="levetiracetam", atc_code="N03AX14"))
    with work_of(world.nina) as work:
        before = work.now
    tells(world, work_of, at, Event.NOT_TAKEN)

    [found] = [one for one in tasks(world, work_of, at.patient_id) if one.kind == "dispenser-not-taken"]
    assert found.due_at - before < timedelta(minutes=17)


def test_a_dose_that_is_not_taken_out_is_somebodys_to_give_until_it_is_taken_out_after_all(
    world: World, work_of: WorkOf, at: Loaded
) -> None:
    tells(world, work_of, at, Event.NOT_TAKEN)

    assert {status for status, _ in said_of(world, work_of, at)} <= {"late", "missed"}
    assert all(text.endswith("– ikke tatt ut av dispenseren") for _, text in said_of(world, work_of, at))
    assert expected_on_the_round(world, work_of, at) == 4
    assert shown(world, work_of, at.patient_id).needs[0] is Need.NOT_TAKEN

    tells(world, work_of, at, Event.TAKEN_OUT, late=timedelta(minutes=50))

    assert {status for status, _ in said_of(world, work_of, at)} == {"taken_out"}
    assert "dispenser-not-taken" not in {task.kind for task in tasks(world, work_of, at.patient_id)}
    assert Need.NOT_TAKEN not in shown(world, work_of, at.patient_id).needs


def change_pentoxifyllin(world: World, work_of: WorkOf, at: Loaded) -> None:
    with work_of(world.lars) as work:
        change(work, at.patient_id, at.pentoxifyllin, dosage=pentoxifyllin(2), version=1, reason="Høyt blodtrykk")


@pytest.mark.parametrize("decide", [change_pentoxifyllin, act("hold"), act("stop")])
def test_an_order_that_changes_makes_the_load_outdated_and_asks_for_it_to_be_laid_in_anew(
    world: World, work_of: WorkOf, at: Loaded, decide: Callable[..., None]
) -> None:
    decide(world, work_of, at)

    assert Need.OUTDATED in shown(world, work_of, at.patient_id).needs
    wanted = "Legemidlene er endret, og dispenseren er utdatert"
    assert [task.text.startswith(wanted) for task in tasks(world, work_of, at.patient_id)].count(True) == 1

    lay_in(world, work_of, at.patient_id)

    assert Need.OUTDATED not in shown(world, work_of, at.patient_id).needs
    assert not any(task.text.startswith(wanted) for task in tasks(world, work_of, at.patient_id))


def test_what_is_taken_out_of_an_outdated_load_is_marked_on_the_dose_and_somebody_is_asked(
    world: World, work_of: WorkOf, at: Loaded
) -> None:
    change_pentoxifyllin(world, work_of, at)
    with work_of(world.nina) as work:
        now = work.now
    ahead = min(one.due_at for one in due(world, work_of, at.patient_id) if one.due_at > now)
    said = {one.line.generic: one for one in of_time(world, work_of, at, ahead)}
    assert said["pentoxifyllin"].status_text.endswith("– dispenseren er utdatert")
    assert said["metoprolol"].status in (DoseStatus.PLANNED, DoseStatus.IN_DISPENSER)

    tells(world, work_of, at, Event.TAKEN_OUT, due_at=ahead, device_at=now)

    after = {one.line.generic: (one.status, one.status_text) for one in of_time(world, work_of, at, ahead)}
    assert {status for status, _ in after.values()} == {DoseStatus.TAKEN_OUT}
    assert after["pentoxifyllin"][1].endswith("av utdatert dispenser")
    assert not after["metoprolol"][1].endswith("av utdatert dispenser")
    assert any("utdatert dispenser" in task.text for task in tasks(world, work_of, at.patient_id))


def test_what_was_taken_out_before_the_change_was_not_outdated(world: World, work_of: WorkOf, at: Loaded) -> None:
    tells(world, work_of, at, Event.TAKEN_OUT)
    change_pentoxifyllin(world, work_of, at)

    assert all("utdatert" not in text for _, text in said_of(world, work_of, at))


def test_what_no_longer_comes_from_the_dispenser_is_the_units_again(world: World, work_of: WorkOf, at: Loaded) -> None:
    with work_of(world.lars) as work:
        told = {"supply": Supply.OWN_PACKS, "given_by": GivenBy.UNIT, "reason": "Hun vil ha hjelp"}
        Medication(work).change_supply(at.patient_id, at.pentoxifyllin, version=1, **told)

    with work_of(world.nina) as work:
        now = work.now
    ahead = [one for one in due(world, work_of, at.patient_id) if one.due_at > now]
    assert any(one.line.generic == "pentoxifyllin" for one in ahead)
    assert Need.OUTDATED in shown(world, work_of, at.patient_id).needs
    assert any("utdatert" in task.text for task in tasks(world, work_of, at.patient_id))


def test_a_load_is_controlled_by_another_and_signed_dose_for_dose(world: World, work_of: WorkOf, at: Loaded) -> None:
    assert Need.UNCONTROLLED in shown(world, work_of, at.patient_id).needs
    with pytest.raises(Invalid), work_of(world.nina) as work:
        Medication(work).control(at.patient_id, at.prepared_id)
    with work_of(world.siri) as work:
        Medication(work).control(at.patient_id, at.prepared_id)

    assert Need.UNCONTROLLED not in shown(world, work_of, at.patient_id).needs
    bag = bags(world, work_of, at.patient_id)[0]
    with pytest.raises(NotFromBag, match="dose for dose"):
        sign_bag(world, work_of, at.patient_id, bag)


def test_a_load_that_is_laid_in_anew_leaves_what_was_told_before(world: World, work_of: WorkOf, at: Loaded) -> None:
    tells(world, work_of, at, Event.TAKEN_OUT)
    change_pentoxifyllin(world, work_of, at)
    lay_in(world, work_of, at.patient_id)

    assert {status for status, _ in said_of(world, work_of, at)} == {"taken_out"}


def test_the_evaluation_and_the_next_load_are_tasks_on_their_days(world: World, work_of: WorkOf, at: Loaded) -> None:
    today = local_date(at.due_at + timedelta(hours=3))
    found = {task.text.split()[0]: task.due_at for task in tasks(world, work_of, at.patient_id)}
    assert found["Evaluer"] == day_bounds(today + timedelta(days=30))[0]
    assert found["Dispenseren"] == day_bounds(today + timedelta(days=3))[0]

    later = today + timedelta(days=90)
    set_dispenser(work_of, world.nina, at.patient_id, of=at.dispenser_id, version=1, evaluate_on=later)

    dates = [task.due_at for task in tasks(world, work_of, at.patient_id) if task.text.startswith("Evaluer")]
    assert dates == [day_bounds(later)[0]]

    set_dispenser(
        work_of,
        world.nina,
        at.patient_id,
        of=at.dispenser_id,
        version=2,
        ends_on=today,
        suitability=Suitability.UNSUITABLE,
    )
    assert tasks(world, work_of, at.patient_id) == []


def test_a_dispenser_is_hers_alone_and_must_suit_be_evaluated_and_known(
    world: World, work_of: WorkOf, at: Loaded
) -> None:
    with pytest.raises(DispenserChanged, match="har alt en dispenser"):
        set_dispenser(work_of, world.nina, at.patient_id)
    with pytest.raises(DispenserChanged, match="Noen har skrevet"):
        set_dispenser(work_of, world.nina, at.patient_id, of=at.dispenser_id, version=7)
    for wrong in (
        {"suitability": Suitability.UNSUITABLE},
        {"evaluate_on": None},
        {"trained_on": None},
    ):
        with pytest.raises(Invalid):
            set_dispenser(work_of, world.nina, at.patient_id, of=at.dispenser_id, version=1, **wrong)
    with pytest.raises(Denied):
        set_dispenser(work_of, world.lars, world.patient())


def test_nothing_is_laid_in_before_she_has_learned_to_use_it(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id, supply=Supply.DISPENSER)
    with pytest.raises(Invalid, match="egnet"):
        lay_in(world, work_of, patient_id)
    set_dispenser(work_of, world.nina, patient_id, trained_by=None, trained_on=None)
    with pytest.raises(Invalid, match="opplæring"):
        lay_in(world, work_of, patient_id)
    assert shown(world, work_of, patient_id).needs == (Need.EMPTY, Need.UNTRAINED)


def test_what_a_device_cannot_have_told_is_refused(world: World, work_of: WorkOf, at: Loaded) -> None:
    with pytest.raises(Invalid):
        tells(world, work_of, at, Event.TAKEN_OUT, due_at=at.due_at + timedelta(minutes=7))
    with pytest.raises(Invalid):
        tells(world, work_of, at, Event.TAKEN_OUT, due_at=None)
    with pytest.raises(Invalid):
        tells(world, work_of, at, Event.FAULT, late=timedelta(days=2))
    with pytest.raises(NotFound), work_of(world.nina) as work:
        told = {"device_at": at.due_at, "due_at": at.due_at}
        Medication(work).device_told(world.patient(), at.dispenser_id, Event.TAKEN_OUT, **told)
    assert shown(world, work_of, at.patient_id).told == ()


def test_the_units_list_has_those_with_a_dispenser_in_use(world: World, work_of: WorkOf, at: Loaded) -> None:
    without = world.patient()
    with work_of(world.nina) as work:
        found = Medication(work).patients_with_dispenser()
    assert at.patient_id in found
    assert without not in found
