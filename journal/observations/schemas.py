"""What comes in from the forms of observations."""

from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, post_load, validate

from journal.observations import rules
from journal.platform.fields import Text
from journal.platform.moment_field import MomentField
from journal.platform.quantity import NotAnAmount, typed_decimal


class RecordObservation(Schema):
    """One measurement; an empty time is now. Numbers are read last: the sentence about one names what was measured."""

    code = Text(20, required=True, validate=validate.OneOf(rules.KINDS, error="Velg hva som er målt."))
    value = Text(20, required=True)
    value2 = Text(20, load_default="")
    effective_at = MomentField(load_default=None)

    @post_load
    def read_numbers(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The amounts as Decimal; an empty second value is none."""
        data["value"] = _amount("value", data["value"], rules.wanted(rules.KINDS[data["code"]]))
        data["value2"] = _amount("value2", data["value2"], rules.WANTED_DIASTOLIC) if data["value2"] else None
        return data


class MarkInError(Schema):
    """Why the measurement is wrong."""

    reason = Text(200, required=True)


def _amount(field: str, text: str, sentence: str) -> Decimal:
    try:
        return typed_decimal(text)
    except NotAnAmount as error:
        raise ValidationError({field: [sentence]}) from error
