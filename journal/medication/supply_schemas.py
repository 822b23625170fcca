"""What comes in of where a medicine comes from, who gives it, and what replaces it while it is paused."""

from typing import Any

from marshmallow import Schema, fields

from journal.medication.rules import GivenBy, Supply
from journal.platform.fields import StrictInteger, Text


class MaybeSupply(fields.Enum[Supply]):
    """As Enum; an empty field is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if value == "" else super().deserialize(value, attr, data, **kwargs)


class Supplied(Schema):
    """Of an order: from what supply (empty: the usual one), and who gives it."""

    supply = MaybeSupply(Supply, by_value=True, load_default=None)
    given_by = fields.Enum(GivenBy, by_value=True, load_default=GivenBy.UNIT)


class ChangeSupply(Schema):
    """Body of the form that changes it: the version that was seen, and why."""

    version = StrictInteger(required=True, least=1)
    supply = fields.Enum(Supply, by_value=True, required=True)
    given_by = fields.Enum(GivenBy, by_value=True, required=True)
    reason = Text(200, required=True)
