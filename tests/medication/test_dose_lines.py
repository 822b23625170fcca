"""Some thousands of generated medication lines keep the display rules L1–L12; `make lines` looks at a million."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from journal.medication.rules import OrderStatus, strength_in_words
from journal.medication.service.lists import _list_of
from journal.platform.quantity import NBSP
from tests.medication.dose_lines import WEB, Drawn, broken, lines, look_at

NUMBER = 4_000
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_every_generated_line_keeps_the_rules() -> None:
    said: list[str] = []
    assert look_at(NUMBER, 20261122, said.append) == {}, said


# A line that keeps all rules, and what is done to it: whoever looks must see it.
WRONG: dict[str, tuple[str, Any]] = {
    "L1": ("the name is not first", lambda d: replace(d, line=d.line._replace(route="i øret"))),
    "L2": (
        "the generic name in capitals",
        lambda d: replace(d, markup=d.markup.replace(d.line.generic, d.line.generic.upper())),
    ),
    "L3": ("the dose may be broken", lambda d: _dose(d, d.line.dose.replace(NBSP, " "))),
    "L4": ("a trailing zero", lambda d: _dose(d, f"2,50{NBSP}mg")),
    "L5": ("thousands without a space", lambda d: _dose(d, f"12500{NBSP}mg")),
    "L6": ("a unit that is read as a digit", lambda d: _dose(d, d.line.dose.replace("enheter", "IE"))),
    "L7": ("a slash", lambda d: replace(d, line=d.line._replace(form=f"{d.order.form} 100{NBSP}mg/ml"))),
    "L8": ("cut off", lambda d: replace(d, markup=d.markup.replace(d.line.generic, d.line.generic[:4] + "…"))),
    "L9": ("brackets", lambda d: replace(d, line=d.line._replace(frequency="daglig (2)"))),
    "L10": ("a colon", lambda d: replace(d, line=d.line._replace(frequency="dose: daglig"))),
}


def _dose(drawn: Drawn, dose: str) -> Drawn:
    return replace(drawn, line=drawn.line._replace(dose=dose), markup=drawn.markup.replace(drawn.line.dose, dose))


@pytest.mark.parametrize("rule", WRONG)
def test_whoever_looks_sees_each_rule_broken(rule: str) -> None:
    right = next(
        one for one in lines(5_000, 7) if "enheter" in one.line.dose and one.order.brand_name and not one.dosage.amounts
    )
    assert broken(right) == []

    wrong = WRONG[rule][1](right)

    assert any(rule in said for said in broken(wrong)), (WRONG[rule][0], broken(wrong))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("50 mg", "50 mg"),
        ("0,5 mg", "0,5 mg"),
        ("100 E/ml", "100 enheter per ml"),
        ("100000 IE/ml", "100 000 enheter per ml"),
        ("12 mikrog/time", "12 mikrogram per time"),
        ("12 mg/0,6 ml", "12 mg per 0,6 ml"),
        ("9,5 mg/24 timer", "9,5 mg per 24 timer"),
        ("25 mg/25 mg/g", "25 mg og 25 mg per g"),
        ("850 mg/50 mg", "850 mg og 50 mg"),
        ("100 mg/25 mg/200 mg", "100 mg, 25 mg og 200 mg"),
        ("1 mg/ml + 0,2 mg/ml", "1 mg per ml og 0,2 mg per ml"),
        ("160 mikrog/4,5 mikrog/dose", "160 mikrogram og 4,5 mikrogram per dose"),
        ("5 %", "5 %"),
    ],
)
def test_a_strength_is_said_in_words_that_cannot_be_misread(written: str, said: str) -> None:
    assert strength_in_words(written).replace(NBSP, " ") == said


@pytest.mark.parametrize("text", ["1-2 mg", "styrke ukjent", "5", "mg", "12345678 mg", "3 kvm/ml", "10 mg/x"])
def test_what_is_no_strength_we_know_is_left_as_the_catalogue_has_it(text: str) -> None:
    assert strength_in_words(text) == text


def test_the_list_in_use_never_holds_what_is_stopped_and_says_how_many_were() -> None:
    """L12, with every status an order may have."""
    statuses = [*OrderStatus] * 40
    rows = [
        _row(number, status, drawn)
        for number, (status, drawn) in enumerate(zip(statuses, lines(len(statuses), 3), strict=True))
    ]

    found = _list_of(rows, NOW)

    shown = {one.request_entry_id for one in (*found.regular, *found.courses, *found.as_needed)}
    in_use = {row.entry_id for row in rows if row.status in ("active", "on-hold")}
    assert shown == in_use
    assert found.stopped_recently == len(rows) - len(in_use)


def _row(number: int, status: OrderStatus, drawn: Drawn) -> Any:
    more = {"condition_text": None, "prescription_group": "C", "high_risk": False, "given_by": "municipality_unit"}
    more |= {"unsigned": False, "atc_code": None}
    changed = {"change": "prescribe", "change_reason": None, "effective_at": NOW, "recorded_by_name": "Lars Haugen"}
    use = "3" if drawn.dosage.as_needed else "12"[number % 2]
    order = {**vars(drawn.order), "dosage": drawn.dosage.to_json(), "use": use, "doses": None, "given": None}
    order |= dict.fromkeys(("waits_since", "so_far", "was", "supply", "procedure_list_id"))
    return SimpleNamespace(entry_id=UUID(int=number), status=status.value, **order, **more, **changed)


def test_no_medicine_is_cut_off_and_lines_stand_apart() -> None:
    """L8 and L11: as the style sheets have it."""
    sheets = "\n".join(path.read_text() for path in sorted(Path(WEB, "static", "css").glob("*.css")))
    rules = [rule for rule in sheets.split("}") if ".med" in rule.split("{")[0] or ".nm" in rule.split("{")[0]]
    assert rules
    assert not [rule for rule in rules if "ellipsis" in rule or "overflow: hidden" in rule or "line-clamp" in rule]
    assert ".nw { white-space: nowrap; }" in sheets
