"""What comes in from the page of what was given without an order."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from journal.medication.rules.without_order import Cause
from journal.medication.schemas import MaybeClock
from journal.platform.fields import AmountField, Text
from journal.platform.moment_field import DayField
from journal.platform.quantity import UNITS


class Search(Schema):
    """The address of the page: what is searched for, or the product that is chosen."""

    q = Text(80, load_default="")
    item = fields.UUID(load_default=None)


class RecordUnordered(Schema):
    """A product of the catalogue (`item`) or what is written (`medicine`), how much, when (empty is now), and why."""

    item = fields.UUID(load_default=None)
    medicine = Text(200, load_default="")
    amount = AmountField(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(list(UNITS), error="Velg en enhet."))
    given_time = MaybeClock(load_default=None)
    given_day = DayField(load_default=None)
    cause = fields.Enum(Cause, by_value=True, required=True)
    reason = Text(500, required=True)

    @validates_schema
    def named(self, data: dict[str, Any], **_: Any) -> None:
        """One of the two says what it was."""
        if data["item"] is None and not data["medicine"]:
            raise ValidationError("Skriv hvilket legemiddel det var, eller velg det i katalogen.", "medicine")


class MarkInError(Schema):
    """Why it is wrong."""

    reason = Text(300, required=True)
