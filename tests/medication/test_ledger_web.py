"""The pages of the account: a count, what does not fit, and a dose that is taken from one of several places."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.medication import Medication
from journal.medication.rules.ledger import EntryKind
from tests.conftest import Browser, World
from tests.medication.test_ledger import due, entries, give, hit_of, keep, lists, tasks

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]


@pytest.fixture
def kept(world: World, work_of: WorkOf) -> tuple[UUID, UUID]:
    return keep(world, work_of, 10)


@pytest.fixture
def item(world: World) -> Iterator[str]:
    """A product that may be chosen; withdrawn afterwards, so that other tests find an empty catalogue."""
    hit = hit_of(world, active=True)
    yield str(hit.id)
    retire = "UPDATE medication.catalogue_item SET active = false, withdrawn_at = now() WHERE id = %s"
    world.migrator.execute(retire, (hit.id,))


def test_a_count_is_typed_on_one_page_that_shows_what_the_account_says_only_where_it_is_chosen(
    world: World, work_of: WorkOf, client_for: ClientFor, kept: tuple[UUID, UUID]
) -> None:
    place, ledger = kept
    siri, page = client_for(world.siri), f"/keeping/{place}/count"
    assert "10 tabletter" not in siri.get(page).text
    client_for(world.tora).act("/municipality/medication/ledger", {"version": "0", "show_expected": "true"})
    assert "10 tabletter" in siri.get(page).text

    wrong = siri.act(page, {"ledger[]": str(ledger), "counted[]": "ti"})
    assert wrong.status_code == 422 and 'value="ti"' in wrong.text
    assert siri.act(page, {"ledger[]": str(ledger), "counted[]": ""}).status_code == 422
    assert siri.act(page, {"ledger[]": str(ledger), "counted[]": "10"}).headers["Location"].endswith(str(place))
    assert siri.act(page, {"ledger[]": str(ledger), "counted[]": "9"}).headers["Location"] == "/keeping"

    shown = client_for(world.mona).get("/keeping").text
    assert "Talt 9, regnskapet sa 10." in shown and "Siri Strand" in shown
    form = {"number": "3", "cause": "spilled"}
    assert client_for(world.siri).act(f"/keeping/{place}/explain", form).status_code == 403
    assert client_for(world.mona).act(f"/keeping/{place}/explain", form).status_code == 303
    assert "Talt 9" not in client_for(world.mona).get("/keeping").text
    assert entries(world, work_of, place, ledger)[1:] == [("count", 0, 10), ("count", -1, 9)]


def test_a_place_begins_gets_a_delivery_and_a_waste_that_another_signs(
    world: World, client_for: ClientFor, item: str
) -> None:
    nina = client_for(world.nina)
    place = nina.act("/keeping", {"kind": "safe", "name": "Safe på vaktrom"}).headers["Location"]
    assert nina.act("/keeping", {"kind": "patient", "name": "X"}).status_code == 422
    assert nina.act(f"{place}/ledgers", {"item": item, "counted": "0"}).status_code == 303
    again = nina.act(f"{place}/ledgers", {"item": item, "counted": "0"})
    assert again.status_code == 409 and "alt et regnskap" in again.text
    found = re.search(rf"{place}/ledgers/[0-9a-f-]+", nina.get(place).text)
    assert found is not None
    ledger = found[0]

    assert nina.act(ledger, {"kind": "delivery", "amount": "20", "reason": ""}).status_code == 303
    assert nina.act(ledger, {"kind": "waste", "amount": "1", "reason": "dropped"}).status_code == 303
    missing = nina.act(ledger, {"kind": "waste", "amount": "1", "reason": ""})
    assert missing.status_code == 422 and "Velg hvorfor det er kassert." in missing.text
    much = nina.act(ledger, {"kind": "return", "amount": "20", "reason": ""})
    assert much.status_code == 409 and 'value="20"' in much.text and "Det står mindre igjen" in much.text

    assert "Signer som nummer to" not in nina.get("/keeping").text
    assert "Signer som nummer to" in client_for(world.siri).get("/keeping").text
    assert client_for(world.siri).act(f"{place}/witness", {"number": "3"}).status_code == 303
    assert "og Siri Strand" in nina.get(ledger).text
    assert "Signer som nummer to" not in client_for(world.lars).get("/keeping").text
    assert nina.act(f"{ledger}/take-back", {"number": "3"}).status_code == 303
    assert nina.act(f"{place}/close").status_code == 409


def test_a_dose_that_may_be_taken_from_several_places_is_signed_by_the_button_that_says_from_where(
    world: World, work_of: WorkOf, client_for: ClientFor, kept: tuple[UUID, UUID]
) -> None:
    other, ledger = keep(world, work_of, 5, "Bil 2")
    dose, nina = due(world, work_of), client_for(world.nina)
    path = f"/patients/{dose.patient_id}/doses/{dose.id}/given"
    confirmed = {"request_version": "1", "confirmed[]": ["group-a"]}

    asked = nina.act(path, confirmed)

    assert asked.status_code == 422
    assert "Gitt, tatt fra Bil 2" in asked.text and f'name="ledger" value="{ledger}"' in asked.text
    assert nina.act(path, confirmed | {"ledger": str(ledger)}).status_code == 303
    assert entries(world, work_of, other, ledger)[-1] == ("withdrawal", -1, 4)


def test_a_dose_without_withdrawal_is_settled_in_the_chart_it_is_of(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    place, ledger = keep(world, work_of, 0)
    dose, another, nina = due(world, work_of), due(world, work_of), client_for(world.nina)
    signed, outside = give(world, work_of, dose), give(world, work_of, another)
    shown = nina.get("/keeping").text
    page = f"/patients/{dose.patient_id}/administrations/{signed}/withdrawal"
    assert page in shown and "Nordmann" not in shown and "oksykodon" not in shown.split("Doser uten uttak")[1][:400]
    assert "Tatt fra Narkotikaskap" in nina.get(page).text
    empty = nina.act(page, {"ledger": str(ledger)})
    assert empty.status_code == 409 and "Det står mindre igjen" in empty.text

    with work_of(world.nina) as work:
        Medication(work).enter(place, ledger, EntryKind.DELIVERY, Decimal(3))
    assert nina.act(page, {"ledger": str(ledger)}).status_code == 303
    assert nina.act(f"/patients/{another.patient_id}/administrations/{outside}/withdrawal/outside").status_code == 303
    assert lists(world, work_of) == (0, 0)
    assert "Uttak og doser stemmer" in nina.get("/keeping").text


def test_a_withdrawal_whose_signature_was_undone_by_another_unit_stands_as_one_without_dose(
    world: World, work_of: WorkOf, client_for: ClientFor, kept: tuple[UUID, UUID]
) -> None:
    place, ledger = kept
    dose = due(world, work_of)
    signed = give(world, work_of, dose)
    world.migrator.execute(
        "UPDATE medication.controlled_dose SET closed_as = 'undone' WHERE administration_id = %s", (signed,)
    )
    assert lists(world, work_of) == (0, 1)
    nina = client_for(world.nina)
    assert "Uttak uten dose" in nina.get("/keeping").text

    nina.act(f"/keeping/{place}/ledgers/{ledger}/take-back", {"number": "2"})

    assert lists(world, work_of) == (0, 0)


def test_her_own_are_opened_from_her_chart_and_the_units_list_does_not_name_her(
    world: World, client_for: ClientFor, item: str
) -> None:
    patient_id, nina = world.patient(family_name="Holdvik"), client_for(world.nina)
    assert "oppbevarer ingen" in nina.get(f"/patients/{patient_id}/holding").text
    place = nina.act(f"/patients/{patient_id}/holding").headers["Location"]
    assert nina.act(f"/patients/{patient_id}/holding").headers["Location"] == place
    nina.act(f"{place}/ledgers", {"item": item, "counted": "4"})

    assert "4 tabletter" in nina.get(f"/patients/{patient_id}/holding").text
    listed = nina.get("/keeping").text
    assert "Pasientens egne" in listed and "Holdvik" not in listed


def test_she_leaves_and_what_is_left_of_her_own_is_a_task(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient(related=False)
    with work_of(world.nina) as work:
        Care(work).admit(patient_id, world.ward["id"], kind="long_term")
    with work_of(world.nina) as work:
        place = Medication(work).open_holding(patient_id)
        Medication(work).start_ledger(place, hit_of(world), Decimal(2))
        Care(work).discharge(patient_id)

    assert [text for text in tasks(world, work_of, patient_id) if "Tell pasientens egne" in text]
