"""The kitchen's page."""

from journal.patients.diet import MOST, Diets
from journal.patients.web.section import bp
from journal.permissions import Permission
from journal.web import current_work, render
from journal.web.shell import MenuEntry

MENU = MenuEntry("patients.diet", "list", "Kosthold", Permission.CHART_DIET)


@bp.page("/diet", Permission.CHART_DIET)
def diet() -> str:
    return render("patients/diet.html", eaters=Diets(current_work()).here(), most=MOST)
