"""The allergy state, the folding of names, and what a search text asks for."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.patients import national_id, rules
from journal.patients.rules import Allergy, AllergyState, Sought, allergy_state, name_words, sought

MORNING, NOON, EVENING = (datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (8, 12, 18))


def an_allergy(at: datetime, *, kind: str = "allergy", status: str = "confirmed") -> Allergy:
    return Allergy(
        patient_id=UUID(int=1),
        entry_id=uuid4(),
        version=1,
        kind=kind,
        substance="Penicillin",
        reaction=None,
        reaction_code="1",
        source_code=None,
        severity=None,
        criticality=None,
        verification_status=status,
        recorded_at=at,
        recorded_by_name="Lars",
    )


@pytest.mark.parametrize(
    ("allergies", "none_known_at", "state"),
    [
        (None, NOON, AllergyState.UNAVAILABLE),
        ([], None, AllergyState.NOT_ASKED),
        ([], NOON, AllergyState.NONE_KNOWN),
        ([an_allergy(MORNING)], None, AllergyState.ALLERGIES),
        ([an_allergy(MORNING)], NOON, AllergyState.ALLERGIES),
        ([an_allergy(MORNING, status="unconfirmed")], NOON, AllergyState.ALLERGIES),
        ([an_allergy(MORNING, status="refuted")], None, AllergyState.NOT_ASKED),
        ([an_allergy(MORNING, status="refuted")], NOON, AllergyState.NONE_KNOWN),
        ([an_allergy(EVENING, status="refuted")], NOON, AllergyState.NOT_ASKED),
        ([an_allergy(MORNING, kind="intolerance")], None, AllergyState.NOT_ASKED),
        ([an_allergy(EVENING, kind="intolerance")], NOON, AllergyState.NONE_KNOWN),
    ],
)
def test_the_allergy_state_is_one_of_four_and_never_none_known_by_accident(
    allergies: list[Allergy] | None, none_known_at: datetime | None, state: AllergyState
) -> None:
    assert allergy_state(allergies, none_known_at) == state


def test_every_allergy_state_has_its_text() -> None:
    assert set(rules.ALLERGY_TEXTS) == set(AllergyState)


def test_the_reaction_is_told_in_own_words_before_the_code() -> None:
    assert an_allergy(NOON).reaction_text == "Anafylaktisk reaksjon"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Håvard Ås", ("aas", "haavard")),
        ("Haavard Aas", ("aas", "haavard")),
        ("Ann-Kari O'Neill", ("ann", "kari", "oneill")),
        ("Édith Björk Ærlig", ("bjørk", "edith", "ærlig")),
        ("A\u030ase", ("aase",)),
        ("Čuŋu", ("cuŋu",)),
        ("  ", ()),
    ],
)
def test_names_are_compared_without_marks_and_case_and_with_one_spelling_of_å(
    name: str, words: tuple[str, ...]
) -> None:
    assert name_words(name) == words


@given(st.text(max_size=40))
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    words = name_words(name)
    assert name_words(" ".join(words)) == words


def test_a_whole_number_is_sought_as_a_number() -> None:
    number = next(n for i in range(99) if (n := national_id.make_synthetic(date(1938, 3, 14), i)))
    assert sought(f" {number[:6]} {number[6:]} ", synthetic_allowed=True) == Sought("number", number=number)


def test_a_synthetic_number_is_refused_where_patients_are_real() -> None:
    number = next(n for i in range(99) if (n := national_id.make_synthetic(date(1938, 3, 14), i)))
    with pytest.raises(national_id.NotANationalId):
        sought(number, synthetic_allowed=False)


@pytest.mark.parametrize("text", ["Kari Nordmann 14.03.1938", "14.3.1938 nordmann kari", "Nordmann, Kari 14-03-1938"])
def test_a_name_with_a_date_of_birth_seeks_one_person(text: str) -> None:
    assert sought(text, synthetic_allowed=True) == Sought("person", ("kari", "nordmann"), birth_date=date(1938, 3, 14))


def test_words_alone_seek_among_ones_own() -> None:
    assert sought("nord ka", synthetic_allowed=True) == Sought("words", ("ka", "nord"))


@pytest.mark.parametrize(
    "text", ["", "k", "...", "14.03.1938", "Kari 14.03.1938", "Kari Nordmann 31.02.1938", "Kari 1938", "%", "__"]
)
def test_a_text_that_can_find_nobody_is_answered_with_what_to_write(text: str) -> None:
    with pytest.raises(rules.NothingToLookFor, match=r"Skriv"):
        sought(text, synthetic_allowed=True)


@pytest.mark.parametrize("text", ["14833800175", "148338 0017", "148338001740"[:9] + "x"])
def test_a_wrong_number_is_never_repeated_in_the_answer(text: str) -> None:
    with pytest.raises((rules.NothingToLookFor, national_id.NotANationalId)) as refused:
        sought(text, synthetic_allowed=True)
    assert not any(character.isdigit() for character in str(refused.value).replace("11", "").replace("14.03.1938", ""))


@pytest.mark.parametrize(
    ("born", "precision", "text"),
    [
        (date(1938, 3, 14), "exact", "14.03.1938"),
        (date(1938, 1, 1), "estimated", "01.01.1938 (anslått)"),
        (None, "unknown", "Ikke kjent"),
    ],
)
def test_a_date_of_birth_is_never_blank(born: date | None, precision: str, text: str) -> None:
    assert rules.birth_date_text(born, precision) == text
