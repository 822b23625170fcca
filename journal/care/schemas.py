"""What comes in from the forms of care."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from journal.care.rules import ABSENCES, INCIDENTS, SERVICES, SEVERITIES, STAYS, TASKS
from journal.care.service import Account
from journal.platform import clock
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import MomentField

# A service in a form: its code system and code in one.
SERVICE_CODES = {f"{system}-{code}": (system, code) for system, code in SERVICES}
REASON = 300


class AddTask(Schema):
    """Something to do, and by when."""

    what = Text(500, required=True)
    due_at = MomentField(load_default=None)


class CompleteTask(Schema):
    """What came of it; may be empty."""

    outcome = Text(1000, load_default="")


class UnitTasks(Schema):
    """The address of the unit's tasks: one kind of them, or all."""

    kind = fields.String(load_default=None, validate=validate.OneOf(list(TASKS)))


class AnswerEffect(Schema):
    """How strong the trouble is after a medicine as needed; after an opioid also how awake she is, and her breaths a minute."""

    score = StrictInteger(required=True, least=0, most=10)
    sedation = StrictInteger(load_default=None, least=0, most=3)
    respiration = StrictInteger(load_default=None, least=2, most=80)


class MarkInError(Schema):
    """Why all of it is wrong."""

    reason = Text(REASON, required=True)


class Admit(Schema):
    """A stay that begins. An empty time is now."""

    unit_id = fields.UUID(required=True, error_messages={"invalid_uuid": "Velg en av dine egne avdelinger."})
    kind = Text(20, required=True, validate=validate.OneOf(STAYS, error="Velg langtidsopphold eller korttidsopphold."))
    room = Text(40, load_default="")
    valid_from = MomentField(load_default=None)
    expected_until = MomentField(load_default=None)


class Transfer(Schema):
    """The ward to move to, and the room there. An empty time is now."""

    unit_id = fields.UUID(required=True, error_messages={"invalid_uuid": "Velg en annen avdeling i kommunen."})
    room = Text(40, load_default="")
    at = MomentField(load_default=None)


class End(Schema):
    """When a stay or a service ended. An empty time is now."""

    at = MomentField(load_default=None)


class Leave(Schema):
    """An absence from the stay. An empty time is now."""

    kind = Text(20, required=True, validate=validate.OneOf(ABSENCES, error="Velg permisjon eller sykehus."))
    place = Text(120, load_default="")
    valid_from = MomentField(load_default=None)
    expected_until = MomentField(load_default=None)


class ToHospital(Schema):
    """Which hospital, and when the patient left. An empty time is now."""

    place = Text(120, load_default="")
    valid_from = MomentField(load_default=None)


class _Decision(Schema):
    """The unit that answers for a service, and the decision behind it. An empty date is today."""

    provider_unit_id = fields.UUID(required=True, error_messages={"invalid_uuid": "Velg en enhet i kommunen."})
    decision_on = MomentField(whole_days=True, load_default=None)
    decision_number = Text(40, load_default="")

    @post_load
    def date_of_decision(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The day of the decision in Oslo."""
        at = data["decision_on"]
        return {**data, "decision_on": clock.local_date(at) if at else None}


class GrantService(_Decision):
    """A decision on a service that begins now, or on the day that is said."""

    service = Text(20, required=True, validate=validate.OneOf(SERVICE_CODES, error="Velg en helsetjeneste fra listen."))
    valid_from = MomentField(whole_days=True, load_default=None)

    @post_load
    def code_of_service(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The code system and the code apart."""
        data["system"], data["code"] = SERVICE_CODES[data.pop("service")]
        return data


class ChangeService(_Decision):
    """The service as it is from now on, the version that was seen, and why."""

    version = StrictInteger(required=True, least=1)
    reason = Text(REASON, required=True)


class ReportIncident(Schema):
    """What went wrong. An empty time is now."""

    kind = Text(20, required=True, validate=validate.OneOf(INCIDENTS, error="Velg hva slags avvik det er."))
    severity = Text(10, required=True, validate=validate.OneOf(SEVERITIES, error="Velg hvor alvorlig det var."))
    text = Text(4000, required=True, multiline=True)
    measures = Text(4000, load_default="", multiline=True)
    effective_at = MomentField(load_default=None)

    @post_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What is told together as *account*, beside what it belongs to."""
        told = {name: data.pop(name) for name in ("kind", "severity", "text", "measures", "effective_at")}
        return {**data, "account": Account(**told)}


class CorrectIncident(ReportIncident):
    """An incident with its correction, the version that was seen, and why it is corrected."""

    version = StrictInteger(required=True, least=1)
    reason = Text(REASON, required=True)


class Nothing(Schema):
    """A button."""
