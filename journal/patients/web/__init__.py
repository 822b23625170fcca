"""Pages about patients: search and register, who the patient is, links, allergies and flags, kin."""

from journal.patients.web import alerts, diet, finding, kin, links, personal
from journal.patients.web.section import bp
from journal.permissions import Permission
from journal.web.shell import Tab

MENU = finding.MENU
DIET_MENU = diet.MENU
TABS = (
    *alerts.TABS,
    kin.TAB,
    Tab("patients.personal", "Personopplysninger", Permission.PATIENTS_READ),
)

__all__ = ["DIET_MENU", "MENU", "TABS", "bp", "links", "personal"]
