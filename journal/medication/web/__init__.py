"""Pages of medication: the round, medicines as needed, lists and charts, the doctor's acts, settings."""

from journal.medication.web import (
    as_needed,
    authority,
    checking,
    door,
    favourites,
    keeping,
    lists,
    order,
    overridden_stops,
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
from journal.medication.web.authority import expiring_notice
from journal.medication.web.section import bp
from journal.medication.web.stand_in import notice

MENU, KEEPING_MENU, SETTINGS_MENU, TAB = round.MENU, keeping.MENU, settings.MENU, lists.TAB
MORE_MENU = (
    signing.MENU,
    verbal.MENU,
    stand_in.MENU,
    reviewing.MENU,
    overridden_stops.MENU,
    procedures.MENU,
    authority.MENU,
)

__all__ = [
    "KEEPING_MENU",
    "MENU",
    "MORE_MENU",
    "SETTINGS_MENU",
    "TAB",
    "as_needed",
    "authority",
    "bp",
    "checking",
    "door",
    "expiring_notice",
    "favourites",
    "keeping",
    "notice",
    "order",
    "overridden_stops",
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
