"""Who is given which role, by whom: every combination, in the service and in the database alone; and what ends with what."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.app import JournalApp
from journal.municipalities import role_rules
from journal.municipalities.role_tables import ShiftPerson
from journal.municipalities.roles import Roles
from journal.municipalities.service import Municipalities
from journal.permissions import OPENS, ROLE_PERMISSIONS, Permission, Role, permissions_of
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import JournalError
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff], Browser]
GIVEN = [role.value for role in Role if role is not Role.SYSTEM]
CLINICAL = {"nurse", "health_assistant", "doctor"}
UNAUTHORISED = {"assistant", "case_officer", "kitchen"}
TODAY = norwegian_date(local_date(datetime.now(UTC)))


class Undo(Exception):
    """The attempt is not to stay."""


@pytest.fixture
def people(world: World) -> dict[str, Staff]:
    """Granters of each kind, and those they try to give something: Anna who is authorised for all, and Ulla for nothing."""
    b, top = world.builder, {"id": factories.top_unit_id(world.oslo["number"]), "name": "Osloprøven kommune"}
    anna = factories.staff(b, world.oslo, world.other_ward, "Anna Annen", "nurse")
    for role in ("doctor", "health_assistant"):
        factories.authorised(b, world.oslo, anna.actor.person_id, role)
    ulla = factories.staff(b, world.oslo, top, "Ulla Uten", "unit_manager")
    stine = student(world, "Stine Student")
    named = {"leader": world.nina, "nurse": factories.staff(b, world.oslo, world.ward, "Nora Nes", "nurse")}
    agree(world, world.nina, "leader", "nurse")
    for one in (anna, world.nina):
        for role in ("nurse", "health_assistant", "assistant"):
            agree(world, one, "substitute", role)
    world.store()
    return {
        **named, "another": anna, "unauthorised": ulla, "elsewhere": world.bodil, "student": stine,
        "health_assistant": world.siri, "doctor": world.lars, "unit_manager": world.mona,
        "tenant_administrator": world.tora, "auditor": world.rolf,
    }  # fmt: skip


def agree(world: World, one: Staff, kind: str, role: str) -> UUID:
    """As Mona would have named her for Nina's ward."""
    mona, id = world.mona.actor, new_id()
    world.builder.add(
        ShiftPerson, municipality_id=world.oslo["id"], id=id, unit_id=world.ward["id"], kind=kind,
        practitioner_id=one.actor.person_id, name=one.actor.name, role=role, recorded_by=mona.person_id,
        recorded_by_name=mona.name, valid_until=datetime.now(UTC) + timedelta(days=30),
    )  # fmt: skip
    return id


def student(world: World, name: str) -> Staff:
    """In Nina's ward, under Nina."""
    return factories.staff(world.builder, world.oslo, world.ward, name, "student", supervisor=world.nina)


def outcome(work_of: WorkOf, granter: Staff, attempt: Callable[[Any], object]) -> bool:
    """Whether it went through; it does not stay."""
    try:
        with work_of(granter) as work:
            attempt(work)
            raise Undo
    except Undo:
        return True
    except (JournalError, sa.exc.DBAPIError):
        return False


def stored(as_app: psycopg.Connection[Any], row: dict[str, Any]) -> bool:
    """Whether the database takes the row; it does not stay."""
    try:
        with as_app.transaction(force_rollback=True):
            as_app.execute(INSERT, row)
    except psycopg.DatabaseError:
        return False
    return True


INSERT = (
    "INSERT INTO municipalities.practitioner_role (id, practitioner_id, unit_id, role, source, supervisor_id, valid_until)"
    " VALUES (%(id)s, %(person)s, %(unit)s, %(role)s, %(source)s, %(supervisor)s,"
    " CASE WHEN %(source)s = 'employment' THEN NULL"
    " WHEN %(source)s = 'pool' THEN medication.shift_end(%(unit)s, now()) ELSE now() + interval '30 days' END)"
)
GRANTERS = (
    "tenant_administrator", "unit_manager", "leader", "nurse", "doctor", "health_assistant", "student", "auditor",
)  # fmt: skip
# Written by hand: (granter, role) and how.
WAYS = {
    **{("tenant_administrator", role): "employment" for role in (*CLINICAL, *UNAUTHORISED)},
    **{
        (who, role): "pool" for who in ("unit_manager", "leader") for role in ("nurse", "health_assistant", "assistant")
    },
    ("unit_manager", "student"): "student",
}
REACHED = {
    "another": CLINICAL | UNAUTHORISED | {"student"},  # authorised for each, and agreed on for the ward
    "unauthorised": UNAUTHORISED | {"student"},
    "elsewhere": UNAUTHORISED
    | {
        "nurse",
        "health_assistant",
        "student",
    },  # a nurse of Bodø is authorised in Oslo too, and nobody's substitute
    "herself": set[str](),
}
NOBODYS_SUBSTITUTES = ("unauthorised", "elsewhere")


