"""What comes in from the pages of lists from elsewhere."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from journal.medication.dosage_form import DosageForm
from journal.medication.order_schemas import LastDay
from journal.medication.rules.asking import AskOf, Question
from journal.medication.rules.go_live import Checked
from journal.medication.rules.reconciling import Choice
from journal.medication.rules.safety import Kept
from journal.medication.schemas import Answered, reason_from
from journal.medication.service.checking import Said
from journal.medication.service.reconciling import ASK_OF_FIELD
from journal.medication.sources import TOLD, SourceKind
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import MomentField

CHOICE = "choice-"
"""Before the key of a row in the name of its field: each row has radio buttons of its own."""


class MarkInError(Schema):
    """Why the list should not be here."""

    reason = Text(300, required=True)


class ImportSource(Schema):
    """What goes with a file: whether it is the list from the journal before this one."""

    go_live = fields.Boolean(load_default=False)


class Told(Schema):
    """Body of the form for what is told or written off: who tells, when (empty is now), the lines, whether it is all."""

    kind = fields.Enum(SourceKind, by_value=True, required=True, validate=validate.OneOf(TOLD))
    sender = Text(120, load_default="")
    told_at = MomentField(load_default=None)
    lines = Text(12_000, multiline=True, required=True)
    whole = fields.Boolean(load_default=False)
    go_live = fields.Boolean(load_default=False)

    @validates_schema
    def named(self, data: dict[str, Any], **_: Any) -> None:
        """Next of kin are many, and a list on paper is somebody's."""
        if data["kind"] is not SourceKind.TOLD_BY_PATIENT and not data["sender"]:
            raise ValidationError("Skriv hvem som fortalte, eller hvem som har laget listen.", "sender")


class RecordReview(Schema):
    """Body of the form for a medication review that was held."""

    reviewed_on = LastDay(required=True)
    took_part = Text(300, required=True)
    result = Text(2000, multiline=True, required=True)
    changes = Text(2000, multiline=True, required=True)


class ChooseReviewLimit(Schema):
    """Body of the form that says how long there may be between two reviews."""

    version = StrictInteger(required=True, least=0)
    most_months = StrictInteger(required=True, least=1, most=36)


class _Checked(Schema):
    """What is said of a line of the list one begins with."""

    version = StrictInteger(required=True, least=0)
    outcome = fields.Enum(Checked, by_value=True, required=True)
    note = Text(300, load_default="")


class CheckLines(Schema):
    """Body of the form that checks such a list: what is said of each line, by its id. A line without a word waits."""

    lines = fields.Dict(keys=fields.UUID(), values=fields.Nested(_Checked))

    @pre_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        rest = {name: value for name, value in data.items() if not name.startswith(tuple(_CHECKS))}
        said = {line: each for line, each in _by_row(data, _CHECKS).items() if each.get("outcome")}
        return rest | {"lines": said}


def checks_from(form: Mapping[str, Any]) -> dict[UUID, Said]:
    """What a validated CheckLines says of each line."""
    return {line: Said(each["version"], each["outcome"], each["note"]) for line, each in form["lines"].items()}


class MatchQuery(Schema):
    """The address of the page that says what an entry is: what is sought, or the item that was chosen."""

    q = Text(80, load_default="")
    item = fields.UUID(load_default=None)


class Match(DosageForm):
    """Body of that page: the product, its dosage, and the version of the match that was seen (0 for none)."""

    item = fields.UUID(required=True)
    version = StrictInteger(required=True, least=0)


class Equal(Schema):
    """The lines that were seen alike, by their keys."""

    rows = fields.List(fields.String(validate=validate.Length(max=200)), data_key="rows[]", load_default=list)


class _Question(Schema):
    """What to ask about a row, and of whom."""

    asked_of = fields.Enum(AskOf, by_value=True, required=True)
    text = Text(200, load_default="")


class _Reason(Schema):
    """Why she goes on past a stop of one order."""

    override_code = fields.Enum(Kept, by_value=True, load_default=None)
    override_reason = Text(200, load_default="")


class Choices(Answered):
    """What is chosen for each row, by its key; what is asked about it; and what was answered to the alerts of each order.

    A question that names nobody is left out: what lacks one says so.
    """

    choices = fields.Dict(keys=fields.String(), values=fields.Enum(Choice, by_value=True))
    questions = fields.Dict(keys=fields.String(), values=fields.Nested(_Question))
    reasons = fields.Dict(keys=fields.String(), values=fields.Nested(_Reason))

    @pre_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        rest = {name: value for name, value in data.items() if not name.startswith(_OF_ROWS)}
        named = {key: said for key, said in typed_questions(data).items() if said.get("asked_of")}
        return rest | {"choices": chosen(data), "questions": named, "reasons": _by_row(data, _REASONS)}


def chosen(typed: Mapping[str, Any]) -> dict[str, str]:
    """What stands chosen in a form, by the key of the row."""
    return {name.removeprefix(CHOICE): value for name, value in typed.items() if name.startswith(CHOICE)}


def typed_questions(typed: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What stands in the fields for questions, by the key of the row: `asked_of` and `text`, finished or not."""
    return {key: said for key, said in _by_row(typed, _QUESTIONS).items() if any(said.values())}


def questions_from(form: Mapping[str, Any]) -> dict[str, Question]:
    """The questions of a validated Choices."""
    return {key: Question(**said) for key, said in form["questions"].items()}


def reasons_from(form: Mapping[str, Any]) -> dict[str, str]:
    """Why she goes on past the stops of each order, of a validated Choices."""
    return {key: reason_from(said) for key, said in form["reasons"].items()}


def _by_row(typed: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, value in typed.items():
        for before, field in names.items():
            if name.startswith(before):
                found.setdefault(name.removeprefix(before), {})[field] = value
    return found


_CHECKS = {"check-": "outcome", "note-": "note", "version-": "version"}
_QUESTIONS = {ASK_OF_FIELD: "asked_of", "ask-text-": "text"}
_REASONS = {"override_code-": "override_code", "override_reason-": "override_reason"}
_OF_ROWS = (CHOICE, *_QUESTIONS, *_REASONS)
