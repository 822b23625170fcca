"""What comes in of dosetts and multidose rolls."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from journal.medication.rules import Reason
from journal.medication.rules.roll import NotARollLine, RollLine, read_roll
from journal.medication.schemas import VersionField
from journal.platform.fields import Text
from journal.platform.moment_field import DayField


class _OfBag(Schema):
    """Which bag of the dosett or roll: the time it is for."""

    at = fields.AwareDateTime(required=True, format="iso")


class GiveBag(_OfBag):
    """Body of "Gitt" on a bag: the doses that were seen, each with the version of its order, and what was confirmed."""

    doses = fields.List(VersionField(), data_key="doses[]", required=True)
    confirmed = fields.List(Text(40), data_key="confirmed[]", load_default=list)


class NotGiveBag(GiveBag):
    """Body of "Ikke gitt" on a bag."""

    reason = fields.Enum(Reason, by_value=True, required=True)


class AllBut(NotGiveBag):
    """Body of "Alt unntatt": which of the doses were not given, as they stand in `doses`."""

    but = fields.List(VersionField(), data_key="but[]", load_default=list)


class TakeOut(_OfBag):
    """Body of "Tatt ut": the lines that were."""

    lines = fields.List(fields.UUID(), data_key="lines[]", required=True)


class GiveUp(_OfBag):
    """Body of "Kan ikke rettes"."""

    reason = Text(200, required=True)


class UndoBag(_OfBag):
    """Body of "Angre" after a bag."""


class StartsOn(Schema):
    """The address of the dosett page: the first day, as people write it; empty is tomorrow."""

    starts_on = DayField(load_default=None)


class LayIn(Schema):
    """Body of "Ferdig": the first day, the orders that were seen with their versions, and those that were not laid in."""

    starts_on = DayField(required=True)
    seen = fields.List(VersionField(), data_key="seen[]", load_default=list)
    left_out = fields.List(fields.UUID(), data_key="left_out[]", load_default=list)


class _RollField(fields.Field[tuple[RollLine, ...]]):
    """The lines of a roll as read_roll reads them."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[RollLine, ...]:
        try:
            return read_roll(str(value))
        except NotARollLine as error:
            raise ValidationError(error.args[0]) from error


class ReceiveRoll(Schema):
    """Body of "Ta imot": who packed it, its first and last day, and what lies in it."""

    pharmacy = Text(100, required=True)
    starts_on = DayField(required=True)
    ends_on = DayField(required=True)
    lines = _RollField(required=True)


class AcceptRoll(Schema):
    """Body of "Godta rullen"; a reason where it differs from the list."""

    reason = Text(200, load_default="")


class SendBack(Schema):
    """Body of "Send tilbake"."""

    reason = Text(200, required=True)
