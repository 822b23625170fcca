"""The rules of giving (ledger, prepared, roll, next_step), where their own tests need a database or leave a limit open."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest

from journal.medication.rules.caution import Caution
from journal.medication.rules.ledger import (
    BY_HAND,
    CORRECTABLE,
    TAKES_OUT,
    WITNESSED,
    EntryKind,
    Kept,
    accounted,
    chosen_place,
    taken_out,
)
from journal.medication.rules.next_step import LATER, SOON, NextStep, step_text
from journal.medication.rules.prepared import (
    Ordered,
    Packed,
    Why,
    count_text,
    differences,
    take_out_sentence,
    wants_own_signature,
    wrong,
)
from journal.medication.rules.roll import MOST_LINES, NotARollLine, RollLine, matching, read_roll
from journal.platform.quantity import NBSP, Quantity

ONE, TWO = (Quantity(Decimal(number), "tablett") for number in (1, 2))
EIGHT, TWENTY = time(8), time(20)


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


# The account of controlled drugs


def test_group_a_is_accounted_for_and_b_where_the_municipality_says_so() -> None:
    assert [accounted(group, group_b=False) for group in ("A", "B", "C", None)] == [True, False, False, False]
    assert [accounted(group, group_b=True) for group in ("A", "B", "C", None)] == [True, True, False, False]


def test_what_is_written_by_hand_takes_out_unless_it_was_delivered_and_two_see_what_is_lost() -> None:
    kind = EntryKind
    assert {kind.LAID_IN, kind.WASTE, kind.RETURN, kind.DESTRUCTION} == TAKES_OUT
    assert {kind.WASTE, kind.DESTRUCTION} == WITNESSED
    assert {*BY_HAND, kind.WITHDRAWAL} == CORRECTABLE


@pytest.mark.parametrize(("given", "out", "rest"), [(None, 10, 0), ("10", 10, 0), ("9.5", "9.5", "0.5"), ("11", 11, 0)])
def test_what_was_not_given_of_a_dose_is_wasted(given: str | None, out: str, rest: str) -> None:
    assert taken_out(Decimal(10), given and Decimal(given)) == (Decimal(out), Decimal(rest))  # type: ignore[arg-type]


def kept(number: int, balance: int | None, hour: int | None = None) -> Kept:
    """The place and its ledger have this number; something was taken from it last at this hour."""
    lately = None if hour is None else datetime(2026, 11, 22, hour, tzinfo=UTC)
    own = UUID(int=number)
    return Kept(own, f"sted {number}", False, own, None if balance is None else Decimal(balance), lately)


@pytest.mark.parametrize(
    ("places", "said", "chosen"),
    [
        ([kept(1, 2), kept(2, 1)], None, 1),
        ([kept(1, 1), kept(2, 1)], None, None),
        ([kept(1, None), kept(2, 1)], None, None),
        ([kept(1, None), kept(2, 2)], None, 2),
        ([kept(1, 1), kept(2, 1, 8)], None, 2),
        ([kept(1, 2, 8), kept(2, 2, 9), kept(3, 1, 10)], None, 2),
        ([kept(1, 2, 9), kept(2, 2, 8)], None, 1),
        ([kept(2, 2, 8), kept(1, 2, 8)], None, 2),
        ([kept(1, 2), kept(2, 1)], 2, 2),
        ([kept(1, 2), kept(2, 1)], 3, 1),
    ],
)
def test_a_dose_is_of_the_place_that_was_said_or_has_enough_or_was_used_last(
    places: list[Kept], said: int | None, chosen: int | None
) -> None:
    found = chosen_place(places, Decimal(2), said and UUID(int=said))

    assert (found and found.place_id.int) == chosen


# What lies ready


@pytest.mark.parametrize(
    ("ordered", "has_order", "why"),
    [
        (Ordered(ONE, "open", True, False), True, None),
        (Ordered(ONE, "open", False, False), True, Why.CHANGED),
        (Ordered(TWO, "open", True, False), True, Why.CHANGED),
        (Ordered(TWO, "cancelled", False, True), True, None),
        (Ordered(ONE, "cancelled", True, False), True, Why.STOPPED),
        (Ordered(ONE, "held", True, False), True, Why.HELD),
        (None, True, Why.STOPPED),
        (None, False, Why.NOT_ORDERED),
    ],
)
def test_a_line_is_taken_out_where_it_is_not_what_is_to_be_given(
    ordered: Ordered | None, has_order: bool, why: Why | None
) -> None:
    assert wrong(ONE, ordered, has_order=has_order) is why


def test_what_is_taken_out_says_how_much_of_what_and_why() -> None:
    said = take_out_sentence(TWO, "ramipril 2,5 mg", Why.CHANGED)
    assert plain(said) == "Ta ut 2 tabletter ramipril 2,5 mg: er endret siden den ble lagt i"


@pytest.mark.parametrize(
    ("more", "own"),
    [
        ({}, False),
        ({"has_value": True}, True),
        ({"two_signatures": True}, True),
        ({"unit": "plaster"}, True),
        ({"cautions": [Caution.EARLY, Caution.LATE, Caution.MISSED]}, False),
        *(({"cautions": [caution]}, True) for caution in (Caution.INSULIN, Caution.GROUP_A, Caution.OVERRIDDEN)),
    ],
)
def test_what_wants_a_thought_is_signed_by_itself(more: dict[str, object], own: bool) -> None:
    usual = {"cautions": [], "has_value": False, "two_signatures": False, "unit": "tablett"}
    assert wants_own_signature(**(usual | more)) is own  # type: ignore[arg-type]


def test_a_bag_is_counted_by_its_units() -> None:
    capsule = Quantity(Decimal(1), "kapsel")
    assert count_text([]) == ""
    assert plain(count_text([ONE, TWO])) == "3 tabletter"
    assert plain(count_text([ONE, capsule, TWO])) == "3 tabletter og 1 kapsel"


def packed(order: int | None, medicine: str, at: str, amount: Quantity = ONE) -> Packed:
    return Packed(order and UUID(int=order), medicine, at, amount)  # type: ignore[arg-type]


def test_a_roll_and_a_list_that_are_alike_have_no_differences() -> None:
    both = [packed(1, "A", "mandag 08"), packed(1, "A", "tirsdag 08")]
    assert differences(both, both[::-1]) == ()


def test_a_roll_differs_by_what_is_packed_what_is_not_and_how_much() -> None:
    roll = [packed(1, "A", "mandag 08", TWO), packed(2, "B", "mandag 08"), packed(None, "C", "mandag 08")]
    listed = [packed(1, "A", "mandag 08"), *(packed(3, "D", at) for at in ("mandag 08", "tirsdag 08"))]
    # One without an order is no line of the list, not even of one that the list has no order for.
    listed.append(packed(None, "E", "mandag 08"))

    assert [plain(said) for said in differences(roll, listed)] == [
        "A: 2 tabletter er pakket, listen sier 1 tablett (mandag 08)",
        "B: 1 tablett er pakket, og skal etter listen ikke gis da (mandag 08)",
        "C: 1 tablett er pakket, og skal etter listen ikke gis da (mandag 08)",
        "D: 1 tablett står i listen, og er ikke pakket (2 ganger, første gang mandag 08)",
        "E: 1 tablett står i listen, og er ikke pakket (mandag 08)",
    ]


# What a roll says


def test_a_roll_is_read_line_by_line() -> None:
    text = "Metoprolol 50 mg; 1 tablett; 08 20\n\n A ; 2 Tabletter ; kl. 8.00, 20:00 ; Tors, man, tor\nB; 0,5 ml; 2000; søn"
    assert read_roll(text) == (
        RollLine("Metoprolol 50 mg", ONE, (EIGHT, TWENTY)),
        RollLine("A", TWO, (EIGHT, TWENTY), (1, 4)),
        RollLine("B", Quantity(Decimal("0.5"), "ml"), (TWENTY,), (7,)),
    )


def test_each_day_has_its_number() -> None:
    days = "man tir ons tor fre lør søn"
    assert [read_roll(f"A; 1 tablett; 8; {day}")[0].weekdays for day in days.split()] == [(n,) for n in range(1, 8)]
    assert read_roll("A; 1 tablett; 8; tirs tors")[0].weekdays == (2, 4)


def test_a_roll_has_this_many_lines_and_a_name_this_many_letters() -> None:
    line = "A; 1 tablett; 8\n"
    assert len(read_roll(line * 60)) == MOST_LINES == 60
    with pytest.raises(NotARollLine, match="høyst 60 linjer"):
        read_roll(line * 61)
    assert len(read_roll(f"{'A' * 200}; 1 tablett; 8")[0].medicine) == 200
    with pytest.raises(NotARollLine, match="skriv legemiddel; mengde"):
        read_roll(f"{'A' * 201}; 1 tablett; 8")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A; 1 tablett", "Linje 2: skriv legemiddel; mengde"),
        ("A; 1 tablett; 8; man; tor", "Linje 2: skriv legemiddel; mengde"),
        ("; 1 tablett; 8", "Linje 2: skriv legemiddel; mengde"),
        ("A; 1 tablett; 8 8.00", "Linje 2: skriv hvert klokkeslett én gang"),
        ("A; 1 tablett; kl.", "Linje 2: skriv hvert klokkeslett én gang"),
        ("A; 1 tablett; 25", "Linje 2: Klokkeslettet finnes ikke"),
        ("A; 1 tablett; 123", "Linje 2: Skriv klokkeslettet"),
        ("A; 1 tablett; 8; i morgen", "Linje 2: skriv dagene"),
        ("A; en tablett; 8", "Linje 2: Skriv mengden med tall"),
        ("A; 1,500 tablett; 8", "Linje 2: Skriv tusen uten"),
        ("A; 0 tablett; 8", "Linje 2: skriv mengden med tall og enhet"),
        ("A; 1 bit; 8", "Linje 2: skriv mengden med tall og enhet"),
        ("A; 1; 8", "Linje 2: skriv mengden med tall og enhet"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_number(line: str, said: str) -> None:
    with pytest.raises(NotARollLine) as refused:
        read_roll(f"\n{line}")
    assert str(refused.value).startswith(said)


def test_a_roll_holds_something() -> None:
    with pytest.raises(NotARollLine, match="Skriv hva som ligger i posene"):
        read_roll(" \n")


METOPROLOL = SimpleNamespace(generic_name="metoprolol", brand_name="Metoprolol Sandoz", strength="50 mg")
STRONGER = SimpleNamespace(generic_name="metoprolol", brand_name=None, strength="100 mg")
SMALL = SimpleNamespace(generic_name="digoksin", brand_name=None, strength="0.50 mg")
WITHOUT = SimpleNamespace(generic_name="paracetamol", brand_name=None, strength=None)


@pytest.mark.parametrize(
    ("medicine", "found"),
    [
        ("METOPROLOL 50 MG", METOPROLOL),
        ("Metoprolol Sandoz depottablett 50,0 mg", METOPROLOL),
        ("metoprolol 100mg", STRONGER),
        ("metoprolol 10 mg", None),
        ("metoprolol 5 mg", None),
        ("metoprolol 50 mikrogram", None),
        ("metoprolol", None),
        ("bisoprolol 50 mg", None),
        ("ny metoprolol 50 mg", None),
        ("digoksin 0,5 mg", SMALL),
        ("paracetamol", WITHOUT),
        ("paracetamol 500 mg", None),
    ],
)
def test_a_line_is_of_the_one_order_whose_name_and_strength_it_says(medicine: str, found: object) -> None:
    assert matching(medicine, [METOPROLOL, STRONGER, SMALL, WITHOUT]) is found


def test_two_orders_that_a_line_may_be_of_are_none() -> None:
    assert matching("metoprolol 50 mg", [METOPROLOL, METOPROLOL]) is None


# What comes next


def test_another_try_is_so_soon_and_the_card_says_when_or_whom_to_tell() -> None:
    assert (timedelta(minutes=30), timedelta(minutes=60)) == (SOON, LATER)
    assert {step: step_text(step, "09.30") for step in NextStep} == {
        NextStep.NONE: None,
        NextStep.TRY_AGAIN: "Prøves igjen kl. 09.30.",
        NextStep.TELL_NURSE: "Si fra til sykepleier nå.",
        NextStep.CALL_DOCTOR: "Ring lege nå.",
    }
