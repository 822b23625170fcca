"""The budgets for taps (T), keys (K) and full page loads (P): a page that asks for one more fails here."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Route, expect

from journal.medication import Medication, Medicine
from journal.medication.rules import pulse, slot_of, when_needed
from journal.platform.clock import hhmm, local, local_date, norwegian_date
from journal.platform.quantity import Quantity
from tests import factories
from tests.browser.conftest import OpenAs
from tests.browser.counting import Counting
from tests.conftest import World

WorkOf = Callable[..., Any]
Migrator = psycopg.Connection[Any]

GIVE, GIVEN = ".dose.is-ready button.give", ".dose.is-given"
INSULIN = Medicine("insulin glargin", "Lantus", "injeksjonsvæske", atc_code="A10AE04")
MORPHINE = Medicine("morfin", "Dolcontin", "depottablett", atc_code="N02AA01", prescription_group="A")
LEVODOPA = Medicine("levodopa", "Sinemet", "tablett", atc_code="N04BA02", time_critical=True)
NEVER_ONE_TAP = (
    (factories.METOPROLOL, 5, "Gi den nå likevel?"),
    (INSULIN, 0, "siste blodsukker"),
    (MORPHINE, 0, "Legemiddel i gruppe A"),
    (LEVODOPA, -1, "Tiden er viktig"),
)
PARACETAMOL = Medicine("paracetamol", "Paracet", "tablett", strength="500 mg", route="peroralt", atc_code="N02BE01")


def signatures(migrator: Migrator, patient_id: UUID) -> list[tuple[Any, ...]]:
    """What stands in the journal: status, reason, and whether it was marked as a mistake. Oldest first."""
    return migrator.execute(
        "SELECT status, reason_code, in_error_at IS NOT NULL FROM medication.medication_administration"
        " WHERE patient_id = %s ORDER BY recorded_at",
        (patient_id,),
    ).fetchall()


def test_one_dose_is_signed_with_one_tap_and_no_page_load(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.tap(GIVE)
        expect(tab.find(GIVEN)).to_contain_text("av deg")

    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)
    assert signatures(migrator, patient_id) == [("completed", None, False)]
    expect(tab.find("#progress")).to_contain_text("1 av 1 signert")
    expect(tab.find("#live")).to_have_text(re.compile("Metoprolol gitt"))


def test_a_dose_is_green_only_when_the_server_has_answered(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")
    on_the_way: list[Route] = []
    tab.page.route("**/given*", lambda route: on_the_way.append(route))

    tab.tap(GIVE)

    button = tab.find("button.give")
    expect(button).to_contain_text("Lagrer …")
    expect(button).to_be_disabled()
    expect(tab.find(GIVEN)).to_have_count(0)
    assert signatures(migrator, patient_id) == []
    on_the_way[0].continue_()
    expect(tab.find(GIVEN)).to_have_count(1)
    assert len(signatures(migrator, patient_id)) == 1


def test_not_given_with_a_reason_is_two_taps_and_no_typing(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.tap("summary.btn.not")
        tab.tap(tab.page.get_by_role("button", name="Sover", exact=True))
        expect(tab.find(".dose.is-not_given")).to_contain_text("ikke gitt – sover")

    assert (counts.taps, counts.keys, counts.loads) == (2, 0, 0)
    ((status, reason, in_error),) = signatures(migrator, patient_id)
    assert (status, in_error) == ("not-done", False)
    assert reason


def test_another_reason_is_one_tap_more_and_the_words(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.tap("summary.btn.not")
        tab.tap(tab.page.get_by_text("Annet …"))
        tab.write("input[name=reason_text]", "Kommer til frokost senere")
        tab.press("Enter")
        expect(tab.find(".dose.is-not_given")).to_have_count(1)

    assert (counts.taps, counts.keys, counts.loads) == (2, 1, 0)
    (stored,) = migrator.execute(
        "SELECT reason_text FROM medication.medication_administration WHERE patient_id = %s", (patient_id,)
    ).fetchall()
    assert stored == ("Kommer til frokost senere",)


def test_a_dose_that_needs_a_pulse_is_the_value_and_one_tap(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world, required_value=pulse(Decimal(55)))
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.write(".check input", "72")
        tab.tap(GIVE)
        expect(tab.find(GIVEN)).to_have_count(1)

    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)
    (stored,) = migrator.execute(
        "SELECT o.value, o.code FROM medication.medication_administration a"
        " JOIN observations.observation o ON o.patient_id = a.patient_id AND o.id = a.observation_id"
        " WHERE a.patient_id = %s",
        (patient_id,),
    ).fetchall()
    assert stored == (Decimal(72), "pulse")


@pytest.mark.parametrize(("medicine", "hours", "said"), NEVER_ONE_TAP)
def test_where_one_tap_is_too_little_the_first_says_why_and_the_second_signs(
    world: World, migrator: Migrator, open_as: OpenAs, medicine: Medicine, hours: int, said: str
) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=hours)
    patient_id, _ = factories.due_dose(world, medicine=medicine, due_at=due_at)
    tab = open_as(world.nina, f"/round?patient={patient_id}&slot={slot_of(due_at)}")

    with tab.counted() as counts:
        expect(tab.find(".dose button.give")).not_to_be_visible()
        tab.tap(".dose summary.give")
        expect(tab.find(".dose .sure")).to_contain_text(said)
        assert signatures(migrator, patient_id) == []
        tab.tap(".dose button.give")
        expect(tab.find(".dose.done")).to_contain_text("av deg")

    assert (counts.taps, counts.keys, counts.loads) == (2, 0, 0)
    assert signatures(migrator, patient_id) == [("completed", None, False)]


def test_another_time_than_now_is_one_tap_more_and_the_time(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world)
    given = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
    tab = open_as(world.nina, f"/round?patient={patient_id}")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_text("Annet tidspunkt"))
        tab.write("input[name=given_time]", f"{local(given):%H%M}")
        tab.write("input[name=given_day]", norwegian_date(local_date(given)))
        tab.tap(GIVE)
        expect(tab.find(GIVEN)).to_contain_text(f"{hhmm(given)} av deg, signert")

    assert (counts.taps, counts.loads) == (2, 0)
    (stored,) = migrator.execute(
        "SELECT effective_at FROM medication.medication_administration WHERE patient_id = %s", (patient_id,)
    ).fetchall()
    assert stored == (given,)


def test_the_second_signature_is_one_tap_by_another_person(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world, two_signatures=True)
    first = open_as(world.nina, f"/round?patient={patient_id}")
    first.tap(GIVE)
    expect(first.find(GIVEN)).to_contain_text("Venter på andre signatur")
    expect(first.page.get_by_role("button", name="Signer som nummer to")).to_have_count(0)
    second = open_as(world.siri, f"/round?patient={patient_id}")

    with second.counted() as counts:
        second.tap(second.page.get_by_role("button", name="Signer som nummer to"))
        expect(second.find(GIVEN)).to_contain_text("andre signatur av Siri Strand")

    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)
    expect(second.find(GIVEN)).not_to_contain_text("Venter")
    assert len(signatures(migrator, patient_id)) == 2


def test_the_next_patient_is_one_tap_and_no_page_load(world: World, open_as: OpenAs) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0)
    for name in ("Hansen", "Olsen"):
        factories.due_dose(world, due_at=due_at, family_name=name)
    tab = open_as(world.nina, "/round")
    names = tab.find("#pane .pb h2 b")
    first = names.inner_text()

    with tab.counted() as counts:
        tab.tap(tab.find(".foot .go a").last)
        expect(names).not_to_have_text(first)

    assert {first, names.inner_text()} == {"HANSEN", "OLSEN"}
    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)


def test_the_chart_is_one_tap_and_one_page_load_from_my_list(world: World, open_as: OpenAs) -> None:
    factories.due_dose(world, family_name="Hansen", allergies=("Penicillin",))
    tab = open_as(world.nina, "/my-list")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Hansen, Kari"))
        expect(tab.find(".banner h1")).to_contain_text("HANSEN")

    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 1)
    expect(tab.find(".cave")).to_contain_text("Penicillin")
    for heading in ("Trenger noe nå", "Legemidler i bruk", "Målinger", "Notater"):
        expect(tab.page.get_by_role("heading", name=heading).first).to_be_visible()


@pytest.fixture
def as_needed(world: World, work_of: WorkOf) -> UUID:
    """A patient who may have paracetamol when she needs it."""
    patient_id = world.patient()
    tablets = Quantity(Decimal(2), "tablett")
    dosage = when_needed(
        tablets, max_doses=4, least_interval=timedelta(hours=4), strength_per_unit=Quantity(Decimal(500), "mg")
    )
    with work_of(world.lars) as work:
        Medication(work).prescribe(patient_id, medicine=PARACETAMOL, dosage=dosage, use="3", indication="smerte")
    return patient_id


def test_a_medicine_as_needed_is_two_taps_from_the_round(
    world: World, migrator: Migrator, open_as: OpenAs, as_needed: UUID
) -> None:
    tab = open_as(world.nina, f"/round?patient={as_needed}")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Ved behov"))
        tab.tap(tab.page.get_by_role("button", name="Gitt nå"))
        expect(tab.page.get_by_text("Gitt 1 gang siste 24 timer")).to_be_visible()

    assert counts.taps == 2
    assert signatures(migrator, as_needed) == [("completed", None, False)]
    expect(tab.page.get_by_text("Kan ikke gis nå.")).to_be_visible()  # four hours must go

    tab.tap(tab.find(".ctabs").get_by_role("link", name="Oppgaver"))
    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="2 av 10: Effekt av paracetamol"))
        expect(tab.page.get_by_text("– 2 av 10")).to_be_visible()

    assert counts.taps == 1


def test_a_signature_is_undone_with_one_tap(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    patient_id, _ = factories.due_dose(world)
    tab = open_as(world.nina, f"/round?patient={patient_id}")
    tab.tap(GIVE)
    expect(tab.find(GIVEN)).to_have_count(1)

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Angre"))
        expect(tab.find(GIVE)).to_be_enabled()

    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 0)
    assert signatures(migrator, patient_id) == [("completed", None, True)]  # it stands, marked as a mistake


def test_from_signing_in_to_my_list_there_is_nothing_more_to_tap(world: World, open_as: OpenAs) -> None:
    factories.due_dose(world, family_name="Hansen")
    tab = open_as(None, "/sign-in")

    tab.sign_in_as(world.nina.actor.role_id)
    with tab.counted() as counts:
        expect(tab.page.get_by_role("heading", name="Min liste")).to_be_visible()
        expect(tab.page.get_by_role("link", name="Hansen, Kari")).to_be_visible()

    assert (counts.taps, counts.keys) == (0, 0)


def test_switching_user_is_one_tap_and_one_page_load(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    tab = open_as(world.nina, "/my-list")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("button", name="Bytt bruker"))
        expect(tab.page.get_by_role("heading", name="Hvem vil du være?")).to_be_visible()

    assert (counts.taps, counts.keys, counts.loads) == (1, 0, 1)


def test_a_usual_dose_is_prescribed_with_six_keys_and_no_tap(
    world: World, migrator: Migrator, open_as: OpenAs, usual_dose: UUID
) -> None:
    tab = open_as(world.lars, f"/patients/{usual_dose}/medication")

    with tab.counted() as counts:
        tab.press("Alt+f")
        expect(tab.find("input[name=q]")).to_be_focused()
        for letter in "par":
            tab.press(letter)
        expect(tab.find("[data-of=par] .hits a").first).to_contain_text("oral bruk–kl. 08 og 20–smerter")
        tab.press("Enter")
        expect(tab.page.get_by_role("button", name="Signer forskrivning")).to_be_focused()
        expect(tab.find(".preview")).to_contain_text("Første dose")
        assert ordered(migrator, usual_dose) == []
        tab.press("Enter")
        expect(tab.find(".meds")).to_contain_text("Startet")

    assert (counts.taps, counts.keys) == (0, 6)
    assert ordered(migrator, usual_dose) == [("paracetamol", "smerter", ["08:00", "20:00"])]


def ordered(migrator: Migrator, patient_id: UUID) -> list[tuple[Any, ...]]:
    return migrator.execute(
        "SELECT generic_name, indication, dosage -> 'times' FROM medication.medication_request WHERE patient_id = %s",
        (patient_id,),
    ).fetchall()


@pytest.fixture
def looked_up(world: World, open_as: OpenAs) -> UUID:
    """A patient whose chart Nina has opened."""
    patient_id = world.patient()
    nina: Counting = open_as(world.nina, f"/patients/{patient_id}")
    expect(nina.find(".banner h1")).to_be_visible()
    return patient_id


def test_what_an_employee_read_is_one_tap_from_the_log(world: World, open_as: OpenAs, looked_up: UUID) -> None:
    tab = open_as(world.rolf, "/audit")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="Nina Nordli"))
        expect(tab.find("tbody tr").filter(has_text=str(looked_up)[:8]).first).to_be_visible()

    assert (counts.taps, counts.loads) == (1, 1)


def test_who_read_a_patient_is_her_number_and_one_page_load_from_the_log(
    world: World, migrator: Migrator, open_as: OpenAs, looked_up: UUID
) -> None:
    number = migrator.execute("SELECT value FROM patients.identifier WHERE patient_id = %s", (looked_up,)).fetchone()
    assert number is not None
    tab = open_as(world.rolf, "/audit")

    with tab.counted() as counts:
        tab.write("input[name=text]", number[0])
        tab.press("Enter")
        expect(tab.find("tbody")).to_contain_text("Nina Nordli")

    assert (counts.taps, counts.keys, counts.loads) == (0, 1, 1)
    assert number[0] not in tab.page.url


def test_who_read_a_patient_is_one_tap_from_a_line_of_the_log(world: World, open_as: OpenAs, looked_up: UUID) -> None:
    tab = open_as(world.rolf, f"/audit/people/{world.nina.actor.person_id}")

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name=f"Journal {str(looked_up)[:8]}").first)
        expect(tab.find("tbody")).to_contain_text("Nina Nordli")

    assert (counts.taps, counts.loads) == (1, 1)
