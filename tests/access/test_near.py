"""A patient who seems to be oneself, near kin or a colleague: a page in between, and what comes of the answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.access import AskedToClose, Restrictions
from journal.access.justified import Justifying
from journal.access.justified_rules import REASONS, Reason
from journal.access.near_rules import Near, ways_on
from journal.access.reviewing import Reviews
from journal.platform import clock
from journal.platform.errors import NoGround, NotLet
from tests import chart_rows, factories
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
Log = Callable[[UUID], list[Any]]
Migrator = psycopg.Connection[Any]
ASKS = "Kjenner du pasienten privat?"
ALONE = {"reason": "family-alone"}


@pytest.fixture
def mother(world: World) -> UUID:
    """Nina stands as next of kin in her chart, and her ward gives the care."""
    patient_id = world.patient(family_name="Sjeldenvik", given_name="Inger")
    factories.related_person(world.builder, patient_id, world.siri, "Nina Nordli")
    world.store()
    return patient_id


def signs(work_of: WorkOf, who: Staff, patient_id: UUID) -> list[str]:
    with work_of(who) as work:
        work.actor  # noqa: B018
        return list(
            work.db.connection()
            .exec_driver_sql("SELECT near FROM access.nearness(ARRAY[%s::uuid])", (patient_id,))
            .scalar()
        )


def test_she_is_asked_before_the_chart_opens_and_goes_on_with_a_reason_for_the_shift(
    world: World, client_for: ClientFor, access_log: Log, mother: UUID
) -> None:
    nina, chart = client_for(world.nina), f"/patients/{mother}"
    for way_in in ("", "/medication", "/notes", "/related-persons"):
        asked = nina.get(chart + way_in)
        assert asked.status_code == 403 and ASKS in asked.text, way_in
        assert "Sjeldenvik" not in asked.text and "står som pårørende" in asked.text
    assert access_log(mother) == [], "nothing was opened"

    on = nina.act(f"{chart}/near", ALONE | {"page": f"{chart}/notes"})
    assert (on.status_code, on.headers["Location"]) == (303, f"{chart}/notes")
    assert nina.get(f"{chart}/notes").status_code == nina.get(chart).status_code == 200
    assert {row.decision_ref["id"] for row in access_log(mother) if row.action == "notes:read"} == {"family-alone"}
    # Of her alone, and of nobody whom the question does not fit.
    assert client_for(world.mona).get(chart).status_code == 200


def test_it_is_told_to_the_leader_the_patient_and_the_auditor_and_lasts_a_shift(
    world: World, client_for: ClientFor, work_of: WorkOf, migrator: Migrator, mother: UUID
) -> None:
    nina, chart = client_for(world.nina), f"/patients/{mother}"
    for _again in range(2):
        nina.act(f"{chart}/near", ALONE)
    nina.get(chart)
    client_for(world.mona).get(chart)

    with work_of(world.mona) as work:
        (one,) = Reviews(work).queue()
    assert (one.reader, one.reason, one.until - one.at, one.waits) == (
        "Nina Nordli",
        Reason.FAMILY_ALONE,
        timedelta(hours=12),
        True,
    )
    assert dict(one.kinds)["notes"] == 1, "others read by the same ground, and are not counted"
    assert migrator.execute("SELECT count(*) FROM access.notice WHERE patient_id = %s", (mother,)).fetchone() == (1,)
    day = clock.local_date(datetime.now(UTC)).isoformat()
    query = {"actor": str(world.nina.actor.person_id), "patient": str(mother), "day": day}
    found = client_for(world.rolf).get("/audit/unusual", query_string=query).text
    assert "svarte: Nær familie: ingen andre på vakt kan gi hjelpen" in found

    migrator.execute(
        "UPDATE access.justified_access SET valid_until = now() - interval '1 second' WHERE patient_id = %s", (mother,)
    )
    assert ASKS in nina.get(chart).text


def test_the_round_and_what_is_signed_wait_for_no_answer(world: World, client_for: ClientFor, mother: UUID) -> None:
    nina = client_for(world.nina)
    assert nina.get("/round").status_code == 200
    assert nina.get(f"/patients/{mother}/as-needed").status_code == 200
    sent = {"code": "pulse", "pulse": "60", "effective_at": ""}
    assert ASKS not in nina.act(f"/patients/{mother}/observations", sent).text


def test_without_a_ground_nothing_is_told_of_kin(world: World, client_for: ClientFor, work_of: WorkOf) -> None:
    patient_id = world.patient()
    factories.related_person(world.builder, patient_id, world.siri, "Ukjent Unn")
    world.store()
    page = client_for(world.unn).get(f"/patients/{patient_id}").text
    assert ASKS not in page and "pårørende" not in page
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Justifying(work).go_on(patient_id, Reason.FAMILY_ALONE)


def test_whom_it_is_closed_to_is_told_nothing_of_kin_either(
    world: World, client_for: ClientFor, work_of: WorkOf, mother: UUID
) -> None:
    with work_of(world.lars) as work:
        asked = AskedToClose("*", "Pasienten", work.now.date(), person_id=world.nina.actor.person_id)
        Restrictions(work).register(mother, asked)
    page = client_for(world.nina).get(f"/patients/{mother}").text
    assert ASKS not in page and "pårørende" not in page


def test_the_warning_goes_by_the_same_signs_as_the_auditors_list(
    world: World, client_for: ClientFor, work_of: WorkOf, mother: UUID
) -> None:
    home = {"address_line_1": "Prøveveien 7", "postal_code": "0999"}
    oneself = world.patient(given_name="Nina", family_name="Nordli", birth_date=date(1985, 3, 2), **home)
    neighbour = world.patient(given_name="Per", family_name="Annerledes", **home)
    hidden = world.patient(given_name="Pia", family_name="Annerledes", confidentiality="confidential", **home)
    colleague = world.patient(given_name="Siri", family_name="Strand", birth_date=date(1980, 1, 1))
    elsewhere = world.patient(given_name="Ukjent", family_name="Unn", birth_date=date(1980, 1, 1))
    stranger = world.patient()
    expected = {
        mother: ["kin"],
        oneself: ["oneself"],
        neighbour: ["address"],
        hidden: [],
        colleague: ["colleague"],
        elsewhere: [],
        stranger: [],
    }
    assert {one: signs(work_of, world.nina, one) for one in expected} == expected

    nina = client_for(world.nina)
    for one in expected:
        nina.get(f"/patients/{one}/as-needed")
    rolf, day = client_for(world.rolf), clock.local_date(datetime.now(UTC)).isoformat()
    for one, near in expected.items():
        query = {"actor": str(world.nina.actor.person_id), "patient": str(one), "day": day}
        found = rolf.get("/audit/unusual", query_string=query)
        assert all(sign in _codes(found.text) for sign in near), (near, found.text)


def _codes(page: str) -> set[str]:
    said = {
        "kin": "står som pårørende eller verge",
        "address": "bor på samme adresse som en med leserens navn",
        "oneself": "samme navn som den som leste, og er i arbeidsfør alder",
        "colleague": "samme navn som en som er ansatt",
    }
    return {code for code, text in said.items() if text in page}


def test_a_student_is_asked_and_her_supervisor_takes_over(world: World, client_for: ClientFor, mother: UUID) -> None:
    stine = factories.staff(world.builder, world.oslo, world.ward, "Stine Student", "student", supervisor=world.nina)
    factories.related_person(world.builder, mother, world.siri, "Stine Student")
    world.store()
    browser, chart = client_for(stine), f"/patients/{mother}"
    asked = browser.get(chart)
    assert (
        asked.status_code == 403 and "Be veilederen din om å ta over" in asked.text and "family-alone" not in asked.text
    )
    assert browser.act(f"{chart}/near", ALONE).status_code == 403
    assert ASKS in browser.get(chart).text


def test_what_is_answered_fits_what_it_looks_like(world: World, work_of: WorkOf, mother: UUID) -> None:
    assert set(ways_on([Near.ONESELF, Near.KIN])) == {Reason.SAME_NAME}
    assert Reason.COLLEAGUE not in ways_on([Near.KIN]) and not ways_on([])
    assert all(REASONS[reason].near for sign in Near for reason in ways_on([sign]))
    for reason in (Reason.COLLEAGUE, Reason.EMERGENCY):
        with pytest.raises(NotLet), work_of(world.nina) as work:
            Justifying(work).go_on(mother, reason)
    with pytest.raises(NotLet), work_of(world.unn) as work:
        Justifying(work).open(mother, Reason.SAME_NAME, "")


def test_of_linked_records_the_answer_stands_where_the_ground_does(world: World, client_for: ClientFor) -> None:
    leading, other = world.patient(related=False), world.patient(family_name="Sjeldenvik")
    told = {"at": datetime.now(UTC) - timedelta(days=1), "reason": "Samme person"}
    chart_rows.link(world.builder, leading, other, world.siri, world.lars, **told)
    factories.related_person(world.builder, other, world.siri, "Nina Nordli")
    world.store()
    nina = client_for(world.nina)
    for record in (leading, other):
        assert ASKS in nina.get(f"/patients/{record}").text
    assert nina.act(f"/patients/{leading}/near", ALONE).status_code == 303
    for record in (leading, other):
        assert nina.get(f"/patients/{record}").status_code == 200
