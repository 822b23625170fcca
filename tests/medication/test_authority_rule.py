"""The acts that a dose needs, who has them, and when an authority is over."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from journal.medication.rules.authority import (
    ACTS,
    EXPIRES_SOON,
    GIVING,
    USUAL_CHANGES,
    Act,
    Authority,
    Delegated,
    acts_needed,
    acts_nobody_carries,
    carried_by,
    cleared_at,
    end_of_last_shift,
    lacking_text,
    may_be_done_by,
)
from journal.platform.clock import OSLO, local

A = Act
TABLET = {"supply": "ward_stock", "form": "Tablett", "route": "Oral bruk", "unit": "tablett", "atc_code": "C07AB02"}
PEN = {"supply": "own_packs", "form": "Injeksjonsvæske", "route": "Subkutan bruk", "unit": "enhet"}

NEEDED: list[tuple[dict[str, Any], set[Act]]] = [
    ({}, {A.PACK}),
    ({"supply": None}, {A.PACK}),
    ({"supply": "own_packs"}, {A.PACK}),
    ({"supply": "brought_along"}, {A.PACK}),
    ({"supply": "dosett"}, {A.READY}),
    ({"supply": "multidose"}, {A.READY}),
    ({"supply": "dispenser"}, {A.READY}),
    ({"supply": "multidose", "prescription_group": "B"}, {A.READY, A.CONTROLLED}),
    ({"prescription_group": "A"}, {A.PACK, A.CONTROLLED}),
    ({"prescription_group": "C"}, {A.PACK}),
    ({"as_needed": True}, {A.PACK, A.AS_NEEDED}),
    ({"as_needed": True, "prescription_group": "B"}, {A.PACK, A.AS_NEEDED, A.CONTROLLED}),
    ({**PEN, "atc_code": "A10AE04"}, {A.INSULIN}),
    ({**PEN, "atc_code": "A10AB05", "as_needed": True}, {A.INSULIN, A.AS_NEEDED}),
    ({**PEN, "atc_code": "A10BJ06"}, {A.INJECTION}),
    ({"atc_code": "A10BA02"}, {A.PACK}),
    ({**PEN, "atc_code": "N02AA01", "prescription_group": "A"}, {A.INJECTION, A.CONTROLLED}),
    ({"form": "Pulver til infusjonsvæske", "route": "Intravenøs bruk"}, {A.INJECTION}),
    ({"form": "Depotinjeksjonsvæske", "route": None}, {A.INJECTION}),
    ({"form": None, "route": "Subkutan bruk"}, {A.INJECTION}),
    ({"form": None, "route": None, "unit": "sprøyte"}, {A.INJECTION}),
    ({"form": "Depotplaster", "route": "Transdermal bruk", "unit": "plaster"}, {A.PATCH}),
    ({"form": "Depotplaster", "unit": "plaster", "prescription_group": "A"}, {A.PATCH, A.CONTROLLED}),
]

GIVE = {Act.PACK}


@pytest.mark.parametrize(("dose", "needed"), NEEDED)
def test_what_a_dose_needs_is_what_the_hand_does_with_it(dose: dict[str, Any], needed: set[Act]) -> None:
    assert acts_needed(**{**TABLET, "prescription_group": None, "as_needed": False, **dose}) == needed


def test_whoever_lacks_one_of_the_acts_lacks_the_dose() -> None:
    """All pairs of two acts held and two needed: nothing but what she has counts, however it was delegated."""
    for held, needed in product(product(GIVING, repeat=2), repeat=2):
        apart = Authority(frozenset(), tuple(Delegated(frozenset({act})) for act in held))
        mixed = Authority(frozenset({held[0]}), (Delegated(frozenset({held[1]})),))
        for own in (apart, mixed):
            assert own.lacks(needed, ()) == set(needed) - set(held)


def test_an_authority_for_named_patients_holds_for_them_by_any_of_their_records() -> None:
    kari, kari_too, ola = uuid4(), uuid4(), uuid4()
    own = Authority(frozenset({A.PACK}), (Delegated(frozenset({A.INSULIN}), frozenset({kari})),))

    assert own.lacks([A.INSULIN, A.PACK], [kari_too, kari]) == set()
    assert own.lacks([A.INSULIN, A.PACK], [ola]) == {A.INSULIN}


def test_nurses_and_doctors_do_all_until_the_municipality_has_chosen_and_nobody_else_anything() -> None:
    assert carried_by("nurse", None) == carried_by("doctor", None) == set(GIVING)
    for role in ("health_assistant", "unit_manager", "tenant_administrator", "auditor", "system", "unknown"):
        assert carried_by(role, None) == set()
    chosen = {"nurse": ["pack"], "health_assistant": ["ready"]}
    assert [carried_by(role, chosen) for role in ("nurse", "health_assistant", "doctor")] == [
        {A.PACK},
        {A.READY},
        set(),
    ]
    assert A.PACK not in acts_nobody_carries(chosen) and A.READY in acts_nobody_carries(chosen)
    assert Act.DELEGATE not in GIVING and set(ACTS) == set(Act)


SHIFT_ENDS = [
    (date(2026, 11, 22), USUAL_CHANGES, "2026-11-23 07:30"),
    (date(2026, 12, 31), USUAL_CHANGES, "2027-01-01 07:30"),
    # The clock is put forward, and back, in the night shift that runs when the day ends.
    (date(2027, 3, 27), USUAL_CHANGES, "2027-03-28 07:30"),
    (date(2027, 10, 30), USUAL_CHANGES, "2027-10-31 07:30"),
    # Shifts that change in the hour that does not exist, and in the one that comes twice: the night is over, not before.
    (date(2027, 3, 27), (time(2, 30), time(14)), "2027-03-28 03:30"),
    (date(2027, 10, 30), (time(2, 30), time(14)), "2027-10-31 02:30"),
    (date(2026, 11, 22), (time(0), time(12)), "2026-11-23 12:00"),
    (date(2026, 11, 22), (time(0, 15), time(8), time(16)), "2026-11-23 00:15"),
]


@pytest.mark.parametrize(("last_day", "changes", "wall"), SHIFT_ENDS)
def test_an_authority_ends_with_the_shift_that_runs_when_its_last_day_ends(
    last_day: date, changes: tuple[time, ...], wall: str
) -> None:
    end = end_of_last_shift(last_day, changes)

    assert f"{local(end):%Y-%m-%d %H:%M}" == wall
    # All of the last day is within it, of 23 hours or 25; and it is never midnight.
    assert end > datetime.combine(last_day + timedelta(days=1), time.min, OSLO)
    # In the hour that comes twice it is the second one that ends the night.
    assert local(end).fold == (1 if wall == "2027-10-31 02:30" else 0)


def test_five_are_named_and_the_others_counted_and_where_there_is_none_it_says_what_to_do() -> None:
    names = ["Nina", "Anne", "Berit", "Dina", "Eva", "Frida", "Guri"]

    assert may_be_done_by(GIVE, names[:2]) == "Kan gis av: Nina, Anne."
    assert may_be_done_by(GIVE, names[:2], at_work=1) == "Kan gis av: Nina (på jobb), Anne."
    assert may_be_done_by({Act.PREPARE}, names[:1]) == "Kan gjøres av: Nina."
    assert may_be_done_by({Act.PREPARE}, names).startswith("Kan gjøres av: Nina, Anne, Berit, Dina, Eva og 2 til")
    assert "gi denne dosen" not in may_be_done_by({Act.TAKE_OUT}, [])
    assert may_be_done_by(GIVE, names[:5]) == "Kan gis av: Nina, Anne, Berit, Dina, Eva."
    assert may_be_done_by(GIVE, names[:6]) == "Kan gis av: Nina, Anne, Berit, Dina, Eva og 1 til."
    assert may_be_done_by(GIVE, names) == "Kan gis av: Nina, Anne, Berit, Dina, Eva og 2 til."
    assert "Ring sykepleier på vakt" in may_be_done_by(GIVE, [])


def test_what_was_cleared_just_before_midnight_was_cleared_yesterday() -> None:
    now = datetime(2026, 11, 22, 23, 10, tzinfo=UTC)  # 00.10 in Oslo

    assert cleared_at(time(0, 10), now) == now
    assert cleared_at(time(18, 10), now) == now - timedelta(hours=6)
    assert cleared_at(time(0, 5), now) == now - timedelta(minutes=5)
    assert cleared_at(time(23, 50), now) == now - timedelta(minutes=20)
    for too_far in (time(0, 11), time(18, 9)):
        with pytest.raises(ValueError, match="seks timene"):
            cleared_at(too_far, now)


def test_what_she_lacks_is_said_in_the_order_of_the_acts() -> None:
    assert lacking_text([A.PATCH, A.PACK]) == "Du har ikke fullmakt til å gi fra originalpakning, sette plaster."


@pytest.mark.parametrize(
    ("clears", "carried", "must"), [(True, (), True), (True, (A.AS_NEEDED,), False), (False, (), False)]
)
def test_who_gives_as_needed_by_delegation_alone_clears_it_where_the_unit_says_so(
    clears: bool, carried: tuple[Act, ...], must: bool
) -> None:
    assert Authority(frozenset(carried), clears=clears).clears_as_needed is must
    assert not Authority(frozenset()).clears


def test_where_nobody_has_chosen_shifts_change_at_these_times_and_a_month_is_soon() -> None:
    assert (time(7, 30), time(15), time(22, 30)) == USUAL_CHANGES
    assert timedelta(days=30) == EXPIRES_SOON
