"""What comes in from the pages of what was given while the journal was away, and of when it was."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from journal.medication.dosage_form import MaybeAmount
from journal.medication.rules import Reason
from journal.medication.rules.downtime import Known
from journal.medication.schemas import ClockField, MaybeClock
from journal.medication.settle_forms import REASONS
from journal.platform.clock import instant
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import DayField

_GIVER: dict[str, Any] = {"required": True, "error_messages": {"invalid_uuid": "Velg hvem som ga dosen."}}


class Asked(Schema):
    """The address of a patient's page: who gave the dose that was written in last, so that she need not be chosen anew."""

    giver = fields.UUID(load_default=None)


class AllGiven(Schema):
    """These doses, those that were seen, were all given when they were to be, by her."""

    giver_id = fields.UUID(**_GIVER)
    doses = fields.List(fields.UUID(), data_key="doses[]", required=True)


class Outcome(StrEnum):
    """What the paper says of a dose."""

    ON_TIME = "on-time"
    AT = "at"
    NOT_GIVEN = "not-given"
    UNKNOWN = "unknown"


class WriteIn(Schema):
    """One dose: given when it was to be or at a time, by her; not given for a reason; or nobody knows, and who was asked."""

    outcome = fields.Enum(Outcome, by_value=True, required=True)
    giver_id = fields.UUID(load_default=None, error_messages={"invalid_uuid": "Velg hvem som ga dosen."})
    given_time = MaybeClock(load_default=None)
    given_day = DayField(load_default=None)
    reason = fields.Enum(Reason, by_value=True, load_default=None)
    text = Text(200, load_default="")

    @validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        """What each outcome must say."""
        outcome = data["outcome"]
        if outcome in (Outcome.ON_TIME, Outcome.AT) and data["giver_id"] is None:
            raise ValidationError("Velg hvem som ga dosen.", "giver_id")
        if outcome is Outcome.AT and data["given_time"] is None:
            raise ValidationError("Skriv når dosen ble gitt.", "given_time")
        if outcome is Outcome.NOT_GIVEN and data["reason"] not in REASONS:
            raise ValidationError("Velg hvorfor dosen ikke ble gitt.", "reason")


class AsNeededByPaper(Schema):
    """A dose as needed: by whom and when; how much where the order leaves a choice."""

    giver_id = fields.UUID(**_GIVER)
    given_time = ClockField(required=True)
    given_day = DayField(load_default=None)
    amount = MaybeAmount(load_default=None)


class _Times(Schema):
    """From when until when, as days and clock times in Oslo."""

    began_day = DayField(required=True)
    began_time = ClockField(required=True)
    ended_day = DayField(required=True)
    ended_time = ClockField(required=True)


class SayDowntime(_Times):
    """A time when the journal was away; no unit is the whole municipality."""

    unit_id = fields.UUID(load_default=None)
    why = Text(300, required=True)


class AnswerDowntime(_Times):
    """Whether it was so."""

    version = StrictInteger(required=True, least=1)
    status = fields.Enum(Known, by_value=True, required=True)


def with_instants(form: dict[str, Any]) -> dict[str, Any]:
    """The form with `began_at` and `ended_at` for its days and times."""
    times: dict[str, datetime] = {
        f"{end}_at": instant(form.pop(f"{end}_day"), form.pop(f"{end}_time")) for end in ("began", "ended")
    }
    return form | times
