"""Leaders, auditors and administrators: one proposes, another answers, nobody alone, and a partner sees the act and no more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from journal.municipalities.models import Practitioner, PractitionerRole
from journal.municipalities.proposals import Proposals
from journal.municipalities.role_tables import RoleProposal
from journal.municipalities.second import Asked
from journal.platform.errors import Conflict, Denied, Invalid
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff], Browser]
Migrator = psycopg.Connection[Any]
ROLES = ("unit_manager", "tenant_administrator", "auditor")


def proposed(work_of: WorkOf, world: World, about: Staff, role: str = "auditor", **more: str) -> Any:
    with work_of(world.tora) as work:
        return Proposals(work).propose(
            role=role,
            unit_id=world.ward["id"],
            asked=Asked("Rolf slutter til jul", **more),
            practitioner_id=about.actor.person_id,
        )


def answered(work_of: WorkOf, by: Staff, proposal: Any, outcome: str = "approved") -> None:
    with work_of(by) as work:
        Proposals(work).answer(proposal, outcome=outcome)


def given(migrator: Migrator, about: Staff) -> list[Any]:
    return migrator.execute(
        "SELECT role, id FROM municipalities.practitioner_role WHERE practitioner_id = %s AND source = 'proposal'",
        (about.actor.person_id,),
    ).fetchall()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_takes_two_holds_when_another_has_approved_it(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, role: str
) -> None:
    trine, nina = world.administrator("Trine To"), world.nina
    proposal = proposed(work_of, world, nina, role)
    assert given(migrator, nina) == [], "a proposal gives nothing"
    for nobody in (world.tora,):
        with pytest.raises(Conflict):
            answered(work_of, nobody, proposal)
    for nobody in (nina, world.mona, world.rolf, world.lars):
        with pytest.raises(Denied):
            answered(work_of, nobody, proposal)
    with pytest.raises(Conflict):
        answered(work_of, world.administrator("Britt Bodø", world.bodo), proposal)
    answered(work_of, trine, proposal)
    assert [row[0] for row in given(migrator, nina)] == [role]
    with pytest.raises(Conflict):
        answered(work_of, trine, proposal)


def test_the_one_it_is_about_does_not_answer_though_she_administers(
    world: World, work_of: WorkOf, migrator: Migrator
) -> None:
    trine = world.administrator("Trine To")
    world.administrator("Terje Tre")
    proposal = proposed(work_of, world, trine, "unit_manager")
    with pytest.raises(Conflict):
        answered(work_of, trine, proposal)

    assert given(migrator, trine) == []


def test_a_proposal_that_is_too_old_or_refused_gives_nothing(world: World, work_of: WorkOf, migrator: Migrator) -> None:
    trine = world.administrator("Trine To")
    old, refused = (proposed(work_of, world, world.nina) for _ in range(2))
    migrator.execute("UPDATE municipalities.role_proposal SET expires_at = now() WHERE id = %s", (old,))
    with pytest.raises(Conflict):
        answered(work_of, trine, old)
    answered(work_of, trine, refused, "refused")
    with pytest.raises(Conflict):
        answered(work_of, trine, refused)

    assert given(migrator, world.nina) == []


def test_a_proposal_waits_for_seven_days(world: World, work_of: WorkOf, migrator: Migrator) -> None:
    world.administrator("Trine To")
    proposal = proposed(work_of, world, world.nina)
    row = migrator.execute(
        "SELECT expires_at - recorded_at FROM municipalities.role_proposal WHERE id = %s", (proposal,)
    ).fetchone()

    assert row == (timedelta(days=7),)


def test_nobody_proposes_herself_and_an_administrator_is_no_auditor(world: World, work_of: WorkOf) -> None:
    trine = world.administrator("Trine To")
    world.administrator("Terje Tre")
    with pytest.raises(Invalid):
        proposed(work_of, world, world.tora, "unit_manager")
    with pytest.raises(Invalid):
        proposed(work_of, world, trine, "auditor")
    with pytest.raises(Invalid):
        proposed(work_of, world, world.nina, "doctor")


def test_the_database_gives_nobody_both_the_log_and_the_administration(world: World) -> None:
    world.builder.add(
        PractitionerRole, municipality_id=world.oslo["id"], id=world.builder.new_id(),
        practitioner_id=world.tora.actor.person_id, unit_id=world.home["id"], role="auditor",
    )  # fmt: skip
    with pytest.raises(psycopg.errors.CheckViolation, match="does not audit"):
        world.store()
    world.builder.rows.clear()


def test_a_role_that_takes_two_cannot_be_stored_past_the_proposal(world: World, work_of: WorkOf) -> None:
    row = {"id": world.builder.new_id(), "practitioner_id": world.nina.actor.person_id, "unit_id": world.ward["id"]}
    for source in ("employment", "proposal"):
        with pytest.raises(sa.exc.DBAPIError), work_of(world.tora) as work:
            work.db.execute(sa.insert(PractitionerRole).values(**row, role="auditor", source=source))


@pytest.mark.parametrize("table", ["role_proposal", "role_answer"])
def test_neither_a_proposal_nor_its_answer_is_ever_changed(migrator: Migrator, table: str) -> None:
    may = migrator.execute(
        "SELECT privilege_type FROM information_schema.column_privileges WHERE grantee = 'journal_app'"
        " AND table_schema = 'municipalities' AND table_name = %s",
        (table,),
    ).fetchall()

    assert {kind for (kind,) in may} == ({"SELECT", "INSERT"} if table == "role_proposal" else {"SELECT"})


def test_a_municipality_with_one_administrator_names_a_partner_who_sees_the_act_and_no_more(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator
) -> None:
    name = f"Berit {world.bodo['number']}"
    berit, other = world.administrator(name, world.bodo), world.administrator("Bjarne Bodø", world.bodo)
    tora = client_for(world.tora)
    form = {
        "practitioner_id": str(world.nina.actor.person_id),
        "role": "auditor",
        "unit_id": str(world.ward["id"]),
        "reason": "Rolf slutter til jul",
    }
    refused = tora.act("/role-proposals", form)
    assert refused.status_code == 422
    assert "Ingen andre i kommunen kan godkjenne" in refused.text and "Rolf slutter til jul" in refused.text
    partner = {"partner_number": world.bodo["number"], "partner_name": name}
    assert tora.act("/role-proposals", {**form, **partner, "partner_name": "Nina Nordli"}).status_code == 422
    assert tora.act("/role-proposals", {**form, **partner}).status_code == 303
    page = client_for(berit).get("/role-proposals").text
    for said in ("Nina Nordli", "revisor", "Avdeling 2", "Osloprøven", "Rolf slutter til jul", "Godkjenn"):
        assert said in page
    assert "Siri Strand" not in page
    with work_of(berit) as work:
        assert world.nina.actor.person_id not in set(work.db.scalars(sa.select(Practitioner.id)))
        assert [one.practitioner_name for one in work.db.scalars(sa.select(RoleProposal))] == ["Nina Nordli"]
    assert "Nina Nordli" not in client_for(other).get("/role-proposals").text
    row = migrator.execute(
        "SELECT id FROM municipalities.role_proposal WHERE approver_id = %s", (berit.actor.person_id,)
    ).fetchone()
    assert row is not None
    with pytest.raises(Conflict):
        answered(work_of, other, row[0])
    assert client_for(berit).act(f"/role-proposals/{row[0]}/answer", {"outcome": "approved"}).status_code == 303
    assert [role for role, _id in given(migrator, world.nina)] == ["auditor"]
    assert f"Godkjent av {name}" in tora.get("/role-proposals").text


def test_a_partner_is_not_asked_where_there_is_a_second(world: World, work_of: WorkOf) -> None:
    world.administrator("Trine To")
    name = f"Berit {world.bodo['number']}"
    world.administrator(name, world.bodo)
    with pytest.raises(Invalid):
        proposed(work_of, world, world.nina, partner_number=world.bodo["number"], partner_name=name)
