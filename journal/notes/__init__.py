"""Clinical notes: drafted by one, signed, corrected in a new version, never unmade."""

from journal.notes.rules import HEADINGS, KINDS
from journal.notes.service import Draft, Note, Notes, Text

__all__ = ["HEADINGS", "KINDS", "Draft", "Note", "Notes", "Text"]
