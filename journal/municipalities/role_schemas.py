"""What comes in from "Hvem får se hva" and from the proposals that take two persons."""

from datetime import date

from marshmallow import Schema, ValidationError, fields, validate

from journal.municipalities.role_rules import AUTHORISATIONS, LENT, WITH_ANOTHER
from journal.municipalities.schemas import authorisation_field, hpr_field
from journal.municipalities.second import Proposing
from journal.platform.fields import NAME, EmptyId, Text
from journal.platform.moment_field import DayField


def _given(day: date | None) -> None:
    if day is None:
        raise ValidationError("Fyll ut feltet.")


class SeatsQuery(Schema):
    """The address of the page: which unit."""

    unit = fields.UUID(load_default=None)


class Lend(Schema):
    unit_id = fields.UUID(required=True)
    agreement_id = fields.UUID(required=True)


class EndRole(Schema):
    """The unit one looks at, to come back to."""

    unit_id = fields.UUID(required=True)


class NameLeader(Schema):
    unit_id = fields.UUID(required=True)
    practitioner_id = fields.UUID(required=True)
    last_day = DayField(required=True, validate=_given)


class NameSubstitute(Schema):
    unit_id = fields.UUID(required=True)
    name = Text(120, required=True, validate=NAME)
    role = fields.String(required=True, validate=validate.OneOf(LENT))
    hpr_number = hpr_field()
    authorisation = authorisation_field()
    agency = Text(120, load_default="")
    last_day = DayField(required=True, validate=_given)


class TakeStudent(Schema):
    unit_id = fields.UUID(required=True)
    name = Text(120, required=True, validate=NAME)
    supervisor_id = fields.UUID(required=True)
    last_day = DayField(required=True, validate=_given)


class EndAuthorisation(Schema):
    unit_id = fields.UUID(required=True)
    practitioner_id = fields.UUID(required=True)
    code = fields.String(required=True, validate=validate.OneOf(list(AUTHORISATIONS)))


class Propose(Proposing):
    """Somebody who works here, or the name of somebody new."""

    role = fields.String(required=True, validate=validate.OneOf(WITH_ANOTHER))
    unit_id = fields.UUID(required=True)
    practitioner_id = EmptyId(load_default=None)
    name = Text(120, load_default="", validate=NAME)
