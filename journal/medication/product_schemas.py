"""The code of a pack, as a scanner sends it or somebody types it."""

from marshmallow import fields, validate

MOST = 120
"""A DataMatrix with every part a pack of medicine has is shorter."""


def scanned() -> fields.String:
    """A field for it. What it says is the rule's to read: a scanner sends a control character between its parts."""
    return fields.String(load_default="", validate=validate.Length(max=MOST))
