"""The doses a unit has saved: found first, complete, marked before the choice, and with nothing of a patient in them."""

import html
from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from journal.medication import CatalogueHit, Medication
from journal.medication.models import Favourite
from journal.medication.rules import Course, Dosage, daily, every_days, pulse
from journal.medication.rules.safety import Rule
from journal.platform.clock import instant, local_date, norwegian_date
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.quantity import NBSP, Quantity
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_sign import prescribe

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

pytestmark = pytest.mark.usefixtures("small_catalogue")

TWO = daily(Quantity(Decimal(2), "tablett"), [time(8), time(20)], strength_per_unit=Quantity(Decimal(500), "mg"))


@pytest.fixture
def patient_id(world: World) -> UUID:
    patient_id = world.patient(family_name="Hansen", given_name="Kari")
    factories.no_known_allergies(world.builder, patient_id, world.nina)
    world.store()
    return patient_id


@pytest.fixture
def paracet(world: World, work_of: WorkOf) -> CatalogueHit:
    with work_of(world.lars) as work:
        return Medication(work).search_catalogue("paracet tab 500").hits[0]


def keep(
    work_of: WorkOf,
    who: Staff,
    patient_id: UUID,
    hit: CatalogueHit,
    dosage: Dosage = TWO,
    indication: str = "smerter",
    **more: Any,
) -> None:
    """She prescribes it, and saves it as a favourite."""
    with work_of(who) as work:
        given = {"medicine": hit.medicine, "dosage": dosage, "indication": indication}
        entry_id = prescribe(work, patient_id, **given, use="2" if dosage.course else "1", **more)
        Medication(work).keep_favourite(patient_id, entry_id)


def said(work_of: WorkOf, who: Staff, text: str = "") -> list[str]:
    with work_of(who) as work:
        return [str(one.line).replace(NBSP, " ") for one in Medication(work).favourites(text)]


def stored(world: World) -> list[Any]:
    rows = world.migrator.execute(
        "SELECT to_jsonb(f) FROM medication.favourite f WHERE municipality_id = %s ORDER BY recorded_at, version",
        (world.oslo["id"],),
    )
    return [row[0] for row in rows]


PARACET = "paracetamol PARACET tablett – 1 000 mg – oral bruk – kl. 08 og 20 – smerter"


@pytest.mark.parametrize("text", ["par", "paracet 500", "PARACETAMOL", ""])
def test_a_favourite_is_found_as_a_complete_dose_by_the_start_of_its_words(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit, text: str
) -> None:
    keep(work_of, world.lars, patient_id, paracet)

    assert said(work_of, world.lars, text) == [PARACET]


@pytest.mark.parametrize("text", ["ara", "ibux", "paracet 250", "?"])
def test_what_begins_otherwise_is_not_found(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit, text: str
) -> None:
    keep(work_of, world.lars, patient_id, paracet)

    assert said(work_of, world.lars, text) == []


def test_the_message_and_the_value_that_must_be_known_come_along(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet, instruction="Med mat", required_value=pulse(Decimal(55)))

    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()
    assert (one.instruction, one.required_value) == ("Med mat", pulse(Decimal(55)))


def test_nothing_of_the_patient_is_in_it(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet)

    (row,) = stored(world)
    assert row.keys() == {
        *("municipality_id", "unit_id", "entry_id", "version", "active", "catalogue_item_id", "dosage", "course_days"),
        *("indication", "instruction", "required_value", "recorded_by", "recorded_by_name", "recorded_at"),
    }
    written = str(row).lower()
    assert all(hers not in written for hers in (str(patient_id), "hansen", "kari"))


