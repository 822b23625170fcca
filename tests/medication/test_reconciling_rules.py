"""The rules that lay two lists beside one another."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.rules.reconciling import Choice, Kind, Line, compare, same_dosage, same_strength
from tests.medication.reconciling_cases import CASES, EVENING, MORNING, NEEDED, Case, line

lines = st.lists(
    st.builds(
        line,
        key=st.just(""),
        atc=st.sampled_from(["A", "B", None]),
        strength=st.sampled_from(["1 mg", "2 mg", None]),
        dosage=st.sampled_from([MORNING, EVENING, NEEDED]),
        stopped=st.booleans(),
    ),
    max_size=5,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.told)
def test_what_is_shown_of_two_lists(case: Case) -> None:
    rows = compare(case.ours, case.theirs, complete=case.complete)
    shown = [(row.kind.value, " ".join(row.differences).replace("\N{NO-BREAK SPACE}", " ")) for row in rows]

    assert shown == case.shown


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.told)
def test_the_order_of_the_lists_decides_nothing(case: Case) -> None:
    said = {
        tuple(row.key for row in compare(list(ours), list(theirs), complete=case.complete))
        for ours in permutations(case.ours)
        for theirs in permutations(case.theirs)
    }

    assert len(said) == 1


@given(lines, lines)
def test_every_line_of_both_lists_is_in_one_row_and_one_alone(ours: list, theirs: list) -> None:  # type: ignore[type-arg]
    mine = [line(f"o{n}", each.atc_code, each.strength, each.dosage) for n, each in enumerate(ours)]
    other = [
        line(f"t{n}", each.atc_code, each.strength, each.dosage, stopped=each.stopped) for n, each in enumerate(theirs)
    ]
    rows = compare(mine, other)

    assert sorted(row.ours.key for row in rows if row.ours) == sorted(each.key for each in mine)
    assert sorted(row.theirs.key for row in rows if row.theirs) == sorted(each.key for each in other)
    for row in rows:
        assert (row.kind is Kind.EQUAL) == (not row.differences)
        if row.ours and row.theirs:
            assert row.ours.atc_code == row.theirs.atc_code is not None


def test_what_may_be_chosen() -> None:
    unread = line("t", None, ready=False)
    words = line("t", dosage=None, text="x", ready=False)
    may = {
        (row.kind, row.choices)
        for ours, theirs in (
            ([line("o")], [line("t", strength="1 mg")]),
            ([line("o")], [words]),
            ([line("o")], [line("t", stopped=True)]),
            ([line("o")], []),
            ([], [line("t")]),
            ([], [unread]),
            ([line("o")], [line("t")]),
        )
        for row in compare(ours, theirs)
    }
    keep, take_in, stop, ask = Choice

    assert may == {
        (Kind.DIFFERENT, (keep, take_in, stop, ask)),
        (Kind.DIFFERENT, (keep, stop, ask)),  # words alone, and what is stopped there: nothing to take in
        (Kind.ONLY_OURS, (keep, stop, ask)),
        (Kind.ONLY_THEIRS, (keep, take_in, ask)),
        (Kind.UNMATCHED, (keep, ask)),
        (Kind.EQUAL, ()),
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1 g", "1000 mg", True),
        ("0,5 mg", "500 mikrogram", True),
        ("500 mg/30 mg", "500 mg / 30 mg", True),
        ("100 E/ml", "100 e/ml", True),
        ("2,5 mg", "25 mg", False),
        ("5 mg", "5 mg/ml", False),
        ("100 E/ml", "200 E/ml", False),
        ("1 mg", "1 g", False),
        (None, None, False),
    ],
)
def test_strengths(one: str | None, other: str | None, same: bool) -> None:
    assert same_strength(one, other) is same_strength(other, one) is same


def test_a_dosage_that_is_not_said_is_the_same_as_none() -> None:
    assert same_dosage(MORNING, None) is same_dosage(None, MORNING) is same_dosage(None, None) is False


def test_a_line_says_nothing_that_its_list_does_not_say() -> None:
    silent = Line(key="t", name="metoprolol")

    assert (silent.stopped, silent.ready, silent.multidose) == (False, False, False)
    assert [each.as_needed for each in (silent, line("o"), line("o", dosage=NEEDED))] == [False, False, True]


def test_rows_are_named_by_both_lines_and_stand_by_the_name_of_the_medicine() -> None:
    two = [line("a", "B01AA03"), line("b", "A10BA02")]

    assert [row.key for row in compare([], two)] == ["~b", "~a"]
    assert [row.key for row in compare(two, [])] == ["b~", "a~"]
    assert [row.key for row in compare([line("o")], [line("t")])] == ["o~t"]
