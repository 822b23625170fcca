"""The invented people are plausible, nobody's, and the same every time."""

from collections import Counter
from datetime import date
from itertools import islice

import pytest

from journal.patients.national_id import NationalIdKind, classify
from journal.platform.clock import age
from tests.people import Person, people, staff
from tests.people_words import COHORTS, IMMIGRANT, SAMI

TODAY = date(2026, 11, 22)
PINNED = ("Gerd", "Hauglid", date(1936, 7, 4))
NAMES = [names for _, names in COHORTS] + [*SAMI, *IMMIGRANT]


@pytest.fixture(scope="module")
def many() -> list[Person]:
    return list(people(1, 2000, TODAY, postal_code="9730", city="Kárášjohka"))


def test_the_same_seed_gives_the_same_people_and_another_seed_others():
    assert list(people(7, 50, TODAY)) == list(people(7, 50, TODAY))
    assert list(people(7, 50, TODAY)) != list(people(8, 50, TODAY))
    assert list(staff(7, 50, TODAY)) == list(staff(7, 50, TODAY))


def test_asking_for_more_does_not_change_the_first():
    assert list(people(7, 10, TODAY)) == list(islice(people(7, 100, TODAY), 10))


def test_the_people_of_a_seed_do_not_change_between_versions_of_python():
    """Pinned so that a demo and a screenshot show the same people next year; change it with the words or the order."""
    first = next(people(1, 1, TODAY))
    assert (first.given_name, first.family_name, first.birth_date) == PINNED


def test_every_national_id_is_synthetic_valid_unique_and_fits_the_birth_date(many):
    assert len({person.national_id for person in many}) == len(many)
    for person in many:
        found = classify(person.national_id, synthetic_allowed=True)
        assert (found.kind, found.synthetic, found.is_2032_type) == (NationalIdKind.FNR, True, False)
        born = person.birth_date
        assert person.national_id.startswith(f"{born:%d}{born.month + 80}{born:%y}")
        assert (int(person.national_id[8]) % 2 == 0) == (person.sex == "female")


def test_calls_that_share_taken_numbers_never_give_two_people_the_same():
    taken: set[str] = set()
    everybody = [p for seed in range(5) for p in people(seed, 400, TODAY, taken=taken)]
    workers = list(staff(0, 400, TODAY, taken=taken))
    assert len({p.national_id for p in everybody} | {w.national_id for w in workers}) == len(taken) == 2400


def test_the_number_does_not_show_when_a_person_is_printed(many):
    assert many[0].national_id not in repr(many[0])


def test_most_are_old_but_there_are_children_too(many):
    ages = [age(person.birth_date, TODAY) for person in many]
    assert 0.75 < sum(years >= 67 for years in ages) / len(ages) < 0.85
    assert 0.02 < sum(years < 18 for years in ages) / len(ages) < 0.09
    assert 95 < max(ages) <= 103 and min(ages) >= 0


@pytest.mark.parametrize("today", [date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2026, 3, 1)])
def test_nobody_is_born_after_today_whatever_day_it_is(today):
    assert all(person.birth_date <= today for person in people(3, 500, today))


def test_there_are_names_enough_of_several_peoples():
    assert len({name for names in NAMES for name in names.family}) >= 120
    for sex in ("female", "male"):
        assert len({name for names in NAMES for name in names.given(sex)}) >= 80


def test_given_name_goes_with_sex_and_family_name(many):
    for person in many:
        assert any(
            person.family_name in names.family and person.given_name in names.given(person.sex) for names in NAMES
        )


def test_all_live_where_asked(many):
    assert {(person.address.postal_code, person.address.city) for person in many} == {("9730", "Kárášjohka")}
    assert len({person.address.street for person in many}) > 100


def test_telephone_numbers_are_from_the_range_kept_for_film(many):
    numbers = [person.phone for person in many] + [p.next_of_kin.phone for p in many if p.next_of_kin]
    assert all(number.startswith("68 05 ") and len(number) == 11 for number in numbers)


def test_all_three_states_of_allergy_occur(many):
    states = Counter((person.allergies_asked, bool(person.allergies)) for person in many)
    assert set(states) == {(True, True), (True, False), (False, False)}
    assert all(len({a.substance for a in person.allergies}) == len(person.allergies) for person in many)


def test_no_child_has_the_ailments_of_age_and_no_child_is_without_kin(many):
    for person in many:
        if age(person.birth_date, TODAY) < 18:
            assert not {"G30", "I10", "M81", "J44"} & {condition.icd10 for condition in person.conditions}
            assert person.next_of_kin is not None
            assert person.next_of_kin.relation in ("mor", "far")


def test_some_have_nobody_to_name_and_nobody_is_their_own_kin(many):
    assert any(person.next_of_kin is None for person in many)
    for person in many:
        if person.next_of_kin:
            assert person.next_of_kin.name != f"{person.given_name} {person.family_name}"


def test_of_ten_who_work_in_care_four_are_nurses_and_one_is_a_doctor():
    workers = list(staff(1, 10, TODAY))
    assert Counter(w.profession for w in workers) == {
        "nurse": 4, "health_assistant": 3, "social_educator": 1, "doctor": 1, "assistant": 1,
    }  # fmt: skip


def test_hpr_numbers_are_seven_digits_unique_and_only_for_the_authorised():
    workers = list(staff(1, 500, TODAY))
    numbers = [w.hpr_number for w in workers if w.hpr_number]
    assert len(numbers) == len(set(numbers)) == 450
    assert all(len(number) == 7 and number.isdigit() for number in numbers)
    assert all((w.hpr_number is None) == (w.profession == "assistant") == (w.category == "") for w in workers)


def test_who_works_is_of_working_age_and_has_a_synthetic_number():
    for worker in staff(2, 300, TODAY):
        assert 22 <= age(worker.birth_date, TODAY) <= 65
        assert classify(worker.national_id, synthetic_allowed=True).synthetic
