"""What comes in from the forms of care."""

from marshmallow import Schema, fields, validate

from journal.care.rules import ABSENCES, STAYS
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import MomentField


class AddTask(Schema):
    """Something to do, and by when."""

    what = Text(500, required=True)
    due_at = MomentField(load_default=None)


class CompleteTask(Schema):
    """What came of it; may be empty."""

    outcome = Text(1000, load_default="")


class AnswerEffect(Schema):
    """How strong the trouble is after a medicine as needed."""

    score = StrictInteger(required=True, least=0, most=10)


class Admit(Schema):
    """A stay that begins. An empty time is now."""

    unit_id = fields.UUID(required=True, error_messages={"invalid_uuid": "Velg en av dine egne avdelinger."})
    kind = Text(20, required=True, validate=validate.OneOf(STAYS, error="Velg langtidsopphold eller korttidsopphold."))
    room = Text(40, load_default="")
    valid_from = MomentField(load_default=None)
    expected_until = MomentField(load_default=None)


class Discharge(Schema):
    """When the stay ended. An empty time is now."""

    at = MomentField(load_default=None)


class Leave(Schema):
    """An absence from the stay. An empty time is now."""

    kind = Text(20, required=True, validate=validate.OneOf(ABSENCES, error="Velg permisjon eller sykehus."))
    place = Text(120, load_default="")
    valid_from = MomentField(load_default=None)
    expected_until = MomentField(load_default=None)


class Nothing(Schema):
    """A button."""
