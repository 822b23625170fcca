"""The page of what one has signed oneself."""

from journal.chart.own import OwnEntries
from journal.permissions import Permission
from journal.web import Section, current_work, render
from journal.web.shell import MenuEntry

bp = Section("own", __name__)
MENU = MenuEntry("own.entries", "log", "Det jeg har skrevet", Permission.CHART_OWN, seldom=True)


@bp.page("/own-entries", Permission.CHART_OWN)
def entries() -> str:
    return render("chart/own.html", charts=OwnEntries(current_work()).all())
