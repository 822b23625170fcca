"""The pages of an order by word of mouth: read back before it is received, marked where it is given, signed from the queue."""

import html
import io
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from journal.app import JournalApp
from journal.medication import Medication, import_catalogue, mini_fest
from journal.platform.ids import new_id
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication.test_fest import m30
from tests.medication.test_verbal import make_overdue, receive, waiting

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

SAID_BY = {"prescriber_name": "Lise Vakt", "hpr_number": "7654321", "service": "Legevakten"}
DOSAGE = {"amount": "1", "unit": "tablett", "pattern": "daily", "times": "08", "indication": "høyt blodtrykk"}
MARK = "muntlig, ikke signert"


@pytest.fixture(scope="module", autouse=True)
def _catalogue(app: JournalApp, settings: Settings) -> Iterator[None]:
    file = io.BytesIO()
    mini_fest.write(file)
    file.seek(0)
    import_catalogue(settings.migrator_url, file, replace=True)
    yield
    import_catalogue(settings.migrator_url, m30(), replace=True)


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True, family_name="Hansen")


@pytest.fixture
def item(work_of: WorkOf, world: World) -> str:
    with work_of(world.nina) as work:
        return str(Medication(work).search_catalogue("selo-zok 50").hits[0].id)


def hidden(page: str) -> dict[str, Any]:
    """What the page sends along of what it showed."""
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    alerts = re.findall(r'name="seen_alerts\[\]" value="([^"]*)"', page)
    return {"seen": html.unescape(seen[1]) if seen else "", "seen_alerts[]": [html.unescape(each) for each in alerts]}


def review(nina: Browser, patient_id: UUID, item: str, **more: str) -> TestResponse:
    return nina.act(f"/patients/{patient_id}/medication/verbal/review", {"item": item, **DOSAGE, **SAID_BY, **more})


def test_an_order_is_sought_read_back_received_and_then_marked_wherever_it_is_given(
    world: World, client_for: ClientFor, patient_id: UUID, item: str
) -> None:
    nina, url = client_for(world.nina), f"/patients/{patient_id}/medication"
    assert f"{url}/verbal" in nina.get(url).text
    assert f"item={item}" in nina.get(f"{url}/verbal?q=selo-zok").text

    shown = review(nina, patient_id, item)
    assert "Les opp for legen:" in shown.text
    assert "1\N{NO-BREAK SPACE}tablett kl.\N{NO-BREAK SPACE}08" in html.unescape(shown.text)
    done = nina.act(f"{url}/verbal", {"item": item, **DOSAGE, **SAID_BY, **hidden(shown.text), "read_back": "true"})

    assert done.status_code == 303
    for page in (url, f"/patients/{patient_id}"):
        assert MARK in nina.get(page).text, page
    own = re.search(rf'href="({url}/[0-9a-f-]{{36}})"', nina.get(url).text)
    assert own
    assert "Fra Lise Vakt (HPR 7654321), Legevakten." in nina.get(own[1]).text


def test_the_card_of_a_dose_says_that_nobody_has_signed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)

    assert MARK in client_for(world.nina).get(f"/round?patient={patient_id}").text


def test_without_the_tick_nothing_is_received_and_nothing_typed_is_lost(
    world: World, client_for: ClientFor, patient_id: UUID, item: str
) -> None:
    nina, url = client_for(world.nina), f"/patients/{patient_id}/medication"
    shown = review(nina, patient_id, item)

    refused = nina.act(f"{url}/verbal", {"item": item, **DOSAGE, **SAID_BY, **hidden(shown.text)})

    assert refused.status_code == 422
    assert "Les ordinasjonen tilbake, og kryss av" in refused.text
    for typed in ("Lise Vakt", "7654321", "Legevakten", "høyt blodtrykk"):
        assert f'value="{typed}"' in refused.text
    assert hidden(refused.text) == hidden(shown.text)
    assert MARK not in nina.get(url).text


