"""What the report to the drug registry needs of a dose is known when it is signed, and what lacks is on a list the same day."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from journal.medication import Medication, Medicine
from journal.medication.rules import Reason, every_hours
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_sign import doses, order, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


def test_what_lacks_is_on_the_list_the_same_day_and_nobody_is_opened_for_the_rest(
    world: World, work_of: WorkOf, client_for: ClientFor, access_log: Callable[..., list[Any]]
) -> None:
    by_hand, refused, far = (
        world.patient(family_name="Hansen"),
        world.patient(),
        world.patient(at=world.bodo_ward, by=world.bodil),
    )
    no_strength = every_hours(Quantity(Decimal(1), "tablett"), 1)
    for patient_id in (by_hand, refused):
        order(world, work_of, patient_id, medicine=Medicine("hjemmelaget"), dosage=no_strength)
    signed = sign(world, work_of, doses(world, work_of, by_hand)[0])
    (other, *_rest) = doses(world, work_of, refused)
    with work_of(world.nina) as work:
        Medication(work).sign_not_given(refused, other.id, request_version=1, reason=Reason.REFUSED)
    looks = len(access_log(refused))

    page = client_for(world.nina).get("/medication/registry").text

    assert "Hansen" in page and "hjemmelaget" in page and "<td>1 " in page
    assert "har ingen kode fra FEST" in page and "Styrken er ikke kjent" in page
    assert len(access_log(refused)) == looks and access_log(far) == []
    with work_of(world.nina) as work:
        assert Medication(work).patients_lacking_for_registry() == [by_hand]
        Medication(work).correct(by_hand, signed, reason="Feil")
    with work_of(world.nina) as work:
        assert Medication(work).patients_lacking_for_registry() == []
        assert Medication(work).lacking_for_registry([by_hand]) == {by_hand: []}
