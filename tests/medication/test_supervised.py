"""A student gives medicines with her supervisor beside: one PIN for what stands on the screen, and both in every dose."""

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.app import JournalApp
from journal.medication import DueDose, Medication
from journal.medication.errors import (
    DoseAlreadySigned,
    NoAuthority,
    NotWatched,
    OrderChanged,
    SupervisorSigns,
)
from journal.medication.fhir import administration_to_fhir
from journal.medication.rules import Caution, Reason, every_hours
from journal.medication.rules.authority import Act
from journal.medication.rules.supervised import TWO_TEXT, holds_until, why_not
from journal.medication.rules.without_order import Cause
from journal.medication.unordered_tables import GivenWithoutOrder
from journal.platform.caller import Known
from journal.platform.errors import Denied, NoGround
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests import factories
from tests.access.test_locking import OTHER, PIN, WRONG, Screen, screen, ward_pc, with_pin
from tests.conftest import World
from tests.factories import Staff
from tests.medication.dosetts import bags, laid_in
from tests.medication.test_caution import due
from tests.medication.test_ledger import OXYCODONE, keep
from tests.medication.test_prepared_web import sent
from tests.medication.test_sign import change, doses, order
from tests.pdf_reading import words

__all__ = ["screen", "ward_pc", "with_pin"]

WorkOf = Callable[..., Any]
Migrator = psycopg.Connection[Any]
BOTH = "Stine Student (student, veileder Nina Nordli)"


@pytest.fixture
def stine(world: World) -> Staff:
    made = factories.staff(world.builder, world.oslo, world.ward, "Stine Student", "student", supervisor=world.nina)
    world.store()
    # As PostgreSQL would say who she is, in a session.
    return replace(made, actor=replace(made.actor, name=BOTH, session_id=new_id()))


@pytest.fixture
def dose(world: World, work_of: WorkOf) -> DueDose:
    return due(world, work_of)


@pytest.fixture
def pc(world: World, ward_pc: Screen, with_pin: Callable[..., None], stine: Staff, migrator: Migrator) -> Screen:
    """The student is at it; her supervisor has signed in on it, and has a PIN."""
    with_pin(world.nina)
    with_pin(stine, pin=OTHER)
    ward_pc.sign_in(world.nina)
    ward_pc.sign_in(stine)
    away(migrator, world.nina)
    return ward_pc


def away(migrator: Migrator, staff: Staff) -> None:
    """She is at work nowhere else."""
    migrator.execute(
        "UPDATE access.session SET seen_at = seen_at - interval '1 minute' WHERE person_id = %s",
        (staff.actor.person_id,),
    )


def round_of(pc: Screen, patient_id: UUID) -> str:
    return html.unescape(pc.get(f"/round?patient={patient_id}").text)


def say_beside(world: World, pc: Screen, dose: DueDose, pin: str = PIN, of: Staff | None = None, **form: Any) -> Any:
    """The supervisor writes her PIN under the doses that the student's page shows."""
    shown = re.findall(r'name="doses\[\]" value="([^"]+)"', pc.get(f"/round?patient={dose.patient_id}").text)
    said = {"doses[]": shown, "second_session": str(pc.session_of(of or world.nina)), "second_pin": pin} | form
    return pc.post(f"/patients/{dose.patient_id}/stand-beside", command_id=str(new_id()), **said)


def give(pc: Screen, dose: DueDose, act: str = "given-supervised", **form: Any) -> Any:
    said = {"command_id": str(new_id()), "request_version": str(dose.version)} | form
    return pc.post(f"/patients/{dose.patient_id}/doses/{dose.id}/{act}", **said)


def beside(work_of: WorkOf, world: World, stine: Staff, *of: DueDose) -> None:
    with work_of(world.nina) as work:
        Medication(work).stand_beside(of[0].patient_id, stine.actor, {each.id: each.version for each in of})


def sign(work_of: WorkOf, stine: Staff, dose: DueDose, **more: Any) -> UUID:
    with work_of(stine) as work:
        signed: UUID = Medication(work).sign_given_supervised(
            dose.patient_id, dose.id, **({"request_version": dose.version} | more)
        )
    return signed


