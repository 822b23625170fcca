"""The list of municipalities is whole and right."""

import json

from journal.municipalities.directory import municipalities
from tests.reference import REFERENCE, needs_reference

COUNTY_NUMBERS = {"03", "11", "15", "18", "31", "32", "33", "34", "39", "40", "42", "46", "50", "55", "56"}


def test_there_are_357_municipalities_in_15_counties():
    assert len(municipalities()) == 357
    assert len({m.county for m in municipalities()}) == 15
    assert {m.number[:2] for m in municipalities()} == COUNTY_NUMBERS


def test_numbers_are_four_digits_unique_and_in_order():
    numbers = [m.number for m in municipalities()]
    assert numbers == sorted(set(numbers))
    assert all(len(number) == 4 and number.isdigit() for number in numbers)


def test_names_are_unique_so_that_one_can_be_chosen_by_name():
    assert len({m.name for m in municipalities()}) == 357


def test_a_county_number_means_one_county():
    assert len({(m.number[:2], m.county) for m in municipalities()}) == 15


def test_the_smallest_and_the_largest_are_known():
    by_population = sorted(municipalities(), key=lambda m: m.population)
    assert (by_population[0].name, by_population[0].population) == ("Utsira", 219)
    assert by_population[-1].name == "Oslo"
    assert sum(m.population < 5000 for m in municipalities()) == 174


def test_all_lie_in_norway():
    assert all(57.9 < m.latitude < 71.3 and 4.4 < m.longitude < 31.2 for m in municipalities())


def test_the_list_is_read_once():
    assert municipalities() is municipalities()


@needs_reference
def test_the_list_is_that_of_the_reference():
    reference = json.loads((REFERENCE / "municipalities/kommuner_2024.json").read_text(encoding="utf-8"))
    ours = {(m.number, m.name, m.county, m.population, m.latitude, m.longitude) for m in municipalities()}
    assert ours == {
        (r["kommunenummer"], r["navn"], r["fylke"], r["innbyggere"], round(r["lat"], 4), round(r["lon"], 4))
        for r in reference
    }
