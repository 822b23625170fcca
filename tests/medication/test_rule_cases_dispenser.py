"""The rules of an electronic dispenser: what was taken out is never given, and what somebody must see to comes in its order."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.care import DispenserTask
from journal.care.dispenser_rules import KINDS
from journal.care.dispenser_rules import dispenser_text as task_text
from journal.care.rules import TASKS
from journal.medication.rules import DoseStatus
from journal.medication.rules.dispenser import (
    ALARMS,
    EVENTS,
    NEEDS,
    OF_A_DOSE,
    SUITABILITIES,
    URGENT,
    Alarm,
    Event,
    Heard,
    Need,
    Suitability,
    Told,
    add_sentence,
    answer_by,
    dispenser_text,
    needs,
    status_in_dispenser,
)
from journal.platform.quantity import NBSP, Quantity

S = DoseStatus
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
AT = datetime(2026, 11, 22, 7, 4, tzinfo=UTC)
TODAY = date(2026, 11, 22)
LIES = Told(True, None, None, False)
WRONG = Told(False, None, None, False)
TAKEN = Told(True, Event.TAKEN_OUT, AT, False)
TAKEN_WRONG = Told(False, Event.TAKEN_OUT, AT, True)
TAKEN_BEFORE = Told(False, Event.TAKEN_OUT, AT, False)
LEFT = Told(True, Event.NOT_TAKEN, AT, False)
GIVEN = {S.GIVEN, S.GIVEN_EARLY, S.GIVEN_LATE, S.PARTLY}


@pytest.mark.parametrize(
    ("before", "told", "status", "text"),
    [
        (S.LATE, None, S.LATE, "ord"),
        (S.PLANNED, LIES, S.PLANNED, "ord"),
        (S.READY, LIES, S.IN_DISPENSER, "i dispenseren"),
        (S.LATE, LIES, S.IN_DISPENSER, "i dispenseren"),
        (S.MISSED, LIES, S.IN_DISPENSER, "i dispenseren"),
        (S.PLANNED, TAKEN, S.TAKEN_OUT, "tatt ut kl. 08.04"),
        (S.READY, TAKEN, S.TAKEN_OUT, "tatt ut kl. 08.04"),
        (S.LATE, TAKEN, S.TAKEN_OUT, "tatt ut kl. 08.04"),
        (S.MISSED, TAKEN, S.TAKEN_OUT, "tatt ut kl. 08.04"),
        (S.MISSED, TAKEN_WRONG, S.TAKEN_OUT, "tatt ut kl. 08.04 av utdatert dispenser"),
        (S.MISSED, TAKEN_BEFORE, S.TAKEN_OUT, "tatt ut kl. 08.04"),
        (S.LATE, LEFT, S.LATE, "ord – ikke tatt ut av dispenseren"),
        (S.MISSED, LEFT, S.MISSED, "ord – ikke tatt ut av dispenseren"),
        (S.READY, WRONG, S.READY, "ord – dispenseren er utdatert"),
        (S.LATE, WRONG, S.LATE, "ord – dispenseren er utdatert"),
        (S.HELD, WRONG, S.HELD, "ord"),
        (S.HELD, LIES, S.HELD, "ord"),
        (S.HELD, TAKEN_WRONG, S.HELD, "ord – tatt ut kl. 08.04 av utdatert dispenser"),
        (S.STOPPED, LEFT, S.STOPPED, "ord"),
        (S.UNRECONCILED, LIES, S.UNRECONCILED, "ord"),
        (S.GIVEN, TAKEN, S.GIVEN, "ord – tatt ut kl. 08.04"),
        (S.NOT_GIVEN, TAKEN, S.NOT_GIVEN, "ord – tatt ut kl. 08.04"),
        (S.GIVEN, LEFT, S.GIVEN, "ord"),
    ],
)
def test_the_state_of_a_dose_is_its_own_with_what_the_device_has_told(
    before: S, told: Told | None, status: S, text: str
) -> None:
    assert status_in_dispenser(before, told) is status
    assert dispenser_text("ord", status, told, NOW).replace(NBSP, " ") == text


@given(
    before=st.sampled_from(list(S)),
    right=st.booleans(),
    kind=st.sampled_from([None, Event.TAKEN_OUT, Event.NOT_TAKEN]),
    outdated=st.booleans(),
)
def test_nothing_a_device_tells_makes_a_dose_given_or_takes_a_signature_away(
    before: S, right: bool, kind: Event | None, outdated: bool
) -> None:
    after = status_in_dispenser(before, Told(right, kind, AT if kind else None, outdated))
    assert after is before or after in (S.TAKEN_OUT, S.IN_DISPENSER)
    assert (after in GIVEN) == (before in GIVEN)
    if kind is Event.TAKEN_OUT:
        assert after not in (S.LATE, S.MISSED, S.READY, S.PLANNED)


@pytest.mark.parametrize(
    ("alarm", "critical", "minutes"),
    [
        (Alarm.NOT_TAKEN, True, 15),
        (Alarm.NOT_TAKEN, False, 60),
        (Alarm.FAULT, True, 30),
        (Alarm.FAULT, False, 120),
        (Alarm.NO_CONTACT, True, 60),
        (Alarm.NO_CONTACT, False, 240),
    ],
)
def test_how_soon_somebody_must_have_answered(alarm: Alarm, critical: bool, minutes: int) -> None:
    assert answer_by(alarm, NOW, critical=critical) == NOW + timedelta(minutes=minutes)


SPOKE = Heard(Event.TAKEN_OUT, NOW - timedelta(hours=1), NOW - timedelta(hours=1))


def of(**more: Any) -> tuple[Need, ...]:
    told: dict[str, Any] = {
        "loaded_until": TODAY + timedelta(days=4),
        "outdated": False,
        "uncontrolled": False,
        "trained": True,
        "evaluate_on": TODAY + timedelta(days=1),
        "heard": [SPOKE],
        "settled": (),
    }
    return needs(NOW, **(told | more))


def heard(kind: Event, hours: float, due: datetime | None = None) -> Heard:
    return Heard(kind, NOW - timedelta(hours=hours), due)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, ()),
        ({"outdated": True, "uncontrolled": True}, (Need.OUTDATED, Need.UNCONTROLLED)),
        ({"loaded_until": None}, (Need.EMPTY,)),
        ({"loaded_until": TODAY - timedelta(days=1)}, (Need.EMPTY,)),
        ({"loaded_until": TODAY}, (Need.RUNS_OUT,)),
        ({"loaded_until": TODAY + timedelta(days=3)}, (Need.RUNS_OUT,)),
        ({"evaluate_on": TODAY}, (Need.EVALUATE,)),
        ({"evaluate_on": None}, ()),
        ({"trained": False}, (Need.UNTRAINED,)),
        ({"heard": []}, (Need.NO_CONTACT,)),
        ({"heard": [], "loaded_until": None}, (Need.EMPTY,)),
        ({"heard": [heard(Event.TAKEN_OUT, 24, AT)]}, (Need.NO_CONTACT,)),
        ({"heard": [heard(Event.TAKEN_OUT, 23.9, AT)]}, ()),
        ({"heard": [SPOKE, heard(Event.NO_CONTACT, 0.5)]}, (Need.NO_CONTACT,)),
        ({"heard": [SPOKE, heard(Event.NO_CONTACT, 2)]}, ()),
        ({"heard": [SPOKE, heard(Event.FAULT, 0.5)]}, (Need.FAULT,)),
        ({"heard": [SPOKE, heard(Event.FAULT, 2)]}, ()),
        ({"heard": [SPOKE, heard(Event.BATTERY, 47)]}, (Need.BATTERY,)),
        ({"heard": [SPOKE, heard(Event.BATTERY, 48)]}, ()),
        ({"heard": [heard(Event.NOT_TAKEN, 1, AT)]}, (Need.NOT_TAKEN,)),
        ({"heard": [heard(Event.NOT_TAKEN, 1, AT), heard(Event.TAKEN_OUT, 0.5, AT)]}, ()),
        ({"heard": [heard(Event.NOT_TAKEN, 1, AT)], "settled": {AT}}, ()),
    ],
)
def test_what_somebody_must_see_to(more: dict[str, Any], wanted: tuple[Need, ...]) -> None:
    assert of(**more) == wanted


def test_what_must_be_answered_has_a_task_of_a_kind_that_there_is_and_all_have_words() -> None:
    assert {alarm.value for alarm in ALARMS.values()} <= set(TASKS)
    assert set(ALARMS) == {Event.NOT_TAKEN, Event.NO_CONTACT, Event.FAULT}
    assert set(OF_A_DOSE) == {Event.TAKEN_OUT, Event.NOT_TAKEN}
    assert {alarm.value for alarm in Alarm} <= set(DispenserTask)
    assert {KINDS.get(each, "dispenser") for each in DispenserTask} <= set(TASKS)
    assert KINDS[DispenserTask.OUTDATED_TAKEN] == Alarm.FAULT.value
    assert set(EVENTS) == set(Event) and set(NEEDS) == set(Need) and set(SUITABILITIES) == set(Suitability)
    assert set(URGENT) == {Need.FAULT, Need.NOT_TAKEN, Need.OUTDATED, Need.EMPTY, Need.NO_CONTACT}
    assert "22.11.2026 08.04" in task_text(DispenserTask.NOT_TAKEN, AT)
    said = add_sentence(Quantity(Decimal(2), "tablett"), "ramipril 2,5 mg")
    assert said.replace(NBSP, " ") == "Legg i 2 tabletter ramipril 2,5 mg"
