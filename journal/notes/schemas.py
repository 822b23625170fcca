"""What comes in from the forms of notes."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

from journal.access import WhyDrawer
from journal.notes.rules import KINDS, SENSITIVE
from journal.notes.service import Text as NoteText
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import MomentField

BODY = 20_000


def _mark() -> Text:
    return Text(20, load_default="", validate=validate.OneOf(("", *SENSITIVE), error="Velg hvorfor notatet skjermes."))


class WriteNote(Schema):
    """A note to sign. An empty title is the name of the kind, an empty time is now."""

    draft_id = fields.UUID(required=True)
    kind = Text(20, required=True, validate=validate.OneOf(KINDS, error="Velg hva slags notat det er."))
    title = Text(120, load_default="")
    body = Text(BODY, required=True, multiline=True)
    effective_at = MomentField(load_default=None)
    sensitive = _mark()

    @post_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The words together as *text*, beside what they belong to."""
        return _gathered(data)


class CorrectNote(WriteNote):
    """A note with its correction, the version that was seen, and why it is corrected."""

    version = StrictInteger(required=True, least=1)
    reason = Text(300, required=True)


class Search(Schema):
    """Words to find in the patient's notes."""

    q = Text(100, load_default="")


class NewNote(Schema):
    """The kind whose headings a new note begins with."""

    kind = Text(20, load_default="", validate=validate.OneOf(("", *KINDS)))


class MarkInError(Schema):
    """Why the whole note is wrong."""

    reason = Text(300, required=True)


class OpenDrawer(Schema):
    """Why."""

    reason = fields.Enum(WhyDrawer, by_value=True, required=True)


class KeepDraft(Schema):
    """What is being typed: a time that is half typed is left out, the words never are."""

    draft_id = fields.UUID(required=True)
    kind = Text(20, load_default="general", validate=validate.OneOf(KINDS))
    title = Text(120, load_default="")
    body = Text(BODY, load_default="", multiline=True)
    effective_at = MomentField(load_default=None)
    sensitive = _mark()
    version = StrictInteger(load_default=None, least=1)
    reason = Text(300, load_default="")

    @pre_load
    def leave_out_half_a_time(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The time, only when it can be read."""
        try:
            MomentField().deserialize(data.get("effective_at", ""))
        except ValidationError:
            return {**data, "effective_at": ""}
        return data

    @post_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """As in WriteNote."""
        return _gathered(data)


def _gathered(data: dict[str, Any]) -> dict[str, Any]:
    words = {name: data.pop(name) for name in ("kind", "title", "body", "effective_at", "sensitive")}
    return {**data, "text": NoteText(**words)}
