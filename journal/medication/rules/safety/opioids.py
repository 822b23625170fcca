"""Opioids of 24 hours as one figure: milligrams of morphine by mouth that do as much.

The factors vary from one patient to another, and are no recipe for changing from one opioid to another. Methadone has none
that holds for all doses, and an injection none in the source: what cannot be counted is named beside the sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from journal.medication.rules.safety.amounts import substance_in_24_hours
from journal.medication.rules.safety.groups import GROUPS
from journal.medication.rules.safety.medicine import Ordered
from journal.medication.rules.safety.sources import HEALTH_DIRECTORATE

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


def opioid_total(in_use: Iterable[Ordered]) -> OpioidTotal | None:
    """The opioids of these orders as one figure; None when there are none."""
    opioids = [order for order in in_use if order.is_of(*_OPIOIDS)]
    if not opioids:
        return None
    counted = [(order, _equivalents(order)) for order in opioids]
    return OpioidTotal(
        _sum(amount for order, amount in counted if not order.as_needed),
        _sum(amount for order, amount in counted if order.as_needed),
        tuple(sorted({order.name for order, amount in counted if amount is None})),
    )


def _equivalents(order: Ordered) -> Decimal | None:
    for substance in sorted(order.substance_names):
        factor = FACTORS.get((substance, order.route_code or ""))
        amount = substance_in_24_hours(order, substance, "mg") if factor is not None else None
        if factor is not None and amount is not None:
            return amount * factor
    return None


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), start=Decimal(0))
