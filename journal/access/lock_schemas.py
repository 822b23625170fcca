"""What comes in from the lock, the PIN and the devices."""

from marshmallow import Schema, fields, validate

from journal.access.devices import KINDS
from journal.platform.fields import Text

LONGEST = 8000  # of what a passkey answers; most take a tenth


class Unlock(Schema):
    """Who comes back, and her PIN, or what her passkey answered."""

    session_id = fields.UUID(required=True)
    pin = fields.String(load_default="", validate=validate.Length(max=64))
    credential = fields.String(load_default="", validate=validate.Length(max=LONGEST))


class WhoComesBack(Schema):
    session_id = fields.UUID(required=True)


class NewPasskey(Schema):
    """What the browser made, as JSON."""

    credential = fields.String(required=True, validate=validate.Length(max=LONGEST))


class ChoosePin(Schema):
    """Twice the same."""

    pin = fields.String(load_default="", validate=validate.Length(max=64))
    again = fields.String(load_default="", validate=validate.Length(max=64))


class EnrolDevice(Schema):
    """A device of the unit one acts in."""

    name = Text(60, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
