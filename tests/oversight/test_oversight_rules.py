"""The rules of unusual access: what each finds, and what it leaves alone."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from journal.access import Reason
from journal.oversight.rules import RULES, Choice, Look, defaults, reasons

AT = datetime(2026, 11, 16, 9, 5, tzinfo=UTC)
ORDINARY = Look(
    actor_id=uuid4(),
    patient_id=uuid4(),
    day=date(2026, 11, 16),
    actor_name="Nina Nordli",
    actor_role="nurse",
    unit_name="Avdeling 2",
    first_at=AT,
    last_at=AT,
    looks=3,
)

FINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # What is just enough, and what is just too little.
    "no_ground": ({"unsupported": True}, {}),
    "refused": ({"refused": 2}, {"refused": 1}),
    "expired": ({"ended_days": 1}, {"ended_days": 0}),
    "moved_out": ({"away_days": 7}, {"away_days": 6}),
    "dead": ({"dead_days": 14}, {"dead_days": 13}),
    "surname": ({"bearers": 2}, {"bearers": 3}),
    "address": ({"same_address": True}, {}),
    "kin": ({"named_kin": True}, {}),
    "oneself": ({"namesake": True}, {}),
    "colleague": ({"employee": True}, {"employee": True, "written": 1}),
    "hours": ({"hour_others": 0}, {"hour_others": 1}),
    "volume": ({"patient_id": None, "patients": 60}, {"patient_id": None, "patients": 59}),
    "marked": ({"marked": True}, {"marked": True, "written": 1}),
    "warned": ({"warned": Reason.FAMILY_ALONE}, {}),
}
SILENCED_BY_WORK = {"expired", "moved_out", "dead", "surname", "colleague", "hours", "marked"}


def found(**said: Any) -> tuple[str, ...]:
    return reasons(replace(ORDINARY, **said), defaults(5000))


def test_an_ordinary_look_is_found_by_no_rule_and_every_rule_has_a_case() -> None:
    assert found() == ()
    assert set(FINDS) == set(RULES)


@pytest.mark.parametrize("code", FINDS)
def test_a_rule_finds_what_is_just_enough_and_no_less_and_says_it_in_words(code: str) -> None:
    enough, too_little = FINDS[code]

    assert found(**enough) == (code,)
    assert found(**too_little) == ()
    assert str(RULES[code].sentence(replace(ORDINARY, **enough))).endswith(".")


@pytest.mark.parametrize("code", FINDS)
def test_who_wrote_in_the_chart_that_day_is_asked_only_where_work_explains_nothing(code: str) -> None:
    assert found(**FINDS[code][0] | {"written": 1}) == (() if code in SILENCED_BY_WORK else (code,))


@pytest.mark.parametrize("code", FINDS)
def test_a_rule_that_is_switched_off_finds_nothing(code: str) -> None:
    off = defaults(5000) | {code: Choice(False, 0)}

    assert reasons(replace(ORDINARY, **FINDS[code][0]), off) == ()


@pytest.mark.parametrize(("population", "most"), [(800, 2), (5000, 2), (5001, 3), (20000, 3), (20001, 4), (700000, 4)])
def test_a_small_place_has_other_thresholds(population: int, most: int) -> None:
    assert defaults(population)["surname"].threshold == most
