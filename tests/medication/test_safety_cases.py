"""The tables of cases, run: each says exactly what stands there, and nothing else."""

import pytest

from journal.medication.rules.safety import Rule, judge
from tests.medication.safety_cases import Case
from tests.medication.safety_cases_allergies import ALLERGIES
from tests.medication.safety_cases_doses import DOSE_SIZE, MAXIMUM, WEEKLY
from tests.medication.safety_cases_duplicates import DUPLICATES
from tests.medication.safety_cases_interactions import INTERACTIONS
from tests.medication.safety_catalogue import small_catalogue

WITHOUT_CATALOGUE = [*ALLERGIES, *DUPLICATES, *MAXIMUM, *DOSE_SIZE, *WEEKLY]


@pytest.mark.parametrize("case", WITHOUT_CATALOGUE, ids=lambda case: case.told)
def test_the_rules_say_this_and_no_more(case: Case) -> None:
    judged = judge(case.new, case.beside, allergies=case.allergies, interactions=None, person=case.person)

    assert sorted((a.rule, a.tier) for a in judged.alerts if a.rule is not Rule.NOT_CHECKED) == sorted(case.says)


@pytest.mark.parametrize("case", INTERACTIONS, ids=lambda case: case.told)
def test_with_the_catalogue_the_rules_say_this_and_no_more(case: Case) -> None:
    judged = judge(case.new, case.beside, allergies=case.allergies, interactions=small_catalogue(), person=case.person)

    assert sorted((a.rule, a.tier) for a in judged.alerts) == sorted(case.says)
