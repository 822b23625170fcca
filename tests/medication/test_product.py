"""The product at hand: named before the signature, stored with it, and refused where it is not what is ordered."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import DueDose, Medication, Medicine
from journal.medication.errors import ConfirmationMissing, ProductMissing
from journal.medication.rules import Caution, every_hours, when_needed
from journal.medication.rules.patches import OldPatch, Site
from journal.platform.ids import new_id
from journal.platform.quantity import NBSP, Quantity
from tests.conftest import Browser, World
from tests.medication.test_sign import doses, order, prescribe, sign

pytestmark = pytest.mark.usefixtures("small_catalogue")

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

HALF = Quantity(Decimal("0.5"), "ml")
MG = Quantity(Decimal(10), "mg")
GTIN = "07046261234566"


def found(world: World, work_of: WorkOf, words: str, name: str) -> Medicine:
    with work_of(world.lars) as work:
        hits = Medication(work).search_catalogue(words, everything=True).hits
        return next(hit.medicine for hit in hits if hit.name == name)


def number(world: World, name: str) -> str:
    row = world.migrator.execute(
        "SELECT item_number FROM medication.catalogue_item WHERE kind = 'package' AND name_form_strength = %s", (name,)
    ).fetchone()
    assert row is not None
    return str(row[0])


def another_strength(world: World, of: str, strength: int, name: str) -> str:
    """A brand as `of` with another concentration, and a pack of it; answers with the pack's number."""
    item, brand, package, vnr = "medication.catalogue_item", new_id(), new_id(), f"8{new_id().int % 100_000:05}"
    columns = "atc_code, generic_name, brand_name, form, form_code, route, route_code, prescription_group, dose_unit"
    for kind, fest_id in (("brand", brand), ("package", package)):
        world.migrator.execute(
            f"""INSERT INTO {item} (id, fest_id, kind, active, prescribable, name_form_strength, item_number, barcodes, {columns})
                SELECT %s, %s, kind, true, false, %s, %s, %s, {columns} FROM {item}
                WHERE name_form_strength = %s AND kind = %s""",
            (new_id(), fest_id, name, vnr if kind == "package" else None, [], of, kind),
        )
    world.migrator.execute(
        "INSERT INTO medication.catalogue_reference (fest_id, kind, target_id) VALUES (%s, 'brand', %s)",
        (package, brand),
    )
    world.migrator.execute(
        """INSERT INTO medication.catalogue_ingredient (fest_id, position, substance_id, value, unit, per_value, per_unit)
           SELECT %s, position, substance_id, %s, unit, per_value, per_unit FROM medication.catalogue_ingredient
           WHERE fest_id = (SELECT fest_id FROM medication.catalogue_item WHERE name_form_strength = %s AND kind = 'brand')""",
        (brand, strength, of),
    )
    return vnr


OWN = "Morfin inj 10 mg/ml"


@pytest.fixture
def morphine(world: World, work_of: WorkOf) -> DueDose:
    medicine = found(world, work_of, "morfin", OWN)
    patient_id = world.patient(family_name="Hansen")
    order(world, work_of, patient_id, medicine=medicine, dosage=every_hours(HALF, 1, strength_per_unit=MG))
    return doses(world, work_of, patient_id)[0]


SEEN = (Caution.GROUP_A,)


def used(world: World, patient_id: UUID) -> Any:
    return world.migrator.execute(
        """SELECT ordered_name, given_name, said, batch, expires_on::text, exchange, second FROM medication.product_used
           WHERE patient_id = %s""",
        (patient_id,),
    ).fetchall()


def test_an_injection_is_not_signed_before_its_pack_is_named(world: World, work_of: WorkOf, morphine: DueDose) -> None:
    assert morphine.needs_product
    with pytest.raises(ProductMissing):
        sign(world, work_of, morphine, confirmed=SEEN)

    assert doses(world, work_of, morphine.patient_id)[0].can_sign
    assert used(world, morphine.patient_id) == []


def test_the_pack_is_stored_with_the_signature_by_both_names(world: World, work_of: WorkOf, morphine: DueDose) -> None:
    world.migrator.execute(
        "UPDATE medication.catalogue_item SET barcodes = %s WHERE item_number = %s", ([GTIN[1:]], number(world, OWN))
    )

    sign(world, work_of, morphine, confirmed=SEEN, product=f"01{GTIN}17991231" + "10AB12")

    said = "Trekk opp 0,5 ml av 10 mg i 1 ml = 5 mg"
    (row,) = used(world, morphine.patient_id)
    assert (row[0], row[1], row[2].replace(NBSP, " "), *row[3:]) == (OWN, OWN, said, "AB12", "2099-12-31", 0, False)
    signed = doses(world, work_of, morphine.patient_id)[0]
    assert signed.product_used is not None
    assert signed.product_used.replace(NBSP, " ") == f"{said}. Fra {OWN}."
    assert not signed.awaits_witness


