"""What comes in from the administrator's forms."""

from marshmallow import Schema, fields, validate

from journal.permissions import Role
from journal.platform.fields import Text

KINDS = ("nursing_home", "ward", "home_care", "district", "doctors")
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)


class AddUnit(Schema):
    name = Text(120, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    parent_id = fields.UUID(required=True)


class AddStaff(Schema):
    """An employee with a role; the HPR number may be empty for those who have none."""

    name = Text(120, required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    unit_id = fields.UUID(required=True)
    hpr_number = fields.String(
        load_default="", validate=validate.Regexp(r"^([0-9]{4,9})?\Z", error="HPR-nummer er 4 til 9 sifre.")
    )
