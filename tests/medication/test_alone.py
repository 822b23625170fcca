"""A dose that wants two signatures, where there is no second person: alone, with a reason, and another looks afterwards."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.care import Care
from journal.medication import DueDose, Medication
from journal.medication.errors import WitnessIsSigner
from journal.medication.rules.alone import AloneReason
from journal.medication.service import Alone
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_caution import due as plain_due
from tests.medication.test_ledger import due, entries, give, keep, tasks
from tests.medication.test_sign import doses, sign

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]


@pytest.fixture
def kept(world: World, work_of: WorkOf) -> tuple[UUID, UUID]:
    return keep(world, work_of, 10)


@pytest.fixture
def dose(world: World, work_of: WorkOf, kept: tuple[UUID, UUID]) -> DueDose:
    return due(world, work_of, two_signatures=True)


def say(
    work_of: WorkOf, by: Staff, dose: DueDose, signature: UUID, reason: AloneReason = AloneReason.NIGHT, text: str = ""
) -> None:
    with work_of(by) as work:
        Medication(work).sign_alone(dose.patient_id, signature, reason, text)


def check(work_of: WorkOf, by: Staff, dose: DueDose, signature: UUID, counted: int | None = None) -> None:
    with work_of(by) as work:
        said = None if counted is None else Decimal(counted)
        Medication(work).check_alone(dose.patient_id, signature, said)


def listed(work_of: WorkOf, by: Staff) -> list[Alone]:
    with work_of(by) as work:
        found: list[Alone] = Medication(work).signed_alone()
    return found


def again(world: World, work_of: WorkOf, dose: DueDose) -> DueDose:
    return next(shown for shown in doses(world, work_of, dose.patient_id) if shown.id == dose.id)


def test_one_who_is_alone_says_why_and_the_dose_waits_for_nobody(
    world: World, work_of: WorkOf, dose: DueDose, kept: tuple[UUID, UUID]
) -> None:
    signature = give(world, work_of, dose)
    assert again(world, work_of, dose).awaits_witness

    say(work_of, world.nina, dose, signature)

    shown = again(world, work_of, dose)
    assert (shown.awaits_witness, shown.alone, shown.witnessed_by) == (False, "night", None)
    assert shown.signed is not None and shown.signed.by_name == "Nina Nordli"
    with pytest.raises(NotFound):
        say(work_of, world.nina, dose, signature)
    with pytest.raises(NotFound), work_of(world.siri) as work:
        Medication(work).witness(dose.patient_id, signature)


def test_only_whoever_signed_says_that_there_was_nobody_else_and_other_wants_words(
    world: World, work_of: WorkOf, dose: DueDose
) -> None:
    signature = give(world, work_of, dose)

    with pytest.raises(Denied, match="Bare den som signerte"):
        say(work_of, world.siri, dose, signature)
    with pytest.raises(Invalid):
        say(work_of, world.nina, dose, signature, AloneReason.OTHER)
    assert listed(work_of, world.mona) == []

    say(work_of, world.nina, dose, signature, AloneReason.OTHER, "Kollegaen er på sykehuset")
    with work_of(world.siri) as work:
        assert Medication(work).dose_alone(dose.patient_id, signature).words == "Kollegaen er på sykehuset"


def test_what_one_signature_is_enough_for_is_signed_alone_by_nobody(world: World, work_of: WorkOf) -> None:
    ordinary = due(world, work_of)
    with pytest.raises(NotFound):
        say(work_of, world.nina, ordinary, give(world, work_of, ordinary))


def test_the_next_shift_has_a_task_and_counts_the_account_the_dose_was_taken_from(
    world: World, work_of: WorkOf, dose: DueDose, kept: tuple[UUID, UUID]
) -> None:
    signature = give(world, work_of, dose)
    say(work_of, world.nina, dose, signature)
    with work_of(world.siri) as work:
        (task,) = Care(work).open_tasks(dose.patient_id)
        assert "Signert alene: oksykodon" in task.text and task.due_at > work.now

    with pytest.raises(WitnessIsSigner):
        check(work_of, world.nina, dose, signature, 9)
    with pytest.raises(Invalid):  # a controlled drug is counted, and not looked at
        check(work_of, world.siri, dose, signature)
    check(work_of, world.siri, dose, signature, 9)

    assert entries(world, work_of, *kept)[-1] == ("count", 0, 9)
    assert tasks(world, work_of, dose.patient_id) == []
    (row,) = listed(work_of, world.mona)
    assert (row.by_name, row.checked_by, row.account, row.place) == (
        "Nina Nordli",
        "Siri Strand",
        "oksykodon 5 mg",
        "Narkotikaskap",
    )
    with pytest.raises(Conflict, match="Siri Strand gjorde dette"):
        check(work_of, world.lars, dose, signature, 9)


def test_a_count_that_another_has_made_since_is_enough_and_one_by_whoever_signed_is_not(
    world: World, work_of: WorkOf, dose: DueDose, kept: tuple[UUID, UUID]
) -> None:
    place, ledger = kept
    signature = give(world, work_of, dose)
    say(work_of, world.nina, dose, signature)
    with work_of(world.nina) as work:
        Medication(work).count(place, {ledger: Decimal(9)})
    with pytest.raises(Invalid):
        check(work_of, world.siri, dose, signature)

    with work_of(world.lars) as work:
        Medication(work).count(place, {ledger: Decimal(9)})
    with work_of(world.siri) as work:
        assert Medication(work).dose_alone(dose.patient_id, signature).counted_by == "Lars Haugen"
    check(work_of, world.siri, dose, signature)

    assert [row[0] for row in entries(world, work_of, place, ledger)] == ["opening", "withdrawal", "count", "count"]
    assert listed(work_of, world.mona)[0].checked_by == "Siri Strand"


def test_what_is_in_no_account_is_looked_over(world: World, work_of: WorkOf) -> None:
    """Insulin, or whatever the prescriber wants two for."""
    dose = plain_due(world, work_of, two_signatures=True)
    signature = sign(world, work_of, dose)
    say(work_of, world.nina, dose, signature, AloneReason.HOME)
    assert (listed(work_of, world.mona)[0].account, listed(work_of, world.mona)[0].counted) == (None, False)

    check(work_of, world.siri, dose, signature)

    assert listed(work_of, world.mona)[0].checked_by == "Siri Strand"
    assert tasks(world, work_of, dose.patient_id) == []


def test_it_falls_with_the_signature_and_its_task_with_it(
    world: World, work_of: WorkOf, dose: DueDose, kept: tuple[UUID, UUID]
) -> None:
    signature = give(world, work_of, dose)
    say(work_of, world.nina, dose, signature)
    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signature, reason="Angret")

    assert listed(work_of, world.mona) == []
    assert tasks(world, work_of, dose.patient_id) == []
    with pytest.raises(NotFound):
        check(work_of, world.siri, dose, signature, 10)
    give(world, work_of, dose)
    assert again(world, work_of, dose).awaits_witness


def test_the_database_lets_nobody_check_her_own(world: World, work_of: WorkOf, dose: DueDose) -> None:
    signature = give(world, work_of, dose)
    say(work_of, world.nina, dose, signature)
    of = world.nina.stamp | {"patient_id": dose.patient_id, "administration_id": signature}
    columns = ", ".join(of)
    write = f"INSERT INTO medication.alone_check ({columns}, signed_by) VALUES ({', '.join(['%s'] * len(of))}, %s)"

    with pytest.raises(psycopg.errors.CheckViolation, match="alone_checked_by_another"):
        world.migrator.execute(write, (*of.values(), world.nina.actor.person_id))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        world.migrator.execute(write, (*of.values(), world.lars.actor.person_id))


def test_the_card_asks_whoever_signed_and_one_tap_is_enough(
    world: World, work_of: WorkOf, client_for: ClientFor, dose: DueDose
) -> None:
    signature, page = give(world, work_of, dose), f"/round?patient={dose.patient_id}"
    alone = f"/patients/{dose.patient_id}/administrations/{signature}/alone"
    assert "Er du alene?" in client_for(world.nina).get(page).text
    assert "Er du alene?" not in client_for(world.siri).get(page).text

    missing = client_for(world.nina).act(alone, {"reason": "other", "text": ""})
    assert missing.status_code == 422 and "Skriv hvorfor du signerer alene." in missing.text
    assert client_for(world.nina).act(alone, {"reason": "night"}).status_code == 303

    hers, other = client_for(world.nina).get(page).text, client_for(world.siri).get(page).text
    assert "Signert alene: natt." in hers and "Kontroller den" not in hers
    assert "Signert alene: natt." in other and f'href="{alone}"' in other
    assert "Venter på andre signatur" not in hers
    assert client_for(world.lars).act(f"{alone.removesuffix('alone')}witness").status_code == 404


def test_the_task_of_a_dose_signed_alone_is_done_by_the_control_alone(
    world: World, work_of: WorkOf, client_for: ClientFor, dose: DueDose
) -> None:
    signature = give(world, work_of, dose)
    say(work_of, world.nina, dose, signature, AloneReason.NIGHT)
    with work_of(world.siri) as work:
        (task,) = Care(work).open_tasks(dose.patient_id)
    assert task.kind == "alone"
    tasks, page = f"/patients/{dose.patient_id}/tasks", f"/patients/{dose.patient_id}/administrations/{signature}/alone"

    for who in (world.nina, world.siri):
        client = client_for(who)
        assert page in client.get("/tasks").text and page in client.get(tasks).text
        assert client.act(f"{tasks}/{task.entry_id}/done", {}).status_code == 409
        assert client.act(f"{tasks}/{task.entry_id}/complete", {"outcome": "Sett på"}).status_code == 409
        assert client.act(f"{tasks}/{task.entry_id}/in-error", {"reason": "Dobbelt"}).status_code == 409
    assert "/keeping/alone" in client_for(world.mona).get("/tasks").text

    check(work_of, world.siri, dose, signature, 9)
    with work_of(world.siri) as work:
        assert not Care(work).open_tasks(dose.patient_id)


def test_the_list_says_who_when_and_what_account_and_no_patient_until_her_chart_is_opened(
    world: World, work_of: WorkOf, client_for: ClientFor, kept: tuple[UUID, UUID]
) -> None:
    dose = due(world, work_of, two_signatures=True)
    signature = give(world, work_of, dose)
    say(work_of, world.nina, dose, signature, AloneReason.OTHER, "Kollegaen falt i trappa")
    looked = "SELECT count(*) FROM audit.access_log WHERE patient_id = %s AND actor_id = %s"
    mona = world.mona.actor.person_id

    shown = client_for(world.mona).get("/keeping/alone").text

    assert "Nina Nordli" in shown and "Narkotikaskap" in shown and "Ikke talt ennå" in shown
    assert "nordmann" not in shown.lower() and "falt i trappa" not in shown
    assert "Åpne journalen og kontroller" not in shown  # a manager gives no medicines
    assert "Åpne journalen og kontroller" not in client_for(world.nina).get("/keeping/alone").text
    assert world.migrator.execute(looked, (dose.patient_id, mona)).fetchone() == (0,)

    page = f"/patients/{dose.patient_id}/administrations/{signature}/alone"
    siri = client_for(world.siri)
    assert page in siri.get("/keeping/alone").text
    opened = siri.get(page).text
    assert (
        "Kollegaen falt i trappa" in opened
        and "nordmann" in opened.lower()
        and "Tell oksykodon 5 mg i Narkotikaskap" in opened
    )
    wrong = siri.act(f"{page}/check", {"counted": "1.000"})
    assert wrong.status_code == 422 and 'value="1.000"' in wrong.text
    assert siri.act(f"{page}/check", {"counted": ""}).status_code == 422
    assert siri.act(f"{page}/check", {"counted": "8"}).status_code == 303
    assert "Siri Strand" in client_for(world.mona).get("/keeping/alone").text
    assert "Avvik som ikke er forklart" in client_for(world.mona).get("/keeping").text
