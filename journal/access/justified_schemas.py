"""What comes in from the door page, from the leader's list and from the settings of justified access."""

from marshmallow import Schema, fields, validate

from journal.access.held import LONGEST_PATH
from journal.access.justified_rules import MOST_WORDS, TOLD, Outcome, Reason
from journal.municipalities import Proposing
from journal.platform.fields import StrictInteger, Text
from journal.platform.language import LANGUAGES


class Justify(Schema):
    """A reason of the list; the words count where it is another."""

    reason = fields.Enum(Reason, by_value=True, required=True)
    reason_text = Text(MOST_WORDS, load_default="")


class GoOn(Schema):
    """What she answers when the patient seems to be near to her, and the page she was on the way to."""

    reason = fields.Enum(Reason, by_value=True, required=True)
    page = Text(LONGEST_PATH, load_default="")


class OpenClosed(Schema):
    """A weighty ground."""

    reason = fields.Enum(Reason, by_value=True, required=True)


class OpenRest(Schema):
    """Why the drawer is opened, and the part of the chart that is looked for."""

    reason = fields.Enum(Reason, by_value=True, required=True)
    part = fields.String(required=True, validate=validate.OneOf(["notes", "observations"]))


class Nothing(Schema):
    """A button alone."""


class Decide(Schema):
    """What she came to, and the newest answer that she saw (0 for none)."""

    outcome = fields.Enum(Outcome, by_value=True, required=True)
    version = StrictInteger(required=True, least=0, most=1000)


class Tell(Schema):
    """How the patient got to know."""

    how = fields.String(required=True, validate=validate.OneOf(list(TOLD)))


class Letter(Schema):
    """The language she reads."""

    language = fields.String(load_default="nb", validate=validate.OneOf(list(LANGUAGES)))


class ChooseLimits(Proposing):
    """In hours, and how many in an hour are many."""

    emergency_hours = StrictInteger(required=True, least=1, most=24)
    other_hours = StrictInteger(required=True, least=1, most=72)
    review_hours = StrictInteger(required=True, least=24, most=336)
    most_in_an_hour = StrictInteger(required=True, least=1, most=50)
    version = StrictInteger(required=True, least=0, most=100000)
