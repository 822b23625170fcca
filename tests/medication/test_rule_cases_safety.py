"""The safety rules where their cases (safety_cases) leave a limit open: each from both sides, without a database."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from journal.medication.rules import (
    AmountRange,
    Course,
    Cycle,
    Step,
    Weekday,
    daily,
    every_days,
    every_hours,
    in_cycle,
    in_steps,
    on_weekdays,
    when_needed,
)
from journal.medication.rules.safety import (
    Ordered,
    Person,
    Rule,
    Tier,
    Verdict,
    judge,
    opioid_total,
    overridden,
    reasoned,
    worst_first,
)
from journal.medication.rules.safety.alerts import Alert
from journal.medication.rules.safety.amounts import converted, most_in_24_hours, single_dose, substance_in_24_hours
from journal.medication.rules.safety.basis import basis_of, identity
from journal.medication.rules.safety.counted import GOAL, per_cent
from journal.medication.rules.safety.dose_size import dose_size_alerts
from journal.medication.rules.safety.medicine import Ingredient, ingredients_of, meet
from journal.medication.rules.safety.substances import LowerLimit, holding, substances
from journal.medication.rules.safety.weekly import SPACED, days_between, named_weekday, weekly_alerts
from journal.platform.quantity import NBSP, Quantity
from tests.medication.safety_orders import noon, of

TABLET = Quantity(Decimal(1), "tablett")
MONDAY = date(2026, 11, 23)
AT_8, AT_20 = time(8), time(20)


def mg(number: str) -> Quantity:
    return Quantity(Decimal(number), "mg")


def ordered(code: str | None = None, name: str = "noe", **more: object) -> Ordered:
    return Ordered(**({"key": "1", "name": name, "atc_code": code} | more))  # type: ignore[arg-type]


def test_a_stop_may_interrupt_one_prescription_in_twenty() -> None:
    assert per_cent(1, 20) == GOAL
    assert per_cent(1, 19) > GOAL
    assert per_cent(0, 0) == 0
    assert reasoned([]) == ()


def test_a_tier_is_kept_as_this_number() -> None:
    assert [int(tier) for tier in Tier] == [1, 2, 3]


# What makes two alerts the same


def test_a_medicine_is_the_same_by_code_and_form_or_by_its_substances() -> None:
    assert identity(ordered("C07AB02", form_code="53")) == "C07AB02/53"
    assert identity(ordered("C07AB02")) == "C07AB02/"
    assert identity(ordered(None, "ukjent og annet", form_code="53")) == "annet+ukjent/53"


def test_the_basis_changes_with_a_dose_and_not_with_the_order_of_the_medicines() -> None:
    one, other = of("Ibux tab 400 mg", "1 x 2"), of("Somac enterotab 40 mg")
    assert basis_of(one, other) == basis_of(other, one)
    assert basis_of(one, other) != basis_of(of("Ibux tab 400 mg", "1 x 3"), other)
    assert basis_of(ordered("C07AB02")) == "a1de99a769d790ff"


# Doses too close


def taken_each(days: int, code: str) -> Ordered:
    (spaced,) = (one for one in SPACED if one.code == code)
    dose = {"alendronate": "70", "risedronate": "35"}.get(code)
    strength = mg(dose) if dose else None
    dosage = every_days(TABLET, days, MONDAY, AT_8, strength_per_unit=strength) if days > 1 else daily(TABLET, [AT_8])
    form, route = next(iter(spaced.forms), None), next(iter(spaced.routes), None)
    return ordered(spaced.codes[0], code, dosage=dosage, form_code=form, route_code=route)


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("alendronate", 7), ("risedronate", 7), ("dulaglutide", 7), ("semaglutide", 7), ("buprenorphine-patch", 3),
        ("fentanyl-patch", 2), ("depot-antipsychotic", 7), ("denosumab", 28), ("adalimumab", 7), ("darbepoetin", 7),
    ],
)  # fmt: skip
def test_a_spaced_medicine_has_this_many_days_between_doses_and_a_day_less_is_a_stop(code: str, days: int) -> None:
    (too_often,) = weekly_alerts(taken_each(days - 1, code))
    assert (too_often.tier, too_often.overridable) == (Tier.STOP, True)
    assert f"minst {days} døgn mellom dosene" in too_often.text
    assert list(weekly_alerts(taken_each(days, code))) == []


def test_what_a_prescriber_may_do_about_doses_too_close() -> None:
    methotrexate = ordered("L04AX03", "metotreksat", dosage=every_days(TABLET, 7, MONDAY, AT_8))
    daily_alendronate, unknown = taken_each(1, "dulaglutide"), ordered("A10BJ05", dosage=None)
    alerts = [next(weekly_alerts(order)) for order in (methotrexate, daily_alendronate, unknown)]
    assert [(alert.tier, alert.overridable, [str(action) for action in alert.actions]) for alert in alerts] == [
        (Tier.STOP, False, ["make-weekly", "choose-other"]),
        (Tier.STOP, True, ["make-weekly", "give-reason"]),
        (Tier.CARD, True, ["make-weekly", "known-continue"]),
    ]


@pytest.mark.parametrize(("dose", "stops"), [("69.9", False), ("70", True), ("70.1", True)])
def test_alendronate_is_a_weekly_medicine_from_seventy_milligrams_on(dose: str, stops: bool) -> None:
    order = ordered("M05BA04", dosage=daily(TABLET, [AT_8], strength_per_unit=mg(dose)))
    assert bool(list(weekly_alerts(order))) is stops


@pytest.mark.parametrize(
    ("more", "stops"),
    [
        ({"form_code": "58"}, True),
        ({"form_code": "53"}, False),
        ({}, False),
        ({"dosage": None, "form_code": "58"}, True),
    ],
)
def test_where_the_form_decides_one_that_is_not_known_is_not_that_form(more: dict[str, object], stops: bool) -> None:
    order = replace(ordered("N02AB03", dosage=daily(TABLET, [AT_8])), **more)  # type: ignore[arg-type]
    assert bool(list(weekly_alerts(order))) is stops


@pytest.mark.parametrize(
    ("dosage", "days"),
    [
        (daily(TABLET, [AT_8]), 1),
        (daily(TABLET, [AT_8, AT_20]), 0),
        (every_hours(TABLET, 23), 0),
        (every_hours(TABLET, 24), 1),
        (every_hours(TABLET, 47), 1),
        (every_hours(TABLET, 168), 7),
        (every_days(TABLET, 7, MONDAY, AT_8), 7),
        (when_needed(TABLET, max_doses=1), 0),
        (when_needed(TABLET, least_interval=timedelta(hours=47)), 1),
        (when_needed(TABLET, least_interval=timedelta(days=7)), 7),
        (in_cycle(TABLET, Cycle(1, 6, MONDAY), [AT_8]), 7),
        (in_cycle(TABLET, Cycle(2, 6, MONDAY), [AT_8]), 1),
        (on_weekdays(TABLET, [Weekday.MONDAY], [AT_8]), 7),
        (on_weekdays(TABLET, [Weekday.MONDAY, Weekday.TUESDAY], [AT_8]), 1),
        (on_weekdays(TABLET, [Weekday.MONDAY, Weekday.SUNDAY], [AT_8]), 1),
        (on_weekdays(TABLET, [Weekday.TUESDAY, Weekday.FRIDAY], [AT_8]), 3),
        (on_weekdays(TABLET, [Weekday.MONDAY], [AT_8, AT_20]), 0),
        (in_steps([Step(MONDAY, (TABLET,)), Step(date(2026, 11, 30), (TABLET * Decimal(2),))], [AT_8]), 0),
    ],
)
def test_the_fewest_whole_days_from_one_dose_to_the_next(dosage, days: int) -> None:
    assert days_between(dosage) == days


@pytest.mark.parametrize(
    ("dosage", "day"),
    [
        (on_weekdays(TABLET, [Weekday.FRIDAY], [AT_8]), Weekday.FRIDAY),
        (on_weekdays(TABLET, [Weekday.MONDAY, Weekday.FRIDAY], [AT_8]), None),
        (on_weekdays(TABLET, [Weekday.FRIDAY], [AT_8, AT_20]), None),
        (daily(TABLET, [AT_8]), None),
    ],
)
def test_one_dose_on_one_day_names_its_weekday(dosage, day: Weekday | None) -> None:
    assert named_weekday(dosage) is day


# A dose far outside what is usual


def insulin(units: str) -> Ordered:
    return ordered("A10AE04", "insulin glargin", dosage=daily(Quantity(Decimal(units), "enhet"), [AT_8]))


@pytest.mark.parametrize(
    ("units", "tier"),
    [("0.9", Tier.MARK), ("1", None), ("60", None), ("60.1", Tier.CARD), ("599", Tier.CARD), ("600", Tier.STOP)],
)
def test_from_one_to_sixty_units_of_insulin_are_usual_and_ten_times_that_is_a_stop(
    units: str, tier: Tier | None
) -> None:
    assert [alert.tier for alert in dose_size_alerts(insulin(units))] == ([] if tier is None else [tier])


def alprazolam(dose: str, **more: object) -> Ordered:
    return ordered("N05BA12", "alprazolam", dosage=daily(TABLET, [AT_8], strength_per_unit=mg(dose)), **more)


@pytest.mark.parametrize(
    ("dose", "said"),
    [
        ("0.24", "0,24 mg alprazolam er mindre enn vanlig (0,25 mg til 1 mg)."),
        ("0.25", None),
        ("1", None),
        ("2.4", "2,4 mg alprazolam er mer enn vanlig (0,25 mg til 1 mg)."),
        ("2.5", "2,5 mg alprazolam er mer enn vanlig (0,25 mg til 1 mg). Skulle det være 0,25 mg?"),
        ("9.9", "9,9 mg alprazolam er mer enn vanlig (0,25 mg til 1 mg). Skulle det være 0,99 mg?"),
        ("10", "10 mg alprazolam er minst ti ganger den største vanlige dosen (0,25 mg til 1 mg)."),
    ],
)
def test_a_tenth_is_asked_for_where_a_tenth_is_a_usual_dose(dose: str, said: str | None) -> None:
    told = [alert.text.replace(NBSP, " ") for alert in dose_size_alerts(alprazolam(dose))]
    assert told == ([] if said is None else [said])


@pytest.mark.parametrize(
    ("route", "compared"), [(None, True), ("53", True), ("63", True), ("62", False), ("4", False), ("8", False)]
)
def test_other_routes_than_by_mouth_have_other_doses(route: str | None, compared: bool) -> None:
    assert bool(list(dose_size_alerts(alprazolam("9", route_code=route)))) is compared


def test_a_mark_of_a_small_dose_wants_no_answer_and_a_stop_wants_a_reason() -> None:
    actions = [
        [str(action) for action in next(dose_size_alerts(insulin(units))).actions] for units in ("0.5", "100", "700")
    ]
    assert actions == [[], ["check-dose", "known-continue"], ["check-dose", "give-reason"]]


# The most in 24 hours


def total(order: Ordered, *beside: Ordered, person: Person = Person()):  # noqa: B008
    (found,) = judge(order, beside, allergies=[], interactions=None, person=person).totals
    return found


@pytest.mark.parametrize(
    ("kg", "taken", "verdict"),
    [
        ("48", "2 x 3", Verdict.WITHIN),
        ("48", "2 x 4", Verdict.OVER_FOR_THIS_PATIENT),
        ("48", "3 x 3", Verdict.OVER),
        ("51", "2 x 4", Verdict.WITHIN),
        ("51", "3 x 3", Verdict.OVER),
    ],
)
def test_a_total_at_the_limit_is_within_it(kg: str, taken: str, verdict: Verdict) -> None:
    assert total(of("Paracet tab 500 mg", taken), person=Person(weight_kg=Decimal(kg))).verdict is verdict


def test_what_cannot_be_counted_is_over_all_the_same_where_the_rest_is() -> None:
    paracetamol, unknown = of("Paracet tab 500 mg", "3 x 3"), of("Panodil brusetab 500 mg", None)
    found = total(paracetamol, unknown)
    assert (found.verdict, found.amount, found.not_counted) == (Verdict.OVER, 4500, ("paracetamol",))
    assert total(of("Paracet tab 500 mg", "2 x 3"), unknown).verdict is Verdict.NOT_COUNTED


def test_only_what_is_taken_in_at_the_same_time_is_counted_together() -> None:
    new = of("Paracet tab 500 mg", "2 x 3", starts_at=noon(22))
    gone, same = (
        of("Panodil brusetab 500 mg", "2 x 3", ends_at=noon(22)),
        of("Panodil brusetab 500 mg", "2 x 3", key=new.key),
    )
    other, skin = of("Ibux tab 400 mg", "1 x 3"), of("Panodil brusetab 500 mg", "2 x 3", route_code="4")
    assert total(new, gone, same, other, skin).amount == 3000
    assert judge(replace(new, route_code="4"), [], allergies=[], interactions=None).totals == ()


def test_no_figure_is_known_of_warfarin_nor_of_what_the_table_does_not_have() -> None:
    for order, unit in ((of("Marevan tab 2,5 mg"), "mg"), (ordered(None, "ukjent", dosage=daily(TABLET, [AT_8])), "")):
        found = total(order)
        assert (found.verdict, found.amount, found.unit, found.limit) == (Verdict.NO_FIGURE, 0, unit, None)


# Amounts


def taper(*amounts: tuple[str, ...], at=(AT_8, AT_20)):
    days = (MONDAY + timedelta(days=3 * number) for number in range(len(amounts)))
    return in_steps(
        [Step(day, tuple(TABLET * Decimal(one) for one in each)) for day, each in zip(days, amounts, strict=True)], at
    )


@pytest.mark.parametrize(
    ("dosage", "most"),
    [
        (every_hours(TABLET, 1), "24"),
        (every_hours(TABLET, 23), "2"),
        (every_hours(TABLET, 24), "1"),
        (every_hours(TABLET, 25), "1"),
        (when_needed(TABLET, least_interval=timedelta(hours=24)), "1"),
        (when_needed(TABLET, least_interval=timedelta(hours=23)), "2"),
        (when_needed(TABLET, max_doses=4, max_amount=TABLET * Decimal(3)), "3"),
        (when_needed(TABLET, max_doses=2, max_amount=TABLET * Decimal(3)), "2"),
        (when_needed(AmountRange(TABLET, TABLET * Decimal(2)), max_amount=TABLET * Decimal(3)), "3"),
        (daily({AT_8: TABLET * Decimal(2), AT_20: TABLET}), "3"),
        (taper(("4",), ("3",)), "8"),
        (taper(("1",), ("3",)), "6"),
        (taper(("1", "4"), ("4", "1")), "8"),
        (taper(("4", "1"), ("1", "4")), "5"),
    ],
)
def test_the_most_in_any_24_hours(dosage, most: str) -> None:
    assert most_in_24_hours(dosage) == TABLET * Decimal(most)


def test_a_limit_in_the_substance_alone_says_nothing_of_the_hand() -> None:
    assert most_in_24_hours(when_needed(TABLET, max_amount=mg("900"), strength_per_unit=mg("500"))) is None


@pytest.mark.parametrize(
    ("dosage", "dose"),
    [
        (daily({AT_8: TABLET, AT_20: TABLET * Decimal(3)}, strength_per_unit=mg("5")), "15"),
        (when_needed(AmountRange(TABLET, TABLET * Decimal(2)), max_doses=1, strength_per_unit=mg("5")), "10"),
        (daily(mg("5"), [AT_8]), "5"),
        (daily(TABLET, [AT_8]), None),
        (None, None),
    ],
)
def test_the_largest_single_dose_is_what_it_holds(dosage, dose: str | None) -> None:
    found = single_dose(ordered("N05BA12", "alprazolam", dosage=dosage), "alprazolam", "mg")
    assert found == (None if dose is None else Decimal(dose))


@pytest.mark.parametrize(
    ("limit", "amount"), [(mg("900"), "900"), (mg("3000"), "2000"), (TABLET * Decimal(3), "1500"), (None, "2000")]
)
def test_the_tighter_of_the_limits_is_counted(limit: Quantity | None, amount: str) -> None:
    dosage = when_needed(TABLET, max_doses=4, max_amount=limit, strength_per_unit=mg("500"))
    paracetamol = ordered("N02BE01", "paracetamol", dosage=dosage)
    assert substance_in_24_hours(paracetamol, "paracetamol", "mg") == Decimal(amount)
    assert substance_in_24_hours(paracetamol, "kodein", "mg") is None


@pytest.mark.parametrize(("others", "amount"), [((), "2000"), (("koffein",), None), (("koffein", "kodein"), None)])
def test_what_a_strength_is_of_is_known_where_it_holds_one_substance(
    others: tuple[str, ...], amount: str | None
) -> None:
    held = tuple(Ingredient(name) for name in ("paracetamol", *others))
    dosage = when_needed(TABLET, max_doses=4, strength_per_unit=mg("500"))
    found = substance_in_24_hours(
        ordered("N02BE01", "paracetamol", dosage=dosage, ingredients=held), "paracetamol", "mg"
    )
    assert found == (None if amount is None else Decimal(amount))


def test_a_mass_is_converted_exactly_and_nothing_else_is() -> None:
    masses = [Quantity(Decimal(5), unit) for unit in ("g", "mg", "mikrogram", "nanogram")]
    assert [converted(mass, "mikrogram") for mass in masses] == [5_000_000, 5000, 5, Decimal("0.005")]
    assert [converted(mass, "g") for mass in masses] == [5, *map(Decimal, ("0.005", "0.000005", "0.000000005"))]
    assert converted(TABLET, "mg") is converted(masses[0], "tablett") is None


def test_an_opioid_whose_amount_nobody_knows_is_named_and_not_counted() -> None:
    found = opioid_total(
        [of("OxyContin depottab 10 mg", "1 x 2"), of("OxyNorm kaps 5 mg", None), of("Metadon mikst 2 mg/ml", "20 x 1")]
    )
    assert found is not None
    assert (found.regular, found.as_needed, found.not_counted) == (30, 0, ("metadon", "oksykodon"))


# Substances and medicines


@pytest.mark.parametrize(
    ("limit", "person", "holds"),
    [
        (LowerLimit(Decimal(1), from_age=65), Person(age=64), False),
        (LowerLimit(Decimal(1), from_age=65), Person(age=65), True),
        (LowerLimit(Decimal(1), from_age=65), Person(), False),
        (LowerLimit(Decimal(1), from_age=65), Person(weight_kg=Decimal(40)), False),
        (LowerLimit(Decimal(1), to_kg=Decimal(50)), Person(weight_kg=Decimal("50.1")), False),
        (LowerLimit(Decimal(1), to_kg=Decimal(50)), Person(weight_kg=Decimal(50)), True),
        (LowerLimit(Decimal(1), to_kg=Decimal(50)), Person(), False),
        (LowerLimit(Decimal(1)), Person(age=90, weight_kg=Decimal(40)), False),
    ],
)
def test_a_lower_limit_holds_from_its_age_or_to_its_weight(limit: LowerLimit, person: Person, holds: bool) -> None:
    assert limit.holds_for(person) is holds


def test_the_table_is_read_as_it_is_written() -> None:
    found = substances()["amitriptylin"]
    assert (found.alone, found.combined, found.unit, found.maximum) == (("N06AA09",), (), "mg", 150)
    assert (found.lower, found.usual) == (LowerLimit(Decimal(100), from_age=65), (10, 100))
    assert substances()["paracetamol"].lower == LowerLimit(Decimal(3000), to_kg=Decimal(50))
    assert (substances()["amilorid"].maximum, substances()["amilorid"].usual, substances()["amilorid"].source) == (
        None,
        None,
        "",
    )
    assert {one.name for one in holding("N02AJ06")} == {"kodein", "paracetamol"}
    assert holding("X") == ()


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ((None, None), (None, None), True),
        ((None, 22), (22, None), False),
        ((22, None), (None, 22), False),
        ((None, 23), (22, None), True),
        ((22, None), (None, 23), True),
        ((None, 22), (23, None), False),
        ((None, 22), (None, 23), True),
        ((22, None), (23, None), True),
    ],
)
def test_two_are_in_use_together_unless_one_ends_as_the_other_begins(first, second, together: bool) -> None:
    one, other = (ordered(starts_at=begin and noon(begin), ends_at=end and noon(end)) for begin, end in (first, second))
    assert meet(one, other) is together


def test_an_order_is_in_use_within_its_own_time_and_that_of_its_course() -> None:
    course = daily(TABLET, [AT_8], course=Course(noon(20), noon(24)))
    before, after = ordered(ends_at=noon(20)), ordered(starts_at=noon(24))
    within = ordered(dosage=course, starts_at=noon(18), ends_at=noon(26))
    assert not meet(within, before) and not meet(within, after)
    narrower = ordered(dosage=course, starts_at=noon(21), ends_at=noon(23))
    assert not meet(narrower, ordered(ends_at=noon(21))) and not meet(narrower, ordered(starts_at=noon(23)))
    assert meet(narrower, ordered(ends_at=noon(22))) and meet(narrower, ordered(starts_at=noon(22)))


@pytest.mark.parametrize(
    ("code", "route", "local"),
    [
        ("D07AC01", None, True),
        ("N02BE01", None, False),
        (None, None, False),
        ("N02BE01", "4", True),
        ("D07AC01", "53", False),
        ("N02AB03", "51", False),
        ("N05CD08", "11", False),
    ],
)
def test_a_medicine_is_local_by_its_route_and_where_none_is_known_by_its_group(
    code: str | None, route: str | None, local: bool
) -> None:
    assert ordered(code, route_code=route).local is local


@pytest.mark.parametrize(
    ("more", "long"),
    [
        ({}, False),
        ({"atc_code": "N07BC02"}, True),
        ({"form_code": "25"}, True),
        ({"form_code": "53"}, False),
        ({"form": "Depottablett"}, True),
        ({"form": "tablett"}, False),
    ],
)
def test_a_depot_acts_long(more: dict[str, str], long: bool) -> None:
    assert ordered(**more).long_acting is long


def test_a_combination_is_of_the_groups_of_its_substances() -> None:
    assert ordered("N02AJ06").codes == {"N02AJ06", "R05DA04", "N02BE01"}
    assert ordered("N02BE01").codes == {"N02BE01"}
    assert ordered().codes == frozenset()
    assert ordered("J07BB02", "vaksine A og B").substance_names == {"J07BB02"}
    assert ordered(name="øyedråper").opening == "Øyedråper"


@pytest.mark.parametrize(
    ("strength", "amounts"),
    [
        ("30 mg/400 mg", [mg("30"), mg("400")]),
        ("1 000 mg + 2,5 g", [mg("1000"), Quantity(Decimal("2.5"), "g")]),
        ("30 mg/400", [None, None]),
        ("30 mg", [None, None]),
        ("30 E/400 mikrog", [Quantity(Decimal(30), "enhet"), Quantity(Decimal(400), "mikrogram")]),
        (None, [None, None]),
    ],
)
def test_the_strength_of_a_combination_is_read_or_nothing_is(strength: str | None, amounts: list) -> None:
    assert [one.per_unit for one in ingredients_of("kodein og paracetamol", strength)] == amounts


def test_of_two_alerts_of_one_rule_the_heavier_stands_first() -> None:
    light, heavy = (
        Alert(Tier.CARD, Rule.ALLERGY, key, "", "", "", weight=weight) for key, weight in (("a", 1), ("b", 3))
    )
    assert worst_first([light, heavy]) == (heavy, light)
    assert replace(light, weight=0) == Alert(Tier.CARD, Rule.ALLERGY, "a", "", "", "")
    assert overridden(replace(light, nurse="Følg med.")).card_text == "Følg med."
    quiet = replace(heavy, tier=Tier.MARK, text="x")
    assert worst_first([quiet, heavy]) == (heavy,)


def test_a_medicine_without_a_name_holds_nothing() -> None:
    assert ingredients_of("") == ()
