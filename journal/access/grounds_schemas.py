"""What comes in from the forms of the municipality's sources of access."""

from journal.access.grounds_rules import LEAST_GRACE_HOURS, MOST_GRACE_HOURS
from journal.municipalities import Proposing
from journal.platform.fields import StrictInteger


class ChooseGrace(Proposing):
    """Whole hours, and the version that was seen."""

    hours = StrictInteger(required=True, least=LEAST_GRACE_HOURS, most=MOST_GRACE_HOURS)
    version = StrictInteger(required=True, least=0, most=1_000_000)
