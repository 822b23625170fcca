"""Access rules: one proposes, an administrator who is another answers, and nothing is changed in any other way."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from journal.access.justified import JustifiedSettings, Justifying
from journal.access.justified_rules import Limits
from journal.access.rule_proposals import RuleProposals
from journal.access.sources import Grace, Sources
from journal.municipalities import Asked
from journal.oversight.unusual import UnusualAccess
from journal.platform.errors import Conflict, Denied, Invalid
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff], Browser]
Migrator = psycopg.Connection[Any]
LIMITS = {"emergency_hours": 2, "other_hours": 12, "review_hours": 48, "most_in_an_hour": 2}
WHY = Asked("vedtatt i ledermøtet")


def hours(work_of: WorkOf, by: Staff, hours: int = 24, version: int = 0, asked: Asked = WHY) -> None:
    with work_of(by) as work:
        Sources(work).propose_grace(hours, version=version, asked=asked)


def limits(work_of: WorkOf, by: Staff) -> None:
    with work_of(by) as work:
        JustifiedSettings(work).propose(**LIMITS, version=0, asked=WHY)


def rule(work_of: WorkOf, by: Staff) -> None:
    with work_of(by) as work:
        UnusualAccess(work).propose("kin", active=False, threshold=0, asked=WHY)


def newest(work_of: WorkOf, by: Staff) -> UUID:
    with work_of(by) as work:
        found: UUID = RuleProposals(work).changes()[0].id
        return found


def answered(work_of: WorkOf, by: Staff, proposal: UUID, outcome: str = "approved") -> None:
    with work_of(by) as work:
        RuleProposals(work).answer(proposal, outcome=outcome)


def held(work_of: WorkOf, world: World) -> tuple[int, int, bool]:
    """Hours of grace, hours of an emergency, and whether the rule of kin is in use."""
    with work_of(world.tora) as work:
        grace, door = Sources(work).grace(), JustifiedSettings(work).chosen()
    with work_of(world.rolf) as work:
        return grace.hours, door.emergency_hours, UnusualAccess(work).choices()["kin"].active


@pytest.mark.parametrize(
    ("propose", "by", "then"),
    [(hours, "tora", (24, 4, True)), (limits, "tora", (12, 2, True)), (rule, "rolf", (12, 4, False))],
)
def test_a_rule_holds_when_another_administrator_has_approved_it(
    world: World, work_of: WorkOf, second: Staff, propose: Any, by: str, then: tuple[int, int, bool]
) -> None:
    proposer = getattr(world, by)
    propose(work_of, proposer)
    proposal = newest(work_of, second)
    assert held(work_of, world) == (12, 4, True), "a proposal changes nothing"
    for nobody in (proposer, world.mona, world.nina):
        with pytest.raises((Conflict, Denied)):
            answered(work_of, nobody, proposal)
    with pytest.raises(Conflict):
        answered(work_of, world.administrator("Britt Bodø", world.bodo), proposal)
    answered(work_of, second, proposal)
    assert held(work_of, world) == then
    with pytest.raises(Conflict):
        answered(work_of, second, proposal)


def test_a_unit_whose_name_tells_too_much_is_named_to_nobody_without_a_ground(
    world: World, work_of: WorkOf, client_for: ClientFor, approve: Callable[[], None]
) -> None:
    patient_id = world.patient()

    def known() -> tuple[str, ...]:
        with work_of(world.unn) as work:
            told: tuple[str, ...] = Justifying(work).who_knows(patient_id)
        return told

    tora, form = client_for(world.tora), {"unit_id": str(world.ward["id"]), "reason": "navnet røper for mye"}
    assert known() == ("Avdeling 2",)
    assert tora.act("/access/rule-proposals", {**form, "sensitive": "true"}).status_code == 303
    assert known() == ("Avdeling 2",), "until another has approved"
    approve()
    assert known() == ()
    assert "Skjermet nå: Avdeling 2." in tora.get("/access/rule-proposals").text
    again = tora.act("/access/rule-proposals", {**form, "sensitive": "true"})
    assert again.status_code == 422 and "gjelder allerede" in again.text and "navnet røper for mye" in again.text
    elsewhere = tora.act("/access/rule-proposals", {**form, "unit_id": str(world.bodo_ward["id"]), "sensitive": "true"})
    assert elsewhere.status_code == 422 and "Velg en enhet i kommunen." in elsewhere.text
    tora.act("/access/rule-proposals", {**form, "sensitive": "false"})
    approve()
    assert known() == ("Avdeling 2",)


def test_refused_or_too_old_it_changes_nothing(
    world: World, work_of: WorkOf, second: Staff, migrator: Migrator
) -> None:
    hours(work_of, world.tora)
    answered(work_of, second, newest(work_of, second), "refused")
    hours(work_of, world.tora, 36)
    old = newest(work_of, second)
    migrator.execute("UPDATE access.rule_proposal SET expires_at = now() WHERE id = %s", (old,))
    with pytest.raises(Conflict):
        answered(work_of, second, old)

    assert held(work_of, world) == (12, 4, True)


def test_of_two_changes_of_the_same_one_alone_holds(world: World, work_of: WorkOf, second: Staff) -> None:
    hours(work_of, world.tora, 24)
    first = newest(work_of, second)
    hours(work_of, world.tora, 48)
    other = newest(work_of, second)
    answered(work_of, second, first)
    with pytest.raises(Conflict):
        answered(work_of, second, other)
    with work_of(second) as work:
        assert [one.outcome for one in RuleProposals(work).changes()] == [None, "approved"], (
            "it waits, and is not half answered"
        )
    with pytest.raises(Conflict):
        hours(work_of, world.tora, 48, version=0)
    with pytest.raises(Invalid, match="gjelder allerede"):
        hours(work_of, world.tora, 24, version=1)
    hours(work_of, world.tora, 48, version=1)
    assert held(work_of, world)[0] == 24


def test_the_application_writes_no_rule_itself(world: World, work_of: WorkOf) -> None:
    into = {
        "access.grace_setting": "(version, hours) VALUES (1, 72)",
        "access.justified_setting": f"(version, {', '.join(LIMITS)}) VALUES (1, 24, 72, 336, 50)",
        "oversight.rule_choice": "(id, rule, active, threshold) VALUES (gen_random_uuid(), 'kin', false, 0)",
        "access.rule_answer": "(municipality_id, proposal_id, outcome)"
        " SELECT municipality_id, id, 'approved' FROM access.rule_proposal",
    }
    hours(work_of, world.tora, asked=partner_of(world, world.administrator("Britt Bodø", world.bodo)))
    for table, row in into.items():
        for who in (world.tora, world.rolf):
            with pytest.raises(DBAPIError, match="permission denied"), work_of(who) as work:
                work.db.execute(sa.text(f"INSERT INTO {table} {row}"))


@pytest.mark.parametrize(
    ("kind", "by"), [("grace", "rolf"), ("limits", "rolf"), ("unusual", "tora"), ("grace", "mona")]
)
def test_nobody_proposes_what_is_not_hers(world: World, work_of: WorkOf, kind: str, by: str) -> None:
    said = f"('{kind}', gen_random_uuid(), '{{}}', '{{}}', 0, 'fordi det er slik')"
    with pytest.raises(DBAPIError, match="row-level security"), work_of(getattr(world, by)) as work:
        work.db.execute(
            sa.text(f"INSERT INTO access.rule_proposal (kind, id, value, before, version, reason) VALUES {said}")
        )


def partner_of(world: World, partner: Staff) -> Asked:
    return Asked("vedtatt i ledermøtet", world.bodo["number"], partner.actor.name)


def test_a_municipality_with_one_administrator_names_a_partner_who_sees_the_change_and_no_more(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    berit, other = (world.administrator(name, world.bodo) for name in ("Berit Bodø", "Britt Bodø"))
    with pytest.raises(Invalid) as refused:
        hours(work_of, world.tora)
    assert list(refused.value.errors) == ["partner_name"]
    hours(work_of, world.tora, asked=partner_of(world, berit))
    with work_of(other) as work:
        assert RuleProposals(work).changes() == []
    proposal = newest(work_of, berit)
    with pytest.raises(Conflict):
        answered(work_of, other, proposal)
    page = client_for(berit).get("/access/rule-proposals").text
    assert "Timer med etterarbeid: 24 (før: 12)" in page and world.oslo["name"] in page
    assert "1 forslag om tilgangsregler venter på svar fra deg." in client_for(berit).get("/municipality").text
    answered(work_of, berit, proposal)
    with work_of(berit) as work:
        assert Sources(work).grace() == Grace(), "in her own municipality nothing is changed"
    assert held(work_of, world) == (24, 4, True)


def test_the_pages_ask_why_and_tell_what_waits_and_how_it_ended(
    world: World, client_for: ClientFor, work_of: WorkOf, second: Staff
) -> None:
    trine, tora, rolf = client_for(second), client_for(world.tora), client_for(world.rolf)
    form = {name: str(value) for name, value in LIMITS.items()}
    again = tora.act("/justified-access/settings", {**form, "version": "0"})
    assert again.status_code == 422 and 'value="48"' in again.text
    for browser, path, more in (
        (tora, "/justified-access/settings", {**form, "version": "0"}),
        (tora, "/access/grace", {"hours": "24", "version": "0"}),
        (rolf, "/audit/rules/kin", {"threshold": "0"}),
    ):
        assert browser.act(path, {**more, "reason": "vedtatt i ledermøtet"}).status_code == 303
    assert "1 forslag venter på svar." in tora.get("/access/sources").text
    page = trine.get("/access/rule-proposals").text
    door = "Timer en øyeblikkelig hjelp åpner journalen: 2 (før: 4)"
    for said in (door, "ikke i bruk (før: i bruk)", "Tora Tveit", "vedtatt i ledermøtet"):
        assert said in page
    assert "3 forslag om tilgangsregler" in trine.get("/municipality").text
    with work_of(world.tora) as work:
        for one in RuleProposals(work).changes():
            sent = trine.act(
                f"/access/rule-proposals/{one.id}/answer", {"outcome": "approved", "note": "greit for meg"}
            )
            assert sent.status_code == 303
    once_more = trine.act(f"/access/rule-proposals/{one.id}/answer", {"outcome": "refused"})
    assert once_more.status_code == 409 and "kan ikke besvares av deg" in once_more.text
    assert "Godkjent av Trine To" in tora.get("/justified-access/settings").text
    assert "Merknad: greit for meg" in tora.get("/access/rule-proposals").text
    assert "Godkjent av Trine To" in rolf.get("/audit/rules").text
    with work_of(world.unn) as work:
        assert Justifying(work).limits().emergency_hours == 2
    with work_of(world.bodil) as work:
        assert Justifying(work).limits() == Limits()
