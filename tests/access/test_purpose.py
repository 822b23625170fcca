"""What each ground opens of the notes, and the drawer with the rest: what the map says is what PostgreSQL shows."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.access import AskedToClose, Drawers, Justifying, Reason, Restrictions, WhyDrawer, purpose
from journal.access.grounds_rules import GROUNDS
from journal.access.justified_rules import SELF_TAKEN
from journal.access.purpose import Reach
from journal.access.reviewing import Reviews
from journal.care.rules import SERVICES
from journal.chart.service import Chart
from journal.notes import Notes, Text
from journal.notes.models import NoteVersion
from journal.patients import Patients
from journal.permissions import BY_PURPOSE, OPENS, Permission, Role, permissions_of
from journal.platform.errors import Conflict, Denied, NoGround, NotFound, NotLet, TooMany, Withheld
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff

WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
Log = Callable[[UUID], list[Any]]
Migrator = psycopg.Connection[Any]

OURS, NEW, OLD = "Eget gammelt notat", "Annens nye notat", "Annens gamle notat"
BODIES = sa.text("SELECT body FROM notes.note WHERE sensitive IS NULL ORDER BY effective_at, id")
SHOWN = {Reach.WHOLE: {OURS, NEW, OLD}, Reach.RECENT: {OURS, NEW}, Reach.OWN: {OURS}, Reach.NONE: set[str]()}

ALL, RECENT, OWN, NONE = Reach.WHOLE, Reach.RECENT, Reach.OWN, Reach.NONE
ROLES = ("doctor", "nurse", "student", "health_assistant", "unit_manager", "assistant")
ORDINARY = ("18", "19", "20", "21", "23", "24", "25", "KP01", "KP02", "KR01", "KR02", "KX05")
# By each service that the journal knows, and each ground without one: how far each of ROLES sees.
MAP = {
    **{("service", code): (ALL, RECENT, RECENT, RECENT, OWN, NONE) for code in ("8", "17", "22")},
    **{("service", code): (ALL, OWN, OWN, OWN, OWN, NONE) for code in ("27", "28")},
    ("service", "15"): (ALL, ALL, ALL, RECENT, OWN, NONE),
    ("route", None): (ALL, ALL, ALL, RECENT, OWN, NONE),
    **{("service", code): (ALL, ALL, ALL, ALL, OWN, NONE) for code in ORDINARY},
    **{(ground, None): (ALL, ALL, ALL, ALL, OWN, NONE) for ground in GROUNDS if ground not in ("service", "route")},
}


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture
def hege(world: World) -> Staff:
    """Of a unit that nobody else acts for."""
    home_care = factories.unit(world.builder, world.oslo, "Hjemmetjenesten", "home_care")
    made = factories.staff(world.builder, world.oslo, home_care, "Hege Hjemme", "nurse")
    world.store()
    return made


@pytest.fixture
def kari(world: World, hege: Staff) -> UUID:
    """Notes of her ward of long ago, and of another unit on each side of the ninety days."""
    patient_id = world.patient(family_name="Formålsen")
    for body, by, days in ((OURS, world.lars, 400), (OLD, hege, 90.01), (NEW, hege, 89.99)):
        factories.note(world.builder, patient_id, by, body, at=ago(days))
    world.store()
    return patient_id


def ground(migrator: Migrator, patient_id: UUID, ground: str, code: str | None) -> None:
    """The one relationship of the patient is now of this ground and service."""
    told = "UPDATE access.care_relationship SET ground = %s, service_code = %s WHERE patient_id = %s"
    migrator.execute(told, (ground, code, patient_id))


def bodies(work_of: WorkOf, by: Staff, patient_id: UUID, permission: Permission = Permission.NOTES_READ) -> set[str]:
    """Whatever is asked: the guard is row-level security, by what the log says is open."""
    with work_of(by) as work:
        work.open(permission, [patient_id])
        return {row.body for row in work.db.execute(BODIES)}


def open_rest(work_of: WorkOf, by: Staff, patient_id: UUID, reason: Reason = Reason.REST_CARE) -> None:
    with work_of(by) as work:
        Justifying(work).open_rest(patient_id, reason)


@pytest.fixture
def stine(world: World) -> Staff:
    student = factories.staff(world.builder, world.oslo, world.ward, "Stine Student", "student", supervisor=world.nina)
    world.store()
    return student


def test_every_service_ground_and_role_is_decided() -> None:
    """A new one fails here until somebody has said how far it goes. Whoever prescribes sees all: no check is over a part."""
    assert {code for _, code in SERVICES} == {code for ground, code in MAP if ground == "service"}
    assert {role.value for role in Role if Permission.NOTES_READ in permissions_of(role)} == set(ROLES)
    assert {key: tuple(purpose.reach(role, *key) for role in ROLES) for key in MAP} == MAP
    prescribers = [role for role in Role if Permission.MEDICATION_PRESCRIBE in permissions_of(role)]
    assert {purpose.reach(role, *key) for role in prescribers for key in MAP} == {ALL}


def test_the_database_shows_exactly_what_each_line_opens(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID, stine: Staff
) -> None:
    arne = factories.staff(world.builder, world.oslo, world.ward, "Arne Assistent", "assistant")
    world.store()
    staff = (world.lars, world.nina, stine, world.siri, world.mona, arne)
    for (kind, code), reaches in MAP.items():
        # One of each: what is asked of the database of the others is the same.
        if kind not in ("emergency", "registration") and code not in ORDINARY[1:]:
            ground(migrator, kari, kind, code)
            found = [bodies(work_of, by, kari) for by in staff]
            assert found == [SHOWN[how_far] for how_far in reaches], (kind, code)


@pytest.mark.parametrize("permission", sorted({Permission.CHART_READ, Permission.NOTES_READ, Permission.NOTES_WRITE}))
def test_no_way_to_the_notes_goes_past_it(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID, permission: Permission
) -> None:
    ground(migrator, kari, "service", "27")
    assert bodies(work_of, world.nina, kari, permission) == {OURS}


def test_what_an_erasure_is_of_is_all_of_it(world: World, work_of: WorkOf, kari: UUID) -> None:
    """Also after a look at what the manager otherwise sees, in the same transaction."""
    with work_of(world.mona) as work:
        work.open(Permission.CHART_READ, [kari])
        assert {row.body for row in work.db.execute(BODIES)} == {OURS}
        work.open(Permission.RECORDS_ERASE, [kari])
        assert {row.body for row in work.db.execute(BODIES)} == {OURS, NEW, OLD}


def test_measurements_of_long_ago_and_elsewhere_are_in_the_drawer_but_medicines_are_given_by_all(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID, hege: Staff
) -> None:
    for by, days, value in ((world.lars, 400, 61), (hege, 90.01, 62), (hege, 89.99, 63)):
        factories.observation(world.builder, kari, by, "weight", Decimal(value), at=ago(days))
    world.store()
    weights = sa.text("SELECT value FROM observations.observation ORDER BY value")

    def seen(*permissions: Permission) -> list[int]:
        with work_of(world.nina) as work:
            for permission in permissions:
                work.open(permission, [kari])
            return [int(row.value) for row in work.db.execute(weights)]

    reads, gives = Permission.OBSERVATIONS_READ, Permission.MEDICATION_ADMINISTER
    assert seen(reads) == [61, 62, 63]
    for code in ("8", "28"):
        ground(migrator, kari, "service", code)
        assert seen(reads) == seen(Permission.OBSERVATIONS_WRITE) == [61, 63]
        assert seen(gives) == seen(reads, gives) == seen(gives, reads) == [61, 62, 63]
    nina = client_for(world.nina)
    assert "Målinger i skuffen" in nina.get(f"/patients/{kari}/observations").text
    assert nina.act(f"/patients/{kari}/observations", {"code": "pulse", "value": "72"}).status_code == 303
    opened = nina.act(f"/patients/{kari}/rest", {"reason": "rest-planning", "part": "observations"})
    assert opened.headers["Location"] == f"/patients/{kari}/observations"
    page = nina.get(f"/patients/{kari}/observations").text
    assert "62,0 kg" in page.replace("\N{NO-BREAK SPACE}", " ") and "er åpent for deg til kl." in page
    assert seen(reads) == [61, 62, 63, 72]


def test_what_must_be_seen_is_in_no_drawer(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID, hege: Staff
) -> None:
    """Allergies, medicines in use, treatment limits, infection and danger to staff, however old and wherever they were written."""
    assert {part for narrow in purpose.NARROW.values() for part in narrow} == {"notes", "observations"}
    told = [p for p in Permission if "medication" in OPENS.get(p, ()) or p not in OPENS]
    assert not [p for p in told if p in BY_PURPOSE["observations"]], "medicines are given by any measurement"
    b, old = world.builder, ago(300)
    factories.allergy(b, kari, hege, "Penicillin", recorded_at=old)
    for kind, text in (("cpr", "HLR minus"), ("infection", "MRSA"), ("other", "Fare for ansatte")):
        factories.flag(b, kari, hege, kind, text, recorded_at=old)
    dosage = factories.once_a_day(time(8))
    factories.medication_request(b, kari, hege, dosage=dosage, starts_at=old, planned_until=None, recorded_at=old)
    factories.observation(b, kari, hege, "weight", Decimal(70), at=old)
    factories.task(b, kari, hege, world.ward, "Ring datteren")
    world.store()
    ground(migrator, kari, "service", "27")
    counted = (
        "patients.allergy_intolerance",
        "patients.flag",
        "medication.medication_request",
        "observations.observation",
        "care.task",
    )
    with work_of(world.nina) as work:
        work.open(Permission.CHART_READ, [kari])
        found = {table: work.db.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in counted}
        said = repr(Patients(work).banner(kari))
    assert found == dict(zip(counted, (1, 3, 1, 1, 1), strict=True))
    assert all(word in said for word in ("Penicillin", "HLR minus", "MRSA", "Fare for ansatte"))


def test_of_several_services_the_widest_is_the_ground(
    world: World, work_of: WorkOf, migrator: Migrator, hege: Staff
) -> None:
    """Also when the narrow one is newer and has no end: nobody loses her work by being given another task too."""
    b, kari = world.builder, world.patient(related=False)
    factories.note(b, kari, hege, OLD, at=ago(200))
    end = {"valid_until": datetime.now(UTC) + timedelta(days=9)}
    for code, more in (("15", end), ("8", {}), ("28", {}), ("27", {})):
        given = {"ground": "service", "service_code": code, "since": ago(30 if more else 1), **more}
        factories.care_relationship(b, kari, world.nina, world.ward, **given)
    world.store()
    assert bodies(work_of, world.nina, kari) == {OLD}
    took = (
        "UPDATE access.care_relationship SET in_error_at = now(), in_error_by = recorded_by, in_error_reason = 'x'"
        " WHERE id = %s RETURNING service_code"
    )
    used = []
    for _ in range(4):
        with work_of(world.nina) as work:
            by = work.open(Permission.PATIENTS_READ, [kari])[kari]
        used += migrator.execute(took, (by.relationship_id,)).fetchall()
    assert [code for (code,) in used] == ["15", *(code for code in purpose.NARROWEST_LAST if code in ("8", "27", "28"))]
    kept = migrator.execute("SELECT prosrc FROM pg_proc WHERE proname = 'standing_of'").fetchall()
    assert f"'{{{','.join(purpose.NARROWEST_LAST)}}}'" in kept[0][0], "the same list, in the same order"


def test_an_entry_goes_whole(world: World, work_of: WorkOf, migrator: Migrator, hege: Staff) -> None:
    """Nobody reads a version that another has corrected as if it held, nor the correction without what it corrects."""
    kari, b = world.patient(), world.builder
    for first, then, at in ((world.nina, hege, 300), (hege, world.nina, 200)):
        note = factories.note(b, kari, first, f"Før {at}", at=ago(at))
        later = {"id": b.new_id(), "version": 2, "body": f"Rettet {at}", "change_reason": "Skrivefeil"}
        b.add(NoteVersion, **{**note, **then.at(ago(at - 1)), **later})
    factories.note(b, kari, hege, OLD, at=ago(100))
    world.store()
    ground(migrator, kari, "service", "28")
    with work_of(world.nina) as work:
        shown = [(note.body, [old.body for old in note.older]) for note in Notes(work).entries(kari)]
    assert shown == [("Rettet 200", ["Før 200"]), ("Rettet 300", ["Før 300"])]


def test_who_writes_may_always_write_and_reads_what_she_wrote(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID
) -> None:
    ground(migrator, kari, "service", "27")
    with work_of(world.nina) as work:
        Notes(work).save_draft(kari, new_id(), Text("general", "Halvferdig"))
        entry = Notes(work).sign(
            kari, new_id(), Text("general", "Skrevet nå", effective_at=work.now - timedelta(days=120))
        )
    with work_of(world.nina) as work:
        Notes(work).correct(kari, entry, 1, Text("general", "Rettet nå"), reason="Skrivefeil", draft_id=new_id())
        assert {note.body for note in Notes(work).entries(kari)} == {OURS, "Rettet nå"}
    hidden = migrator.execute(
        "SELECT entry_id FROM notes.note WHERE patient_id = %s AND body = %s", (kari, OLD)
    ).fetchone()
    assert hidden is not None
    with work_of(world.nina) as work, pytest.raises(NotFound):
        Notes(work).correct(kari, hidden[0], 1, Text("general", "x"), reason="x", draft_id=new_id())
    page = client_for(world.nina).get(f"/patients/{kari}/notes?q=Annens").text
    assert OLD not in page and "Søket leste ikke notatene i skuffen." in page


def test_the_drawer_opens_with_a_reason_is_logged_told_looked_over_and_ends(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, access_log: Log, kari: UUID
) -> None:
    ground(migrator, kari, "service", "8")
    nina = client_for(world.nina)
    front, notes = nina.get(f"/patients/{kari}").text, nina.get(f"/patients/{kari}/notes").text
    assert all(
        OLD not in page and NEW in page and "for mer enn 90 dager siden, ligger i en skuff" in page
        for page in (front, notes)
    )
    assert f"/patients/{kari}/notes#rest" in front and 'value="rest-danger"' in notes
    line = next(row for row in reversed(access_log(kari)) if row.action == "notes:read")
    assert {"notes:own", "notes:recent"} < set(line.categories) and "notes" not in line.categories

    assert nina.act(f"/patients/{kari}/rest", {"reason": "rest-care", "part": "notes"}).status_code == 303

    front, notes = nina.get(f"/patients/{kari}").text, nina.get(f"/patients/{kari}/notes").text
    assert (
        OLD in front
        and OLD in notes
        and "ligger i en skuff" not in front + notes
        and "er åpent for deg til kl." in notes
    )
    line = next(row for row in reversed(access_log(kari)) if row.action == "notes:read")
    assert (line.ground, line.purpose, line.decision_ref["id"]) == ("service", "TREAT", "rest-care")
    assert "notes" in line.categories
    assert bodies(work_of, stine_of(world), kari) == {OURS, NEW}, "opened by one, for one"
    assert migrator.execute("SELECT count(*) FROM access.notice WHERE patient_id = %s", (kari,)).fetchone() == (1,)
    with work_of(world.siri) as work:
        work.open(Permission.NOTES_READ, [kari])
    with work_of(world.mona) as work:
        (one,) = Reviews(work).queue()
    # Her own looks with this reason, and not what the unit reads by the same relationship.
    assert (one.reader, one.reason, one.waits, set(dict(one.kinds))) == (
        "Nina Nordli",
        Reason.REST_CARE,
        True,
        {"patients", "notes", "medication", "observations", "care"},
    )
    assert "notes:own" not in dict(one.kinds)
    migrator.execute(
        "UPDATE access.justified_access SET recorded_at = recorded_at - interval '4 hours',"
        " valid_until = valid_until - interval '4 hours' WHERE patient_id = %s",
        (kari,),
    )
    assert OLD not in nina.get(f"/patients/{kari}/notes").text


def stine_of(world: World) -> Staff:
    other = factories.staff(world.builder, world.oslo, world.ward, "Nora Natt", "nurse")
    world.store()
    return other


def test_the_drawer_is_no_way_past_anything_else(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID, stine: Staff
) -> None:
    with pytest.raises(Conflict):
        open_rest(work_of, world.nina, kari)
    with pytest.raises(NoGround):
        open_rest(work_of, world.unn, kari)
    ground(migrator, kari, "service", "8")
    with pytest.raises(Denied):
        open_rest(work_of, stine, kari)
    for reason in (Reason.EMERGENCY, Reason.CLOSED_LIFE):
        with pytest.raises(NotLet):
            open_rest(work_of, world.nina, kari, reason)
    with work_of(world.unn) as work, pytest.raises(NotLet):
        Justifying(work).open(kari, Reason.REST_CARE)
    open_rest(work_of, world.nina, kari)
    assert bodies(work_of, world.nina, kari) == {OURS, NEW, OLD}
    with work_of(world.lars) as work:
        closed = AskedToClose("notes", "Pasienten", work.now.date(), person_id=world.nina.actor.person_id)
        Restrictions(work).register(kari, closed)
    with pytest.raises(Withheld):
        bodies(work_of, world.nina, kari)
    with pytest.raises(Withheld):
        open_rest(work_of, world.nina, kari)
    with work_of(world.nina) as work:
        assert Chart(work).front_page(kari).notes.answer() is None


def test_linked_records_are_opened_together(world: World, work_of: WorkOf, migrator: Migrator, kari: UUID) -> None:
    """Also where the ground is of the other record than the one that is asked for."""
    other = world.patient(related=False)
    factories.link(world.builder, other, kari, world.nina, world.lars, at=ago(1), reason="Samme person")
    world.store()
    ground(migrator, kari, "service", "8")
    assert bodies(work_of, world.nina, other) == {OURS, NEW}
    open_rest(work_of, world.nina, other)
    assert bodies(work_of, world.nina, other) == bodies(work_of, world.nina, kari) == {OURS, NEW, OLD}
    with work_of(world.mona) as work:
        (one,) = Reviews(work).queue()
    assert one.patient_id == kari and dict(one.kinds)["notes"] == 2


def test_many_in_an_hour_are_asked_about_but_never_where_somebody_may_be_in_danger(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID
) -> None:
    ground(migrator, kari, "service", "8")
    others = [world.patient() for _ in range(5)]
    for one in others:
        ground(migrator, one, "service", "8")
        open_rest(work_of, world.nina, one)
    with pytest.raises(TooMany):
        open_rest(work_of, world.nina, kari)
    open_rest(work_of, world.nina, kari, Reason.REST_DANGER)


def test_the_drawer_of_sensitive_notes_is_another_drawer(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID, hege: Staff
) -> None:
    """It opens what is sensitive, also of long ago and elsewhere, and nothing of the rest; the rest nothing of it."""
    factories.note(world.builder, kari, hege, "Gammelt om vold", at=ago(300))
    world.store()
    migrator.execute(
        "UPDATE notes.note SET sensitive = 'violence' WHERE patient_id = %s AND body = 'Gammelt om vold'", (kari,)
    )
    ground(migrator, kari, "service", "28")
    assert "Skjermede notater" in client_for(world.nina).get(f"/patients/{kari}").text
    with work_of(world.nina) as work:
        Drawers(work).open(kari, WhyDrawer.CARE_NOW)
    with work_of(world.nina) as work:
        assert [note.body for note in Notes(work).in_drawer(kari)] == ["Gammelt om vold"]
        assert {row.body for row in work.db.execute(BODIES)} == {OURS}
    open_rest(work_of, world.nina, kari)
    assert bodies(work_of, world.nina, kari) == {OURS, NEW, OLD}


def test_a_chart_with_nothing_more_says_nothing_of_a_drawer_and_a_student_is_told_whom_to_ask(
    world: World, client_for: ClientFor, migrator: Migrator, kari: UUID, stine: Staff
) -> None:
    empty = world.patient()
    for one in (kari, empty):
        ground(migrator, one, "service", "8")
    assert "Notater i skuffen" not in client_for(world.nina).get(f"/patients/{empty}/notes").text
    page = client_for(stine).get(f"/patients/{kari}/notes").text
    assert "Be veilederen din om hjelp" in page and "/rest" not in page


def test_a_reason_that_one_gives_oneself_says_how_far_it_goes(world: World, work_of: WorkOf, kari: UUID) -> None:
    """At the door the reason decides, whatever the role: in an emergency all of it."""
    assert "emergency" in SELF_TAKEN
    anne = factories.staff(world.builder, world.oslo, world.other_ward, "Anne Aas", "unit_manager")
    world.store()
    with work_of(anne) as work:
        Justifying(work).open(kari, Reason.EMERGENCY)
    assert bodies(work_of, anne, kari) == {OURS, NEW, OLD}


def test_the_auditor_is_told_what_would_have_lain_in_the_drawer(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID
) -> None:
    ground(migrator, kari, "service", "28")
    asked = {"name": "Nina Nordli", "at": ""}
    page = client_for(world.rolf).act(f"/audit/patients/{kari}/access", asked).text
    assert "Notater som andre enheter har skrevet, ligger i en skuff." in page
