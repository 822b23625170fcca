"""A dose signed alone, the list of those, and the ward's stock, in a real browser: taps, and what axe finds."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from playwright.sync_api import expect

from journal.medication import Medication
from journal.medication.rules.alone import AloneReason
from journal.platform.clock import local_date
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World
from tests.medication.test_caution import due as plain_due
from tests.medication.test_ledger import due, give, hit_of, keep
from tests.medication.test_stock import FUROSEMIDE

WorkOf = Callable[..., Any]


def test_one_tap_signs_and_one_more_says_that_she_is_alone(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    """Budget of ux.md 3.1: a dose with two signatures takes at most three taps, and never one."""
    dose = plain_due(world, work_of, two_signatures=True)
    tab = open_as(world.nina, f"/round?patient={dose.patient_id}")
    card = f"#dose-{dose.id}"

    with tab.counted() as counts:
        tab.tap(f"{card} button.give")
        tab.tap(f"{card} button[name=reason][value=night]")
        expect(tab.find(card)).to_contain_text("Signert alene: natt.")

    assert (counts.taps, counts.keys) == (2, 0)
    assert faults_of(tab) == []


def test_what_the_next_shift_sees(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    keep(world, work_of, 10)
    dose, waiting = due(world, work_of, two_signatures=True), due(world, work_of, two_signatures=True)
    signature = give(world, work_of, dose)
    give(world, work_of, waiting)
    with work_of(world.nina) as work:
        Medication(work).sign_alone(dose.patient_id, signature, AloneReason.OTHER, "Kollegaen er syk")

    here = f"/patients/{dose.patient_id}/administrations/{signature}/alone"
    for path in ("/keeping/alone", here):
        assert faults_of(open_as(world.siri, path)) == [], path
    assert faults_of(open_as(world.nina, f"/round?patient={waiting.patient_id}")) == []


def test_the_stock_and_one_medicine_of_it(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    with work_of(world.nina) as work:
        medication = Medication(work)
        item = medication.keep_in_stock(hit_of(world, FUROSEMIDE), Decimal(20))
        day = local_date(work.now) + timedelta(days=5)
        medication.receive_stock(item, Decimal(10), batch="A1", expires_on=day)

    for path in ("/stock", f"/stock/{item}"):
        assert faults_of(open_as(world.nina, path)) == [], path
