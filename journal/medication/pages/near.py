"""How near another dose: who decided it, in the form of one that is too near, and from when the next of a late one may be given."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules import DoseStatus
from journal.medication.service import DueDose
from journal.platform.clock import spoken
from journal.platform.language import gettext as _

_LATE = (DoseStatus.LATE, DoseStatus.MISSED, DoseStatus.GIVEN_LATE)


class NearFields(NamedTuple):
    """The fields for who decided it and when: whom there is to choose among, and what was typed."""

    prescribers: Sequence[tuple[UUID, str]]
    prescriber_id: str
    time: str


def near_fields(prescribers: Sequence[tuple[UUID, str]], typed: Mapping[str, str]) -> NearFields:
    """`typed`: the form as it was sent."""
    return NearFields(prescribers, typed.get("prescriber_id", ""), typed.get("said_time", ""))


def next_from_text(dose: DueDose, now: datetime) -> str | None:
    """Of a late dose: from when the next one may be given, were this one given now, or since it was given late."""
    if dose.status not in _LATE or dose.next_from is None:
        return None
    return _("Neste dose tidligst %(time)s.", time=spoken(dose.next_from, now))
