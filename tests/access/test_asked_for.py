"""General practitioner, referral and the patient's own wish: for somebody else, with an end, and in sight of all who care."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from journal.access import AskedFor, CareRelationships
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Denied, NoGround, NotFound
from tests.architecture.charts import store
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


def opens(work_of: WorkOf, who: Staff, patient_id: Any) -> str:
    with work_of(who) as work:
        return str(work.open(Permission.CHART_READ, [patient_id])[patient_id].code)


def test_what_the_patient_asks_for_lets_a_colleague_in_until_the_day_and_is_taken_back(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    kari = world.patient()
    with pytest.raises(NoGround):
        opens(work_of, world.unn, kari)
    nina, page = client_for(world.nina), f"/patients/{kari}/grounds"
    with work_of(world.nina) as work:
        today = local_date(work.now)
    asked = {"ground": "patient_request", "to": str(world.unn.actor.person_id)}
    for wrong in ("", norwegian_date(today - timedelta(days=1)), norwegian_date(today + timedelta(days=366))):
        answer = nina.act(page, {**asked, "until": wrong})
        assert answer.status_code == 422 and f'value="{wrong}"' in answer.text
    good = {**asked, "until": norwegian_date(today + timedelta(days=30))}
    assert nina.act(page, good).status_code == 303
    assert nina.act(page, good).status_code == 409, "she has it"

    assert opens(work_of, world.unn, kari) == "patient_request"
    with work_of(world.unn) as work:
        held = {one.ground: one for one in AskedFor(work).held(kari)}
    assert (held["patient_request"].holder, held["stay"].holder) == ("Ukjent Unn", "Avdeling 2")
    assert not held["stay"].may_end and held["patient_request"].may_end

    assert "Ukjent Unn" in nina.get(page).text
    assert nina.act(f"{page}/{held['stay'].id}/end").status_code == 404, "a stay is ended by a discharge"
    assert nina.act(f"{page}/{held['patient_request'].id}/end").status_code == 303
    assert "Kan skrive ferdig til" in nina.get(page).text
    assert not any(one.may_end for one in held.values() if one.ground == "stay")


def test_a_general_practitioner_is_a_doctor_and_a_referral_is_to_a_unit(world: World, client_for: ClientFor) -> None:
    kari = world.patient()
    nina, page = client_for(world.nina), f"/patients/{kari}/grounds"
    person, unit = str(world.unn.actor.person_id), str(world.other_ward["id"])
    for ground, to in (("general_practitioner", person), ("general_practitioner", unit), ("referral", person)):
        assert nina.act(page, {"ground": ground, "to": to}).status_code == 422
    foreign = str(world.bodo_ward["id"])
    assert nina.act(page, {"ground": "referral", "to": foreign}).status_code == 422
    assert nina.act(page, {"ground": "general_practitioner", "to": str(world.lars.actor.person_id)}).status_code == 303
    assert nina.act(page, {"ground": "referral", "to": unit}).status_code == 303
    assert client_for(world.unn).get(f"/patients/{kari}").status_code == 200


def test_nobody_declares_her_own_ground(world: World, work_of: WorkOf, client_for: ClientFor, migrator: Any) -> None:
    kari = world.patient()
    nina = client_for(world.nina)
    for to in (world.nina.actor.person_id, world.ward["id"]):
        form = {"ground": "patient_request", "to": str(to), "until": norwegian_date(local_date(_now(migrator)))}
        assert nina.act(f"/patients/{kari}/grounds", form).status_code == 403
    foreign = world.patient(at=world.other_ward, by=world.unn)
    with pytest.raises(NoGround), work_of(world.nina) as work:
        AskedFor(work).ask_for(foreign, "referral", world.other_ward["id"], until=None)
    with pytest.raises(Denied), work_of(world.nina) as work:
        # Who takes somebody in has the one way in that needs no ground: it gives her nothing to give to herself.
        CareRelationships(work).begin(foreign, ground="patient_request", practitioner_id=world.nina.actor.person_id)
    refused = psycopg.errors.CheckViolation
    with pytest.raises(refused, match="never_for_oneself"):
        me = {"practitioner_id": world.nina.actor.person_id, "ground": "referral", "valid_from": _now(migrator)}
        store(migrator, "access.care_relationship", patient_id=kari, id=kari, **world.nina.stamp, **me)


def test_a_ground_of_another_municipality_is_seen_and_not_ended(world: World, work_of: WorkOf, migrator: Any) -> None:
    kari = world.patient()
    theirs = {"ground": "referral", "valid_from": _now(migrator), "practitioner_id": world.bodil.actor.person_id}
    store(
        migrator,
        "access.care_relationship",
        patient_id=kari,
        id=world.bodo_ward["id"],
        **{**world.nina.stamp, "municipality_id": world.bodo["id"], "unit_id": world.bodo_ward["id"]},
        **theirs,
    )
    with pytest.raises(NotFound), work_of(world.nina) as work:
        found = {one.id: one for one in AskedFor(work).held(kari)}[world.bodo_ward["id"]]
        assert (found.holder, found.may_end) == ("Bodøprøven", False), "whose it is there is not told here"
        AskedFor(work).withdraw(kari, found.id)


def test_who_may_not_grant_is_shown_no_form(world: World, client_for: ClientFor) -> None:
    page = f"/patients/{world.patient()}/grounds"
    siri = client_for(world.siri)
    assert "Gi tilgang" not in siri.get(page).text
    assert siri.act(page, {"ground": "referral", "to": str(world.other_ward["id"])}).status_code == 403


def _now(migrator: Any) -> Any:
    return migrator.execute(sa.text("SELECT now()").text).fetchone()[0]
