"""What comes in from the page of medicines on leave."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validates_schema

from journal.medication.dosage_form import MaybeAmount
from journal.medication.rules.leave import Outcome
from journal.medication.service.leaves import Told
from journal.platform.fields import Text
from journal.platform.moment_field import MomentField

SENT, AT_HOME = "sent", "home"


class How(NamedTuple):
    """An order with doses in the leave, the version that was seen, and whether they go with her or are there."""

    how: str
    request_entry_id: UUID
    version: int


class HowField(fields.Field[How | None]):
    """`sent.<entry_id>.<version>`, or `home.…`; empty: it is not part of the leave."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> How | None:
        if value == "":
            return None
        how, entry_id, version = [*str(value).split("."), "", ""][:3]
        try:
            if how not in (SENT, AT_HOME):
                raise ValueError(how)
            return How(how, UUID(entry_id), int(version))
        except ValueError as error:
            raise ValidationError("Velg en av mulighetene.") from error


class LeavePeriod(Schema):
    """The address of the page: from when until when she is away."""

    starts_at = MomentField(load_default=None)
    ends_at = MomentField(load_default=None)


class StartLeave(Schema):
    """What goes with her, to whom it is handed, and what she should know; `needed` beside `needed_of`: how much as needed."""

    starts_at = MomentField(required=True)
    ends_at = MomentField(required=True)
    handed_to = Text(120, required=True)
    note = Text(500, load_default="", multiline=True)
    how = fields.List(HowField(), data_key="how[]", load_default=list)
    needed_of = fields.List(fields.UUID(), data_key="needed_of[]", load_default=list)
    needed = fields.List(MaybeAmount(), data_key="needed[]", load_default=list)

    @validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        """One field for each medicine as needed, and a period."""
        if len(data["needed_of"]) != len(data["needed"]):
            raise ValidationError("Last siden på nytt.", "needed[]")
        for name in ("starts_at", "ends_at"):
            if data.get(name) is None:
                raise ValidationError("Fyll ut feltet.", name)


def handed_out(form: dict[str, Any]) -> dict[str, Any]:
    """A validated StartLeave as Leaves.start_leave takes it."""
    chosen = [how for how in form.pop("how") if how is not None]
    needed = zip(form.pop("needed_of"), form.pop("needed"), strict=True)
    return form | {
        "sent": {each.request_entry_id: each.version for each in chosen if each.how == SENT},
        "at_home": {each.request_entry_id: each.version for each in chosen if each.how == AT_HOME},
        "needed": {entry_id: amount for entry_id, amount in needed if amount},
    }


class TellOfLeave(Schema):
    """What was told of each medicine (`of`, in their order), and how much of it came back; empty is not said. `all_taken`: the
    button that says so of all that is given at fixed times."""

    of = fields.List(fields.UUID(), data_key="of[]", required=True)
    outcome = fields.List(fields.String(), data_key="outcome[]", required=True)
    came_back = fields.List(MaybeAmount(), data_key="came_back[]", required=True)
    all_taken = fields.Boolean(load_default=False)

    @validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        """An answer for each, unless all was taken."""
        if not len(data["of"]) == len(data["outcome"]) == len(data["came_back"]):
            raise ValidationError("Last siden på nytt.", "of[]")
        if not data["all_taken"] and any(each not in set(Outcome) for each in data["outcome"]):
            raise ValidationError("Svar for hvert legemiddel som var med.", "outcome[]")


def told_of(form: dict[str, Any]) -> dict[UUID, Told]:
    """A validated TellOfLeave, by medicine of the leave."""
    answers = zip(form["of"], form["outcome"], form["came_back"], strict=True)
    return {
        id: Told(Outcome.TAKEN if form["all_taken"] else Outcome(outcome), came_back)
        for id, outcome, came_back in answers
    }