def test_an_expired_and_an_unknown_pack_sign_nothing(world: World, work_of: WorkOf, morphine: DueDose) -> None:
    world.migrator.execute(
        "UPDATE medication.catalogue_item SET barcodes = %s WHERE item_number = %s", ([GTIN[1:]], number(world, OWN))
    )
    for code in (f"01{GTIN}17200131", "000000", number(world, "Selo-Zok depottab 50 mg"), "tull"):
        with pytest.raises(ProductMissing):
            sign(world, work_of, morphine, confirmed=SEEN, product=code)

    assert doses(world, work_of, morphine.patient_id)[0].can_sign


def test_another_concentration_is_another_volume_that_must_be_seen(
    world: World, work_of: WorkOf, morphine: DueDose
) -> None:
    name = "Morfin inj 20 mg/ml"
    code = another_strength(world, OWN, 20, name)

    with pytest.raises(ConfirmationMissing):
        sign(world, work_of, morphine, confirmed=SEEN, product=code)
    sign(world, work_of, morphine, confirmed=(*SEEN, Caution.PRODUCT), product=code)

    (row,) = used(world, morphine.patient_id)
    said = "Trekk opp 0,25 ml av 20 mg i 1 ml = 5 mg"
    assert (row[0], row[1], row[2].replace(NBSP, " "), row[5]) == (OWN, name, said, 2)
    shown = doses(world, work_of, morphine.patient_id)[0].product_used
    assert shown is not None
    assert shown.endswith(f"Fra {name}, ordinert {OWN}.")


def test_an_unusual_volume_waits_for_a_second_person(world: World, work_of: WorkOf) -> None:
    medicine, patient_id = found(world, work_of, "morfin", OWN), world.patient()
    much = every_hours(Quantity(Decimal(3), "ml"), 1, strength_per_unit=MG)
    order(world, work_of, patient_id, medicine=medicine, dosage=much)
    due = doses(world, work_of, patient_id)[0]

    with pytest.raises(ConfirmationMissing, match=r"3.ml er mye på én gang\. En annen skal kontrollere"):
        sign(world, work_of, due, confirmed=SEEN, product=number(world, OWN))
    signed = sign(world, work_of, due, confirmed=(*SEEN, Caution.PRODUCT), product=number(world, OWN))

    assert doses(world, work_of, patient_id)[0].awaits_witness
    with work_of(world.siri) as work:
        Medication(work).witness(patient_id, signed)
    assert not doses(world, work_of, patient_id)[0].awaits_witness


def test_an_ordinary_dose_of_the_catalogue_wants_no_pack(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id, medicine=found(world, work_of, "selo-zok 50", "Selo-Zok depottab 50 mg"))
    due = doses(world, work_of, patient_id)[0]

    sign(world, work_of, due)

    assert (due.needs_product, used(world, patient_id)) == (False, [])