def test_the_database_alone_decides_every_granter_role_target_and_way(
    world: World, app: JournalApp, as_app: psycopg.Connection[Any], people: dict[str, Staff]
) -> None:
    wrong, tried = [], 0
    for granter in GRANTERS:
        told = people[granter].actor.as_json()
        with as_app.transaction():
            as_app.execute("SELECT set_config('journal.who', %s, true)", (told + app.works.keys.sign(told),))
            for role, (target, reached), source in product(GIVEN, REACHED.items(), ("employment", "pool", "student")):
                person = people[granter if target == "herself" else target].actor.person_id
                row = {"id": new_id(), "person": person, "unit": world.ward["id"], "role": role, "source": source}
                row["supervisor"] = world.nina.actor.person_id if source == "student" else None
                expected = WAYS.get((granter, role)) == source and role in reached
                expected = expected and not (target in NOBODYS_SUBSTITUTES and source == "pool")
                tried += 1
                if stored(as_app, row) is not expected:
                    wrong.append((granter, role, target, source, expected))

    assert wrong == []
    assert tried == 8 * 10 * 4 * 3


def test_the_service_decides_the_same_for_every_granter_role_and_target(
    world: World, work_of: WorkOf, people: dict[str, Staff], migrator: psycopg.Connection[Any]
) -> None:
    for who, number in (("another", "8800001"), ("elsewhere", "8800002"), ("leader", "8800003")):
        own = f"{number[:4]}{world.oslo['number'][-4:]}{number[-1]}"
        migrator.execute(
            "UPDATE municipalities.practitioner SET hpr_number = %s WHERE id = %s", (own, people[who].actor.person_id)
        )
    numbers = dict(migrator.execute("SELECT id, hpr_number FROM municipalities.practitioner").fetchall())
    named = migrator.execute(
        "SELECT practitioner_id, role, id FROM municipalities.shift_person WHERE kind = 'substitute'"
    ).fetchall()
    agreed = {(person, role): id for person, role, id in named}

    def by_staff(work: Any, role: str, target: Staff) -> object:
        more = {"hpr_number": numbers[target.actor.person_id] or ""}
        return Municipalities(work).add_staff(name=target.actor.name, role=role, unit_id=world.ward["id"], **more)

    def by_lending(work: Any, role: str, target: Staff) -> object:
        return Roles(work).lend(world.ward["id"], agreed.get((target.actor.person_id, role), new_id()))

    wrong = []
    for granter in GRANTERS:
        for role in GIVEN:
            for target, reached in REACHED.items():
                who = people[granter]
                person = who if target == "herself" else people[target]
                for way, attempt in (("employment", by_staff), ("pool", by_lending)):
                    expected = WAYS.get((granter, role)) == way and role in reached
                    expected = expected and not (target in NOBODYS_SUBSTITUTES and way == "pool")
                    told = outcome(work_of, who, lambda work, a=attempt, r=role, p=person: a(work, r, p))
                    if told is not expected:
                        wrong.append((granter, role, target, way, expected))

    assert wrong == []


def test_the_rule_and_the_database_name_the_same_authorisations(migrator: psycopg.Connection[Any]) -> None:
    stored = migrator.execute("SELECT role, code FROM municipalities.role_authorisation").fetchall()

    assert set(stored) == {(role, code) for role, codes in role_rules.AUTHORISED.items() for code in codes}


@pytest.mark.parametrize("role", GIVEN)
def test_a_role_that_prescribes_needs_a_doctors_authorisation(role: str) -> None:
    if Permission.MEDICATION_PRESCRIBE in permissions_of(role):
        assert role_rules.AUTHORISED[role] == ("LE",)