@pytest.mark.parametrize(
    ("unit", "dosage", "why"),
    [
        ("ward", TWO.to_json() | {"course": {"ends_at": "2026-12-01T00:00:00+01:00"}}, "violates check constraint"),
        ("ward", TWO.to_json() | {"every": {"days": 2, "anchor": "2026-12-01"}}, "violates check constraint"),
        ("ward", TWO.to_json() | {"cycle": {"on": 1, "off": 1, "anchor": "2026-12-01"}}, "violates check constraint"),
        ("other_ward", TWO.to_json(), "row-level security"),
    ],
)
def test_the_database_keeps_dates_and_other_units_out(
    world: World, work_of: WorkOf, paracet: CatalogueHit, unit: str, dosage: dict[str, Any], why: str
) -> None:
    unit_id = getattr(world, unit)["id"]
    with pytest.raises(DBAPIError, match=why), work_of(world.lars) as work:
        work.db.add(Favourite(unit_id=unit_id, catalogue_item_id=paracet.id, dosage=dosage, indication="smerter"))


@pytest.mark.parametrize("where", ["indication", "instruction"])
@pytest.mark.parametrize("written", ["Smerter hos Kari", "KARI ringer selv", "se hansen-notatet"])
def test_her_name_is_refused_wherever_it_is_written(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit, where: str, written: str
) -> None:
    with pytest.raises(Invalid) as refused:
        keep(work_of, world.lars, patient_id, paracet, **{where: written})

    assert list(refused.value.errors) == ["keep_favourite"]
    assert stored(world) == []


@pytest.mark.parametrize("every", [2, 7])
def test_days_that_count_from_a_date_are_one_patients_own(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit, every: int
) -> None:
    with work_of(world.lars) as work:
        dated = every_days(TWO.amount, every, local_date(work.now), time(8))
    with pytest.raises(Invalid):
        keep(work_of, world.lars, patient_id, paracet, dated)

    assert stored(world) == []


def test_a_course_is_so_many_days_from_when_it_is_ordered(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, paracet: CatalogueHit
) -> None:
    with work_of(world.lars) as work:
        today = local_date(work.now)
    ends_at = instant(today + timedelta(days=5), time.min)
    amount = TWO.amount
    assert amount is not None
    keep(work_of, world.lars, patient_id, paracet, daily(amount, [time(8)], course=Course(None, ends_at)))

    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()
    page = client_for(world.lars).get(f"/patients/{patient_id}/medication/prescribe?favourite={one.id}").text

    assert (one.dose.course_days, one.dose.dosage.course) == (5, None)
    assert f'value="{norwegian_date(today + timedelta(days=4))}"' in page


