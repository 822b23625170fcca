"""Where one tap is too little: what is said first, and that nothing is stored by who has not confirmed it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import DueDose, Medicine
from journal.medication.errors import ConfirmationMissing
from journal.medication.rules import Caution, DoseStatus, caution_text, cautions, every_hours, when_needed
from journal.observations import Observations
from journal.platform.errors import Invalid
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_sign import ONE, doses, order, sign

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]

INSULIN = Medicine("insulin glargin", "Lantus", "injeksjonsvæske", atc_code="A10AE04")
OXYCODONE = Medicine("oksykodon", "OxyNorm", "kapsel", atc_code="N02AA05", prescription_group="A")
LEVODOPA = Medicine("levodopa", "Sinemet", "tablett", atc_code="N04BA02", time_critical=True)

NOON = datetime(2026, 11, 22, 11, tzinfo=UTC)  # Oslo in winter: 12.00
HOUR = timedelta(hours=1)


def stored(world: World, patient_id: UUID) -> list[tuple[Any, ...]]:
    return world.migrator.execute(
        "SELECT kind, status FROM medication.medication_administration WHERE patient_id = %s ORDER BY recorded_at, id",
        (patient_id,),
    ).fetchall()


def due(world: World, work_of: WorkOf, number: int = 0, **more: Any) -> DueDose:
    """A dose of a new patient's hourly order, which began half an hour ago: the first two are ready, the others planned."""
    patient_id = world.patient()
    order(world, work_of, patient_id, **more)
    return doses(world, work_of, patient_id)[number]


def late_and_critical(world: World, work_of: WorkOf) -> DueDose:
    with work_of(world.nina) as work:
        began = work.now - timedelta(minutes=45)
    return due(world, work_of, medicine=LEVODOPA, starts_at=began)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({}, set()),
        ({"at": NOON - HOUR}, {Caution.EARLY}),
        ({"at": NOON + 2 * HOUR}, set()),
        ({"at": NOON + 2 * HOUR, "time_critical": True}, {Caution.LATE}),
        ({"at": NOON + HOUR, "time_critical": True}, set()),
        ({"at": NOON + 12 * HOUR - timedelta(minutes=1)}, set()),
        ({"at": NOON + 12 * HOUR}, {Caution.MISSED}),
        ({"at": NOON + 12 * HOUR, "time_critical": True}, {Caution.MISSED}),
        ({"stop_overridden": True}, {Caution.OVERRIDDEN}),
        ({"atc_code": "A10AB05"}, {Caution.INSULIN}),
        ({"atc_code": "A10BA02"}, set()),
        ({"prescription_group": "A"}, {Caution.GROUP_A}),
        ({"prescription_group": "B"}, set()),
        ({"atc_code": "A10AE04", "at": NOON - HOUR}, {Caution.EARLY, Caution.INSULIN}),
    ],
)
def test_what_is_special_about_a_dose_due_at_noon(of: dict[str, Any], said: set[Caution]) -> None:
    window = {"ready_from": NOON - HOUR / 2, "late_after": NOON + HOUR, "missed_at": NOON + 12 * HOUR}
    ordinary: dict[str, Any] = {"atc_code": "C07AB02", "prescription_group": "C", "at": NOON, **window}

    assert set(cautions(**(ordinary | of))) == said


