"""The rules of the check over what is closed: what it tells of findings, and whether a first dose comes too soon."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from journal.medication.rules import Dosage, daily, every_hours, when_needed
from journal.medication.rules.safety import Alert, Judgement, NoneFound, NotAsked, Rule, Tier, beyond, last_given_alerts
from journal.medication.rules.safety.answers import Found, InteractionAnswer, NotAssessed
from journal.medication.rules.safety.closed import as_told
from journal.platform.quantity import Quantity

ONE = Quantity(Decimal(1), "tablett")
DAILY = daily(ONE, [time(8)])
COVERS = "Kontrollen omfatter noe du ikke har tilgang til."
NOTHING = Judgement((), NoneFound(1), (), ())
WEEKLY = Alert(Tier.STOP, Rule.WEEKLY, "weekly:x", "metotreksat", "kilde", "metotreksat", overridable=False)
ALLERGY = Alert(Tier.CARD, Rule.ALLERGY, "allergy:y", "penicillin", "kilde", "penicillin")


def signed(text: str) -> str:
    return text[::-1]


def found_in(*alerts: Alert, seen: tuple[Alert, ...] = (), also: tuple[Alert, ...] = ()) -> list[tuple[Rule, Tier]]:
    told = beyond(replace(NOTHING, alerts=seen), replace(NOTHING, alerts=alerts), also, signed)
    return [(one.rule, one.tier) for one in told]


def test_each_kind_is_told_once_and_worst_first_and_what_she_sees_herself_not_at_all() -> None:
    lesser = replace(WEEKLY, key="weekly:z", tier=Tier.MARK, overridable=True)

    assert found_in(ALLERGY, lesser, WEEKLY) == [(Rule.WEEKLY, Tier.STOP), (Rule.ALLERGY, Tier.CARD)]
    assert found_in(ALLERGY, also=(WEEKLY,)) == [(Rule.WEEKLY, Tier.STOP), (Rule.ALLERGY, Tier.CARD)]
    assert found_in(ALLERGY, WEEKLY, seen=(ALLERGY,)) == [(Rule.WEEKLY, Tier.STOP)]
    for other in (replace(ALLERGY, key="a"), replace(ALLERGY, tier=Tier.STOP), replace(ALLERGY, text="a")):
        assert found_in(other, seen=(ALLERGY,)) == [(Rule.ALLERGY, other.tier)], "hers is another"
    assert found_in(replace(ALLERGY, rule=Rule.NOT_CHECKED)) == [] == found_in()


def test_a_finding_says_how_loud_and_what_to_do_and_is_signed() -> None:
    (told,) = beyond(NOTHING, replace(NOTHING, alerts=(ALLERGY, replace(WEEKLY, rule=Rule.ALLERGY))), (), signed)

    assert told.text == f"{COVERS} Det er alvorlig. Ring en kollega som ser det, før du går videre."
    assert (told.key, told.overridable, told.about, told.other) == (f"closed:{Rule.ALLERGY}", False, (), "")
    assert told.nurse.startswith("Legen så ikke hele journalen.") and "metotreksat" not in f"{told.nurse}{told.basis}"
    assert len(told.basis) == 16 and told.basis == signed(signed(told.basis))


def test_what_no_reason_passes_is_passed_by_none_where_it_is_closed() -> None:
    other = replace(WEEKLY, key="weekly:y", overridable=True, tier=Tier.CARD)
    told = replace(NOTHING, alerts=(WEEKLY, other))

    (found,) = beyond(NOTHING, told, (), signed)

    assert (found.tier, found.overridable) == (Tier.STOP, False), "as loud as the loudest, and one finding of a kind"
    later_told = replace(told, alerts=(WEEKLY, replace(other, basis="another dose")))
    (later,) = beyond(NOTHING, later_told, (), str.upper)
    assert later.key == found.key and later.basis != found.basis, "what was answered is answered for those doses alone"


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (NoneFound(2), True),
        (Found(()), True),
        (Found((), not_assessed=("a",)), False),
        (Found((), not_asked=("a",)), False),
        (NotAssessed(("a",)), False),
        (NotAsked("a"), False),
    ],
)
def test_that_not_all_could_be_compared_is_said(answer: InteractionAnswer, whole: bool) -> None:
    told = beyond(NOTHING, replace(NOTHING, interactions=answer), (), signed)

    assert [(one.rule, one.tier, one.key) for one in told] == [(Rule.NOT_CHECKED, Tier.MARK, "closed:not-checked")] * (
        not whole
    )
    assert all(
        one.text == one.nurse == f"{COVERS} Ikke alt lot seg kontrollere. Ring en kollega som ser det." for one in told
    )


def test_she_is_told_what_she_sees_with_the_findings_and_neither_sum_nor_answer() -> None:
    seen = Judgement((ALLERGY,), NoneFound(3), (), ("nøtter",))

    told = as_told(seen, (WEEKLY,))
    alone = as_told(seen, ())

    assert [one.rule for one in told.alerts] == [Rule.WEEKLY, Rule.ALLERGY]
    assert (told.totals, told.opioids, told.allergies_not_checked) == ((), None, ("nøtter",))
    assert told.interactions == NotAsked(f"{COVERS} Det den fant, står over.")
    assert alone.interactions == NotAsked(f"{COVERS} Den fant ikke mer enn det som står over.")


HOUR = timedelta(hours=1)
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
FOUR_HOURS = when_needed(ONE, max_doses=4, least_interval=4 * HOUR)


@pytest.mark.parametrize(
    ("dosage", "before", "near"),
    [
        (DAILY, 12 * HOUR - timedelta(minutes=1), True),
        (DAILY, 12 * HOUR, False),
        (DAILY, -HOUR, True),
        (daily(ONE, [time(8), time(20)]), 6 * HOUR, False),
        (every_hours(ONE, 8), 4 * HOUR - timedelta(minutes=1), True),
        (FOUR_HOURS, 4 * HOUR - timedelta(minutes=1), True),
        (FOUR_HOURS, 4 * HOUR, False),
    ],
)
def test_a_first_dose_is_near_what_was_given_within_half_the_usual_time_or_its_own_limits(
    dosage: Dosage, before: timedelta, near: bool
) -> None:
    """`before`: how long before the first dose it was given; less than nothing is after it."""
    assert [alert.rule for alert in last_given_alerts(dosage, AT, [(AT - before, ONE)])] == [Rule.LAST_GIVEN] * near
    assert last_given_alerts(dosage, None, [(AT - before, ONE)]) == [] == last_given_alerts(dosage, AT, [])


def test_one_of_many_is_near_and_what_it_rests_on_is_the_last() -> None:
    (alert,) = last_given_alerts(DAILY, AT, [(AT - 90 * HOUR, ONE), (AT - HOUR, ONE), (AT - 50 * HOUR, ONE)])

    assert alert.basis == (AT - HOUR).isoformat()
