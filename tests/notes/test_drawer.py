"""Sensitive notes lie in a drawer: opened with a reason, for a while, and shown by PostgreSQL to nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.access import AskedToClose, Drawers, Justifying, Reason, Restrictions, WhyDrawer
from journal.notes import Notes, Text
from journal.permissions import Permission
from journal.platform.errors import Denied, DrawerClosed, Invalid, NoGround, NotFound, NotLet, Withheld
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff

Connection = psycopg.Connection[Any]
WorkOf = Callable[[Staff], Any]
ClientFor = Callable[[Staff | None], Browser]
CANARY = "Kanarifugl i skuffen"


@pytest.fixture
def kari(world: World) -> UUID:
    return world.patient(family_name="Skuffesen")


def hidden(work_of: WorkOf, by: Staff, patient_id: UUID, mark: str = "violence") -> UUID:
    with work_of(by) as work:
        entry_id: UUID = Notes(work).sign(patient_id, new_id(), Text("general", CANARY, sensitive=mark))
    return entry_id


def opened(work_of: WorkOf, by: Staff, patient_id: UUID) -> None:
    with work_of(by) as work:
        Drawers(work).open(patient_id, WhyDrawer.CARE_NOW)


def read(work_of: WorkOf, by: Staff, patient_id: UUID) -> list[str]:
    with work_of(by) as work:
        return [note.body for note in Notes(work).in_drawer(patient_id)]


def test_a_sensitive_note_is_in_no_page_but_the_drawer(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    hidden(work_of, world.siri, kari)
    nina = client_for(world.nina)
    pages = [nina.get(f"/patients/{kari}{place}") for place in ("", "/notes", "/notes?q=Kanarifugl", "/notes/drawer")]

    assert {page.status_code for page in pages} == {200}
    assert not any(CANARY in page.text or "Vold og overgrep" in page.text for page in pages)
    assert all("Skjermede notater" in page.text for page in pages)
    taken = nina.act(f"/patients/{kari}/notes/drawer", {"reason": "care-now"})
    assert (taken.status_code, taken.headers["Location"]) == (303, f"/patients/{kari}/notes/drawer")
    assert CANARY in nina.get(f"/patients/{kari}/notes/drawer").text
    notes = nina.get(f"/patients/{kari}/notes").text
    assert CANARY not in notes and "Se de skjermede notatene" in notes, "what is open stays in its drawer"
    assert CANARY not in client_for(world.lars).get(f"/patients/{kari}/notes/drawer").text, "opened by one, for one"


def test_a_chart_without_sensitive_notes_says_nothing_of_a_drawer(
    world: World, client_for: ClientFor, kari: UUID
) -> None:
    nina = client_for(world.nina)
    assert all("Skjermede notater" not in nina.get(f"/patients/{kari}{place}").text for place in ("", "/notes"))


def test_postgresql_shows_what_lies_in_it_to_nobody_who_has_not_opened_it(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    """Also to who wrote it, and whatever is asked: the guard is row-level security, by what the log says is open."""
    entry = hidden(work_of, world.nina, kari)
    everything = sa.text("SELECT count(*), count(*) FILTER (WHERE sensitive IS NOT NULL) FROM notes.note")
    with work_of(world.nina) as work:
        work.open(Permission.NOTES_WRITE, [kari])
        work.open(Permission.CHART_READ, [kari])
        assert tuple(work.db.execute(everything).one()) == (0, 0)
        with pytest.raises(NotFound):
            Notes(work).entry(kari, entry)
    with pytest.raises(DrawerClosed):
        read(work_of, world.nina, kari)
    with work_of(world.nina) as work:
        work.open(Permission.MEDICATION_READ, [kari])
        holds = sa.select(sa.func.notes.drawer_holds(sa.cast([kari], sa.ARRAY(sa.Uuid)), type_=sa.Boolean))
        assert work.db.scalar(holds) is False, "of notes that are not open, not even that there are some"
        work.open(Permission.NOTES_READ, [kari])
        assert work.db.scalar(holds) is True
    opened(work_of, world.nina, kari)
    with work_of(world.nina) as work:
        work.open(Permission.NOTES_DRAWER, [kari])
        assert tuple(work.db.execute(everything).one()) == (1, 1)


def test_each_look_is_a_line_of_the_log_with_the_reason(
    world: World, work_of: WorkOf, access_log: Any, kari: UUID
) -> None:
    hidden(work_of, world.siri, kari)
    before = len(access_log(kari))
    with pytest.raises(DrawerClosed):
        read(work_of, world.nina, kari)
    opened(work_of, world.nina, kari)
    read(work_of, world.nina, kari)

    lines = [line for line in access_log(kari)[before:] if line.action == "notes:drawer"]

    assert [line.outcome for line in lines] == ["refused", "success", "success"]
    assert all("notes:sensitive" in line.categories for line in lines[1:])
    assert {line.ground for line in lines[1:]} == {"stay"}
    assert {line.decision_ref["id"] for line in lines[1:]} == {"drawer:care-now"}


def test_it_is_open_in_one_employment_and_closes_by_itself(
    world: World, work_of: WorkOf, migrator: Connection, kari: UUID
) -> None:
    hidden(work_of, world.siri, kari)
    opened(work_of, world.nina, kari)
    assert read(work_of, world.nina, kari) == [CANARY]
    hers = "UPDATE access.drawer_opening SET recorded_as = %s WHERE patient_id = %s"
    migrator.execute(hers, (new_id(), kari))
    with pytest.raises(DrawerClosed):
        read(work_of, world.nina, kari)
    migrator.execute(hers, (world.nina.actor.role_id, kari))
    assert read(work_of, world.nina, kari) == [CANARY]
    moved = "UPDATE access.drawer_opening SET recorded_at = recorded_at - %s, valid_until = valid_until - %s"
    migrator.execute(moved + " WHERE patient_id = %s", (timedelta(hours=8), timedelta(hours=8), kari))
    with pytest.raises(DrawerClosed):
        read(work_of, world.nina, kari)
    with pytest.raises(psycopg.errors.CheckViolation):
        migrator.execute(
            "UPDATE access.drawer_opening SET valid_until = recorded_at + interval '13 hours' WHERE patient_id = %s",
            (kari,),
        )


def test_a_reason_opens_no_chart(world: World, work_of: WorkOf, migrator: Connection, kari: UUID) -> None:
    """Neither without a ground, nor after it is over, nor for a role that opens no drawer."""
    hidden(work_of, world.siri, kari)
    with pytest.raises(NoGround):
        opened(work_of, world.unn, kari)
    opened(work_of, world.nina, kari)
    migrator.execute(
        "UPDATE access.care_relationship SET valid_until = now() - interval '3 days', valid_from = now() - interval '9 days',"
        " grace_until = NULL WHERE patient_id = %s",
        (kari,),
    )
    with pytest.raises(NoGround):
        read(work_of, world.nina, kari)


def test_a_mark_holds_for_every_version_and_falls_off_with_none(world: World, work_of: WorkOf, kari: UUID) -> None:
    with work_of(world.nina) as work:
        entry = Notes(work).sign(kari, new_id(), Text("general", "Uten merke"))
    again = Text("general", CANARY, sensitive="third-person")
    with work_of(world.nina) as work:
        Notes(work).correct(kari, entry, 1, again, reason="Gjaldt broren", draft_id=new_id())
    with work_of(world.nina) as work:
        assert Notes(work).entries(kari) == [], "the version before it is hidden too"
    opened(work_of, world.nina, kari)
    with work_of(world.nina) as work:
        Notes(work).correct(kari, entry, 2, Text("general", "Rettet igjen"), reason="Skrivefeil", draft_id=new_id())
    with work_of(world.nina) as work:
        assert Notes(work).entries(kari) == []
        (note,) = Notes(work).in_drawer(kari)
    assert [note.body, *(old.body for old in note.older)] == ["Rettet igjen", CANARY, "Uten merke"]
    assert {note.sensitive, *(old.sensitive for old in note.older)} == {"third-person"}


def test_a_sensitive_note_is_corrected_and_marked_as_wrong_by_whoever_has_opened_the_drawer(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    entry = hidden(work_of, world.siri, kari)
    nina = client_for(world.nina)
    assert nina.get(f"/patients/{kari}/notes/{entry}/correct").status_code == 404
    assert nina.act(f"/patients/{kari}/notes/{entry}/in-error", {"reason": "Feil pasient"}).status_code == 404
    nina.act(f"/patients/{kari}/notes/drawer", {"reason": "own-note"})
    assert CANARY in nina.get(f"/patients/{kari}/notes/{entry}/correct").text
    assert nina.act(f"/patients/{kari}/notes/{entry}/in-error", {"reason": "Feil pasient"}).status_code == 303
    assert "Feilført" in nina.get(f"/patients/{kari}/notes/drawer").text


def test_a_draft_keeps_its_mark_until_it_is_signed(world: World, work_of: WorkOf, kari: UUID) -> None:
    draft = new_id()
    with work_of(world.nina) as work:
        Notes(work).save_draft(kari, draft, Text("general", "Halvferdig", sensitive="substance-use"))
    with work_of(world.nina) as work:
        kept = Notes(work).draft_of(kari)
        assert kept is not None and kept.sensitive == "substance-use"
        with pytest.raises(Invalid):
            Notes(work).sign(kari, draft, Text("general", "Ferdig", sensitive="secret"))
        Notes(work).sign(kari, draft, Text("general", "Ferdig", sensitive=kept.sensitive))


def test_a_restriction_and_a_reason_at_the_door_go_before_the_drawer(world: World, work_of: WorkOf, kari: UUID) -> None:
    hidden(work_of, world.siri, kari)
    opened(work_of, world.nina, kari)
    with work_of(world.lars) as work:
        against = {"person_id": world.nina.actor.person_id}
        Restrictions(work).register(kari, AskedToClose("notes", "Pasienten", work.now.date(), **against))
    with pytest.raises(Withheld):
        read(work_of, world.nina, kari)
    with work_of(world.unn) as work:
        Justifying(work).open(kari, Reason.REFERRAL)
    with pytest.raises(NotLet):
        opened(work_of, world.unn, kari)


def test_the_form_says_what_is_to_stand_where_all_see_it(client_for: ClientFor, world: World, kari: UUID) -> None:
    page = client_for(world.nina).get(f"/patients/{kari}/notes/write").text
    assert "Fare for ansatte, allergi, smitte og behandlingsbegrensning skal også stå der alle ser det." in page


def test_a_student_is_told_that_there_is_a_drawer_and_opens_none(world: World, work_of: WorkOf, kari: UUID) -> None:
    student = factories.staff(world.builder, world.oslo, world.ward, "Stine Student", "student", supervisor=world.nina)
    world.store()
    hidden(work_of, world.siri, kari)
    with work_of(student) as work:
        assert Notes(work).drawer_holds(kari)
    with pytest.raises(Denied):
        opened(work_of, student, kari)
