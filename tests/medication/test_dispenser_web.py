"""The page of a patient's dispenser, the unit's list, and what the round and the list of medicines say of its doses."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from journal.medication import Medication
from journal.medication.rules import Supply
from journal.medication.rules.dispenser import Event
from journal.platform.clock import hhmm, local_date, moment, norwegian_date
from journal.platform.quantity import NBSP
from tests.conftest import Browser, World
from tests.medication.dispensers import Loaded, administrations, loaded, shown, tells
from tests.medication.test_dispenser import change_pentoxifyllin
from tests.medication.test_sign import order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def at(world: World, work_of: WorkOf) -> Loaded:
    return loaded(world, work_of)


def text_of(browser: Browser, path: str, **more: Any) -> str:
    page = browser.get(path, **more)
    assert page.status_code == 200, page.get_data(as_text=True)[-400:]
    return re.sub(r"\s+", " ", html.unescape(page.get_data(as_text=True)).replace(NBSP, " "))


def test_the_page_says_how_it_is_and_what_the_device_told(
    world: World, work_of: WorkOf, client_for: ClientFor, at: Loaded
) -> None:
    tells(world, work_of, at, Event.TAKEN_OUT)
    page = text_of(client_for(world.siri), f"/patients/{at.patient_id}/dispenser")

    assert "Pilly 2, nummer AB-1234" in page
    assert re.search(r"Egnet, vurdert [0-9.]+ av Siri Strand", page)
    assert "regnes ikke som gitt" in page
    assert f"dosen kl. {hhmm(at.due_at)}" in page or f"kl. {hhmm(at.due_at)}" in page
    assert "Innholdet er ikke kontrollert av en annen" in page
    control = f"/patients/{at.patient_id}/dispenser/load/{at.prepared_id}/control"
    assert control in page

    siri = client_for(world.siri)
    assert siri.act(control, {}).status_code == 303
    assert "Innholdet er ikke kontrollert av en annen" not in text_of(siri, f"/patients/{at.patient_id}/dispenser")


def test_a_dispenser_is_given_and_loaded_from_the_pages(world: World, work_of: WorkOf, client_for: ClientFor) -> None:
    patient_id, nina = world.patient(), client_for(world.nina)
    order(world, work_of, patient_id, supply=Supply.DISPENSER)
    with work_of(world.nina) as work:
        today = local_date(work.now)
    where, day = f"/patients/{patient_id}/dispenser", norwegian_date(today)
    form = {
        "device": "Pilly 2",
        "serial": "AB-1",
        "starts_on": day,
        "suitability": "suitable",
        "assessed_by": "Nina Nordli",
        "assessed_on": day,
        "trained_by": "",
        "trained_on": day,
        "evaluate_on": "",
    }
    refused = nina.act(where, form)
    said = html.unescape(refused.get_data(as_text=True))
    assert refused.status_code == 422
    assert "Skriv når bruken skal evalueres." in said and 'value="AB-1"' in said

    form |= {"trained_by": "Nina Nordli", "evaluate_on": norwegian_date(today + timedelta(days=30))}
    assert nina.act(where, form).status_code == 303

    load = text_of(nina, f"{where}/load")
    seen = re.findall(r'name="seen\[\]" value="([^"]+)"', load)
    days = dict(re.findall(r'<input type="hidden" name="(starts_on|ends_on)" value="([^"]+)"', load))
    wrong = nina.act(f"{where}/load", {**days, "seen[]": []})
    assert wrong.status_code == 409
    assert days["starts_on"] in wrong.get_data(as_text=True)
    assert nina.act(f"{where}/load", {**days, "seen[]": seen}).status_code == 303
    assert shown(world, work_of, patient_id).loaded_until == today + timedelta(days=7)


def test_a_nurse_writes_in_what_the_supplier_says_and_nothing_typed_is_lost(
    world: World, work_of: WorkOf, client_for: ClientFor, at: Loaded
) -> None:
    nina, where = client_for(world.nina), f"/patients/{at.patient_id}/dispenser/{at.dispenser_id}/told"
    compartment = re.search(
        rf'<option value="({re.escape(at.due_at.isoformat())})"', text_of(nina, where.rsplit("/", 2)[0])
    )
    assert compartment is not None
    form = {"kind": "taken-out", "due_at": "", "device_at": moment(at.due_at + timedelta(minutes=4)), "note": "Ring 12"}

    refused = nina.act(where, form)
    assert refused.status_code == 422
    assert "Ring 12" in refused.get_data(as_text=True)

    assert nina.act(where, form | {"due_at": compartment[1]}).status_code == 303
    assert nina.act(where, form | {"due_at": compartment[1]}).status_code == 303
    assert [one.heard.kind for one in shown(world, work_of, at.patient_id).told] == [Event.TAKEN_OUT]
    assert administrations(world, at.patient_id) == 0


def test_the_round_and_the_list_of_medicines_say_tatt_ut_and_never_gitt(
    world: World, work_of: WorkOf, client_for: ClientFor, at: Loaded
) -> None:
    tells(world, work_of, at, Event.TAKEN_OUT)
    nina, taken = client_for(world.nina), hhmm(at.due_at + timedelta(minutes=4))
    slot = hhmm(at.due_at)[:2]

    page = text_of(nina, f"/round?patient={at.patient_id}&slot={slot}", headers=HTMX)
    assert page.count(f"kl. {taken}</small>") == 2
    assert "is-taken_out" in page and "Gitt</button>" not in page.split("is-taken_out")[0]
    assert f"tatt ut kl. {taken}" in text_of(nina, f"/patients/{at.patient_id}/medication").replace("i går ", "")


def test_what_to_take_out_and_what_to_add_stand_on_the_page(
    world: World, work_of: WorkOf, client_for: ClientFor, at: Loaded
) -> None:
    change_pentoxifyllin(world, work_of, at)
    page = text_of(client_for(world.nina), f"/patients/{at.patient_id}/dispenser")

    assert "Innholdet er utdatert" in page
    assert "Ta ut 1 tablett pentoxifyllin Trental 2,5 mg: er endret siden den ble lagt i" in page
    assert "Legg i 2 tabletter pentoxifyllin Trental 2,5 mg. Gjelder" in page


def test_the_units_list_has_who_needs_somebody_first(
    world: World, work_of: WorkOf, client_for: ClientFor, at: Loaded
) -> None:
    other = loaded(world, work_of)
    for of in (at, other):
        tells(world, work_of, of, Event.TAKEN_OUT)
        with work_of(world.siri) as work:
            Medication(work).control(of.patient_id, of.prepared_id)
    tells(world, work_of, other, Event.FAULT, late=timedelta(minutes=9))

    page = text_of(client_for(world.nina), "/dispensers")
    assert page.index(str(other.patient_id)) < page.index(str(at.patient_id))
    assert "Dispenseren melder feil" in page
