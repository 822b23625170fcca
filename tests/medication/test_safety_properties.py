"""What holds of every list: more medicines never hide an alert, the order of a list does not matter, more is not quieter."""

from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from journal.medication.mini_fest import rows
from journal.medication.models import CatalogueItem
from journal.medication.rules.safety import (
    Alert,
    KnownAllergy,
    Ordered,
    Person,
    Rule,
    Tier,
    Verdict,
    ingredients_of,
    judge,
)
from journal.platform.ids import new_id
from tests.demo_medicines import medicines_of
from tests.medication.safety_catalogue import small_catalogue
from tests.medication.safety_orders import firsts, of, usual
from tests.people import people

TODAY, NOW = date(2026, 11, 22), datetime(2026, 11, 22, 12, tzinfo=UTC)

ORDERS = st.builds(
    lambda product, key: replace(usual(product), key=str(key)), st.sampled_from(firsts()), st.integers(0, 10**6)
)
LISTS = st.lists(ORDERS, max_size=8, unique_by=lambda order: order.key)
ALLERGIES = st.lists(
    st.builds(
        KnownAllergy,
        entry_id=st.uuids().map(str),
        substance=st.sampled_from(["Penicillin", "Morfin", "Acetylsalisylsyre", "Lateks", "sulfa"]),
        kind=st.sampled_from(["allergy", "intolerance"]),
        reaction_code=st.sampled_from([None, "1", "11", "20"]),
    ),
    max_size=2,
)


def alerts(new: Ordered, in_use: list[Ordered], allergies: list[KnownAllergy]) -> tuple[Alert, ...]:
    return judge(new, in_use, allergies=allergies, interactions=small_catalogue(), person=Person(age=80)).alerts


@settings(max_examples=150, deadline=None)
@given(ORDERS, LISTS, ORDERS, ALLERGIES)
def test_one_medicine_more_never_takes_away_or_quietens_an_alert(new, in_use, one_more, allergies):
    loudest: dict[str, Tier] = {}
    for alert in alerts(new, [*in_use, one_more], allergies):
        loudest[alert.key] = max(alert.tier, loudest.get(alert.key, Tier.MARK))

    for alert in alerts(new, in_use, allergies):
        if one_more.key not in {new.key, *(order.key for order in in_use)}:
            assert loudest.get(alert.key, 0) >= alert.tier, alert


@settings(max_examples=100, deadline=None)
@given(ORDERS, LISTS.flatmap(lambda orders: st.tuples(st.just(orders), st.permutations(orders))), ALLERGIES)
def test_the_order_of_a_list_does_not_matter(new, orders, allergies):
    first, second = orders
    assert alerts(new, first, allergies) == alerts(new, second, list(reversed(allergies)))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12))
def test_a_larger_dose_is_never_quieter(fewer, more):
    fewer, more = sorted((fewer, more))
    quiet, loud = (
        sum(2**alert.tier for alert in alerts(of("Paracet tab 500 mg", f"{number} x 4"), [], []))
        for number in (fewer, more)
    )
    assert quiet <= loud


@settings(max_examples=100, deadline=None)
@given(ORDERS, LISTS, ALLERGIES)
def test_alerts_stand_worst_first_and_each_says_who_says_so(new, in_use, allergies):
    said = alerts(new, in_use, allergies)
    assert [alert.tier for alert in said] == sorted((alert.tier for alert in said), reverse=True)
    assert all(alert.source and alert.text and alert.nurse for alert in said)


def test_the_usual_dose_of_every_medicine_is_said_nothing_of():
    """The figures of the tables agree with how the medicines of the catalogue are used."""
    spoken = {
        product: [alert.text for alert in judged.alerts if alert.rule is not Rule.NOT_CHECKED]
        for product in firsts()
        for judged in [judge(usual(product), [], allergies=[], interactions=None, person=Person(age=80))]
    }
    assert {product: said for product, said in spoken.items() if said} == {}


def test_every_medicine_with_a_known_limit_can_be_counted():
    """A figure is worth nothing when the product beside it cannot be counted."""
    totals = [
        (product, total.substance)
        for product in firsts()
        for total in judge(usual(product), [], allergies=[], interactions=None).totals
        if total.verdict is Verdict.NOT_COUNTED
    ]
    assert totals == []


def test_at_most_one_prescription_in_twenty_is_stopped():
    """Each medicine of 120 invented patients' lists, as if it were ordered beside the others (budget of UX plan D2)."""
    judged = [one for person in range(4) for one in _lists(person)]

    stopped = sum(one.interrupts for one in judged)

    assert len(judged) > 500
    assert stopped <= len(judged) / 20


def _lists(seed: int):
    catalogue = {
        product.fest_id: CatalogueItem(
            id=new_id(),
            generic_name=row.generic_name,
            brand_name=row.brand_name,
            form=row.form.text.lower(),
            form_code=row.form.code,
            strength=" + ".join(map(str, product.strengths)) or None,
            route_code=row.route.code,
            atc_code=row.atc_code,
        )
        for row in rows()
        for product in row.products
    }
    random = Random(seed)
    for person in people(seed, 30, TODAY):
        years = (TODAY - person.birth_date).days // 365
        orders = [
            Ordered(
                key=str(number),
                name=medicine.generic_name,
                brand=medicine.brand_name,
                atc_code=medicine.atc_code,
                dosage=planned.dosage,
                ingredients=ingredients_of(medicine.generic_name, medicine.strength),
                form=medicine.form,
                form_code=medicine.form_code,
                route_code=medicine.route_code,
            )
            for number, planned in enumerate(medicines_of(random, person, years, catalogue, NOW))
            for medicine in [planned.medicine]
        ]
        allergies = [
            KnownAllergy(
                entry_id=one.substance,
                substance=one.substance,
                code=one.atc or None,
                reaction=one.reaction,
                criticality="high" if one.severe else "low",
            )
            for one in person.allergies
        ]
        for order in orders:
            beside = [other for other in orders if other is not order]
            yield judge(order, beside, allergies=allergies, interactions=small_catalogue(), person=Person(age=years))
