"""What comes in of a signature that stands alone."""

from marshmallow import Schema, fields

from journal.medication.dosage_form import MaybeAmount
from journal.medication.rules.alone import AloneReason
from journal.platform.fields import Text


class SignAlone(Schema):
    """Why there is nobody else."""

    reason = fields.Enum(AloneReason, by_value=True, required=True)
    text = Text(200, load_default="")


class CheckAlone(Schema):
    """What was counted; empty where nothing is to be, or another has done it."""

    counted = MaybeAmount(load_default=None)