def she_left(migrator: Migrator, patient_id: UUID) -> None:
    """Eleven minutes go by."""
    migrator.execute(
        "UPDATE medication.supervision SET recorded_at = recorded_at - interval '11 minutes', until = until - interval '11 minutes'"
        " WHERE patient_id = %s",
        (patient_id,),
    )


def stored(migrator: Migrator, dose: DueDose) -> list[Any]:
    return migrator.execute(
        "SELECT recorded_by_name, recorded_role, supervised_by, supervised_by_name FROM medication.medication_administration"
        " WHERE dose_id = %s AND in_error_at IS NULL",
        (dose.id,),
    ).fetchall()


def test_one_pin_for_the_patient_and_one_tap_for_each_dose_with_both_names_wherever_it_is_shown(
    world: World, work_of: WorkOf, pc: Screen, dose: DueDose, stine: Staff, migrator: Migrator, access_log: Any
) -> None:
    first, second = doses(world, work_of, dose.patient_id)[:2]
    page = pc.get(f"/round?patient={dose.patient_id}").text
    assert "PIN-koden til Nina Nordli" in page and "/given-supervised" not in page, (
        "nothing to sign before she is there"
    )
    assert 'href="/round"' in page and not re.search("/as-needed|/without-order|/round/unsettled", page)

    assert say_beside(world, pc, dose).status_code == 303
    page = pc.get(f"/round?patient={dose.patient_id}").text
    assert "Nina Nordli står ved siden av til kl." in page and PIN not in page
    assert give(pc, first).status_code == 303 == give(pc, second, "not-given-supervised", reason="refused").status_code

    nina = world.nina.actor
    row = (BOTH, "student", nina.person_id, "Nina Nordli")
    assert stored(migrator, first) == stored(migrator, second) == [row]
    page = pc.get(f"/round?patient={dose.patient_id}").text
    assert f"av {BOTH}" in page and "undo-supervised" in page
    assert f"/administrations/{first.id}/correct" not in page
    with work_of(world.nina) as work:
        shown = Medication(work).dose(dose.patient_id, first.id)
        start, end = first.due_at.replace(year=2000), first.due_at.replace(year=2100)
        whole = Medication(work).whole_given(dose.patient_id, start=start, end=end)
    assert shown.signed and shown.signed.by_name == BOTH
    told = [administration_to_fhir(each)["performer"] for each in whole]
    assert all(
        [(p["function"]["coding"][0]["code"], p["actor"]["display"]) for p in performers]
        == [("performer", BOTH), ("witness", "Nina Nordli")]
        for performers in told
    )
    lines = {(r.actor_name, r.action, r.supervised_by_name) for r in access_log(dose.patient_id)}
    assert (BOTH, "medication:give", "Nina Nordli") in lines
    assert ("Nina Nordli", "medication:administer", None) in lines, "her own look, by her own ground"


@pytest.mark.parametrize("page", ["chart", "transfer", "transfer/print"])
def test_the_chart_the_transfer_sheet_and_the_paper_say_both(
    world: World, work_of: WorkOf, client_for: Any, stine: Staff, dose: DueDose, page: str
) -> None:
    beside(work_of, world, stine, dose)
    sign(work_of, stine, dose)
    answer = client_for(world.nina).get(f"/patients/{dose.patient_id}/medication/{page}")
    assert answer.status_code == 200 and BOTH in words(answer)


def test_without_the_right_pin_of_the_right_person_nothing_can_be_signed(
    world: World, pc: Screen, dose: DueDose, with_pin: Any, stine: Staff, migrator: Migrator
) -> None:
    wrong = say_beside(world, pc, dose, WRONG)
    assert wrong.status_code == 422 and "PIN-koden stemte ikke" in wrong.text and WRONG not in wrong.text
    with_pin(world.siri)
    pc.sign_in(world.siri)
    pc.sign_in(stine)
    away(migrator, world.siri)
    assert say_beside(world, pc, dose, of=world.siri).status_code == 403, "another nurse is not her supervisor"
    assert say_beside(world, pc, dose, OTHER, of=stine).status_code == 422, "nor is she herself"
    refused = give(pc, dose)
    assert refused.status_code == 409 and "Veilederen din må stå ved siden av deg" in refused.text
    assert stored(migrator, dose) == []


