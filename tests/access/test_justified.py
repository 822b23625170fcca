"""The door: who has no ground says why, and what comes of it. Against the real database, through the services."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from journal.access import CareRelationships
from journal.access.justified import JustifiedSettings, Justifying
from journal.access.justified_rules import Limits, Outcome, Reason
from journal.access.reviewing import Reviewed, Reviews
from journal.care import Care
from journal.medication import Medication
from journal.municipalities import Asked
from journal.notes import Notes
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, NotFound, NotLet, TooMany
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.pdf_reading import Paper

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
Log = Callable[[UUID], list[Any]]
Migrator = psycopg.Connection[Any]


def justify(work_of: WorkOf, by: Staff, patient_id: UUID, reason: Reason = Reason.EMERGENCY, text: str = "") -> None:
    with work_of(by) as work:
        Justifying(work).open(patient_id, reason, text)


def queue(work_of: WorkOf, by: Staff) -> list[Reviewed]:
    with work_of(by) as work:
        return Reviews(work).queue()


def shift_back(migrator: Migrator, patient_id: UUID, hours: int) -> None:
    """As if it had been opened so long ago."""
    for table, columns in (
        ("access.care_relationship", ("valid_from", "valid_until")),
        ("access.justified_access", ("recorded_at", "valid_until", "review_before")),
    ):
        told = ", ".join(f"{column} = {column} - make_interval(hours => %(hours)s)" for column in columns)
        mine = "AND ground IN ('emergency', 'justified')" if table.endswith("relationship") else ""
        migrator.execute(
            f"UPDATE {table} SET {told} WHERE patient_id = %(patient)s {mine}", {"hours": hours, "patient": patient_id}
        )


@pytest.fixture
def kari(world: World) -> UUID:
    """Known in Nina's ward; Unn, of another, has no ground."""
    return world.patient()


def test_emergency_is_an_ordinary_short_relationship_that_is_logged_told_and_looked_over(
    world: World, work_of: WorkOf, migrator: Migrator, access_log: Log, kari: UUID
) -> None:
    justify(work_of, world.unn, kari)
    with work_of(world.unn) as work:
        Patients(work).banner(kari)
        ground = work.ground(kari)
        lasts = ground.until - work.now

    assert timedelta(hours=3, minutes=59) < lasts <= timedelta(hours=4)
    line = next(row for row in reversed(access_log(kari)) if row.action == "patients:read")
    assert (line.ground, line.purpose, line.relationship_id) == ("emergency", "BTG", ground.relationship_id)
    assert line.decision_ref == {
        "id": "emergency",
        "description": "Øyeblikkelig hjelp (BLAALYS)",
        "user_selected": True,
    }
    (own,) = migrator.execute(
        "SELECT unit_id, practitioner_id FROM access.care_relationship WHERE patient_id = %s AND ground = 'emergency'",
        (kari,),
    ).fetchall()
    assert own == (None, world.unn.actor.person_id), "it is hers alone"
    (told,) = migrator.execute("SELECT told_at FROM access.notice WHERE patient_id = %s", (kari,)).fetchall()
    assert told == (None,)
    (one,) = queue(work_of, world.mona)
    assert (one.reader, one.reason, dict(one.kinds)["patients"] >= 1, one.waits) == (
        "Ukjent Unn",
        Reason.EMERGENCY,
        True,
        True,
    )


def test_it_ends_by_itself_and_by_one_tap_and_the_others_stays(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID
) -> None:
    lise = factories.staff(world.builder, world.oslo, world.other_ward, "Lise Lund", "nurse")
    world.store()
    justify(work_of, world.unn, kari)
    justify(work_of, lise, kari)
    with work_of(world.unn) as work:
        Justifying(work).end(kari)
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Patients(work).banner(kari)
    with work_of(lise) as work:
        Patients(work).banner(kari)
    shift_back(migrator, kari, 5)
    with pytest.raises(NoGround), work_of(lise) as work:
        Patients(work).banner(kari)
    with pytest.raises(NoGround), work_of(lise) as work:
        Justifying(work).end(kari)


