"""What comes in from the page of what a shift leaves behind."""

from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from journal.medication.rules import OFFERED, Caution, Reason
from journal.medication.schemas import MaybeClock
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import DayField

REASONS = tuple(
    reason for reason in OFFERED if not reason.needs_text and not reason.needs_amount and reason is not Reason.LAID_OUT
)
"""What a dose of hours ago may be said not to have been given for."""


class Outcome(StrEnum):
    """What became of a dose that nobody signed."""

    GIVEN = "given"
    NOT_GIVEN = "not-given"
    UNKNOWN = "unknown"


class Settle(Schema):
    """What became of it: given at a time, not given for a reason, or nobody knows. `confirmed` as when it is signed."""

    request_version = StrictInteger(required=True, least=1)
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    given_time = MaybeClock(load_default=None)
    given_day = DayField(load_default=None)
    reason = fields.Enum(Reason, by_value=True, load_default=None, validate=validate.OneOf(REASONS))
    confirmed = fields.List(fields.Enum(Caution, by_value=True), data_key="confirmed[]", load_default=list)

    @validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        """A dose of hours ago was not given now."""
        if data["outcome"] is Outcome.GIVEN and data["given_time"] is None:
            raise ValidationError("Skriv når dosen ble gitt.", "given_time")
        if data["outcome"] is Outcome.NOT_GIVEN and data["reason"] is None:
            raise ValidationError("Velg hvorfor dosen ikke ble gitt.", "reason")


class HandOn(Schema):
    """The colleague who takes it over, and what she should know."""

    request_version = StrictInteger(required=True, least=1)
    to_person_id = fields.UUID(required=True, error_messages={"invalid_uuid": "Velg en kollega i enheten."})
    note = Text(300, load_default="")