def test_it_holds_for_what_the_screen_showed_for_her_in_that_session_and_no_longer(
    world: World, work_of: WorkOf, stine: Staff, migrator: Migrator
) -> None:
    patient_id = world.patient()
    entry = order(world, work_of, patient_id)
    first, second, third = doses(world, work_of, patient_id)[:3]
    beside(work_of, world, stine, first, second)
    with pytest.raises(NotWatched):
        sign(work_of, stine, third)
    other = replace(stine, actor=replace(stine.actor, session_id=new_id()))
    with pytest.raises(NotWatched):
        sign(work_of, other, first)
    with pytest.raises(NotWatched):
        sign(work_of, world.nina, first)
    with work_of(world.lars) as work:
        change(work, patient_id, entry, dosage=every_hours(Quantity(Decimal(2), "tablett"), 1), reason="Mer", version=1)
    with pytest.raises(OrderChanged):
        sign(work_of, stine, first)
    now = next(each for each in doses(world, work_of, patient_id) if each.id == first.id)
    with pytest.raises(NotWatched):
        sign(work_of, stine, now)
    beside(work_of, world, stine, now)
    she_left(migrator, patient_id)
    with pytest.raises(NotWatched):
        sign(work_of, stine, now)


def test_nobody_answers_for_what_changed_before_she_said_so(
    world: World, work_of: WorkOf, stine: Staff, dose: DueDose
) -> None:
    with pytest.raises(OrderChanged):
        beside(work_of, world, stine, dose._replace(version=2))
    with pytest.raises(OrderChanged):
        beside(work_of, world, stine, dose, due(world, work_of))


def test_who_is_not_her_supervisor_and_who_has_no_ground_stand_beside_nobody(
    world: World, work_of: WorkOf, stine: Staff, dose: DueDose
) -> None:
    seen = {dose.id: dose.version}
    with work_of(world.siri) as work, pytest.raises(Denied):
        Medication(work).stand_beside(dose.patient_id, stine.actor, seen)
    with work_of(world.nina) as work, pytest.raises(Denied):
        Medication(work).stand_beside(dose.patient_id, world.siri.actor, seen)
    far = world.patient(at=world.bodo_ward)
    with pytest.raises(NoGround), work_of(world.nina) as work:
        Medication(work).stand_beside(far, stine.actor, seen)


def test_the_authority_that_is_asked_for_is_the_supervisors(world: World, work_of: WorkOf, migrator: Migrator) -> None:
    """A health assistant to whom little is delegated watches over no more than that."""
    ada = factories.staff(world.builder, world.oslo, world.ward, "Ada Aas", "health_assistant")
    made = factories.staff(world.builder, world.oslo, world.ward, "Sander Student", "student", supervisor=ada)
    world.store()
    sander = replace(made, actor=replace(made.actor, session_id=new_id()))
    dose = due(world, work_of)
    with work_of(ada) as work:
        Medication(work).stand_beside(dose.patient_id, sander.actor, {dose.id: dose.version})
    with pytest.raises(NoAuthority, match="Veilederen din har ikke fullmakt til å gi fra originalpakning"):
        sign(work_of, sander, dose)
    with work_of(sander) as work:
        shown = Medication(work).doses_due([dose.patient_id], start=dose.due_at, end=dose.due_at.replace(year=2100))
        watched = Medication(work).watched(dose.patient_id, shown[dose.patient_id])
    assert "fra originalpakning" in watched.why_not[dose.id] and not watched.may_be(shown[dose.patient_id][0])


def test_a_student_is_none_of_two_and_takes_nothing_out_of_the_account(
    world: World, work_of: WorkOf, stine: Staff
) -> None:
    two = due(world, work_of, two_signatures=True)
    beside(work_of, world, stine, two)
    with pytest.raises(SupervisorSigns, match="to signaturer"):
        sign(work_of, stine, two)
    keep(world, work_of, 10)
    controlled = due(world, work_of, medicine=OXYCODONE)
    beside(work_of, world, stine, controlled)
    with pytest.raises(SupervisorSigns, match="regnskapet"):
        sign(work_of, stine, controlled, confirmed=[Caution.GROUP_A])


