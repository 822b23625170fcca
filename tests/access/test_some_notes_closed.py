"""The patient closes single notes, those of a unit or of a time: they are gone on every page, and that some are gone is said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.access import AskedToClose, Justifying, Reason, Restrictions, SomeNotes
from journal.notes import Notes
from journal.notes.service import Text
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from tests import factories
from tests.access.test_own_entries import leave
from tests.access.test_weighty_grounds import Migrator
from tests.architecture.charts import link
from tests.conftest import Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
WorkOf = Callable[[Staff], Any]
NOW = datetime.now(UTC)
OLD, WARD, ELSEWHERE = "Gammelt notat", "Skrevet i avdelingen", "Skrevet et annet sted"


@pytest.fixture
def kari(world: World, work_of: WorkOf) -> UUID:
    """With a note of the ward, an older one, and one of another ward."""
    patient_id = world.patient()
    since = NOW - timedelta(days=3)
    factories.care_relationship(world.builder, patient_id, world.unn, world.other_ward, ground="service", since=since)
    world.store()
    write(work_of, world.siri, patient_id, WARD)
    write(work_of, world.siri, patient_id, OLD, NOW - timedelta(days=40))
    write(work_of, world.unn, patient_id, ELSEWHERE)
    return patient_id


def write(work_of: WorkOf, by: Staff, patient_id: UUID, text: str, at: datetime | None = None) -> UUID:
    with work_of(by) as work:
        Notes(work).sign(patient_id, new_id(), Text("general", text, effective_at=at))
        return next(one.entry_id for one in Notes(work).entries(patient_id) if one.body == text)


def close(work_of: WorkOf, world: World, patient_id: UUID, notes: SomeNotes, **against: UUID) -> UUID:
    """To Nina by name unless said otherwise."""
    with work_of(world.lars) as work:
        asked = AskedToClose(
            "notes",
            "Pasienten",
            local_date(work.now),
            **(against or {"person_id": world.nina.actor.person_id}),
            notes=notes,
        )
        return Restrictions(work).register(patient_id, asked)


def seen(work_of: WorkOf, by: Staff, patient_id: UUID) -> set[str]:
    with work_of(by) as work:
        return {note.body for note in Notes(work).entries(patient_id)}


WHICH: dict[str, tuple[Callable[[World], SomeNotes], set[str]]] = {
    "a unit's": (lambda world: SomeNotes(written_by=world.other_ward["id"]), {ELSEWHERE}),
    "until then": (lambda _: SomeNotes(until=NOW - timedelta(days=30)), {OLD}),
    "since then": (lambda _: SomeNotes(since=NOW - timedelta(days=30)), {WARD, ELSEWHERE}),
    "a unit's of a time": (
        lambda world: SomeNotes(written_by=world.ward["id"], since=NOW - timedelta(days=30)),
        {WARD},
    ),
}


@pytest.mark.parametrize(("which", "gone"), WHICH.values(), ids=WHICH)
def test_what_is_closed_is_gone_for_whom_it_is_closed_to_and_for_nobody_else(
    world: World, work_of: WorkOf, kari: UUID, which: Callable[[World], SomeNotes], gone: set[str]
) -> None:
    close(work_of, world, kari, which(world))

    assert seen(work_of, world.nina, kari) == {OLD, WARD, ELSEWHERE} - gone
    assert seen(work_of, world.siri, kari) == {OLD, WARD, ELSEWHERE}


def test_a_single_note_is_gone_on_every_page_with_all_its_versions_and_that_is_said(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    entry_id = write(work_of, world.siri, kari, "Hemmelig ord")
    with work_of(world.siri) as work:
        told = Text("general", "Hemmelig ord rettet")
        Notes(work).correct(kari, entry_id, 1, told, reason="Skrivefeil", draft_id=new_id())
    close(work_of, world, kari, SomeNotes(note_id=entry_id))
    nina, siri, here = client_for(world.nina), client_for(world.siri), f"/patients/{kari}"

    for page in (here, f"{here}/notes", f"{here}/notes?q=hemmelig"):
        hers, theirs = nina.get(page).text, siri.get(page).text
        assert "Hemmelig ord" not in hers and "Pasienten har sperret noen av notatene for deg." in hers
        assert "sperret noen" not in theirs
    assert WARD in nina.get(f"{here}/notes").text and "Hemmelig ord rettet" in siri.get(f"{here}/notes").text
    assert nina.get(f"{here}/notes/{entry_id}/correct").status_code == 404
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Notes(work).entry(kari, entry_id)
    with work_of(world.nina) as work:
        work.open(Permission.NOTES_READ, [kari])
        assert not work.db.execute(sa.text("SELECT FROM notes.note WHERE entry_id = :id"), {"id": entry_id}).all()


def test_what_a_unit_writes_later_is_closed_too_and_to_all_of_the_unit_it_is_closed_to(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    close(work_of, world, kari, SomeNotes(written_by=world.ward["id"]), unit_id=world.other_ward["id"])
    write(work_of, world.siri, kari, "Nytt i avdelingen")

    assert seen(work_of, world.unn, kari) == {ELSEWHERE}
    assert "Nytt i avdelingen" in seen(work_of, world.nina, kari)


def test_a_linked_record_is_closed_with_it_and_another_patient_is_not(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    other, stranger = world.patient(), world.patient()
    for patient_id, text in ((other, "I den andre journalen"), (stranger, "Om en annen")):
        write(work_of, world.siri, patient_id, text)
    link(world.migrator, world.nina, world.siri, kari, other)
    close(work_of, world, kari, SomeNotes(written_by=world.ward["id"]))

    assert seen(work_of, world.nina, kari) == {ELSEWHERE} and seen(work_of, world.nina, other) == {ELSEWHERE}
    with work_of(world.nina) as work:
        work.open(Permission.NOTES_READ, [kari])
        assert [note.body for note in Notes(work).entries(stranger)] == ["Om en annen"]


def test_it_is_opened_where_life_is_in_danger_and_lifted_by_somebody_else(
    world: World, work_of: WorkOf, kari: UUID
) -> None:
    restriction_id = close(work_of, world, kari, SomeNotes(written_by=world.ward["id"]))
    with pytest.raises(Denied), work_of(world.nina) as work:
        Justifying(work).open_closed(kari, Reason.CLOSED_HARM)
    with work_of(world.nina) as work:
        Justifying(work).open_closed(kari, Reason.CLOSED_LIFE)
    assert WARD in seen(work_of, world.nina, kari)

    with work_of(world.lars) as work:
        Restrictions(work).end(kari, restriction_id)
    with pytest.raises(Conflict), work_of(world.lars) as work:
        Restrictions(work).end(kari, restriction_id)


def test_the_form_says_which_and_takes_one_note_from_its_own_page(
    world: World, work_of: WorkOf, client_for: ClientFor, kari: UUID
) -> None:
    lars, here = client_for(world.lars), f"/patients/{kari}/restrictions"
    entry_id = write(work_of, world.siri, kari, "Bare dette")
    told = {
        "category": "notes",
        "person_id": f"{world.nina.actor.person_id}",
        "asked_by": "Pasienten",
        "asked_on": "01.03.2026",
    }
    assert f"restrictions?note={entry_id}" in lars.get(f"/patients/{kari}/notes").text
    assert "Bare dette ene notatet." in lars.get(f"{here}?note={entry_id}").text

    assert lars.act(here, {**told, "note_id": f"{entry_id}"}).status_code == 303
    days = {"written_by": f"{world.other_ward['id']}", "written_since": "01.01.2026", "written_until": "31.01.2026"}
    assert lars.act(here, {**told, **days}).status_code == 303

    page = lars.get(here).text
    some = f"Notater skrevet av {world.other_ward['name']}, fra 01.01.2026, til 31.01.2026"
    assert f", {world.ward['name']}</b>" in page and some in page
    wrong = {**told, "written_since": "02.01.2026", "written_until": "01.01.2026"}
    assert lars.act(here, wrong).status_code == 422
    assert lars.act(here, {**told, **days, "category": "medication"}).status_code == 422


@pytest.mark.parametrize("values", ["NULL, NULL, NULL", "id, now(), NULL", "NULL, now(), now() - interval '1 day'"])
def test_postgresql_takes_no_row_that_closes_nothing_or_two_things(
    world: World, work_of: WorkOf, migrator: Migrator, kari: UUID, values: str
) -> None:
    close(work_of, world, kari, SomeNotes(since=NOW))
    with pytest.raises(psycopg.errors.CheckViolation):
        migrator.execute(
            f"UPDATE access.note_restriction SET (note_id, since, until) = ROW ({values}) WHERE patient_id = %s",
            (kari,),
        )


def test_a_part_that_is_not_notes_is_closed_whole(world: World, work_of: WorkOf, kari: UUID) -> None:
    """A list of medicines with a hole in it would be read as whole."""
    with pytest.raises(Invalid), work_of(world.lars) as work:
        person = world.nina.actor.person_id
        some = SomeNotes(since=NOW - timedelta(days=1))
        Restrictions(work).register(kari, AskedToClose("medication", "Hun", local_date(NOW), person, notes=some))


def test_what_she_wrote_herself_is_closed_too_where_her_ground_is_over(
    world: World, work_of: WorkOf, client_for: ClientFor, migrator: Migrator, kari: UUID
) -> None:
    for text in ("Ukjent for henne nå", "Fortsatt hennes"):
        write(work_of, world.nina, kari, text)
    with work_of(world.nina) as work:
        closed = next(note.entry_id for note in Notes(work).entries(kari) if note.body.startswith("Ukjent"))
    close(work_of, world, kari, SomeNotes(note_id=closed))
    leave(migrator, kari)

    page = client_for(world.nina).get("/own-entries").text

    assert "Fortsatt hennes" in page and "Ukjent for henne nå" not in page


def test_what_closes_nothing_is_not_taken(world: World, work_of: WorkOf, kari: UUID) -> None:
    others = write(work_of, world.siri, world.patient(), "Om en annen")
    for note_id in (new_id(), others):
        with pytest.raises(NotFound):
            close(work_of, world, kari, SomeNotes(note_id=note_id))
    with pytest.raises(Invalid):
        close(work_of, world, kari, SomeNotes(written_by=new_id()))


def test_a_draft_that_was_begun_of_it_is_gone_with_it(world: World, work_of: WorkOf, kari: UUID) -> None:
    entry_id = write(work_of, world.siri, kari, "Hemmelig ord")
    with work_of(world.nina) as work:
        Notes(work).save_draft(kari, new_id(), Text("general", "Hemmelig ord, rettet"), entry_id=entry_id, version=1)
        assert Notes(work).drafts(kari)
    close(work_of, world, kari, SomeNotes(note_id=entry_id))

    with work_of(world.nina) as work:
        assert Notes(work).drafts(kari) == [] and Notes(work).draft_of(kari, entry_id) is None
