"""What lies ready in a dosett: recorded as it was laid in, controlled by another, given as one, taken out once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from journal.medication import DueDose, Medication, Medicine
from journal.medication.errors import (
    AlreadyPrepared,
    BagChanged,
    BagOutdated,
    ConfirmationMissing,
    DoseAlreadySigned,
    NotFromBag,
    PreparedByYourself,
    PreparedChecked,
)
from journal.medication.rules import Reason, Supply, every_hours
from journal.medication.rules.prepared import Outcome
from journal.platform.clock import local_date
from journal.platform.errors import Invalid, NotFound
from journal.platform.quantity import NBSP, Quantity
from tests.conftest import Browser, World
from tests.medication.dosetts import Laid, act, bags, begun, laid_in, lay_in, pentoxifyllin, seen, sign_bag, stored
from tests.medication.test_sign import METOPROLOL, change, doses, order

WorkOf = Callable[..., Any]
MORPHINE = Medicine(
    "morfin", None, "tablett", strength="10 mg", route="peroralt", atc_code="N02AA01", prescription_group="A"
)


@pytest.fixture
def laid(world: World, work_of: WorkOf) -> Laid:
    return laid_in(world, work_of)


def test_a_compartment_holds_what_was_laid_in_with_the_version_it_was_made_from(
    world: World, work_of: WorkOf, laid: Laid
) -> None:
    bag = bags(world, work_of, laid.patient_id)[0]

    held = [(line.medicine, line.amount, line.request_entry_id, line.request_version) for line in bag.lines]
    one = Quantity(Decimal(1), "tablett")
    assert held == [
        (f"metoprolol Selo-Zok 50{NBSP}mg", one, laid.metoprolol, 1),
        (f"pentoxifyllin Trental 2,5{NBSP}mg", one, laid.pentoxifyllin, 1),
    ]
    assert (bag.of.prepared_by, bag.of.outcome, bag.blocked, bag.outdated) == ("Nina Nordli", None, None, ())


def test_a_whole_compartment_is_one_administration_for_each_medicine_with_both_names(
    world: World, work_of: WorkOf, laid: Laid, count_queries: list[str]
) -> None:
    bag = bags(world, work_of, laid.patient_id)[0]
    count_queries.clear()

    sign_bag(world, work_of, laid.patient_id, bag, by=world.siri)

    assert len(count_queries) <= 8, "\n".join(count_queries)
    assert stored(world, laid.patient_id) == [
        ("metoprolol", "1", None, "Siri Strand", "Nina Nordli"),
        ("pentoxifyllin", "1", None, "Siri Strand", "Nina Nordli"),
    ]
    given = [dose for dose in doses(world, work_of, laid.patient_id) if dose.due_at == bag.due_at]
    assert {(dose.signed.by_name if dose.signed else None, dose.prepared_by) for dose in given} == {
        ("Siri Strand", "Nina Nordli")
    }


def test_a_bag_of_six_medicines_costs_no_more_than_one_of_two(
    world: World, work_of: WorkOf, count_queries: list[str]
) -> None:
    patient_id, at = world.patient(), begun()
    for number in range(6):
        medicine = replace(METOPROLOL, generic_name=f"middel{number}", atc_code=None)
        order(world, work_of, patient_id, medicine=medicine, supply=Supply.DOSETT, starts_at=at)
    lay_in(world, work_of, patient_id)
    bag = bags(world, work_of, patient_id)[0]
    count_queries.clear()

    assert len(sign_bag(world, work_of, patient_id, bag)) == 6
    assert len(count_queries) <= 8, "\n".join(count_queries)


def test_all_but_one_and_none_are_signed_with_the_reason(world: World, work_of: WorkOf, laid: Laid) -> None:
    first, second = bags(world, work_of, laid.patient_id)[:2]
    refused = next(line.dose_id for line in first.lines if line.request_entry_id == laid.pentoxifyllin)

    sign_bag(world, work_of, laid.patient_id, first, but={refused}, reason=Reason.REFUSED)

    assert [row[:3] for row in stored(world, laid.patient_id)] == [
        ("metoprolol", "1", None),
        ("pentoxifyllin", Reason.REFUSED.result.value, "refused"),
    ]
    sign_bag(world, work_of, laid.patient_id, second, reason=Reason.REFUSED)
    assert [row[2] for row in stored(world, laid.patient_id)].count("refused") == 3


def test_two_who_give_the_same_bag_at_once_give_it_once_and_nothing_is_half(
    world: World, work_of: WorkOf, laid: Laid
) -> None:
    bag = bags(world, work_of, laid.patient_id)[0]

    def attempt(by: Any) -> str:
        try:
            sign_bag(world, work_of, laid.patient_id, bag, by=by)
        except DoseAlreadySigned:
            return "told"
        return "signed"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, [world.nina, world.siri] * 2))

    assert sorted(answers) == ["signed", "told", "told", "told"]
    assert len(stored(world, laid.patient_id)) == 2


def test_what_one_has_not_seen_and_what_is_not_all_of_it_is_refused(world: World, work_of: WorkOf, laid: Laid) -> None:
    bag = bags(world, work_of, laid.patient_id)[0]
    only_one = dict(list(seen(bag).items())[:1])

    with pytest.raises(BagChanged):
        sign_bag(world, work_of, laid.patient_id, bag, seen=only_one)
    with pytest.raises(ConfirmationMissing, match="ikke kontrollert av en annen"):
        sign_bag(world, work_of, laid.patient_id, bag, confirmed=())
    with pytest.raises(NotFound):
        sign_bag(world, work_of, world.patient(), bag)

    assert stored(world, laid.patient_id) == []


def test_a_dosett_is_controlled_by_another_once_and_then_given_without_more(
    world: World, work_of: WorkOf, laid: Laid
) -> None:
    def control(by: Any) -> None:
        with work_of(by) as work:
            Medication(work).control(laid.patient_id, laid.prepared_id)

    with pytest.raises(PreparedByYourself, match="En annen enn deg"):
        control(world.nina)
    control(world.siri)
    with pytest.raises(PreparedChecked, match="Siri Strand"):
        control(world.lars)

    bag = bags(world, work_of, laid.patient_id)[0]
    assert (bag.of.outcome, bag.of.checked_by) == (Outcome.CONTROLLED, "Siri Strand")
    sign_bag(world, work_of, laid.patient_id, bag, confirmed=())


def test_the_database_lets_nobody_control_her_own_dosett(world: World, laid: Laid) -> None:
    stamp = world.nina.stamp
    told = {"patient_id": laid.patient_id, "prepared_id": laid.prepared_id, "outcome": "controlled", **stamp}
    names = ", ".join(told)
    places = ", ".join(f"%({name})s" for name in told)
    with pytest.raises(psycopg.errors.CheckViolation, match="another person"):
        world.migrator.execute(
            f"INSERT INTO medication.prepared_check (id, {names}) VALUES (gen_random_uuid(), {places})", told
        )


def change_pentoxifyllin(world: World, work_of: WorkOf, laid: Laid) -> None:
    with work_of(world.lars) as work:
        change(work, laid.patient_id, laid.pentoxifyllin, dosage=pentoxifyllin(2), version=1, reason="Høyt blodtrykk")


@pytest.mark.parametrize(
    ("decide", "said"),
    [
        (change_pentoxifyllin, "er endret siden den ble lagt i"),
        (act("hold"), "er pauset, eller venter på samstemming"),
        (act("stop"), "skal ikke gis på dette tidspunktet lenger"),
    ],
)
def test_when_an_order_changes_every_unused_compartment_is_outdated_until_it_is_taken_out_once(
    world: World, work_of: WorkOf, laid: Laid, decide: Callable[..., None], said: str
) -> None:
    decide(world, work_of, laid)
    found = bags(world, work_of, laid.patient_id)
    assert len(found) > 20
    assert {tuple(line.request_entry_id for line in bag.outdated) for bag in found} == {(laid.pentoxifyllin,)}
    bag = found[0]
    assert bag.outdated[0].take_out.replace(NBSP, " ") == f"Ta ut 1 tablett pentoxifyllin Trental 2,5 mg: {said}"
    with pytest.raises(BagOutdated, match="Ta ut"):
        sign_bag(world, work_of, laid.patient_id, bag)

    def take_out(by: Any) -> None:
        with work_of(by) as work:
            lines = {line.id for line in bag.outdated}
            Medication(work).take_out(laid.patient_id, laid.prepared_id, due_at=bag.due_at, lines=lines)

    take_out(world.nina)
    with pytest.raises(BagChanged, match="alt tatt det ut"):
        take_out(world.nina)

    now, after = bags(world, work_of, laid.patient_id)[:2]
    assert (now.outdated, [line.taken_out_by for line in now.lines]) == ((), [None, "Nina Nordli"])
    assert after.outdated  # bag by bag
    sign_bag(world, work_of, laid.patient_id, now)
    assert [row[0] for row in stored(world, laid.patient_id)] == ["metoprolol"]


def test_what_was_taken_out_is_not_given_from_the_bag_when_it_is_ordered_again(
    world: World, work_of: WorkOf, laid: Laid
) -> None:
    act("hold")(world, work_of, laid)
    bag = bags(world, work_of, laid.patient_id)[0]
    with work_of(world.nina) as work:
        lines = {line.id for line in bag.outdated}
        Medication(work).take_out(laid.patient_id, laid.prepared_id, due_at=bag.due_at, lines=lines)
    with work_of(world.lars) as work:
        Medication(work).resume(laid.patient_id, laid.pentoxifyllin, version=2, reason="Bedre")

    again = bags(world, work_of, laid.patient_id)[0]

    assert [line.request_entry_id for line in again.together] == [laid.metoprolol]


def test_a_bag_that_cannot_be_made_right_is_not_used_and_somebody_is_to_make_ready_anew(
    world: World, work_of: WorkOf, laid: Laid
) -> None:
    bag = bags(world, work_of, laid.patient_id)[0]
    with work_of(world.nina) as work:
        told = {"due_at": bag.due_at, "reason": "Tablettene er like"}
        Medication(work).give_up_bag(laid.patient_id, laid.prepared_id, **told)

    with pytest.raises(NotFromBag, match="Bruk originalpakning"):
        sign_bag(world, work_of, laid.patient_id, bag)

    tasks = world.migrator.execute("SELECT what FROM care.task WHERE patient_id = %s", (laid.patient_id,)).fetchall()
    assert [("Legg opp eller bestill på nytt" in what) for (what,) in tasks] == [True]


def test_what_needs_a_thought_of_its_own_is_in_no_whole_bag(world: World, work_of: WorkOf) -> None:
    patient_id, at = world.patient(), begun()
    ours = {"supply": Supply.DOSETT, "starts_at": at}
    order(world, work_of, patient_id, **ours)
    order(world, work_of, patient_id, medicine=MORPHINE, **ours)
    lay_in(world, work_of, patient_id)

    bag = bags(world, work_of, patient_id)[0]

    assert [line.medicine.split()[0] for line in bag.together] == ["metoprolol"]
    assert [line.medicine.split()[0] for line in bag.lines if line.apart] == ["morfin"]


def test_a_dosett_is_laid_in_as_the_orders_were_seen_and_a_correction_is_a_new_version(
    world: World, work_of: WorkOf, laid: Laid
) -> None:
    before = bags(world, work_of, laid.patient_id)[0]
    act("stop")(world, work_of, laid)
    with pytest.raises(BagChanged, match="endret mens du la opp"):
        lay_in(world, work_of, laid.patient_id, seen={laid.metoprolol: 1, laid.pentoxifyllin: 1})

    corrected = lay_in(world, work_of, laid.patient_id)

    now = bags(world, work_of, laid.patient_id)[0]
    assert (now.of.id, now.of.version, now.of.entry_id) == (corrected, 2, before.of.entry_id)
    assert [line.request_entry_id for line in now.lines] == [laid.metoprolol]
    with pytest.raises(NotFound, match="lagt opp på nytt"):
        sign_bag(world, work_of, laid.patient_id, before)
    with work_of(world.nina) as work, pytest.raises(AlreadyPrepared):
        tomorrow = local_date(work.now) + timedelta(days=1)
        wanted = Medication(work).to_lay_in(laid.patient_id, tomorrow)
        Medication(work).lay_in(
            laid.patient_id, tomorrow, seen={line.request_entry_id: line.request_version for line in wanted}
        )
    with pytest.raises(Invalid, match="Ingenting er lagt"):
        lay_in(world, work_of, laid.patient_id, left_out={laid.metoprolol})


def test_a_whole_bag_is_undone_at_once_by_who_signed_it(world: World, work_of: WorkOf, laid: Laid) -> None:
    bag = bags(world, work_of, laid.patient_id)[0]
    sign_bag(world, work_of, laid.patient_id, bag)
    with work_of(world.siri) as work, pytest.raises(NotFound):
        Medication(work).undo_bag(laid.patient_id, bag.of.id, due_at=bag.due_at, reason="Angret")

    with work_of(world.nina) as work:
        Medication(work).undo_bag(laid.patient_id, bag.of.id, due_at=bag.due_at, reason="Angret")

    assert stored(world, laid.patient_id) == []
    open_again: list[DueDose] = doses(world, work_of, laid.patient_id)
    assert [dose.can_sign for dose in open_again if dose.due_at == bag.due_at] == [True, True]


def test_what_an_older_order_says_comes_from_a_dosett_and_cannot_lie_in_one_is_left_out_and_named(
    world: World, work_of: WorkOf, client_for: Callable[..., Browser]
) -> None:
    patient_id = world.patient(none_known=True)
    tablets = order(world, work_of, patient_id, supply=Supply.DOSETT, starts_at=begun())
    cream = Medicine("hydrokortison", "Mildison", "krem")
    entry_id = order(world, work_of, patient_id, medicine=cream, dosage=every_hours(Quantity(Decimal(1), "dose"), 1))
    world.migrator.execute(
        "UPDATE medication.medication_request SET supply = 'dosett' WHERE patient_id = %s AND entry_id = %s",
        (patient_id, entry_id),
    )

    lay_in(world, work_of, patient_id)

    laid = {line.request_entry_id for bag in bags(world, work_of, patient_id) for line in bag.lines}
    assert laid == {tablets}
    shown = client_for(world.nina).get(f"/patients/{patient_id}/prepared/dosett").text
    assert "kan ikke ligge i en: hydrokortison Mildison krem" in shown
