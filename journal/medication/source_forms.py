"""What comes in from the pages of lists from elsewhere."""

from typing import Any

from marshmallow import Schema, fields, pre_load

from journal.medication.dosage_form import DosageForm
from journal.medication.rules.reconciling import Choice
from journal.medication.schemas import Answered
from journal.platform.fields import StrictInteger, Text

CHOICE = "choice-"
"""Before the key of a row in the name of its field: each row has radio buttons of its own."""


class MarkInError(Schema):
    """Why the list should not be here."""

    reason = Text(300, required=True)


class MatchQuery(Schema):
    """The address of the page that says what an entry is: what is sought, or the item that was chosen."""

    q = Text(80, load_default="")
    item = fields.UUID(load_default=None)


class Match(DosageForm):
    """Body of that page: the product, its dosage, and the version of the match that was seen (0 for none)."""

    item = fields.UUID(required=True)
    version = StrictInteger(required=True, least=0)


class Choices(Answered):
    """What is chosen for each row, by its key; with what was answered to the alerts when it is signed."""

    choices = fields.Dict(keys=fields.String(), values=fields.Enum(Choice, by_value=True))

    @pre_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        rest = {name: value for name, value in data.items() if not name.startswith(CHOICE)}
        return rest | {"choices": chosen(data)}


def chosen(typed: dict[str, Any]) -> dict[str, str]:
    """What stands chosen in a form, by the key of the row."""
    return {name.removeprefix(CHOICE): value for name, value in typed.items() if name.startswith(CHOICE)}
