"""How much in 24 hours: counted from the dosage, across units, and never a reassurance where nothing is known."""

from datetime import time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from journal.medication.rules import AmountRange, Weekday, daily, every_hours, on_weekdays, when_needed
from journal.medication.rules.safety import (
    Ingredient,
    Ordered,
    Person,
    Verdict,
    ingredients_of,
    judge,
    may_be_signed,
    opioid_total,
    weekly_text,
)
from journal.medication.rules.safety.amounts import converted, most_in_24_hours, substance_in_24_hours
from journal.medication.rules.safety.duplicates import shared_substances
from journal.medication.rules.safety.weekly import days_between
from journal.platform.quantity import NBSP, Quantity
from tests.medication.safety_orders import dosage, of


def tablets(number: str) -> Quantity:
    return Quantity(Decimal(number), "tablett")


def mg(number: str) -> Quantity:
    return Quantity(Decimal(number), "mg")


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("taken", "most"),
    [
        (daily(tablets("1"), [time(8), time(20)]), "2"),
        (daily({time(8): tablets("2"), time(20): tablets("1")}), "3"),
        (on_weekdays(tablets("6"), [Weekday.MONDAY], [time(8)]), "6"),
        (every_hours(tablets("1"), 6), "4"),
        (every_hours(tablets("1"), 7), "4"),
        (every_hours(tablets("1"), 72), "1"),
        (when_needed(tablets("2"), max_doses=4), "8"),
        (when_needed(AmountRange(tablets("1"), tablets("2")), max_doses=3), "6"),
        (when_needed(tablets("1"), least_interval=timedelta(hours=5)), "5"),
        (when_needed(tablets("2"), max_doses=4, max_amount=tablets("6")), "6"),
        (when_needed(tablets("1"), max_doses=2, least_interval=timedelta(hours=4)), "2"),
    ],
    ids=[
        "twice a day",
        "an amount for each time",
        "the day of the week it is taken",
        "each 6th hour",
        "each 7th hour comes four times within 24",
        "each 72nd hour",
        "as needed, so many times",
        "the upper end of a range",
        "an interval alone: as often as it fits",
        "the tightest limit: the amount",
        "the tightest limit: the times",
    ],
)
def test_the_most_the_hand_gives_in_24_hours(taken, most):
    assert most_in_24_hours(taken) == tablets(most)


@pytest.mark.parametrize(
    ("amount", "unit", "number"),
    [
        (Quantity(Decimal(1), "g"), "mg", "1000"),
        (Quantity(Decimal("62.5"), "mikrogram"), "mg", "0.0625"),
        (Quantity(Decimal("0.25"), "mikrogram"), "mg", "0.00025"),
        (Quantity(Decimal(6), "IE"), "enhet", "6"),
        (Quantity(Decimal(6), "enhet"), "enhet", "6"),
        (Quantity(Decimal(6), "IE"), "mg", None),
        (Quantity(Decimal(6), "tablett"), "mg", None),
        (Quantity(Decimal(6), "ml"), "mg", None),
        (Quantity(Decimal(6), "mmol"), "mg", None),
    ],
)
def test_only_weights_are_converted_into_each_other_and_exactly(amount, unit, number):
    assert converted(amount, unit) == (None if number is None else Decimal(number))


def test_a_limit_in_the_substance_is_counted_as_it_stands():
    taken = when_needed(tablets("2"), max_amount=mg("3000"), strength_per_unit=mg("500"))
    assert (
        substance_in_24_hours(
            Ordered(key="1", name="paracetamol", atc_code="N02BE01", dosage=taken), "paracetamol", "mg"
        )
        == 3000
    )


def test_a_patch_gives_its_rate_around_the_clock():
    assert substance_in_24_hours(
        of("Durogesic depotplaster 25 mikrog/time", "1 hver 3. dag"), "fentanyl", "mg"
    ) == Decimal("0.6")


@pytest.mark.parametrize(
    ("generic", "strength", "held"),
    [
        ("kodein og paracetamol", "30 mg/400 mg", [("kodein", mg("30")), ("paracetamol", mg("400"))]),
        ("kodein og paracetamol", "30 mg + 400 mg", [("kodein", mg("30")), ("paracetamol", mg("400"))]),
        ("digoksin", "62,5 mikrog", [("digoksin", Quantity(Decimal("62.5"), "mikrogram"))]),
        ("kodein og paracetamol", "30 mg", [("kodein", None), ("paracetamol", None)]),
        ("salbutamol og ipratropium", "1 mg/ml + 0,2 mg/ml", [("salbutamol", None), ("ipratropium", None)]),
        ("morfin", None, [("morfin", None)]),
        (
            "levodopa, karbidopa og entakapon",
            "100 mg/25 mg/200 mg",
            [("levodopa", mg("100")), ("karbidopa", mg("25")), ("entakapon", mg("200"))],
        ),
    ],
)
def test_a_combination_is_read_from_name_and_strength_or_not_at_all(generic, strength, held):
    assert [(one.name, one.per_unit) for one in ingredients_of(generic, strength)] == held


