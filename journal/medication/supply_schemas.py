"""What comes in of where a medicine comes from, who gives it, and what replaces it while it is paused."""

from typing import Any

from marshmallow import Schema, fields

from journal.medication.rules import GivenBy, Supply
from journal.medication.rules.pausing import Replacement
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import DayField


class _Empty:
    """As the field it is put before; an empty one is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        above: Any = super()
        return None if value == "" else above.deserialize(value, attr, data, **kwargs)


class MaybeSupply(_Empty, fields.Enum[Supply]):
    """A supply; empty is None."""


class MaybeReplacement(_Empty, fields.Enum[Replacement]):
    """What is given instead; empty is None."""


class MaybeId(_Empty, fields.UUID):
    """An id; empty is None."""


class Supplied(Schema):
    """Of an order: from what supply (empty: the usual one), and who gives it."""

    supply = MaybeSupply(Supply, by_value=True, load_default=None)
    given_by = fields.Enum(GivenBy, by_value=True, load_default=GivenBy.UNIT)


class Hold(Schema):
    """Body of "Sett på pause": the version that was seen, why, and of some medicines until when and what instead."""

    version = StrictInteger(required=True, least=1)
    reason = Text(200, required=True)
    until = DayField(load_default=None)
    replacement = MaybeReplacement(Replacement, by_value=True, load_default=None)
    replaced_by = MaybeId(load_default=None)
    because = Text(200, load_default="")


class ChangeSupply(Schema):
    """Body of the form that changes it: the version that was seen, and why."""

    version = StrictInteger(required=True, least=1)
    supply = fields.Enum(Supply, by_value=True, required=True)
    given_by = fields.Enum(GivenBy, by_value=True, required=True)
    reason = Text(200, required=True)
