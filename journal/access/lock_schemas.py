"""What comes in from the lock, the PIN and the devices."""

from marshmallow import Schema, fields, validate

from journal.access.devices import KINDS
from journal.platform.fields import Text


class Unlock(Schema):
    """Who comes back, and her PIN."""

    session_id = fields.UUID(required=True)
    pin = fields.String(load_default="", validate=validate.Length(max=64))


class ChoosePin(Schema):
    """Twice the same."""

    pin = fields.String(load_default="", validate=validate.Length(max=64))
    again = fields.String(load_default="", validate=validate.Length(max=64))


class EnrolDevice(Schema):
    """A device of the unit one acts in."""

    name = Text(60, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
