"""The budget of a dose that is given from a pack that is named: three taps at the most, never one; and another pack than the
ordered one is found on the card."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from journal.medication.rules import every_hours
from journal.platform.quantity import Quantity
from tests.browser.conftest import OpenAs
from tests.conftest import World
from tests.medication.conftest import small_catalogue  # noqa: F401 - a fixture
from tests.medication.test_product import HALF, MG, OWN, found, number, used
from tests.medication.test_sign import order

pytestmark = pytest.mark.usefixtures("small_catalogue")

WorkOf = Callable[..., Any]

PATCH, TABLET = "Exelon depotplaster 9,5 mg/24 timer", "Selo-Zok depottab 50 mg"


def test_an_injection_is_its_pack_and_the_signature(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    patient_id = world.patient()
    dosage = every_hours(HALF, 24, strength_per_unit=MG)
    order(world, work_of, patient_id, medicine=found(world, work_of, "morfin", OWN), dosage=dosage)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    expect(tab.find("button.give")).to_have_count(0)
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name=OWN))
        expect(tab.find(".dose .take")).to_contain_text("av 10 mg i 1 ml")
        tab.tap("details.confirm button.give")
        expect(tab.find(".dose.is-given")).to_have_count(1)

    assert (counts.taps, counts.loads) == (2, 0)
    assert [row[1] for row in used(world, patient_id)] == [OWN]


def test_a_patch_is_scanned_and_three_taps(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    """The scanner writes as a keyboard does, and ends with Enter."""
    patient_id = world.patient()
    dosage = every_hours(Quantity(Decimal(1), "plaster"), 24)
    order(world, work_of, patient_id, medicine=found(world, work_of, "exelon 9,5", PATCH), dosage=dosage)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.write("input[name=scan]", f"{number(world, PATCH)}\n")
        expect(tab.find(".dose .product")).to_contain_text(PATCH)
        tab.find(".dose select[name=site]").select_option("chest-left")
        counts.taps += 1
        tab.tap(tab.page.get_by_label("Det satt ingen plaster der fra før"))
        tab.tap("button.give")
        expect(tab.find(".dose.is-given")).to_have_count(1)

    assert (counts.taps, counts.loads) == (3, 0)


def test_another_pack_than_the_ordered_is_on_the_card_and_three_taps(
    world: World, work_of: WorkOf, open_as: OpenAs
) -> None:
    patient_id, other = world.patient(), "Selo-Zok depottab 25 mg"
    dosage = every_hours(Quantity(Decimal(1), "tablett"), 24, strength_per_unit=Quantity(Decimal(50), "mg"))
    order(world, work_of, patient_id, medicine=found(world, work_of, "selo-zok 50", TABLET), dosage=dosage)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Annen pakning"))
        tab.tap(tab.page.get_by_role("link", name=other).first)
        expect(tab.find(".dose .take")).to_contain_text("2 tabletter")
        expect(tab.find(".dose .sure")).to_contain_text("annen styrke")
        tab.tap("details.confirm button.give")
        expect(tab.find(".dose.is-given")).to_have_count(1)

    assert (counts.taps, counts.loads) == (3, 0)
    assert [row[:2] for row in used(world, patient_id)] == [(TABLET, other)]
