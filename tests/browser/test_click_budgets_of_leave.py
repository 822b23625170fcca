"""The budgets of what is laid out and what goes along on leave: one tap more than given, and one tap when all was taken."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import expect

from journal.medication import Medication
from tests import factories
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World

WorkOf = Callable[..., Any]
HOUR = timedelta(hours=1)


def test_a_dose_is_laid_out_in_two_taps_and_taken_in_one(world: World, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.tap(tab.find(".notgiven > summary"))
        tab.tap(tab.find(".notgiven").get_by_role("button", name="Lagt fram", exact=True))
        expect(tab.find(".dose.is-laid_out")).to_have_count(1)
    assert (counts.taps, counts.keys, counts.loads) == (2, 0, 0)
    expect(tab.find(".dose.is-given")).to_have_count(0)
    assert faults_of(tab) == []

    with tab.counted() as counts:
        tab.tap(tab.find(".dose.is-laid_out").get_by_role("button", name="Tatt nå"))
        expect(tab.find(".dose.is-given, .dose.is-given_early, .dose.is-given_late")).to_have_count(1)
    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)


def test_all_taken_on_leave_is_told_in_one_tap(world: World, work_of: WorkOf, open_as: OpenAs) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    patient_id, dose_id = factories.due_dose(world, due_at=now - HOUR)
    with work_of(world.nina) as work:
        medication = Medication(work)
        sent = {medication.dose(patient_id, dose_id).request_entry_id: 1}
        away = {"starts_at": now - 3 * HOUR, "ends_at": now + HOUR, "handed_to": "Kari, datter"}
        medication.start_leave(patient_id, **away, sent=sent, at_home={}, needed={})
    tab = open_as(world.nina, f"/patients/{patient_id}/leave")
    assert faults_of(tab) == []

    with tab.counted() as counts:
        tab.tap(tab.find("form").get_by_role("button", name="Alt tatt som avtalt"))
        expect(tab.find("#h-told")).to_have_count(0)
    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 1)
    with work_of(world.nina) as work:
        assert Medication(work).dose(patient_id, dose_id).status_text == "tatt på permisjon, fortalt etterpå"
