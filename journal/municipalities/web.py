"""The tenant administrator's page: units, staff with roles, and what is missing before a ward can start."""

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.municipalities import schemas
from journal.municipalities.role_rules import AUTHORISATIONS, EMPLOYED
from journal.municipalities.service import Municipalities
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.language import gettext as _
from journal.web import Section, current_work, form_body, notices, render, see_other
from journal.web.shell import MenuEntry, role_text

bp = Section("municipalities", __name__)
MENU = MenuEntry("municipalities.overview", "house", "Kommunen", Permission.MUNICIPALITIES_MANAGE)


def kind_text(kind: str) -> str:
    """A kind of unit in Norwegian."""
    texts: dict[str, str] = {
        "municipality": _("kommune"),
        "nursing_home": _("sykehjem"),
        "ward": _("avdeling"),
        "home_care": _("hjemmetjeneste"),
        "district": _("sone"),
        "doctors": _("legetjeneste"),
        "office": _("kontor som fatter vedtak"),
    }
    return texts[kind]


@bp.page("/municipality", Permission.MUNICIPALITIES_MANAGE)
def overview() -> str:
    return _page({}, {})


@bp.act("/municipality/units", Permission.MUNICIPALITIES_MANAGE)
def add_unit() -> Response:
    Municipalities(current_work()).add_unit(**form_body(schemas.AddUnit))
    return see_other(".overview")


@bp.act("/municipality/staff", Permission.ACCESS_MANAGE)
def add_staff() -> Response:
    Municipalities(current_work()).add_staff(**form_body(schemas.AddStaff))
    return see_other(".overview")


@bp.act("/municipality/roles/<uuid:role_id>/end", Permission.ACCESS_MANAGE)
def end_role(role_id: UUID) -> Response:
    Municipalities(current_work()).end_role(role_id)
    return see_other(".overview")


@bp.errorhandler(Invalid)
def draw_again(error: Invalid) -> tuple[str, int]:
    """The same page with what was typed, and a sentence at each field."""
    return _page(request.form.to_dict(), error.errors, error.detail), error.status


def _page(typed: dict[str, str], errors: dict[str, list[str]], detail: str = "") -> str:
    municipality = Municipalities(current_work())
    return render(
        "municipalities/overview.html",
        units=(units := municipality.units()),
        unit_choices=[(unit.id, unit.name) for unit in units],
        staff=municipality.staff(),
        kind_text=kind_text,
        kinds=[(kind, kind_text(kind)) for kind in schemas.KINDS],
        roles=[(role, role_text(role)) for role in EMPLOYED],
        authorisations=list(AUTHORISATIONS.items()),
        role_text=role_text,
        typed=typed,
        errors={field: sentences[0] for field, sentences in errors.items()},
        detail=detail,
        notices=notices(),
    )
