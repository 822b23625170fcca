"""Pages of medication: the round, medicines as needed, lists and charts, the doctor's acts, settings."""

from journal.medication.web import as_needed, lists, order, prescribing, printing, round, seeing, settings
from journal.medication.web.section import bp

MENU, SETTINGS_MENU, TAB = round.MENU, settings.MENU, lists.TAB

__all__ = ["MENU", "SETTINGS_MENU", "TAB", "as_needed", "bp", "order", "prescribing", "printing", "seeing"]
