"""The account of controlled drugs in a real browser: a count is typed and signed with one tap, and what axe finds."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from playwright.sync_api import expect

from journal.medication import Medication
from journal.medication.rules.ledger import EntryKind, WasteReason
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World
from tests.medication.test_ledger import DIAZEPAM, due, entries, give, hit_of, keep

WorkOf = Callable[..., Any]


def test_a_place_is_counted_with_what_is_typed_and_one_tap(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    place, ledger = keep(world, work_of, 10)
    with work_of(world.nina) as work:
        Medication(work).start_ledger(place, hit_of(world, DIAZEPAM), Decimal(5))
    tab = open_as(world.nina, f"/keeping/{place}/count")
    assert faults_of(tab) == []

    with tab.counted() as counts:
        tab.find("input[name='counted[]']").nth(0).fill("5")
        tab.find("input[name='counted[]']").nth(1).fill("10")
        tab.tap("button:has-text('Signer tellingen')")
        expect(tab.page).to_have_url(re.compile(f"/keeping/{place}$"))

    assert (counts.taps, counts.keys) == (1, 0)
    assert faults_of(tab) == []
    assert entries(world, work_of, place, ledger)[-1] == ("count", 0, 10)


def test_what_does_not_fit_and_a_ledger(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    place, ledger = keep(world, work_of, 1)
    give(world, work_of, due(world, work_of))
    give(world, work_of, due(world, work_of))
    with work_of(world.siri) as work:
        Medication(work).count(place, {ledger: Decimal(3)})
        Medication(work).enter(place, ledger, EntryKind.WASTE, Decimal(1), WasteReason.DROPPED)

    for path in ("/keeping", f"/keeping/{place}/ledgers/{ledger}"):
        assert faults_of(open_as(world.nina, path)) == [], path