def test_no_role_may_everything_and_an_administrator_sees_no_patient() -> None:
    clinical = {permission for permission, opens in OPENS.items() if opens != ("audit",)}
    for role, rights in ROLE_PERMISSIONS.items():
        assert rights < set(Permission), role
        assert not {Permission.ACCESS_MANAGE, Permission.AUDIT_READ} <= rights, role
        if rights & {Permission.ACCESS_MANAGE, Permission.AUDIT_READ, Permission.MUNICIPALITIES_MANAGE}:
            assert not rights & (clinical | {Permission.PATIENTS_FIND, Permission.CHART_LIST}), role
    assert set(role_rules.WITH_ANOTHER) == {"unit_manager", "tenant_administrator", "auditor"}
    assert not set(role_rules.WITH_ANOTHER) & (set(role_rules.EMPLOYED) | set(role_rules.LENT))


@pytest.mark.parametrize("role", sorted(CLINICAL))
def test_a_role_gives_nothing_from_the_next_request_when_its_authorisation_ends(
    world: World, client_for: ClientFor, role: str
) -> None:
    who = {"nurse": world.nina, "health_assistant": world.siri, "doctor": world.lars}[role]
    patient, tora = world.patient(), client_for(world.tora)
    browser, chart = client_for(who), f"/patients/{patient}/notes"
    assert browser.get(chart).status_code == 200
    ended = {"unit_id": str(world.ward["id"]), "practitioner_id": str(who.actor.person_id)}
    code = role_rules.AUTHORISED[role][0]
    assert tora.act("/who-sees-what/authorisations/end", {**ended, "code": code}).status_code == 303
    after = browser.get(chart)

    assert after.status_code == 303 and after.headers["Location"].startswith("/sign-in")
    assert "autorisasjonen gjelder ikke" in tora.get(f"/who-sees-what?unit={world.ward['id']}").text


def test_a_leader_does_not_undo_that_an_authorisation_is_gone(
    world: World, client_for: ClientFor, work_of: WorkOf, migrator: psycopg.Connection[Any]
) -> None:
    migrator.execute(
        "UPDATE municipalities.practitioner SET hpr_number = '8812345' WHERE id = %s", (world.unn.actor.person_id,)
    )
    ended = {"unit_id": str(world.other_ward["id"]), "practitioner_id": str(world.unn.actor.person_id), "code": "SP"}

    def hire(work: Any) -> object:
        last_day = local_date(work.now) + timedelta(days=20)
        told = {"name": world.unn.actor.name, "role": "nurse", "hpr_number": "8812345", "authorisation": "SP"}
        return Roles(work).name_substitute(world.ward["id"], **told, last_day=last_day)

    assert outcome(work_of, world.mona, hire)
    assert client_for(world.tora).act("/who-sees-what/authorisations/end", ended).status_code == 303
    assert not outcome(work_of, world.mona, hire)


def test_what_was_given_until_a_time_is_not_made_longer(world: World, work_of: WorkOf) -> None:
    stine = student(world, "Stine Student")
    world.store()
    longer = sa.text("UPDATE municipalities.practitioner_role SET valid_until = :until WHERE id = :id")
    for until in (None, datetime.now(UTC) + timedelta(days=60)):
        row = {"until": until, "id": stine.actor.role_id}
        assert not outcome(work_of, world.mona, lambda work, row=row: work.db.execute(longer, row))


def lent_role(migrator: psycopg.Connection[Any], name: str) -> Any:
    return migrator.execute(
        "SELECT r.id, r.practitioner_id, r.valid_until - now() FROM municipalities.practitioner_role r"
        " JOIN municipalities.practitioner p ON p.id = r.practitioner_id"
        " WHERE p.name = %s AND r.source = 'pool' ORDER BY r.valid_from DESC",
        (name,),
    ).fetchone()


