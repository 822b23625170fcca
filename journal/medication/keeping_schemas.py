"""What comes in from the pages of the account of controlled drugs."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from journal.medication.dosage_form import MaybeAmount
from journal.medication.rules.ledger import BY_HAND, Cause, EntryKind, PlaceKind, WasteReason
from journal.platform.fields import AmountField, StrictInteger, Text

_NAMED = tuple(kind for kind in PlaceKind if kind is not PlaceKind.PATIENT)


class _MaybeReason(fields.Enum[WasteReason]):
    """Why it was wasted; empty is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if value == "" else super().deserialize(value, attr, data, **kwargs)


class OpenPlace(Schema):
    """A new keeping place: what it is, and what it is called."""

    kind = fields.Enum(PlaceKind, by_value=True, required=True, validate=validate.OneOf(_NAMED))
    name = Text(60, required=True)


class PlaceQuery(Schema):
    """The address of a place: what is sought for a new ledger, or the product that was chosen."""

    q = Text(80, load_default="")
    item = fields.UUID(load_default=None)


class StartLedger(Schema):
    """A product strength that the place did not have, and what is there now."""

    item = fields.UUID(required=True)
    counted = AmountField(required=True)


class Count(Schema):
    """What is there of each ledger; an empty field was not counted."""

    ledgers = fields.List(fields.UUID(), data_key="ledger[]", required=True)
    counted = fields.List(MaybeAmount(), data_key="counted[]", required=True)

    @validates_schema
    def of_something(self, data: dict[str, Any], **_: Any) -> None:
        """One field for each ledger, and something in one of them."""
        if len(data.get("ledgers", ())) != len(data.get("counted", ())) or not any(
            there is not None for there in data["counted"]
        ):
            raise ValidationError("Skriv hvor mye som er der av minst ett legemiddel.", "counted[]")


def counted_of(form: dict[str, Any]) -> dict[UUID, Decimal]:
    """What was counted, by ledger."""
    both = zip(form["ledgers"], form["counted"], strict=True)
    return {ledger_id: there for ledger_id, there in both if there is not None}


class Enter(Schema):
    """What came or went by hand; a waste with its reason."""

    kind = fields.Enum(EntryKind, by_value=True, required=True, validate=validate.OneOf(BY_HAND))
    amount = AmountField(required=True)
    reason = _MaybeReason(WasteReason, by_value=True, load_default=None)


class OfEntry(Schema):
    """An entry, by its number in the place."""

    number = StrictInteger(required=True, least=1)


class Explain(OfEntry):
    """Why a count differed."""

    cause = fields.Enum(Cause, by_value=True, required=True)


class WithdrawFor(Schema):
    """Which ledger a dose was taken from."""

    ledger = fields.UUID(required=True)


class ChooseLedger(Schema):
    """What the municipality accounts for, and whether a count shows what the account says. `version`: the choice that was seen."""

    version = StrictInteger(required=True, least=0)
    group_b = fields.Boolean(load_default=False)
    show_expected = fields.Boolean(load_default=False)