@pytest.mark.parametrize(
    ("caution", "at", "now", "text"),
    [
        (Caution.EARLY, -5, -5, "Planlagt kl. 12.00, om 5 t. Gi den nå likevel?"),
        (Caution.EARLY, -5, 1, "Planlagt kl. 12.00. Du skriver kl. 07.00, 5 t før. Stemmer det?"),
        (
            Caution.LATE,
            2,
            2,
            "Planlagt kl. 12.00, for 2 t siden. Tiden er viktig for dette legemidlet. Gi den nå likevel?",
        ),
        (
            Caution.LATE,
            2,
            14,
            "Planlagt i går kl. 12.00. Du skriver i går kl. 14.00, 2 t etter. Tiden er viktig for dette legemidlet."
            " Stemmer det?",
        ),
        (
            Caution.MISSED,
            12,
            12,
            "Planlagt i går kl. 12.00, for 12 t siden, og regnet som ikke gitt. Se når neste dose er. Gi den nå likevel?",
        ),
        (
            Caution.MISSED,
            13,
            14,
            "Planlagt i går kl. 12.00. Du skriver kl. 01.00, 13 t etter, da dosen var regnet som ikke gitt. Stemmer det?",
        ),
        (
            Caution.OVERRIDDEN,
            0,
            0,
            "Forskriveren gikk videre tross et stopp. Les begrunnelsen før du gir dosen.",
        ),
        (Caution.GROUP_A, 0, 0, "Legemiddel i gruppe A: kontroller navn, styrke og mengde."),
        (Caution.INSULIN, 0, 0, "Insulin: kontroller antall enheter og siste blodsukker."),
    ],
)
def test_it_is_said_in_plain_words(caution: Caution, at: int, now: int, text: str) -> None:
    assert caution_text(caution, at=NOON + at * HOUR, now=NOON + now * HOUR, due_at=NOON) == text


def test_a_dose_planned_ahead_is_not_signed_unconfirmed_and_is_given_too_early_when_it_is(
    world: World, work_of: WorkOf
) -> None:
    planned = due(world, work_of, 2)
    assert (planned.status, planned.cautions) == (DoseStatus.PLANNED, (Caution.EARLY,))

    with pytest.raises(ConfirmationMissing, match=r"^Planlagt .+, om 1 t 29 min\. Gi den nå likevel\?"):
        sign(world, work_of, planned)
    assert stored(world, planned.patient_id) == []

    sign(world, work_of, planned, confirmed=[Caution.EARLY])
    assert doses(world, work_of, planned.patient_id)[2].status is DoseStatus.GIVEN_EARLY


@pytest.mark.parametrize(("medicine", "special"), [(INSULIN, Caution.INSULIN), (OXYCODONE, Caution.GROUP_A)])
def test_insulin_and_medicines_of_group_a_are_not_signed_unconfirmed(
    world: World, work_of: WorkOf, medicine: Medicine, special: Caution
) -> None:
    ready = due(world, work_of, medicine=medicine)
    assert (ready.status, ready.cautions) == (DoseStatus.READY, (special,))

    with pytest.raises(ConfirmationMissing):
        sign(world, work_of, ready, confirmed=set(Caution) - {special})
    assert stored(world, ready.patient_id) == []

    sign(world, work_of, ready, confirmed=[special])
    assert stored(world, ready.patient_id) == [("signature", "completed")]


def test_a_late_dose_is_confirmed_only_where_its_time_matters(world: World, work_of: WorkOf) -> None:
    with work_of(world.nina) as work:
        began = work.now - timedelta(minutes=75)
    ordinary = due(world, work_of, starts_at=began, dosage=every_hours(ONE, 4))
    critical = late_and_critical(world, work_of)
    assert (ordinary.status, critical.status) == (DoseStatus.LATE, DoseStatus.LATE)

    sign(world, work_of, ordinary)
    with pytest.raises(ConfirmationMissing, match="Tiden er viktig"):
        sign(world, work_of, critical)
    assert stored(world, critical.patient_id) == []


def test_a_missed_dose_is_confirmed_whatever_the_medicine(world: World, work_of: WorkOf) -> None:
    with work_of(world.nina) as work:
        began = work.now - timedelta(minutes=75)
    first = due(world, work_of, starts_at=began)
    assert (first.status, first.cautions) == (DoseStatus.MISSED, (Caution.MISSED,)), "the next one is due"

    with pytest.raises(ConfirmationMissing, match="regnet som ikke gitt"):
        sign(world, work_of, first)
    assert stored(world, first.patient_id) == []

    sign(world, work_of, first, given_at=first.due_at)
    assert stored(world, first.patient_id) == [("signature", "completed")], "it was given when it should be"


