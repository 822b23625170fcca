"""The frame of a page is drawn once for each role, page and language: nobody meets another's menu, tabs or patient in it."""

import re
from uuid import UUID

import pytest

NOBODY = str(UUID(int=0))


def tabs(page: str) -> list[tuple[str, bool, str]]:
    """Address, whether it is the current one, and text."""
    row = page.split('<nav class="ctabs"')[1].split("</nav>")[0]
    found = re.findall(r'<a href="([^"]+)"( aria-current="page")?>([^<]+)</a>', row)
    return [(address, bool(current), text) for address, current, text in found]


def test_the_tabs_lead_to_the_patient_whose_chart_is_open(world, client_for):
    nina = client_for(world.nina)
    charts = [world.patient(), world.patient()]
    for patient_id in (*charts, charts[0]):
        page = nina.get(f"/patients/{patient_id}").text

        assert len(tabs(page)) > 8
        assert all(address.startswith(f"/patients/{patient_id}") for address, _, _ in tabs(page))
        assert NOBODY not in page


def test_the_tab_of_the_page_that_is_shown_is_the_current_one(world, client_for):
    nina, patient_id = client_for(world.nina), world.patient()
    for path in ("", "/medication", "/notes", ""):
        page = nina.get(f"/patients/{patient_id}{path}").text

        assert [address for address, current, _ in tabs(page) if current] == [f"/patients/{patient_id}{path}"]


def test_each_role_has_its_own_menu_whoever_came_before(world, client_for):
    nurse, manager = client_for(world.nina), client_for(world.mona)
    menus = [
        client.get("/my-list").text.split('class="rail"')[1].split("</ul>")[0] for client in (nurse, manager, nurse)
    ]

    assert 'href="/round"' in menus[0]
    assert menus[0] == menus[2] != menus[1]


def test_what_is_used_seldom_stands_under_more_where_there_is_much(world, client_for):
    manager, auditor, nurse = client_for(world.mona), client_for(world.rolf), client_for(world.nina)

    first, more = manager.get("/my-list").text.split('class="rest"')
    assert (
        'href="/tasks"' in first and 'href="/stock"' not in first.split('class="rail"')[1] and 'href="/stock"' in more
    )
    assert "current" not in more.split("</summary>")[0]
    assert 'class="item current"' in nurse.get("/stock").text, "what stands under more is found again"
    assert 'class="rest"' not in auditor.get("/audit").text


@pytest.mark.parametrize(("code", "said"), [("nn", "Legemiddel"), ("en", "Medicines"), ("nb", "Legemidler")])
def test_the_tabs_are_in_the_readers_language(world, client_for, code, said):
    nina, patient_id = client_for(world.nina), world.patient()
    nina.act("/language", {"language": code})

    assert said in [text for _, _, text in tabs(nina.get(f"/patients/{patient_id}").text)]
