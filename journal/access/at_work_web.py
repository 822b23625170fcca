"""At work: begin and end in one tap, who is there, and the visits that a colleague may take."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.access.at_work import AtWork
from journal.permissions import Permission
from journal.platform.errors import Conflict
from journal.web import Section, current_work, render, see_other
from journal.web.shell import MenuEntry

bp = Section("at_work", __name__)
MENU = MenuEntry("at_work.overview", "person", "På jobb", Permission.CHART_LIST)


@bp.page("/at-work", Permission.CHART_LIST)
def overview() -> str:
    return _page("")


@bp.act("/at-work/begin", Permission.CHART_LIST, repeatable=True)
def begin() -> Response:
    AtWork(current_work()).begin_work()
    return see_other(".overview")


@bp.act("/at-work/end", Permission.CHART_LIST, repeatable=True)
def end() -> Response:
    AtWork(current_work()).end_work()
    return see_other(".overview")


@bp.act("/at-work/visits/<uuid:relationship_id>/take", Permission.MEDICATION_ADMINISTER)
def take_visit(relationship_id: UUID) -> Response:
    patient_id = AtWork(current_work()).take_visit(relationship_id)
    return see_other("chart.front_page", patient_id=patient_id)


@bp.errorhandler(Conflict)
def draw_again(error: Conflict) -> tuple[str, int]:
    """The list as it stands now, with why nothing was taken."""
    return _page(error.detail), error.status


def _page(said: str) -> str:
    work = current_work()
    at_work = AtWork(work)
    people = at_work.at_work()
    may_take = work.actor.may(Permission.MEDICATION_ADMINISTER)
    return render(
        "access/at_work.html",
        said=said,
        unit=work.actor.unit_name,
        people=people,
        mine=next((one for one in people if one.person_id == work.actor.person_id), None),
        visits=at_work.visits_to_take() if may_take else [],
        may_take=may_take,
        taken=at_work.visits_taken(),
    )
