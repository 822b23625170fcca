"""The pages of the policy simulator: what an employee would see of a patient, and other rules tried on last month."""

from typing import Any
from uuid import UUID

from flask import request
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from journal.access import GROUNDS as OPENING
from journal.access import LEAST_GRACE_HOURS, MOST_GRACE_HOURS, PARTS, REASONS, WHOLE
from journal.audit import ACTIONS, GROUNDS
from journal.municipalities import CAN_DO, Employee, Municipalities
from journal.oversight.simulating import RoleAnswer, Simulator, Without
from journal.permissions import Permission, Role, permissions_of
from journal.platform.errors import Invalid
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import MomentField
from journal.web import Section, current_work, form_body, query_body, render
from journal.web.shell import role_text

bp = Section("simulator", __name__)


class Ask(Schema):
    """Whom, and when (empty: now). The employee by the beginnings of her name, or the one who was chosen of several."""

    name = Text(120, required=True)
    person_id = fields.UUID(load_default=None, allow_none=True)
    at = MomentField(load_default=None)


READERS = tuple(role for role in Role if Permission.CHART_READ in permissions_of(role))
TAKEN = {part: text for part, text in PARTS.items() if part != WHOLE}


class TryRule(Schema):
    """One of them: hours of grace, a role without a part of the record, or a ground that opens nothing."""

    hours = StrictInteger(least=LEAST_GRACE_HOURS, most=MOST_GRACE_HOURS, load_default=None, allow_none=True)
    role = fields.Enum(Role, by_value=True, load_default=None)
    part = fields.String(validate=validate.OneOf(list(TAKEN), error="Velg en del."), load_default=None)
    ground = fields.String(validate=validate.OneOf(list(OPENING), error="Velg en grunn."), load_default=None)

    @validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        if (data["role"] is None) != (data["part"] is None):
            raise ValidationError("Velg både rolle og del.", "role")


@bp.page("/audit/patients/<uuid:patient_id>/access", Permission.AUDIT_READ)
def form(patient_id: UUID) -> str:
    return _page()


@bp.act("/audit/patients/<uuid:patient_id>/access", Permission.AUDIT_READ, repeatable=True)
def ask(patient_id: UUID) -> str:
    """A POST, since the name of whom one asks about must stand in no address; it changes nothing but the log."""
    asked, work = form_body(Ask), current_work()
    moment = asked["at"] or work.now
    employees = [] if asked["person_id"] else Municipalities(work).ever_employed(asked["name"])
    person_id = asked["person_id"] or (employees[0].practitioner_id if len(employees) == 1 else None)
    if person_id is None:
        return _page(employees=employees)
    return _page(answers=Simulator(work).ask(patient_id, person_id, moment), at=moment)


@bp.page("/audit/replay", Permission.AUDIT_READ)
def replay() -> str:
    """With nothing to try: the forms alone."""
    asked, simulator = query_body(TryRule), Simulator(current_work())
    hours = asked.pop("hours")
    tried = simulator.replay(hours) if hours else simulator.without(Without(**asked)) if any(asked.values()) else None
    return _replay(tried=tried, errors={})


@bp.errorhandler(Invalid)
def correct(error: Invalid) -> tuple[str, int]:
    """The form with what was typed, and a sentence at the field that must be corrected."""
    if request.endpoint == "simulator.replay":
        return _replay(tried=None, errors=error.errors), error.status
    return _page(errors=error.errors), error.status


def _page(
    *,
    answers: list[RoleAnswer] | None = None,
    employees: list[Employee] | None = None,
    at: object = None,
    errors: dict[str, list[str]] | None = None,
) -> str:
    return render(
        "oversight/simulator.html",
        typed=request.form,
        answers=answers,
        employees=employees,
        choices=[(each.practitioner_id, f"{each.name}, {each.unit_name}") for each in employees or ()],
        can_do=CAN_DO,
        at=at,
        errors=errors or {},
        reasons=REASONS,
        grounds=GROUNDS,
    )


def _replay(**shown: object) -> str:
    return render(
        "oversight/replay.html",
        asked=request.args,
        grounds=GROUNDS,
        actions=ACTIONS,
        limits=(LEAST_GRACE_HOURS, MOST_GRACE_HOURS),
        roles=[(role.value, role_text(role)) for role in READERS],
        parts_of_record=list(TAKEN.items()),
        openings=list(OPENING.items()),
        **shown,
    )
