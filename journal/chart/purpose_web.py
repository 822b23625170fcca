"""What each ground opens: the map of purposes in plain words, for whoever answers for who sees what."""

from journal.access import GROUNDS, NARROW, PURPOSES, Line
from journal.care import SERVICES
from journal.permissions import Permission, Role
from journal.platform.language import gettext as _
from journal.web import Section, current_work, render
from journal.web.shell import role_text

bp = Section("purposes", __name__)
# Those whom a line may be about: whoever reads notes.
_EVERYBODY = frozenset(Role) - {Role.DOCTOR, Role.SYSTEM}


@bp.page("/who-sees-what/purposes", Permission.ACCESS_SEE)
def overview() -> str:
    current_work().admit(Permission.ACCESS_SEE)
    return render("chart/purposes.html", lines=[_told(line) for line in PURPOSES])


def _told(line: Line) -> tuple[str, list[str], list[str]]:
    """Whom it is about, by which grounds, and what lies in the drawer then."""
    names = {code: text for (_system, code), text in SERVICES.items()}
    services = [_(names[code]) for code in sorted(line.services, key=int)]
    by = services + [_(GROUNDS[ground]) for ground in sorted(line.grounds)]
    who = (
        _("alle utenom leger")
        if line.roles == _EVERYBODY
        else ", ".join(role_text(role) for role in sorted(line.roles))
    )
    return who, by or [_("Uansett grunn")], [_(narrow.in_drawer) for narrow in NARROW[line.reach].values()]