def test_an_ordinary_dose_from_another_pack_than_the_ordered_is_of_that_pack(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id, name, half = world.patient(), "Selo-Zok depottab 50 mg", "Selo-Zok depottab 25 mg"
    one = every_hours(Quantity(Decimal(1), "tablett"), 1, strength_per_unit=Quantity(Decimal(50), "mg"))
    order(world, work_of, patient_id, medicine=found(world, work_of, "selo-zok 50", name), dosage=one)
    (dose, *_), nina = doses(world, work_of, patient_id), client_for(world.nina)
    card, url = f"/round?patient={patient_id}", f"/patients/{patient_id}/doses/{dose.id}/given"

    plain = nina.get(card).get_data(as_text=True)
    asked = nina.get(f"{card}&dose={dose.id}").get_data(as_text=True)
    chosen = nina.get(f"{card}&dose={dose.id}&scan={number(world, half)}").get_data(as_text=True)
    product = {"request_version": "1", "product": number(world, half)}
    unseen = nina.act(url, product)
    signed = nina.act(url, product | {"confirmed[]": "product"})

    assert f'action="{url}' in plain
    assert f"dose={dose.id}" in plain
    assert f'action="{url}' not in asked
    assert "Det er den ordinerte" in asked
    assert '<b class="nw">2 tabletter</b>' in chosen.replace(NBSP, " ")
    assert (unseen.status_code, signed.status_code) == (422, 303)
    assert [row[:2] for row in used(world, patient_id)] == [(name, half)]


def test_what_the_catalogue_has_no_pack_of_is_signed_without_and_says_so(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    (dose, *_), nina = doses(world, work_of, patient_id), client_for(world.nina)

    asked = nina.get(f"/round?patient={patient_id}&dose={dose.id}").get_data(as_text=True)
    refused = nina.act(f"/patients/{patient_id}/doses/{dose.id}/given", {"request_version": "1", "product": "123456"})

    assert "Katalogen har ingen pakninger av dette legemidlet" in asked
    assert "Det er den ordinerte" in asked
    assert refused.status_code == 422
    assert doses(world, work_of, patient_id)[0].can_sign


def test_a_patch_is_not_signed_before_its_pack_is_named_and_one_of_another_strength_never(
    world: World, work_of: WorkOf
) -> None:
    patient_id, name = world.patient(), "Exelon depotplaster 9,5 mg/24 timer"
    one = every_hours(Quantity(Decimal(1), "plaster"), 1)
    order(world, work_of, patient_id, medicine=found(world, work_of, "exelon 9,5", name), dosage=one)
    (due, *_), worn = doses(world, work_of, patient_id), {"site": Site.CHEST_LEFT, "old_patch": OldPatch.NONE}

    with pytest.raises(ProductMissing, match="Velg pakningen"):
        sign(world, work_of, due, **worn)
    with pytest.raises(ProductMissing) as refused:
        sign(world, work_of, due, product=number(world, "Exelon depotplaster 4,6 mg/24 timer"), **worn)
    assert "ikke byttes" in str(refused.value.fields["errors"]["product"])
    sign(world, work_of, due, product=number(world, name), **worn)

    assert [row[:2] for row in used(world, patient_id)] == [(name, name)]


def test_a_dose_that_was_given_and_only_now_is_settled_wants_no_pack(
    world: World, work_of: WorkOf, morphine: DueDose
) -> None:
    sign(world, work_of, morphine, confirmed=SEEN, afterwards=True)

    assert doses(world, work_of, morphine.patient_id)[0].signed is not None


def test_one_as_needed_wants_its_pack_too(world: World, work_of: WorkOf, client_for: ClientFor) -> None:
    medicine, patient_id = found(world, work_of, "morfin", OWN), world.patient()
    with work_of(world.lars) as work:
        dosage = when_needed(HALF, max_doses=4, strength_per_unit=MG)
        started = {"starts_at": work.now - timedelta(hours=1), "use": "3"}
        entry = prescribe(work, patient_id, medicine=medicine, dosage=dosage, **started)
    nina, sheet = client_for(world.nina), f"/patients/{patient_id}/as-needed"
    code = number(world, OWN)

    first = nina.get(sheet).get_data(as_text=True)
    refused = nina.act(f"{sheet}/{entry}", {"request_version": "1", "confirmed[]": "group-a"})
    chosen = nina.get(f"{sheet}?dose={entry}&scan={code}").get_data(as_text=True)
    given = nina.act(f"{sheet}/{entry}", {"request_version": "1", "confirmed[]": "group-a", "product": code})

    assert "Skann pakningen" in first
    assert "Signer gitt" not in first
    assert refused.status_code == 422
    assert '<b class="nw">0,5 ml</b> av 10 mg i 1 ml' in chosen.replace(NBSP, " ")
    assert f'name="product" value="{code}"' in chosen
    assert given.status_code == 303
    assert [row[1] for row in used(world, patient_id)] == [OWN]


def test_the_card_asks_for_the_pack_then_speaks_of_it_and_then_signs(
    world: World, client_for: ClientFor, morphine: DueDose
) -> None:
    nina, patient_id, code = client_for(world.nina), morphine.patient_id, number(world, OWN)
    round = f"/round?patient={patient_id}&dose={morphine.id}"

    first = nina.get(round).get_data(as_text=True)
    wrong = nina.get(f"{round}&scan=000000").get_data(as_text=True)
    chosen = nina.get(f"{round}&scan={code}").get_data(as_text=True)
    url = f"/patients/{patient_id}/doses/{morphine.id}/given"
    form = {"request_version": "1", "confirmed[]": "group-a"}
    refused = nina.act(url, form)
    signed = nina.act(url, form | {"product": code})

    own = f'action="{url}'
    assert own not in first
    assert f"scan={code}" in first
    assert own not in wrong
    assert "Pakningen er ikke blant katalogens pakninger av morfin." in wrong
    assert own in chosen
    assert 'Trekk opp <b class="nw">0,5 ml</b> av 10 mg i 1 ml' in chosen.replace(NBSP, " ")
    assert (refused.status_code, signed.status_code) == (422, 303)
    assert f"Fra {OWN}." in nina.get(signed.location).get_data(as_text=True)


def test_what_a_nurse_wrote_of_the_pack_stands_when_the_signature_is_refused(
    world: World, client_for: ClientFor, morphine: DueDose
) -> None:
    nina, code = client_for(world.nina), number(world, OWN)
    url = f"/patients/{morphine.patient_id}/doses/{morphine.id}/given"

    refused = nina.act(url, {"request_version": "1", "product": code})

    assert refused.status_code == 422
    assert f'name="product" value="{code}"' in refused.get_data(as_text=True)


def test_the_round_asks_one_statement_more_and_only_where_a_dose_wants_its_pack(
    world: World, work_of: WorkOf, client_for: ClientFor, morphine: DueDose, count_queries: list[str]
) -> None:
    plain = world.patient(family_name="Olsen")
    order(world, work_of, plain, medicine=found(world, work_of, "selo-zok 50", "Selo-Zok depottab 50 mg"))
    nina = client_for(world.nina)

    def asked(patient_id: UUID) -> int:
        count_queries.clear()
        nina.get(f"/round?patient={patient_id}")
        return sum("catalogue_item" in statement for statement in count_queries)

    assert (asked(morphine.patient_id), asked(plain)) == (1, 0)
