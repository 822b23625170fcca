"""What comes in from the forms of a visit that nobody answers."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from journal.care.ladder_rules import OUTCOMES, USUAL_MINUTES, Ending, Outcome, Step
from journal.platform.fields import StrictInteger, Text

# A step and what came of it, in one button.
STEPS = {f"{step}.{outcome}": (step, outcome) for step, outcomes in OUTCOMES.items() for outcome in outcomes}
_PHONE = validate.Regexp(r"^(\+?[0-9][0-9 ]{2,20})?$", error="Skriv telefonnummeret med siffer.")
MOST_MINUTES = 240


class StartLadder(Schema):
    """Where, when it is not at home, and why somebody should worry; both may be empty."""

    place = Text(120, load_default="")
    why = Text(300, load_default="")


class TakeStep(Schema):
    """What was done and what came of it, and how many steps the page showed."""

    did = fields.String(required=True, validate=validate.OneOf(STEPS))
    seen = StrictInteger(required=True, least=0, most=1000)
    note = Text(300, load_default="")

    @post_load
    def _apart(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        step, outcome = STEPS[data.pop("did")]
        return data | {"step": Step(step), "outcome": Outcome(outcome)}


class EndLadder(Schema):
    """How it ended, and where the patient was found."""

    ending = fields.Enum(Ending, by_value=True, required=True)
    note = Text(300, required=True)
    seen = StrictInteger(required=True, least=0, most=1000)


def _minutes() -> StrictInteger:
    return StrictInteger(required=True, least=0, most=MOST_MINUTES)


# The minutes of each step, by its name.
_Minutes = Schema.from_dict({step.value: _minutes() for step in USUAL_MINUTES})


class ChooseLadder(_Minutes):  # type: ignore[misc, valid-type]
    """By when each step is taken, and the telephone of the nurse in charge."""

    nurse_phone = Text(21, load_default="", validate=_PHONE)
    version = StrictInteger(required=True, least=0, most=1_000_000)

    @post_load
    def _gathered(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"minutes": {step: data.pop(step.value) for step in USUAL_MINUTES}}
