"""What a reconciliation asks is a task until it is answered; what is alike a nurse takes in; alerts are answered together."""

import html
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from journal.app import JournalApp
from journal.care import Care
from journal.medication import Imported, Medication
from journal.medication.errors import AlertsFoundTogether
from journal.medication.rules.reconciling import Choice
from journal.platform.errors import Conflict, Denied, Invalid
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication import test_importing
from tests.medication.source_files import EVENING, medication_list
from tests.medication.test_importing import take_in
from tests.medication.test_reconciling import choose, in_use, medicine, ours, record_allergy, theirs

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.nina) as work:
        found: list[Any] = Care(work).open_tasks(patient_id)
        return found


def test_a_question_is_a_task_until_its_answer_is_written_and_the_list_says_so(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    ours(world, work_of, patient_id, medicine(work_of, world, "selo-zok"))
    document_id = take_in(world, work_of, patient_id, medication_list())
    choose(world, work_of, patient_id, document_id, Choice.ASK)
    nina, sources = client_for(world.nina), f"/patients/{patient_id}/medication/sources"

    (task,) = tasks(world, work_of, patient_id)
    assert (task.kind, task.text) == ("medicine_question", "Spør fastlegen: metoprolol. Er den sluttet?")
    assert "Spørsmål uten svar: 1." in nina.get(f"/patients/{patient_id}/medication").text
    assert "Ikke besvart" in nina.get(f"{sources}/{document_id}").text
    silent = nina.act(f"/patients/{patient_id}/tasks/{task.entry_id}/complete", {"outcome": ""})
    assert silent.status_code == 422 and "Skriv hva svaret var." in silent.text
    done = nina.act(f"/patients/{patient_id}/tasks/{task.entry_id}/complete", {"outcome": "Sluttet i mai"})
    assert done.status_code == 303

    assert "Spørsmål uten svar" not in nina.get(f"/patients/{patient_id}/medication").text
    page = nina.get(f"{sources}/{document_id}").text
    assert "Sluttet i mai" in page and "Ikke besvart" not in page
    assert "Spørsmålene er besvart" in nina.get(sources).text, "answered is not decided"
    choose(world, work_of, patient_id, document_id, Choice.STOP)
    assert in_use(world, work_of, patient_id) == []
    with work_of(world.lars) as work:
        assert Medication(work).source(patient_id, document_id).is_settled


def test_a_question_names_whom_to_ask(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ours(world, work_of, patient_id, medicine(work_of, world, "selo-zok"))
    document_id = take_in(world, work_of, patient_id, medication_list())
    with work_of(world.lars) as work, pytest.raises(Invalid):
        (row,) = Medication(work).comparison(patient_id, document_id).to_choose
        Medication(work).reconcile(patient_id, document_id, choices={row.key: Choice.ASK})
    assert tasks(world, work_of, patient_id) == []


def test_a_question_that_was_decided_without_an_answer_is_asked_no_more(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    ours(world, work_of, patient_id, medicine(work_of, world, "selo-zok"))
    document_id = take_in(world, work_of, patient_id, medication_list())
    choose(world, work_of, patient_id, document_id, Choice.ASK)
    choose(world, work_of, patient_id, document_id, Choice.KEEP)

    assert tasks(world, work_of, patient_id) == []
    with work_of(world.nina) as work:
        (closed,) = Care(work).closed_tasks(patient_id)
        assert closed.outcome == "Legen har samstemt listen på nytt."


def test_a_draft_keeps_what_is_typed_to_be_asked(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    ours(world, work_of, patient_id, medicine(work_of, world, "selo-zok"))
    document_id = take_in(world, work_of, patient_id, medication_list())
    url, lars = f"/patients/{patient_id}/medication/sources/{document_id}", client_for(world.lars)
    (key,) = (html.unescape(each) for each in re.findall(r'name="ask-text-([^"]+)"', lars.get(url).text))
    form = {f"choice-{key}": "ask", f"ask-text-{key}": "Hvorfor stoppet?", f"ask-of-{key}": ""}
    assert lars.act(f"{url}/draft", form).status_code == 303
    assert 'value="Hvorfor stoppet?"' in lars.get(url).text
    refused = lars.act(f"{url}/reconcile", form)
    assert refused.status_code == 422 and "Velg hvem som skal spørres." in refused.text
    assert 'value="Hvorfor stoppet?"' in refused.text


# What is alike


def equal_keys(world: World, work_of: WorkOf, patient_id: UUID, document_id: UUID) -> list[str]:
    with work_of(world.nina) as work:
        compared = Medication(work).comparison(patient_id, document_id)
        return [line.key for line in Medication(work).equal_lines(patient_id, compared)]


def test_a_nurse_takes_in_what_is_alike_in_one_act_and_nothing_else(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    alike, other = medicine(work_of, world, "selo-zok"), medicine(work_of, world, "paracet tab 500")
    entry_id = ours(world, work_of, patient_id, alike)
    ours(world, work_of, patient_id, other)
    file = medication_list(theirs(world, alike, "e-1"), theirs(world, other, "e-2", when=EVENING))
    document_id = take_in(world, work_of, patient_id, file)
    url, nina = f"/patients/{patient_id}/medication/sources/{document_id}", client_for(world.nina)
    page = nina.get(url).text
    assert "Ta inn 1 lik linje" in page and "Ta inn 1 lik linje" not in client_for(world.lars).get(url).text

    (key,) = equal_keys(world, work_of, patient_id, document_id)
    with work_of(world.lars) as work:
        (differs,) = Medication(work).comparison(patient_id, document_id).to_choose
    assert nina.act(f"{url}/equal", {"rows[]": [key, differs.key]}).status_code == 409, "what differs is a doctor's"
    assert nina.act(f"{url}/equal", {"rows[]": [key]}).status_code == 303
    assert "Tatt inn av " in nina.get(url).text and "Ta inn 1 lik linje" not in nina.get(url).text
    taken = world.migrator.execute(
        "SELECT request_entry_id, request_version FROM medication.confirmed_line WHERE patient_id = %s", (patient_id,)
    ).fetchall()
    assert taken == [(entry_id, 1)]
    with work_of(world.lars) as work, pytest.raises(Denied):
        Medication(work).take_in_equal(patient_id, document_id, keys=[key])


def test_a_line_that_is_paused_here_is_not_taken_in_by_a_nurse(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    of = medicine(work_of, world, "selo-zok")
    entry_id = ours(world, work_of, patient_id, of)
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, of, "e-1")))
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Lav puls")
    (key,) = equal_keys(world, work_of, patient_id, document_id)

    with work_of(world.nina) as work, pytest.raises(Conflict, match="avgjør en lege"):
        Medication(work).take_in_equal(patient_id, document_id, keys=[key])


# Alerts of several orders


def test_the_alerts_of_all_the_orders_are_shown_and_answered_on_one_page(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    """Two allergies and a dose that stands beside: one refusal, one page, a reason for each, one signature."""
    first, second = medicine(work_of, world, "selo-zok"), medicine(work_of, world, "paracet tab 500")
    with work_of(world.nina) as work:
        for of in (first, second):
            record_allergy(work, patient_id, of.generic_name)
    file = medication_list(theirs(world, first, "e-1"), theirs(world, second, "e-2"))
    document_id = take_in(world, work_of, patient_id, file)
    with pytest.raises(AlertsFoundTogether) as found:
        choose(world, work_of, patient_id, document_id, Choice.TAKE_IN, Choice.TAKE_IN)
    assert [order.medicine for order in found.value.orders] == [first.generic_name, second.generic_name]
    assert in_use(world, work_of, patient_id) == []

    url, lars = f"/patients/{patient_id}/medication/sources/{document_id}", client_for(world.lars)
    names = [html.unescape(each) for each in re.findall(r'name="(choice-[^"]+)"', lars.get(url).text)]
    form: dict[str, Any] = dict.fromkeys(names, "take_in")
    page = lars.act(f"{url}/reconcile", form).text
    assert page.count("Hvorfor fortsetter du?") == 2
    assert "Kontroll av metoprolol" in page and "Kontroll av paracetamol" in page
    why = [html.unescape(each) for each in re.findall(r'name="(override_reason-[^"]+)"', page)]
    form["seen_alerts[]"] = [
        html.unescape(each) for each in re.findall(r'name="seen_alerts\[\]" value="([^"]+)"', page)
    ]
    lacking = lars.act(f"{url}/reconcile", form | {why[0]: "Tålt i mange år"})
    assert lacking.status_code == 409 and lacking.text.count("Skriv hvorfor du fortsetter.") >= 1
    assert 'value="Tålt i mange år"' in lacking.text, "what is typed stays"
    assert (
        lars.act(f"{url}/reconcile", form | {why[0]: "Tålt i mange år", why[1]: "Usikker allergi"}).status_code == 303
    )

    kept = world.migrator.execute(
        """SELECT generic_name, detected_issues -> 0 ->> 'reason' FROM medication.medication_request
           WHERE patient_id = %s ORDER BY generic_name""",
        (patient_id,),
    ).fetchall()
    assert kept == [(first.generic_name, "Tålt i mange år"), (second.generic_name, "Usikker allergi")]


def test_what_two_new_orders_say_of_each_other_is_said_the_first_time(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """Two strengths of one substance: the second is a double of the first, which is not stored yet."""
    one, other = (medicine(work_of, world, f"selo-zok {strength}") for strength in ("50", "100"))
    file = medication_list(theirs(world, one, "e-1"), theirs(world, other, "e-2"))
    document_id = take_in(world, work_of, patient_id, file)
    with pytest.raises(AlertsFoundTogether) as found:
        choose(world, work_of, patient_id, document_id, Choice.TAKE_IN, Choice.TAKE_IN)
    assert any(alert.rule.value.startswith("duplicate") for order in found.value.orders for alert in order.loud)