def test_a_named_nurse_gives_a_substitute_a_role_and_ends_it_in_one_tap(
    world: World, client_for: ClientFor, migrator: psycopg.Connection[Any]
) -> None:
    mona, nina, ward = client_for(world.mona), client_for(world.nina), {"unit_id": str(world.ward["id"])}
    name = f"Vikar {new_id().hex[-6:]}".translate(str.maketrans("0123456789", "ghijklmnop"))
    number = str(new_id().int)[-9:].lstrip("0")
    substitute = {"name": name, "role": "nurse", "hpr_number": number, "agency": "Vikarhuset", "last_day": TODAY}
    refused = mona.act("/who-sees-what/substitutes", {**ward, **substitute})
    assert refused.status_code == 422 and "Slå opp personen i HPR" in refused.text and name in refused.text
    assert mona.act("/who-sees-what/substitutes", {**ward, **substitute, "authorisation": "SP"}).status_code == 303
    agreed = migrator.execute("SELECT id FROM municipalities.shift_person WHERE name = %s", (name,)).fetchone()
    give = {**ward, "agreement_id": str(agreed[0] if agreed else "")}
    assert nina.act("/who-sees-what/lend", give).status_code == 422, "the manager has not named her"
    leader = {**ward, "practitioner_id": str(world.nina.actor.person_id), "last_day": TODAY}
    assert mona.act("/who-sees-what/leaders", leader).status_code == 303
    page = nina.get("/who-sees-what").text
    assert name in page and "Gi rollen til vakten er slutt" in page
    assert nina.act("/who-sees-what/lend", give).status_code == 303
    role_id, person, left = lent_role(migrator, name)
    assert timedelta(hours=1) - timedelta(minutes=1) < left <= timedelta(hours=10)
    actor = replace(world.nina.actor, person_id=person, name=name, role_id=role_id)
    vikar, patient = client_for(Staff(actor)), world.patient()
    assert vikar.get(f"/patients/{patient}/notes").status_code == 200
    assert "Vikar for vakten. Gitt av Nina Nordli" in nina.get("/who-sees-what").text
    assert vikar.act(f"/who-sees-what/roles/{role_id}/end", ward).status_code == 422
    assert nina.act(f"/who-sees-what/roles/{role_id}/end", ward).status_code == 303
    assert vikar.get(f"/patients/{patient}/notes").headers["Location"].startswith("/sign-in")


def test_a_substitute_whose_agreement_ends_loses_the_shift_with_it(
    world: World, client_for: ClientFor, people: dict[str, Staff], migrator: psycopg.Connection[Any]
) -> None:
    mona, ward = client_for(world.mona), {"unit_id": str(world.ward["id"])}
    agreed = migrator.execute(
        "SELECT id FROM municipalities.shift_person WHERE unit_id = %s AND practitioner_id = %s AND role = 'nurse'",
        (world.ward["id"], people["another"].actor.person_id),
    ).fetchone()
    assert agreed is not None
    assert mona.act("/who-sees-what/lend", {**ward, "agreement_id": str(agreed[0])}).status_code == 303
    assert mona.act(f"/who-sees-what/agreements/{agreed[0]}/end", ward).status_code == 303
    left = migrator.execute(
        "SELECT count(*) FROM municipalities.practitioner_role"
        " WHERE practitioner_id = %s AND source = 'pool' AND valid_until > now()",
        (people["another"].actor.person_id,),
    ).fetchone()

    assert left == (0,)


@pytest.mark.parametrize(
    ("since", "ends"),
    [
        ("2026-11-23T07:00:00+01:00", "2026-11-23T15:00:00+01:00"),  # half an hour before the day shift: the day shift
        ("2026-11-23T06:29:00+01:00", "2026-11-23T07:30:00+01:00"),
        ("2026-11-23T07:30:00+01:00", "2026-11-23T15:00:00+01:00"),
        ("2026-11-23T13:59:00+01:00", "2026-11-23T15:00:00+01:00"),
        ("2026-11-23T14:00:00+01:00", "2026-11-23T22:30:00+01:00"),
        ("2026-11-23T23:00:00+01:00", "2026-11-24T07:30:00+01:00"),
        ("2026-03-28T22:00:00+01:00", "2026-03-29T07:30:00+02:00"),  # the night the clock is moved
    ],
)
def test_a_shift_that_is_nearly_over_is_the_next_one(
    world: World, migrator: psycopg.Connection[Any], since: str, ends: str
) -> None:
    told = migrator.execute("SELECT medication.shift_end(%s, %s)", (world.ward["id"], since)).fetchone()

    assert told is not None and told[0] == datetime.fromisoformat(ends)


def test_the_page_tells_of_each_role_what_it_gives_where_from_and_until_when(
    world: World, client_for: ClientFor
) -> None:
    student(world, "Stine Student")
    world.store()
    page = client_for(world.mona).get(f"/who-sees-what?unit={world.ward['id']}").text

    for said in (
        "Nina Nordli",
        "Ansettelse",
        "forskriver legemidler",
        "Student, veileder Nina Nordli",
        "gjennom Solbakken",
    ):
        assert said in page
    assert "Ukjent Unn" not in page, "she works in another ward"
    assert client_for(world.nina).get(f"/who-sees-what?unit={world.other_ward['id']}").status_code == 404
