"""An answer about interactions cannot be taken for another, and the lowest code is the worst."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from journal.medication.fest.entries import Interaction, Substance, SubstanceGroup
from journal.medication.rules.safety import (
    Found,
    Hit,
    KnownInteractions,
    NoneFound,
    NotAsked,
    NotAssessed,
    Ordered,
    Tier,
    Told,
    interactions_among,
    interactions_told,
    interactions_with,
    judge,
)
from journal.medication.rules.safety.interactions import interaction_alerts
from tests.medication.safety_catalogue import small_catalogue
from tests.medication.safety_orders import noon, of

CHANGED = datetime(2026, 11, 1, tzinfo=UTC)
NEW, OTHER = Ordered(key="new", name="nytt", atc_code="C01AA05"), Ordered(key="other", name="annet", atc_code="C08DA01")


def side(*codes: str, ids: tuple[UUID, ...] = ()) -> SubstanceGroup:
    return SubstanceGroup("", tuple(Substance(code, code, ids) for code in codes) or (Substance("", None, ids),))


def between(first: SubstanceGroup, second: SubstanceGroup, relevance: str = "1", **more: object) -> Interaction:
    made = Interaction(
        uuid4(), uuid4(), True, CHANGED, relevance, consequence="Virker sterkere.", groups=(first, second)
    )
    return replace(made, **more)  # type: ignore[arg-type]


def known(*interactions: Interaction, not_assessed: tuple[str, ...] = ()) -> KnownInteractions:
    return KnownInteractions(interactions, set(not_assessed))


SOMETHING_ELSE = between(side("A01AB03"), side("B01AA03"))


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (side("C01AA05"), side("C08DA01"), True),
        (side("C08DA01"), side("C01AA05"), True),
        (side("C01AA"), side("C08"), True),
        (side("C01AA05", "C08DA01"), side("N02BE01"), False),
        (side("C01AA04"), side("C08DA01"), False),
        (side("C01AA05"), side("C01AA05"), False),
    ],
    ids=[
        "each on its side",
        "the other way round",
        "by ATC groups, as for combinations",
        "both on one side is no interaction",
        "another substance of the group",
        "one medicine on both sides does not interact with itself",
    ],
)
def test_one_medicine_of_one_group_and_another_of_another(first, second, found):
    answer = interactions_with(NEW, [OTHER], known(SOMETHING_ELSE, between(first, second)))
    assert isinstance(answer, Found if found else NoneFound)


def test_a_substance_id_of_fest_is_enough():
    salt = uuid4()
    new = replace(NEW, atc_code=None, substance_ids=frozenset({salt}))
    answer = interactions_with(new, [OTHER], known(between(side(ids=(salt,)), side("C08DA01"))))
    assert isinstance(answer, Found)
    assert answer.not_asked == ()


def test_a_withdrawn_interaction_is_none():
    gone = between(side("C01AA05"), side("C08DA01"), active=False)
    assert isinstance(interactions_with(NEW, [OTHER], known(SOMETHING_ELSE, gone)), NoneFound)


def test_none_found_not_assessed_and_not_asked_are_three_things():
    nothing, unseen = known(SOMETHING_ELSE), known(SOMETHING_ELSE, not_assessed=("C08DA",))
    no_code = replace(OTHER, atc_code=None)

    assert interactions_with(NEW, [OTHER], nothing) == NoneFound(2)
    assert interactions_with(NEW, [OTHER], unseen) == NotAssessed(("annet",))
    assert interactions_with(NEW, [no_code], nothing) == NotAssessed((), ("annet",))
    assert isinstance(interactions_with(NEW, [OTHER], None), NotAsked)
    assert isinstance(interactions_with(NEW, [OTHER], known()), NotAsked)


def test_what_is_found_does_not_hide_what_nobody_looked_at():
    third = Ordered(key="third", name="tredje", atc_code="N06AX26")
    digoxin = between(side("C01AA05"), side("C08DA01"))

    answer = interactions_with(NEW, [OTHER, third], known(digoxin, not_assessed=("N06AX26",)))

    assert isinstance(answer, Found)
    assert answer.not_assessed == ("tredje",)


@pytest.mark.parametrize(
    "answer", [Found(()), NoneFound(2), NotAssessed(("x",)), NotAsked("x")], ids=lambda answer: type(answer).__name__
)
def test_no_answer_is_true_or_false(answer):
    with pytest.raises(TypeError, match="not true or false"):
        bool(answer)


def test_the_words_never_say_that_it_is_safe():
    said = [NoneFound(3).text, NotAssessed(("vortioksetin",)).text, interactions_with(NEW, [], None).text]
    assert said == [
        "Ingen interaksjon funnet i FEST mellom disse 3 legemidlene.",
        "Interaksjoner er ikke vurdert for vortioksetin. Det kan finnes interaksjoner likevel.",
        "Interaksjoner er ikke kontrollert: katalogen er ikke lest inn.",
    ]


def test_the_lowest_code_is_the_worst_and_stands_first():
    by_code = {code: between(side("C01AA05"), side("C08DA01"), code) for code in ("3", "1", "", "2")}

    answer = interactions_with(NEW, [OTHER], known(*by_code.values()))

    assert isinstance(answer, Found)
    assert [hit.told.relevance_code for hit in answer.hits if hit.told.relevance_code] == ["1", "2", "3"]
    unknown = next(hit for hit in answer.hits if hit.told.relevance_code == "")
    assert unknown.severity == answer.hits[0].severity, "a code nobody knows is as bad as the worst"


def test_a_worse_code_is_never_quieter():
    tiers = []
    for code in ("3", "2", "1"):
        judged = judge(NEW, [OTHER], allergies=[], interactions=known(between(side("C01AA05"), side("C08DA01"), code)))
        (alert,) = judged.alerts
        tiers.append(alert.tier)
    assert tiers == sorted(tiers)
    assert tiers[0] is Tier.MARK
    assert tiers[-1] > Tier.MARK


def test_a_pair_is_told_of_once_for_each_interaction_however_it_matches():
    twice = between(side("C01AA05", "C08DA01"), side("C01AA05", "C08DA01"))
    answer = interactions_with(NEW, [OTHER], known(twice))
    assert isinstance(answer, Found)
    assert len(answer.hits) == 1


def test_what_a_database_has_found_is_told_of_the_new_medicine_alone():
    third, gone = Ordered(key="third", name="tredje", atc_code="N06AX26"), replace(OTHER, key="gone", ends_at=noon(21))
    new = replace(NEW, starts_at=noon(22))
    slight, grave = Told("1", "2"), Told("2", "1", consequence="Fare for forgiftning.")
    pairs = [Hit(slight, OTHER, new), Hit(grave, new, third), Hit(grave, OTHER, third), Hit(grave, new, gone)]

    answer = interactions_told(new, [OTHER, third, gone], pairs, not_assessed=[gone, third])

    assert answer == Found((Hit(grave, new, third), Hit(slight, OTHER, new)), ("tredje",))
    assert interactions_told(new, [OTHER], pairs[2:], not_assessed=[]) == NoneFound(2)
    assert interactions_told(new, [OTHER], [], not_assessed=[OTHER]) == NotAssessed(("annet",))
    judged = judge(new, [OTHER, third], allergies=[], interactions=answer)
    assert [alert.tier for alert in judged.alerts] == [Tier.CARD, Tier.CARD]
    assert judged.interactions is answer


def test_a_whole_list_is_asked_pair_by_pair():
    medicines = [of("Marevan tab 2,5 mg"), of("Napren-E enterotab 250 mg", "1 x 2"), of("Cordarone tab 200 mg")]

    answer = interactions_among(medicines, small_catalogue())

    assert isinstance(answer, Found)
    pairs = [{hit.first.name, hit.second.name} for hit in answer.hits]
    assert {"warfarin", "naproksen"} in pairs
    assert {"warfarin", "amiodaron"} in pairs
    assert pairs[0] == {"warfarin", "naproksen"}, "what should be avoided stands before what wants precautions"


def test_a_whole_list_is_asked_of_those_that_are_in_use_together() -> None:
    one = between(side("C01AA05"), side("C08DA01"))
    ended = replace(OTHER, ends_at=noon(21))

    assert isinstance(interactions_among([NEW, OTHER], known(one)), Found)
    assert isinstance(interactions_among([replace(NEW, starts_at=noon(22)), ended], known(one)), NoneFound)


def test_a_group_of_one_letter_holds_all_below_it() -> None:
    assert isinstance(interactions_with(NEW, [OTHER], known(between(side("C"), side("C08")))), Found)
    answer = interactions_with(NEW, [OTHER], known(SOMETHING_ELSE, not_assessed=("C",)))
    assert answer == NotAssessed(("annet", "nytt"), ())


@pytest.mark.parametrize("of_fest", [True, False])
def test_an_interaction_is_known_by_its_own_id_and_else_by_that_of_its_entry(of_fest: bool) -> None:
    one = between(side("C01AA05"), side("C08DA01"))
    one = one if of_fest else replace(one, fest_id=None)
    answer = interactions_with(NEW, [OTHER], known(one))

    assert isinstance(answer, Found)
    assert [hit.told.id for hit in answer.hits] == [str(one.fest_id if of_fest else one.listing_id)]


@pytest.mark.parametrize(("relevance", "acts"), [("1", 3), ("2", 3), ("3", 0)])
def test_what_wants_nothing_done_has_nothing_to_choose(relevance: str, acts: int) -> None:
    answer = interactions_with(NEW, [OTHER], known(between(side("C01AA05"), side("C08DA01"), relevance)))

    assert [len(alert.actions) for alert in interaction_alerts(answer, NEW)] == [acts]
