"""What patients ask for: one queue, who asked and what was checked, and step by step to the letter and the appeal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.audit import Erasures
from journal.care import Care
from journal.oversight.request_rules import STATES, STEPS, next_steps, state_of, why_not_longer
from journal.platform.clock import local_date, norwegian_date
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.pdf_reading import words

ClientFor = Callable[[Staff | None], Browser]

TODAY = local_date(datetime.now(UTC))
SENT = {
    "kind": "1",
    "received_on": norwegian_date(TODAY),
    "asker": "patient",
    "checked": "Viste pass",
    "text": "Vil lese notatene",
}


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(family_name="Kravvik", given_name="Inger")


def received(browser: Browser, patient_id: UUID, **other: str) -> str:
    """The address of a request that is written down."""
    answer = browser.act(f"/audit/patients/{patient_id}/requests", {**SENT, **other})
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["Location"]
    return address


def test_a_request_goes_from_the_queue_to_a_letter_and_an_appeal(
    world: World, client_for: ClientFor, access_log: Callable[[UUID], list[Any]], patient_id: UUID
) -> None:
    rolf = client_for(world.rolf)
    assert "Ingen henvendelser" in rolf.get("/audit/requests").text
    url = received(rolf, patient_id)

    page = rolf.get(url).text
    assert norwegian_date(TODAY + timedelta(days=30)) in page and "Venter på at noen tar den" in page
    assert "Kontrollert: Viste pass" in page and "Rolf Revisor" in page and "Kravvik" not in page
    assert rolf.get(f"{url}/letter").status_code == 404
    assert rolf.act(url, {"kind": "letter"}).status_code == 409, "no letter before a decision"
    assert rolf.act(url, {"kind": "taken"}).status_code == 303
    silent = rolf.act(url, {"kind": "refused"})
    assert silent.status_code == 422 and "Skriv hvorfor" in silent.text, "a decision has a reason"
    for step in (
        {"kind": "refused", "text": "Det er andres opplysninger."},
        {"kind": "letter", "language": "en"},
        {"kind": "appealed", "text": "Kom i posten"},
        {"kind": "granted", "text": "Omgjort."},
    ):
        assert rolf.act(url, step).status_code == 303
    letter = rolf.get(f"{url}/letter")

    told = " ".join(words(letter).split())
    assert letter.mimetype == "application/pdf" and b"/StructTreeRoot" in letter.data
    assert "You do not get" in told and "Det er andres opplysninger." in told and "Omgjort" not in told
    assert "four weeks" in told and "Kravvik" not in told
    assert {row.action for row in access_log(patient_id)} == {"audit:read"}


def test_each_reading_of_a_request_stands_in_the_patients_log(
    world: World, client_for: ClientFor, access_log: Callable[[UUID], list[Any]], patient_id: UUID
) -> None:
    url = received(client_for(world.rolf), patient_id)
    renate = factories.staff(world.builder, world.oslo, world.home, "Renate Revisor", "auditor")
    world.store()

    assert client_for(renate).get(url).status_code == 200

    (row,) = [row for row in access_log(patient_id) if row.actor_name == "Renate Revisor"]
    assert (row.action, row.outcome, str(row.object_id)) == ("audit:read", "success", url.split("/")[-1])


def test_the_first_deadline_comes_first_and_one_that_is_over_is_marked(
    world: World, client_for: ClientFor, patient_id: UUID
) -> None:
    rolf = client_for(world.rolf)
    received(rolf, patient_id, text="Kom i dag")
    old = received(rolf, patient_id, text="Kom for lenge siden", received_on=norwegian_date(TODAY - timedelta(days=31)))

    queue = rolf.get("/audit/requests").text

    assert queue.index("Kom for lenge siden") < queue.index("Kom i dag") and queue.count("Fristen er ute") == 1
    for step in ({"kind": "taken"}, {"kind": "granted", "text": "Ja"}, {"kind": "letter"}):
        rolf.act(old, step)
    queue = rolf.get("/audit/requests").text
    assert queue.index("Kom i dag") < queue.index("Kom for lenge siden") and "Fristen er ute" not in queue


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"asker": "guardian"}, "asker_name"),
        ({"asker_name": "Kari Kravvik"}, "asker_name"),
        ({"checked": ""}, "checked"),
        ({"received_on": norwegian_date(TODAY + timedelta(days=1))}, "received_on"),
        ({"received_on": ""}, "received_on"),
    ],
)
def test_nothing_is_written_down_without_who_asks_and_what_was_checked(
    world: World, client_for: ClientFor, patient_id: UUID, wrong: dict[str, str], field: str
) -> None:
    rolf = client_for(world.rolf)

    answer = rolf.act(f"/audit/patients/{patient_id}/requests", {**SENT, **wrong})

    assert answer.status_code == 422 and f'id="f-{field}-error"' in answer.text and "Vil lese notatene" in answer.text
    assert "Ingen henvendelser" in rolf.get("/audit/requests").text


def test_a_guardian_gets_the_letter_and_erasure_is_not_done_by_the_decision(
    world: World, client_for: ClientFor, patient_id: UUID
) -> None:
    rolf = client_for(world.rolf)
    url = received(rolf, patient_id, kind="6", asker="guardian", asker_name="Vera Verge", checked="Vergefullmakt")
    for step in ({"kind": "taken"}, {"kind": "granted", "text": "Feil pasient."}, {"kind": "letter"}):
        rolf.act(url, step)

    assert "Verge: Vera Verge" in rolf.get(url).text and "sletter ingenting" in rolf.get(url).text
    assert "Vera Verge" in words(rolf.get(f"{url}/letter"))


def test_whoever_handles_a_request_to_erase_sees_whether_it_is_carried_out_and_not_what_it_was(
    world: World, client_for: ClientFor, work_of: Any, patient_id: UUID
) -> None:
    rolf = client_for(world.rolf)
    url = received(rolf, patient_id, kind="6")
    second = factories.staff(world.builder, world.oslo, world.home, "Berit Bakke", "unit_manager", below=(world.ward,))
    world.store()
    with work_of(world.nina) as work:
        Care(work).add_task(patient_id, "Skrevet om feil pasient")
    assert "Ingenting er slettet etter at henvendelsen kom" in rolf.get(url).text

    with work_of(world.mona) as work:
        erasures = Erasures(work)
        (task,) = erasures.erasable(patient_id, "care.task")
        said = {"paragraph": "hpl. § 43", "decision": "Vedtak 7/26."}
        proposed = erasures.propose(patient_id, table="care.task", row_id=task.row_id, **said)
    with work_of(second) as work:
        Erasures(work).confirm(patient_id, proposed)

    page = rolf.get(url).text
    assert "1 opplysning er slettet etter at henvendelsen kom" in page and "feil pasient" not in page
    assert "er slettet etter" not in rolf.get(received(rolf, patient_id, kind="5")).text


def test_no_other_municipality_and_nobody_but_an_auditor_sees_it_and_nothing_is_changed(
    world: World, client_for: ClientFor, as_app: psycopg.Connection[Any], patient_id: UUID
) -> None:
    url = received(client_for(world.rolf), patient_id)
    top = {"id": factories.top_unit_id(world.bodo["number"]), "name": "Bodøprøven kommune"}
    renate = factories.staff(world.builder, world.bodo, top, "Renate Revisor", "auditor")
    world.store()
    other = client_for(renate)

    assert other.get(url).status_code == 404 and "Vil lese" not in other.get("/audit/requests").text
    assert other.act(url, {"kind": "taken"}).status_code == 404
    for staff in (world.nina, world.mona):
        assert client_for(staff).get(url).status_code == 403
    for table in ("request", "request_step"):
        assert as_app.execute(f"SELECT count(*) FROM oversight.{table}").fetchone() == (0,)
        for change in (f"UPDATE oversight.{table} SET text = 'x'", f"DELETE FROM oversight.{table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), as_app.transaction():
                as_app.execute(change)


def test_every_state_has_words_and_a_way_on_and_a_note_changes_none() -> None:
    reached: set[str] = set()
    while more := {step for state in (None, *reached) for step in next_steps([state] if state else [])} - reached:
        reached |= more - {"extended", "note"}
        if not more - {"extended", "note"}:
            break

    assert STATES.keys() == reached | {"received"} and STEPS.keys() == reached | {"extended", "note"}
    assert state_of([]) == "received" and state_of(["taken", "note", "extended"]) == "taken"
    assert not {"granted", "partly", "refused"} & set(next_steps([])), "somebody has it before it is decided"


def test_a_deadline_is_put_off_once_with_a_reason_and_a_letter(
    world: World, client_for: ClientFor, patient_id: UUID
) -> None:
    rolf = client_for(world.rolf)
    url, first = received(rolf, patient_id), TODAY + timedelta(days=30)
    longer = {
        "kind": "extended",
        "text": "Journalen er på papir.",
        "due_on": norwegian_date(first + timedelta(days=60)),
    }

    assert rolf.act(url, longer).status_code == 409, "whoever puts it off has it"
    rolf.act(url, {"kind": "taken"})
    for wrong in (first, first + timedelta(days=61)):
        refused = rolf.act(url, longer | {"due_on": norwegian_date(wrong)})
        assert refused.status_code == 422 and "Skriv en dag etter fristen" in refused.text
    assert rolf.act(url, longer | {"text": ""}).status_code == 422
    assert rolf.get(f"{url}/new-deadline").status_code == 404
    assert rolf.act(url, longer | {"language": "nn"}).status_code == 303

    page, letter = rolf.get(url).text, rolf.get(f"{url}/new-deadline")
    assert f"frist {longer['due_on']}" in page and "Under behandling" in page
    assert longer["due_on"] in rolf.get("/audit/requests").text
    told = " ".join(words(letter).split())
    assert "Vi treng meir tid" in told and "Journalen er på papir." in told and longer["due_on"] in told
    assert rolf.act(url, longer).status_code == 409, "once"


def test_a_deadline_that_is_over_is_not_put_off() -> None:
    yesterday = TODAY - timedelta(days=1)
    assert "Fristen er ute" in (why_not_longer(TODAY + timedelta(days=5), yesterday, TODAY) or "")
    assert why_not_longer(TODAY + timedelta(days=1), TODAY, TODAY) is None


def test_what_is_open_is_read_before_what_is_closed_however_old_it_is(
    world: World, client_for: ClientFor, patient_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journal.oversight.requests.SHOWN", 1)
    rolf = client_for(world.rolf)
    old, new = received(rolf, patient_id), received(rolf, patient_id)
    closing = (
        {"kind": "taken"},
        {"kind": "granted", "text": "Ja."},
        {"kind": "letter", "language": "nb"},
        {"kind": "closed"},
    )
    for step in closing:
        assert rolf.act(new, step).status_code == 303
    queue = rolf.get("/audit/requests").text
    assert old in queue and new not in queue
