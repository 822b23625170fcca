"""What comes in from the page of the patient's restrictions."""

from typing import Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from journal.access import PARTS, AskedToClose, SomeNotes
from journal.platform.clock import day_bounds
from journal.platform.fields import Text
from journal.platform.moment_field import DayField, MomentField


class Restrict(Schema):
    """What the patient asks to have closed, and to whom; no end for until it is lifted. Of notes: which of them."""

    category = Text(20, required=True, validate=validate.OneOf(list(PARTS), error="Velg hva som skal sperres."))
    person_id = fields.UUID(load_default=None, allow_none=True)
    unit_id = fields.UUID(load_default=None, allow_none=True)
    everyone = fields.Boolean(load_default=False)
    asked_by = Text(120, required=True)
    asked_on = DayField(required=True)
    until = MomentField(load_default=None)
    note_id = fields.UUID(load_default=None, allow_none=True)
    written_by = fields.UUID(load_default=None, allow_none=True)
    written_since = DayField(load_default=None)
    written_until = DayField(load_default=None)

    @pre_load
    def chosen(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """A list in which nothing is chosen sends an empty text; a day that is left empty is left out."""
        return {name: value for name, value in data.items() if value != "" or name in ("category", "asked_by")}

    @post_load
    def gathered(self, data: dict[str, Any], **_: Any) -> AskedToClose:
        first, last = data.pop("written_since"), data.pop("written_until")
        some = SomeNotes(
            data.pop("note_id"),
            data.pop("written_by"),
            day_bounds(first)[0] if first else None,
            day_bounds(last)[1] if last else None,
        )
        return AskedToClose(**data, notes=some if any(vars(some).values()) else None)