def test_it_is_the_time_the_dose_was_given_that_counts(world: World, work_of: WorkOf) -> None:
    critical, ready = late_and_critical(world, work_of), due(world, work_of)

    sign(world, work_of, critical, given_at=critical.due_at)
    with pytest.raises(ConfirmationMissing, match="Du skriver"):
        sign(world, work_of, ready, given_at=ready.due_at - 3 * HOUR)
    with pytest.raises(Invalid) as refused:
        sign(world, work_of, ready, given_at=ready.due_at - 13 * HOUR)

    assert "mer enn tolv timer" in refused.value.errors["given_at"][0]
    assert stored(world, ready.patient_id) == []


def test_a_medicine_of_group_a_as_needed_is_not_signed_unconfirmed(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id, nina = world.patient(), client_for(world.nina)
    dosage = when_needed(Quantity(Decimal(1), "kapsel"), max_doses=4, strength_per_unit=Quantity(Decimal(5), "mg"))
    entry_id = order(world, work_of, patient_id, medicine=OXYCODONE, dosage=dosage, use="3")
    url = f"/patients/{patient_id}/as-needed/{entry_id}"

    assert "Legemiddel i gruppe A" in nina.get(f"/patients/{patient_id}/as-needed").text
    refused = nina.act(url, {"request_version": "1"})
    assert (refused.status_code, stored(world, patient_id)) == (422, [])
    assert re.search(r'<details class="confirm" open>', refused.text)

    assert nina.act(url, {"request_version": "1", "confirmed[]": "group-a"}).status_code == 303
    assert stored(world, patient_id) == [("signature", "completed")]


def test_a_form_sent_past_the_page_is_refused_and_the_card_asks(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    planned, nina = due(world, work_of, 2), client_for(world.nina)
    url = f"/patients/{planned.patient_id}/doses/{planned.id}/given?slot={planned.slot}"

    refused = nina.act(url, {"request_version": "1"})
    as_json = nina.act(url, {"request_version": "1"}, headers={"Accept": "application/json"})

    assert (refused.status_code, as_json.status_code, stored(world, planned.patient_id)) == (422, 422, [])
    assert as_json.json is not None
    assert (as_json.json["type"], as_json.json["cautions"][0][0]) == ("/problems/confirmation-missing", "early")
    card = refused.text.split(f'id="dose-{planned.id}"')[1].split("</li>\n")[0]
    assert re.search(r'<details class="confirm" id="[^"]+" open>', card)
    assert "Gi den nå likevel?" in card
    confirmed = dict(re.findall(r'name="(confirmed\[\])" value="([^"]+)"', card))
    assert nina.act(url, {"request_version": "1", **confirmed}).status_code == 303


def test_the_card_of_an_insulin_says_the_newest_blood_glucose(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    unknown, known = due(world, work_of, medicine=INSULIN), due(world, work_of, medicine=INSULIN)
    with work_of(world.nina) as work:
        Observations(work).record(known.patient_id, "glucose", Decimal("7.2"), effective_at=work.now - HOUR)
    nina = client_for(world.nina)

    assert "Ingen har målt blodsukker her." in nina.get(f"/round?patient={unknown.patient_id}").text
    assert re.search(r"Siste måling: 7,2\smmol/l, ", nina.get(f"/round?patient={known.patient_id}").text)


def test_an_ordinary_dose_asks_nothing(world: World, work_of: WorkOf, client_for: ClientFor) -> None:
    ready = due(world, work_of)

    page = client_for(world.nina).get(f"/round?patient={ready.patient_id}&slot={ready.slot}").text

    assert ready.cautions == ()
    card = page.split(f'id="dose-{ready.id}"')[1].split("</li>")[0]
    assert "confirm" not in card


def test_a_card_with_something_to_know_and_no_indication_says_that_alone(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id, medicine=INSULIN, dosage=every_hours(Quantity(Decimal(6), "IE"), 1))

    page = client_for(world.nina).get(f"/round?patient={patient_id}").text

    assert '<p class="why sm"><b>langtidsvirkende insulin</b></p>' in page