def test_of_many_taps_one_signs(world: World, work_of: WorkOf, stine: Staff, dose: DueDose) -> None:
    beside(work_of, world, stine, dose)

    def attempt(_: int) -> str:
        try:
            sign(work_of, stine, dose)
        except DoseAlreadySigned as error:
            assert error.fields["signed_by"] == BOTH
            return "told"
        return "signed"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(attempt, range(6))) == ["signed", *["told"] * 5]


def test_what_she_signed_she_takes_back_while_the_supervisor_is_there_and_nobody_elses(
    world: World, work_of: WorkOf, stine: Staff, dose: DueDose, migrator: Migrator
) -> None:
    first, second = doses(world, work_of, dose.patient_id)[:2]
    beside(work_of, world, stine, first, second)
    hers = sign(work_of, stine, first)
    with work_of(world.nina) as work:
        ninas = Medication(work).sign_not_given(
            dose.patient_id, second.id, request_version=second.version, reason=Reason.REFUSED
        )
    with work_of(stine) as work, pytest.raises(SupervisorSigns, match="egne signaturer"):
        Medication(work).undo_supervised(dose.patient_id, ninas)
    with work_of(stine) as work:
        Medication(work).undo_supervised(dose.patient_id, hers)
    assert stored(migrator, first) == []
    again = sign(work_of, stine, first)
    she_left(migrator, dose.patient_id)
    with work_of(stine) as work, pytest.raises(NotWatched):
        Medication(work).undo_supervised(dose.patient_id, again)


def test_a_bag_is_one_tap_for_a_student_too_and_is_taken_back_as_one(
    world: World, work_of: WorkOf, pc: Screen, stine: Staff, migrator: Migrator
) -> None:
    laid = laid_in(world, work_of)
    with work_of(world.siri) as work:
        Medication(work).control(laid.patient_id, laid.prepared_id)
    of_bag = [line.dose_id for line in bags(world, work_of, laid.patient_id)[0].lines]
    dose = next(each for each in doses(world, work_of, laid.patient_id) if each.id in of_bag)
    before = round_of(pc, laid.patient_id)
    assert "/given-supervised?" not in before and str(dose.id) in before
    assert say_beside(world, pc, dose).status_code == 303

    url, form = sent(round_of(pc, laid.patient_id), "given-supervised")
    assert "/prepared/" in url
    with work_of(world.lars) as work, pytest.raises(NotWatched):
        seen = {UUID(key.partition(".")[0]): 1 for key in form["doses[]"]}
        at = datetime.fromisoformat(form["at"])
        Medication(work).sign_bag_supervised(laid.patient_id, laid.prepared_id, due_at=at, seen=seen)
    given = pc.post(url, command_id=str(new_id()), **form)
    assert given.status_code == 303, given.text
    assert [stored(migrator, dose._replace(id=id))[0][0] for id in of_bag] == [BOTH] * len(of_bag)

    url, form = sent(round_of(pc, laid.patient_id), "undo-supervised")
    assert pc.post(url, command_id=str(new_id()), **form).status_code == 303
    assert [stored(migrator, dose._replace(id=id)) for id in of_bag] == [[]] * len(of_bag)


def test_a_students_signature_takes_two_statements_more_than_a_nurses(
    world: World, pc: Screen, client_for: Any, work_of: WorkOf, dose: DueDose, count_queries: list[str]
) -> None:
    first, second, third, fourth = dose, *(due(world, work_of) for _ in range(3))
    for each in (first, second):
        assert say_beside(world, pc, each).status_code == 303
    nina = client_for(world.nina)

    def cost(act: Callable[[], Any]) -> int:
        count_queries.clear()
        assert act().status_code == 303
        return len(count_queries)

    def nurse(each: DueDose) -> Any:
        return nina.act(f"/patients/{each.patient_id}/doses/{each.id}/given", {"request_version": "1"})

    give(pc, first), nurse(third)
    assert cost(lambda: give(pc, second)) == cost(lambda: nurse(fourth)) + 2


# What PostgreSQL holds, whatever the program does.


def written(app: JournalApp, who: Staff, dose: DueDose, row: dict[str, Any], *, given: bool = True) -> None:
    with app.works.open(Known(who.actor)) as work:
        Medication(work).dose(dose.patient_id, dose.id)
        request = work.db.scalar(sa.text("SELECT request_id FROM medication.dose WHERE id = :id"), {"id": dose.id})
        values = {
            "patient_id": dose.patient_id, "id": new_id(), "dose_id": dose.id, "request_id": request,
            "request_version": dose.version, "status": "completed", "result": "1", "effective_at": work.now,
            "amount": 1, "unit": "tablett",
        } | row  # fmt: skip
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        work.db.execute(
            sa.text(f"INSERT INTO medication.medication_administration ({names}) VALUES ({places})"), values
        )


