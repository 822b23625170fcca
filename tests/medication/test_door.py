"""Across the hospital door: no order goes on by itself, and somebody answers for the list until it is reconciled."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.app import JournalApp
from journal.care import Care
from journal.medication import Imported, Medication
from journal.medication.errors import NotReconciled
from journal.medication.rules import Course, DoseStatus, GivenBy, Supply, every_hours, when_needed
from journal.medication.rules.asking import AskOf, Question
from journal.medication.rules.door import UNRECONCILED, Crossing, is_overdue, reconcile_before, waits, why_not
from journal.medication.rules.reconciling import Choice
from journal.medication.rules.verbal import Act, AfterRefusal
from journal.permissions import Role
from journal.platform.errors import Conflict, Invalid, NoGround
from journal.platform.settings import Settings
from tests import factories
from tests.conftest import World
from tests.factories import Staff
from tests.medication import test_importing
from tests.medication.source_files import EVENING, medication_list
from tests.medication.test_expected import extend
from tests.medication.test_importing import EVERY_MORNING, take_in
from tests.medication.test_prescribe import ONE
from tests.medication.test_reconciling import choose, medicine, ours, theirs
from tests.medication.test_verbal_change import refuse, say

WorkOf = Callable[..., Any]
EVERY_4_H = every_hours(ONE, 4)
SAID = "Sykepleier Berg, Ullevål"


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def patient_id(world: World, work_of: WorkOf) -> UUID:
    """Who has lived in the ward for a month, on a list that is reconciled."""
    kari = world.patient(related=False, none_known=True)
    with work_of(world.nina) as work:
        Care(work).admit(kari, world.ward["id"], valid_from=work.now - timedelta(days=30))
    settle(world, work_of, kari)
    return kari


def prescribed(world: World, work_of: WorkOf, patient_id: UUID, dosage: Any = EVERY_4_H, *, use: str = "1") -> UUID:
    with work_of(world.lars) as work:
        made: UUID = Medication(work).prescribe(
            patient_id, medicine=factories.METOPROLOL, dosage=dosage, use=use, indication="atrieflimmer"
        )
        return made


def after(world: World, work_of: WorkOf, patient_id: UUID) -> Any:
    with work_of(world.nina) as work:
        return Medication(work).list_after_crossing(patient_id)


def settle(world: World, work_of: WorkOf, patient_id: UUID, by: Staff | None = None) -> None:
    crossing = after(world, work_of, patient_id)
    with work_of(by or world.nina) as work:
        Medication(work).settle_list(patient_id, crossing.id)


def to_hospital(world: World, work_of: WorkOf, patient_id: UUID, by: Staff | None = None, **more: Any) -> None:
    with work_of(by or world.siri) as work:
        Care(work).send_to_hospital(patient_id, place="Ullevål", **more)


def back(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with work_of(world.siri) as work:
        Care(work).return_from_leave(patient_id)


def confirm(
    world: World, work_of: WorkOf, patient_id: UUID, lines: dict[UUID, int], by: Staff | None = None, **more: Any
) -> None:
    crossing = after(world, work_of, patient_id)
    with work_of(by or world.nina) as work:
        Medication(work).confirm_lines(patient_id, crossing.id, lines=lines, **({"said_by": SAID} | more))


def states(world: World, entry_id: UUID) -> set[str]:
    """What is decided of the doses to come."""
    ahead = "SELECT DISTINCT state FROM medication.dose WHERE request_entry_id = %s AND due_at > now()"
    return {row[0] for row in world.migrator.execute(ahead, (entry_id,))}


def on_round(world: World, work_of: WorkOf, patient_id: UUID, by: Staff | None = None) -> Any:
    with work_of(by or world.nina) as work:
        rows = Medication(work).worklist(start=work.now, end=work.now + timedelta(hours=24))
    return next((row for row in rows if row.patient_id == patient_id), None)


def flagged(world: World, work_of: WorkOf, patient_id: UUID) -> list[bool]:
    with work_of(world.nina) as work:
        found = Medication(work).list_with_strip(patient_id)
    return [UNRECONCILED in medicine.flags for medicine in (*found.regular, *found.courses, *found.as_needed)]


def open_tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.nina) as work:
        return list(Care(work).open_tasks(patient_id))


def first_dose(world: World, work_of: WorkOf, patient_id: UUID) -> Any:
    with work_of(world.nina) as work:
        until = work.now + timedelta(days=1)
        return Medication(work).doses_due([patient_id], start=work.now, end=until)[patient_id][0]


def let_pass(world: World, patient_id: UUID, hours: int) -> None:
    """As if she had crossed the door so many hours before."""
    by = timedelta(hours=hours)
    world.migrator.execute(
        "UPDATE medication.crossing SET since = since - %s, reconcile_before = reconcile_before - %s,"
        " recorded_at = recorded_at - %s WHERE patient_id = %s",
        (by, by, by, patient_id),
    )
    world.migrator.execute(
        "UPDATE access.care_relationship SET valid_from = valid_from - %s WHERE practitioner_id IS NOT NULL AND patient_id = %s",
        (by, patient_id),
    )


# --- The rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("held", "active", True),
        ("held", "on-hold", False),
        ("open", "active", False),
        ("cancelled", "active", False),
        ("held", "stopped", False),
    ],
)
def test_a_dose_waits_when_it_is_held_and_nobody_has_paused_its_order(state: str, status: str, expected: bool) -> None:
    assert waits(state, status) is expected


@pytest.mark.parametrize(
    ("away", "prescriber", "equal", "newer_list", "may"),
    [
        (False, False, True, True, True),  # alike in the list that came
        (False, False, True, False, True),
        (False, False, None, False, True),  # the hospital says so, and no list has come
        (False, False, None, True, False),  # a list has come: that is what there is to go by
        (False, False, False, True, False),  # differs
        (False, True, False, True, True),  # a prescriber decides
        (False, True, None, True, True),
        (True, False, True, False, False),  # nobody, while she is in hospital
        (True, True, True, False, False),
    ],
)
def test_who_may_confirm_a_line(away: bool, prescriber: bool, equal: bool | None, newer_list: bool, may: bool) -> None:
    assert (why_not(away=away, prescriber=prescriber, equal=equal, newer_list=newer_list) is None) is may


def test_the_clock_runs_over_weekends_and_not_while_she_is_in_hospital() -> None:
    friday = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    limit = reconcile_before(Crossing.RETURN, friday, 24)
    assert limit == datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    assert is_overdue(limit, limit) and not is_overdue(limit, friday)
    assert reconcile_before(Crossing.HOSPITAL, friday, 24) is None and not is_overdue(None, friday)


# --- Out and in -----------------------------------------------------------------------------------------------------


def test_no_dose_is_expected_from_the_moment_she_is_sent_and_the_unit_is_told(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    dose = first_dose(world, work_of, patient_id)
    assert on_round(world, work_of, patient_id).total > 0

    to_hospital(world, work_of, patient_id)

    assert states(world, entry_id) == {"held"}
    row = on_round(world, work_of, patient_id)
    assert (row.total, row.crossing, row.reconcile_before) == (0, "hospital", None)
    (task,) = open_tasks(world, work_of, patient_id)
    assert task.text.startswith("Innlagt på sykehus: Ullevål.") and task.due_at is None
    with pytest.raises(NotReconciled, match="Samstem listen"), work_of(world.nina) as work:
        Medication(work).sign_given(patient_id, dose.id, request_version=1)
    # Nobody confirms a line while she is away.
    with pytest.raises(Conflict, match="Registrer retur"):
        confirm(world, work_of, patient_id, {entry_id: 1})


def test_nothing_goes_on_by_itself_when_she_is_back_and_the_worker_changes_nothing(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    world.migrator.execute(
        "UPDATE medication.request_plan SET planned_until = now() + interval '1 day' WHERE request_entry_id = %s",
        (entry_id,),
    )
    world.migrator.execute("DELETE FROM medication.dose WHERE request_entry_id = %s", (entry_id,))
    assert extend(world, work_of, patient_id)

    assert states(world, entry_id) == {"held"} and flagged(world, work_of, patient_id) == [True]
    with work_of(world.nina) as work:
        start = work.now + timedelta(days=1)
        due = Medication(work).doses_due([patient_id], start=start, end=start + timedelta(days=1))[patient_id]
    assert {dose.status for dose in due} == {DoseStatus.UNRECONCILED} and not any(dose.can_sign for dose in due)
    assert due[0].status_text == "ikke samstemt"
    row = on_round(world, work_of, patient_id)
    assert (row.total, row.crossing, row.away_until) == (0, "return", None)


def test_the_clock_has_an_owner_a_task_and_a_limit_and_goes_to_the_stand_in_when_it_has_passed(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    stand_in = factories.staff(world.builder, world.oslo, world.other_ward, "Vera Vikar", "doctor")
    world.store()
    with work_of(world.mona) as work:
        Medication(work).choose_signing_rule(version=0, within_hours=24, stand_in_id=stand_in.actor.person_id)
    with work_of(world.tora) as work:
        Medication(work).choose_door_hours(12, version=0)
    with pytest.raises(Conflict), work_of(world.tora) as work:
        Medication(work).choose_door_hours(6, version=0)
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)

    crossing = after(world, work_of, patient_id)
    assert (crossing.kind, crossing.owner, crossing.overdue) == (Crossing.RETURN, "Siri Strand", False)
    assert crossing.reconcile_before - crossing.since == timedelta(hours=12)
    task = open_tasks(world, work_of, patient_id)[0]
    assert task.text.endswith("Ansvar: Siri Strand.") and task.due_at == crossing.reconcile_before and not task.overdue
    with pytest.raises(NoGround), work_of(stand_in) as work:
        Medication(work).list_after_crossing(patient_id)

    with work_of(world.nina) as work:
        Medication(work).take_over_list(patient_id, crossing.id)
    assert after(world, work_of, patient_id).owner == "Nina Nordli"
    assert open_tasks(world, work_of, patient_id)[0].text.endswith("Ansvar: Nina Nordli.")

    let_pass(world, patient_id, 13)
    assert after(world, work_of, patient_id).overdue
    row = on_round(world, work_of, patient_id, stand_in)
    assert row is not None and row.reconcile_before < datetime.now(UTC)
    settle(world, work_of, patient_id, stand_in)
    assert on_round(world, work_of, patient_id).crossing is None
    assert on_round(world, work_of, patient_id, stand_in) is None
    assert [task.text for task in open_tasks(world, work_of, patient_id) if "Samstem" in task.text] == []


# --- Confirming -----------------------------------------------------------------------------------------------------


def test_a_nurse_confirms_what_the_hospital_says_is_unchanged_in_one_act_and_the_list_is_reconciled(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    with work_of(world.lars) as work:
        paused = Medication(work).prescribe(
            patient_id, medicine=medicine(work_of, world, "furix"), dosage=EVERY_MORNING, indication="ødem"
        )
        Medication(work).hold(patient_id, paused, version=1, reason="Lavt kalium")
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    lines = {entry_id: 1, paused: 2}
    with pytest.raises(Invalid):
        confirm(world, work_of, patient_id, lines, said_by=" ")
    with pytest.raises(Conflict):
        confirm(world, work_of, patient_id, {entry_id: 2})

    confirm(world, work_of, patient_id, lines)

    assert (states(world, entry_id), states(world, paused)) == ({"open"}, {"held"})
    assert flagged(world, work_of, patient_id) == [False, False]
    done = after(world, work_of, patient_id)
    assert (done.signed_by, done.overdue) == ("Nina Nordli", False)
    said = world.migrator.execute(
        "SELECT said_by, lines FROM medication.crossing_act WHERE patient_id = %s AND act = 'confirmed'", (patient_id,)
    ).fetchone()
    assert said is not None and said[0] == SAID and "metoprolol" in said[1][0]["text"]
    with pytest.raises(Conflict, match="Nina Nordli har alt signert"):
        settle(world, work_of, patient_id)


def test_what_was_late_when_she_left_is_not_given_when_she_is_back(world: World, work_of: WorkOf) -> None:
    kari, dose_id = factories.due_dose(
        world, due_at=datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=3)
    )
    to_hospital(world, work_of, kari)
    back(world, work_of, kari)
    with pytest.raises(NotReconciled), work_of(world.nina) as work:
        Medication(work).sign_given(kari, dose_id, request_version=1)
    with work_of(world.nina) as work:
        (line,) = Medication(work).waiting_lines(kari)
        # Who gave it all the same says so, as a fact beside the dose.
        assert Medication(work).also_given(kari, dose_id, request_version=1)
    confirm(world, work_of, kari, {line.request_entry_id: 1})
    found = world.migrator.execute("SELECT state FROM medication.dose WHERE id = %s", (dose_id,)).fetchone()
    assert found == ("held",)


def test_what_was_due_while_the_order_waited_is_not_to_be_given_late(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    dose = first_dose(world, work_of, patient_id)
    world.migrator.execute(
        "UPDATE medication.dose SET due_at = due_at - interval '4 hours 1 minute', ready_from = ready_from - interval '5 hours',"
        " late_after = late_after WHERE id = %s",
        (dose.id,),
    )
    confirm(world, work_of, patient_id, {entry_id: 1})
    found = world.migrator.execute("SELECT state FROM medication.dose WHERE id = %s", (dose.id,)).fetchone()
    assert found == ("held",)


def test_with_a_list_a_nurse_confirms_what_is_alike_and_a_prescriber_decides_what_differs(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    alike, other = medicine(work_of, world, "selo-zok"), medicine(work_of, world, "furix")
    same, differs = ours(world, work_of, patient_id, alike), ours(world, work_of, patient_id, other)
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    content = medication_list(theirs(world, alike, "e-1"), theirs(world, other, "e-2", when=EVENING))
    document_id = take_in(world, work_of, patient_id, content)

    with pytest.raises(Conflict, match="Det er kommet en liste"):
        confirm(world, work_of, patient_id, {same: 1})
    with pytest.raises(Conflict, match="En lege må bestemme"):
        confirm(world, work_of, patient_id, {same: 1, differs: 1}, document_id=document_id)
    confirm(world, work_of, patient_id, {same: 1}, document_id=document_id)
    assert (states(world, same), states(world, differs)) == ({"open"}, {"held"})
    with pytest.raises(Conflict, match="ingen har bekreftet"):
        settle(world, work_of, patient_id)

    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    assert states(world, differs) == {"open", "cancelled"}
    settle(world, work_of, patient_id)
    assert on_round(world, work_of, patient_id).crossing is None


def test_what_a_prescriber_asks_about_waits_and_what_she_keeps_goes_on(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    kept, asked = medicine(work_of, world, "selo-zok"), medicine(work_of, world, "furix")
    entries = [ours(world, work_of, patient_id, each) for each in (kept, asked)]
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    content = medication_list(*(theirs(world, of, of.generic_name, when=EVENING) for of in (kept, asked)))
    document_id = take_in(world, work_of, patient_id, content)
    with work_of(world.lars) as work:
        rows = Medication(work).comparison(patient_id, document_id).to_choose
        chosen = {r.key: Choice.ASK if r.ours and r.ours.name == asked.generic_name else Choice.KEEP for r in rows}
        questions = {key: Question(AskOf.GP) for key, choice in chosen.items() if choice is Choice.ASK}
        Medication(work).reconcile(patient_id, document_id, choices=chosen, questions=questions)
    assert [states(world, each) for each in entries] == [{"open"}, {"held"}]


def test_a_prescribers_change_lets_the_order_go_on_and_brings_back_nothing_from_the_hospital(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    to_hospital(world, work_of, patient_id, valid_from=datetime.now(UTC) - timedelta(hours=9))
    world.migrator.execute(
        "UPDATE medication.dose SET state = 'held' WHERE request_entry_id = %s AND state = 'open'", (entry_id,)
    )
    world.migrator.execute(
        "UPDATE medication.request_plan SET unconfirmed_since = now() - interval '9 hours' WHERE request_entry_id = %s",
        (entry_id,),
    )
    world.migrator.execute(
        "UPDATE medication.dose SET due_at = now() - interval '3 hours' WHERE id = %s",
        (first_dose(world, work_of, patient_id).id,),
    )
    back(world, work_of, patient_id)
    with work_of(world.lars) as work:
        Medication(work).change(
            patient_id, entry_id, version=1, dosage=every_hours(ONE, 6), reason="Lav puls", content={}
        )
    assert "open" in states(world, entry_id) and "held" not in states(world, entry_id)
    passed = world.migrator.execute(
        "SELECT state FROM medication.dose WHERE request_entry_id = %s AND due_at < now()", (entry_id,)
    )
    assert {row[0] for row in passed} == {"cancelled"}
    assert flagged(world, work_of, patient_id) == [False]


def test_a_medicine_as_needed_waits_too(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = prescribed(world, work_of, patient_id, when_needed(ONE, max_doses=4), use="3")
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    with work_of(world.nina) as work:
        (shown,) = Medication(work).as_needed(patient_id)
    assert UNRECONCILED in shown.flags and not shown.room.allowed and "ikke samstemt" in (shown.room.reason or "")
    give = {"request_version": 1, "confirmed": list(shown.cautions)}
    with pytest.raises(NotReconciled), work_of(world.nina) as work:
        Medication(work).sign_as_needed(patient_id, entry_id, **give)
    confirm(world, work_of, patient_id, {entry_id: 1})
    with work_of(world.nina) as work:
        Medication(work).sign_as_needed(patient_id, entry_id, **give)


# --- Other doors, mistakes and the edges ----------------------------------------------------------------------------


def test_a_stay_that_begins_makes_the_list_wait_and_one_by_mistake_lets_it_go_on(world: World, work_of: WorkOf) -> None:
    kari = world.patient(none_known=True)
    entry_id = prescribed(world, work_of, kari)
    with work_of(world.nina) as work:
        stay_id = Care(work).admit(kari, world.ward["id"], kind="short_term")
    assert states(world, entry_id) == {"held"}
    assert (after(world, work_of, kari).kind, on_round(world, work_of, kari).crossing) == (
        Crossing.SHORT_TERM,
        "short_term",
    )
    with work_of(world.nina) as work:
        Care(work).mark_stay_in_error(kari, stay_id, "feil pasient")
    assert states(world, entry_id) == {"open"} and flagged(world, work_of, kari) == [False]
    assert after(world, work_of, kari) is None and open_tasks(world, work_of, kari) == []


def test_respite_that_ends_makes_the_list_wait_at_home(world: World, work_of: WorkOf) -> None:
    kari = world.patient(none_known=True)
    with work_of(world.nina) as work:
        Care(work).admit(kari, world.ward["id"], kind="short_term")
    settle(world, work_of, kari)
    entry_id = prescribed(world, work_of, kari)
    with work_of(world.nina) as work:
        Care(work).discharge(kari)
    assert states(world, entry_id) == {"held"} and after(world, work_of, kari).kind is Crossing.HOME


def test_leave_is_no_hospital(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    with work_of(world.nina) as work:
        Care(work).leave(patient_id, place="Datteren")
        Care(work).return_from_leave(patient_id)
    assert states(world, entry_id) == {"open"}


def test_a_planned_stay_in_hospital_begins_when_it_is_planned_and_may_be_called_off(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    to_hospital(world, work_of, patient_id, valid_from=datetime.now(UTC) + timedelta(hours=30))
    assert states(world, entry_id) == {"open", "held"} and flagged(world, work_of, patient_id) == [False]
    assert on_round(world, work_of, patient_id).crossing is None
    back(world, work_of, patient_id)
    assert states(world, entry_id) == {"open"}


def test_what_was_ordered_after_the_departure_was_planned_waits_when_she_is_back_and_what_was_decided_there_does_not(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    to_hospital(world, work_of, patient_id)
    decided = prescribed(world, work_of, patient_id)
    back(world, work_of, patient_id)
    assert states(world, decided) == {"open"}

    to_hospital(world, work_of, patient_id, valid_from=datetime.now(UTC) + timedelta(hours=1))
    before_she_left = ours(world, work_of, patient_id, medicine(work_of, world, "furix"))
    let_pass_alone = (
        "UPDATE care.stay SET valid_from = now() WHERE patient_id = %s AND kind = 'hospital' AND valid_until IS NULL"
    )
    world.migrator.execute(let_pass_alone, (patient_id,))
    back(world, work_of, patient_id)
    assert states(world, before_she_left) == {"held"}


def test_who_lives_at_home_is_sent_to_hospital_and_comes_back_without_a_stay(world: World, work_of: WorkOf) -> None:
    kari = world.patient(none_known=True)
    with work_of(world.nina) as work:
        Care(work).grant_service(kari, system="9151", code="15", provider_unit_id=world.ward["id"])
    entry_id = prescribed(world, work_of, kari)
    to_hospital(world, work_of, kari)
    with pytest.raises(Conflict, match="alt registrert"):
        to_hospital(world, work_of, kari)
    assert states(world, entry_id) == {"held"}
    back(world, work_of, kari)
    with pytest.raises(Conflict, match="ikke registrert"):
        back(world, work_of, kari)
    confirm(world, work_of, kari, {entry_id: 1})
    assert states(world, entry_id) == {"open"}


def test_a_signature_that_is_corrected_while_the_order_waits_leaves_no_dose_to_give(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    dose = first_dose(world, work_of, patient_id)
    with work_of(world.nina) as work:
        signed = Medication(work).sign_given(patient_id, dose.id, request_version=1, confirmed=list(dose.cautions))
    with work_of(world.lars) as work:
        Medication(work).change(
            patient_id, entry_id, version=1, dosage=EVERY_4_H, reason="Ny tekst", content={"indication": "rytme"}
        )
    to_hospital(world, work_of, patient_id)
    with work_of(world.nina) as work:
        Medication(work).correct(patient_id, signed, reason="feil")
    assert states(world, entry_id) == {"held"}


def test_the_door_is_for_a_chart_that_is_open_and_for_no_other(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Medication(work).cross_door(patient_id, Crossing.HOSPITAL, since=work.now)
    assert world.siri.actor.role == Role.HEALTH_ASSISTANT
    crossing = after(world, work_of, patient_id)
    call = "SELECT medication.cross_door(CAST(:c AS uuid[]), :i, 'hospital', NULL, NULL, now(), NULL, NULL, NULL)"
    with pytest.raises(sa.exc.DBAPIError, match="the chart is not open"), work_of(world.unn) as work:
        work.db.execute(sa.text(call), {"c": [patient_id], "i": crossing.id})


def test_the_door_lets_nobody_in_but_whom_the_municipality_has_named(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    call = """SELECT medication.cross_door(CAST(:c AS uuid[]), gen_random_uuid(), 'return', NULL, NULL, now(),
        now() + interval '1 day', :stand_in, 'Unn')"""
    with pytest.raises(sa.exc.DBAPIError, match="nobody has named"), work_of(world.nina) as work:
        Care(work).open_tasks(patient_id)
        work.db.execute(sa.text(call), {"c": [patient_id], "stand_in": world.unn.actor.person_id})


def test_another_supply_confirms_nothing_and_the_doses_follow_it(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    with work_of(world.lars) as work:
        told = {"supply": Supply.DOSETT, "given_by": GivenBy.PATIENT, "reason": "Dosett fra i dag"}
        Medication(work).change_supply(patient_id, entry_id, version=1, **told)
    assert (states(world, entry_id), flagged(world, work_of, patient_id)) == ({"held"}, [True])

    confirm(world, work_of, patient_id, {entry_id: 2})

    assert states(world, entry_id) == {"open"}
    assert {first_dose(world, work_of, patient_id).version} == {2}


def test_a_refusal_that_leaves_the_order_as_it_is_confirms_nothing(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    say(world, work_of, patient_id, entry_id, Act.CHANGE)
    with work_of(world.lars) as work:
        told = {"supply": Supply.DOSETT, "given_by": GivenBy.PATIENT, "reason": "Dosett fra i dag"}
        Medication(work).change_supply(patient_id, entry_id, version=2, **told)
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)

    refuse(world, work_of, patient_id, AfterRefusal.LEAVE, version=3)

    assert (states(world, entry_id), flagged(world, work_of, patient_id)) == ({"held"}, [True])


def test_a_course_that_counts_has_all_its_doses_after_the_hospital(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    counted = replace(EVERY_4_H, course=Course(None, None, doses=9))
    entry_id = prescribed(world, work_of, patient_id, counted, use="2")
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    assert states(world, entry_id) == {"held"}

    confirm(world, work_of, patient_id, {entry_id: 1})

    ahead = "SELECT count(*), max(course_number) FROM medication.dose WHERE request_entry_id = %s AND state = 'open'"
    assert world.migrator.execute(ahead, (entry_id,)).fetchone() == (9, 9)
