"""What comes in to a municipality's procedure list, and when a nurse gives by it."""

from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from journal.medication.order_schemas import LastDay
from journal.medication.rules.procedures import ROLES
from journal.medication.schemas import SeenField
from journal.platform.fields import AmountField, StrictInteger, Text
from journal.platform.language import phrase

_DOSES: dict[str, Any] = {"required": True, "least": 1, "most": 24}


class ProcedureQuery(Schema):
    """The address of the list: what is sought for a new line, or the product that was chosen."""

    q = Text(80, load_default="")
    all = fields.Boolean(load_default=False)
    item = fields.UUID(load_default=None)


class WriteProcedure(Schema):
    """Body of the form for a new line: the product, one dose, why, the limits, and who may give it."""

    version = StrictInteger(required=True, least=0)
    item = fields.UUID(required=True)
    amount = AmountField(required=True)
    indication = Text(120, required=True)
    most_per_day = StrictInteger(**_DOSES)
    before_doctor = StrictInteger(**_DOSES)
    roles = fields.List(
        fields.String(validate=validate.OneOf(ROLES)),
        data_key="roles[]",
        required=True,
        validate=validate.Length(min=1, error=phrase("Velg hvem som kan gi legemidlet.")),
        error_messages={"required": phrase("Velg hvem som kan gi legemidlet.")},
    )


class Seen(Schema):
    """A button on the list: the version that was seen."""

    version = StrictInteger(required=True, least=1)


class SignProcedures(Seen):
    """Body of "Signer listen": the last day it holds."""

    valid_until: fields.Field[date | None] = LastDay(required=True)


class OfLine(Schema):
    """The address of the page that gives by procedure: the line that was chosen."""

    line = fields.UUID(load_default=None)


class GiveByProcedure(Schema):
    """Body of "Gi etter prosedyre": the line, the version of the list, and the alerts that were shown."""

    line = fields.UUID(required=True)
    version = StrictInteger(required=True, least=1)
    seen_alerts = fields.List(SeenField(), data_key="seen_alerts[]", load_default=list)
