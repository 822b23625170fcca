"""Mutation testing knows every rule, and tries it with tests that are there."""

import pytest

from tools.mutation import ROOT, RULES, TESTS, changes, explained

FILES = sorted(str(path.relative_to(RULES)) for path in RULES.rglob("*.py"))


@pytest.mark.parametrize("file", [file for file in FILES if file not in TESTS])
def test_a_rule_that_no_tests_are_named_for_decides_nothing(file: str) -> None:
    assert list(changes(file)) == []


def test_the_tests_that_are_named_for_a_rule_are_there() -> None:
    named = {name for names in TESTS.values() for name in names}
    assert [name for name in named if not (ROOT / f"tests/medication/test_{name}.py").exists()] == []
    assert [file for file in TESTS if file not in FILES] == []


@pytest.mark.parametrize(("file", "explanations"), sorted(explained().items()))
def test_an_explanation_is_of_a_change_of_the_rule_as_it_is_now(file: str, explanations: set[str]) -> None:
    assert explanations - {change.what for change in changes(file)} == set()
