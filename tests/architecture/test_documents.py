"""The documents that are about what runs are as old as what runs."""

import ast
import importlib
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from tests.medication.safety_cases_allergies import ALLERGIES
from tests.medication.safety_cases_doses import DOSE_SIZE, MAXIMUM, WEEKLY
from tests.medication.safety_cases_duplicates import DUPLICATES
from tests.medication.safety_cases_interactions import INTERACTIONS
from tools import clinical_rules

ROOT = Path(__file__).parents[2]
HAZARDS = (ROOT / "docs/hazards.md").read_text(encoding="utf-8")
_HAZARD = re.compile(r"^## (H\d+) (.+?)\n(.*?)(?=^## )", re.M | re.S)
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)(?:\[(.+)\])?")
THIS = "tests/architecture/test_documents.py::test_the_reading_sees_what_is_missing"
CASES = {case.told for table in (ALLERGIES, DUPLICATES, MAXIMUM, DOSE_SIZE, WEEKLY, INTERACTIONS) for case in table}


def what_is_wrong(hazard: str) -> list[str]:
    """What a hazard lacks: a cause, a control, a test, or the tests it names."""
    lines = dict.fromkeys(re.findall(r"^- (\w+): \S", hazard, re.M))
    wrong = [f"no {part.lower()}" for part in ("Cause", "Control", "Test") if part not in lines]
    for written in re.findall(r"^- Test: `(.+)`$", hazard, re.M):
        found = _TEST.fullmatch(written)
        if found is None or found[2] not in living(found[1]) or (found[3] is not None and found[3] not in CASES):
            wrong.append(f"no such test: {written}")
    return wrong


@cache
def living(file: str) -> frozenset[str]:
    """The test functions of a file; none of one that does not exist."""
    if not (ROOT / file).is_file():
        return frozenset()
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (each.name for each in tree.body if isinstance(each, ast.FunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


@pytest.mark.parametrize(("number", "name", "text"), _HAZARD.findall(HAZARDS), ids=lambda part: part[:40])
def test_a_hazard_has_a_cause_a_control_and_a_living_test(number: str, name: str, text: str) -> None:
    assert what_is_wrong(text) == [], f"{number} {name} in docs/hazards.md"


def test_every_heading_of_the_hazard_log_is_read_and_no_number_is_used_twice() -> None:
    numbers = [number for number, _, _ in _HAZARD.findall(HAZARDS)]
    assert numbers == re.findall(r"^## (H\d+)", HAZARDS, re.M)
    assert len(numbers) == len(set(numbers)) > 30


@pytest.mark.parametrize(
    ("hazard", "wrong"),
    [
        ("- Cause: a.\n- Control: b.\n", ["no test"]),
        (
            f"- Test: `{THIS}`\n",
            ["no cause", "no control"],
        ),
        (
            f"- Cause: \n- Control: b.\n- Test: `{THIS}`\n",
            ["no cause"],
        ),
        ("- Cause: a\n- Control: b\n- Test: `tests/x.py::test_y`\n", ["no such test: tests/x.py::test_y"]),
        (
            "- Cause: a\n- Control: b\n- Test: `tests/architecture/test_documents.py::test_gone`\n",
            ["no such test: tests/architecture/test_documents.py::test_gone"],
        ),
        (
            f"- Cause: a\n- Control: b\n- Test: `{THIS}[no such case]`\n",
            [f"no such test: {THIS}[no such case]"],
        ),
    ],
)
def test_the_reading_sees_what_is_missing(hazard: str, wrong: list[str]) -> None:
    assert what_is_wrong(hazard) == wrong


def test_the_clinical_rules_are_written_down_as_they_run() -> None:
    assert clinical_rules.PAGE.read_text(encoding="utf-8") == clinical_rules.page(), "run `make rules`"


LIMIT = re.compile(r"^\| [^|]+ \| ([0-9]+)[^|]* \| `([\w.]+)\.([A-Z_]+)` \|$", re.M)


def test_the_page_of_limits_says_the_numbers_of_the_program() -> None:
    page = (ROOT / "docs/operations/limits.md").read_text(encoding="utf-8")
    found = LIMIT.findall(page)
    assert len(found) == page.count("| `journal."), "every line is read"
    for number, module, name in found:
        held = getattr(importlib.import_module(module), name)
        assert (held.days if isinstance(held, timedelta) else held) == int(number), f"{module}.{name}"
