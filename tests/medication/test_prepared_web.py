"""Dosetts and rolls as pages: the box, the control, the roll beside the list, and one card in the round."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.rules import Supply
from journal.platform.clock import day_bounds, hhmm, local_date, norwegian_date
from journal.platform.quantity import NBSP
from tests import factories
from tests.conftest import Browser, World
from tests.medication.dosetts import Laid, act, bags, begun, laid_in, lay_in, stored
from tests.medication.test_sign import order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def laid(world: World, work_of: WorkOf) -> Laid:
    return laid_in(world, work_of)


def round_page(browser: Browser, patient_id: UUID) -> str:
    page = browser.get(f"/round?patient={patient_id}", headers=HTMX).get_data(as_text=True)
    return html.unescape(page).replace(NBSP, " ")


def sent(page: str, act_name: str, which: int = 0) -> tuple[str, dict[str, Any]]:
    """The address and the hidden fields of the form on the page that does this."""
    forms = re.findall(r'<form[^>]*action="([^"]*/' + act_name + r'\?[^"]*)"(.*?)</form>', page, re.S)
    url, body = forms[which]
    form: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body):
        if name.endswith("[]"):
            form.setdefault(name, []).append(value)
        elif name not in ("csrf_token", "command_id"):
            form[name] = value
    return url, form


def test_a_compartment_is_one_card_that_counts_and_says_what_is_given_beside_it(
    world: World, work_of: WorkOf, client_for: ClientFor, laid: Laid
) -> None:
    bag = bags(world, work_of, laid.patient_id)[0]
    order(world, work_of, laid.patient_id, starts_at=bag.due_at - timedelta(hours=1))
    with work_of(world.siri) as work:
        Medication(work).control(laid.patient_id, laid.prepared_id)
    nina = client_for(world.nina)

    page = round_page(nina, laid.patient_id)

    assert page.count(f"Dosett kl. {hhmm(bag.due_at)}</b>") == 1
    assert 'Tell og gi <b class="nw">2 tabletter</b>' in page
    assert "Gjort klar av Nina Nordli, kontrollert av Siri Strand" in page
    assert "Gis på samme tid, ved siden av:</b> 1 tablett metoprolol" in page

    url, form = sent(page, "given")
    answer = nina.act(url, form, headers=HTMX)

    assert answer.status_code == 303
    assert len(stored(world, laid.patient_id)) == 2
    after = round_page(nina, laid.patient_id)
    assert after.count("gjort klar av Nina Nordli") == 2
    undo = re.search(r'action="([^"]*/undo\?[^"]*)"', after)
    assert undo is not None
    assert nina.act(undo[1], {"at": bag.due_at.isoformat()}).status_code == 303
    assert stored(world, laid.patient_id) == []


def test_all_but_some_asks_which_and_signs_the_rest(
    world: World, work_of: WorkOf, client_for: ClientFor, laid: Laid
) -> None:
    nina = client_for(world.nina)
    url, form = sent(round_page(nina, laid.patient_id), "all-but")
    assert form["confirmed[]"] == ["uncontrolled"]

    none = nina.act(url, {**form, "reason": "refused"}, headers=HTMX)
    assert none.status_code == 422
    assert "Kryss av for det som ikke ble gitt." in none.get_data(as_text=True)
    assert stored(world, laid.patient_id) == []

    assert nina.act(url, {**form, "reason": "refused", "but[]": form["doses[]"][:1]}).status_code == 303
    assert sorted(row[2] or "" for row in stored(world, laid.patient_id)) == ["", "refused"]


def test_an_outdated_compartment_has_no_button_to_give_until_somebody_has_taken_out_what_it_says(
    world: World, work_of: WorkOf, client_for: ClientFor, laid: Laid
) -> None:
    act("stop")(world, work_of, laid)
    anne = factories.staff(world.builder, world.oslo, world.ward, "Anne Aas", "health_assistant")
    world.store()
    nina, without = client_for(world.nina), client_for(anne)

    assert "Kan gjøres av: Nina Nordli" in round_page(without, laid.patient_id)
    page = round_page(nina, laid.patient_id)
    assert "Ta ut 1 tablett pentoxifyllin Trental 2,5 mg: skal ikke gis på dette tidspunktet lenger." in page
    assert f"/prepared/{laid.prepared_id}/given" not in page

    url, form = sent(page, "take-out")
    assert nina.act(url, form).status_code == 303

    after = round_page(nina, laid.patient_id)
    assert "tatt ut av Nina Nordli" in after
    assert 'Tell og gi <b class="nw">1 tablett</b>' in after
    again = nina.act(url, form, headers=HTMX)
    assert again.status_code == 409
    assert "noen har alt tatt det ut" in again.get_data(as_text=True)


def test_the_box_is_filled_from_the_orders_and_marks_only_what_is_not_as_last_week(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id, nina = world.patient(), client_for(world.nina)
    order(world, work_of, patient_id, supply=Supply.DOSETT, starts_at=begun())
    order(world, work_of, patient_id, supply=Supply.OWN_PACKS, starts_at=begun())
    with work_of(world.nina) as work:
        day = local_date(work.now) + timedelta(days=1)
    lay_in(world, work_of, patient_id, day)
    following = norwegian_date(day + timedelta(days=7))
    url = f"/patients/{patient_id}/prepared/dosett"

    page = nina.get(f"{url}?starts_on={following}").get_data(as_text=True)

    assert "Ingenting er endret siden forrige uke." in page
    (key,) = re.findall(r'name="seen\[\]" value="([^"]+)"', page)
    assert nina.act(url, {"starts_on": following, "seen[]": [key]}).status_code == 303
    stale = nina.act(url, {"starts_on": following, "seen[]": [key.replace(".1", ".7")]})
    assert stale.status_code == 409
    assert "endret mens du la opp" in stale.get_data(as_text=True)


def test_a_control_is_offered_to_everybody_but_who_laid_it_in(world: World, client_for: ClientFor, laid: Laid) -> None:
    nina, siri = client_for(world.nina), client_for(world.siri)
    url = f"/patients/{laid.patient_id}/prepared"

    assert "Signer kontroll" not in nina.get(url).get_data(as_text=True)
    assert nina.act(f"{url}/{laid.prepared_id}/control").status_code == 422
    assert "Signer kontroll" in siri.get(url).get_data(as_text=True)
    assert siri.act(f"{url}/{laid.prepared_id}/control").status_code == 303
    assert "kontrollert av Siri Strand" in siri.get(url).get_data(as_text=True)


@pytest.fixture
def roll(world: World, work_of: WorkOf, client_for: ClientFor) -> tuple[UUID, str, Browser]:
    """Metoprolol is ordered from a roll; what came holds twice as much, and a medicine nobody ordered."""
    patient_id, nina = world.patient(), client_for(world.nina)
    with work_of(world.nina) as work:
        today = local_date(work.now)
    midnight = day_bounds(today)[0]
    order(world, work_of, patient_id, supply=Supply.MULTIDOSE, starts_at=midnight)
    times = " ".join(f"{hour:02}" for hour in range(24))
    form = {
        "pharmacy": "Apoteket på hjørnet",
        "starts_on": norwegian_date(today),
        "ends_on": norwegian_date(today + timedelta(days=1)),
        "lines": f"Selo-Zok 50 mg; 2 tabletter; {times}\nKalktablett 500 mg; 1 tablett; {times}",
    }
    answer = nina.act(f"/patients/{patient_id}/prepared/roll", form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = html.unescape(nina.get(answer.location).get_data(as_text=True)).replace(NBSP, " ")
    return patient_id, page, nina


def test_a_roll_says_how_it_differs_and_is_not_given_from_before_it_is_accepted_with_a_reason(
    world: World, work_of: WorkOf, roll: tuple[UUID, str, Browser]
) -> None:
    patient_id, page, nina = roll

    assert "Selo-Zok 50 mg: 2 tabletter er pakket, listen sier 1 tablett (" in page
    assert "Kalktablett 500 mg: 1 tablett er pakket, og skal etter listen ikke gis da (" in page
    assert "Rullen er ikke kontrollert mot legemiddellisten. Bruk originalpakning" in round_page(nina, patient_id)
    (accept,) = re.findall(r'action="([^"]*/accept)"', page)
    assert nina.act(accept, {"reason": ""}).status_code == 422
    assert nina.act(accept, {"reason": "Nytt apotek, ringt dem"}).status_code == 303

    card = round_page(nina, patient_id)
    assert "Ta ut 1 tablett Kalktablett 500 mg: står ikke i legemiddellisten." in card
    assert "Ta ut 2 tabletter Selo-Zok 50 mg: er endret siden den ble lagt i." in card


def test_a_roll_that_is_sent_back_is_in_no_round_and_is_a_task(
    world: World, work_of: WorkOf, roll: tuple[UUID, str, Browser]
) -> None:
    patient_id, page, nina = roll
    (back,) = re.findall(r'action="([^"]*/send-back)"', page)

    assert nina.act(back, {"reason": "Feil styrke"}).status_code == 303

    assert "Multidosepose" not in round_page(nina, patient_id)
    tasks = world.migrator.execute("SELECT count(*) FROM care.task WHERE patient_id = %s", (patient_id,)).fetchone()
    assert tasks == (1,)


def test_what_cannot_be_read_of_a_roll_is_said_by_its_line_and_kept(world: World, client_for: ClientFor) -> None:
    patient_id, nina = world.patient(), client_for(world.nina)
    form = {"pharmacy": "Apotek", "starts_on": "23.11.2026", "ends_on": "29.11.2026"}
    answer = nina.act(
        f"/patients/{patient_id}/prepared/roll", {**form, "lines": "Metoprolol; 1 tablett; 08\nParacet 500 mg"}
    )

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Linje 2: skriv legemiddel; mengde; klokkeslett" in page
    assert "Paracet 500 mg</textarea>" in page
