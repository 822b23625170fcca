"""Pages of medication: the round, medicines as needed, lists and charts, the doctor's acts, settings."""

from journal.medication.web import (
    as_needed,
    bags,
    checking,
    door,
    favourites,
    lists,
    order,
    overridden_stops,
    prepared,
    prescribing,
    printing,
    procedures,
    reconciling,
    renewing,
    reviewing,
    round,
    seeing,
    settings,
    signing,
    sources,
    stand_in,
    supply,
    told,
    transfer,
    verbal,
    verbal_change,
)
from journal.medication.web.section import bp
from journal.medication.web.stand_in import notice

MENU, SETTINGS_MENU, TAB = round.MENU, settings.MENU, lists.TAB
MORE_MENU = (signing.MENU, verbal.MENU, stand_in.MENU, reviewing.MENU, overridden_stops.MENU, procedures.MENU)

__all__ = [
    "MENU",
    "MORE_MENU",
    "SETTINGS_MENU",
    "TAB",
    "as_needed",
    "bags",
    "bp",
    "checking",
    "door",
    "favourites",
    "notice",
    "order",
    "overridden_stops",
    "prepared",
    "prescribing",
    "printing",
    "procedures",
    "reconciling",
    "renewing",
    "seeing",
    "sources",
    "supply",
    "told",
    "transfer",
    "verbal_change",
]
