"""The ward's stock: settled after the doses, by the worker, and never in their way."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.medication import Medication, Medicine
from journal.medication.rules.stock import Expiry, State
from journal.medication.rules.supply import Supply
from journal.medication.service import CatalogueHit, DueDose, StockLine
from journal.platform.caller import Known
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.work import Works
from journal.worker import SYSTEM
from tests.conftest import Browser, World
from tests.medication.test_ledger import due, give, hit_of

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]
FUROSEMIDE = Medicine("furosemid", "Diural", "tablett", strength="40 mg", atc_code="C03CA01", prescription_group="C")


@pytest.fixture
def works(app: Any) -> Works:
    found: Works = app.works
    return found


@pytest.fixture
def hit(world: World) -> CatalogueHit:
    return hit_of(world, FUROSEMIDE)


@pytest.fixture
def item(world: World, work_of: WorkOf, hit: CatalogueHit) -> UUID:
    with work_of(world.nina) as work:
        kept: UUID = Medication(work).keep_in_stock(hit, Decimal(20))
    return kept


def receive(world: World, work_of: WorkOf, item: UUID, amount: int, batch: str = "A1", days: int = 200) -> None:
    with work_of(world.nina) as work:
        day = local_date(work.now) + timedelta(days=days)
        Medication(work).receive_stock(item, Decimal(amount), batch=batch, expires_on=day)


def line_of(world: World, work_of: WorkOf, item: UUID) -> StockLine:
    with work_of(world.nina) as work:
        found: StockLine = Medication(work).stock_line(item)[0]
    return found


def moves(world: World, work_of: WorkOf, item: UUID) -> list[tuple[str, int]]:
    """Oldest first."""
    with work_of(world.nina) as work:
        _line, found = Medication(work).stock_line(item)
    return [(move.kind.value, int(move.amount)) for move in reversed(found)]


def settle(works: Works) -> int:
    with works.open(Known(SYSTEM)) as work:
        return Medication(work).settle_stock()


def ward_dose(world: World, work_of: WorkOf, **more: Any) -> DueDose:
    return due(world, work_of, FUROSEMIDE, **{"supply": Supply.WARD_STOCK} | more)


def test_a_dose_of_the_wards_stock_is_taken_off_by_the_worker_and_put_back_when_it_was_a_mistake(
    world: World, work_of: WorkOf, works: Works, item: UUID
) -> None:
    receive(world, work_of, item, 30)
    dose = ward_dose(world, work_of)
    signature = give(world, work_of, dose)
    assert line_of(world, work_of, item).on_hand == 30  # nothing of it in the signature's transaction

    settle(works)
    settle(works)
    assert moves(world, work_of, item) == [("delivery", 30), ("use", -1)]

    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signature, reason="Angret")
    settle(works)
    settle(works)
    assert moves(world, work_of, item) == [("delivery", 30), ("use", -1), ("undone", 1)]
    with work_of(world.nina) as work:
        assert Medication(work).stock_line(item)[1][0].by_name == "Akson journal"


def test_doses_are_given_and_counted_when_the_worker_has_not_run_for_a_day(
    world: World, work_of: WorkOf, works: Works, item: UUID
) -> None:
    settle(works)
    world.migrator.execute("UPDATE medication.stock_settled SET until = until - interval '1 day'")
    give(world, work_of, ward_dose(world, work_of))
    give(world, work_of, ward_dose(world, work_of))
    assert moves(world, work_of, item) == []

    settle(works)

    shown = line_of(world, work_of, item)
    assert (shown.on_hand, shown.state) == (Decimal(-2), State.COUNT_IT)


@pytest.mark.parametrize("other", [Supply.OWN_PACKS, Supply.DOSETT, Supply.MULTIDOSE, Supply.BROUGHT_ALONG])
def test_only_what_is_taken_from_the_wards_stock_is_taken_off(
    world: World, work_of: WorkOf, works: Works, item: UUID, other: Supply
) -> None:
    give(world, work_of, due(world, work_of, FUROSEMIDE, supply=other))
    settle(works)
    assert moves(world, work_of, item) == []


def test_another_strength_and_a_second_signature_are_not_taken_off(
    world: World, work_of: WorkOf, works: Works, item: UUID
) -> None:
    strong = Medicine("furosemid", "Diural", "tablett", strength="500 mg", atc_code="C03CA01", prescription_group="C")
    give(world, work_of, due(world, work_of, strong, supply=Supply.WARD_STOCK))
    two = ward_dose(world, work_of, two_signatures=True)
    signature = give(world, work_of, two)
    with work_of(world.siri) as work:
        Medication(work).witness(two.patient_id, signature)
    settle(works)
    assert moves(world, work_of, item) == [("use", -1)]


def test_another_unit_s_stock_is_neither_seen_nor_used(
    world: World, work_of: WorkOf, works: Works, item: UUID, hit: CatalogueHit
) -> None:
    with work_of(world.bodil) as work:
        assert Medication(work).stock() == []
        with pytest.raises(NotFound):
            Medication(work).count_stock(item, Decimal(1))
    with work_of(world.bodil) as work:
        theirs: UUID = Medication(work).keep_in_stock(hit, Decimal(1))
    give(world, work_of, ward_dose(world, work_of))
    settle(works)
    with work_of(world.bodil) as work:
        assert Medication(work).stock_line(theirs)[1] == []


def test_the_worker_alone_settles(world: World, work_of: WorkOf) -> None:
    with pytest.raises(Exception, match="the worker alone"), work_of(world.nina) as work:
        work.db.connection().exec_driver_sql("SELECT medication.settle_stock()")


def test_a_count_is_what_is_there_and_low_and_expiring_are_listed(world: World, work_of: WorkOf, item: UUID) -> None:
    receive(world, work_of, item, 10, "OLD", -1)
    receive(world, work_of, item, 10, "SOON", 30)
    receive(world, work_of, item, 10, "LATER", 90)
    with work_of(world.nina) as work:
        Medication(work).count_stock(item, Decimal(25))
    shown = line_of(world, work_of, item)
    assert (shown.on_hand, shown.state) == (Decimal(25), State.ENOUGH)
    assert [(batch.number, int(batch.amount), expiry) for batch, expiry in shown.batches] == [
        ("OLD", 5, Expiry.EXPIRED),
        ("SOON", 10, Expiry.SOON),
        ("LATER", 10, Expiry.LATER),
    ]

    with work_of(world.nina) as work:
        Medication(work).discard_stock(item, batch="OLD", expires_on=shown.batches[0][0].expires_on)
        Medication(work).want_in_stock(item, Decimal(25), version=1)
    shown = line_of(world, work_of, item)
    assert (shown.on_hand, shown.state, shown.lacking.value) == (Decimal(20), State.LOW, Decimal(5))
    assert [batch.number for batch, _ in shown.batches] == ["SOON", "LATER"]
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Medication(work).want_in_stock(item, Decimal(1), version=1)
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Medication(work).discard_stock(item, batch="OLD", expires_on=date(2020, 1, 1))


def test_of_two_who_count_at_once_the_sum_is_one_of_the_counts(world: World, work_of: WorkOf, item: UUID) -> None:
    receive(world, work_of, item, 8)

    def count(there: int) -> None:
        with work_of(world.nina) as work:
            Medication(work).count_stock(item, Decimal(there))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(count, [10, 12] * 3))

    assert line_of(world, work_of, item).on_hand in (10, 12)


ACTS = st.tuples(st.sampled_from(["receive", "count", "discard", "give", "undo", "settle"]), st.integers(1, 30))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, max_size=8))
def test_what_is_on_hand_is_the_sum_of_its_rows_whatever_happens(
    world: World, work_of: WorkOf, works: Works, acts: list[tuple[str, int]]
) -> None:
    hit = hit_of(world, FUROSEMIDE)
    with work_of(world.nina) as work:
        item = Medication(work).keep_in_stock(hit, Decimal(5))
    on_hand, unsettled = 0, 0
    signed: list[tuple[UUID, UUID]] = []
    for act, n in [*acts, ("settle", 1)]:
        with work_of(world.nina) as work:
            medication = Medication(work)
            line = medication.stock_line(item)[0]
            if act == "receive":
                day = local_date(work.now) + timedelta(days=n)
                medication.receive_stock(item, Decimal(n), batch=f"B{n}", expires_on=day)
                on_hand += n
            elif act == "count":
                medication.count_stock(item, Decimal(n))
                on_hand = n
            elif act == "discard" and line.batches:
                batch = line.batches[0][0]
                medication.discard_stock(item, batch=batch.number, expires_on=batch.expires_on)
                on_hand -= int(batch.amount)
            elif act == "undo" and signed:
                medication.correct(*signed.pop(), reason="Angret")
                unsettled += 1
        if act == "give":
            of = replace(FUROSEMIDE, catalogue_item_id=hit.id)
            dose = due(world, work_of, of, supply=Supply.WARD_STOCK)
            signed.append((dose.patient_id, give(world, work_of, dose)))
            unsettled -= 1
        elif act == "settle":
            settle(works)
            on_hand, unsettled = on_hand + unsettled, 0
        assert line_of(world, work_of, item).on_hand == on_hand == sum(n for _, n in moves(world, work_of, item))


def test_rows_are_never_changed_and_a_controlled_drug_is_in_no_stock(
    world: World, work_of: WorkOf, item: UUID, hit: CatalogueHit
) -> None:
    receive(world, work_of, item, 8)
    for change in ("UPDATE medication.stock_row SET amount = 1", "DELETE FROM medication.stock_row"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="what is written stands"):
            world.migrator.execute(f"{change} WHERE item_id = %s", (item,))
    with pytest.raises(Invalid), work_of(world.nina) as work:
        Medication(work).keep_in_stock(hit_of(world), Decimal(1))
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Medication(work).keep_in_stock(hit, Decimal(1))


@pytest.fixture
def offered(world: World, hit: CatalogueHit) -> Iterator[str]:
    """A product that may be chosen; withdrawn afterwards, so that other tests find an empty catalogue."""
    change = (
        "UPDATE medication.catalogue_item SET active = %s, withdrawn_at = CASE WHEN NOT %s THEN now() END WHERE id = %s"
    )
    world.migrator.execute(change, (True, True, hit.id))
    yield str(hit.id)
    world.migrator.execute(change, (False, False, hit.id))


def test_the_pages_say_what_to_order_and_what_to_throw_away(
    world: World, work_of: WorkOf, works: Works, client_for: ClientFor, offered: str
) -> None:
    nina, siri = client_for(world.nina), client_for(world.siri)
    assert siri.act("/stock", {"item": offered, "lowest": "20"}).status_code == 403
    line = nina.act("/stock", {"item": offered, "lowest": "20"}).headers["Location"]
    wrong = siri.act(f"{line}/receive", {"amount": "1.000", "batch": "A1", "expires_on": ""})
    assert (
        wrong.status_code == 422 and 'value="A1"' in wrong.text and "Skriv datoen som står på pakningen." in wrong.text
    )
    with work_of(world.nina) as work:
        soon = local_date(work.now) + timedelta(days=5)
    assert (
        siri.act(f"{line}/receive", {"amount": "10", "batch": "A1", "expires_on": f"{soon:%d.%m.%Y}"}).status_code
        == 303
    )

    shown = siri.get("/stock").text
    assert "Bestill" in shown and re.search(r"<b>10\s*tabletter</b>", shown) and "innen 30 dager" in shown
    assert siri.act(f"{line}/discard", {"batch": "A1", "expires_on": f"{soon:%d.%m.%Y}"}).status_code == 303
    give(world, work_of, ward_dose(world, work_of))
    settle(works)
    assert "Tell disse" in siri.get("/stock").text
    assert siri.act(f"{line}/count", {"counted": "30"}).status_code == 303
    assert "Tell disse" not in siri.get("/stock").text
    assert nina.act(f"{line}/lowest", {"version": "1", "lowest": "40"}).status_code == 303
    assert "Nordmann" not in siri.get(line).text
