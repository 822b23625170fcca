"""The budgets of the signing queue (one key for an item) and of a renewal (three taps, however many), and what keeps them safe."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from playwright.sync_api import expect

from journal.medication.rules.verbal import Act
from tests.browser.conftest import OpenAs
from tests.conftest import World
from tests.medication.test_renewing import METOPROLOL, OMEPRAZOLE, PARACETAMOL, ending
from tests.medication.test_sign import order
from tests.medication.test_verbal import NEEDED, receive
from tests.medication.test_verbal_change import say

WorkOf = Callable[..., Any]

SETTLED = "() => performance.now() > 500"


def answers(world: World, *patients: UUID) -> list[str]:
    rows = world.migrator.execute(
        "SELECT outcome FROM medication.verbal_answer WHERE patient_id = ANY (%s)", (list(patients),)
    )
    return [row[0] for row in rows]


def test_an_item_of_the_queue_is_signed_with_one_key(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    """A new order, a change, a pause and a stop: all that is said by word of mouth is signed alike."""
    patients = [world.patient(family_name=name, none_known=True) for name in ("Hansen", "Olsen", "Berg", "Dahl")]
    receive(world, work_of, patients[0], dosage=NEEDED)
    for patient_id, act in zip(patients[1:], (Act.CHANGE, Act.HOLD, Act.STOP), strict=True):
        say(world, work_of, patient_id, order(world, work_of, patient_id), act)
    tab = open_as(world.lars, "/signing")

    with tab.counted() as counts:
        for left in (3, 2, 1, 0):
            tab.page.wait_for_function(SETTLED)
            expect(tab.find(".queue .item").first).to_be_focused()
            tab.press("s")
            expect(tab.find(".queue .item")).to_have_count(left)

    assert (counts.keys, counts.taps) == (4, 0)
    assert answers(world, *patients) == ["signed"] * 4


def test_j_and_k_move_and_another_key_or_one_in_a_field_signs_nothing(
    world: World, work_of: WorkOf, open_as: OpenAs
) -> None:
    patients = [world.patient(family_name=name) for name in ("Hansen", "Olsen")]
    for patient_id in patients:
        receive(world, work_of, patient_id, dosage=NEEDED)
    tab = open_as(world.lars, "/signing")
    tab.page.wait_for_function(SETTLED)

    tab.press("j")
    expect(tab.find(".queue .item").nth(1)).to_be_focused()
    tab.press("k")
    expect(tab.find(".queue .item").first).to_be_focused()
    tab.press("x")
    tab.find(".queue .item summary").first.click()
    tab.write(".queue .item input[name=reason] >> nth=0", "sjs")

    expect(tab.find(".queue .item input[name=reason]").first).to_have_value("sjs")
    assert answers(world, *patients) == []


def test_a_key_in_the_moment_a_new_item_came_signs_nothing(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    """Pressed twice: the second would sign what nobody has read."""
    patients = [world.patient(family_name=name) for name in ("Hansen", "Olsen")]
    for patient_id in patients:
        receive(world, work_of, patient_id, dosage=NEEDED)
    tab = open_as(world.lars, "/signing")
    # The page has just come, whatever the clock of a busy machine says.
    tab.page.evaluate("() => { performance.now = () => 100 }")

    tab.press("s")
    tab.page.evaluate("() => { performance.now = () => 1000 }")
    held = "() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 's', repeat: true, bubbles: true}))"
    tab.page.evaluate(held)

    expect(tab.find(".queue .item")).to_have_count(2)
    assert answers(world, *patients) == []


def test_any_number_of_orders_is_renewed_with_three_taps(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    patient_id = world.patient(none_known=True)
    entries = [ending(world, work_of, patient_id, medicine, 2) for medicine in (METOPROLOL, OMEPRAZOLE, PARACETAMOL)]
    tab = open_as(world.lars, f"/patients/{patient_id}/medication")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Forny", exact=True))
        tab.tap(tab.page.get_by_role("button", name="Forny alle"))
        tab.tap(tab.page.get_by_role("button", name="Signer 3 fornyelser"))
        expect(tab.page.get_by_role("heading", name="Legemidler i bruk")).to_be_visible()

    assert (counts.taps, counts.keys) == (3, 0)
    versions = world.migrator.execute(
        "SELECT max(version) FROM medication.medication_request WHERE entry_id = ANY (%s) GROUP BY entry_id", (entries,)
    ).fetchall()
    assert versions == [(2,)] * 3
