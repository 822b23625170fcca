"""What comes in from the register of who may give, and from the municipality's choice of what each role carries."""

from collections.abc import Mapping
from datetime import time
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate

from journal.medication.order_schemas import LastDay
from journal.medication.rules.authority import CARRYING_ROLES, GIVING, Act
from journal.medication.service import Delegation
from journal.platform.clock import parse_time_of_day
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import DayField

_ACT = fields.Enum(Act, by_value=True)
_SEEN: dict[str, Any] = {"required": True, "least": 0}


class ChangesField(fields.Field[tuple[time, ...]]):
    """Clock times as one writes them: `07.30, 15.00, 22.30`."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[time, ...]:
        written = [part for part in str(value).split(",") if part.strip()]
        if not 1 <= len(written) <= 6:
            raise ValidationError(
                "Skriv fra ett til seks klokkeslett med komma mellom, for eksempel 07.30, 15.00, 22.30."
            )
        try:
            return tuple(parse_time_of_day(part) for part in written)
        except ValueError as error:
            raise ValidationError(error.args[0]) from error


class RegisterQuery(Schema):
    """The address of the register: the unit, whose form is open, which of hers is changed, and whether patients are named."""

    unit = fields.UUID(load_default=None)
    person = fields.UUID(load_default=None)
    entry = fields.UUID(load_default=None)
    named = fields.Boolean(load_default=False)


class Delegate(Schema):
    """Body of "Gi fullmakt". `entry_id` and `version` where it takes the place of one. `named`: for the ticked patients alone."""

    unit_id = fields.UUID(required=True)
    practitioner_id = fields.UUID(required=True)
    entry_id = fields.UUID(load_default=None)
    version = StrictInteger(**_SEEN)
    acts = fields.List(_ACT, data_key="acts[]", load_default=list)
    named = fields.Boolean(load_default=False)
    patients = fields.List(fields.UUID(), data_key="patients[]", load_default=list)
    course_on = LastDay(required=True)
    tested_on = DayField(load_default=None)
    first_day = DayField(load_default=None)
    last_day = LastDay(required=True)


class Withdraw(Schema):
    """Body of "Trekk tilbake"."""

    unit_id = fields.UUID(required=True)
    practitioner_id = fields.UUID(required=True)
    entry_id = fields.UUID(required=True)
    version = StrictInteger(**_SEEN)
    reason = Text(200, required=True)


class ChooseShifts(Schema):
    """When shifts change in the unit, and whether as needed is cleared with a nurse first."""

    unit_id = fields.UUID(required=True)
    version = StrictInteger(**_SEEN)
    changes = ChangesField(required=True)
    cleared_with_nurse = fields.Boolean(load_default=False)


class ChooseCarried(Schema):
    """`<role>.<act>` for each that is ticked."""

    version = StrictInteger(**_SEEN)
    carried = fields.List(
        fields.String(validate=validate.OneOf([f"{role}.{act}" for role in CARRYING_ROLES for act in GIVING])),
        data_key="carried[]",
        load_default=list,
    )


def delegation_from(form: Mapping[str, Any]) -> Delegation:
    """What a validated Delegate says."""
    patients: tuple[UUID, ...] | None = tuple(form["patients"]) if form["named"] else None
    kept = ("course_on", "tested_on", "first_day", "last_day", "entry_id", "version")
    return Delegation(acts=frozenset(form["acts"]), patient_ids=patients, **{name: form[name] for name in kept})


def carried_from(ticked: list[str]) -> dict[str, set[Act]]:
    """The acts by role."""
    by_role: dict[str, set[Act]] = {}
    for each in ticked:
        role, _, act = each.partition(".")
        by_role.setdefault(role, set()).add(Act(act))
    return by_role