@pytest.mark.parametrize(
    ("order", "verdict", "said"),
    [
        (
            of("Paracet tab 500 mg", "2 x 4"),
            Verdict.WITHIN,
            "Inntil 4 000 mg paracetamol per døgn. Det meste er 4 000 mg.",
        ),
        (
            of("Paracet tab 500 mg", "2 x 5"),
            Verdict.OVER,
            "Inntil 5 000 mg paracetamol per døgn. Det meste er 4 000 mg.",
        ),
        (
            of("Paracet tab 500 mg", None),
            Verdict.NOT_COUNTED,
            "Døgndosen av paracetamol kan ikke regnes ut. Det meste er 4 000 mg. Regn selv.",
        ),
        (of("Marevan tab 2,5 mg", "4 x 1"), Verdict.NO_FIGURE, "Største døgndose av warfarin er ikke kjent her."),
    ],
    ids=["within", "over", "not counted", "no figure"],
)
def test_a_total_says_what_is_known_and_nothing_more(order, verdict, said):
    (total,) = judge(order, [], allergies=[], interactions=None).totals
    assert (total.verdict, plain(total.text)) == (verdict, said)


def test_the_lower_limit_is_for_whom_it_is_known_to_hold():
    order = of("Paracet tab 500 mg", "2 x 4")
    limits = [
        judge(order, [], allergies=[], interactions=None, person=Person(weight_kg=weight)).totals[0].limit
        for weight in (None, Decimal(50), Decimal("50.1"))
    ]
    assert limits == [4000, 3000, 4000]


def test_a_salt_is_its_substance_and_a_longer_name_another():
    magistral = Ordered(key="1", name="mikstur", ingredients=(Ingredient("Morfinhydroklorid"), Ingredient("Noskapin")))
    assert magistral.substance_names == {"morfin", "noskapin"}
    assert Ordered(key="1", name="Flutikasonfuroat").substance_names == {"flutikasonfuroat"}


def test_two_names_of_one_substance_are_known_by_its_id_or_its_code():
    id, code = frozenset({uuid4()}), "H01CB02"
    brand = Ordered(key="1", name="Sandostatin", atc_code=code, substance_ids=id)

    assert shared_substances(brand, Ordered(key="2", name="oktreotid", substance_ids=id)) == {"oktreotid"}
    assert shared_substances(brand, Ordered(key="2", name="oktreotid", atc_code=code)) == {"oktreotid"}
    assert shared_substances(brand, Ordered(key="2", name="oktreotid", atc_code=code[:5])) == frozenset()


def test_what_is_written_of_a_combination_as_a_whole_is_of_none_of_its_substances():
    taken = when_needed(tablets("1"), max_amount=mg("4000"), strength_per_unit=mg("400"))
    combination = Ordered(key="1", name="kodein og paracetamol", atc_code="N02AJ06", dosage=taken)
    assert substance_in_24_hours(combination, "paracetamol", "mg") is None


@pytest.mark.parametrize(
    ("order", "overridable"),
    [(of("Methotrexate Orion tab 2,5 mg", "6 x 1"), False), (of("Fosamax tab 70 mg"), True)],
    ids=["methotrexate", "alendronate"],
)
def test_no_reason_lets_methotrexate_be_taken_daily(order, overridable):
    judged = judge(order, [], allergies=[], interactions=None)
    assert may_be_signed(judged.alerts) is overridable


@pytest.mark.parametrize(
    ("taken", "days"),
    [
        ("6 mandag", 7),
        ("1 x 1", 1),
        ("1 x 2", 0),
        ("1 hver 3. dag", 3),
        ("1 hver 12. time", 0),
        ("1 hver 72. time", 3),
        ("1 ved behov x 1", 0),
    ],
)
def test_days_from_one_dose_to_the_next(taken, days):
    assert days_between(dosage(taken, "tablett", None)) == days


def test_two_weekdays_are_as_close_as_they_are_over_the_turn_of_the_week():
    assert days_between(on_weekdays(tablets("1"), [Weekday.MONDAY, Weekday.SATURDAY], [time(8)])) == 2


def test_the_weekday_is_said_wherever_a_weekly_medicine_is_shown():
    assert weekly_text(of("Methotrexate Orion tab 2,5 mg", "6 mandag")) == "Én gang i uken: mandag"
    assert weekly_text(of("Methotrexate Orion tab 2,5 mg", "6 hver 7. dag")) is None
    assert weekly_text(of("Paracet tab 500 mg", None)) is None


def test_opioids_are_one_figure_and_what_is_left_out_is_named():
    orders = [
        of("OxyContin depottab 10 mg", "1 x 2"),
        of("Oramorph mikst 2 mg/ml", "2,5 ved behov x 6"),
        of("Durogesic depotplaster 25 mikrog/time", "1 hver 3. dag"),
        of("Metadon mikst 2 mg/ml", "20 x 1"),
        of("Paracet tab 500 mg", "2 x 3"),
    ]

    total = opioid_total(orders)

    assert total is not None
    assert (total.regular, total.as_needed, total.most) == (30 + 60, 30, 120)
    assert total.not_counted == ("metadon",)
    assert opioid_total(orders[-1:]) is None
