"""A controlled drug that was given without an order: its withdrawal is asked for, undone with it, and it counts among opioids."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.medication import Medication, Medicine
from journal.medication.rules.without_order import Cause
from journal.medication.service import CatalogueHit
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_ledger import DIAZEPAM, OXYCODONE, entries, hit_of, keep, lists

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]


@pytest.fixture
def hit(world: World) -> CatalogueHit:
    return hit_of(world)


@pytest.fixture
def kept(world: World, work_of: WorkOf, hit: CatalogueHit) -> tuple[UUID, UUID]:
    return keep(world, work_of, 10, hit=hit)


def given(
    world: World, work_of: WorkOf, hit: CatalogueHit, patient_id: UUID, medicine: Medicine = OXYCODONE, amount: int = 2
) -> UUID:
    of = replace(medicine, catalogue_item_id=hit.id)
    with work_of(world.nina) as work:
        stored: UUID = Medication(work).record_without_order(
            patient_id, of, Quantity(Decimal(amount), "tablett"), cause=Cause.EMERGENCY, reason="Lege på telefon"
        )
    return stored


def test_it_stands_without_a_withdrawal_until_somebody_says_where_it_was_taken(
    world: World, work_of: WorkOf, hit: CatalogueHit, kept: tuple[UUID, UUID]
) -> None:
    patient_id = world.patient()
    dose = given(world, work_of, hit, patient_id)
    assert lists(world, work_of) == (1, 0)
    with work_of(world.nina) as work:
        medication = Medication(work)
        assert medication.lacks_withdrawal(patient_id, dose)
        asked = medication.to_withdraw(patient_id, dose)
        assert (asked.medicine, asked.amount) == ("oksykodon 5 mg", Quantity(Decimal(2), "tablett"))
        ((ledger, _name, _left),) = asked.places
        medication.withdraw_for(patient_id, dose, ledger)

    assert entries(world, work_of, *kept) == [("opening", 10, 10), ("withdrawal", -2, 8)]
    assert lists(world, work_of) == (0, 0)
    with work_of(world.nina) as work:
        assert not Medication(work).lacks_withdrawal(patient_id, dose)


def test_it_is_put_back_when_it_was_a_mistake(
    world: World, work_of: WorkOf, hit: CatalogueHit, kept: tuple[UUID, UUID]
) -> None:
    patient_id = world.patient()
    never, taken = given(world, work_of, hit, patient_id), given(world, work_of, hit, patient_id)
    with work_of(world.nina) as work:
        Medication(work).withdraw_for(patient_id, taken, kept[1])
    for mistake in (never, taken):
        with work_of(world.nina) as work:
            Medication(work).mark_without_order_in_error(patient_id, mistake, "Feil pasient")

    assert entries(world, work_of, *kept)[1:] == [("withdrawal", -2, 8), ("correction", 2, 10)]
    assert lists(world, work_of) == (0, 0)


def test_what_no_account_is_kept_of_is_asked_of_nobody(world: World, work_of: WorkOf, hit: CatalogueHit) -> None:
    """No place in the unit, and group B while the municipality has not chosen it."""
    patient_id = world.patient()
    given(world, work_of, hit, patient_id)
    other = hit_of(world, DIAZEPAM)
    keep(world, work_of, 10, hit=other)
    given(world, work_of, other, patient_id, DIAZEPAM)

    assert lists(world, work_of) == (0, 0)


def test_the_page_asks_from_where_as_soon_as_it_is_stored(
    world: World, work_of: WorkOf, client_for: ClientFor, kept: tuple[UUID, UUID], hit: CatalogueHit
) -> None:
    patient_id, nina = world.patient(), client_for(world.nina)
    world.migrator.execute(
        "UPDATE medication.catalogue_item SET active = true, withdrawn_at = NULL WHERE id = %s", (hit.id,)
    )
    form = {"item": str(hit.id), "amount": "1", "unit": "tablett", "cause": "emergency", "reason": "Fall"}
    answer = nina.act(f"/patients/{patient_id}/medication/without-order", form)
    world.migrator.execute(
        "UPDATE medication.catalogue_item SET active = false, withdrawn_at = now() WHERE id = %s", (hit.id,)
    )

    assert answer.headers["Location"].endswith("/withdrawal")
    shown = nina.get(answer.headers["Location"]).text
    assert "Hvor ble dosen tatt?" in shown and "Tatt fra Narkotikaskap" in shown
    assert nina.act(answer.headers["Location"], {"ledger": str(kept[1])}).status_code == 303
    assert entries(world, work_of, *kept)[-1] == ("withdrawal", -1, 9)


def test_it_counts_among_the_opioids_of_the_day_until_it_was_a_mistake(
    world: World, work_of: WorkOf, hit: CatalogueHit
) -> None:
    patient_id = world.patient()
    dose = given(world, work_of, hit, patient_id)
    with work_of(world.nina) as work:
        (shown,) = Medication(work).opioids_given(patient_id).medicines
    assert (shown.name, shown.regular) == ("oksykodon", "10\N{NO-BREAK SPACE}mg")
    with work_of(world.nina) as work:
        Medication(work).mark_without_order_in_error(patient_id, dose, "Feil pasient")
    with work_of(world.nina) as work:
        assert Medication(work).opioids_given(patient_id).medicines == ()


def test_the_database_lets_no_controlled_dose_be_of_nothing(world: World, work_of: WorkOf) -> None:
    of = world.nina.stamp | {"patient_id": world.patient(), "administration_id": new_id()}
    columns = ", ".join(of)
    write = f"INSERT INTO medication.controlled_dose ({columns}, unordered) VALUES ({', '.join(['%s'] * len(of))}, %s)"
    for unordered in (False, True):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            world.migrator.execute(write, (*of.values(), unordered))