def test_the_same_dose_is_one_favourite_however_often_it_is_saved(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    for _ in range(2):
        keep(work_of, world.lars, patient_id, paracet)

    assert len(stored(world)) == 1


def test_another_ward_has_its_own_and_whoever_acts_above_both_is_told_once(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    b = world.builder
    other = factories.staff(b, world.oslo, world.other_ward, "Dina Doktor", "doctor")
    above = factories.staff(b, world.oslo, world.home, "Odd Overlege", "doctor", below=(world.ward, world.other_ward))
    elsewhere = factories.staff(b, world.bodo, world.bodo_ward, "Berit Bodø", "doctor")
    world.store()
    keep(work_of, world.lars, patient_id, paracet)
    assert said(work_of, other) == said(work_of, elsewhere) == []

    their_own = world.patient(at=world.other_ward, by=other)
    keep(work_of, other, their_own, paracet)

    assert said(work_of, above) == [PARACET]
    assert len(stored(world)) == 2


def test_what_is_taken_away_is_gone_for_all_and_can_be_saved_anew(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet)
    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()
    with work_of(world.lars) as work, pytest.raises(Conflict):
        Medication(work).remove_favourite(one.id, version=one.version + 1)
    with work_of(world.lars) as work:
        Medication(work).remove_favourite(one.id, version=one.version)

    for again in (1, 2, 3):
        with work_of(world.lars) as work, pytest.raises(Conflict):
            Medication(work).remove_favourite(one.id, version=again)
    with work_of(world.lars) as work, pytest.raises(NotFound):
        Medication(work).favourite(one.id)
    assert said(work_of, world.lars) == []
    assert [row["active"] for row in stored(world)] == [True, False], "who saved it, and who took it away, is kept"

    keep(work_of, world.lars, patient_id, paracet)
    assert said(work_of, world.lars) == [PARACET]


def test_only_whoever_prescribes_saves_sees_and_takes_away(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet)
    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()

    for act in (
        lambda medication: medication.favourites(),
        lambda medication: medication.favourite(one.id),
        lambda medication: medication.remove_favourite(one.id, version=1),
        lambda medication: medication.keep_favourite(patient_id, one.id),
    ):
        with work_of(world.nina) as work, pytest.raises(Denied):
            act(Medication(work))


def test_another_wards_favourite_is_neither_used_nor_taken_away(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet)
    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()
    other = factories.staff(world.builder, world.oslo, world.other_ward, "Dina Doktor", "doctor")
    world.store()

    with work_of(other) as work, pytest.raises(NotFound):
        Medication(work).favourite(one.id)
    with work_of(other) as work, pytest.raises(NotFound):
        Medication(work).remove_favourite(one.id, version=1)


def test_one_of_a_product_that_is_withdrawn_is_not_offered(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet)
    of_product = "UPDATE medication.catalogue_item SET active = withdrawn_at IS NOT NULL,"
    of_product += " withdrawn_at = CASE WHEN active THEN now() END WHERE id = %s"
    world.migrator.execute(of_product, (paracet.id,))
    try:
        assert said(work_of, world.lars) == []
    finally:
        world.migrator.execute(of_product, (paracet.id,))


# What stands on a hit


def test_a_hit_with_a_dose_says_what_the_dose_is_too_much_of_and_one_without_does_not(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    much = daily(
        Quantity(Decimal(3), "tablett"), [time(8), time(14), time(20)], strength_per_unit=TWO.strength_per_unit
    )
    with work_of(world.lars) as work:
        dosed, bare = Medication(work).alerts_before_choice(
            patient_id, [(paracet.medicine, much), (paracet.medicine, None)]
        )

    assert Rule.DAILY_MAXIMUM in {alert.rule for alert in dosed}
    assert bare == ()


def test_the_search_shows_favourites_first_with_their_marks_and_then_the_products(
    world: World, work_of: WorkOf, client_for: ClientFor, paracet: CatalogueHit
) -> None:
    allergic = world.patient()
    more = {"code_system": "ATC", "code": "N02BE01", "reaction": "utslett", "severity": "mild"}
    factories.allergy(world.builder, allergic, world.nina, "Paracetamol", **more)
    world.store()
    keep(work_of, world.lars, world.patient(), paracet)
    lars, address = client_for(world.lars), f"/patients/{allergic}/medication/prescribe?q=par"

    page = html.unescape(lars.get(address).text)
    fragment = lars.get(address, headers={"HX-Request": "true"}).text

    first = page[page.index('class="hits"') :]
    assert first.index("favourite=") < first.index("Allergi") < first.index("</a>") < first.index("item=")
    assert "<html" not in fragment
    assert "favourite=" in fragment
    assert 'data-of="par"' in fragment


# Chosen, shown, signed


def test_a_chosen_favourite_is_ready_to_sign_with_the_line_and_the_control(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, paracet: CatalogueHit
) -> None:
    other = world.patient()
    keep(work_of, world.lars, other, paracet)
    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()

    page = html.unescape(
        client_for(world.lars).get(f"/patients/{patient_id}/medication/prescribe?favourite={one.id}").text
    )

    for seen in ("paracetamol", f"1{NBSP}000{NBSP}mg", "Første dose", "Kontroll av ordinasjonen", "data-focus-later"):
        assert seen in page, seen


def test_a_favourite_that_alarms_takes_the_focus_to_the_alarm_and_not_to_the_signature(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet)  # she has it already: the second is a double
    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()

    page = client_for(world.lars).get(f"/patients/{patient_id}/medication/prescribe?favourite={one.id}").text

    assert "Samme virkestoff" in page
    assert "data-focus-later" not in page
    assert 'id="alerts" role="alert" tabindex="-1" data-focus' in page


def form_of(hit: CatalogueHit, **more: str) -> dict[str, str]:
    filled = {"amount": "2", "unit": "tablett", "pattern": "daily", "times": "8 20", "indication": "smerter"}
    return {"item": str(hit.id)} | filled | more


def test_an_order_is_signed_and_saved_as_a_favourite_by_one_tick(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, paracet: CatalogueHit
) -> None:
    url, lars = f"/patients/{patient_id}/medication/prescribe", client_for(world.lars)

    signed = lars.act(url, form_of(paracet, keep_favourite="true"))

    assert signed.status_code == 303
    assert said(work_of, world.lars) == [PARACET]


def test_with_her_name_in_the_words_nothing_is_signed_and_what_was_typed_stands(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, paracet: CatalogueHit
) -> None:
    url, lars = f"/patients/{patient_id}/medication/prescribe", client_for(world.lars)

    refused = lars.act(url, form_of(paracet, keep_favourite="true", instruction="Kari vil ha vann til"))

    assert refused.status_code == 422
    assert "Navnet til pasienten" in refused.text
    assert 'value="Kari vil ha vann til"' in refused.text
    with work_of(world.lars) as work:
        assert Medication(work).list_with_strip(patient_id).regular == ()
    assert stored(world) == []


def test_the_page_of_favourites_shows_them_and_takes_one_away(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, paracet: CatalogueHit
) -> None:
    keep(work_of, world.lars, patient_id, paracet)
    with work_of(world.lars) as work:
        (one,) = Medication(work).favourites()
    lars = client_for(world.lars)

    page = lars.get("/medication/favourites").text
    removed = lars.act(f"/medication/favourites/{one.id}/remove", {"version": "1"})

    assert "paracetamol" in page
    assert "Lars Haugen" in page
    assert removed.status_code == 303
    assert "Ingen favoritter" in lars.get("/medication/favourites").text


# The preview


def test_what_is_shown_before_is_what_the_list_shows_after(
    world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit
) -> None:
    hourly = daily(Quantity(Decimal(1), "tablett"), [time(hour) for hour in range(24)])
    with work_of(world.lars) as work:
        shown = Medication(work).preview(patient_id, medicine=paracet.medicine, dosage=hourly, indication="smerter")
    with work_of(world.lars) as work:
        prescribe(work, patient_id, medicine=paracet.medicine, dosage=hourly, indication="smerter")
    with work_of(world.nina) as work:
        (listed,) = Medication(work).list_with_strip(patient_id).regular

    assert (shown.line, shown.flags) == (listed.line, listed.flags)
    assert shown.first_text.startswith("Første dose i ")
    assert {mark.x for mark in shown.strip.marks} == {mark.x for mark in listed.strip.marks}


def test_the_preview_says_what_is_missing_and_is_no_error_and_stores_nothing(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, paracet: CatalogueHit
) -> None:
    url, lars = f"/patients/{patient_id}/medication/prescribe/preview", client_for(world.lars)

    half = lars.act(url, {"item": str(paracet.id), "amount": "2", "unit": "tablett", "pattern": "daily"})
    whole = lars.act(url, form_of(paracet, indication=""))

    assert (half.status_code, whole.status_code) == (200, 200)
    assert "Her kommer linjen" in half.text
    assert "<html" not in whole.text
    assert f"1{NBSP}000{NBSP}mg" in html.unescape(whole.text)
    assert "Første dose" in whole.text
    with work_of(world.lars) as work:
        assert Medication(work).list_with_strip(patient_id).regular == ()


def test_a_nurse_has_no_preview(world: World, work_of: WorkOf, patient_id: UUID, paracet: CatalogueHit) -> None:
    with work_of(world.nina) as work, pytest.raises(Denied):
        Medication(work).preview(patient_id, medicine=paracet.medicine, dosage=TWO, indication="smerter")
