"""Legemiddelgjennomgang: signed by a doctor with its date, and due again within the municipality's limit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication, Medicine
from journal.medication.rules.review import held_before, is_overdue
from journal.platform.errors import Conflict, Denied
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_importing import EVERY_MORNING
from tests.medication.test_sign import prescribe

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
METOPROLOL = Medicine("metoprolol", "Selo-Zok", "tablett", atc_code="C07AB02")
HELD = {"took_part": "Lars Haugen, Nina Larsen", "result": "Nytte vurdert", "changes": "Ingenting"}


@pytest.mark.parametrize(
    ("today", "months", "expected"),
    [
        (date(2026, 11, 22), 12, date(2025, 11, 22)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 8, 31), 6, date(2026, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 1), 36, date(2023, 12, 1)),
    ],
)
def test_what_was_held_before_this_day_is_overdue(today: date, months: int, expected: date) -> None:
    assert held_before(today, months) == expected
    assert not is_overdue(expected, today, months), "on the day itself it is not"
    assert is_overdue(expected - timedelta(days=1), today, months)
    assert is_overdue(None, today, months)


def review(work: Any, patient_id: UUID, day: date) -> UUID:
    made: UUID = Medication(work).record_review(patient_id, reviewed_on=day, **HELD)
    return made


def test_a_doctor_signs_it_on_the_page_and_the_list_says_when(
    world: World, client_for: ClientFor, work_of: WorkOf
) -> None:
    patient_id = world.patient(none_known=True)
    lars, nina = client_for(world.lars), client_for(world.nina)
    url, chart = f"/patients/{patient_id}/medication/reviews", f"/patients/{patient_id}/medication"
    assert "Ingen legemiddelgjennomgang." in nina.get(chart).text
    tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%d.%m.%Y}"
    ahead = lars.act(url, HELD | {"reviewed_on": tomorrow})
    assert ahead.status_code == 422 and "Datoen er ikke ennå" in ahead.text and "Nytte vurdert</textarea>" in ahead.text
    assert lars.act(url, HELD | {"reviewed_on": "01.03.2026"}).status_code == 303

    page = nina.get(url).text
    assert "Deltok: Lars Haugen, Nina Larsen" in page and "Signer gjennomgangen" not in page
    assert "Sist gjennomgått 01.03.2026 av Lars Haugen." in nina.get(chart).text
    with pytest.raises(Denied), work_of(world.nina) as work:
        review(work, patient_id, date(2026, 3, 1))
    with work_of(world.lars) as work:
        (held,) = Medication(work).reviews(patient_id)
    assert lars.act(f"{url}/{held.id}/in-error", {"reason": "Feil pasient"}).status_code == 303
    assert "Ingen legemiddelgjennomgang." in nina.get(chart).text, "a mistake counts no more"
    assert "Feilført: Feil pasient" in nina.get(url).text


def test_who_is_overdue_is_listed_by_the_municipality_s_own_limit(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    """With orders in use and no review within it; charts stay closed until they are shown, and another ward sees nobody."""
    b = world.builder
    ward = factories.unit(b, world.oslo, "Gjennomgangen", "ward", parent=world.ward)
    doctor = factories.staff(b, world.oslo, ward, "Per Prøve", "doctor")
    elsewhere = factories.staff(b, world.oslo, factories.unit(b, world.oslo, "Nabo", "ward"), "Ola Nabo", "nurse")
    never, long_ago, lately, _without = (
        world.patient(at=ward, by=doctor, family_name=f"Gjennom{n}", none_known=True) for n in range(4)
    )
    today = datetime.now(UTC).date()
    for made in (never, long_ago, lately):
        with work_of(doctor) as work:
            prescribe(work, made, medicine=METOPROLOL, dosage=EVERY_MORNING)
    with work_of(doctor) as work:
        review(work, long_ago, today - timedelta(days=400))
        review(work, lately, today - timedelta(days=100))
        assert [each.patient_id for each in Medication(work).reviews_due()] == [never, long_ago]
    page = client_for(doctor).get("/medication/overview").text
    assert "Gjennom0" in page and "Gjennom1" in page and "Gjennom2" not in page and "Gjennom3" not in page
    assert "Gjennom" not in client_for(elsewhere).get("/medication/overview").text.split('id="h-due"')[1]

    with work_of(world.tora) as work:
        Medication(work).choose_review_limit(3, version=0)
    with work_of(world.tora) as work, pytest.raises(Conflict):
        Medication(work).choose_review_limit(6, version=0)
    with work_of(doctor) as work:
        assert [each.patient_id for each in Medication(work).reviews_due()] == [never, long_ago, lately]
    chosen = client_for(world.tora).get("/municipality/medication").text
    assert 'name="most_months" type="text" value="3"' in chosen
    world.migrator.execute("DELETE FROM medication.review_setting")
