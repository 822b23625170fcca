"""What comes in from the administrator's forms."""

from marshmallow import Schema, fields, validate

from journal.municipalities.role_rules import AUTHORISATIONS, EMPLOYED
from journal.platform.fields import NAME, Text

KINDS = ("nursing_home", "ward", "home_care", "district", "doctors", "office")


def hpr_field() -> fields.String:
    """Empty for those who have none."""
    return fields.String(
        load_default="", validate=validate.Regexp(r"^([0-9]{4,9})?\Z", error="HPR-nummer er 4 til 9 sifre.")
    )


def authorisation_field() -> fields.String:
    """What HPR says she is (Volven 9060); empty where it is known, or the role needs none."""
    return fields.String(load_default="", validate=validate.OneOf(["", *AUTHORISATIONS]))


class AddUnit(Schema):
    name = Text(120, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    parent_id = fields.UUID(required=True)


class AddStaff(Schema):
    """An employee with a role that one person may give."""

    name = Text(120, required=True, validate=NAME)
    role = fields.String(required=True, validate=validate.OneOf(EMPLOYED))
    unit_id = fields.UUID(required=True)
    hpr_number = hpr_field()
    authorisation = authorisation_field()
