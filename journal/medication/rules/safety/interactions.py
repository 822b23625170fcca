"""Interactions by substance groups, as FEST gives them: one medicine of one group, and another of another.

The relevance is code 7483, and the lowest is the worst: 1 avoid, 2 take precautions, 3 nothing to do. What FEST has not
assessed is told as such, since absence of an interaction is not safety (`answers.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from itertools import combinations, product
from uuid import UUID

from journal.medication.fest.entries import Interaction, Substance
from journal.medication.rules.safety.alerts import Action, Alert, Rule, Tier
from journal.medication.rules.safety.answers import (
    RELEVANCE,
    Found,
    Hit,
    InteractionAnswer,
    NoneFound,
    NotAsked,
    NotAssessed,
    Told,
)
from journal.medication.rules.safety.basis import basis_of, identity
from journal.medication.rules.safety.medicine import Ordered, meet
from journal.medication.rules.safety.sources import FEST
from journal.platform.language import as_phrase, joined, phrase

_TIERS = {"1": Tier.CARD, "2": Tier.CARD, "3": Tier.MARK}


_Places = dict[str | UUID, list[tuple[int, int]]]
"""For a code or an id: the numbers of the interactions it stands in, and of its group there."""


@dataclass(frozen=True)
class KnownInteractions:
    """What the catalogue knows, ready to be asked. Made once for each version of the catalogue."""

    interactions: Sequence[Interaction]
    not_assessed: Set[str]
    """ATC codes and groups of FEST's InteraksjonIkkeVurdert; a set."""
    _by_code: _Places = field(default_factory=lambda: defaultdict(list), init=False, repr=False, compare=False)
    _by_id: _Places = field(default_factory=lambda: defaultdict(list), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for number, interaction in enumerate(self.interactions):
            if interaction.active:
                for side, group in enumerate(interaction.groups):
                    for substance in group.substances:
                        self._index(substance, (number, side))

    def sides_of(self, medicine: Ordered) -> set[tuple[int, int]]:
        """Where it stands: number of the interaction, and of its group. A code of fewer signs holds all below it."""
        found = [self._by_code[start] for start in _starts(medicine) if start in self._by_code]
        found += [self._by_id[one] for one in medicine.substance_ids if one in self._by_id]
        return set().union(*found)

    def assessed(self, medicine: Ordered) -> bool:
        """Whether somebody has looked at it at all."""
        return not any(start in self.not_assessed for start in _starts(medicine))

    def _index(self, substance: Substance, place: tuple[int, int]) -> None:
        if substance.atc_code:
            self._by_code[substance.atc_code].append(place)
        for each in substance.substance_ids:
            self._by_id[each].append(place)


def interactions_told(
    new: Ordered, in_use: Sequence[Ordered], hits: Iterable[Hit], *, not_assessed: Iterable[Ordered]
) -> InteractionAnswer:
    """The answer where the catalogue itself has found the pairs, as a database does, and which medicines nobody assessed.

    Of the pairs only those of `new` with a medicine in use at the same time are kept.
    """
    others = [other for other in in_use if other.key != new.key and meet(new, other)]
    keys = {other.key for other in others}
    kept = [hit for hit in hits if _other(hit, new) in keys]
    asked = {new.key, *keys}
    return _told(kept, _names(one for one in not_assessed if one.key in asked), (), len(asked))


def interactions_among(medicines: Sequence[Ordered], known: KnownInteractions | None) -> InteractionAnswer:
    """What is known between each two of these: for a whole list."""
    return _answer(medicines, [(a, b) for a, b in combinations(medicines, 2) if meet(a, b)], known)


def interactions_with(new: Ordered, in_use: Sequence[Ordered], known: KnownInteractions | None) -> InteractionAnswer:
    """What is known between the new medicine and each that is in use at the same time."""
    others = [other for other in in_use if other.key != new.key and meet(new, other)]
    return _answer([new, *others], [(new, other) for other in others], known)


def tier_of(relevance_code: str) -> Tier:
    """How loud an interaction of this relevance (7483) is. A code nobody knows is as loud as the worst."""
    return _TIERS.get(relevance_code, Tier.CARD)


def interaction_alerts(answer: InteractionAnswer, new: Ordered) -> list[Alert]:
    """Cards and marks for what was found, and a mark when nobody has looked at the new medicine itself.

    What else nobody has looked at stands in the answer, for the page to say once: as a mark on each new order it would
    be read by nobody.
    """
    match answer:
        case Found():
            return [*map(_alert, answer.hits), *_gaps(answer, new)]
        case NotAssessed():
            return _gaps(answer, new)
        case NotAsked():
            return [_gap(answer.text, ())]
        case NoneFound():
            return []


def _answer(
    medicines: Sequence[Ordered], pairs: Iterable[tuple[Ordered, Ordered]], known: KnownInteractions | None
) -> InteractionAnswer:
    if known is None or not known.interactions:
        return NotAsked(phrase("Interaksjoner er ikke kontrollert: katalogen er ikke lest inn."))
    sides = {medicine.key: known.sides_of(medicine) for medicine in medicines}
    hits = {
        (number, frozenset({first.key, second.key})): Hit(_of_fest(known.interactions[number]), first, second)
        for first, second in pairs
        for (number, side), (other, opposite) in product(sides[first.key], sides[second.key])
        if number == other and side != opposite
    }
    not_assessed = _names(one for one in medicines if not known.assessed(one))
    not_asked = _names(one for one in medicines if not one.codes and not one.substance_ids)
    return _told(hits.values(), not_assessed, not_asked, len(medicines))


def _told(
    hits: Iterable[Hit], not_assessed: tuple[str, ...], not_asked: tuple[str, ...], among: int
) -> InteractionAnswer:
    if found := tuple(sorted(hits, key=_place)):
        return Found(found, not_assessed, not_asked)
    if not_assessed or not_asked:
        return NotAssessed(not_assessed, not_asked)
    return NoneFound(among)


def _of_fest(one: Interaction) -> Told:
    return Told(str(one.fest_id or one.listing_id), one.relevance_code, one.situation, one.consequence, one.handling)


def _other(hit: Hit, new: Ordered) -> str | None:
    """The key of the medicine that `new` is told to interact with; None when the pair is of others."""
    pair = {hit.first.key, hit.second.key}
    return next(iter(pair - {new.key}), None) if new.key in pair else None


def _starts(medicine: Ordered) -> set[str]:
    return {code[:length] for code in medicine.codes for length in range(1, len(code) + 1)}


def _place(hit: Hit) -> tuple[int, str, str]:
    return -hit.severity, hit.told.id, ":".join(sorted((hit.first.key, hit.second.key)))


def _names(medicines: Iterable[Ordered]) -> tuple[str, ...]:
    return tuple(sorted({medicine.name for medicine in medicines}))


def _alert(hit: Hit) -> Alert:
    found, first, second = hit.told, hit.first, hit.second
    pair = {"first": first.opening, "second": second.name}
    relevance = RELEVANCE.get(found.relevance_code, RELEVANCE["1"])
    headline = phrase("%(first)s og %(second)s: %(relevance)s.", **pair, relevance=as_phrase(relevance).in_a_sentence())
    nurse = phrase("%(first)s og %(second)s virker på hverandre. Legen vet om det.", **pair)
    tier = tier_of(found.relevance_code)
    return Alert(
        tier,
        Rule.INTERACTION,
        key=f"interaction:{found.id}:{':'.join(sorted((identity(first), identity(second))))}",
        text=joined(" ", (headline, found.situation, found.consequence, found.handling)),
        source=FEST,
        nurse=joined(" ", (nurse, found.consequence)),
        about=(first.name, second.name),
        actions=() if tier is Tier.MARK else (Action.CHOOSE_OTHER, Action.FOLLOW_UP, Action.KNOWN_CONTINUE),
        basis=basis_of(first, second),
        weight=hit.severity,
    )


def _gaps(answer: Found | NotAssessed, new: Ordered) -> list[Alert]:
    if new.name in answer.not_assessed:
        text = phrase("Interaksjoner med %(name)s er ikke vurdert. Det kan finnes noen likevel.", name=new.name)
    elif new.name in answer.not_asked:
        text = phrase("Interaksjoner med %(name)s kan ikke kontrolleres: legemidlet har ingen kode.", name=new.name)
    else:
        return []
    return [_gap(text, (new.name,))]


def _gap(text: str, about: tuple[str, ...]) -> Alert:
    key = f"{Rule.NOT_CHECKED}:interactions:{':'.join(about)}"
    return Alert(Tier.MARK, Rule.NOT_CHECKED, key, text, FEST, nurse=text, about=about)
