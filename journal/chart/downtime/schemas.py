"""What comes in from the page and from the device."""

from marshmallow import Schema, fields, validate

from journal.platform.fields import Text


class EnrolDevice(Schema):
    """*public_key*: SubjectPublicKeyInfo as base64."""

    name = Text(60, required=True)
    public_key = fields.String(required=True, validate=validate.Length(max=1600))


class AskForParts(Schema):
    """*since*: what the device got last was built before it."""

    since = fields.AwareDateTime(load_default=None)


class ReportUse(Schema):
    """Told when there is contact again; *at* is when it was."""

    what = fields.String(required=True, validate=validate.OneOf(["opened", "printed"]))
    at = fields.AwareDateTime(required=True)
    by = Text(80, required=True)
    event = fields.UUID(required=True)
    parts = fields.List(fields.UUID(), required=True, data_key="parts[]", validate=validate.Length(max=500))
