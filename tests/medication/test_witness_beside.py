"""The second signature on the first one's screen: another who is signed in on the same device signs with her own PIN."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.access import pin_rules
from journal.app import JournalApp
from journal.medication import DueDose, Medication
from journal.platform.ids import new_id
from tests import factories
from tests.access.test_locking import OTHER, PIN, WRONG, Screen, screen, ward_pc, with_pin
from tests.conftest import World
from tests.medication.test_caution import due
from tests.medication.test_sign import doses, sign

__all__ = ["screen", "ward_pc", "with_pin"]

WorkOf = Callable[..., Any]
Migrator = psycopg.Connection[Any]


@pytest.fixture
def dose(world: World, work_of: WorkOf) -> DueDose:
    return due(world, work_of, two_signatures=True)


@pytest.fixture
def pc(world: World, ward_pc: Screen, with_pin: Callable[..., None], migrator: Migrator, app: JournalApp) -> Screen:
    """Siri was at it, and Nina is: each has a PIN."""
    with_pin(world.siri)
    with_pin(world.nina, pin=OTHER)
    ward_pc.sign_in(world.siri)
    ward_pc.sign_in(world.nina)
    # A while ago: nobody is at work elsewhere.
    migrator.execute(
        "UPDATE access.session SET seen_at = seen_at - interval '1 minute' WHERE person_id = %s",
        (world.siri.actor.person_id,),
    )
    return ward_pc


def second(pc: Screen, dose: DueDose, signature: UUID, session_id: UUID, pin: str) -> Any:
    path = f"/patients/{dose.patient_id}/administrations/{signature}/witness-beside"
    return pc.post(path, command_id=str(new_id()), second_session=str(session_id), second_pin=pin)


def shown(world: World, work_of: WorkOf, dose: DueDose) -> DueDose:
    return next(each for each in doses(world, work_of, dose.patient_id) if each.id == dose.id)


def test_a_colleague_signs_with_her_pin_in_her_own_name_and_the_screen_stays_the_firsts(
    world: World, work_of: WorkOf, pc: Screen, dose: DueDose, access_log: Callable[..., list[Any]]
) -> None:
    signature = sign(world, work_of, dose)
    page = pc.get(f"/round?patient={dose.patient_id}").text
    assert "Siri Strand signerer her" in page and "witness-beside" in page

    answer = second(pc, dose, signature, pc.session_of(world.siri), PIN)

    assert answer.status_code == 303
    again = shown(world, work_of, dose)
    assert (again.signed and again.signed.by_name, again.witnessed_by) == ("Nina Nordli", "Siri Strand")
    assert "andre signatur av Siri Strand" in pc.get(f"/round?patient={dose.patient_id}").text, "Nina is still here"
    looks = [(row.actor_name, row.outcome) for row in access_log(dose.patient_id) if row.actor_name == "Siri Strand"]
    assert looks and {outcome for _name, outcome in looks} == {"success"}, "what she signs stands in the log as hers"
    told = world.migrator.execute(
        "SELECT failures FROM access.pin WHERE person_id = %s", (world.siri.actor.person_id,)
    ).fetchone()
    assert told == (0,)


def test_five_wrong_end_her_pin_and_nothing_is_signed(world: World, work_of: WorkOf, pc: Screen, dose: DueDose) -> None:
    signature, hers = sign(world, work_of, dose), pc.session_of(world.siri)

    for _ in range(5):
        answer = second(pc, dose, signature, hers, WRONG)
        assert answer.status_code == 422
        card = answer.text[answer.text.index(f'id="dose-{dose.id}"') :]
        assert "PIN-koden stemte ikke" in card and WRONG not in answer.text
    assert second(pc, dose, signature, hers, PIN).status_code == 422

    assert shown(world, work_of, dose).awaits_witness


def test_her_own_pin_another_device_and_an_ended_session_sign_nothing(
    world: World, work_of: WorkOf, pc: Screen, screen: Callable[[], Screen], dose: DueDose, with_pin: Any
) -> None:
    signature = sign(world, work_of, dose)
    own = second(pc, dose, signature, pc.session_of(world.nina), OTHER)
    assert own.status_code == 422 and "PIN-koden stemte ikke" in own.text
    with_pin(world.lars)
    elsewhere = screen()
    elsewhere.sign_in(world.lars)
    assert second(pc, dose, signature, pc.session_of(world.lars), PIN).status_code == 422
    hers = pc.session_of(world.siri)
    world.migrator.execute("UPDATE access.session SET ended_at = now() WHERE id = %s", (hers,))
    assert second(pc, dose, signature, hers, PIN).status_code == 422

    assert shown(world, work_of, dose).awaits_witness


def test_what_she_may_not_is_refused_though_her_pin_is_right(
    world: World, work_of: WorkOf, pc: Screen, dose: DueDose, with_pin: Any, access_log: Callable[..., list[Any]]
) -> None:
    """An administrator gives no medicines; and whose screen it is must herself have a ground for the patient."""
    with_pin(world.tora)
    pc.sign_in(world.tora)
    pc.sign_in(world.nina)
    signature = sign(world, work_of, dose)
    assert second(pc, dose, signature, pc.session_of(world.tora), PIN).status_code == 403
    assert shown(world, work_of, dose).awaits_witness

    # Olga gives this patient's medicines, and Nina, at whose screen it is, has nothing to do with her.
    olga = factories.staff(world.builder, world.oslo, world.other_ward, "Olga Olsen", "nurse")
    world.store()
    with_pin(olga)
    pc.sign_in(olga)
    pc.sign_in(world.nina)
    far = dose._replace(patient_id=world.patient(at=world.other_ward))
    assert second(pc, far, signature, pc.session_of(olga), PIN).status_code == 403
    assert {row.actor_name for row in access_log(far.patient_id)} == {"Nina Nordli"}, (
        "refused before anything of Olga's"
    )
    with work_of(world.nina) as work:
        assert Medication(work).dose(dose.patient_id, dose.id).awaits_witness


def test_what_the_database_is_told_of_who_signs_beside_is_signed(migrator: Migrator, app: JournalApp) -> None:
    assert pin_rules.matches(None, PIN, app.settings.secret_key) is False
    with app.works.sessions() as db, pytest.raises(Exception, match="forged call"):
        import sqlalchemy as sa

        db.execute(sa.text("SELECT access.person_beside('{}', 'x')"))
