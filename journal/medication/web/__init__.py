"""Pages of medication: the round, medicines as needed, the list, what the doctor decides, and the municipality's settings."""

from journal.medication.web import as_needed, favourites, lists, order, prescribing, round, settings
from journal.medication.web.section import bp

MENU, SETTINGS_MENU, TAB = round.MENU, settings.MENU, lists.TAB

__all__ = ["MENU", "SETTINGS_MENU", "TAB", "as_needed", "bp", "favourites", "order", "prescribing"]
