"""The medication round as pages: one tap signs, the pane alone comes back, and nothing is read without need."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication, WorklistRow
from journal.medication.pages import chosen_slot
from journal.medication.rules import pulse
from tests.conftest import Browser, World
from tests.medication.test_sign import doses, order, sign

HTMX = {"HX-Request": "true"}

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]


@pytest.fixture
def patient_id(world: World, work_of: WorkOf) -> UUID:
    made = world.patient(family_name="Hansen")
    order(world, work_of, made)
    return made


def url_of(world: World, work_of: WorkOf, patient_id: UUID, act: str = "given") -> str:
    due = doses(world, work_of, patient_id)[0]
    return f"/patients/{patient_id}/doses/{due.id}/{act}?slot={due.slot}"


def test_the_round_shows_who_waits_and_what_the_hand_does(
    world: World, client_for: ClientFor, patient_id: UUID
) -> None:
    page = client_for(world.nina).get("/round").get_data(as_text=True)

    assert "Medisinrunde" in page
    assert "<b>HANSEN</b>" in page
    assert re.search(r"Gi <b class=\"nw\">1\stablett</b>", page)
    assert "2 klare" in page  # half an hour ago, and in half an hour


def test_one_tap_signs_and_answers_with_the_pane_of_that_patient_alone(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    nina = client_for(world.nina)
    answer = nina.act(url_of(world, work_of, patient_id), {"request_version": "1"}, headers=HTMX)
    assert answer.status_code == 303

    pane = nina.get(answer.location, headers=HTMX).get_data(as_text=True)

    assert "<html" not in pane
    assert "is-given" in pane
    assert '<hx-partial hx-target="#progress"' in pane
    assert "Angre" in pane


def test_the_same_tap_sent_twice_is_one_signature(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    from journal.platform.ids import new_id

    nina, url, command = client_for(world.nina), url_of(world, work_of, patient_id), new_id()
    first = nina.act(url, {"request_version": "1"}, command_id=command)
    again = nina.act(url, {"request_version": "1"}, command_id=command)

    assert (first.status_code, again.status_code) == (303, 303)
    count = world.migrator.execute(
        "SELECT count(*) FROM medication.medication_administration WHERE patient_id = %s", (patient_id,)
    )
    assert count.fetchone() == (1,)


def test_the_second_nurse_is_told_on_the_card_and_may_say_she_also_gave_it(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    siri, due = client_for(world.siri), doses(world, work_of, patient_id)[0]
    sign(world, work_of, due)

    refused = siri.act(f"/patients/{patient_id}/doses/{due.id}/given", {"request_version": "1"}, headers=HTMX)

    assert refused.status_code == 409
    page = refused.get_data(as_text=True)
    assert "Nina Nordli signerte denne dosen kl." in page
    assert "Jeg har også gitt den" in page
    also = siri.act(f"/patients/{patient_id}/doses/{due.id}/also-given", {"request_version": "1"})
    assert also.status_code == 303
    assert "også av Siri Strand" in siri.get(also.location).get_data(as_text=True)


def test_not_given_takes_a_reason_and_no_words(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    nina = client_for(world.nina)
    answer = nina.act(url_of(world, work_of, patient_id, "not-given"), {"request_version": "1", "reason": "refused"})

    assert "ikke gitt – ville ikke" in nina.get(answer.location).get_data(as_text=True)


def test_a_pulse_below_the_limit_is_refused_with_the_reason_offered_not_chosen(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id, required_value=pulse(Decimal(55)), condition_text="ikke gi hvis puls er under 55")
    nina, url = client_for(world.nina), url_of(world, work_of, patient_id)

    empty = nina.act(url, {"request_version": "1", "value": ""})
    low = nina.act(url, {"request_version": "1", "value": "54"})
    well = nina.act(url, {"request_version": "1", "value": "62"})

    assert (empty.status_code, low.status_code, well.status_code) == (422, 422, 303)
    assert "Puls må være et tall mellom 20 og 250." in empty.get_data(as_text=True)
    assert "Puls under 55" in low.get_data(as_text=True)
    said = "Puls 54 er under 55, som er grensen i ordinasjonen. Ikke gi dosen. Velg «Ikke gitt», og kontakt legen."
    assert said in low.get_data(as_text=True)
    assert 'value="54"' in low.get_data(as_text=True)  # what was typed is still there


def test_an_unknown_field_is_refused(world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID) -> None:
    sent = {"request_version": "1", "recorded_by": str(world.siri.actor.person_id)}

    answer = client_for(world.nina).act(url_of(world, work_of, patient_id), sent)

    assert answer.status_code == 422
    assert doses(world, work_of, patient_id)[0].signed is None


def test_undo_opens_the_dose_again(world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID) -> None:
    nina = client_for(world.nina)
    nina.act(url_of(world, work_of, patient_id), {"request_version": "1"})
    undo = re.search(r'action="(/patients/[^"]+/undo[^"]*)"', nina.get("/round").get_data(as_text=True))
    assert undo is not None

    answer = nina.act(undo[1].replace("&amp;", "&"))

    assert answer.status_code == 303
    assert doses(world, work_of, patient_id)[0].can_sign


def test_the_fragment_opens_the_chosen_chart_alone(
    world: World, client_for: ClientFor, patient_id: UUID, access_log: Callable[[UUID], list[Any]]
) -> None:
    other = world.patient(family_name="Pettersen")

    client_for(world.nina).get(f"/round?patient={patient_id}", headers=HTMX)

    assert access_log(other) == []
    assert [row.action for row in access_log(patient_id)][-1] == "medication:read"


def test_the_chosen_chart_is_opened_for_her_doses_and_the_others_for_their_names(
    world: World,
    work_of: WorkOf,
    client_for: ClientFor,
    patient_id: UUID,
    access_log: Callable[[UUID], list[Any]],
) -> None:
    other = world.patient(family_name="Pettersen")
    order(world, work_of, other)
    before = len(access_log(patient_id)), len(access_log(other))

    client_for(world.nina).get(f"/round?patient={patient_id}")

    looks = [*access_log(patient_id)[before[0] :], *access_log(other)[before[1] :]]
    assert [(row.action, row.categories, row.ground) for row in looks] == [
        ("medication:read", ["patients", "medication", "observations"], "stay"),
        ("patients:read", ["patients"], "stay"),
    ]


def test_another_unit_sees_none_of_it(world: World, client_for: ClientFor, patient_id: UUID) -> None:
    stranger = client_for(world.unn)

    assert "HANSEN" not in stranger.get("/round").get_data(as_text=True)
    assert stranger.get(f"/round?patient={patient_id}").status_code == 403


def test_the_round_stays_with_the_hour_whose_doses_are_ready() -> None:
    def hour(at: int, **counts: int) -> WorklistRow:
        begins = datetime(2026, 11, 22, at - 1, tzinfo=UTC)  # Oslo in winter
        of = {"late": 0, "ready": 0, "total": 1, "signed": 0} | counts
        beside = ([begins], [of["ready"]], [of["total"]], [of["signed"]])
        return WorklistRow(UUID(int=1), "204", None, None, of["late"], of["ready"], of["total"], of["signed"], *beside)

    eight_to_nine = [hour(8, ready=1), hour(9, ready=1), hour(12)]
    after_nine = [hour(8, late=1), hour(9, ready=1), hour(12)]
    all_given = [hour(8, signed=1), hour(9, signed=1), hour(12)]
    at = datetime(2026, 11, 22, 7, 10, tzinfo=UTC)

    assert chosen_slot(eight_to_nine, None, at) == "08"
    assert chosen_slot(after_nine, None, at + timedelta(hours=1)) == "09"
    assert chosen_slot(all_given, None, at + timedelta(hours=2)) == "09"
    assert chosen_slot(eight_to_nine, "12", at) == "12"
    assert chosen_slot([], None, at) is None


def test_who_is_away_is_not_expected_to_take_anything(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    world.migrator.execute(
        "UPDATE access.care_relationship SET away_from = now() - interval '2 hours', away_until = now() + interval '20 hours'"
        " WHERE patient_id = %s",
        (patient_id,),
    )
    with work_of(world.nina) as work:
        end = work.now + timedelta(hours=12)
        row = Medication(work).worklist(start=work.now - timedelta(hours=12), end=end)[0]

    assert row.away_until is not None
    assert (row.late, row.ready, row.total) == (0, 0, 0)


def test_the_worklist_counts_without_opening_a_chart(
    world: World, work_of: WorkOf, patient_id: UUID, access_log: Callable[[UUID], list[Any]]
) -> None:
    sign(world, work_of, doses(world, work_of, patient_id)[0])
    looks = len(access_log(patient_id))

    with work_of(world.nina) as work:
        rows = Medication(work).worklist(start=work.now - timedelta(hours=1), end=work.now + timedelta(hours=4))

    assert [(row.patient_id, row.room, row.late, row.signed, row.total) for row in rows] == [
        (patient_id, "204", 0, 1, 5)
    ]
    assert len(access_log(patient_id)) == looks


def test_a_round_of_thirty_costs_no_more_than_a_round_of_one(
    world: World, work_of: WorkOf, client_for: ClientFor, count_queries: list[str]
) -> None:
    for number in range(30):
        order(world, work_of, world.patient(family_name=f"Pasient{number}"))
    nina = client_for(world.nina)
    count_queries.clear()

    page = nina.get("/round")

    assert page.status_code == 200
    assert len(count_queries) <= 7, "\n".join(count_queries)
