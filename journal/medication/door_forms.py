"""What comes in from the page of the list at the hospital door, and the municipality's limit for it."""

from marshmallow import Schema, fields

from journal.medication.schemas import VersionField
from journal.platform.fields import StrictInteger, Text


class ConfirmLines(Schema):
    """The orders that go on as they were, each with its version; by a list, or by what somebody at the hospital said."""

    lines = fields.List(VersionField(), data_key="lines[]", load_default=list)
    said_by = Text(200, load_default="")
    document_id = fields.UUID(load_default=None)


class ChooseDoorHours(Schema):
    """The limit, and the version of the choice that was seen (0 for none)."""

    version = StrictInteger(required=True, least=0)
    within_hours = StrictInteger(required=True, least=1, most=168)
