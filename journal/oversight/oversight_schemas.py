"""The forms of unusual access."""

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from journal.municipalities import Proposing
from journal.oversight.inquiries import KINDS, NewStep
from journal.platform import clock
from journal.platform.errors import Invalid
from journal.platform.fields import EmptyId, StrictInteger, Text
from journal.platform.language import phrase
from journal.platform.moment_field import MomentField


class IsoDay(fields.Field[date]):
    """A day as a page of ours writes it in an address: `2026-11-22`."""

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise ValidationError(phrase("Datoen finnes ikke.")) from error


class Period(Schema):
    """The days that are looked through, the last one with it; empty: the last seven. Or one look, from the list."""

    since = MomentField(whole_days=True, load_default=None)
    until = MomentField(whole_days=True, load_default=None)
    actor = fields.UUID(load_default=None)
    patient = fields.UUID(load_default=None)
    day = IsoDay(load_default=None)


def look_of(sent: dict[str, Any]) -> dict[str, Any]:
    """Which look a form was about, when the rest of it must be corrected. Raises Invalid."""
    try:
        return dict(Period().load(sent))
    except ValidationError as error:
        raise Invalid() from error


class StepForm(Schema):
    """The next step of an inquiry."""

    kind = fields.String(required=True, validate=validate.OneOf([kind for kind in KINDS if kind != "answered"]))
    text = Text(4000, required=True, multiline=True)
    asked_id = EmptyId(load_default=None)
    owner_name = Text(120, load_default="")
    due_on = MomentField(whole_days=True, load_default=None)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        step = {name: data.pop(name) for name in ("kind", "text", "asked_id")}
        due, owner = data.pop("due_on"), data.pop("owner_name")
        data["step"] = NewStep(**step, owner_name=owner or None, due_on=clock.local_date(due) if due else None)
        return data


class Decide(StepForm):
    """The first step: which look it is about, too."""

    actor = fields.UUID(required=True)
    patient = fields.UUID(load_default=None)
    day = IsoDay(required=True)


class Answer(Schema):
    text = Text(4000, required=True, multiline=True)


class TryRule(Schema):
    """A threshold to try; empty: the one that is used."""

    threshold = StrictInteger(least=0, most=1000, load_default=None, allow_none=True)


class UseRule(Proposing):
    threshold = StrictInteger(least=0, most=1000, required=True)
    active = fields.Boolean(load_default=False)


class Mark(Schema):
    marked = fields.Boolean(load_default=False)
