"""What comes in from the forms of who may open a chart."""

from marshmallow import Schema, fields, validate

from journal.access import ASKED
from journal.platform.fields import Text
from journal.platform.moment_field import DayField


class AskFor(Schema):
    """The kind of ground, whose it is to be (a unit's or a person's id), and the last day; empty where it has no end."""

    ground = Text(30, required=True, validate=validate.OneOf(ASKED, error="Velg hvorfor."))
    to = fields.UUID(required=True)
    until = DayField(load_default=None)
