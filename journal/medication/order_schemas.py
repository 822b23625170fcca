"""What comes in with an order by word of mouth, its answer, who stands in, and a renewal."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from journal.medication.rules.verbal import Act, AfterRefusal
from journal.medication.schemas import Answered, Change, ChangeStatus, Prescribe, VersionField
from journal.platform.fields import NAME, StrictInteger, Text
from journal.platform.language import phrase
from journal.platform.moment_field import DayField

MOST_LINES = 60
"""Of a rota."""


class SaidBy(Schema):
    """Who said it, and that it was read back to her."""

    prescriber_name = Text(120, required=True, validate=NAME)
    hpr_number = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9]{4,9}$", error=phrase("HPR-nummeret er bare sifre, vanligvis sju.")),
    )
    service = Text(120, required=True, validate=NAME)
    read_back = fields.Boolean(load_default=False)


class Receive(Prescribe, SaidBy):
    """Body of the form for an order by word of mouth. `seen`: the dosage in words, as it was shown to be read back."""

    seen = fields.String(load_default="")


class VerbalQuery(Schema):
    """The address of the form for what was said of an order in use: what it was."""

    act = fields.Enum(Act, by_value=True, load_default=Act.CHANGE)


class ReceiveChange(Change, SaidBy):
    """Body of the form for another dosage by word of mouth."""


class ReceiveStatus(ChangeStatus, SaidBy):
    """Body of the form for a pause, its end or a stop by word of mouth."""


class Refuse(Schema):
    """Body of "Avvis": the version of the order that was seen, and why."""

    version = StrictInteger(required=True, least=1)
    reason = Text(200, required=True)


class RefuseChange(Refuse, Answered):
    """Body of the page where a change, a pause or a stop by word of mouth is refused: and what is to hold now."""

    after = fields.Enum(AfterRefusal, by_value=True, required=True)


class MaybeId(fields.UUID):
    """As UUID; an empty field is None."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return None if value == "" else super().deserialize(value, attr, data, **kwargs)


def _lines(name: str, of: fields.Field[Any]) -> fields.List[Any]:
    return fields.List(of, data_key=name, load_default=list, validate=validate.Length(max=MOST_LINES))


class ChooseSigningRule(Schema):
    """Body of the form that says how long an order may stand unsigned, and who stands in: at the hours of each line of the rota
    (see rota_form), and at all others (empty: as the unit above)."""

    version = StrictInteger(required=True, least=0)
    within_hours = StrictInteger(required=True, least=1, most=168)
    stand_in_id = MaybeId(load_default=None)
    days = _lines("days[]", Text(12))
    starts = _lines("starts[]", Text(12))
    ends = _lines("ends[]", Text(12))
    who = _lines("who[]", MaybeId())


class LastDay(DayField):
    """As DayField; an empty one is refused."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        day = super()._deserialize(value, attr, data, **kwargs)
        if day is None:
            raise ValidationError(phrase("Fyll ut feltet."))
        return day


class Renew(Schema):
    """Body of the form that renews: the orders that are chosen, or with `all` those that stand in the form; the last day."""

    orders = fields.List(VersionField(), data_key="orders[]", load_default=list)
    listed = fields.List(VersionField(), data_key="listed[]", load_default=list)
    all = fields.Boolean(load_default=False)
    last_day = LastDay(required=True)