def test_the_database_itself_keeps_no_open_ended_one(world: World, migrator: Migrator, kari: UUID) -> None:
    now = datetime.now(UTC)
    for until in (None, now + timedelta(hours=73)):
        with pytest.raises(psycopg.errors.CheckViolation, match="justified_ends"), migrator.transaction():
            migrator.execute(
                """INSERT INTO access.care_relationship (patient_id, id, municipality_id, recorded_by, recorded_by_name,
                       recorded_role, practitioner_id, ground, valid_from, valid_until)
                   VALUES (%s, %s, %s, %s, 'Unn', 'nurse', %s, 'emergency', %s, %s)""",
                (kari, new_id(), world.oslo["id"], world.unn.actor.person_id, world.unn.actor.person_id, now, until),
            )


def test_a_reason_to_read_writes_nothing_and_one_of_quality_reads_no_notes(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    justify(work_of, world.unn, kari, Reason.PATIENT_ASKS)
    with work_of(world.unn) as work:
        Notes(work).recent(kari)
    with pytest.raises(NotLet), work_of(world.unn) as work:
        work.open(Permission.NOTES_WRITE, [kari])
    justify(work_of, world.unn, kari, Reason.QUALITY)
    with work_of(world.unn) as work:
        work.open(Permission.MEDICATION_READ, [kari])
    with pytest.raises(NotLet), work_of(world.unn) as work:
        Notes(work).recent(kari)
    # And on to another reason, from within.
    justify(work_of, world.unn, kari, Reason.EMERGENCY)
    with work_of(world.unn) as work:
        work.open(Permission.NOTES_WRITE, [kari])


def test_another_reason_needs_words_which_stand_in_the_chart_and_never_in_the_log(
    world: World, work_of: WorkOf, migrator: Migrator, access_log: Log, kari: UUID
) -> None:
    for words in ("", "for kort", "  for kort  "):
        with pytest.raises(Invalid) as refused:
            justify(work_of, world.unn, kari, Reason.OTHER, words)
        assert "reason_text" in refused.value.errors
    justify(work_of, world.unn, kari, Reason.OTHER, "Nabo ringte om røyk")
    justify(work_of, world.unn, kari, Reason.REFERRAL, "Dette er ikke ordene som trengs")

    assert migrator.execute("SELECT text FROM access.justified_words WHERE patient_id = %s", (kari,)).fetchall() == [
        ("Nabo ringte om røyk",)
    ]
    assert not any("røyk" in str(row) or "ordene" in str(row) for row in access_log(kari))
    one = next(one for one in queue(work_of, world.mona) if one.reason is Reason.OTHER)
    with work_of(world.mona) as work:
        found = Reviews(work).why(kari, one.id)
    assert (found.name, found.text) == ("Kari Nordmann", "Nabo ringte om røyk")
    assert access_log(kari)[-1].action == "access:reason"
    assert access_log(kari)[-1].ground == "control"


def test_whoever_has_a_ground_makes_none(world: World, work_of: WorkOf, migrator: Migrator, kari: UUID) -> None:
    justify(work_of, world.nina, kari)

    assert migrator.execute("SELECT FROM access.justified_access WHERE patient_id = %s", (kari,)).fetchall() == []


def test_who_is_shut_out_justifies_nothing_and_meets_what_is_not_there(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID
) -> None:
    person = world.unn.actor.person_id
    migrator.execute(
        """INSERT INTO access.restriction (patient_id, id, municipality_id, recorded_by, recorded_by_name, recorded_role,
               category, against_person_id, decided_by, valid_from)
           VALUES (%s, %s, %s, %s, 'Nina', 'nurse', '*', %s, 'pasienten', now())""",
        (kari, new_id(), world.oslo["id"], world.nina.actor.person_id, person),
    )
    told = set()
    for asked in (kari, new_id()):
        with pytest.raises(NoGround) as refused:
            justify(work_of, world.unn, asked)
        told.add((refused.value.type, refused.value.title, refused.value.detail))
        with work_of(world.unn) as work:
            assert Justifying(work).who_knows(asked) == ()

    assert len(told) == 1


def test_whoever_opened_it_herself_ends_nobodys_service(world: World, work_of: WorkOf, kari: UUID) -> None:
    with work_of(world.nina) as work:
        entry_id = Care(work).grant_service(kari, system="9151", code="15", provider_unit_id=world.ward["id"])
    justify(work_of, world.unn, kari)

    with pytest.raises(NotLet), work_of(world.unn) as work:
        Care(work).end_service(kari, entry_id)


def test_what_nobody_has_looked_at_waits_however_long(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID
) -> None:
    justify(work_of, world.unn, kari)
    shift_back(migrator, kari, 24 * 40)

    assert [one.reader for one in queue(work_of, world.mona)] == [world.unn.actor.name]


def test_a_ground_that_comes_goes_before_the_reason_she_gave(world: World, work_of: WorkOf, kari: UUID) -> None:
    justify(work_of, world.unn, kari, Reason.SHARED_CARE)
    with work_of(world.lars) as work:
        Care(work).grant_service(kari, system="9151", code="27", provider_unit_id=world.other_ward["id"])

    with work_of(world.unn) as work:
        work.open(Permission.MEDICATION_ADMINISTER, [kari])
        assert work.ground(kari).code == "service"


def test_the_form_that_takes_somebody_in_does_not_tell_where_she_is(world: World, work_of: WorkOf) -> None:
    hidden = world.patient(confidentiality="confidential")
    told = {"kind": "long_term"}
    with work_of(world.nina) as work:
        Care(work).admit(hidden, unit_id=world.ward["id"], **told)
    with pytest.raises(Conflict) as refused, work_of(world.unn) as work:
        Care(work).admit(hidden, unit_id=world.other_ward["id"], **told)

    assert world.ward["name"] not in str(refused.value.detail) and "opphold" not in str(refused.value.detail)


@pytest.mark.parametrize("how", ["task", "emergency"])
def test_a_ground_of_a_person_holds_in_the_municipality_that_made_it(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID, how: str
) -> None:
    """Unn has a role in Bodø too."""
    in_bodo = replace(world.bodil, actor=replace(world.bodil.actor, person_id=world.unn.actor.person_id))
    if how == "emergency":
        justify(work_of, world.unn, kari)
    else:
        with work_of(world.lars) as work:
            CareRelationships(work).entrust(kari, world.unn.actor.person_id, valid_from=work.now)

    with work_of(world.unn) as work:
        work.open(Permission.MEDICATION_READ, [kari])
    with pytest.raises(NoGround), work_of(in_bodo) as work:
        work.open(Permission.MEDICATION_READ, [kari])
    with work_of(in_bodo) as work:
        assert not Medication(work).worklist(start=work.now - timedelta(hours=12), end=work.now)


def test_many_in_an_hour_are_stopped_but_never_an_emergency_which_is_marked(
    world: World, work_of: WorkOf, migrator: Migrator, approve: Callable[[], None]
) -> None:
    chosen = {"emergency_hours": 2, "other_hours": 12, "review_hours": 48, "most_in_an_hour": 2, "version": 0}
    with work_of(world.tora) as work:
        JustifiedSettings(work).propose(**chosen, asked=Asked("vedtatt"))
    approve()
    with pytest.raises(Conflict), work_of(world.tora) as work:
        JustifiedSettings(work).propose(**chosen | {"most_in_an_hour": 9}, asked=Asked("vedtatt"))
    people = [world.patient() for _ in range(3)]
    for patient_id in people[:2]:
        justify(work_of, world.unn, patient_id, Reason.SHARED_CARE)
    with pytest.raises(TooMany):
        justify(work_of, world.unn, people[2], Reason.SHARED_CARE)
    justify(work_of, world.unn, people[2])

    first, *others = queue(work_of, world.mona)
    assert (first.patient_id, first.too_many, first.in_an_hour) == (people[2], True, 3)
    assert [one.too_many for one in others] == [False, False]
    assert timedelta(hours=1, minutes=59) < first.until - first.at <= timedelta(hours=2)
    shift_back(migrator, people[0], 2)
    justify(work_of, world.unn, new := world.patient(), Reason.EMERGENCY)
    assert next(one for one in queue(work_of, world.mona) if one.patient_id == new).in_an_hour == 3


def test_nobody_looks_over_her_own_and_what_is_late_goes_to_the_municipality(
    world: World, work_of: WorkOf, migrator: Migrator
) -> None:
    far = factories.unit(world.builder, world.oslo, "Fjern avdeling", "ward")
    world.store()
    patient_id = world.patient(at=far)
    justify(work_of, world.mona, patient_id)
    (own,) = queue(work_of, world.mona)
    assert own.mine
    with pytest.raises(Denied, match="din egen"), work_of(world.mona) as work:
        Reviews(work).decide(own.id, Outcome.EXPLAINED, version=0)
    with pytest.raises(psycopg.errors.CheckViolation, match="reviewed_by_another"):
        migrator.execute(
            """INSERT INTO access.justified_review
                   (municipality_id, access_id, reader_id, version, outcome, recorded_by, recorded_by_name, recorded_role)
               VALUES (%(of)s, %(id)s, %(me)s, 1, 'explained', %(me)s, 'Mona', 'unit_manager')""",
            {"of": world.oslo["id"], "id": own.id, "me": world.mona.actor.person_id},
        )
    above = [staff_at_top(world, staff) for staff in (world.tora, world.rolf)]
    assert [queue(work_of, staff) for staff in above] == [[], []], "it is not late"

    shift_back(migrator, patient_id, 73)
    for staff in above:
        (late,) = queue(work_of, staff)
        assert late.late and late.waits
    with work_of(above[0]) as work:
        Reviews(work).decide(own.id, Outcome.CASE, version=0)
    with pytest.raises(Conflict), work_of(above[1]) as work:
        Reviews(work).decide(own.id, Outcome.EXPLAINED, version=0)
    assert queue(work_of, above[1]) == []
    (settled,) = queue(work_of, world.mona)
    assert (settled.outcome, settled.reviewer) == (Outcome.CASE, "Tora Tveit")


def test_a_leader_looks_over_none_of_her_familys(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    moe = factories.staff(world.builder, world.oslo, world.other_ward, "Marit Moe", "nurse")
    world.store()
    justify(work_of, moe, kari)
    (one,) = queue(work_of, world.mona)

    assert one.barred and not one.mine
    with pytest.raises(Denied, match="nær slektning"), work_of(world.mona) as work:
        Reviews(work).decide(one.id, Outcome.EXPLAINED, version=0)
    with work_of(world.mona) as work:
        assert Reviews(work).waiting() == 0
    page = client_for(world.mona).get("/justified-access").text
    assert "En leders eller en slektnings" in page and 'name="outcome"' not in page


def staff_at_top(world: World, staff: Staff) -> Staff:
    """Acting in the municipality's top unit, with every unit below it."""
    below = tuple(row["id"] for row in (world.home, world.ward, world.other_ward))
    return Staff(replace(staff.actor, units=(staff.actor.unit_id, *below)))


def test_a_leader_sees_her_own_units_alone(world: World, work_of: WorkOf, kari: UUID) -> None:
    boss = factories.staff(world.builder, world.oslo, world.ward, "Annen Leder", "unit_manager")
    world.store()
    justify(work_of, world.unn, kari)
    (one,) = queue(work_of, world.mona)

    assert queue(work_of, boss) == []
    with pytest.raises(NotFound), work_of(boss) as work:
        Reviews(work).decide(one.id, Outcome.EXPLAINED, version=0)
    with pytest.raises(NoGround), work_of(boss) as work:
        Reviews(work).why(kari, one.id)
    with pytest.raises(Denied), work_of(world.unn) as work:
        Reviews(work).queue()


def test_a_nurse_of_another_municipality_justifies_and_ours_sees_it(world: World, work_of: WorkOf, kari: UUID) -> None:
    justify(work_of, world.bodil, kari, Reason.ALARM)
    with work_of(world.bodil) as work:
        Notes(work).recent(kari)
    with work_of(world.rolf) as work:
        (one,) = [one for one in Reviews(work).elsewhere() if one.patient_id == kari]
    assert (one.municipality, one.role, one.reason) == ("Bodøprøven", "nurse", Reason.ALARM)
    assert queue(work_of, world.mona) == [], "her own leader looks it over"
    auditor = factories.staff(world.builder, world.bodo, world.bodo_ward, "Britt Revisor", "auditor")
    world.store()
    with work_of(auditor) as work:
        assert [one for one in Reviews(work).elsewhere() if one.patient_id == kari] == []
    # Without the log saying that it is read, the function answers nothing.
    with work_of(world.rolf) as work:
        assert work.db.execute(_elsewhere()).fetchall() == []


def _elsewhere() -> Any:
    return sa.text("SELECT * FROM access.justified_elsewhere(now() - interval '1 day')")


def test_who_knows_her_is_told_within_the_municipality_and_never_of_the_protected(
    world: World, work_of: WorkOf, access_log: Log, kari: UUID
) -> None:
    protected = world.patient(confidentiality="confidential")
    since = datetime.now(UTC) - timedelta(days=1)
    forced = world.patient(related=False)
    factories.care_relationship(world.builder, forced, world.nina, world.ward, since=since, service_code="24")
    world.store()

    def told(by: Staff, patient_id: UUID) -> tuple[str, ...]:
        with work_of(by) as work:
            units: tuple[str, ...] = Justifying(work).who_knows(patient_id)
        return units

    assert told(world.unn, kari) == ("Avdeling 2",)
    assert told(world.bodil, kari) == (), "another municipality is told nothing"
    assert told(world.unn, protected) == ()
    assert told(world.unn, forced) == ()
    assert told(world.unn, new_id()) == ()
    assert [(row.action, row.outcome) for row in access_log(kari)] == [("access:justify", "search-hit")] * 2


@pytest.mark.parametrize("opened", [False, True])
def test_taking_in_whom_nobody_said_was_coming_is_told_and_looked_over(
    world: World, work_of: WorkOf, migrator: Migrator, opened: bool
) -> None:
    """Also for whoever opened the chart with a reason first: that was hers alone and for a while, and this is her unit's."""
    patient_id = world.patient(related=False)
    if opened:
        justify(work_of, world.nina, patient_id, Reason.REFERRAL)
    with work_of(world.nina) as work:
        Care(work).admit(patient_id, world.ward["id"])
    with work_of(world.nina) as work:
        work.open(Permission.NOTES_READ, [patient_id])

    (found,) = [one for one in queue(work_of, world.mona) if one.reason is Reason.TAKEN_IN]
    assert (found.patient_id, found.reader, found.waits) == (patient_id, "Nina Nordli", True)
    assert ("notes", 1) in found.kinds, "what she read in the first shift"
    told = migrator.execute("SELECT count(*) FROM access.notice WHERE access_id = %s", (found.id,)).fetchone()
    assert told == (1,)


@pytest.mark.parametrize(("to", "looked_over"), [("other_ward", True), ("ward", False)])
def test_a_service_for_ones_own_unit_by_a_reason_of_ones_own_is_looked_over_too(
    world: World, work_of: WorkOf, client_for: ClientFor, to: str, looked_over: bool
) -> None:
    """It would make four hours of a person's a whole unit's for years. For another unit it is what a reason is for."""
    patient_id = world.patient(related=False)
    justify(work_of, world.unn, patient_id)
    assert "Tildel tjenesten" in client_for(world.unn).get(f"/patients/{patient_id}").text
    with work_of(world.unn) as work:
        Care(work).grant_service(patient_id, system="9151", code="15", provider_unit_id=getattr(world, to)["id"])

    found = [one.reason for one in queue(work_of, world.mona)]
    assert (Reason.TAKEN_IN in found) == looked_over and Reason.EMERGENCY in found


def test_who_was_to_come_is_taken_in_without_a_word(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient(related=False)
    factories.care_relationship(
        world.builder, patient_id, world.nina, world.ward, since=datetime.now(UTC), ground="service", service_code="17"
    )
    world.store()
    with work_of(world.nina) as work:
        Care(work).admit(patient_id, world.ward["id"])

    assert queue(work_of, world.mona) == []


def test_no_limit_stops_an_arrival(world: World, work_of: WorkOf, approve: Callable[[], None]) -> None:
    with work_of(world.tora) as work:
        few = {"emergency_hours": 4, "other_hours": 24, "review_hours": 72, "most_in_an_hour": 1}
        JustifiedSettings(work).propose(**few, version=0, asked=Asked("vedtatt"))
    approve()
    for _ in range(2):
        patient_id = world.patient(related=False)
        with work_of(world.nina) as work:
            Care(work).admit(patient_id, world.ward["id"])

    assert [one.too_many for one in queue(work_of, world.mona)] == [True, False]


def test_the_patient_is_told_by_letter_or_word_and_it_waits_until_she_is(
    world: World, client_for: ClientFor, work_of: WorkOf, migrator: Migrator
) -> None:
    """Also whose address is protected: the leader knows her own people, and the patient is to know who it was."""
    protected = {"confidentiality": "strictly_confidential"}
    patient_id = world.patient(related=False, given_name="Solveig", family_name="Sol", **protected)
    justify(work_of, world.unn, patient_id)
    with work_of(world.unn) as work:
        work.open(Permission.NOTES_READ, [patient_id])
    mona = client_for(world.mona)
    (found,) = queue(work_of, world.mona)
    with work_of(world.mona) as work:
        Reviews(work).decide(found.id, Outcome.EXPLAINED, version=0)
    migrator.execute(
        "UPDATE access.justified_access SET recorded_at = recorded_at - interval '40 days' WHERE id = %s", (found.id,)
    )
    assert "Pasienten har ikke fått beskjed" in mona.get("/justified-access").text, (
        "settled, and old: she is still to be told"
    )

    page = f"/patients/{patient_id}/justified-access/{found.id}"
    paper = Paper(mona.get(f"{page}/letter?language=nn").data)
    for said in (
        "Solveig Sol",
        "Ukjent Unn",
        "opna journalen din",
        "Augeblikkeleg hjelp",
        "kritisk informasjon, notat.",
    ):
        assert said in paper.text, paper.text
    assert "Ukjent Unn åpnet journalen til Solveig Sol" in mona.get(page).text
    for nobody in (world.unn, world.rolf, world.bodil):
        assert client_for(nobody).get(f"{page}/letter").status_code in (403, 404)
    assert mona.act(f"{page}/told", {"how": "letter"}).status_code == 303
    again = mona.act(f"{page}/told", {"how": "spoken"})
    assert (
        again.status_code == 409 and "allerede fått beskjed" in again.text and "Brev er sendt, Mona Moe" in again.text
    )
    assert queue(work_of, world.mona) == [], "settled, told and old"


def test_nobody_says_twice_or_for_another_that_the_patient_was_told(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient(related=False)
    justify(work_of, world.unn, patient_id)
    (found,) = queue(work_of, world.mona)
    with work_of(world.mona) as work:
        Reviews(work).tell(patient_id, found.id, "spoken")
    with pytest.raises(DBAPIError, match="told already"), work_of(world.mona) as work:
        work.open(Permission.ACCESS_REASON, [patient_id])
        work.db.execute(sa.text("UPDATE access.notice SET told_how = 'letter'"))
    with pytest.raises(DBAPIError, match="permission denied"), work_of(world.mona) as work:
        work.open(Permission.ACCESS_REASON, [patient_id])
        work.db.execute(sa.text("UPDATE access.notice SET told_by_name = 'En annen'"))


def test_the_limits_have_limits_of_their_own_and_are_the_municipalitys(
    world: World, client_for: ClientFor, work_of: WorkOf, approve: Callable[[], None]
) -> None:
    tora = client_for(world.tora)
    good = {"emergency_hours": "2", "other_hours": "12", "review_hours": "48", "most_in_an_hour": "3", "version": "0"}
    good["reason"] = "vedtatt i ledermøtet"
    answer = tora.act("/justified-access/settings", {**good, "emergency_hours": "25"})
    assert answer.status_code == 422
    assert 'value="25"' in answer.text and "24 eller mindre" in answer.text
    assert tora.act("/justified-access/settings", good).status_code == 303
    approve()
    with work_of(world.unn) as work:
        assert Justifying(work).limits().emergency_hours == 2
    with work_of(world.bodil) as work:
        assert Justifying(work).limits() == Limits()


def test_the_door_says_the_same_of_everybody_and_leads_in(world: World, client_for: ClientFor, kari: UUID) -> None:
    unn = client_for(world.unn)
    pages = {page(unn, asked) for asked in (kari, new_id(), world.patient(at=world.bodo_ward, by=world.bodil))}
    assert len(pages) == 1
    (shown,) = pages
    for words in ("Øyeblikkelig hjelp", "Oppgi en grunn", "Hvem i kommunen", "Ta inn pasienten"):
        assert words in shown

    path = f"/patients/{kari}/justified-access"
    again = unn.act(path, {"reason": "other", "reason_text": "kort"})
    assert again.status_code == 422
    assert 'value="kort"' in again.text and "minst 10 tegn" in again.text
    opened = unn.act(path, {"reason": "emergency"})
    assert (opened.status_code, opened.headers["Location"]) == (303, f"/patients/{kari}")
    chart = unn.get(f"/patients/{kari}").text
    assert "du åpnet journalen ved øyeblikkelig hjelp" in chart
    assert "Åpen til " in chart and "Avslutt tilgangen" in unn.get(f"/patients/{kari}/notes").text
    assert unn.act(f"{path}/end").status_code == 303
    assert unn.get(f"/patients/{kari}").status_code == 403
    assert unn.act(path, {"reason": "quality"}).headers["Location"] == f"/patients/{kari}/medication"
    assert unn.get(f"/patients/{kari}/medication").status_code == 200
    closed = unn.get(f"/patients/{kari}/notes")
    assert closed.status_code == 403 and "Grunnen du oppga, åpner ikke dette" in closed.text


def page(browser: Browser, patient_id: UUID) -> str:
    answer = browser.get(f"/patients/{patient_id}")
    assert answer.status_code == 403
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", answer.text)


def test_a_leader_goes_through_it_from_her_front_page(
    world: World, client_for: ClientFor, work_of: WorkOf, kari: UUID
) -> None:
    justify(work_of, world.unn, kari, Reason.SHARED_CARE)
    mona = client_for(world.mona)
    assert "1 begrunnet tilgang venter" in mona.get("/my-list").text
    listed = mona.get("/justified-access").text
    assert "Ukjent Unn" in listed and "Jeg gir pasienten helsehjelp i dag" in listed and "Nordmann" not in listed
    (one,) = queue(work_of, world.mona)
    assert "Kari Nordmann" in mona.get(f"/patients/{kari}/justified-access/{one.id}").text
    assert mona.act(f"/justified-access/{one.id}/review", {"outcome": "explained", "version": "0"}).status_code == 303
    assert "venter på at du går gjennom" not in mona.get("/my-list").text
    assert "Forklart, Mona Moe" in mona.get("/justified-access").text
