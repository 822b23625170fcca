"""How often a stop was gone past, beside how often it may be."""

from decimal import ROUND_HALF_UP, Decimal

GOAL = Decimal(5)
"""Per cent of the prescriptions that a stop may interrupt, at most (UX plan, D2): what stops more often is no longer read."""


def per_cent(stopped: int, orders: int) -> Decimal:
    """The share of the orders that went past a stop, in per cent with one decimal; 0 of none."""
    if not orders:
        return Decimal("0.0")
    return (Decimal(100) * stopped / orders).quantize(Decimal("0.1"), ROUND_HALF_UP)
