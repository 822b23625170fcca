"""Opioids that were given: regular and as needed side by side, and as one figure, before one more is given as needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from journal.medication.rules.safety.amounts import held_in
from journal.medication.rules.safety.medicine import Ordered
from journal.medication.rules.safety.opioids import FACTORS, is_opioid, left_out, mg_of_morphine, said_in_mg
from journal.medication.rules.words import say
from journal.platform.language import joined, phrase
from journal.platform.quantity import Quantity

_NAMES = {substance for substance, _ in FACTORS}


class OpioidGiven(NamedTuple):
    """What was given of one medicine in 24 hours: `30 mg`; empty for nothing."""

    name: str
    regular: str
    as_needed: str


@dataclass(frozen=True, slots=True)
class OpioidsGiven:
    """What was given in 24 hours by medicine, and milligrams of morphine by mouth of all that can be counted."""

    medicines: tuple[OpioidGiven, ...]
    total: Decimal
    not_counted: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sum, and what it leaves out."""
        said = phrase("Til sammen omtrent %(total)s morfin gjennom munnen.", total=said_in_mg(self.total))
        return joined(" ", (said, left_out(self.not_counted)))


def opioids_given(given: Iterable[tuple[Ordered, Quantity]]) -> OpioidsGiven:
    """What the hand gave of each order in 24 hours. Others than opioids are passed over.

    Of a patch the hand is how many sit on: what they give in 24 hours is counted, whenever they were put on.
    """
    amounts: dict[str, dict[bool, dict[str, Quantity]]] = {}
    total, not_counted = Decimal(0), set[str]()
    for order, hand in given:
        if not is_opioid(order.atc_code):
            continue
        amount = _amount(order, hand)
        of_kind = amounts.setdefault(order.name, {}).setdefault(order.as_needed, {})
        of_kind[amount.unit] = of_kind[amount.unit] + amount if amount.unit in of_kind else amount
        if (counted := mg_of_morphine(order, hand)) is None:
            not_counted.add(order.name)
        else:
            total += counted
    medicines = (
        OpioidGiven(name, *(", ".join(map(say, kinds.get(kind, {}).values())) for kind in (False, True)))
        for name, kinds in sorted(amounts.items())
    )
    return OpioidsGiven(tuple(medicines), total, tuple(sorted(not_counted)))


def _amount(order: Ordered, hand: Quantity) -> Quantity:
    """In milligrams of the opioid, where its strength is known; else what the hand gave."""
    for substance in order.substance_names & _NAMES:
        if (held := held_in(order, hand, substance, "mg")) is not None:
            return Quantity(held, "mg")
    return hand
