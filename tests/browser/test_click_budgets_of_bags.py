"""The budgets of a bag: one tap gives it, three give all but some, an outdated one is never one tap; a week is laid in with two."""

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from playwright.sync_api import expect

from journal.medication import Medication
from journal.medication.rules import Supply, daily
from journal.platform.clock import local_date, norwegian_date
from journal.platform.quantity import Quantity
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World
from tests.medication.dosetts import act, laid_in, lay_in, stored
from tests.medication.test_sign import order

WorkOf = Callable[..., Any]
BAG = ".dose.bag"


def test_a_bag_is_one_tap_and_all_but_one_of_it_three(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    first, second = laid_in(world, work_of), laid_in(world, work_of)
    for laid in (first, second):
        with work_of(world.siri) as work:
            Medication(work).control(laid.patient_id, laid.prepared_id)
    tab = open_as(world.nina, f"/round?patient={first.patient_id}")
    assert faults_of(tab) == []

    with tab.counted() as counts:
        tab.tap(f"{BAG} button.give")
        expect(tab.find(".dose.is-given")).to_have_count(2)
    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)
    assert len(stored(world, first.patient_id)) == 2

    tab = open_as(world.nina, f"/round?patient={second.patient_id}")
    with tab.counted() as counts:
        tab.tap(tab.find(f"{BAG} .but > summary"))
        tab.tap(tab.find(f"{BAG} .which label").first)
        tab.tap(tab.find(f"{BAG} .but").get_by_role("button", name="Ville ikke", exact=True))
        expect(tab.find(".dose.is-given")).to_have_count(1)
    assert (counts.taps, counts.keys, counts.loads) == (3, 0, 0)
    assert sorted(row[2] or "" for row in stored(world, second.patient_id)) == ["", "refused"]


def test_an_outdated_bag_is_two_taps(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    laid = laid_in(world, work_of)
    with work_of(world.siri) as work:
        Medication(work).control(laid.patient_id, laid.prepared_id)
    act("hold")(world, work_of, laid)
    tab = open_as(world.nina, f"/round?patient={laid.patient_id}")

    with tab.counted() as counts:
        tab.tap(tab.find(BAG).get_by_role("button", name="Tatt ut"))
        tab.tap(f"{BAG} button.give")
        expect(tab.find(".dose.is-given")).to_have_count(1)
    assert (counts.taps, counts.keys, counts.loads) == (2, 0, 0)


def test_a_week_is_laid_in_with_one_tap_when_nothing_has_changed(
    world: World, work_of: WorkOf, open_as: OpenAs
) -> None:
    patient_id = world.patient()
    once = daily(Quantity(Decimal(1), "tablett"), [time(8)])
    order(world, work_of, patient_id, supply=Supply.DOSETT, dosage=once)
    with work_of(world.nina) as work:
        day = local_date(work.now) + timedelta(days=1)
    lay_in(world, work_of, patient_id, day)
    following = norwegian_date(day + timedelta(days=7))
    tab = open_as(world.nina, f"/patients/{patient_id}/prepared/dosett?starts_on={following}")
    assert faults_of(tab) == []

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Ferdig"))
        expect(tab.find("h2").first).to_contain_text(following)
    assert (counts.taps, counts.keys) == (1, 0)
    assert faults_of(tab) == []
