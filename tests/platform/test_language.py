"""What is said, and in which language it is written."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup, escape

from journal.medication.rules import DoseStatus, describe
from journal.medication.rules.reasons import Reason, Result
from journal.medication.rules.status import SignedState
from journal.platform import clock, language
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import counted, gettext, in_reader_language, joined, ngettext, on_page, phrase

NOW = datetime(2026, 11, 22, 7, 52, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _bokmål_again() -> Iterator[None]:
    yield
    language.use(language.SOURCE)


def test_a_phrase_is_bokmål_wherever_it_is_stored_and_the_readers_language_on_a_page():
    language.use("en")
    said = phrase("Rom %(room)s", room="12")

    assert said == "Rom 12"
    assert json.dumps({"said": said}) == '{"said": "Rom 12"}'
    assert escape(said) == "Room 12"
    assert in_reader_language(said) == "Room 12"


def test_a_phrase_within_a_phrase_is_translated_too_and_what_a_person_wrote_is_not():
    state = SignedState(Result.REFUSED, NOW, Reason.REFUSED)
    written = SignedState(Result.NOT_GIVEN, NOW, Reason.OTHER, "Ville ikke <nå>")

    late = describe(DoseStatus.LATE, NOW - timedelta(minutes=125), NOW)
    language.use("nn")
    assert escape(late) == "2 t 5 min forseinka"
    language.use("en")
    assert escape(describe(DoseStatus.NOT_GIVEN, NOW, NOW, state)) == "not given – refused"
    assert escape(describe(DoseStatus.NOT_GIVEN, NOW, NOW, written)) == "not given – ville ikke &lt;nå&gt;"
    assert escape(clock.lately(NOW - timedelta(days=1), NOW)) == "yesterday 08.52"
    assert late == "2 t 5 min forsinket"


def test_what_counts_has_one_and_many():
    language.use("en")
    assert [ngettext("%(num)s pasient", "%(num)s pasienter", n) for n in (0, 1, 2)] == [
        "0 patients",
        "1 patient",
        "2 patients",
    ]
    assert escape(counted("%(num)s pasient", "%(num)s pasienter", 1)) == "1 patient"
    language.use("nb")
    assert ngettext("%(num)s pasient", "%(num)s pasienter", 2) == "2 pasienter"


def test_words_joined_stay_plain_when_none_of_them_is_a_phrase():
    assert type(joined(" ", ("22.11.2026", "", "08.52"))) is str
    language.use("nn")
    assert escape(joined(" – ", (phrase("Ikke gitt"), "sov"))) == "Ikkje gitt – sov"


def test_values_are_escaped_on_a_page_and_markup_in_a_message_is_ours():
    language.use("nn")
    assert on_page("Rom %(room)s", room="<b>") == Markup("Rom &lt;b&gt;")
    assert on_page("%(what)s nå", what=phrase("Puls")) == "Puls no"


def test_an_error_says_what_happened_in_the_readers_language():
    language.use("en")
    refused = Invalid(errors={"unit_id": ["Velg en enhet i kommunen."]})

    assert escape(Conflict("Dosen finnes ikke hos denne pasienten.").detail) == "This patient has no such dose."
    assert escape(refused.title) == "Something must be corrected before we can save"
    assert escape(refused.errors["unit_id"][0]) == "Choose a unit in the municipality."


def test_a_language_nobody_has_made_is_bokmål():
    language.use("tlh")
    assert language.current() == "nb"
    assert gettext("Lagre") == "Lagre"


def test_a_catalogue_is_read_once(monkeypatch):
    language.use("nn")
    monkeypatch.setattr(language, "TRANSLATIONS", None)
    language.use("nn")
    assert gettext("Ikke gitt") == "Ikkje gitt"
