"""What comes in from the page of the patient's restrictions."""

from typing import Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from journal.access import PARTS, AskedToClose
from journal.platform.fields import Text
from journal.platform.moment_field import DayField, MomentField


class Restrict(Schema):
    """What the patient asks to have closed; a person or a unit, and no end for until it is lifted."""

    category = Text(20, required=True, validate=validate.OneOf(list(PARTS), error="Velg hva som skal sperres."))
    person_id = fields.UUID(load_default=None, allow_none=True)
    unit_id = fields.UUID(load_default=None, allow_none=True)
    asked_by = Text(120, required=True)
    asked_on = DayField(required=True)
    until = MomentField(load_default=None)

    @pre_load
    def chosen(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """A list in which nothing is chosen sends an empty text; a day that is left empty is left out."""
        return {name: value for name, value in data.items() if value != "" or name in ("category", "asked_by")}

    @post_load
    def gathered(self, data: dict[str, Any], **_: Any) -> AskedToClose:
        return AskedToClose(**data)
