"""What an allergy and a duplicate say, and what may be done about them, where their tables (safety_cases) leave it open."""

import pytest

from journal.medication.rules import daily, when_needed
from journal.medication.rules.safety import Tier
from journal.medication.rules.safety.alerts import Action
from journal.medication.rules.safety.allergy import KnownAllergy, allergy_alerts
from journal.medication.rules.safety.duplicates import duplicate_alerts
from tests.medication.safety_orders import of
from tests.medication.test_rule_cases_safety import AT_8, TABLET, ordered

PENICILLIN = of("Imacillin tab 500 mg", "1 x 3")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "Allergi mot Penicillin."),
        ({"reaction": "Utslett"}, "Allergi mot Penicillin: utslett."),
        ({"kind": "intolerance"}, "Tåler ikke Penicillin."),
        ({"kind": "intolerance", "reaction": "Kvalme"}, "Tåler ikke Penicillin: kvalme."),
    ],
)
def test_an_allergy_and_an_intolerance_are_said_with_their_reaction(more: dict[str, str], said: str) -> None:
    (alert,) = allergy_alerts(PENICILLIN, [KnownAllergy(entry_id="1", substance="Penicillin", code="J01C", **more)])  # type: ignore[arg-type]
    assert alert.text.startswith(said)


def test_the_very_group_weighs_more_than_one_that_may_cross_and_a_stop_wants_a_reason() -> None:
    serious, mild = (
        KnownAllergy(entry_id="1", substance="Penicillin", code="J01C", reaction_code=code) for code in ("1", "11")
    )
    found = [
        (alert.tier, alert.weight, alert.actions)
        for new in (PENICILLIN, of("Cefalexin tab 500 mg", "1 x 3"))
        for allergy in (serious, mild)
        for alert in allergy_alerts(new, [allergy])
    ]
    reason, known = (Action.CHOOSE_OTHER, Action.GIVE_REASON), (Action.CHOOSE_OTHER, Action.KNOWN_CONTINUE)
    assert found == [(Tier.STOP, 3, reason), (Tier.CARD, 3, known), (Tier.CARD, 1, known), (Tier.MARK, 1, known)]


WHEN_NEEDED, REGULAR = when_needed(TABLET, max_doses=4), daily(TABLET, [AT_8])


@pytest.mark.parametrize(
    ("one", "other", "tier"),
    [
        ({}, {}, Tier.CARD),
        ({"dosage": WHEN_NEEDED}, {"dosage": WHEN_NEEDED}, Tier.MARK),
        ({"dosage": WHEN_NEEDED}, {}, None),
        ({}, {"dosage": WHEN_NEEDED}, None),
        ({}, {"form_code": "24"}, None),
    ],
)
def test_levodopa_is_planned_in_two_forms_and_not_twice_in_one(
    one: dict[str, object], other: dict[str, object], tier: Tier | None
) -> None:
    new, old = (
        ordered("N04BA02", "levodopa og benserazid", **({"key": key, "dosage": REGULAR} | more))
        for key, more in (("1", one), ("2", other))
    )
    assert [alert.tier for alert in duplicate_alerts(new, [old])] == ([tier] if tier else [])


def test_two_of_a_group_are_told_apart_by_brand_where_they_are_called_the_same() -> None:
    def said(name: str, brand: str | None) -> str:
        old = ordered("C08CA01", name, key="2", brand=brand, dosage=REGULAR)
        (alert,) = duplicate_alerts(ordered("C08CA01", "amlodipin", dosage=REGULAR), [old])
        return alert.text

    assert said("amlodipin", "Norvasc").startswith("I bruk fra før: amlodipin NORVASC, som")
    assert said("amlodipin", None).startswith("I bruk fra før: amlodipin, som")
    assert said("amlodipinbesilat", "Norvasc").startswith("I bruk fra før: amlodipinbesilat, som")


def test_a_duplicate_that_stops_wants_a_reason_and_another_is_known() -> None:
    found = [
        (alert.tier, alert.actions)
        for code, name in (("L04AX03", "metotreksat"), ("C08CA01", "amlodipin"))
        for alert in duplicate_alerts(
            ordered(code, name, dosage=REGULAR), [ordered(code, name, key="2", dosage=REGULAR)]
        )
    ]
    act = Action
    assert found == [
        (Tier.STOP, (act.STOP_OTHER, act.CHOOSE_OTHER, act.GIVE_REASON)),
        (Tier.CARD, (act.STOP_OTHER, act.CHOOSE_OTHER, act.KNOWN_CONTINUE)),
    ]


def test_of_several_groups_that_two_share_the_first_is_named() -> None:
    one, other = (
        ordered(code, name, key=code, dosage=REGULAR, route_code="53")
        for code, name in (("R03AK06", "salmeterol og flutikason"), ("R03AK07", "formoterol og budesonid"))
    )
    assert [alert.text for alert in duplicate_alerts(one, [other])] == [
        "Salmeterol og flutikason og formoterol og budesonid er to legemidler av samme slag (ATC-gruppe R03AC)."
    ]
