"""The budget for a patient who is not on one's list: one tap with a reason, also at night on a telephone; and what axe finds."""

import re

from playwright.sync_api import expect

from tests.architecture.charts import national_id
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World


def test_a_patient_who_is_not_on_ones_list_is_opened_with_one_tap_and_let_go_with_another(
    world: World, open_as: OpenAs
) -> None:
    """From the search: three keys and the tap. Pages: the search, its hit, the door and the chart."""
    number = national_id()
    kari = world.patient(family_name="Hansen-Østby", national_id=number)
    tab = open_as(world.unn, "/my-list")
    tab.refusals.add(403)
    with tab.counted() as counts:
        tab.press("Control+k")
        tab.write("input[name=text]", number)
        tab.press("Enter")
        expect(tab.page.get_by_role("link", name="Åpne")).to_be_focused()
        tab.press("Enter")
        expect(tab.page.get_by_role("heading", name="Pasienten er ikke på listen din")).to_be_visible()
    assert (counts.taps, counts.keys, counts.loads) == (0, 3, 3)
    assert faults_of(tab) == []

    tab.page.set_viewport_size({"width": 390, "height": 844})
    with tab.counted() as counts:
        tab.tap("button[value=emergency]")
        expect(tab.find(".timebox")).to_contain_text("Åpen til ")
    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 1)
    assert faults_of(tab) == []

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Avslutt tilgangen"))
        expect(tab.page).to_have_url(re.compile("/my-list$"))
    assert counts.taps == 1

    tab.open(f"/patients/{kari}/who-knows")
    expect(tab.page.get_by_text("Avdeling 2")).to_be_visible()

    leader = open_as(world.mona, "/justified-access")
    expect(leader.find(".reviews")).to_contain_text("Ukjent Unn")
    assert faults_of(leader) == []
    leader.tap(leader.page.get_by_role("link", name="Hvem og hvorfor"))
    expect(leader.page.get_by_text("Hansen-Østby")).to_be_visible()
