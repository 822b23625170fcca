"""Pages of medication: the round, medicines as needed, lists and charts, the doctor's acts, settings."""

from journal.medication.web import (
    as_needed,
    favourites,
    lists,
    order,
    prescribing,
    printing,
    procedures,
    reconciling,
    renewing,
    round,
    seeing,
    settings,
    signing,
    sources,
    stand_in,
    supply,
    verbal,
)
from journal.medication.web.section import bp

MENU, SETTINGS_MENU, TAB = round.MENU, settings.MENU, lists.TAB
MORE_MENU = (signing.MENU, verbal.MENU, stand_in.MENU, procedures.MENU)

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
    "printing",
    "procedures",
    "reconciling",
    "renewing",
    "seeing",
    "sources",
    "supply",
]
