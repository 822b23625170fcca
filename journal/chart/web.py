"""Home, my list and the chart overview."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.care import TOLD
from journal.chart.service import Chart
from journal.permissions import Permission
from journal.platform import clock
from journal.web import Section, current_work, notices, render, see_other
from journal.web.shell import MenuEntry, Tab

bp = Section("chart", __name__)
MENU = MenuEntry("chart.my_list", "list", "Min liste", Permission.CHART_LIST)
TAB = Tab("chart.front_page", "Oversikt", Permission.CHART_READ)


@bp.page("/", None)
def home() -> Response:
    """Where one's role begins."""
    work = current_work()
    if not work.signed_in:
        return see_other("access.sign_in")
    if work.actor.may(Permission.CHART_LIST):
        return see_other(".my_list")
    if work.actor.may(Permission.CHART_DIET):
        return see_other("patients.diet")
    if work.actor.may(Permission.PATIENTS_FIND):
        return see_other("patients.search")
    return see_other("audit.people" if work.actor.may(Permission.AUDIT_READ) else "municipalities.overview")


@bp.page("/my-list", Permission.CHART_LIST)
def my_list() -> str:
    return render("chart/my_list.html", list=Chart(current_work()).my_list(), told=TOLD, notices=notices())


@bp.page("/patients/<uuid:patient_id>", Permission.CHART_READ)
def front_page(patient_id: UUID) -> str:
    work = current_work()
    return render(
        "chart/front_page.html",
        page=Chart(work).front_page(patient_id),
        now=work.now,
        now_text=clock.hhmm(work.now),
        may_write=work.actor.may(Permission.CARE_WRITE),
        may_write_notes=work.actor.may(Permission.NOTES_WRITE),
        may_prescribe=work.actor.may(Permission.MEDICATION_PRESCRIBE),
        may_open_closed=work.actor.may(Permission.ACCESS_JUSTIFY),
    )
