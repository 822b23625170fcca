"""The list of what OWASP ASVS 5.0 asks for is whole, and what it names as proof is there (safety bar B27)."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.test_documents import living

ROOT = Path(__file__).parents[2]
WITH_TESTS = ("held", "partly")
STATUSES = (*WITH_TESTS, "not held", "not applicable", "operator")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_PAGE = re.compile(r"docs/[\w/.-]+\.md")
Line = dict[str, str]


def listed() -> list[Line]:
    with (ROOT / "docs/asvs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def what_is_wrong(line: Line) -> list[str]:
    """What a line lacks: words, a status we know, the proof its status demands, and tests and pages that are there."""
    tests, pages = _TEST.findall(line["proof"]), _PAGE.findall(line["proof"])
    wrong = [f"no {part}" for part in ("about", "proof") if len(line[part]) < 3]
    wrong += [] if line["status"] in STATUSES else ["no such status"]
    wrong += ["no test"] if line["status"] in WITH_TESTS and not tests else []
    wrong += ["nothing that lacks"] if (line["status"] == "partly") != ("lacks: " in line["proof"]) else []
    wrong += (
        ["no page of operations"] if line["status"] == "operator" and "docs/operations/" not in line["proof"] else []
    )
    wrong += [f"no such test: {name}" for file, name in tests if name not in living(file)]
    # A test is named with its file, or nobody knows whether it is there.
    wrong += [f"no file: {name}" for name in re.findall(r"(?<![\w:/])test_\w+(?!\.py|\w)", line["proof"])]
    return wrong + [f"no such page: {page}" for page in pages if not (ROOT / page).is_file()]


def test_every_requirement_stands_once_in_order_with_its_proof() -> None:
    lines = listed()
    ids = [tuple(map(int, line["id"].split("."))) for line in lines]

    assert ids == sorted(set(ids))
    assert Counter(line["level"] for line in lines) == {"1": 70, "2": 183, "3": 14}
    assert Counter(chapter for (chapter, *_), line in zip(ids, lines, strict=True) if line["level"] == "3") == {
        8: 6, 10: 7, 16: 1,
    }  # fmt: skip
    assert {line["id"]: wrong for line in lines if (wrong := what_is_wrong(line))} == {}


def test_the_page_says_what_the_list_says() -> None:
    page, lines = (ROOT / "docs/asvs.md").read_text(encoding="utf-8"), listed()
    counted: dict[str, Counter[str]] = {}
    for line in lines:
        for part in (f"level {line['level']}", line["id"].split(".")[0]):
            counted.setdefault(part, Counter())[line["status"]] += 1
    told = {
        name if name.startswith("level") else name.split()[0]: [int(number) for number in numbers.split(" | ")]
        for name, numbers in re.findall(r"^\| (level \d|\d+ [^|]+) \| ([\d |]+) \|$", page, re.M)
    }

    assert told == {part: [*(of[status] for status in STATUSES), of.total()] for part, of in counted.items()}
    open_ones = [line["id"] for status in ("not held", "partly") for line in lines if line["status"] == status]
    assert re.findall(r"^- (\d+\.\d+\.\d+) ", page, re.M) == open_ones


GOOD = {"id": "1.1.1", "level": "1", "about": "words", "status": "held"}
PROOF = "tests/architecture/test_asvs.py::test_the_reading_sees_what_is_missing"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ({"proof": PROOF}, []),
        ({"proof": "because"}, ["no test"]),
        ({"proof": f"{PROOF}_not"}, [f"no such test: {PROOF.split('::')[1]}_not"]),
        ({"proof": PROOF, "status": "partly"}, ["nothing that lacks"]),
        ({"proof": f"{PROOF} test_x"}, ["no file: test_x"]),
        ({"proof": "", "status": "not held"}, ["no proof"]),
        ({"proof": "because", "status": "fine"}, ["no such status"]),
        ({"proof": "docs/asvs.md", "status": "operator"}, ["no page of operations"]),
        ({"proof": "docs/operations/x.md", "status": "operator"}, ["no such page: docs/operations/x.md"]),
    ],
)
def test_the_reading_sees_what_is_missing(line: Line, wrong: list[str]) -> None:
    assert what_is_wrong(GOOD | line) == wrong
