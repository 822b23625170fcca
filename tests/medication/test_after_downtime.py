"""After the journal was away: its doses are unknown, neither late nor missed, until what the paper says is written in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal import worker
from journal.care import Care
from journal.medication import Medication
from journal.medication.errors import ConfirmationMissing, DoseAlreadySigned
from journal.medication.rules import Caution, DoseStatus, Reason, when_needed
from journal.medication.rules.downtime import Known
from journal.platform.caller import Known as KnownCaller
from journal.platform.clock import hhmm, local
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.quantity import Quantity
from tests import factories
from tests.authorities import authority
from tests.conftest import Browser, World
from tests.factories import METOPROLOL
from tests.medication.test_ledger import OXYCODONE, entries, keep
from tests.orders import medication_request

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
LIST = "/round/after-downtime"
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def away(world: World, work_of: WorkOf, now: datetime, **more: Any) -> UUID:
    """The journal was away from six hours ago until an hour ago; answers with the entry."""
    said = {"unit_id": None, "began_at": now - 6 * HOUR, "ended_at": now - HOUR, "why": "Strømbrudd"} | more
    with work_of(world.mona) as work:
        Medication(work).say_downtime(**said)
        entry: UUID = Medication(work).downtimes()[0].entry_id
    return entry


@pytest.fixture
def unknown(world: World, work_of: WorkOf, now: datetime) -> tuple[UUID, UUID]:
    """A patient with a dose that was due three hours ago, while the journal was away."""
    of = factories.due_dose(world, due_at=now - 3 * HOUR, family_name="Hansen")
    away(world, work_of, now)
    return of


def dose_of(world: World, work_of: WorkOf, of: tuple[UUID, UUID]) -> Any:
    with work_of(world.nina) as work:
        return Medication(work).dose(*of)


def written(world: World, work_of: WorkOf, of: tuple[UUID, UUID], giver: Any, **more: Any) -> UUID:
    with work_of(world.nina) as work:
        id: UUID = Medication(work).given_by_paper(*of, giver_id=giver.actor.person_id, **more)
    return id


def left(world: World, work_of: WorkOf) -> dict[UUID, int]:
    with work_of(world.nina) as work:
        found: dict[UUID, int] = Medication(work).patients_after_downtime()
    return found


def test_a_dose_of_the_gap_is_unknown_neither_late_nor_missed_and_others_are_as_before(
    world: World, work_of: WorkOf, now: datetime
) -> None:
    inside = factories.due_dose(world, due_at=now - 3 * HOUR)
    before = factories.due_dose(world, due_at=now - 8 * HOUR)
    signed = factories.due_dose(world, due_at=now - 3 * HOUR)
    with work_of(world.nina) as work:
        Medication(work).sign_given(*signed, request_version=1)
    assert dose_of(world, work_of, inside).status is DoseStatus.LATE
    away(world, work_of, now)

    found = {each: dose_of(world, work_of, each).status for each in (inside, before, signed)}
    assert found == {inside: DoseStatus.UNKNOWN, before: DoseStatus.LATE, signed: DoseStatus.GIVEN_LATE}
    assert left(world, work_of) == {inside[0]: 1}
    with work_of(world.nina) as work:
        rows = {row.patient_id: row for row in Medication(work).worklist(start=now - 12 * HOUR, end=now + HOUR)}
        listed = Medication(work).list_with_strip(inside[0])
        assert Medication(work).unsettled([inside[0]])[inside[0]] == [], "it has a list of its own"
    assert (rows[inside[0]].late, rows[inside[0]].unknown) == (0, 1)
    assert (rows[before[0]].late, rows[before[0]].unknown) == (1, 0)
    assert DoseStatus.UNKNOWN in {mark[1] for mark in listed.regular[0].strip.marks}


def test_of_a_unit_alone_another_unit_has_nothing_unknown(world: World, work_of: WorkOf, now: datetime) -> None:
    here = factories.due_dose(world, due_at=now - 3 * HOUR)
    there = factories.due_dose(world, due_at=now - 3 * HOUR, at=world.other_ward)
    away(world, work_of, now, unit_id=world.ward["id"])

    marked = world.migrator.execute(
        "SELECT patient_id FROM medication.dose WHERE patient_id = ANY (%s) AND downtime_id IS NOT NULL",
        ([here[0], there[0]],),
    ).fetchall()
    assert marked == [(here[0],)]


def test_what_did_not_happen_is_taken_back_and_the_doses_are_late_again(
    world: World, work_of: WorkOf, now: datetime, unknown: tuple[UUID, UUID]
) -> None:
    with work_of(world.mona) as work:
        (entry,) = Medication(work).downtimes()
        times = {"began_at": entry.began_at, "ended_at": entry.ended_at, "version": entry.version}
        Medication(work).answer_downtime(entry.entry_id, status=Known.DISMISSED, **times)
    assert dose_of(world, work_of, unknown).status is DoseStatus.LATE
    assert left(world, work_of) == {}

    with work_of(world.mona) as work, pytest.raises(Conflict):
        Medication(work).answer_downtime(entry.entry_id, status=Known.CONFIRMED, **times)
    with work_of(world.mona) as work, pytest.raises(Invalid):
        Medication(work).say_downtime(unit_id=None, began_at=now, ended_at=now - HOUR, why="Feil")
    with work_of(world.mona) as work, pytest.raises(Invalid):
        Medication(work).say_downtime(unit_id=world.bodo_ward["id"], began_at=now - HOUR, ended_at=now, why="Feil")


def test_it_is_stored_with_who_gave_it_when_and_who_wrote_it_in(
    world: World, work_of: WorkOf, now: datetime, unknown: tuple[UUID, UUID]
) -> None:
    written(world, work_of, unknown, world.siri)

    dose = dose_of(world, work_of, unknown)
    assert (dose.status, dose.signed.by_name, dose.paper_by) == (DoseStatus.GIVEN, "Siri Strand", "Nina Nordli")
    assert dose.signed.state.effective_at == dose.due_at, "given when it was to be, not when it was written in"
    assert left(world, work_of) == {}
    with pytest.raises(DoseAlreadySigned) as again:
        written(world, work_of, unknown, world.nina)
    assert "Siri Strand signerte" in str(again.value.detail)


def test_at_another_time_it_is_given_then_and_nothing_was_given_later_than_now(
    world: World, work_of: WorkOf, now: datetime, unknown: tuple[UUID, UUID]
) -> None:
    with pytest.raises(Invalid):
        written(world, work_of, unknown, world.siri, given_at=now + HOUR)
    with pytest.raises(Invalid) as stranger:
        written(world, work_of, unknown, world.unn)
    assert set(stranger.value.errors) == {"giver_id"}
    written(world, work_of, unknown, world.siri, given_at=now - 90 * timedelta(minutes=1))
    assert dose_of(world, work_of, unknown).status is DoseStatus.GIVEN_LATE


def test_the_givers_authority_is_asked_as_it_was_when_she_gave_and_what_lacked_it_is_stored_and_an_incident(
    world: World, work_of: WorkOf, now: datetime
) -> None:
    anne = factories.staff(world.builder, world.oslo, world.ward, "Anne Aas", "health_assistant")
    world.store()
    within, without = (factories.due_dose(world, due_at=now - 3 * HOUR) for _ in range(2))
    away(world, work_of, now)
    # It ended with her shift, an hour ago.
    authority(world.builder, world.mona, anne, since=now - 4 * HOUR, until=now - HOUR, patients=[within[0]])
    world.store()

    for of in (within, without):
        written(world, work_of, of, anne)

    told = "SELECT count(*) FROM platform.outbox WHERE patient_id = %s AND kind = 'DoseGivenWithoutAuthority'"
    assert [world.migrator.execute(told, (id,)).fetchone() for id, _dose in (within, without)] == [(0,), (1,)]
    assert dose_of(world, work_of, without).signed.by_name == "Anne Aas"


def test_who_is_said_to_have_given_it_is_asked_and_who_writes_her_own_is_not(
    world: World, work_of: WorkOf, client_for: ClientFor, now: datetime
) -> None:
    own, others = (factories.due_dose(world, due_at=now - 3 * HOUR) for _ in range(2))
    away(world, work_of, now)
    written(world, work_of, own, world.nina)
    written(world, work_of, others, world.siri)

    with work_of(world.siri) as work:
        assert [task for task in Care(work).open_tasks(own[0]) if task.kind == "paper"] == []
        (task,) = [task for task in Care(work).open_tasks(others[0]) if task.kind == "paper"]
    assert task.text.startswith("Siri Strand: har du gitt metoprolol")
    here = f"/patients/{others[0]}/tasks/{task.entry_id}"
    assert "Bare Siri Strand kan svare på dette" in client_for(world.nina).act(f"{here}/complete").text
    page = client_for(world.siri).get(f"/patients/{others[0]}/tasks").text
    assert "Ja, jeg ga den" in page and "Nei, den ga jeg ikke" in page
    assert client_for(world.siri).act(f"{here}/complete").status_code == 303
    with work_of(world.siri) as work:
        assert [task for task in Care(work).open_tasks(others[0]) if task.kind == "paper"] == []
        assert Care(work).incidents(others[0]) == []


def test_a_denial_is_an_incident_and_what_was_written_stands_until_it_is_corrected(
    world: World, work_of: WorkOf, client_for: ClientFor, unknown: tuple[UUID, UUID]
) -> None:
    given = written(world, work_of, unknown, world.siri)
    with work_of(world.siri) as work:
        (task,) = [task for task in Care(work).open_tasks(unknown[0]) if task.kind == "paper"]
    answer = client_for(world.siri).act(f"/patients/{unknown[0]}/tasks/{task.entry_id}/not-mine")
    assert answer.status_code == 303, answer.text

    with work_of(world.nina) as work:
        (incident,) = Care(work).incidents(unknown[0])
        assert "ført fra papir" in incident.text and "sier nei" in incident.text
        assert Medication(work).from_paper(unknown[0], given).answered == "denied"
    assert dose_of(world, work_of, unknown).status is DoseStatus.GIVEN
    with work_of(world.siri) as work, pytest.raises(Conflict):
        Medication(work).answer_paper(unknown[0], given, gave=True)
    again = client_for(world.siri).act(f"/patients/{unknown[0]}/tasks/{task.entry_id}/not-mine")
    assert again.status_code == 409 and "gjorde oppgaven" in again.text


def test_the_database_lets_nobody_answer_for_the_giver(
    world: World, work_of: WorkOf, unknown: tuple[UUID, UUID]
) -> None:
    given = written(world, work_of, unknown, world.siri)
    insert = """INSERT INTO medication.paper_answer (patient_id, id, administration_id, outcome)
                VALUES (:patient_id, :id, :given, 'confirmed')"""
    said = {"patient_id": unknown[0], "id": new_id(), "given": given}
    with pytest.raises(sa.exc.IntegrityError, match="only who gave a dose"), work_of(world.nina) as work:
        Medication(work).dose(*unknown)
        work.db.execute(sa.text(insert), said)


def test_what_was_not_given_and_what_nobody_knows_say_why(world: World, work_of: WorkOf, now: datetime) -> None:
    refused, nobody = (factories.due_dose(world, due_at=now - 3 * HOUR) for _ in range(2))
    away(world, work_of, now)
    with work_of(world.nina) as work:
        Medication(work).not_given_by_paper(*refused, reason=Reason.REFUSED)
    with work_of(world.nina) as work, pytest.raises(Invalid):
        Medication(work).not_given_by_paper(*nobody, reason=None)
    with work_of(world.nina) as work:
        Medication(work).not_given_by_paper(*nobody, reason=None, text="Spurt Siri og Anne")

    assert dose_of(world, work_of, refused).status_text.startswith("ikke gitt")
    assert "Spurt Siri og Anne" in dose_of(world, work_of, nobody).status_text
    assert left(world, work_of) == {}


def test_a_dose_of_an_order_that_was_stopped_since_is_a_fact_and_an_incident_and_leaves_the_list(
    world: World, work_of: WorkOf, unknown: tuple[UUID, UUID]
) -> None:
    entry = dose_of(world, work_of, unknown).request_entry_id
    with work_of(world.lars) as work:
        Medication(work).stop(unknown[0], entry, version=1, reason="Lav puls")
    assert left(world, work_of) != {}, "a stop does not tell what was given"
    written(world, work_of, unknown, world.siri)

    with work_of(world.nina) as work:
        assert [each.kind for each in Care(work).incidents(unknown[0])] == ["given_after_stop"]
    assert dose_of(world, work_of, unknown).also_given == ("Siri Strand",)
    assert dose_of(world, work_of, unknown).signed is None
    assert left(world, work_of) == {}


def test_an_unknown_dose_is_signed_in_the_round_only_by_who_has_seen_that_it_is(
    world: World, work_of: WorkOf, unknown: tuple[UUID, UUID]
) -> None:
    with work_of(world.nina) as work, pytest.raises(ConfirmationMissing) as refused:
        Medication(work).sign_given(*unknown, request_version=1)
    assert "mens journalen var nede" in str(refused.value.detail)
    assert Caution.DOWNTIME in dose_of(world, work_of, unknown).cautions


def needed(world: World, patient_id: UUID, *, most: int = 4) -> UUID:
    """Metoprolol as needed, ordered by Lars three days ago; answers with the entry."""
    since = datetime.now(UTC) - timedelta(days=3)
    dosage = when_needed(Quantity(Decimal(1), "tablett"), max_doses=most)
    request = medication_request(
        world.builder, patient_id, world.lars, METOPROLOL, dosage=dosage, starts_at=since, planned_until=None
    )
    world.store()
    entry: UUID = request["entry_id"]
    return entry


def test_as_needed_of_the_same_substance_warns_until_it_is_settled(
    world: World, work_of: WorkOf, now: datetime
) -> None:
    of = factories.due_dose(world, due_at=now - 3 * HOUR)
    entry = needed(world, of[0])
    away(world, work_of, now)
    with work_of(world.nina) as work:
        (medicine,) = Medication(work).as_needed(of[0])
    assert medicine.cautions == (Caution.DOWNTIME,)
    with work_of(world.nina) as work, pytest.raises(ConfirmationMissing):
        Medication(work).sign_as_needed(of[0], entry, request_version=1)

    written(world, work_of, of, world.nina)
    with work_of(world.nina) as work:
        assert Medication(work).as_needed(of[0])[0].cautions == ()
        Medication(work).sign_as_needed(of[0], entry, request_version=1)


def test_as_needed_by_paper_counts_from_when_it_was_given_and_past_the_limit_it_is_stored_and_an_incident(
    world: World, work_of: WorkOf, now: datetime
) -> None:
    patient_id = world.patient()
    entry = needed(world, patient_id, most=1)
    giver = world.siri.actor.person_id
    for hours in (3, 2):
        with work_of(world.nina) as work:
            medication = Medication(work)
            medication.as_needed_by_paper(patient_id, entry, giver_id=giver, given_at=now - hours * HOUR)

    with work_of(world.nina) as work:
        (medicine,) = Medication(work).as_needed(patient_id)
        assert medicine.given == (now - 3 * HOUR, now - 2 * HOUR)
        assert not medicine.room.allowed
        (incident,) = Care(work).incidents(patient_id)
    assert "mens journalen var nede" in incident.text


def test_a_controlled_drug_is_taken_out_of_the_ledger_with_the_time_it_was_given(
    world: World, work_of: WorkOf, now: datetime
) -> None:
    place, ledger = keep(world, work_of, 10)
    of = factories.due_dose(world, due_at=now - 3 * HOUR, medicine=OXYCODONE)
    away(world, work_of, now)
    given = written(world, work_of, of, world.siri)

    assert entries(world, work_of, place, ledger) == [("opening", 10, 10), ("withdrawal", -1, 9)]
    with work_of(world.nina) as work:
        assert Medication(work).from_paper(of[0], given).given_at == now - 3 * HOUR, "what the withdrawal is tied to"


def test_the_second_signature_is_of_another_than_who_gave_it_and_may_be_of_who_wrote_it_in(
    world: World, work_of: WorkOf, now: datetime
) -> None:
    of = factories.due_dose(world, due_at=now - 3 * HOUR, two_signatures=True)
    away(world, work_of, now)
    given = written(world, work_of, of, world.siri)
    assert dose_of(world, work_of, of).awaits_witness
    with work_of(world.siri) as work, pytest.raises(Exception, match="nummer to"):
        Medication(work).witness(of[0], given)
    with work_of(world.nina) as work:
        Medication(work).witness(of[0], given)
    assert dose_of(world, work_of, of).witnessed_by == "Nina Nordli"


def test_a_dose_that_is_not_of_a_downtime_is_not_written_in_from_paper(world: World, work_of: WorkOf) -> None:
    with pytest.raises(NotFound):
        written(world, work_of, factories.due_dose(world), world.nina)


def test_the_worker_finds_the_gap_itself_asks_once_and_the_doses_are_unknown_meanwhile(
    world: World, work_of: WorkOf, client_for: ClientFor, app: Any, migrator: psycopg.Connection[Any], now: datetime
) -> None:
    of = factories.due_dose(world, due_at=now - HOUR / 2)

    def beat(ago: timedelta) -> None:
        migrator.execute("INSERT INTO platform.heartbeat DEFAULT VALUES ON CONFLICT DO NOTHING")
        migrator.execute("UPDATE platform.heartbeat SET at = %s", (datetime.now(UTC) - ago,))

    beat(timedelta(minutes=4))
    worker.look_for_gap(app.works)
    with work_of(world.mona) as work:
        assert Medication(work).downtimes() == [], "a new version put in place is no downtime"
    beat(2 * HOUR)
    for _ in range(2):
        worker.look_for_gap(app.works)
    beat(timedelta())

    with work_of(world.mona) as work:
        (found,) = Medication(work).downtimes()
    assert (found.status, found.recorded_by_name) == (Known.PROPOSED, "Akson journal")
    assert dose_of(world, work_of, of).status is DoseStatus.UNKNOWN
    assert "Journalen ser ut til å ha vært nede" in client_for(world.mona).get("/my-list").text


def test_an_operator_says_when_it_begins_and_ends(
    world: World, work_of: WorkOf, app: Any, migrator: psycopg.Connection[Any], now: datetime
) -> None:
    of, number = factories.due_dose(world), world.oslo["number"]

    def said(*, ends: bool, of: str = number) -> bool:
        with app.works.open(KnownCaller(worker.SYSTEM)) as work:
            done: bool = Medication(work).declare_downtime(of, ends=ends, why="Ny versjon")
        return done

    assert not said(ends=True), "none has begun"
    assert not said(ends=False, of="0000")
    assert said(ends=False)
    assert not said(ends=False), "it has begun"
    assert dose_of(world, work_of, of).status is DoseStatus.READY
    assert said(ends=True)
    assert dose_of(world, work_of, of).status is DoseStatus.UNKNOWN
    with work_of(world.mona) as work:
        (found,) = Medication(work).downtimes()
    assert (found.status, found.why, found.version) == (Known.CONFIRMED, "Ny versjon", 2)


def test_nobody_but_the_journal_itself_proposes_one(world: World, work_of: WorkOf, now: datetime) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="the journal itself alone"), work_of(world.mona) as work:
        work.db.execute(sa.text("SELECT medication.propose_downtime(now() - interval '1 hour', now(), 1)"))
    entry = away(world, work_of, now)
    with pytest.raises(sa.exc.ProgrammingError, match="no downtime of this municipality"), work_of(world.bodil) as work:
        work.db.execute(sa.text("SELECT medication.mark_downtime(:id)"), {"id": entry})


def test_the_list_writes_in_a_whole_patient_and_the_page_each_dose(
    world: World, work_of: WorkOf, client_for: ClientFor, now: datetime
) -> None:
    whole, each = (factories.due_dose(world, due_at=now - 3 * HOUR, family_name=name) for name in ("Hansen", "Olsen"))
    away(world, work_of, now)
    nina, siri = client_for(world.nina), str(world.siri.actor.person_id)
    page = nina.get(LIST).text
    assert "Hansen" in page and "Olsen" in page and "Alt gitt til rett tid" in page
    assert "2 ukjente doser" in nina.get("/round").text
    form = {"giver_id": "", "doses[]": str(whole[1])}
    assert nina.act(f"/patients/{whole[0]}/after-downtime/all", form).status_code == 422
    assert nina.act(f"/patients/{whole[0]}/after-downtime/all", form | {"giver_id": siri}).status_code == 303
    assert dose_of(world, work_of, whole).signed.by_name == "Siri Strand"

    here = f"/patients/{each[0]}/doses/{each[1]}/paper"
    assert "Gitt til rett tid" in nina.get(f"/patients/{each[0]}/after-downtime").text
    for form, said in (
        ({"outcome": "on-time"}, "Velg hvem som ga dosen."),
        ({"outcome": "at", "giver_id": siri}, "Skriv når dosen ble gitt."),
        ({"outcome": "not-given"}, "Velg hvorfor dosen ikke ble gitt."),
        ({"outcome": "unknown"}, "Skriv hvem du har spurt"),
    ):
        refused = nina.act(here, form)
        assert (refused.status_code, said in refused.text) == (422, True), said
    at = now - 2 * HOUR
    typed = {"outcome": "at", "giver_id": siri, "given_time": hhmm(at), "given_day": f"{local(at):%d.%m.%Y}"}
    assert nina.act(here, typed).status_code == 303
    assert dose_of(world, work_of, each).signed.state.effective_at == at
    round_page = nina.get(f"/round?patient={each[0]}").text
    assert "ført fra papir av Nina Nordli" in round_page and "ukjente doser" not in round_page
    assert "Ingen doser fra nedetid er ukjente." in nina.get(LIST).text


def test_as_needed_is_written_in_on_the_patients_page(
    world: World, work_of: WorkOf, client_for: ClientFor, now: datetime
) -> None:
    patient_id = world.patient()
    entry = needed(world, patient_id)
    at = now - 2 * HOUR
    typed = {"giver_id": str(world.siri.actor.person_id), "given_time": "", "given_day": f"{local(at):%d.%m.%Y}"}
    to, nina = f"/patients/{patient_id}/after-downtime/as-needed/{entry}", client_for(world.nina)
    assert nina.act(to, typed).status_code == 422
    assert nina.act(to, typed | {"given_time": hhmm(at)}).status_code == 303
    with work_of(world.nina) as work:
        assert Medication(work).as_needed(patient_id)[0].given == (at,)


def test_the_manager_confirms_puts_the_times_right_or_says_that_it_was_not_so(
    world: World, work_of: WorkOf, client_for: ClientFor, now: datetime
) -> None:
    mona = client_for(world.mona)
    at = {
        f"{end}_{part}": f"{local(when):{how}}"
        for end, when in (("began", now - 3 * HOUR), ("ended", now - HOUR))
        for part, how in (("day", "%d.%m.%Y"), ("time", "%H.%M"))
    }
    wrong = mona.act("/downtimes", at | {"why": "Brudd", "ended_day": "31.12.2099"})
    assert wrong.status_code == 422 and 'value="Brudd"' in wrong.text and "slutte etter" in wrong.text
    assert mona.act("/downtimes", at | {"why": "Brudd"}).status_code == 303
    assert "Brudd" in mona.get("/downtimes").text
    with work_of(world.mona) as work:
        (entry,) = Medication(work).downtimes()
    gone = mona.act(f"/downtimes/{entry.entry_id}", at | {"version": "1", "status": "dismissed"})
    assert gone.status_code == 303, gone.text
    assert phrase("avvist: journalen virket") in mona.get("/downtimes").text
    assert client_for(world.nina).get("/downtimes").status_code == 403
