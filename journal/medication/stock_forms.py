"""What comes in from the pages of the ward's stock."""

from datetime import date

from marshmallow import Schema, ValidationError, fields

from journal.platform.fields import AmountField, StrictInteger, Text
from journal.platform.moment_field import DayField


def _is_said(day: date | None) -> None:
    if day is None:
        raise ValidationError("Skriv datoen som står på pakningen.")


class StockQuery(Schema):
    """The address of the page: what is sought, or the product that was chosen."""

    q = Text(80, load_default="")
    item = fields.UUID(load_default=None)


class KeepInStock(Schema):
    """A product, and the least that is wanted of it."""

    item = fields.UUID(required=True)
    lowest = AmountField(required=True)


class WantInStock(Schema):
    """The least that is wanted; `version`: the choice that was seen."""

    version = StrictInteger(required=True, least=1)
    lowest = AmountField(required=True)


class OfBatch(Schema):
    """A batch, by the number on the pack and its last day of use."""

    batch = Text(40, required=True)
    expires_on = DayField(required=True, validate=_is_said)


class ReceiveStock(OfBatch):
    """What came of it."""

    amount = AmountField(required=True)


class CountStock(Schema):
    """What is there."""

    counted = AmountField(required=True)
