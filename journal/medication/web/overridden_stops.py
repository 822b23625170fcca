"""The monthly list of overridden stops."""

from journal.medication.rules.safety import MARKS
from journal.medication.rules.safety.counted import GOAL
from journal.medication.service import Medication
from journal.medication.web.section import bp
from journal.permissions import Permission
from journal.web import current_work, render
from journal.web.shell import MenuEntry

MENU = MenuEntry(
    "medication.overridden_stops", "warning", "Overstyrte stopp", Permission.MEDICATION_APPOINT, seldom=True
)


@bp.page("/overridden-stops", Permission.MEDICATION_APPOINT)
def overridden_stops() -> str:
    months = Medication(current_work()).overridden_stops()
    return render("medication/overridden_stops.html", months=months, marks=MARKS, goal=GOAL)