def supervision(migrator: Migrator, dose: DueDose) -> dict[str, Any]:
    row = migrator.execute(
        "SELECT id, recorded_by, recorded_by_name FROM medication.supervision WHERE %s = ANY (dose_ids)"
        " ORDER BY until DESC LIMIT 1",
        (dose.id,),
    ).fetchone()
    assert row is not None
    return dict(zip(("supervision_id", "supervised_by", "supervised_by_name"), row, strict=True))


def test_postgresql_refuses_a_students_dose_without_her_supervisor_or_with_anything_else(
    world: World, app: JournalApp, work_of: WorkOf, stine: Staff, dose: DueDose, migrator: Migrator
) -> None:
    third = doses(world, work_of, dose.patient_id)[2]
    with pytest.raises(sa.exc.IntegrityError, match="student_beside_her_supervisor"):
        written(app, stine, dose, {})
    beside(work_of, world, stine, dose)
    held = supervision(migrator, dose)
    for wrong in (
        {"supervised_by": world.siri.actor.person_id},
        {"supervised_by_name": "Siri Strand"},
        {"request_version": 2},
        {"kind": "also_given"},
        {"performer_id": world.siri.actor.person_id, "performer_name": "Siri Strand"},
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            written(app, stine, dose, held | wrong)
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        written(app, stine, third, held)
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        written(app, replace(stine, actor=replace(stine.actor, session_id=new_id())), dose, held)
    with pytest.raises(sa.exc.SQLAlchemyError, match=r"row-level security|student_beside"):
        written(app, world.nina, dose, held)
    she_left(migrator, dose.patient_id)
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        written(app, stine, dose, held)
    beside(work_of, world, stine, dose)
    written(app, stine, dose, supervision(migrator, dose))


def test_postgresql_refuses_the_second_of_two_and_a_supervisor_who_is_not_hers(
    world: World, app: JournalApp, work_of: WorkOf, stine: Staff, migrator: Migrator
) -> None:
    two = due(world, work_of, two_signatures=True)
    beside(work_of, world, stine, two)
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        written(app, stine, two, supervision(migrator, two))
    claims = replace(stine.actor, supervised_by=world.siri.actor.person_id)
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), work_of(world.siri) as work:
        Medication(work).stand_beside(two.patient_id, claims, {two.id: two.version})


def test_postgresql_takes_nothing_that_nobody_ordered_from_a_student(
    world: World, app: JournalApp, work_of: WorkOf, stine: Staff, dose: DueDose
) -> None:
    beside(work_of, world, stine, dose)
    with pytest.raises(sa.exc.IntegrityError, match="not_by_a_student"), app.works.open(Known(stine.actor)) as work:
        Medication(work).dose(dose.patient_id, dose.id)
        row = GivenWithoutOrder(
            patient_id=dose.patient_id, id=new_id(), cause=Cause.EMERGENCY.value, medicine="Paracet", amount=Decimal(1),
            unit="tablett", reason="legen sa det", effective_at=work.now,
        )  # fmt: skip
        work.db.add(row)
        work.db.flush()


# What could be explained without a computer.


def test_the_supervisors_word_holds_for_ten_minutes() -> None:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert holds_until(now) == datetime(2026, 11, 23, 8, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("two", "lacking", "said"),
    [
        (False, set(), None),
        (True, set(), TWO_TEXT),
        (True, {Act.PACK}, TWO_TEXT),
        (False, {Act.PACK}, "Veilederen din har ikke fullmakt til å gi fra originalpakning."),
        (
            False,
            {Act.INSULIN, Act.AS_NEEDED},
            "Veilederen din har ikke fullmakt til å gi ved behov, gi insulin.",
        ),
    ],
)
def test_what_the_supervisor_signs_herself(two: bool, lacking: set[Act], said: str | None) -> None:
    assert why_not(two_signatures=two, lacking=lacking) == said
