"""Notes: drafted by one, signed, corrected in a new version, never lost."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.notes import Notes, Text
from journal.platform.errors import Conflict, Denied, Invalid, NoGround
from journal.platform.ids import new_id
from tests import factories


def signed(world: Any, work_of: Any, patient_id: UUID, body: str = "Har sovet godt.") -> UUID:
    with work_of(world.nina) as work:
        entry_id: UUID = Notes(work).sign(patient_id, new_id(), Text("general", body))
    return entry_id


def correct(world: Any, work_of: Any, who: Any, patient_id: UUID, entry_id: UUID, version: int, body: str) -> None:
    with work_of(who) as work:
        Notes(work).correct(patient_id, entry_id, version, Text("general", body), reason="Feil tall", draft_id=new_id())


def test_a_note_is_signed_and_is_the_newest(world: Any, work_of: Any) -> None:
    kari = world.patient()
    entry = signed(world, work_of, kari)
    with work_of(world.siri) as work:
        (newest,), note = Notes(work).recent(kari), Notes(work).entry(kari, entry)
    assert (newest.body, newest.recorded_by_name, newest.erased) == ("Har sovet godt.", world.nina.actor.name, False)
    assert (note.body, note.title, note.status) == ("Har sovet godt.", "Notat", "final")


def test_only_the_hours_asked_for_are_recent(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        Notes(work).sign(kari, new_id(), Text("general", "I forgårs", effective_at=work.now - timedelta(hours=49)))
        Notes(work).sign(kari, new_id(), Text("general", "I natt", effective_at=work.now - timedelta(hours=5)))
        assert [n.body for n in Notes(work).recent(kari)][:1] == ["I natt"]
        assert [n.body for n in Notes(work).recent(kari, limit=1)] == ["I natt"]


def test_an_empty_template_is_not_signed(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(Invalid) as refusal, work_of(world.nina) as work:
        Notes(work).sign(kari, new_id(), Text("fall", "Hva skjedde:\n"))
    assert "body" in refusal.value.errors


def test_a_correction_is_a_new_version_and_the_old_one_stays(
    world: Any, work_of: Any, count_queries: list[str]
) -> None:
    kari = world.patient()
    entry = signed(world, work_of, kari, "Puls 170")
    correct(world, work_of, world.siri, kari, entry, 1, "Puls 70")
    with work_of(world.nina) as work:
        Notes(work).recent(kari)
        count_queries.clear()
        (note,) = Notes(work).entries(kari)
        (newest,) = Notes(work).recent(kari)
    assert len(count_queries) == 2
    assert (note.body, note.version, note.status, note.change_reason) == ("Puls 70", 2, "amended", "Feil tall")
    assert [old.body for old in note.older] == ["Puls 170"]
    assert newest.body == "Puls 70"


def test_who_corrects_an_older_version_is_told_whose_is_newer(world: Any, work_of: Any) -> None:
    kari = world.patient()
    entry = signed(world, work_of, kari)
    correct(world, work_of, world.siri, kari, entry, 1, "Siri rettet")
    with pytest.raises(Conflict, match="Siri Strand rettet notatet"):
        correct(world, work_of, world.nina, kari, entry, 1, "Nina rettet")


def test_two_who_correct_at_once_make_one_version(world: Any, work_of: Any) -> None:
    kari = world.patient()
    entry = signed(world, work_of, kari)

    def attempt(who: Any) -> str:
        try:
            correct(world, work_of, who, kari, entry, 1, f"{who.actor.name} rettet")
        except Conflict:
            return "conflict"
        return "signed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, (world.nina, world.siri))) == ["conflict", "signed"]
    with work_of(world.nina) as work:
        assert Notes(work).entry(kari, entry).version == 2


def test_a_note_entered_in_error_stays_but_is_not_recent(world: Any, work_of: Any) -> None:
    kari = world.patient()
    entry = signed(world, work_of, kari)
    correct(world, work_of, world.nina, kari, entry, 1, "Rettet")
    with work_of(world.nina) as work:
        Notes(work).mark_entered_in_error(kari, entry, "Feil pasient")
    with work_of(world.nina) as work:
        assert Notes(work).recent(kari) == []
        (note,) = Notes(work).entries(kari)
        assert (note.status, note.in_error_reason, len(note.older)) == ("entered-in-error", "Feil pasient", 1)
    with pytest.raises(Invalid):
        correct(world, work_of, world.nina, kari, entry, 2, "Likevel")
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Notes(work).mark_entered_in_error(kari, entry, "En gang til")


def test_another_municipality_does_not_mark_our_note(world: Any, work_of: Any) -> None:
    kari = world.patient()
    entry = signed(world, work_of, kari)
    since = datetime.now(UTC) - timedelta(days=1)
    factories.care_relationship(world.builder, kari, world.bodil, world.bodo_ward, since=since)
    world.store()
    with pytest.raises(Denied), work_of(world.bodil) as work:
        Notes(work).mark_entered_in_error(kari, entry, "Feil")


def test_notes_are_found_by_their_words_in_other_forms(world: Any, work_of: Any) -> None:
    kari = world.patient()
    signed(world, work_of, kari, "Falt på badet i natt.")
    signed(world, work_of, kari, "Spiste to brødskiver.")
    with work_of(world.nina) as work:
        assert [n.body for n in Notes(work).entries(kari, words="brødskive")] == ["Spiste to brødskiver."]
        assert Notes(work).entries(kari, words="sykkel") == []


def test_a_draft_is_seen_by_its_author_alone(world: Any, work_of: Any) -> None:
    kari, draft = world.patient(), new_id()
    with work_of(world.nina) as work:
        Notes(work).save_draft(kari, draft, Text("general", "Halvferdig"))
    with work_of(world.nina) as work:
        mine = Notes(work).draft_of(kari)
        assert mine is not None and (mine.id, mine.body) == (draft, "Halvferdig")
    with work_of(world.siri) as work:
        assert Notes(work).draft_of(kari) is None and Notes(work).drafts(kari) == []


def test_nobody_can_write_in_another_authors_draft(world: Any, work_of: Any) -> None:
    kari, draft = world.patient(), new_id()
    with work_of(world.nina) as work:
        Notes(work).save_draft(kari, draft, Text("general", "Mitt"))
    with pytest.raises(Exception, match="row-level security"), work_of(world.siri) as work:
        Notes(work).save_draft(kari, draft, Text("general", "Ditt"))


def test_a_draft_is_kept_anew_and_emptied_when_it_is_signed(
    world: Any, work_of: Any, migrator: psycopg.Connection[Any]
) -> None:
    kari, draft = world.patient(), new_id()
    for body in ("Ha", "Har sov", "Har sovet"):
        with work_of(world.nina) as work:
            Notes(work).save_draft(kari, draft, Text("general", body))
    with work_of(world.nina) as work:
        Notes(work).sign(kari, draft, Text("general", "Har sovet godt."))
    with work_of(world.nina) as work:
        assert Notes(work).draft_of(kari) is None
    stored = migrator.execute("SELECT body, title, signed_at FROM notes.draft WHERE id = %s", (draft,)).fetchall()
    assert len(stored) == 1 and stored[0][:2] == (None, None) and stored[0][2] is not None


def test_a_late_autosave_does_not_bring_a_signed_note_back(world: Any, work_of: Any) -> None:
    kari, draft = world.patient(), new_id()
    with work_of(world.nina) as work:
        Notes(work).sign(kari, draft, Text("general", "Ferdig"))
    with pytest.raises(Conflict, match="alt signert"), work_of(world.nina) as work:
        Notes(work).save_draft(kari, draft, Text("general", "Ferdi"))
    with pytest.raises(Conflict, match="alt signert"), work_of(world.nina) as work:
        Notes(work).sign(kari, draft, Text("general", "Ferdig"))


def test_two_windows_do_not_overwrite_each_other(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        Notes(work).save_draft(kari, new_id(), Text("general", "I det ene vinduet"))
    with pytest.raises(Conflict, match="annet utkast"), work_of(world.nina) as work:
        Notes(work).save_draft(kari, new_id(), Text("general", "I det andre"))


def test_a_draft_of_a_correction_stands_beside_the_draft_of_a_new_note(world: Any, work_of: Any) -> None:
    kari = world.patient()
    entry = signed(world, work_of, kari)
    with work_of(world.nina) as work:
        notes = Notes(work)
        notes.save_draft(kari, new_id(), Text("general", "Nytt"))
        notes.save_draft(kari, new_id(), Text("general", "Rettet"), entry_id=entry, version=1, reason="Skrivefeil")
        about = notes.draft_of(kari, entry)
        assert about is not None and (about.body, about.version, about.change_reason) == ("Rettet", 1, "Skrivefeil")
        assert len(notes.drafts(kari)) == 2


def test_without_a_ground_nothing_is_read_or_written(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Notes(work).recent(kari)
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Notes(work).save_draft(kari, new_id(), Text("general", "Nysgjerrig"))


def test_a_page_signs_a_note_and_shows_it(world: Any, client_for: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    address = f"/patients/{kari}/notes"
    assert "Ingen notater er skrevet" in nina.get(address).text
    form = nina.get(f"{address}/write?kind=fall").text
    assert "Hva skjedde:" in form and "input delay:2s" in form

    sent = {
        "draft_id": str(new_id()),
        "kind": "fall",
        "title": "",
        "body": "Hva skjedde:\r\nSnublet",
        "effective_at": "",
    }
    assert nina.act(f"{address}/write", sent).status_code == 303
    assert "Snublet" in nina.get(address).text


def test_the_draft_is_kept_while_typing_and_is_there_after_a_new_login(world: Any, client_for: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    typed = {"draft_id": str(new_id()), "kind": "pain", "title": "", "body": "Vondt i hoft", "effective_at": "22.11"}

    kept = nina.act(f"/patients/{kari}/notes/draft", typed, headers={"HX-Request": "true"})
    assert kept.status_code == 200 and re.fullmatch(r"\s*Lagret \d\d\.\d\d\s*", kept.text)

    again = client_for(world.nina).get(f"/patients/{kari}/notes/write").text
    assert "Vondt i hoft" in again and typed["draft_id"] in again
    assert "Utkast" in nina.get(f"/patients/{kari}/notes").text
    assert "Vondt i hoft" not in client_for(world.siri).get(f"/patients/{kari}/notes/write").text


def test_nothing_typed_is_lost_when_something_must_be_put_right(world: Any, client_for: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    sent = {
        "draft_id": str(new_id()),
        "kind": "general",
        "title": "Natt",
        "body": "Sov godt",
        "effective_at": "32.11.2026 08.15",
    }
    answer = nina.act(f"/patients/{kari}/notes/write", sent)
    assert answer.status_code == 422
    assert all(text in answer.text for text in ("Sov godt", 'value="Natt"', "32.11.2026 08.15", sent["draft_id"]))


def test_after_a_conflict_both_texts_stand_on_the_page(world: Any, client_for: Any, work_of: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    entry = signed(world, work_of, kari)
    correct(world, work_of, world.siri, kari, entry, 1, "Siris tekst")
    sent = {
        "draft_id": str(new_id()), "kind": "general", "title": "", "body": "Ninas tekst", "effective_at": "",
        "version": "1", "reason": "Skrivefeil",
    }  # fmt: skip
    answer = nina.act(f"/patients/{kari}/notes/{entry}/correct", sent)
    assert answer.status_code == 409
    assert "Siris tekst" in answer.text and "Ninas tekst" in answer.text
    assert nina.act(f"/patients/{kari}/notes/{entry}/correct", {**sent, "version": "2"}).status_code == 303


def test_a_page_marks_a_note_as_an_error(world: Any, client_for: Any, work_of: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    entry = signed(world, work_of, kari)
    assert nina.act(f"/patients/{kari}/notes/{entry}/in-error", {"reason": ""}).status_code == 422
    assert nina.act(f"/patients/{kari}/notes/{entry}/in-error", {"reason": "Feil pasient"}).status_code == 303
    assert "Feil pasient" in nina.get(f"/patients/{kari}/notes").text


def test_what_a_note_says_is_text_and_never_markup(world: Any, client_for: Any, work_of: Any) -> None:
    kari = world.patient()
    signed(world, work_of, kari, "<script>alert(1)</script>")
    assert "<script>alert" not in client_for(world.nina).get(f"/patients/{kari}/notes").text
