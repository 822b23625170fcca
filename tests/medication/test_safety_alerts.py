"""What becomes of an alert: in which order it stands, whether it stops, what is kept when the prescriber goes on."""

from dataclasses import replace

import pytest

from journal.medication.rules.safety import (
    ACTIONS,
    MARKS,
    Action,
    Alert,
    AllergiesUnknown,
    NotOverridable,
    ReasonMissing,
    Rule,
    Tier,
    interrupts,
    judge,
    may_be_signed,
    not_known,
    overridden,
    worst_first,
)
from tests.medication.safety_cases import allergy
from tests.medication.safety_orders import of

MARK = Alert(Tier.MARK, Rule.INTERACTION, "a", "Merke.", "FEST", "Til sykepleier.")
CARD = Alert(Tier.CARD, Rule.DUPLICATE_GROUP, "b", "Kort.", "FEST", "Til sykepleier.")
STOP = Alert(Tier.STOP, Rule.ALLERGY, "c", "Stopp.", "FEST", "Følg med.")
HARD = Alert(Tier.STOP, Rule.WEEKLY, "d", "Hardt stopp.", "FEST", "Ring legen.", overridable=False)

AMOXICILLIN = of("Imacillin tab 500 mg", "1 x 3")
PENICILLIN = allergy("Penicillin", "J01C", reaction="Anafylaksi", criticality="high")


def test_the_loudest_stands_first_and_of_two_as_loud_the_graver_rule():
    weekly_first = [HARD, STOP, CARD, MARK]
    assert list(worst_first(reversed(weekly_first))) == weekly_first


def test_only_a_stop_interrupts():
    assert interrupts([MARK, STOP])
    assert not interrupts([MARK, CARD])
    assert not interrupts([])


def test_a_hard_stop_cannot_be_signed_past():
    assert may_be_signed([STOP, CARD])
    assert not may_be_signed([STOP, HARD])
    with pytest.raises(NotOverridable, match="Endre ordinasjonen"):
        overridden(HARD, "Jeg vil likevel")


def test_a_stop_wants_a_reason_and_a_card_one_tap():
    with pytest.raises(ReasonMissing):
        overridden(STOP, "  ")
    assert overridden(CARD).reason == ""
    assert overridden(STOP, " Tålte det i 2024. ").reason == "Tålte det i 2024."


def test_the_nurse_reads_what_was_overridden_and_why():
    (alert,) = (
        a for a in judge(AMOXICILLIN, [], allergies=[PENICILLIN], interactions=None).alerts if a.rule is Rule.ALLERGY
    )

    kept = overridden(alert, "tålte amoksicillin i 2024.")

    assert kept.card_text == (
        "Allergi mot Penicillin: anafylaksi. Det gjelder også amoksicillin. Legen har valgt å gi amoksicillin likevel."
        " Følg med på utslett, hevelse og pust. Legens begrunnelse: tålte amoksicillin i 2024."
    )


def test_what_is_known_is_quiet_until_a_dose_changes():
    ibuprofen, naproxen = of("Ibux tab 400 mg", "1 ved behov x 3"), of("Napren-E enterotab 250 mg", "1 x 2")
    more = of("Napren-E enterotab 250 mg", "2 x 2")
    before = judge(ibuprofen, [naproxen], allergies=[], interactions=None).alerts
    known = {(alert.key, alert.basis) for alert in before}

    assert not_known(before, known) == ()
    assert not_known(judge(naproxen, [ibuprofen], allergies=[], interactions=None).alerts, known) == ()
    again = judge(
        replace(ibuprofen, key="new order"), [replace(naproxen, key="renewed")], allergies=[], interactions=None
    )
    assert not_known(again.alerts, known) == ()
    (back,) = not_known(judge(ibuprofen, [more], allergies=[], interactions=None).alerts, known)
    assert back.rule is Rule.DUPLICATE_GROUP


def test_a_second_double_is_not_known_because_the_first_is():
    new = of("OxyContin depottab 20 mg", "1 x 2")
    old, older = of("OxyContin depottab 10 mg", "1 x 2"), of("OxyContin depottab 10 mg", "2 x 2")
    known = {(alert.key, alert.basis) for alert in judge(new, [old], allergies=[], interactions=None).alerts}

    both = [
        alert
        for alert in judge(new, [old, older], allergies=[], interactions=None).alerts
        if alert.rule is Rule.DUPLICATE_GROUP
    ]

    assert len(both) == 2
    assert [alert.key for alert in not_known(both, known)] == [both[0].key]


def test_a_hard_stop_is_never_known():
    assert not_known([HARD, STOP], {(HARD.key, HARD.basis), (STOP.key, STOP.basis)}) == (HARD,)


def test_what_cannot_be_overridden_is_a_stop():
    with pytest.raises(ValueError, match="is a stop"):
        Alert(Tier.CARD, Rule.WEEKLY, "x", "x", "x", "x", overridable=False)


def test_allergies_nobody_asked_about_are_no_absence_of_allergies():
    said = {
        known: [(a.tier, a.text) for a in judge(AMOXICILLIN, [], allergies=known, interactions=None).alerts[:1]]
        for known in AllergiesUnknown
    }
    assert said == {
        AllergiesUnknown.NOT_ASKED: [(Tier.MARK, "Ingen har spurt pasienten om allergier.")],
        AllergiesUnknown.UNAVAILABLE: [(Tier.CARD, "Allergiene kan ikke leses nå, og er ikke kontrollert.")],
    }
    none_known = judge(AMOXICILLIN, [], allergies=[], interactions=None)
    assert not any("llergi" in alert.text for alert in none_known.alerts)


def test_an_allergy_that_names_no_medicine_is_listed_as_not_checked():
    latex, coded = allergy("Lateks"), allergy("Noe i en annen kode", "91936005")
    judged = judge(AMOXICILLIN, [], allergies=[latex, coded, PENICILLIN], interactions=None)
    assert judged.allergies_not_checked == ("Lateks", "Noe i en annen kode")


def test_a_code_of_another_list_does_not_hide_what_the_words_say():
    snomed = allergy("Penicillin", "91936005", reaction_code="1")
    assert judge(AMOXICILLIN, [], allergies=[snomed], interactions=None).interrupts


def test_every_action_has_words_on_its_button_and_every_rule_a_word_beside_its_icon():
    assert set(ACTIONS) == set(Action)
    assert set(MARKS) == set(Rule)
