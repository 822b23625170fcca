"""The fields for where a medicine comes from and who gives it."""

from typing import NamedTuple

from journal.medication.rules import GIVERS, SUPPLIES, GivenBy, Supply


class SupplyFields(NamedTuple):
    """What may be chosen, and what is chosen until somebody chooses; an order from before this was asked has no supply."""

    supplies: tuple[tuple[str, str], ...]
    givers: tuple[tuple[str, str], ...]
    supply: str | None
    given_by: str


def supply_fields(supply: Supply | None, given_by: GivenBy = GivenBy.UNIT) -> SupplyFields:
    """The fields, with these two chosen."""
    supplies = tuple((each.value, text) for each, text in SUPPLIES.items())
    givers = tuple((each.value, text) for each, text in GIVERS.items())
    return SupplyFields(supplies, givers, supply.value if supply else None, given_by.value)
