"""The pages of roles: who gets to see what in a unit, and the roles that one proposes and another approves."""

from typing import Any
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from journal.municipalities import role_schemas as schemas
from journal.municipalities.proposals import Proposals
from journal.municipalities.role_rules import AUTHORISATIONS, CAN_DO, LENT, SUPERVISING, WITH_ANOTHER
from journal.municipalities.roles import Roles, Seat
from journal.municipalities.second import Answering
from journal.municipalities.service import Municipalities
from journal.permissions import Permission, Role, permissions_of
from journal.platform.errors import Conflict, Invalid, JournalError
from journal.platform.language import gettext as _
from journal.platform.language import ngettext, phrase
from journal.platform.work import Work
from journal.web import Notice, Section, current_work, form_body, query_body, render, see_other, typed
from journal.web.shell import MenuEntry, role_text

bp = Section("roles", __name__)
MENU = (
    MenuEntry("roles.seats", "person", "Hvem får se hva", Permission.ACCESS_SEE, seldom=True),
    MenuEntry("roles.proposals", "person", "Roller med to personer", Permission.ACCESS_MANAGE, seldom=True),
)
_FORMS_OF_PROPOSALS = ("roles.propose", "roles.answer")


@bp.page("/who-sees-what", Permission.ACCESS_SEE)
def seats() -> str:
    return _seats(query_body(schemas.SeatsQuery)["unit"])


@bp.act("/who-sees-what/lend", Permission.ACCESS_LEND)
def lend() -> Response:
    form = form_body(schemas.Lend)
    Roles(current_work()).lend(**form)
    return see_other(".seats", unit=form["unit_id"])


@bp.act("/who-sees-what/roles/<uuid:role_id>/end", Permission.ACCESS_LEND)
def end_lent(role_id: UUID) -> Response:
    unit_id = form_body(schemas.EndRole)["unit_id"]
    Roles(current_work()).end_lent(role_id)
    return see_other(".seats", unit=unit_id)


@bp.act("/who-sees-what/leaders", Permission.ACCESS_APPOINT)
def name_leader() -> Response:
    form = form_body(schemas.NameLeader)
    Roles(current_work()).name_leader(**form)
    return see_other(".seats", unit=form["unit_id"])


@bp.act("/who-sees-what/substitutes", Permission.ACCESS_APPOINT)
def name_substitute() -> Response:
    form = form_body(schemas.NameSubstitute)
    unit_id = form.pop("unit_id")
    Roles(current_work()).name_substitute(unit_id, **form)
    return see_other(".seats", unit=unit_id)


@bp.act("/who-sees-what/agreements/<uuid:agreement_id>/end", Permission.ACCESS_APPOINT)
def end_agreement(agreement_id: UUID) -> Response:
    unit_id = form_body(schemas.EndRole)["unit_id"]
    Roles(current_work()).end_agreement(agreement_id)
    return see_other(".seats", unit=unit_id)


@bp.act("/who-sees-what/students", Permission.ACCESS_APPOINT)
def take_student() -> Response:
    form = form_body(schemas.TakeStudent)
    unit_id = form.pop("unit_id")
    Roles(current_work()).take_student(unit_id, **form)
    return see_other(".seats", unit=unit_id)


@bp.act("/who-sees-what/authorisations/end", Permission.ACCESS_MANAGE)
def end_authorisation() -> Response:
    form = form_body(schemas.EndAuthorisation)
    Roles(current_work()).end_authorisation(form["practitioner_id"], form["code"])
    return see_other(".seats", unit=form["unit_id"])


@bp.page("/role-proposals", Permission.ACCESS_MANAGE)
def proposals() -> str:
    return _proposals()


@bp.act("/role-proposals", Permission.ACCESS_MANAGE)
def propose() -> Response:
    Proposals(current_work()).propose(**form_body(schemas.Propose))
    return see_other(".proposals")


@bp.act("/role-proposals/<uuid:proposal_id>/answer", Permission.ACCESS_MANAGE)
def answer(proposal_id: UUID) -> Response:
    Proposals(current_work()).answer(proposal_id, **form_body(Answering))
    return see_other(".proposals")


