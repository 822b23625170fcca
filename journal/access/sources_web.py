"""The municipality's sources of access: what feeds its grounds, how fresh, what is amiss, and the hours of grace."""

from typing import Any

from werkzeug.wrappers import Response

from journal.access import grounds_rules as rules
from journal.access import grounds_schemas as schemas
from journal.access.sources import Sources
from journal.municipalities import is_alone
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.web import Section, current_work, form_body, render, see_other, typed
from journal.web.shell import MenuEntry

bp = Section("sources", __name__)
MENU = MenuEntry("sources.overview", "lock", "Kilder til tilgang", Permission.ACCESS_SOURCES, seldom=True)


@bp.page("/access/sources", Permission.ACCESS_SOURCES)
def overview() -> str:
    return _page(None)


@bp.act("/access/grace", Permission.ACCESS_MANAGE)
def propose_grace() -> Response:
    Sources(current_work()).propose_grace(**form_body(schemas.ChooseGrace))
    return see_other(".overview")


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page as it stands now, with what was typed and why it was not stored."""
    return _page(error), error.status


def _page(error: Invalid | Conflict | None) -> str:
    work = current_work()
    sources = Sources(work)
    grace = sources.grace()
    told: dict[str, Any] = typed() if error else {}
    return render(
        "access/sources.html",
        place=work.actor.municipality_name,
        sources=sources.sources(),
        words=rules.SOURCES,
        lists=rules.LISTS,
        grounds=rules.GROUNDS,
        amiss=sources.amiss(),
        checked_at=sources.checked_at(),
        grace=grace,
        hours=told.get("hours", grace.hours),
        typed=told,
        alone=is_alone(sources),
        waiting=sum(one.waits for one in sources.grace_changes()),
        limits=(rules.LEAST_GRACE_HOURS, rules.MOST_GRACE_HOURS),
        may_manage=work.actor.may(Permission.ACCESS_MANAGE),
        errors={name: said[0] for name, said in error.errors.items()} if isinstance(error, Invalid) else {},
        said=error.detail if error else "",
    )
