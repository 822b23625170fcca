"""Services, stays and absences with the grounds that follow from them; tasks and incidents."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from journal.audit.erasure import Erasures
from journal.care import Care
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, NotFound
from tests import factories
from tests.care.helpers import admitted, relationships


def test_a_stay_gives_the_ward_its_ground(world: Any, work_of: Any, migrator: Any) -> None:
    kari = admitted(world, work_of)
    with work_of(world.nina) as work:
        where = Care(work).whereabouts([kari])[kari]
    assert where.stay is not None and (where.stay.ward_name, where.stay.room, where.away) == ("Avdeling 2", "12", False)
    begun = next(r for r in relationships(migrator, kari) if r["id"] == where.stay.relationship_id)
    assert (begun["ground"], begun["service_code"], begun["room"]) == ("stay", "21", "12")
    assert begun["decision_ref"] == {
        "id": str(where.stay.id),
        "description": "Langtidsopphold, Avdeling 2",
        "user_selected": False,
    }


def test_nobody_admits_to_a_ward_that_is_not_hers(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(Invalid) as refusal, work_of(world.nina) as work:
        Care(work).admit(kari, world.other_ward["id"])
    assert "unit_id" in refusal.value.errors


def test_a_patient_has_one_stay_at_a_time(world: Any, work_of: Any) -> None:
    kari = admitted(world, work_of)
    with pytest.raises(Conflict, match="Avdeling 2"), work_of(world.nina) as work:
        Care(work).admit(kari, world.ward["id"])


def test_who_may_not_admit_is_refused(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(Denied), work_of(world.siri) as work:
        Care(work).admit(kari, world.ward["id"])


def test_a_discharge_ends_stay_absence_and_ground(world: Any, work_of: Any, migrator: Any) -> None:
    kari = admitted(world, work_of)
    with work_of(world.siri) as work:
        Care(work).leave(kari, kind="hospital", place="Ullevål")
    with work_of(world.nina) as work:
        Care(work).discharge(kari)
    with work_of(world.nina) as work:
        where, stays = Care(work).whereabouts([kari])[kari], Care(work).stays(kari)
        assert (where.stay, where.absence, where.away) == (None, None, False)
        assert {one.ended_by_name for one in stays} == {world.nina.actor.name} and len(stays) == 2
        ended = next(r for r in relationships(migrator, kari) if r["id"] == stays[0].relationship_id)
        assert ended["grace_until"] - ended["valid_until"] == timedelta(hours=12)
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Care(work).discharge(kari)


def test_a_stay_does_not_end_before_it_began_or_tomorrow(world: Any, work_of: Any) -> None:
    kari = admitted(world, work_of)
    for away in (timedelta(days=-3), timedelta(days=1)):
        with pytest.raises(Invalid), work_of(world.nina) as work:
            Care(work).discharge(kari, at=work.now + away)


def test_a_patient_on_leave_is_away_until_she_is_back(world: Any, work_of: Any, migrator: Any) -> None:
    kari = admitted(world, work_of)
    with work_of(world.siri) as work:
        Care(work).leave(kari, place="Datteren", expected_until=work.now + timedelta(hours=6))
        away = Care(work).whereabouts([kari])[kari]
        assert away.away and away.absence is not None and away.stay is not None
        relationship_id = away.stay.relationship_id
    row = next(r for r in relationships(migrator, kari) if r["id"] == relationship_id)
    assert row["away_until"] - row["away_from"] == timedelta(hours=6)
    with pytest.raises(Conflict, match="alt registrert som borte"), work_of(world.siri) as work:
        Care(work).leave(kari)
    with work_of(world.siri) as work:
        Care(work).return_from_leave(kari)
    with work_of(world.siri) as work:
        assert Care(work).whereabouts([kari])[kari].absence is None
    row = next(r for r in relationships(migrator, kari) if r["id"] == relationship_id)
    assert (row["away_from"], row["away_until"]) == (None, None)
    with pytest.raises(Conflict), work_of(world.siri) as work:
        Care(work).return_from_leave(kari)


def test_a_planned_leave_has_not_begun_and_can_be_called_off(world: Any, work_of: Any) -> None:
    kari = admitted(world, work_of)
    with work_of(world.siri) as work:
        Care(work).leave(kari, valid_from=work.now + timedelta(days=1), expected_until=work.now + timedelta(days=2))
        planned = Care(work).whereabouts([kari])[kari]
        assert planned.absence is not None and not planned.away
    with work_of(world.siri) as work:
        Care(work).return_from_leave(kari)
        assert Care(work).whereabouts([kari])[kari].absence is None


def test_whereabouts_of_many_is_one_statement(world: Any, work_of: Any, count_queries: list[str]) -> None:
    patients = [world.patient() for _ in range(3)]
    with work_of(world.nina) as work:
        Care(work).admit(patients[1], world.ward["id"])
    with work_of(world.nina) as work:
        Care(work).tasks(patients)
        count_queries.clear()
        found = Care(work).whereabouts(patients)
        Care(work).tasks(patients)
    assert len(count_queries) == 2
    assert [found[p].stay is not None for p in patients] == [False, True, False]


def test_tasks_stand_first_due_first_and_the_late_ones_say_so(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        care = Care(work)
        care.add_task(kari, "Når som helst")
        care.add_task(kari, "Om en time", due_at=work.now + timedelta(hours=1))
        care.add_task(kari, "For en time siden", due_at=work.now - timedelta(hours=1), kind="effect_follow_up")
        assert [(t.text, t.overdue) for t in care.open_tasks(kari)] == [
            ("For en time siden", True), ("Om en time", False), ("Når som helst", False)
        ]  # fmt: skip


def test_a_task_is_done_once_and_says_by_whom(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Mål blodtrykk")
    with work_of(world.siri) as work:
        Care(work).complete_task(kari, task, outcome="138/82")
    with work_of(world.nina) as work:
        assert Care(work).open_tasks(kari) == []
        (done,) = Care(work).closed_tasks(kari)
        assert (done.recorded_by_name, done.outcome, done.version) == ("Siri Strand", "138/82", 2)
    with pytest.raises(Conflict, match="Siri Strand gjorde oppgaven"), work_of(world.nina) as work:
        Care(work).complete_task(kari, task)


def test_a_task_entered_in_error_is_asked_of_nobody_and_stands_struck_out(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Vei pasienten")
    with work_of(world.siri) as work:
        Care(work).mark_task_in_error(kari, task, "Gjaldt naboen")
    with work_of(world.nina) as work:
        assert Care(work).open_tasks(kari) == []
        (wrong,) = Care(work).closed_tasks(kari)
        assert (wrong.text, wrong.in_error, wrong.in_error_reason) == ("Vei pasienten", True, "Gjaldt naboen")
    for again in (
        lambda care: care.mark_task_in_error(kari, task, "igjen"),
        lambda care: care.complete_task(kari, task),
    ):
        with pytest.raises(Conflict), work_of(world.nina) as work:
            again(Care(work))


def test_a_task_that_is_done_can_be_entered_in_error_as_a_whole(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Vei pasienten")
        Care(work).complete_task(kari, task, outcome="61 kg")
    with work_of(world.nina) as work:
        Care(work).mark_task_in_error(kari, task, "Feil pasient")
    with work_of(world.nina) as work:
        assert Care(work).open_tasks(kari) == []
        (wrong,) = Care(work).closed_tasks(kari)
        assert (wrong.version, wrong.outcome, wrong.in_error) == (2, "61 kg", True)


def test_a_task_that_another_municipality_did_is_not_ours_to_mark(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Vei pasienten")
    factories.care_relationship(
        world.builder, kari, world.bodil, world.bodo_ward, since=datetime.now(UTC) - timedelta(days=1)
    )
    world.store()
    with pytest.raises(Denied, match="En annen kommune"), work_of(world.bodil) as work:
        Care(work).mark_task_in_error(kari, task, "feil")


def test_an_erased_task_waits_for_nobody_and_says_that_it_is_erased(
    world: Any, work_of: Any, client_for: Any, migrator: Any
) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Hemmelig oppgave")
    leader = factories.staff(world.builder, world.oslo, world.home, "Leder To", "unit_manager", below=(world.ward,))
    world.store()
    row_id = migrator.execute("SELECT id FROM care.task WHERE entry_id = %s", (task,)).fetchone()[0]
    with work_of(world.mona) as work:
        proposal = Erasures(work).propose(
            kari, table="care.task", row_id=row_id, paragraph="hpl. § 44", decision="Feil pasient"
        )
    with work_of(leader) as work:
        Erasures(work).confirm(kari, proposal)

    with work_of(world.nina) as work:
        assert Care(work).open_tasks(kari) == [] and Care(work).tasks([kari]) == {kari: []}
        (erased,) = Care(work).closed_tasks(kari)
        assert (erased.text, erased.erased) == ("", True)
    with pytest.raises(Conflict, match="slettet"), work_of(world.nina) as work:
        Care(work).complete_task(kari, task)
    page = client_for(world.nina).get(f"/patients/{kari}/tasks").text
    assert "Ingen oppgaver venter" in page and "Slettet etter vedtak" in page and "Hemmelig" not in page
    assert "Ingen åpne oppgaver" in client_for(world.nina).get(f"/patients/{kari}").text


def test_two_who_do_a_task_at_once_do_it_once(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Stell sår")

    def attempt(who: Any) -> str:
        try:
            with work_of(who) as work:
                Care(work).complete_task(kari, task)
        except Conflict:
            return "conflict"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, (world.nina, world.siri))) == ["conflict", "done"]


def test_a_task_of_another_patient_is_not_there(world: Any, work_of: Any) -> None:
    kari, ola = world.patient(), world.patient()
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Mål blodtrykk")
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Care(work).complete_task(ola, task)


def test_without_a_ground_nothing_is_read(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Care(work).open_tasks(kari)


def test_the_page_of_tasks_adds_and_signs(world: Any, client_for: Any, work_of: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    address = f"/patients/{kari}/tasks"
    assert "Ingen oppgaver venter" in nina.get(address).text
    assert nina.act(address, {"what": "", "due_at": "i morgen"}).status_code == 422
    refused = nina.act(address, {"what": "Vei pasienten", "due_at": "i morgen"})
    assert 'value="Vei pasienten"' in refused.text and "Skriv tidspunktet slik: 22.11.2026 08.15." in refused.text
    assert nina.act(address, {"what": "Vei pasienten", "due_at": ""}).status_code == 303
    with work_of(world.nina) as work:
        (task,) = Care(work).open_tasks(kari)
    assert nina.act(f"{address}/{task.entry_id}/complete", {"outcome": "64,5 kg"}).status_code == 303
    page = nina.get(address).text
    assert "64,5 kg" in page and "Ingen oppgaver venter" in page
    again = nina.act(f"{address}/{task.entry_id}/complete", {"outcome": ""})
    assert again.status_code == 409 and "Nina Nordli gjorde oppgaven" in again.text


def test_a_task_is_marked_from_its_page_and_the_reason_is_asked_for_there(
    world: Any, client_for: Any, work_of: Any
) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    with work_of(world.nina) as work:
        task = Care(work).add_task(kari, "Vei pasienten")
        Care(work).add_task(kari, "Ring datteren")
    address = f"/patients/{kari}/tasks/{task}/in-error"
    refused = nina.act(address, {"reason": " "})
    assert refused.status_code == 422 and refused.text.count("<details open>") == 1
    assert refused.text.count('id="f-reason"') == 1 and "Fyll ut feltet." in refused.text
    assert nina.act(address, {"reason": "Feil pasient"}).status_code == 303
    page = nina.get(f"/patients/{kari}/tasks").text
    assert "<s>Vei pasienten</s>" in page and "Feilført: Feil pasient" in page


def test_the_page_of_the_stay_admits_registers_leave_and_discharges(world: Any, client_for: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    address = f"/patients/{kari}/stay"
    assert "ikke noe opphold" in nina.get(address).text
    stay = {"unit_id": str(world.ward["id"]), "kind": "short_term", "room": "7", "valid_from": "", "expected_until": ""}
    assert nina.act(address, stay).status_code == 303
    assert "rom 7" in nina.get(address).text
    away = {"kind": "leave", "place": "Hytta", "valid_from": "", "expected_until": ""}
    assert nina.act(f"{address}/leave", away).status_code == 303
    assert "Hytta" in nina.get(address).text
    assert nina.act(f"{address}/leave", away).status_code == 409
    assert nina.act(f"{address}/return").status_code == 303
    assert nina.act(f"{address}/discharge", {"at": ""}).status_code == 303
    assert "ikke noe opphold" in nina.get(address).text


def test_a_health_assistant_sees_the_stay_but_no_form_to_admit(world: Any, client_for: Any) -> None:
    kari, siri = world.patient(), client_for(world.siri)
    assert "Legg inn pasienten" not in siri.get(f"/patients/{kari}/stay").text
    refused = siri.act(f"/patients/{kari}/stay", {"unit_id": str(world.ward["id"]), "kind": "long_term", "room": ""})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("act", "form"),
    [("discharge", {"at": ""}), ("leave", {"kind": "leave", "place": "", "valid_from": "", "expected_until": ""})],
)
def test_another_municipality_with_a_ground_does_not_end_or_interrupt_the_stay(
    world: Any, work_of: Any, client_for: Any, migrator: Any, act: str, form: dict[str, str]
) -> None:
    kari = admitted(world, work_of)
    factories.care_relationship(
        world.builder, kari, world.bodil, world.bodo_ward, since=datetime.now(UTC) - timedelta(days=1)
    )
    world.store()

    answer = client_for(world.bodil).act(f"/patients/{kari}/stay/{act}", form)

    assert answer.status_code == 403
    assert "En annen kommune har gitt dette" in answer.text
    open_stays = migrator.execute(
        "SELECT count(*) FROM care.stay WHERE patient_id = %s AND valid_until IS NULL", (kari,)
    )
    assert open_stays.fetchone() == (1,)