def notice(work: Work) -> Notice | None:
    """For the page where an administrator begins: somebody waits for her answer."""
    if not work.actor.may(Permission.ACCESS_MANAGE):
        return None
    if not (waiting := sum(one.mine for one in Proposals(work).proposals())):
        return None
    said = ngettext(
        "%(num)s forslag om en rolle venter på svar fra deg.",
        "%(num)s forslag om roller venter på svar fra deg.",
        waiting,
    )
    return Notice(said, url_for("roles.proposals"), _("Svar på forslagene"))


@bp.errorhandler(Conflict)
@bp.errorhandler(Invalid)
def draw_again(error: JournalError) -> tuple[str, int]:
    """The same page with what was typed, and a sentence at each field."""
    errors = {field: said[0] for field, said in error.fields.get("errors", {}).items()}
    again: dict[str, Any] = {"typed": typed(), "errors": errors, "wrong": request.endpoint}
    again["detail"] = error.detail if error.detail != error.title or not errors else ""
    if request.endpoint in _FORMS_OF_PROPOSALS:
        return _proposals(**again), error.status
    try:
        unit = UUID(again["typed"].get("unit_id", ""))
    except ValueError:
        unit = None
    return _seats(unit if unit in dict(Roles(current_work()).places()) else None, **again), error.status


def source_text(seat: Seat) -> str:
    """Where a role comes from, and who gave it."""
    texts = {
        "employment": phrase("Ansettelse"),
        "proposal": phrase("Foreslått av en og godkjent av en annen"),
        "pool": phrase("Vikar for vakten"),
        "student": phrase("Student, veileder %(name)s", name=seat.supervisor or ""),
    }
    told = f"{texts[seat.source]}."
    return f"{told} {_('Gitt av %(name)s.', name=seat.given_by)}" if seat.given_by else told


def _seats(unit: UUID | None, **again: Any) -> str:
    work = current_work()
    roles, rights = Roles(work), permissions_of(work.actor.role)
    places = roles.places()
    default = work.actor.unit_id if work.actor.unit_id in dict(places) else places[0][0]
    chosen = unit or default
    rows, agreed = roles.seats(chosen), roles.agreed(chosen)
    here = [row for row in rows if row.unit_id == chosen and row.source == "employment" and row.holds]
    others = [row for row in here if row.practitioner_id != work.actor.person_id]
    at_work = {(row.practitioner_id, row.role) for row in rows}
    return render(
        "municipalities/who_sees_what.html",
        places=places,
        unit=chosen,
        unit_name=dict(places)[chosen],
        rows=rows,
        leaders=[one for one in agreed if one.kind == "leader"],
        substitutes=[(one, (one.practitioner_id, one.role) in at_work) for one in agreed if one.kind == "substitute"],
        leads=roles.leads(chosen),
        appoints=Permission.ACCESS_APPOINT in rights and chosen in work.actor.units,
        manages=Permission.ACCESS_MANAGE in rights,
        me=work.actor.person_id,
        my_role=work.actor.role_id,
        nurses=[(row.practitioner_id, row.name) for row in others if row.role == Role.NURSE],
        supervisors=[(row.practitioner_id, row.name) for row in others if row.role in SUPERVISING],
        lent=[(role, role_text(role)) for role in LENT],
        authorisations=AUTHORISATIONS,
        can_do=CAN_DO,
        role_text=role_text,
        source_text=source_text,
        **{"typed": {}, "errors": {}, "wrong": "", "detail": "", **again},
    )


def _proposals(**again: Any) -> str:
    work = current_work()
    service, municipality = Proposals(work), Municipalities(work)
    people = {one.practitioner_id: one.name for one in municipality.staff()}
    people.pop(work.actor.person_id, None)
    found = service.proposals()
    return render(
        "municipalities/role_proposals.html",
        waiting=[one for one in found if one.outcome is None and not one.expired],
        over=[one for one in found if one.outcome is not None or one.expired],
        alone=service.is_alone(),
        roles=[(role, role_text(role)) for role in WITH_ANOTHER],
        units=[(unit.id, unit.name) for unit in municipality.units()],
        people=list(people.items()),
        can_do=CAN_DO,
        role_text=role_text,
        **{"typed": {}, "errors": {}, "wrong": "", "detail": "", **again},
    )
