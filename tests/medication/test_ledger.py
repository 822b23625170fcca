"""The account of controlled drugs: no balance is less than nothing, and each change says why."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.care import LAID_IN_UNACCOUNTED, Care
from journal.medication import DueDose, Medication, Medicine
from journal.medication.errors import TooLittleLeft, WhichPlace, WitnessedAlready, WitnessIsSigner
from journal.medication.rules import Caution, Reason, every_hours, when_needed
from journal.medication.rules.ledger import Cause, EntryKind, Kept, PlaceKind, WasteReason, chosen_place, places_of
from journal.medication.rules.supply import Supply
from journal.medication.service import CatalogueHit, Entry
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests.conftest import World
from tests.factories import Staff
from tests.medication.dosetts import lay_in
from tests.medication.test_sign import doses, order

WorkOf = Callable[..., Any]
OXYCODONE = Medicine("oksykodon", "OxyNorm", "tablett", strength="5 mg", atc_code="N02AA05", prescription_group="A")
DIAZEPAM = Medicine("diazepam", "Stesolid", "tablett", strength="5 mg", atc_code="N05BA01", prescription_group="B")
ONE = Quantity(Decimal(1), "tablett")


def hit_of(world: World, medicine: Medicine = OXYCODONE, *, active: bool = False) -> CatalogueHit:
    """A product of the catalogue, which the order does not point to: they meet by ATC code, strength, form and unit.

    Withdrawn, so that no other test finds it; whoever needs an `active` one withdraws it afterwards.
    """
    item_id = new_id()
    world.migrator.execute(
        """INSERT INTO medication.catalogue_item (id, fest_id, kind, prescribable, dose_unit, active, withdrawn_at, generic_name,
               name_form_strength, atc_code, form, strength, prescription_group)
           VALUES (%s, %s, 'brand', true, 'tablett', %s, CASE WHEN NOT %s THEN now() END, %s, %s, %s, %s, %s, %s)""",
        (
            *(
                item_id,
                item_id,
                active,
                active,
                medicine.generic_name,
                medicine.brand_name,
                medicine.atc_code,
                medicine.form,
            ),
            *(medicine.strength, medicine.prescription_group),
        ),
    )
    return CatalogueHit(item_id, str(medicine.brand_name), medicine, "tablett", None, None)


def keep(
    world: World, work_of: WorkOf, there: int, name: str = "Narkotikaskap", hit: CatalogueHit | None = None
) -> tuple[UUID, UUID]:
    """A cabinet with so many tablets; answers with the place and the ledger."""
    hit = hit or hit_of(world)
    with work_of(world.nina) as work:
        place = Medication(work).open_place(PlaceKind.CABINET, name)
        return place, Medication(work).start_ledger(place, hit, Decimal(there))


def entries(world: World, work_of: WorkOf, place: UUID, ledger: UUID) -> list[tuple[Any, ...]]:
    """Kind, change and balance, oldest first."""
    with work_of(world.nina) as work:
        _balance, found = Medication(work).ledger(place, ledger)
    return [(entry.kind.value, int(entry.amount), int(entry.balance)) for entry in reversed(found)]


def newest(world: World, work_of: WorkOf, place: UUID, ledger: UUID) -> Entry:
    with work_of(world.nina) as work:
        found: list[Entry] = Medication(work).ledger(place, ledger)[1]
    return found[0]


def due(world: World, work_of: WorkOf, medicine: Medicine = OXYCODONE, **more: Any) -> DueDose:
    patient_id = world.patient()
    order(world, work_of, patient_id, medicine=medicine, **more)
    return doses(world, work_of, patient_id)[0]


def give(world: World, work_of: WorkOf, dose: DueDose, by: Staff | None = None, **more: Any) -> UUID:
    with work_of(by or world.nina) as work:
        said = {"request_version": 1, "confirmed": tuple(Caution)} | more
        signed: UUID = Medication(work).sign_given(dose.patient_id, dose.id, **said)
    return signed


def lists(world: World, work_of: WorkOf) -> tuple[int, int]:
    """How many doses lack a withdrawal, and how many withdrawals a dose."""
    with work_of(world.nina) as work:
        medication = Medication(work)
        return len(medication.doses_without_withdrawal()), len(medication.withdrawals_without_dose())


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[str]:
    with work_of(world.nina) as work:
        return [task.text for task in Care(work).open_tasks(patient_id)]


def test_a_dose_of_a_controlled_drug_is_withdrawn_with_its_signature_and_put_back_with_it(
    world: World, work_of: WorkOf
) -> None:
    place, ledger = keep(world, work_of, 10)
    dose = due(world, work_of)

    signed = give(world, work_of, dose)
    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signed, reason="Angret")

    assert entries(world, work_of, place, ledger) == [("opening", 10, 10), ("withdrawal", -1, 9), ("correction", 1, 10)]
    assert lists(world, work_of) == (0, 0)
    give(world, work_of, dose)
    assert entries(world, work_of, place, ledger)[-1] == ("withdrawal", -1, 9)


def test_a_dose_in_part_takes_out_the_whole_and_the_rest_waits_for_another_to_have_seen_it(
    world: World, work_of: WorkOf
) -> None:
    place, ledger = keep(world, work_of, 10)
    whole = Quantity(Decimal(2), "tablett")
    dose = due(world, work_of, dosage=every_hours(whole, 1))
    with work_of(world.nina) as work:
        Medication(work).sign_not_given(
            dose.patient_id, dose.id, request_version=1, reason=Reason.PARTLY, amount=Decimal(1)
        )

    assert entries(world, work_of, place, ledger)[1:] == [("withdrawal", -1, 9), ("waste", -1, 8)]
    assert newest(world, work_of, place, ledger).waits


def test_what_is_not_in_the_account_is_given_all_the_same_and_stands_as_a_dose_without_withdrawal(
    world: World, work_of: WorkOf
) -> None:
    place, ledger = keep(world, work_of, 0)
    dose = due(world, work_of)

    signed = give(world, work_of, dose)

    assert entries(world, work_of, place, ledger) == [("opening", 0, 0)]
    assert lists(world, work_of) == (1, 0)
    assert any("uten uttak" in text for text in tasks(world, work_of, dose.patient_id))
    with work_of(world.nina) as work:
        medication = Medication(work)
        with pytest.raises(TooLittleLeft):
            medication.withdraw_for(dose.patient_id, signed, ledger)
    with work_of(world.nina) as work:
        medication = Medication(work)
        medication.enter(place, ledger, EntryKind.DELIVERY, Decimal(20))
        assert medication.to_withdraw(dose.patient_id, signed).amount == Quantity(Decimal(1), "tablett")
        medication.withdraw_for(dose.patient_id, signed, ledger)
    assert lists(world, work_of) == (0, 0)
    with work_of(world.nina) as work, pytest.raises(Conflict):
        Medication(work).withdraw_for(dose.patient_id, signed, ledger)


@pytest.fixture
def in_dosett(world: World, work_of: WorkOf) -> UUID:
    """A patient whose oxycodone comes from a dosett, four times a day."""
    patient_id = world.patient()
    order(
        world,
        work_of,
        patient_id,
        medicine=OXYCODONE,
        dosage=every_hours(Quantity(Decimal(1), "tablett"), 6),
        supply=Supply.DOSETT,
    )
    return patient_id


def week(work_of: WorkOf, world: World) -> date:
    with work_of(world.nina) as work:
        return local_date(work.now) + timedelta(days=1)


def test_what_is_laid_in_a_dosett_is_withdrawn_then_and_put_back_when_it_is_laid_in_anew(
    world: World, work_of: WorkOf, in_dosett: UUID
) -> None:
    place, ledger = keep(world, work_of, 100)
    tomorrow = week(work_of, world)

    lay_in(world, work_of, in_dosett, tomorrow)
    count = len(laid_lines(world, in_dosett))
    assert entries(world, work_of, place, ledger)[1:] == [("laid_in", -count, 100 - count)]
    lay_in(world, work_of, in_dosett, tomorrow)

    again = [("laid_in", -count, 100 - count), ("correction", count, 100), ("laid_in", -count, 100 - count)]
    assert entries(world, work_of, place, ledger)[1:] == again
    assert 27 <= count <= 29


def test_what_is_laid_in_and_is_more_than_the_account_has_is_a_task_and_written_by_hand(
    world: World, work_of: WorkOf, in_dosett: UUID
) -> None:
    place, ledger = keep(world, work_of, 20)

    lay_in(world, work_of, in_dosett, week(work_of, world))

    assert entries(world, work_of, place, ledger) == [("opening", 20, 20)]
    with work_of(world.nina) as work:
        assert [task.text for task in Care(work).open_tasks(in_dosett)] == [LAID_IN_UNACCOUNTED]
        Medication(work).enter(place, ledger, EntryKind.LAID_IN, Decimal(5))
    assert entries(world, work_of, place, ledger)[1:] == [("laid_in", -5, 15)]


def laid_lines(world: World, patient_id: UUID) -> list[Any]:
    query = "SELECT DISTINCT due_at FROM medication.prepared_line WHERE patient_id = %s"
    return world.migrator.execute(query, (patient_id,)).fetchall()


@pytest.mark.parametrize("medicine", [DIAZEPAM, Medicine("metoprolol", strength="50 mg", prescription_group="C")])
def test_what_no_account_is_kept_of_is_signed_as_before(world: World, work_of: WorkOf, medicine: Medicine) -> None:
    keep(world, work_of, 10, hit=hit_of(world, DIAZEPAM))

    give(world, work_of, due(world, work_of, medicine))

    assert lists(world, work_of) == (0, 0)


def test_group_b_is_accounted_for_where_the_municipality_says_so(world: World, work_of: WorkOf) -> None:
    place, ledger = keep(world, work_of, 10, hit=hit_of(world, DIAZEPAM))
    with work_of(world.tora) as work:
        Medication(work).choose_ledger(version=0, group_b=True, show_expected=False)

    give(world, work_of, due(world, work_of, DIAZEPAM))

    assert entries(world, work_of, place, ledger)[-1] == ("withdrawal", -1, 9)


def test_of_several_places_it_is_asked_which_and_the_answer_is_remembered_for_the_round(
    world: World, work_of: WorkOf
) -> None:
    keep(world, work_of, 10)
    other, ledger = keep(world, work_of, 10, "Bil 2")
    first, second = due(world, work_of), due(world, work_of)

    with pytest.raises(WhichPlace) as asked:
        give(world, work_of, first)
    assert [name for _id, name in asked.value.fields["places"]] == ["Bil 2", "Narkotikaskap"]
    give(world, work_of, first, ledger=ledger)
    give(world, work_of, second)

    assert entries(world, work_of, other, ledger) == [("opening", 10, 10), ("withdrawal", -1, 9), ("withdrawal", -1, 8)]


def test_of_two_who_take_the_last_one_one_does_and_the_other_dose_lacks_its_withdrawal(
    world: World, work_of: WorkOf
) -> None:
    for _ in range(5):
        place, ledger = keep(world, work_of, 1)
        before = lists(world, work_of)[0]
        both = [due(world, work_of), due(world, work_of)]

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(partial(give, world, work_of, ledger=ledger), both))

        assert entries(world, work_of, place, ledger) == [("opening", 1, 1), ("withdrawal", -1, 0)]
        assert lists(world, work_of)[0] == before + 1


def test_the_database_takes_no_less_than_nothing_and_changes_no_line_whatever_the_program_does(
    world: World, work_of: WorkOf
) -> None:
    place, ledger = keep(world, work_of, 3)
    by = {"by": world.nina.actor.person_id, "of": world.oslo["id"], "place": place, "ledger": ledger}
    insert = """INSERT INTO medication.ledger_entry (place_id, ledger_id, recorded_by, recorded_by_name, municipality_id, unit_id,
        kind, amount, administration_id, counted) VALUES (%(place)s, %(ledger)s, %(by)s, 'Nina', %(of)s, gen_random_uuid(), """

    for said, why in (
        ("'withdrawal', -4, gen_random_uuid(), NULL)", "never_negative"),
        ("'withdrawal', -1, NULL, NULL)", "explained"),
        ("'delivery', -1, NULL, NULL)", "explained"),
        ("'waste', -1, NULL, NULL)", "explained"),
        ("'opening', 0, NULL, 3)", "one opening count"),
    ):
        with pytest.raises(psycopg.errors.CheckViolation, match=why):
            world.migrator.execute(insert + said, by)
    for change in ("UPDATE medication.ledger_entry SET amount = 9", "DELETE FROM medication.ledger_entry"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="what is written stands"):
            world.migrator.execute(f"{change} WHERE place_id = %s", (place,))
    assert entries(world, work_of, place, ledger) == [("opening", 3, 3)]


def test_a_count_that_differs_stands_until_somebody_has_explained_it(world: World, work_of: WorkOf) -> None:
    place, ledger = keep(world, work_of, 10)
    with work_of(world.siri) as work:
        assert Medication(work).count(place, {ledger: Decimal(10)}) == 0
        assert Medication(work).unexplained_counts() == []
        assert Medication(work).count(place, {ledger: Decimal(8)}) == 1

    with work_of(world.mona) as work:
        ((balance, entry),) = Medication(work).unexplained_counts()
        assert (balance.balance, entry.amount, entry.by_name) == (8, -2, "Siri Strand")
        Medication(work).explain(place, entry.number, Cause.LOST)
        assert Medication(work).unexplained_counts() == []
    with work_of(world.mona) as work, pytest.raises(Conflict):
        Medication(work).explain(place, entry.number, Cause.MISCOUNTED)


def test_what_is_wasted_waits_for_another_person(world: World, work_of: WorkOf) -> None:
    place, ledger = keep(world, work_of, 10)
    with work_of(world.nina) as work:
        with pytest.raises(Invalid):
            Medication(work).enter(place, ledger, EntryKind.WASTE, Decimal(1))
        number = Medication(work).enter(place, ledger, EntryKind.WASTE, Decimal(1), WasteReason.DROPPED)

    with work_of(world.nina) as work, pytest.raises(WitnessIsSigner):
        Medication(work).witness_entry(place, number)
    with work_of(world.siri) as work:
        assert [entry.number for _ledger, entry in Medication(work).awaiting_witness()] == [number]
        Medication(work).witness_entry(place, number)
        assert Medication(work).awaiting_witness() == []
    with work_of(world.lars) as work, pytest.raises(WitnessedAlready):
        Medication(work).witness_entry(place, number)
    assert newest(world, work_of, place, ledger).witness == "Siri Strand"


def test_the_database_lets_nobody_be_her_own_witness_of_waste(world: World, work_of: WorkOf) -> None:
    place, ledger = keep(world, work_of, 10)
    with work_of(world.nina) as work:
        number = Medication(work).enter(place, ledger, EntryKind.WASTE, Decimal(1), WasteReason.DROPPED)
    insert = """INSERT INTO medication.ledger_witness (place_id, number, entry_by, recorded_by, recorded_by_name, municipality_id,
        unit_id) VALUES (%s, %s, %s, %s, 'Nina', gen_random_uuid(), gen_random_uuid())"""
    nina, siri = world.nina.actor.person_id, world.siri.actor.person_id

    with pytest.raises(psycopg.errors.CheckViolation, match="another_person"):
        world.migrator.execute(insert, (place, number, nina, nina))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        world.migrator.execute(insert, (place, number, siri, nina))


def test_a_signature_of_another_medicine_asks_the_account_nothing(
    world: World, work_of: WorkOf, count_queries: list[str]
) -> None:
    keep(world, work_of, 10)
    dose = due(world, work_of, Medicine("metoprolol", strength="50 mg", prescription_group="C"))
    count_queries.clear()

    give(world, work_of, dose)

    assert [statement for statement in count_queries if "keeping_place" in statement] == []


def test_what_was_written_wrong_is_taken_back_once_and_never_below_what_is_left(world: World, work_of: WorkOf) -> None:
    place, ledger = keep(world, work_of, 0)
    with work_of(world.nina) as work:
        medication = Medication(work)
        delivered = medication.enter(place, ledger, EntryKind.DELIVERY, Decimal(20))
        wasted = medication.enter(place, ledger, EntryKind.RETURN, Decimal(5))
    with work_of(world.nina) as work, pytest.raises(Conflict, match="tatt ut siden"):
        Medication(work).take_back(place, delivered)
    with work_of(world.nina) as work:
        Medication(work).take_back(place, wasted)
        Medication(work).take_back(place, delivered)
    with work_of(world.nina) as work, pytest.raises(Conflict):
        Medication(work).take_back(place, delivered)

    assert [row[1] for row in entries(world, work_of, place, ledger)] == [0, 20, -5, 5, -20]


def test_a_place_of_another_unit_is_not_there(world: World, work_of: WorkOf) -> None:
    place, ledger = keep(world, work_of, 10)
    for stranger in (world.unn, world.bodil):
        with work_of(stranger) as work:
            assert Medication(work).keeping_places() == []
            with pytest.raises(NotFound):
                Medication(work).count(place, {ledger: Decimal(1)})
    with work_of(world.mona) as work:
        assert [found.name for found in Medication(work).keeping_places()] == ["Narkotikaskap"]


def test_her_own_are_used_first_are_nobody_elses_and_are_a_task_when_she_leaves_until_they_are_closed_at_zero(
    world: World, work_of: WorkOf
) -> None:
    ward, hit = keep(world, work_of, 10), hit_of(world)
    hers, other = due(world, work_of), due(world, work_of)
    with work_of(world.nina) as work:
        place = Medication(work).open_holding(hers.patient_id)
        ledger = Medication(work).start_ledger(place, hit, Decimal(2))

    give(world, work_of, hers)
    give(world, work_of, other)
    assert entries(world, work_of, place, ledger)[-1] == ("withdrawal", -1, 1)
    assert entries(world, work_of, *ward)[-1] == ("withdrawal", -1, 9)

    with work_of(world.lars) as work:
        Medication(work).stop(hers.patient_id, hers.request_entry_id, version=1, reason="Ikke lenger aktuelt")
    assert len(tasks(world, work_of, hers.patient_id)) == 1
    with work_of(world.nina) as work, pytest.raises(Conflict, match="igjen"):
        Medication(work).close_place(place)
    with work_of(world.nina) as work:
        number = Medication(work).enter(place, ledger, EntryKind.DESTRUCTION, Decimal(1))
    with work_of(world.nina) as work, pytest.raises(Conflict, match="andre signatur"):
        Medication(work).close_place(place)
    with work_of(world.siri) as work:
        Medication(work).witness_entry(place, number)
    with work_of(world.nina) as work:
        Medication(work).close_place(place)
    assert tasks(world, work_of, hers.patient_id) == []
    with pytest.raises(psycopg.errors.CheckViolation, match="closed"):
        world.migrator.execute(
            """INSERT INTO medication.ledger_entry (place_id, ledger_id, recorded_by, recorded_by_name, municipality_id, unit_id,
               kind, amount) VALUES (%s, %s, gen_random_uuid(), 'N', gen_random_uuid(), gen_random_uuid(), 'delivery', 1)""",
            (place, ledger),
        )


def test_a_count_of_her_own_that_differs_is_an_incident(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    with work_of(world.nina) as work:
        place = Medication(work).open_holding(patient_id)
        ledger = Medication(work).start_ledger(place, hit_of(world), Decimal(2))
        Medication(work).count(place, {ledger: Decimal(1)})

    with work_of(world.nina) as work:
        (incident,) = Care(work).incidents(patient_id)
    assert incident.kind == "medication"


def test_a_medicine_as_needed_is_withdrawn_too(world: World, work_of: WorkOf) -> None:
    place, ledger = keep(world, work_of, 10)
    patient_id = world.patient()
    dosage = when_needed(Quantity(Decimal(2), "tablett"), max_doses=4)
    entry_id = order(world, work_of, patient_id, medicine=OXYCODONE, dosage=dosage, use="3")

    with work_of(world.nina) as work:
        Medication(work).sign_as_needed(patient_id, entry_id, request_version=1, confirmed=tuple(Caution))

    assert entries(world, work_of, place, ledger)[-1] == ("withdrawal", -2, 8)


def kept(name: str, *, own: bool = False, balance: int | None = 5) -> Kept:
    return Kept(new_id(), name, own, new_id() if balance is not None else None, balance and Decimal(balance))


SAFE, CAR, OWN, WITHOUT = kept("safe"), kept("car"), kept("own", own=True), kept("cabinet", balance=None)


@pytest.mark.parametrize(
    ("supply", "places", "found"),
    [
        (None, [], None),
        (None, [SAFE, CAR], (SAFE, CAR)),
        (None, [SAFE, WITHOUT], (SAFE,)),
        (Supply.WARD_STOCK, [WITHOUT], ()),
        (None, [SAFE, OWN], (OWN,)),
        (Supply.OWN_PACKS, [SAFE], None),
        (Supply.OWN_PACKS, [SAFE, OWN], (OWN,)),
        (Supply.BROUGHT_ALONG, [SAFE, kept("own", own=True, balance=None)], ()),
        *((supply, [SAFE, OWN], None) for supply in (Supply.DOSETT, Supply.MULTIDOSE, Supply.DISPENSER)),
    ],
)
def test_from_where_a_dose_may_be_taken(supply: Supply | None, places: list[Kept], found: Any) -> None:
    assert places_of(supply, places) == found


def test_one_place_that_has_enough_is_not_asked_for() -> None:
    low = kept("low", balance=1)
    assert chosen_place([low, SAFE], Decimal(2), None) is SAFE
    assert chosen_place([low, SAFE], Decimal(1), None) is None
    assert chosen_place([low, SAFE], Decimal(2), low.ledger_id) is low
