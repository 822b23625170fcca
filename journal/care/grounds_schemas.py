"""What comes in from the forms of who may open a chart."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from journal.access import ASKED
from journal.platform import clock
from journal.platform.fields import Text
from journal.platform.moment_field import MomentField


class AskFor(Schema):
    """The kind of ground, whose it is to be (a unit's or a person's id), and the last day; empty where it has no end."""

    ground = Text(30, required=True, validate=validate.OneOf(ASKED, error="Velg hvorfor."))
    to = fields.UUID(required=True)
    until = MomentField(whole_days=True, load_default=None)

    @post_load
    def last_day(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The last day in Oslo."""
        return {**data, "until": clock.local_date(data["until"]) if data["until"] else None}
