"""Samstemming: what is chosen for each row, and what the signature makes of it."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.app import JournalApp
from journal.medication import Answers, Imported, Medication, Medicine
from journal.medication.errors import AlertsFoundTogether
from journal.medication.rules import Course, TimeOfDay, daily
from journal.medication.rules.asking import AskOf, Question
from journal.medication.rules.reconciling import Choice, Kind
from journal.patients import NewAllergy, Patients
from journal.platform.clock import instant
from journal.platform.errors import Conflict, Denied, Invalid
from journal.platform.settings import Settings
from tests import factories
from tests.conftest import Browser, World
from tests.medication import test_importing
from tests.medication.source_files import EVENING, MORNING, dose, listed, medication_list, message, prescription
from tests.medication.test_importing import EVERY_MORNING, take_in
from tests.medication.test_prescribe import TWO
from tests.medication.test_sign import change

ASKS = Question(AskOf.GP, "Er den sluttet?")
WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def medicine(work_of: WorkOf, world: World, sought: str) -> Medicine:
    with work_of(world.lars) as work:
        found: Medicine = Medication(work).search_catalogue(sought).hits[0].medicine
        return found


def package_of(world: World, of: Medicine) -> str:
    """The item number of a package of the brand."""
    found = world.migrator.execute(
        """SELECT p.item_number FROM medication.catalogue_item p
           JOIN medication.catalogue_reference r ON r.fest_id = p.fest_id AND r.kind = 'brand'
           JOIN medication.catalogue_item b ON b.fest_id = r.target_id
           WHERE b.id = %s AND p.item_number IS NOT NULL AND p.active""",
        (of.catalogue_item_id,),
    ).fetchone()
    assert found is not None
    return str(found[0])


def theirs(world: World, of: Medicine, entry_id: str, *, when: str = MORNING, amount: str = "1", **more: Any) -> str:
    """An entry of M25.1 about this very product."""
    stopped = more.pop("stopped", False)
    said = {"item_number": package_of(world, of), "doses": dose(when, amount=amount), **more}
    return listed(entry_id, prescription(of.generic_name, of.atc_code or "", **said), stopped=stopped)


def ours(world: World, work_of: WorkOf, patient_id: UUID, of: Medicine, dosage: Any = EVERY_MORNING) -> UUID:
    with work_of(world.lars) as work:
        judged = Medication(work).judge(patient_id, medicine=of, dosage=dosage)
        seen = Answers({(alert.key, alert.basis) for alert in judged.alerts}, "Prøve")
        made: UUID = Medication(work).prescribe(patient_id, medicine=of, dosage=dosage, answers=seen)
        return made


def choose(
    world: World, work_of: WorkOf, patient_id: UUID, document_id: UUID, *wanted: Choice, answers: Answers | None = None
) -> None:
    """Signs with these choices, row by row."""
    with work_of(world.lars) as work:
        medication = Medication(work)
        rows = medication.comparison(patient_id, document_id).to_choose
        chosen = {row.key: choice for row, choice in zip(rows, wanted, strict=True)}
        more: dict[str, Any] = {"answers": answers} if answers else {}
        more["questions"] = {key: ASKS for key, choice in chosen.items() if choice is Choice.ASK}
        medication.reconcile(patient_id, document_id, choices=chosen, **more)


def in_use(world: World, work_of: WorkOf, patient_id: UUID) -> list[str]:
    with work_of(world.lars) as work:
        found = Medication(work).list_with_strip(patient_id)
        lines = [m.line for m in (*found.regular, *found.courses, *found.as_needed)]
        return [f"{line.generic} {line.dose} {line.frequency}".replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def test_what_is_alike_is_folded_and_needs_no_choice(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    of = medicine(work_of, world, "selo-zok")
    ours(world, work_of, patient_id, of)
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, of, "e-1")))

    with work_of(world.lars) as work:
        compared = Medication(work).comparison(patient_id, document_id)
    assert [row.kind for row in compared.rows] == [Kind.EQUAL], compared.rows
    choose(world, work_of, patient_id, document_id)
    with work_of(world.lars) as work:
        assert Medication(work).source(patient_id, document_id).is_settled


def test_a_changed_dose_is_a_new_version_of_the_order_with_its_reason(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    of = medicine(work_of, world, "selo-zok")
    entry_id = ours(world, work_of, patient_id, of)
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, of, "e-1", when=EVENING)))
    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    with work_of(world.lars) as work:
        newest = Medication(work).history(patient_id, entry_id)[0]
    assert (newest.version, newest.change) == (2, "change")
    assert newest.dosage.times_of_day == (TimeOfDay.EVENING,)
    assert newest.change_reason == (
        "Samstemt med pasientens legemiddelliste (PLL) av 01.11.2026, Skogveien legekontor, Liv Legesen"
    )


def test_what_we_lack_is_ordered_with_its_doses_and_where_it_came_from(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    of = medicine(work_of, world, "selo-zok")
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, of, "e-1")))
    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    found = world.migrator.execute(
        """SELECT e.source_entry_id, r.indication, r.prescriber_name, (SELECT count(*) FROM medication.dose d
               WHERE d.patient_id = r.patient_id AND d.request_entry_id = r.entry_id)
           FROM medication.medication_request r JOIN medication.source_entry e ON (e.patient_id, e.id) = (r.patient_id, r.source_id)
           WHERE r.patient_id = %s""",
        (patient_id,),
    ).fetchall()
    assert [row[:3] for row in found] == [("e-1", "BLODTRYKK", "Lars Haugen")]
    assert found[0][3] >= 7


def test_a_stop_and_a_question_are_kept_and_the_rest_stands(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    stopped, kept = medicine(work_of, world, "selo-zok"), medicine(work_of, world, "paracet tab 500")
    ours(world, work_of, patient_id, stopped)
    ours(world, work_of, patient_id, kept)
    document_id = take_in(world, work_of, patient_id, medication_list())
    choose(world, work_of, patient_id, document_id, Choice.STOP, Choice.ASK)

    assert in_use(world, work_of, patient_id) == ["paracetamol 1 tablett morgen"]
    with work_of(world.lars) as work:
        source = Medication(work).source(patient_id, document_id)
        last = Medication(work).ask_last_reconciled(patient_id)
        answer = last.answer()
    assert source.reconciled is not None and not source.is_settled, "a question waits"
    assert (answer.signed_by, answer.questions, answer.waiting) == ("Lars Haugen", 1, 0)
    signed = world.migrator.execute(
        "SELECT choices FROM medication.reconciliation WHERE patient_id = %s", (patient_id,)
    ).fetchone()
    assert signed is not None
    assert [(row["choice"], row["ours"].split()[0]) for row in signed[0]] == [
        ("stop", "metoprolol"),
        ("ask", "paracetamol"),
    ]


def test_another_strength_replaces_the_order_and_is_no_double(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    """The old one is stopped first: beside it the new one would be a double, and would be stopped by the safety rules."""
    old, new = (medicine(work_of, world, f"selo-zok {strength}") for strength in ("50", "100"))
    assert old.strength != new.strength
    ours(world, work_of, patient_id, old)
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, new, "e-1")))
    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    found = world.migrator.execute(
        """SELECT DISTINCT ON (entry_id) strength, status FROM medication.medication_request WHERE patient_id = %s
           ORDER BY entry_id, version DESC""",
        (patient_id,),
    ).fetchall()
    assert sorted(found) == sorted([(old.strength, "stopped"), (new.strength, "active")])


def test_the_safety_rules_stop_what_is_taken_in_until_they_are_answered(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """None of it is stored: a reconciliation is whole, or it is not signed."""
    of, other = medicine(work_of, world, "selo-zok"), medicine(work_of, world, "paracet tab 500")
    ours(world, work_of, patient_id, other)
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, of, "e-1")))
    with work_of(world.nina) as work:
        record_allergy(work, patient_id, of.generic_name)
    with pytest.raises(AlertsFoundTogether) as found:
        choose(world, work_of, patient_id, document_id, Choice.TAKE_IN, Choice.STOP)

    assert in_use(world, work_of, patient_id) == ["paracetamol 1 tablett morgen"], "the stop went with it"
    (order,) = found.value.orders
    alerts = order.judgement.alerts
    answers = Answers({(alert.key, alert.basis) for alert in alerts}, "Vurdert sammen med pasienten")
    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN, Choice.STOP, answers=answers)
    assert in_use(world, work_of, patient_id) == ["metoprolol 25 mg morgen"]


def record_allergy(work: Any, patient_id: UUID, substance: str) -> None:
    Patients(work).record_allergy(patient_id, NewAllergy(kind="allergy", substance=substance))


def test_free_text_cannot_be_taken_in(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    file = medication_list(listed("e-1", prescription("Noe hvitt", "", item_number="")))
    document_id = take_in(world, work_of, patient_id, file)

    with pytest.raises(Invalid):
        choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)
    assert in_use(world, work_of, patient_id) == []


def test_every_row_that_differs_must_be_chosen_for(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ours(world, work_of, patient_id, medicine(work_of, world, "selo-zok"))
    document_id = take_in(world, work_of, patient_id, medication_list())

    with work_of(world.lars) as work, pytest.raises(Invalid, match="Velg hva som skal gjelde"):
        Medication(work).reconcile(patient_id, document_id, choices={})


def test_a_list_that_changed_since_it_was_seen_is_seen_anew(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    of = medicine(work_of, world, "selo-zok")
    entry_id = ours(world, work_of, patient_id, of)
    document_id = take_in(world, work_of, patient_id, medication_list())
    with work_of(world.lars) as work:
        (row,) = Medication(work).comparison(patient_id, document_id).to_choose
    with work_of(world.lars) as work:
        change(
            work, patient_id, entry_id, version=1, dosage=daily(TWO, [TimeOfDay.MORNING]), reason="For lite virkning"
        )

    with work_of(world.lars) as work, pytest.raises(Conflict, match="Listen er endret"):
        Medication(work).reconcile(patient_id, document_id, choices={row.key: Choice.STOP})
    assert in_use(world, work_of, patient_id) == ["metoprolol 2 tabletter morgen"]


def test_a_prescription_alone_stops_nothing(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    """An e-prescription is one medicine: that the others are not in it says nothing."""
    kept, new = medicine(work_of, world, "paracet tab 500"), medicine(work_of, world, "selo-zok")
    ours(world, work_of, patient_id, kept)
    inside = prescription(new.generic_name, new.atc_code or "", item_number=package_of(world, new), doses=dose(MORNING))
    file = message(f"<Resept><Forskrivningsdato>2026-11-01</Forskrivningsdato>{inside}</Resept>", kind="ERM1")
    document_id = take_in(world, work_of, patient_id, file)

    with work_of(world.lars) as work:
        rows = Medication(work).comparison(patient_id, document_id).rows
    assert [row.kind for row in rows] == [Kind.ONLY_THEIRS]


def test_what_is_over_in_the_source_is_not_taken_in(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    of = medicine(work_of, world, "selo-zok")
    yesterday = f'<Sluttidspunkt V="{datetime.now(UTC).date() - timedelta(days=2)}"/>'
    file = medication_list(theirs(world, of, "e-1", more=yesterday), theirs(world, of, "e-2", stopped=True))
    document_id = take_in(world, work_of, patient_id, file)

    with work_of(world.lars) as work:
        assert Medication(work).comparison(patient_id, document_id).to_choose == ()


def test_a_course_is_taken_in_with_its_last_day(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    of, last = medicine(work_of, world, "selo-zok"), datetime.now(UTC).date() + timedelta(days=3)
    file = medication_list(theirs(world, of, "e-1", more=f'<Sluttidspunkt V="{last}"/>', use="2"))
    document_id = take_in(world, work_of, patient_id, file)
    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    assert last_dose_day(world, patient_id) == last
    with work_of(world.lars) as work:
        assert [row.kind for row in Medication(work).comparison(patient_id, document_id).rows] == [Kind.EQUAL]


def test_a_last_day_that_a_person_read_out_of_the_words_holds(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    of, last = medicine(work_of, world, "selo-zok"), datetime.now(UTC).date() + timedelta(days=2)
    document_id = take_in(
        world, work_of, patient_id, medication_list(listed("e-1", prescription("Noe", item_number="")))
    )
    with work_of(world.nina) as work:
        medication = Medication(work)
        (entry,) = medication.source_medicines(patient_id, document_id)
        dosage = daily(TWO, [TimeOfDay.MORNING], course=Course(None, instant(last + timedelta(days=1), time.min)))
        assert of.catalogue_item_id is not None
        meant = {"item_id": of.catalogue_item_id, "dosage": dosage}
        medication.match_medicine(patient_id, entry.id, version=0, **meant)
    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    assert last_dose_day(world, patient_id) == last


def last_dose_day(world: World, patient_id: UUID) -> Any:
    found = world.migrator.execute(
        "SELECT max(due_at AT TIME ZONE 'Europe/Oslo')::date FROM medication.dose WHERE patient_id = %s", (patient_id,)
    ).fetchone()
    return found and found[0]


def test_a_nurse_sees_the_comparison_and_does_not_sign_it(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    document_id = take_in(world, work_of, patient_id, medication_list(listed("e-1", prescription())))
    page = client_for(world.nina).get(f"/patients/{patient_id}/medication/sources/{document_id}").text

    assert "En lege signerer samstemmingen." in page and "Signer samstemming" not in page
    with pytest.raises(Denied), work_of(world.nina) as work:
        Medication(work).reconcile(patient_id, document_id, choices={})
    with pytest.raises(Denied), work_of(world.nina) as work:
        Medication(work).save_choices(patient_id, document_id, {})


# On the page


def keys(page: str) -> list[str]:
    return list(dict.fromkeys(html.unescape(name) for name in re.findall(r'name="(choice-[^"]+)"', page)))


def test_the_choices_are_kept_as_they_are_made_each_doctor_her_own(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    ours(world, work_of, patient_id, medicine(work_of, world, "selo-zok"))
    document_id = take_in(world, work_of, patient_id, medication_list())
    url, lars = f"/patients/{patient_id}/medication/sources/{document_id}", client_for(world.lars)
    (name,) = keys(lars.get(url).text)
    kept = lars.act(f"{url}/draft", {name: "stop"}, headers={"HX-Request": "true"})

    assert kept.status_code == 200 and "Lagret" in kept.text
    assert re.search(r'value="stop" required checked', lars.get(url).text)
    assert in_use(world, work_of, patient_id) == ["metoprolol 1 tablett morgen"], "a draft decides nothing"
    assert lars.act(f"{url}/draft", {name: "keep"}).status_code == 303
    assert re.search(r'value="keep" required checked', lars.get(url).text)
    other = factories.staff(world.builder, world.oslo, world.ward, "Lise Lege", "doctor")
    world.store()
    assert " checked" not in client_for(other).get(url).text.split('id="h-differ"')[1]


def test_the_doctor_chooses_signs_and_the_list_says_so(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    of = medicine(work_of, world, "selo-zok")
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, of, "e-1")))
    url, lars = f"/patients/{patient_id}/medication/sources/{document_id}", client_for(world.lars)
    page = lars.get(url).text
    (name,) = keys(page)
    assert (
        "Mangler hos oss." in page and "Ikke i bruk hos oss" in page and "Forskrevet av Rita Lin (HPR 1234567)" in page
    )
    unchosen = lars.act(f"{url}/reconcile")
    assert (unchosen.status_code, "Velg hva som skal gjelde for hver rad" in unchosen.text) == (422, True)

    signed = lars.act(f"{url}/reconcile", {name: "take_in"})
    assert signed.status_code == 303
    listed_now = lars.get(signed.location).text
    assert "metoprolol" in listed_now
    assert "Sist samstemt av Lars Haugen den" in listed_now
    assert "liste er ikke samstemt" not in listed_now
    assert "Samstemt av Lars Haugen" in lars.get(f"/patients/{patient_id}/medication/sources").text


def test_an_alert_is_shown_on_the_page_with_what_was_chosen_and_is_answered_there(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    of = medicine(work_of, world, "selo-zok")
    with work_of(world.nina) as work:
        record_allergy(work, patient_id, of.generic_name)
    document_id = take_in(world, work_of, patient_id, medication_list(theirs(world, of, "e-1")))
    url, lars = f"/patients/{patient_id}/medication/sources/{document_id}", client_for(world.lars)
    (name,) = keys(lars.get(url).text)
    stopped = lars.act(f"{url}/reconcile", {name: "take_in"})

    assert stopped.status_code == 409 and "Hvorfor fortsetter du?" in stopped.text
    assert re.search(r'value="take_in" required checked', stopped.text)
    seen = [html.unescape(each) for each in re.findall(r'name="seen_alerts\[\]" value="([^"]+)"', stopped.text)]
    (why,) = (html.unescape(each) for each in re.findall(r'name="(override_reason-[^"]+)"', stopped.text))
    answered = {name: "take_in", "seen_alerts[]": seen, why: "Tålt før"}
    assert lars.act(f"{url}/reconcile", answered).status_code == 303
    assert in_use(world, work_of, patient_id) == ["metoprolol 25 mg morgen"]


def test_a_newer_list_waits_again(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    first = take_in(world, work_of, patient_id, medication_list())
    choose(world, work_of, patient_id, first)
    later = medication_list(message_id="m-2").replace(b"2026-11-01T10", b"2026-11-02T10")
    earlier = medication_list(message_id="m-3").replace(b"2026-11-01T10", b"2026-10-01T10")
    take_in(world, work_of, patient_id, earlier)
    with work_of(world.lars) as work:
        Medication(work).sources(patient_id)
        assert Medication(work).ask_last_reconciled(patient_id).answer().waiting == 0, (
            "what is older than what we signed"
        )
    take_in(world, work_of, patient_id, later)

    with work_of(world.lars) as work:
        Medication(work).sources(patient_id)
        assert Medication(work).ask_last_reconciled(patient_id).answer().waiting == 1
