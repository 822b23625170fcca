"""Who may open the patient's chart and why; and general practitioner, referral and the patient's own wish, for somebody else."""

from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.access import ASKED, GROUNDS, AskedFor
from journal.care import grounds_schemas as schemas
from journal.municipalities import Municipalities
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.web import Section, current_work, form_body, render, see_other, typed
from journal.web.shell import role_text

bp = Section("grounds", __name__)
_PAGE = "/patients/<uuid:patient_id>/grounds"


@bp.page(_PAGE, Permission.CARE_READ)
def held(patient_id: UUID) -> str:
    return _page(patient_id, None)


@bp.act(_PAGE, Permission.CARE_GRANT)
def ask_for(patient_id: UUID) -> Response:
    AskedFor(current_work()).ask_for(patient_id, **form_body(schemas.AskFor))
    return see_other(".held", patient_id=patient_id)


@bp.act(f"{_PAGE}/<uuid:relationship_id>/end", Permission.CARE_GRANT)
def withdraw(patient_id: UUID, relationship_id: UUID) -> Response:
    AskedFor(current_work()).withdraw(patient_id, relationship_id)
    return see_other(".held", patient_id=patient_id)


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page with what was typed, and why it was not stored."""
    return _page((request.view_args or {})["patient_id"], error), error.status


def _page(patient_id: UUID, error: Invalid | Conflict | None) -> str:
    work = current_work()
    may_ask = work.actor.may(Permission.CARE_GRANT)
    told: dict[str, Any] = typed() if error else {}
    return render(
        "care/grounds.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        held=AskedFor(work).held(patient_id),
        grounds=GROUNDS,
        kinds=[(ground, GROUNDS[ground]) for ground in ASKED],
        holders=_holders() if may_ask else [],
        may_ask=may_ask,
        typed=told,
        errors={name: said[0] for name, said in error.errors.items()} if isinstance(error, Invalid) else {},
        said=error.detail if error else "",
    )


def _holders() -> list[tuple[UUID, str]]:
    """Units and people of the municipality, but for oneself and one's own units: nobody gives herself a ground."""
    actor = current_work().actor
    municipality = Municipalities(current_work())
    units = [(unit.id, unit.name) for unit in municipality.units() if unit.id not in actor.units]
    people = {
        one.practitioner_id: f"{one.name}, {role_text(one.role)}, {one.unit_name}"
        for one in municipality.staff()
        if one.practitioner_id != actor.person_id
    }
    return [*units, *people.items()]
