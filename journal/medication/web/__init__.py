"""Pages of medication: the round, medicines as needed, the list, what the doctor decides, and the municipality's settings."""

from journal.medication.web import (
    as_needed,
    favourites,
    lists,
    order,
    prescribing,
    reconciling,
    renewing,
    round,
    settings,
    signing,
    sources,
    stand_in,
    verbal,
)
from journal.medication.web.section import bp

MENU, SETTINGS_MENU, TAB = round.MENU, settings.MENU, lists.TAB
MORE_MENU = (signing.MENU, verbal.MENU, stand_in.MENU)

__all__ = [
    "MENU",
    "MORE_MENU",
    "SETTINGS_MENU",
    "TAB",
    "as_needed",
    "bp",
    "favourites",
    "order",
    "prescribing",
    "reconciling",
    "renewing",
    "sources",
]
