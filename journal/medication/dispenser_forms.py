"""What comes in of electronic dispensers."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_load

from journal.medication.rules.dispenser import Event, Suitability
from journal.medication.schemas import VersionField
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import DayField, MomentField


class _Form(Schema):
    """An empty field is one that was not filled in."""

    @pre_load
    def _filled(self, said: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
        return {name: value for name, value in said.items() if value != ""}


class SetDispenser(_Form):
    """Body of "Lagre" on a dispenser. `entry_id`: of the one that is written of anew."""

    entry_id = fields.UUID(load_default=None)
    version = StrictInteger(load_default=0, least=0, most=1_000_000)
    device = Text(100, required=True)
    serial = Text(60, required=True)
    starts_on = DayField(required=True)
    ends_on = DayField(load_default=None)
    suitability = fields.Enum(Suitability, by_value=True, required=True)
    assessed_by = Text(100, required=True)
    assessed_on = DayField(required=True)
    trained_by = Text(100, load_default=None)
    trained_on = DayField(load_default=None)
    evaluate_on = DayField(load_default=None)
    reason = Text(300, load_default="")


class LoadDays(_Form):
    """The address of the page to lay in: the first and the last day; empty is tomorrow, and a week."""

    starts_on = DayField(load_default=None)
    ends_on = DayField(load_default=None)


class Load(_Form):
    """Body of "Ferdig": the days, the orders that were seen with their versions, and those that were not laid in."""

    starts_on = DayField(required=True)
    ends_on = DayField(required=True)
    seen = fields.List(VersionField(), data_key="seen[]", load_default=list)
    left_out = fields.List(fields.UUID(), data_key="left_out[]", load_default=list)


class DeviceTells(_Form):
    """Body of "Skriv inn melding": what the supplier's page or telephone call says."""

    kind = fields.Enum(Event, by_value=True, required=True)
    device_at = MomentField(required=True)
    due_at = fields.AwareDateTime(format="iso", load_default=None)
    event_id = Text(80, load_default="")
    note = Text(300, load_default="")
