"""Opioids of 24 hours as one figure: milligrams of morphine by mouth that do as much.

The factors vary from one patient to another, and are no recipe for changing from one opioid to another. Methadone has none
that holds for all doses, and an injection none in the source: what cannot be counted is named beside the sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from journal.medication.rules.safety.amounts import held_in, substance_in_24_hours
from journal.medication.rules.safety.groups import GROUPS
from journal.medication.rules.safety.medicine import Ordered, meet
from journal.medication.rules.safety.sources import HEALTH_DIRECTORATE
from journal.medication.rules.words import say
from journal.platform.language import joined, phrase
from journal.platform.quantity import Quantity

SOURCE = HEALTH_DIRECTORATE
_BY_MOUTH, _UNDER_TONGUE, _NOSE, _SKIN = "53", "63", "51", "65"

FACTORS: dict[tuple[str, str], Decimal] = {
    ("morfin", _BY_MOUTH): Decimal(1),
    ("kodein", _BY_MOUTH): Decimal("0.1"),
    ("tramadol", _BY_MOUTH): Decimal("0.15"),
    ("oksykodon", _BY_MOUTH): Decimal("1.5"),
    ("ketobemidon", _BY_MOUTH): Decimal(1),
    ("hydromorfon", _BY_MOUTH): Decimal(5),
    ("tapentadol", _BY_MOUTH): Decimal("0.2"),
    ("buprenorfin", _SKIN): Decimal("92.5"),
    ("buprenorfin", _UNDER_TONGUE): Decimal(48),
    ("fentanyl", _SKIN): Decimal(100),
    ("fentanyl", _NOSE): Decimal(250),
    ("fentanyl", _UNDER_TONGUE): Decimal(250),
}
"""Substance and route (7477): how many milligrams of morphine by mouth one milligram is."""

_OPIOIDS = next(group.codes for group in GROUPS if group.code == "opioid")


def is_opioid(atc_code: str | None) -> bool:
    """Whether this medicine is an opioid, also in a combination."""
    return (atc_code or "").startswith(_OPIOIDS)


@dataclass(frozen=True, slots=True)
class OpioidTotal:
    """Milligrams of morphine by mouth in 24 hours: what is regular, and the most that may come as needed.

    `not_counted` names the opioids that are not in the figures.
    """

    regular: Decimal
    as_needed: Decimal
    not_counted: tuple[str, ...]

    @property
    def most(self) -> Decimal:
        return self.regular + self.as_needed

    @property
    def text(self) -> str:
        """One line for the prescriber: what is ordered for 24 hours."""
        said = phrase(
            "Opioider per døgn: %(regular)s fast og inntil %(as_needed)s ved behov, til sammen inntil %(most)s morfin"
            " gjennom munnen.",
            regular=said_in_mg(self.regular),
            as_needed=said_in_mg(self.as_needed),
            most=said_in_mg(self.most),
        )
        return joined(" ", (said, left_out(self.not_counted)))


def opioid_total(in_use: Iterable[Ordered]) -> OpioidTotal | None:
    """The opioids of these orders as one figure; None when there are none."""
    opioids = [order for order in in_use if order.is_of(*_OPIOIDS)]
    if not opioids:
        return None
    counted = [(order, mg_of_morphine(order)) for order in opioids]
    return OpioidTotal(
        _sum(amount for order, amount in counted if not order.as_needed),
        _sum(amount for order, amount in counted if order.as_needed),
        tuple(sorted({order.name for order, amount in counted if amount is None})),
    )


def opioids_with(new: Ordered, in_use: Iterable[Ordered]) -> OpioidTotal | None:
    """The same for an opioid that is about to be ordered, beside those in use; None for another medicine."""
    beside = [other for other in in_use if other.key != new.key and meet(new, other)]
    return opioid_total([new, *beside]) if new.is_of(*_OPIOIDS) else None


def mg_of_morphine(order: Ordered, hand: Quantity | None = None) -> Decimal | None:
    """Milligrams of morphine by mouth: of what the hand gave, else of the most in 24 hours. None for what is not counted."""
    for substance in sorted(order.substance_names):
        factor = FACTORS.get((substance, order.route_code or ""))
        if factor is None:
            continue
        amount = held_in(order, hand, substance, "mg") if hand else substance_in_24_hours(order, substance, "mg")
        if amount is not None:
            return amount * factor
    return None


def said_in_mg(amount: Decimal) -> str:
    """`60 mg`, to a tenth."""
    return say(Quantity(amount.quantize(Decimal("0.1")), "mg"))


def left_out(names: Iterable[str]) -> str:
    """What the sum does not count; empty when it counts all."""
    named = ", ".join(names)
    return phrase("Ikke regnet med: %(names)s.", names=named) if named else ""


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), start=Decimal(0))