def test_another_dosage_than_the_one_read_back_is_not_received(
    world: World, client_for: ClientFor, patient_id: UUID, item: str
) -> None:
    nina, url = client_for(world.nina), f"/patients/{patient_id}/medication"
    shown = review(nina, patient_id, item)
    sent = {"item": item, **DOSAGE, **SAID_BY, **hidden(shown.text), "read_back": "true", "amount": "2"}

    refused = nina.act(f"{url}/verbal", sent)

    assert refused.status_code == 422
    assert "Doseringen er endret etter at du så over den." in refused.text
    assert 'name="read_back"' not in refused.text
    assert MARK not in nina.get(url).text


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("hpr_number", "12a4567", "HPR-nummeret er bare sifre"),
        ("hpr_number", "", "HPR-nummeret er bare sifre"),
        ("prescriber_name", "", "Fyll ut feltet."),
        ("service", " ", "Fyll ut feltet."),
        ("amount", "mange", "mange"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_not_lost(
    world: World, client_for: ClientFor, patient_id: UUID, item: str, field: str, wrong: str, said: str
) -> None:
    answer = review(client_for(world.nina), patient_id, item, **{field: wrong})

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="høyt blodtrykk"' in answer.text


def test_the_same_form_sent_twice_is_one_order(
    world: World, client_for: ClientFor, patient_id: UUID, item: str
) -> None:
    nina, url, once = client_for(world.nina), f"/patients/{patient_id}/medication/verbal", new_id()
    shown = review(nina, patient_id, item)
    sent = {"item": item, **DOSAGE, **SAID_BY, **hidden(shown.text), "read_back": "true"}

    answers = [nina.act(url, sent, command_id=once).status_code for _ in range(2)]

    assert answers == [303, 303]
    found = world.migrator.execute(
        "SELECT count(*) FROM medication.verbal_order WHERE patient_id = %s", (patient_id,)
    ).fetchone()
    assert found == (1,)


def test_the_doctor_signs_from_the_queue_and_the_mark_goes(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)
    one, lars = waiting(world, work_of), client_for(world.lars)
    page = lars.get("/signing").text
    assert "Hansen" in page
    assert "Mottatt og lest tilbake av Nina Nordli" in page

    done = lars.act(f"/patients/{patient_id}/verbal-orders/{one.id}/sign")
    again = lars.act(f"/patients/{patient_id}/verbal-orders/{one.id}/sign")

    assert (done.status_code, again.status_code) == (303, 409)
    assert "Lars Haugen signerte ordinasjonen" in again.text
    assert "Ingenting venter på signatur." in again.text
    assert MARK not in client_for(world.nina).get(f"/patients/{patient_id}/medication").text


def test_a_refusal_wants_a_reason_and_the_nurse_reads_it(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)
    one, lars, nina = waiting(world, work_of), client_for(world.lars), client_for(world.nina)
    url = f"/patients/{patient_id}/verbal-orders/{one.id}/refuse"

    empty = lars.act(url, {"version": "1", "reason": ""})
    stale = lars.act(url, {"version": "7", "reason": "Sa 25 mg"})
    done = lars.act(url, {"version": "1", "reason": "Sa 25 mg"})

    assert (empty.status_code, stale.status_code, done.status_code) == (422, 409, 303)
    assert 'value="Sa 25 mg"' in stale.text
    told = nina.get("/verbal-orders").text
    assert "Avvist av Lars Haugen" in told
    assert "Sa 25 mg" in told
    assert "Gi ikke flere doser" in told


def test_what_is_overdue_is_said_to_the_doctor_and_that_nobody_stands_in_to_the_leader(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    receive(world, work_of, patient_id)
    make_overdue(world)
    mona = client_for(world.mona)
    before = mona.get("/signing/stand-in").text

    chosen = {"version": "0", "within_hours": "12", "stand_in_id": str(world.lars.actor.person_id)}
    saved = mona.act("/signing/stand-in", chosen)
    late = mona.act("/signing/stand-in", chosen | {"within_hours": "300"})

    assert "Fristen gikk ut" in client_for(world.lars).get("/signing").text
    assert "Ingen er stedfortreder for Solbakken sykehjem hele uken." in before
    assert "1 over fristen." in before
    assert (saved.status_code, late.status_code) == (303, 422)
    assert 'value="300"' in late.text
    assert "Ingen er stedfortreder" not in mona.get("/signing/stand-in").text
