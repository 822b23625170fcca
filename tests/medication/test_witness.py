"""A dose that wants two signatures: the first one signs it, and it waits, plainly, until another person has signed too."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.medication import DueDose, Medication
from journal.medication.errors import WitnessedAlready, WitnessIsSigner
from journal.medication.rules import Reason, when_needed
from journal.platform.errors import NotFound
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_caution import due, stored
from tests.medication.test_sign import doses, order, sign

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]


@pytest.fixture
def dose(world: World, work_of: WorkOf) -> DueDose:
    return due(world, work_of, two_signatures=True)


def again(world: World, work_of: WorkOf, dose: DueDose) -> DueDose:
    return next(shown for shown in doses(world, work_of, dose.patient_id) if shown.id == dose.id)


def witness(work_of: WorkOf, by: Staff, dose: DueDose, signature: UUID) -> None:
    with work_of(by) as work:
        Medication(work).witness(dose.patient_id, signature)


def test_it_waits_until_another_has_signed_and_the_first_keeps_her_place(
    world: World, work_of: WorkOf, dose: DueDose
) -> None:
    assert not dose.awaits_witness  # not given yet
    signature = sign(world, work_of, dose)
    assert again(world, work_of, dose).awaits_witness

    witness(work_of, world.siri, dose, signature)

    shown = again(world, work_of, dose)
    assert shown.signed is not None
    assert (shown.signed.by_name, shown.witnessed_by, shown.also_given) == ("Nina Nordli", "Siri Strand", ())
    assert not shown.awaits_witness


def test_nobody_is_her_own_witness(world: World, work_of: WorkOf, dose: DueDose) -> None:
    signature = sign(world, work_of, dose)

    with pytest.raises(WitnessIsSigner, match="En annen enn deg"):
        witness(work_of, world.nina, dose, signature)

    assert stored(world, dose.patient_id) == [("signature", "completed")]


def test_the_database_lets_nobody_be_her_own_witness_whatever_the_program_does(
    world: World, work_of: WorkOf, dose: DueDose
) -> None:
    signature = sign(world, work_of, dose)
    copy = """INSERT INTO medication.medication_administration (patient_id, id, municipality_id, unit_id, recorded_by,
        recorded_by_name, recorded_role, dose_id, request_id, request_version, kind, witness_of_id, status, result, effective_at,
        amount, unit) SELECT patient_id, gen_random_uuid(), municipality_id, unit_id, %s, recorded_by_name, recorded_role, dose_id,
        request_id, request_version, 'witness', id, status, result, effective_at, amount, unit
        FROM medication.medication_administration WHERE id = %s"""

    with pytest.raises(psycopg.errors.CheckViolation, match="by another person"):
        world.migrator.execute(copy, (world.nina.actor.person_id, signature))
    world.migrator.execute(copy, (world.siri.actor.person_id, signature))
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_live_witness_per_signature"):
        world.migrator.execute(copy, (world.lars.actor.person_id, signature))


def test_of_many_who_want_to_be_the_second_one_is(world: World, work_of: WorkOf, dose: DueDose) -> None:
    signature = sign(world, work_of, dose)

    def attempt(by: Staff) -> str:
        try:
            witness(work_of, by, dose, signature)
        except WitnessedAlready as told:
            return told.detail.split(" signerte")[0]
        return "signed"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, [world.siri, world.lars] * 2))

    assert answers.count("signed") == 1
    assert set(answers) - {"signed"} <= {"Siri Strand", "Lars Haugen"}
    assert stored(world, dose.patient_id) == [("signature", "completed"), ("witness", "completed")]


def test_a_second_signature_is_of_the_first_and_falls_with_it(world: World, work_of: WorkOf, dose: DueDose) -> None:
    signature = sign(world, work_of, dose)
    witness(work_of, world.siri, dose, signature)
    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signature, reason="Angret")

    with pytest.raises(NotFound):
        witness(work_of, world.lars, dose, signature)
    sign(world, work_of, dose)

    assert again(world, work_of, dose).awaits_witness


def test_only_a_dose_that_wants_two_and_was_given_has_a_second(world: World, work_of: WorkOf, dose: DueDose) -> None:
    ordinary = due(world, work_of)
    signature = sign(world, work_of, ordinary)
    with work_of(world.nina) as work:
        refusal = Medication(work).sign_not_given(dose.patient_id, dose.id, request_version=1, reason=Reason.REFUSED)

    for of, signed in ((ordinary, signature), (dose, refusal)):
        with pytest.raises(NotFound):
            witness(work_of, world.siri, of, signed)
    assert not again(world, work_of, dose).awaits_witness


def test_a_dose_signed_twice_is_one_dose_given(world: World, work_of: WorkOf, dose: DueDose) -> None:
    """What is counted against the most in 24 hours is doses, not signatures."""
    witness(work_of, world.siri, dose, sign(world, work_of, dose))
    dosage = when_needed(Quantity(Decimal(1), "tablett"), max_doses=2)
    entry_id = order(world, work_of, dose.patient_id, dosage=dosage, use="3")

    with work_of(world.nina) as work:
        (shown,) = Medication(work).as_needed(dose.patient_id)
        Medication(work).sign_as_needed(dose.patient_id, entry_id, request_version=1)

    assert len(shown.given) == 1


def test_the_card_says_that_it_waits_and_another_signs_with_one_tap(
    world: World, work_of: WorkOf, client_for: ClientFor, dose: DueDose
) -> None:
    signature, page = sign(world, work_of, dose), f"/round?patient={dose.patient_id}"
    hers, other = client_for(world.nina).get(page).text, client_for(world.siri).get(page).text
    assert "Venter på andre signatur" in hers and "Signer som nummer to" not in hers
    assert "Venter på andre signatur" in other and "Signer som nummer to" in other

    answer = client_for(world.siri).act(f"/patients/{dose.patient_id}/administrations/{signature}/witness")

    assert answer.status_code == 303
    shown = client_for(world.nina).get(page).text
    assert "av deg, andre signatur av Siri Strand" in shown
    assert "Venter på" not in shown
    told = client_for(world.lars).act(f"/patients/{dose.patient_id}/administrations/{signature}/witness")
    assert told.status_code == 409
    assert "Siri Strand signerte som nummer to" in told.text


def test_a_dose_that_is_called_off_is_shown_no_more_when_its_signature_is_undone_though_two_had_signed(
    world: World, work_of: WorkOf, dose: DueDose
) -> None:
    signature = sign(world, work_of, dose)
    witness(work_of, world.siri, dose, signature)
    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signature, reason="Feil dose")
    assert again(world, work_of, dose).can_sign

    with work_of(world.lars) as work:
        Medication(work).stop(dose.patient_id, dose.request_entry_id, version=1, reason="Ikke lenger aktuelt")

    assert dose.id not in [shown.id for shown in doses(world, work_of, dose.patient_id)]


@pytest.fixture
def needed(world: World, work_of: WorkOf) -> tuple[UUID, UUID]:
    """A medicine as needed that two sign for, given once by Nina: its patient and the signature."""
    patient_id = world.patient()
    dosage = when_needed(Quantity(Decimal(1), "tablett"), max_doses=4)
    entry_id = order(world, work_of, patient_id, dosage=dosage, use="3", two_signatures=True)
    with work_of(world.nina) as work:
        signed: UUID = Medication(work).sign_as_needed(patient_id, entry_id, request_version=1)
    return patient_id, signed


def test_a_dose_as_needed_waits_for_its_second_too(
    world: World, work_of: WorkOf, client_for: ClientFor, needed: tuple[UUID, UUID]
) -> None:
    patient_id, signature = needed
    sheet, nina, siri = f"/patients/{patient_id}/as-needed", client_for(world.nina), client_for(world.siri)
    hers, other = nina.get(sheet).text, siri.get(sheet).text
    assert "Venter på andre signatur" in hers and "Signer som nummer to" not in hers and "Er du alene?" in hers
    assert "Signer som nummer to" in other and "Er du alene?" not in other

    url = f"/patients/{patient_id}/administrations/{signature}/witness?as_needed=1"
    assert nina.act(url).status_code == 422
    signed = siri.act(url)

    assert (signed.status_code, signed.location) == (303, sheet)
    assert "Venter på andre signatur" not in nina.get(sheet).text
    with work_of(world.nina) as work:
        (shown,) = Medication(work).as_needed(patient_id)
    assert (len(shown.given), shown.awaits) == (1, ())


def test_who_is_alone_with_a_dose_as_needed_says_why(
    world: World, client_for: ClientFor, needed: tuple[UUID, UUID]
) -> None:
    patient_id, signature = needed
    sheet, nina = f"/patients/{patient_id}/as-needed", client_for(world.nina)

    url = f"/patients/{patient_id}/administrations/{signature}/alone?as_needed=1"
    assert nina.act(url, {"reason": "night"}).location == sheet

    assert "Venter på andre signatur" not in nina.get(sheet).text
    assert "Nina Nordli" in client_for(world.siri).get("/keeping/alone").text
